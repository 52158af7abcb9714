"""
Rules on dates (时间规则): a plan against itself, against its superiors' plans, and against the calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import Phase, Plan, Precision, Task

_KINDS = ("整改报告", "总结", "工作方案", "实施方案", "方案", "报告", "典型")


def place(each: Phase | Task) -> str:
    """Name a place with its line behind a tab, where the plan was read from a text (位置)."""
    clause = f"{each.clause} {each.name}" if each.clause not in ("—", "") else each.name
    return f"{clause}\t{each.line}" if each.line is not None else clause


def task_before_phase(bench: Bench) -> Found:
    """A task that is due before its own phase starts (任务期限早于环节)."""
    for phase, task in bench.plan.tasks:
        if task.due is not None and phase.start is not None and task.due < phase.start:
            days = (phase.start - task.due).days
            yield (
                place(task),
                f"期限{task.due}比所在环节“{phase.name}”的起始日{phase.start}早{days}天",
                f"due {task.due}, {days} days before its phase “{phase.name}” starts on {phase.start}",
                {"due": task.due, "start": phase.start, "days": days},
            )


def due_before_campaign(bench: Bench) -> Found:
    """A task that is due before the campaign starts at all (期限早于活动)."""
    starts = [each.start for each in bench.plan.phases if each.start is not None]
    undated = [each for phase in bench.plan.phases if phase.start is None for each in phase.tasks]
    for task in (*undated, *bench.plan.beside):
        if task.due is not None and starts and task.due < min(starts):
            yield (
                place(task),
                f"期限{task.due}早于活动开始之日{min(starts)}",
                f"due {task.due}, before the campaign starts on {min(starts)}",
                {"due": task.due, "start": min(starts)},
            )


def task_outside_phase(bench: Bench) -> Found:
    """A task that is due, or goes on, after its own phase has ended, or starts before it (任务超出环节)."""
    for phase, task in bench.plan.tasks:
        last = max((each for each in (task.due, task.end) if each is not None), default=None)
        if phase.end is not None and last is not None and last > phase.end:
            zh = f"时限{last}晚于所在环节“{phase.name}”的结束之日{phase.end}"
            yield (
                place(task),
                zh,
                f"until {last}, after its phase “{phase.name}” ends",
                {"end": phase.end, "until": last},
            )
        elif phase.start is not None and task.start is not None and task.start < phase.start:
            zh = f"起始日{task.start}早于所在环节“{phase.name}”的{phase.start}"
            yield place(task), zh, f"from {task.start}, before its phase “{phase.name}” starts on {phase.start}"


def same_day(bench: Bench) -> Found:
    """Several events on one day (同一天安排几件事)."""
    days: dict[dt.date, list[Task]] = {}
    for task in bench.plan.all_tasks:
        if task.start is not None and task.start == task.end:
            days.setdefault(task.start, []).append(task)
    for day, tasks in days.items():
        if len(tasks) > 1:
            names = "、".join(each.name for each in tasks)
            yield place(tasks[-1]), f"{day}同一天安排:{names}", f"on {day}: {names}"


def ambiguous_day(bench: Bench) -> Found:
    """Deadlines whose words do not say whether the day named counts (“前”是否含当日)."""
    words = [each for each in bench.plan.all_tasks if each.due is not None and "前" in (each.raw or "")]
    if not words:
        return
    policy = bench.rulebook.policy.deadline if bench.rulebook is not None else None
    if policy is None:
        zh, en = "没有规则库,按含当日计算", "read as inclusive: there is no rulebook"
    elif policy.before_is_inclusive:
        zh, en = "按规则库含当日计算", "the rulebook reads it as inclusive"
    else:
        zh, en = "按规则库不含当日计算", "the rulebook reads it as exclusive"
    yield bench.plan.title, f"{len(words)}处期限用“前”,{zh}", f"{len(words)} deadlines say 前; {en}"


def due_before_issue(bench: Bench) -> Found:
    """A task that is due before the plan was issued (期限早于印发)."""
    issued = bench.plan.issued or bench.plan.posted
    for task in bench.plan.all_tasks:
        if task.due is not None and issued is not None and task.due < issued:
            zh, en = (
                f"期限{task.due}早于方案印发(发布)之日{issued}",
                f"due {task.due}, before the plan's own day {issued}",
            )
            yield place(task), zh, en, {"due": task.due, "issued": issued}


def phase_gap(bench: Bench) -> Found:
    """Days between two phases that belong to none (环节之间有空档)."""
    before: Phase | None = None
    for after in sorted((each for each in bench.plan.phases if each.start is not None), key=_start):
        if before is not None and before.end is not None and (_start(after) - before.end).days > 1:
            days = (_start(after) - before.end).days - 1
            yield (
                place(after),
                f"“{before.name}”{before.end}结束,“{after.name}”{after.start}开始,中间空{days}天",
                f"{days} days from {before.end} to {after.start} belong to no phase",
                {"end": before.end, "start": after.start, "days": days},
            )
        # Of phases that run side by side the one that ends last is the one before; an open end leaves no gap.
        if before is None or (before.end is not None and (after.end is None or after.end > before.end)):
            before = after


def phase_overlap(bench: Bench) -> Found:
    """Phases that run side by side (环节重叠); lawful, but to be said."""
    for before, after in _neighbours(bench.plan):
        if before.end is not None and after.start is not None and after.start <= before.end:
            days = (min(before.end, after.end or before.end) - after.start).days + 1
            yield (
                place(after),
                f"与“{before.name}”重叠{days}天",
                f"overlaps “{before.name}” by {days} days",
                {"end": before.end, "start": after.start, "days": days},
            )


def phase_order(bench: Bench) -> Found:
    """A phase that starts before the one above it (环节次序)."""
    for before, after in pairwise(bench.plan.phases):
        if before.start is not None and after.start is not None and after.start < before.start:
            yield (
                place(after),
                f"起始日{after.start}早于前一环节“{before.name}”的{before.start}",
                f"starts {after.start}, before the phase above it, “{before.name}” ({before.start})",
                {"start": after.start, "before": before.start},
            )


def report_before_end(bench: Bench) -> Found:
    """A report on a phase that is due before the phase ends (报告早于环节结束)."""
    for phase, task in bench.plan.tasks:
        if kind_of(task) not in ("整改报告", "总结") or task.due is None or phase.end is None:
            continue
        if phase.start is not None and phase.start <= task.due < phase.end:
            yield (
                place(task),
                f"报告期限{task.due}早于环节结束之日{phase.end}",
                f"the report is due {task.due}, before the phase ends on {phase.end}",
                {"due": task.due, "end": phase.end},
            )


def window_outside_superior(bench: Bench) -> Found:
    """A phase that runs outside the superior's (超出上级环节起止)."""
    for superior in bench.superiors:
        for phase in bench.plan.phases:
            above = _counterpart(phase, superior)
            if above is None or phase.start is None or phase.end is None or above.start is None or above.end is None:
                continue
            if phase.start < above.start or phase.end > above.end:
                yield (
                    place(phase),
                    f"起止{phase.start}至{phase.end}超出“{superior.title}”的{above.start}至{above.end}",
                    f"{phase.start} to {phase.end} lies outside {above.start} to {above.end} of {superior.id}",
                    {"superior": superior.id, "superior_start": above.start, "superior_end": above.end},
                )


