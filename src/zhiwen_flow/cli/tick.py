"""
``zhiwen-flow tick``: one round over what is due (到期处理), for cron or a systemd timer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from zhiwen_flow.calendar import Calendar
from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    TenantOption,
    UrlArgument,
    existing,
    print_json,
    said,
    warn,
)
from zhiwen_flow.cli.machine import Guards, guards_of
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Decision
from zhiwen_flow.overdue import Due, Failed, Late, Tick
from zhiwen_flow.workdays import ChinaCalendar

NATIONAL = "cn"

Directory = Annotated[Path | None, typer.Option("--directory", help="组织目录文件 / directory file")]
Days = Annotated[
    str | None, typer.Option("--calendar", help="工作日历:cn 或补录文件 / working days: cn, or a file of further years")
]


def tick(
    url: UrlArgument,
    *,
    actor: Annotated[str, typer.Option("--actor", help="以谁的名义办理 / in whose name steps are taken")],
    post: Annotated[str, typer.Option("--post", help="其职务 / their post")],
    within: Annotated[
        int | None,
        typer.Option("--within", min=0, help="提前几天列出,默认按提醒 / days ahead; else as reminders say"),
    ] = None,
    tenant: TenantOption = "default",
    directory: Directory = None,
    calendar: Days = None,
    guards: Guards = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """到期处理一次;有处理失败的期限时退出码为 1 / deal with what is due; exit 1 where a deadline failed."""
    given: dict[str, Any] = {"directory": directory} if directory is not None else {}
    found = Definitions.load(guards=guards_of(guards), calendar=_calendar(calendar), **given)
    with Flow(existing(url, tenant), found, actor=Actor(id=actor, post=post), clock=SystemClock()) as flow:
        pages = flow.ticks(within=within)
        failed = _as_json(pages) if format is Format.JSON else _as_text(pages, lang)
    raise typer.Exit(1 if failed else 0)


def _calendar(name: str | None) -> Calendar | None:
    if name is None:
        return None
    return ChinaCalendar(None if name == NATIONAL else name)


def _as_json(pages: Iterable[Tick]) -> int:
    found: dict[str, list[Any]] = {"taken": [], "waiting": [], "failed": []}
    for page in pages:
        found["taken"] += [{"instance": each.stream, "trigger": each.trigger, "to": each.target} for each in page.taken]
        found["waiting"] += [_late(each) for each in page.waiting]
        found["failed"] += [_failed(each) for each in page.failed]
    print_json(found)
    return len(found["failed"])


def _late(each: Late) -> dict[str, Any]:
    row = each.deadline
    place = {"instance": row.stream, "machine": each.machine, "state": row.state, "due": str(row.due)}
    return {**place, "days": each.days, "follows": each.follows, "warned": each.warned}


def _failed(each: Failed) -> dict[str, Any]:
    return {"instance": each.deadline.stream, "due": str(each.deadline.due), "error": each.told}


@attrs.define
class _Counts:
    taken: int = 0
    waiting: int = 0
    failed: int = 0


def _as_text(pages: Iterable[Tick], lang: Lang) -> int:
    """Say what is done as it is done: a round may be long, and the next one goes on where this one is stopped."""
    counts = _Counts()
    for page in pages:
        for line in [*map(_told_taken, page.taken), *(_told_late(each, lang) for each in page.waiting)]:
            print(line)  # noqa: T201
        for each in page.failed:
            warn(f"× {each.deadline.stream}: {each.told}")
        counts.taken += len(page.taken)
        counts.waiting += len(page.waiting)
        counts.failed += len(page.failed)
    zh = f"办理{counts.taken}件,待办{counts.waiting}件,失败{counts.failed}件"
    print(said(lang, zh, f"{counts.taken} taken, {counts.waiting} waiting, {counts.failed} failed"))  # noqa: T201
    return counts.failed


def _told_taken(each: Decision) -> str:
    return f"√ {each.stream}: {each.trigger} → {each.target}"


def _told_late(each: Late, lang: Lang) -> str:
    days = abs(each.days)
    if each.standing is Due.OVERDUE:
        stands = said(lang, f"已逾期{days}天", f"overdue by {days} days")
    else:
        stands = said(lang, f"还有{days}天", f"due in {days} days")
    label = said(lang, each.label.zh, each.label.en)
    who = f" · {'、'.join(each.warned)}" if each.warned else ""
    return f"· {each.deadline.stream}: {label} · {stands} ({each.deadline.due}){who}"
