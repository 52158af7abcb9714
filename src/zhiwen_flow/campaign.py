"""
From a plan to a running campaign (由方案到活动): the payloads of the commands that open and issue it. Pure.
"""

from __future__ import annotations

from typing import Any

from zhiwen_flow.plan import Phase, Plan, Task


def opening_of(plan: Plan) -> dict[str, Any]:
    """
    Give the payload that opens a campaign for *plan* (拟定方案的填报内容).

    >>> opening_of(Plan.load("szjg-2011"))["plan"]
    'szjg-2011'
    """
    return {
        "plan": plan.id,
        "plan_version": plan.version,
        "plan_hash": plan.hash,
        "organ": plan.organ,
        "title": plan.title,
    }


def issue_of(plan: Plan) -> dict[str, Any]:
    """
    Give the payload that issues a campaign: each phase with its tasks (印发方案的填报内容).

    Dates that the plan does not give are left out, never guessed.
    """
    issued = {"issued_on": plan.issued.isoformat()} if plan.issued is not None else {}
    return {**issued, "phases": [_phase(each) for each in plan.phases]}


def _phase(phase: Phase) -> dict[str, Any]:
    return _filled(
        phase=phase.id,
        name=phase.name,
        start=phase.start.isoformat() if phase.start else None,
        end=phase.end.isoformat() if phase.end else None,
        raw=phase.raw,
        tasks=[_task(each) for each in phase.tasks],
    )


def _task(task: Task) -> dict[str, Any]:
    return _filled(
        task=task.id,
        name=task.name,
        due=task.due.isoformat() if task.due else None,
        window_start=task.start.isoformat() if task.start else None,
        window_end=task.end.isoformat() if task.end else None,
        raw=task.raw,
        deliverable=task.deliverable,
        submit_to=task.submit_to,
        owner=task.owner,
    )


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}