def due_after_superior(bench: Bench) -> Found:
    """What a unit collects after the day on which it must hand it up itself (晚于上级期限)."""
    for task, above, superior in _chains(bench):
        own, theirs = bench.last_day(task), bench.last_day(above)
        if own is not None and theirs is not None and own > theirs:
            yield (
                place(task),
                f"期限{own}晚于“{superior.title}”的{theirs}({above.name})",
                f"due {own}, after {theirs} of {superior.id} ({above.name})",
                {"due": own, "superior": superior.id, "superior_due": theirs, "days": (own - theirs).days},
            )


def no_slack(bench: Bench, *, least: int) -> Found:
    """Too few working days between collecting and handing up (报送链没有余量)."""
    for task, above, superior in _chains(bench):
        own, theirs = bench.last_day(task), bench.last_day(above)
        if own is None or theirs is None or own > theirs:
            continue
        between = bench.working_days(own, theirs - dt.timedelta(days=1))
        days = max(between, 0) if between is not None else None
        if days is None:
            zh, en = "无法判断余量:没有该年的工作日历", "the slack cannot be judged without a calendar of that year"
            yield place(task), zh, en
        elif days < least:
            yield (
                place(task),
                f"与“{superior.title}”的期限{theirs}之间只有{days}个工作日",
                f"{days} working days before {theirs} of {superior.id}",
                {"due": own, "superior": superior.id, "superior_due": theirs, "working_days": days},
            )


