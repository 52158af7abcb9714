"""
``manage.py zhiwen_tick``: go once over what is due (到期处理); for cron or a timer, as often as the host likes.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from zhiwen_flow.errors import Fault, SettingsError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.django import words
from zhiwen_flow.integrations.django.conf import NAME
from zhiwen_flow.integrations.django.flows import conf
from zhiwen_flow.integrations.django.management.base import TenantCommand
from zhiwen_flow.overdue import Late


class Command(TenantCommand):
    """Take the steps that follow from an expired deadline, and list what people must see to (到期处理)."""

    help = "到期处理:自动办理到期应办的步骤,列出须由人办理的事项 / act on what is due, list the rest"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many days ahead to list (参数)."""
        super().add_arguments(parser)
        parser.add_argument("--within", type=int, help="列出几天内到期的,默认按提醒规则 / how many days ahead to list")

    def work(self, flow: Flow, **options: Any) -> None:
        """Go once over the deadlines (执行一次)."""
        actor = conf().tick_actor
        if actor is None:
            what = "is not set: steps are taken in nobody's name"
            raise SettingsError(Fault(NAME, "TICK_ACTOR", what, 'write {"id": "…", "post": "…"}'))
        done = flow.tick(actor=actor, within=options["within"])
        for each in done.taken:
            mark = "√" if each.allowed else "×"
            self.stdout.write(f"{mark} {each.stream} {each.label.zh}")
        for late in done.waiting:
            self.stdout.write(f"· {late.deadline.stream} {told(flow, late)}")
        self.stdout.write(f"已自动办理 {len(done.taken)} 件,待人办理 {len(done.waiting)} 件")
        for failed in done.failed:
            self.stderr.write(f"× {failed.deadline.stream} {failed.told}")
        if done.failed:
            raise CommandError(f"{len(done.failed)} 件处理失败,下一轮再试 / failed, tried again in the next round")


def told(flow: Flow, late: Late) -> str:
    """Tell a deadline that waits for people (说明待办事项)."""
    days = f"已逾期 {-late.days} 天" if late.days < 0 else f"还剩 {late.days} 天"
    return f"{words.machine_name(flow, late.machine)} · {late.label.zh}:{late.deadline.due} 截止,{days}"
