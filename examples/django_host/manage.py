"""Run a command of the example (示例的管理命令入口)."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.settings")
    execute_from_command_line(sys.argv)