def due_on_rest_day(bench: Bench) -> Found:
    """A deadline on a day off (期限在休息日)."""
    for task in bench.plan.all_tasks:
        if task.due is None or bench.calendar is None or task.due > bench.calendar.horizon:
            continue
        if not bench.calendar.is_working_day(task.due):
            last = bench.last_day(task)
            zh, en = ("不顺延", "stays") if last is None or last <= task.due else (f"顺延至{last}", f"becomes {last}")
            yield place(task), f"期限{task.due}是休息日,按规则库{zh}", f"due {task.due}, a day off; it {en}"


def vague_date(bench: Bench) -> Found:
    """A time that names no day (时间不具体)."""
    named: list[Phase | Task] = [*bench.plan.phases, *bench.plan.all_tasks]
    for each in named:
        if each.raw is not None and (each.precision is not Precision.DAY or not any(ch.isdigit() for ch in each.raw)):
            yield place(each), f"“{each.raw}”没有写到日", f"“{each.raw}” names no day"


def missing_year(bench: Bench) -> Found:
    """Dates without a year (缺少年份)."""
    named: list[Phase | Task] = [*bench.plan.phases, *bench.plan.all_tasks]
    undated = [each for each in named if each.raw and _has_no_day(each)]
    if bench.plan.year is None and undated:
        yield place(undated[0]), f"有{len(undated)}处时间没有年份", f"{len(undated)} times name no year"


def missing_dates(bench: Bench) -> Found:
    """Phases without a window (环节没有起止)."""
    for phase in bench.plan.phases:
        if phase.raw is None and phase.start is None and phase.end is None:
            yield place(phase), "没有写明起止时间", "names no start and no end"


def _has_no_day(each: Phase | Task) -> bool:
    return each.start is None and each.end is None and getattr(each, "due", None) is None


def _start(phase: Phase) -> dt.date:
    return phase.start or dt.date.min


def _neighbours(plan: Plan) -> Iterator[tuple[Phase, Phase]]:
    dated = [each for each in plan.phases if each.start is not None]
    return pairwise(sorted(dated, key=_start))


def _counterpart(phase: Phase, superior: Plan) -> Phase | None:
    """The superior's phase of the same name; 阶段 and 环节 are left out of names."""
    name = phase.name.removesuffix("阶段").removesuffix("环节")
    return next((each for each in superior.phases if each.name.removesuffix("阶段").removesuffix("环节") == name), None)


def _chains(bench: Bench) -> Iterator[tuple[Task, Task, Plan]]:
    """Tasks of one kind, here and with a superior."""
    for superior in bench.superiors:
        above: dict[str, Task] = {}
        for each in superior.all_tasks:
            if each.due is not None and (kind := kind_of(each)) is not None:
                above.setdefault(kind, each)
        for task in bench.plan.all_tasks:
            kind = kind_of(task)
            if task.due is not None and kind in above:
                yield task, above[kind], superior


def kind_of(task: Task) -> str | None:
    """What kind of paper a task asks for (材料种类); a report in the phase of rectification is one on it."""
    words = f"{task.name} {task.deliverable or ''}"
    if "整改" in words and "报告" in words:
        return "整改报告"
    if "总结" in words:
        return "总结"
    found = next((each for each in _KINDS if each in words), None)
    return "方案" if found in ("工作方案", "实施方案") else found
