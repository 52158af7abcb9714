"""
Roll-up of what units hand in (报送汇总): who is included, late, missing, and unknown where a unit's plan is not known.

Pure, from what the caller gives; every table adds up to units × tasks.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.limits import AS_WRITTEN, Reckoning
from zhiwen_flow.plan import Plan, Task
from zhiwen_flow.terms import Term


class Standing(Term):
    """How one unit stands with one task (报送状况)."""

    IN_TIME = ("in_time", "已报", "in time")
    LATE = ("late", "迟报", "late")
    RETURNED = ("returned", "退回待改", "returned")
    MISSING = ("missing", "未报(逾期)", "missing")
    OPEN = ("open", "未到期", "not yet due")
    UNKNOWN = ("unknown", "未知", "unknown")


@attrs.frozen(kw_only=True)
class Handed:
    """
    One submission (一次报送).

    Args:
        on: Day it was handed in.
        returned: Whether it was sent back and has not come again.
    """

    unit: str
    task: str
    on: dt.date
    returned: bool = False


@attrs.frozen(kw_only=True)
class RollUp:
    """
    How all units stand with all tasks on a day (汇总情况).

    Args:
        at: The day.
        tasks: Tasks that are handed in, in the order of the plan.
        by_task: Counts for each task, by its id.
        by_unit: Counts for each unit.
        standings: For each unit how it stands with each task, in the order of the tasks.
        lacking: For each task the units that are late, missing, returned or unknown, in order.
    """

    at: dt.date
    tasks: tuple[Task, ...]
    by_task: Mapping[str, Counter[Standing]]
    by_unit: Mapping[str, Counter[Standing]]
    standings: Mapping[str, tuple[Standing, ...]]
    lacking: Mapping[str, tuple[tuple[str, Standing], ...]]

    @property
    def totals(self) -> Counter[Standing]:
        """Counts over everything; they add up to units × tasks (合计)."""
        return sum(self.by_task.values(), Counter())

    def as_json(self) -> dict[str, Any]:
        """Give the roll-up as plain data."""
        return {
            "at": self.at.isoformat(),
            "tasks": [
                {"id": each.id, "name": each.name, "due": each.due.isoformat() if each.due else None}
                | {standing.value: self.by_task[each.id][standing] for standing in Standing}
                for each in self.tasks
            ],
            "units": len(self.by_unit),
            "lacking": {
                task: [{"unit": unit, "standing": standing.value} for unit, standing in rows]
                for task, rows in self.lacking.items()
            },
            "totals": {standing.value: self.totals[standing] for standing in Standing},
        }

    def summary(self, lang: str = "zh") -> Iterator[tuple[str, ...]]:
        """Give the table by task, headed, with the total last (报送汇总表)."""
        zh = lang == "zh"
        yield *(("任务", "时限") if zh else ("task", "due")), *(each.text(lang) for each in Standing)
        for each in self.tasks:
            yield each.name, str(each.due or ""), *(str(self.by_task[each.id][standing]) for standing in Standing)
        yield "合计" if zh else "total", "", *(str(self.totals[standing]) for standing in Standing)

    def register(self, lang: str = "zh") -> Iterator[tuple[str, ...]]:
        """Give one row for each unit with its standing in each task, headed (报送情况一览)."""
        yield "单位" if lang == "zh" else "unit", *(each.name for each in self.tasks)
        for unit, standings in self.standings.items():
            yield unit, *(each.text(lang) for each in standings)

    def as_csv(self, lang: str = "zh", *, units: bool = False) -> str:
        """
        Give the table by task as CSV, or the register by unit (报送汇总表、报送情况一览).

        Args:
            units: Whether to give the register.
        """
        made = io.StringIO()
        csv.writer(made, lineterminator="\n").writerows(self.register(lang) if units else self.summary(lang))
        return made.getvalue()


def roll_up(
    plan: Plan, units: Mapping[str, bool], handed: Iterable[Handed], at: dt.date, *, by: Reckoning = AS_WRITTEN
) -> RollUp:
    """
    Roll up what units have handed in (汇总).

    Args:
        plan: The superior's plan.
        units: Every unit, with whether its own plan is known; of the others nothing is said.
        handed: Submissions; of several for one task the first one not returned counts.
        at: As of which day.
        by: How the days that the plan names are read.
    """
    tasks = tuple(each for each in plan.all_tasks if each.submit_to or each.deliverable)
    due = {each.id: by.last_day(each) for each in tasks}
    first: dict[tuple[str, str], Handed] = {}
    for each in handed:
        if each.task in due and each.on <= at:
            place = (each.unit, each.task)
            known = first.get(place)
            if known is None or (known.returned, known.on) > (each.returned, each.on):
                first[place] = each
    by_task: dict[str, Counter[Standing]] = {each.id: Counter() for each in tasks}
    by_unit: dict[str, Counter[Standing]] = {}
    standings: dict[str, tuple[Standing, ...]] = {}
    lacking: dict[str, list[tuple[str, Standing]]] = {each.id: [] for each in tasks}
    for unit, is_known in units.items():
        told = [_standing(first.get((unit, task)), day, at, known=is_known) for task, day in due.items()]
        standings[unit], by_unit[unit] = tuple(told), Counter(told)
        for task, standing in zip(due, told, strict=True):
            by_task[task][standing] += 1
            if standing not in _SETTLED:
                lacking[task].append((unit, standing))
    behind = {task: tuple(rows) for task, rows in lacking.items()}
    return RollUp(at=at, tasks=tasks, by_task=by_task, by_unit=by_unit, standings=standings, lacking=behind)


@attrs.frozen(kw_only=True)
class Source:
    """
    What one unit's own report rests on (汇总来源).

    Args:
        included: Units below whose papers were in when it was sent.
        late: Units below whose papers came after it.
        missing: Units below that handed in nothing.
        unknown: Units below whose plan is not known, and that handed in nothing.
    """

    unit: str
    on: dt.date
    included: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def sources(
    below: Mapping[str, tuple[str, ...]], units: Mapping[str, bool], handed: Iterable[Handed], task: str
) -> tuple[Source, ...]:
    """
    Say for each report of a level what it was summed up from (逐级汇总来源); nothing is added up that was not in.

    Args:
        below: Units directly below each unit.
        units: Every unit, with whether its own plan is known.
        handed: Submissions; those sent back do not count.
        task: The task reported on.
    """
    sent: dict[str, dt.date] = {}
    for each in handed:
        if each.task == task and not each.returned:
            sent[each.unit] = min(each.on, sent.get(each.unit, each.on))
    return tuple(_source(unit, children, sent, units) for unit, children in below.items() if unit in sent)


def _source(unit: str, children: tuple[str, ...], sent: Mapping[str, dt.date], units: Mapping[str, bool]) -> Source:
    on = sent[unit]
    silent = [each for each in children if each not in sent]
    return Source(
        unit=unit,
        on=on,
        included=tuple(each for each in children if each in sent and sent[each] <= on),
        late=tuple(each for each in children if each in sent and sent[each] > on),
        missing=tuple(each for each in silent if units.get(each, False)),
        unknown=tuple(each for each in silent if not units.get(each, False)),
    )


_SETTLED = (Standing.IN_TIME, Standing.OPEN)


def _standing(found: Handed | None, due: dt.date | None, at: dt.date, *, known: bool) -> Standing:
    if found is not None and found.returned:
        return Standing.RETURNED
    if found is not None:
        return Standing.LATE if due is not None and found.on > due else Standing.IN_TIME
    if not known or due is None:
        return Standing.UNKNOWN
    return Standing.MISSING if at > due else Standing.OPEN
