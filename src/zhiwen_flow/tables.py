"""
Tables that offices live by (办公用表): the division of tasks, the schedule by day, what is overdue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from zhiwen_flow.calendar import Calendar, working_days_between
from zhiwen_flow.limits import AS_WRITTEN, Reckoning
from zhiwen_flow.plan import Plan, Task
from zhiwen_flow.terms import Term


class Table(Term):
    """Which table (表种)."""

    ASSIGNMENTS = ("assignments", "任务分解表", "division of tasks")
    SCHEDULE = ("schedule", "倒排工期表", "schedule by day")
    OVERDUE = ("overdue", "逾期清单", "overdue")


HEADS = {
    Table.ASSIGNMENTS: (
        ("序号", "任务", "责任单位", "完成时限", "成果形式", "报送对象", "条款"),
        ("no.", "task", "responsible", "due", "deliverable", "to", "clause"),
    ),
    Table.SCHEDULE: (
        ("时限", "任务", "成果形式", "报送对象", "余(日)", "余(工作日)"),
        ("due", "task", "deliverable", "to", "days left", "working days left"),
    ),
    Table.OVERDUE: (
        ("时限", "任务", "责任单位", "逾期(日)", "条款"),
        ("due", "task", "responsible", "days late", "clause"),
    ),
}
"""Headings in Chinese and English."""


def table(plan: Plan, kind: Table, *, at: dt.date, by: Reckoning = AS_WRITTEN) -> Iterator[tuple[str, ...]]:
    """
    Give the rows of a table (制表).

    Args:
        at: The day from which days are counted.
        by: How the days that the plan names are read; its calendar counts working days, and the column stays empty
            without one, and beyond its data.

    >>> rows = list(table(Plan.load("dqj-2011"), Table.OVERDUE, at=dt.date(2011, 9, 1)))
    >>> rows[0][:2]
    ('2011-08-26', '制定工作方案')
    """
    if kind is Table.ASSIGNMENTS:
        yield from (_assignment(number, each) for number, each in enumerate(plan.all_tasks, start=1))
        return
    dated = [(due, each) for each in plan.all_tasks if (due := by.last_day(each)) is not None]
    for due, each in sorted(dated, key=lambda pair: (pair[0], pair[1].id)):
        left = (due - at).days
        if kind is Table.SCHEDULE:
            working = _working(at, due, by.calendar)
            yield str(due), each.name, each.deliverable or "", each.submit_to or "", str(left), working
        elif left < 0:
            yield str(due), each.name, each.owner or "", str(-left), each.clause


def _assignment(number: int, task: Task) -> tuple[str, ...]:
    when = str(task.due) if task.due is not None else task.raw or (task.recurs.zh if task.recurs else "")
    return str(number), task.name, task.owner or "", when, task.deliverable or "", task.submit_to or "", task.clause


def _working(first: dt.date, last: dt.date, calendar: Calendar | None) -> str:
    if calendar is None or last > calendar.horizon or last < first:
        return ""
    return str(working_days_between(calendar, first, last))
