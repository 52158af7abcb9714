"""
Rounds over the deadlines as a durable workflow on DBOS (持久化的到期处理); needs the extra ``dbos``.

DBOS remembers when a round is due and how far it came; what was done is remembered by the store, so that a page that
is dealt with again finds nothing left to do. DBOS keeps counts and where to go on, never what an instance holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
from dbos import DBOS, DBOSConfig, ScheduleInput

from zhiwen_flow.deadlines import PAGE
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Deadline
from zhiwen_flow.overdue import Tick

VERSION = "zhiwen-flow-tick-1"
"""Version of the workflow (流程版本): it changes only when rounds under way could no longer be finished."""

ZONE_NAME = "Asia/Shanghai"

Workflow = Callable[[dt.datetime, Any], dict[str, int]]


def configured(name: str, system_url: str) -> DBOSConfig:
    """
    Configure DBOS for a process that runs rounds and nothing else (配置).

    The application version is pinned: DBOS takes up only workflows of its own version, and would make one out of the
    code, so that after every update a round cut short would lie there for ever.

    Args:
        name: Of the application, three characters or more.
        system_url: Where DBOS keeps what it knows: ``postgresql://…``, or ``sqlite:///path`` for development.

    >>> configured("oa-deadlines", "sqlite:///dbos.db")["application_version"]
    'zhiwen-flow-tick-1'
    """
    return {"name": name, "system_database_url": system_url, "application_version": VERSION}


def durable_tick(open_flow: Callable[[], Flow], *, name: str = "zhiwen_tick", limit: int = PAGE) -> Workflow:
    """
    Register the workflow of a round with DBOS (登记到期处理流程), before `DBOS.launch`.

    Each page is a step: after a crash the round goes on with the page that was under way.

    Args:
        open_flow: Opens a flow that says who acts; it is closed after each page.
        name: Of the workflow; one for each tenant.
        limit: Deadlines of a page.

    Returns:
        The workflow, for `every` or to be started by hand; its result are the counts of taken, waiting and failed.
    """

    # A page that finds no database is tried again for some minutes, and by the next round after that.
    @DBOS.step(name=f"{name}_page", retries_allowed=True, max_attempts=8)
    def page(within: int | None, after: dict[str, Any] | None) -> dict[str, Any]:
        with open_flow() as flow:
            found = next(flow.ticks(within=within, after=_row(after), limit=limit))
        return _counted(found) | {"last": _plain(found.last)}

    @DBOS.workflow(name=name)
    def round(scheduled: dt.datetime, context: Any) -> dict[str, int]:  # noqa: ARG001  the day is the flow's clock's
        whole, after = dict.fromkeys(_counted(Tick()), 0), None
        while True:
            found = page((context or {}).get("within"), after)
            whole = {each: count + found[each] for each, count in whole.items()}
            after = found["last"]
            if after is None:
                return whole

    return round


def every(cron: str, workflow: Workflow, *, name: str = "zhiwen_tick", within: int | None = None) -> None:
    """
    Have rounds run on a schedule (定时), after `DBOS.launch`; said again, it replaces what it said.

    A time that passed while no process ran is caught up at the next start.

    Args:
        cron: For example ``15 7 * * *``, in the time of China.
        workflow: What `durable_tick` gave.
        name: Of the schedule.
        within: See `Flow.tick`.
    """
    schedule: ScheduleInput = {
        "schedule_name": name,
        "workflow_fn": workflow,  # type: ignore[typeddict-item]  # what it returns is kept all the same
        "schedule": cron,
        "context": {"within": within},
        "automatic_backfill": True,
        "cron_timezone": ZONE_NAME,
    }
    DBOS.apply_schedules([schedule])


def _counted(found: Tick) -> dict[str, int]:
    return {"taken": len(found.taken), "waiting": len(found.waiting), "failed": len(found.failed)}


def _plain(row: Deadline | None) -> dict[str, Any] | None:
    """A deadline as plain data, which any version of DBOS's serializer reads."""
    if row is None:
        return None
    found = attrs.asdict(row)
    return found | {name: found[name] and found[name].isoformat() for name in ("started", "due")}


def _row(found: dict[str, Any] | None) -> Deadline | None:
    if found is None:
        return None
    days = {name: dt.date.fromisoformat(found[name]) if found[name] else None for name in ("started", "due")}
    return Deadline(**found | days)
