"""
Rules that hold a plan against its superior's (与上级方案对照): what was dropped, and what drifted.
"""

from __future__ import annotations

from collections.abc import Iterator

from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import Plan


def dropped_measure(bench: Bench) -> Found:
    """A rung of the superior's ladder that is gone (少了上级方案所列的处理方式)."""
    own = {each.measure for each in bench.plan.ladder}
    for superior in bench.superiors[:1]:
        lacking = [each.name for each in superior.ladder if each.measure not in own and each.measure != "unknown"]
        if own and lacking:
            names = "、".join(lacking)
            yield bench.plan.title, f"“{superior.title}”列有{names},本方案没有", f"the superior's plan has {names}"


def dropped_slogan(bench: Bench) -> Found:
    """Themes that differ from the superior's (主题与上级不一致)."""
    for superior in bench.superiors[:1]:
        own, above = set(bench.plan.slogans), set(superior.slogans)
        if own and above and own != above:
            names = "、".join(sorted(above ^ own))
            yield (
                bench.plan.title,
                f"主题与“{superior.title}”不一致:{names}",
                f"themes differ from the superior's: {names}",
            )


def dropped_authority(bench: Bench) -> Found:
    """The clause on cadre-management authority that the superior has is gone (少了干部管理权限的要求)."""
    for superior in bench.superiors:
        if superior.authority_clause and bench.plan.ladder and not bench.plan.authority_clause:
            zh = f"“{superior.title}”写明“{superior.authority_clause}”,本方案没有"
            yield bench.plan.title, zh, "the superior's clause on cadre-management authority is gone"
            return


def dropped_problem(bench: Bench) -> Found:
    """Types of problems that differ from the superior's (问题类型与上级不一致)."""
    for superior in bench.superiors[:1]:
        own, above = {each.name for each in bench.plan.problems}, {each.name for each in superior.problems}
        if own and above and own != above:
            names = "、".join(sorted(own ^ above))
            yield bench.plan.title, f"问题类型与“{superior.title}”不一致:{names}", f"types of problems differ: {names}"


def superior_cycle(bench: Bench) -> Found:
    """A plan that is its own superior, at once or by others (上下级方案成环)."""
    above = {each.id: each.superior for each in (bench.plan, *bench.superiors)}
    trail, here = [bench.plan.id], bench.plan.superior
    while here is not None and here not in trail:
        trail.append(here)
        here = above.get(here)
    own = (bench.plan.organ, bench.plan.title, bench.plan.issued)
    if here is None and any((each.organ, each.title, each.issued) == own for each in bench.superiors):
        here = bench.plan.id
    if here is not None:
        names = " → ".join([*trail, here])
        yield bench.plan.title, f"上级方案成环:{names}", f"its superiors form a circle: {names}"


def dropped_condition(bench: Bench) -> Found:
    """Conditions of measures that the superior has and this plan has not (少了处理的条件)."""
    for superior in bench.superiors[:1]:
        lacking = [each for each in superior.conditions if each not in bench.plan.conditions]
        if bench.plan.ladder and lacking:
            names = "”“".join(lacking)
            yield bench.plan.title, f"“{superior.title}”写明“{names}”,本方案没有", f"the superior's plan says “{names}”"


def term_drift(bench: Bench, *, groups: list[list[str]]) -> Found:
    """Another word for the same thing than the superior's (用词与上级不一致)."""
    own = "\n".join(_words(bench.plan))
    for superior in bench.superiors[:1]:
        above = "\n".join(_words(superior))
        for group in groups:
            theirs = [each for each in group if each in above]
            mine = [each for each in group if each in own and each not in theirs]
            if theirs and mine and not any(each in own for each in theirs):
                zh = f"上级用“{theirs[0]}”,本方案用“{mine[0]}”"
                yield bench.plan.title, zh, f"the superior says “{theirs[0]}”, this plan “{mine[0]}”"


def _words(plan: Plan) -> Iterator[str]:
    yield from (each.name for each in plan.phases)
    for task in plan.all_tasks:
        yield from (task.name, task.deliverable or "")
    yield from (*plan.inspection_ways, *plan.strands, *plan.conditions)
    for rung in plan.ladder:
        yield from (rung.name, rung.plan_says)
