"""
How a campaign goes (工作进展): every task of every phase of every unit as of a day, and counts that add up. Pure.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from zhiwen_flow.terms import Term


class Stage(Term):
    """How far a task is (任务进展)."""

    NOT_STARTED = ("not_started", "未开始", "not started")
    IN_PROGRESS = ("in_progress", "进行中", "in progress")
    SUSPENDED = ("suspended", "中止", "suspended")
    SUBMITTED = ("submitted", "已提交", "submitted")
    DONE = ("done", "已完成", "done")
    NOT_DONE = ("not_done", "未完成(已说明)", "not done, with reason")
    VOID = ("void", "已取消", "void")


@attrs.frozen(kw_only=True)
class TaskProgress:
    """
    One task as of a day (一项任务的进展).

    Args:
        unit: Organ whose campaign it is of; the campaign's own title where it names none.
        due: Last day; None where the plan names none.
        submitted: Day on which it was last handed in; None where it was not.
        late: Whether it was handed in after its last day, or is open after it; done late stays late.
    """

    unit: str
    phase: str
    task: str
    name: str
    stage: Stage
    due: dt.date | None = None
    submitted: dt.date | None = None
    late: bool = False


def is_late(stage: Stage, due: dt.date | None, submitted: dt.date | None, at: dt.date) -> bool:
    """
    Whether a task is, or was, late (是否逾期); without a last day nothing is said to be late.

    >>> is_late(Stage.DONE, dt.date(2011, 9, 5), dt.date(2011, 9, 6), dt.date(2011, 12, 1))
    True
    """
    if due is None or stage in (Stage.VOID, Stage.SUSPENDED):
        return False
    if stage in (Stage.SUBMITTED, Stage.DONE):
        return submitted is not None and submitted > due
    return at > due


@attrs.frozen(kw_only=True)
class Progress:
    """
    A campaign as of a day (活动进展情况).

    Args:
        at: The day.
        rows: Every task, in the order of units, phases and the plan.
    """

    at: dt.date
    rows: tuple[TaskProgress, ...]

    @property
    def by_unit(self) -> dict[str, Counter[str]]:
        """Counts for each unit; see `totals`."""
        return self._counted(lambda row: row.unit)

    @property
    def by_phase(self) -> dict[str, Counter[str]]:
        """Counts for each phase; see `totals`."""
        return self._counted(lambda row: row.phase)

    @property
    def by_task(self) -> dict[str, Counter[str]]:
        """Counts for each task, over all units; see `totals`."""
        return self._counted(lambda row: row.name)

    @property
    def totals(self) -> Counter[str]:
        """Counts by stage over everything, which add up to the number of tasks, and how many of them are late."""
        return sum((_one(row) for row in self.rows), Counter())

    def _counted(self, of: Callable[[TaskProgress], str]) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = {}
        for row in self.rows:
            found.setdefault(of(row), Counter()).update(_one(row))
        return found

    def as_json(self) -> dict[str, Any]:
        """Give the progress as plain data (进展数据)."""
        tables = {"unit": self.by_unit, "phase": self.by_phase, "task": self.by_task}
        return {
            "at": self.at.isoformat(),
            "tasks": [_plain(row) for row in self.rows],
            "totals": _whole(self.totals),
            **{f"by_{name}": {key: _whole(each) for key, each in found.items()} for name, found in tables.items()},
        }

    def table(self, by: str, lang: str = "zh") -> Iterator[tuple[str, ...]]:
        """
        Give the rows of a table by ``"unit"``, ``"phase"`` or ``"task"``, headed, with the total last (进展情况表).

        >>> [row[0] for row in Progress(at=dt.date(2011, 9, 1), rows=()).table("unit")]
        ['单位', '合计']
        """
        heads = {"unit": ("单位", "unit"), "phase": ("环节", "phase"), "task": ("任务", "task")}
        found = {"unit": self.by_unit, "phase": self.by_phase, "task": self.by_task}[by]
        zh = lang == "zh"
        yield heads[by][0 if zh else 1], *(each.text(lang) for each in Stage), "其中逾期" if zh else "of these late"
        for name, counts in [*found.items(), ("合计" if zh else "total", self.totals)]:
            yield name, *(str(each) for each in _whole(counts).values())

    def as_csv(self, by: str = "unit", lang: str = "zh") -> str:
        """Give a table as CSV; see `table` (进展情况表)."""
        made = io.StringIO()
        csv.writer(made, lineterminator="\n").writerows(self.table(by, lang))
        return made.getvalue()


LATE = "late"


def _one(row: TaskProgress) -> Counter[str]:
    return Counter([row.stage.value, LATE] if row.late else [row.stage.value])


def _whole(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*(each.value for each in Stage), LATE)}


def _plain(row: TaskProgress) -> dict[str, Any]:
    days = {name: day.isoformat() if day is not None else None for name, day in (("due", row.due),)}
    days["submitted"] = row.submitted.isoformat() if row.submitted is not None else None
    return {**attrs.asdict(row), **days, "stage": row.stage.value}
