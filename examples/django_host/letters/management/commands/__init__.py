"""Commands (管理命令)."""
