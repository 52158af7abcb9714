"""
What the commands share (命令共用部分): one tenant, and errors as one line and an exit status.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.django.flows import reading


class TenantCommand(BaseCommand):
    """A command about one tenant (面向一个租户的命令); exit status 2 where it cannot do its work."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the tenant (参数)."""
        parser.add_argument("--tenant", help="租户;默认按设置 TENANT / whose data; by the setting TENANT")

    def handle(self, *_: Any, tenant: str | None = None, **options: Any) -> None:
        """Do the work, and say in one line what kept it (执行)."""
        try:
            self.work(reading(tenant=tenant), **options)
        except ZhiwenError as error:
            raise CommandError(str(error), returncode=2) from error

    @abstractmethod
    def work(self, flow: Flow, **options: Any) -> None:
        """Do the work (办理)."""
