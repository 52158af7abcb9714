"""
From a plan to a running campaign (由方案到活动): the payloads of the commands that open and issue it. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import Fault, PlanError
from zhiwen_flow.limits import AS_WRITTEN, Reckoning
from zhiwen_flow.model import Instance
from zhiwen_flow.plan import Amendment, Phase, Plan, Task
from zhiwen_flow.recurring import occurrences


def opening_of(plan: Plan, *, unit: str | None = None) -> dict[str, Any]:
    """
    Give the payload that opens a campaign for *plan* (拟定方案的填报内容).

    Args:
        unit: Organ of the directory that the campaign is of, where each unit runs its own.

    >>> opening_of(Plan.load("szjg-2011"))["plan"]
    'szjg-2011'
    """
    return _filled(
        plan=plan.id,
        plan_version=plan.version,
        plan_hash=plan.hash or None,
        organ=plan.organ,
        title=plan.title,
        unit=unit,
        superior_plan=plan.superior,
    )


def issue_of(plan: Plan, *, by: Reckoning = AS_WRITTEN) -> dict[str, Any]:
    """
    Give the payload that issues a campaign: each phase with its tasks (印发方案的填报内容).

    Dates that the plan does not give are left out, never guessed. Tasks beside the phases stand in one without dates.

    Args:
        by: How the days that the plan names are read.
    """
    issued = {"issued_on": plan.issued.isoformat()} if plan.issued is not None else {}
    phases = [_phase(each, by) for each in plan.phases]
    if plan.beside:
        # It has neither window nor clause: it only holds together what belongs to no phase of the plan.
        beside = Phase(id=BESIDE, name="不属于某一环节的任务", clause="—", tasks=plan.beside)
        phases.append(_phase(beside, by))
    return {**issued, "phases": phases}


BESIDE = "beside"
"""The phase of a running campaign that holds the tasks beside the phases of the plan."""


def amended(plan: Plan, *, version: str, on: dt.date, reason: str, document: str, **changes: Any) -> Plan:
    """
    Give a new version of a plan (修订方案); the earlier one stays as it is.

    Args:
        version: The new version.
        on: Day of the amendment.
        changes: What changes, by attribute of `Plan`.

    Raises:
        PlanError: the version is there already, or the day lies before an earlier amendment.

    >>> plan = Plan.load("dqj-2011")
    >>> later = amended(plan, version="2", on=dt.date(2011, 9, 10), reason="顺延", document="某发2号", scope="全局")
    >>> (plan.scope, later.scope, later.amendments[0].reason)
    ('全局党员干部', '全局', '顺延')
    """
    if version in {plan.version, *(each.version for each in plan.amendments)}:
        raise PlanError(Fault(plan.id, "version", f"version `{version}` is there already", "give the next one"))
    if plan.amendments and on < plan.amendments[-1].on:
        what = f"{on} lies before the amendment of {plan.amendments[-1].on}"
        raise PlanError(Fault(plan.id, "amendment.on", what, "give the day of this amendment"))
    told = Amendment(version=version, on=on, reason=reason, document=document)
    return attrs.evolve(plan, version=version, amendments=(*plan.amendments, told), **changes)


def cascaded(plan: Plan, *, id: str, organ: str, title: str) -> Plan:
    """
    Give a subordinate unit's plan to be filled in (下级方案模板): the superior's phases and tasks, none of its dates.

    >>> child = cascaded(Plan.load("szjg-2011"), id="own", organ="某局", title="某局实施方案")
    >>> (child.superior, child.phases[0].name, child.phases[0].start)
    ('szjg-2011', '宣传发动', None)
    """
    phases = tuple(
        Phase(id=each.id, name=each.name, clause="—", tasks=tuple(_template(task) for task in each.tasks))
        for each in plan.phases
    )
    beside = tuple(_template(each) for each in plan.beside)
    return Plan(
        id=id,
        version="1",
        organ=organ,
        title=title,
        superior=plan.id,
        rulebook=plan.rulebook,
        slogans=plan.slogans,
        phases=phases,
        beside=beside,
        ladder=plan.ladder,
    )


@attrs.frozen(kw_only=True)
class UnitPlan:
    """
    A subordinate unit's plan to be filled in (下级单位方案), with the payload that opens its campaign.

    Args:
        unit: Organ of the directory.
        plan: The superior's phases and tasks, none of its dates.
    """

    unit: str
    plan: Plan

    @property
    def opening(self) -> dict[str, Any]:
        """The payload that opens the unit's campaign (拟定方案的填报内容)."""
        return opening_of(self.plan, unit=self.unit)


