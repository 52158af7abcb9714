"""
Which running deadlines a new calendar moves (日历变更后的期限重算): pure; `Flow.recompute` acts on it.

Only days that a limit gives are reckoned anew, from the day the limit first ran, with the rulebook of the instance. A
day that a document names (a plan's own date, an extension, a resumption) stays; a suspended limit does not run at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import attrs

from zhiwen_flow.deciding import Bench
from zhiwen_flow.errors import CalendarError
from zhiwen_flow.limits import due_date
from zhiwen_flow.model import Deadline, Decision, Instance

RECOMPUTE = "recompute_deadline"
"""The standing act that records a new last day."""


@attrs.frozen(kw_only=True)
class Shift:
    """A last day that moves (期限变动): the running deadline, and the day it becomes."""

    deadline: Deadline
    due: dt.date | None


@attrs.frozen(kw_only=True)
class Recomputed:
    """
    What a round of recomputation did (期限重算结果).

    Args:
        taken: One decision for each deadline whose day moved; refusals have their reasons.
        shifts: The days, in the same order.
        unsettled: Deadlines that cannot be reckoned, with what is missing.
        unchanged: Deadlines of an earlier calendar whose day stays the same.
    """

    taken: tuple[Decision, ...] = ()
    shifts: tuple[Shift, ...] = ()
    unsettled: tuple[tuple[Deadline, str], ...] = ()
    unchanged: int = 0


def shifted(rows: Iterable[Deadline], place: Callable[[str], tuple[Instance, Bench]]) -> Recomputed:
    """
    Find the deadlines whose day another calendar moves (找出变动的期限); nothing is taken yet.

    Args:
        rows: Running deadlines.
        place: Gives the instance of a deadline and the bench that it was opened at.
    """
    moved: list[Shift] = []
    unsettled: list[tuple[Deadline, str]] = []
    unchanged = 0
    for row in rows:
        instance, bench = place(row.stream)
        calendar = bench.rules.calendar
        if calendar is None or row.calendar == calendar.version or is_named(row, instance, bench):
            continue
        try:
            due = due_date(bench.rules, row.limit, row.started)
        except CalendarError as error:
            unsettled.append((row, str(error)))
            continue
        if due == row.due:
            unchanged += 1
        else:
            moved.append(Shift(deadline=row, due=due))
    return Recomputed(shifts=tuple(moved), unsettled=tuple(unsettled), unchanged=unchanged)


def is_named(row: Deadline, instance: Instance, bench: Bench) -> bool:
    """Whether a document names the day itself (期限是否由文件写明)."""
    state = bench.machine.state(row.state)
    return state.limit is None or (state.due is not None and isinstance(instance.facts.get(state.due), str))
