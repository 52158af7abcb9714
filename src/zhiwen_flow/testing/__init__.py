"""Tools for tests of hosts (测试工具): a clock that stands still, and the suite that every store must pass."""