def unit_plans(plan: Plan, units: Mapping[str, str]) -> tuple[UnitPlan, ...]:
    """
    Give each subordinate unit its plan to be filled in (逐级部署).

    Args:
        units: Organs of the directory with their names.

    >>> (found,) = unit_plans(Plan.load("szjg-2011"), {"transport_department": "省交通运输厅"})
    >>> found.plan.id, found.plan.title, found.opening["superior_plan"]
    ('szjg-2011-transport_department', '省交通运输厅关于强力推进治庸问责工作的实施方案', 'szjg-2011')
    """
    return tuple(
        UnitPlan(unit=id, plan=cascaded(plan, id=f"{plan.id}-{id}", organ=name, title=name + plan.title))
        for id, name in units.items()
    )


def units_of(
    campaign: Instance, plan: Plan, named: Iterable[str] | None, directory: Directory, on: dt.date
) -> dict[str, str]:
    """
    Give the subordinate units of a campaign with their names (部署的下级单位).

    Args:
        named: Organs of the directory; those directly below the campaign's own unit where none are named.

    Raises:
        PlanError: the plan is not that of the campaign, or there are no units.
        UnknownNameError: the directory has no such organ.
    """
    facts = campaign.facts
    if facts.get("plan") != plan.id:
        what = f"the campaign runs under plan `{facts.get('plan')}`, not `{plan.id}`"
        raise PlanError(Fault(plan.id, "id", what, "give the campaign's own plan"))
    unit = facts.get("unit")
    below = [each.id for each in directory.organs(on) if unit is not None and each.parent == unit]
    found = {id: directory.organ(id, on).label.zh for id in (below if named is None else named)}
    if not found:
        raise PlanError(Fault(plan.id, "units", "there is no subordinate unit", "name the units"))
    return found


def _template(task: Task) -> Task:
    return Task(
        id=task.id,
        number=task.number,
        name=task.name,
        clause="—",
        deliverable=task.deliverable,
        recurs=task.recurs,
        coverage=task.coverage,
        sign_off=task.sign_off,
    )


def _phase(phase: Phase, by: Reckoning) -> dict[str, Any]:
    return _filled(
        phase=phase.id,
        name=phase.name,
        start=phase.start.isoformat() if phase.start else None,
        end=phase.end.isoformat() if phase.end else None,
        raw=phase.raw,
        tasks=[told for each in phase.tasks for told in _spawned(each, phase, by)],
    )


def _spawned(task: Task, phase: Phase, by: Reckoning) -> Iterator[dict[str, Any]]:
    """A recurring task becomes one for each time it recurs in its phase; without a window it stays one."""
    if task.recurs is None or phase.start is None or phase.end is None:
        yield _task(task, by)
        return
    for number, each in enumerate(occurrences(task, phase.start, phase.end), start=1):
        yield _task(attrs.evolve(task, id=f"{task.id}-{number}", due=each.due, start=each.start, end=each.end), by)


def _task(task: Task, by: Reckoning) -> dict[str, Any]:
    due = by.last_day(task)
    return _filled(
        task=task.id,
        name=task.name,
        due=due.isoformat() if due is not None else None,
        window_start=task.start.isoformat() if task.start else None,
        window_end=task.end.isoformat() if task.end else None,
        raw=task.raw,
        deliverable=task.deliverable,
        submit_to=task.submit_to,
        owner=task.owner,
        coverage=task.coverage,
        sign_off=task.sign_off,
    )


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}
