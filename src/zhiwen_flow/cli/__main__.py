"""``python -m zhiwen_flow.cli``."""

from zhiwen_flow.cli import main

main()
