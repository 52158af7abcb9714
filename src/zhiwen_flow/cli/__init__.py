"""The command line (命令行): ``zhiwen-flow``."""

from zhiwen_flow.cli.main import main

__all__ = ["main"]
