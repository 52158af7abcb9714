"""Management (管理)."""
