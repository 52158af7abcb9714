"""
``manage.py zhiwen_verify``: verify the log and the tables (验证日志); exit status 1 where something is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from zhiwen_flow.audit.checkpoint import read_checkpoint
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.django.management.base import TenantCommand


class Command(TenantCommand):
    """Verify the log of a tenant, and that the tables say what it adds up to (验证日志)."""

    help = "验证日志;发现问题时退出码为 1 / verify the log; exit 1 on a flaw"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a checkpoint (参数)."""
        super().add_arguments(parser)
        parser.add_argument("--checkpoint", type=Path, help="检查点文件 / checkpoint file")

    def work(self, flow: Flow, **options: Any) -> None:
        """Verify, with progress where somebody looks on (执行)."""
        held = read_checkpoint(options["checkpoint"]) if options["checkpoint"] is not None else None
        report = verify_store(flow.store, checkpoint=held, progress=self._progress)
        if self.stderr.isatty():
            self.stderr.write("")
        if not report.sound:
            raise CommandError(report.text("zh"), returncode=1)
        self.stdout.write(report.text("zh"))

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r已验证 {count:,} 条", ending="")
