"""Commands of `manage.py` (管理命令)."""
