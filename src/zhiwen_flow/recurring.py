"""
When a recurring task comes round (周期任务的各次): the period of each time, and its day where the plan names one. Pure.

A plan that says 每周 and no weekday, or 每月 and no day, names a period only: its day is unknown, never guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator

import attrs

from zhiwen_flow.calendar import months_later
from zhiwen_flow.plan import Recurrence, Task

_MONTHS = {Recurrence.MONTHLY: 1, Recurrence.QUARTERLY: 3, Recurrence.HALF_YEARLY: 6, Recurrence.YEARLY: 12}


@attrs.frozen(kw_only=True)
class Occurrence:
    """
    One time of a recurring task (周期任务的一次).

    Args:
        start: First day of the period: Monday, 1st, 11th, 21st …
        end: Last day of the period.
        due: The day that the plan names; None where it names none.
    """

    start: dt.date
    end: dt.date
    due: dt.date | None


def occurrences(task: Task, since: dt.date, until: dt.date) -> Iterator[Occurrence]:
    """
    Give each time a task recurs within a span (周期任务的各次): those whose day, or else whose last day, lies in it.

    Args:
        since: First day, inclusive.
        until: Last day, inclusive.

    >>> monthly = Task(id="x", number="1", name="月报", clause="—", recurs=Recurrence.MONTHLY, recurs_day=25)
    >>> [str(each.due) for each in occurrences(monthly, dt.date(2024, 1, 30), dt.date(2024, 4, 1))]
    ['2024-02-25', '2024-03-25']
    >>> weekly = Task(id="y", number="2", name="周报", clause="—", recurs=Recurrence.WEEKLY)
    >>> [(str(each.end), each.due) for each in occurrences(weekly, dt.date(2024, 1, 1), dt.date(2024, 1, 10))]
    [('2024-01-07', None)]
    """
    if task.recurs is None:
        return
    periods = _weeks(task, since, until) if task.recurs is Recurrence.WEEKLY else _months(task, since, until)
    for each in periods:
        if since <= (each.due or each.end) <= until:
            yield each


def _weeks(task: Task, since: dt.date, until: dt.date) -> Iterator[Occurrence]:
    monday = since - dt.timedelta(days=since.weekday())
    while monday <= until:
        due = monday + dt.timedelta(days=task.recurs_weekday - 1) if task.recurs_weekday is not None else None
        yield Occurrence(start=monday, end=monday + dt.timedelta(days=6), due=due)
        monday += dt.timedelta(days=7)


def _months(task: Task, since: dt.date, until: dt.date) -> Iterator[Occurrence]:
    month = dt.date(since.year, since.month, 1)
    while month <= until:
        yield from _in_month(task, month)
        month = months_later(month, 1)


def _in_month(task: Task, month: dt.date) -> Iterator[Occurrence]:
    last = calendar.monthrange(month.year, month.month)[1]
    if task.recurs is Recurrence.TEN_DAYS:
        for first, end in ((1, 10), (11, 20), (21, last)):
            yield Occurrence(start=month.replace(day=first), end=month.replace(day=end), due=None)
    elif task.recurs is not None and month.month % (length := _MONTHS[task.recurs]) == 0:
        due = month.replace(day=min(task.recurs_day, last)) if task.recurs_day is not None else None
        yield Occurrence(start=months_later(month, 1 - length), end=month.replace(day=last), due=due)
