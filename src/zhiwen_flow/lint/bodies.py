"""
Rules on who does it (组织规则): bodies that a plan sets up, or names and never sets up, and who answers for what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zhiwen_flow.lint.dates import place
from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import Plan


def missing_office(bench: Bench) -> Found:
    """No office that does the work (没有办事机构)."""
    if not any("办公室" in each.name or each.seat for each in bench.plan.roles):
        yield bench.plan.title, "没有写明领导小组办公室设在哪里", "does not say where the office is"


def missing_head(bench: Bench, *, heads: list[str]) -> Found:
    """Nobody heads it (没有组长)."""
    if not any(each.name.endswith(head) and "副" not in each.name for each in bench.plan.roles for head in heads):
        yield bench.plan.title, "没有写明由哪一职务任组长", "does not say which post heads it"


def missing_task_force(bench: Bench) -> Found:
    """No task force is set up (没有工作专班)."""
    forces = [each.name for each in bench.plan.roles] + [each.deliverable or "" for each in bench.plan.all_tasks]
    if not any("专班" in each for each in forces):
        yield bench.plan.title, "没有设立工作专班", "sets up no task force"


def missing_duties(bench: Bench) -> Found:
    """A leading group, and no organ that answers for anything (没有职责分工)."""
    if bench.plan.roles and not bench.plan.duties:
        yield (
            bench.plan.title,
            "设有领导机构,没有写明各单位的职责分工",
            "no organ is given its duties",
        )


def head_is_no_principal(bench: Bench, *, heads: list[str], principals: list[str]) -> Found:
    """The superior wants the principal leader to head it, and another does (组长不是主要领导)."""
    if not any("主要领导任组长" in role.held_by for superior in bench.superiors for role in superior.roles):
        return
    for role in bench.plan.roles:
        named = any(role.name.endswith(each) for each in heads) and "副" not in role.name
        if named and not re.search("(?<!副)(" + "|".join(principals) + ")", role.held_by):
            yield (
                f"{role.clause} {role.name}",
                f"由“{role.held_by}”担任,上级要求主要领导任组长",
                (f"“{role.held_by}” heads it; the superior asks for the principal leader"),
            )


def undefined_body(bench: Bench, *, bodies: list[str], levels: list[str]) -> Found:
    """A body that tasks speak of and the plan does not set up (提到的机构没有设立)."""
    known, told = "\n".join(_set_up(bench.plan)), set[str]()
    for task in bench.plan.all_tasks:
        texts = [each for each in (task.submit_to, task.owner, task.participants) if each is not None]
        own = [each for each in texts if not _is_above(each, bench.plan, levels)]
        for body in (body for text in own for body in _named(text, bodies)):
            if body not in told and body not in known:
                told.add(body)
                yield place(task), f"提到“{body}”,方案没有设立", f"speaks of “{body}” and does not set it up"


def _set_up(plan: Plan) -> Iterator[str]:
    """What the plan sets up: its roles, an office where there is a seat, a group where somebody heads it."""
    yield plan.organ
    for role in plan.roles:
        yield role.name
        yield "办公室" if role.seat else ""
        yield "领导小组" if "组长" in role.name else ""
    yield from (each.organ for each in plan.duties)
    yield from (task.deliverable or "" for task in plan.all_tasks)


def _named(text: str, bodies: list[str]) -> Iterator[str]:
    """The most particular name only: of 领导小组办公室 the office, not the group too."""
    for body in bodies:
        if body in text:
            yield body.removeprefix("领导小组") or body
            text = text.replace(body, "")


def _is_above(text: str, plan: Plan, levels: list[str]) -> bool:
    """Whether it is a superior's body: it begins with a level that is not the plan's own."""
    return any(text.startswith(each) and not plan.organ.startswith(each) for each in levels)
