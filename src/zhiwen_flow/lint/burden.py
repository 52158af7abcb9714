"""
Rules on burdens of the grass roots (基层减负规则): papers, tables, meetings, inspections, by unit and month.

A task that names a day counts in its month, one that recurs in each month that it falls in, one without a day in the
month in which its phase starts; what stands beside the phases and names no day counts nowhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator

from zhiwen_flow.lint.dates import kind_of, place
from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import Phase, Plan, Recurrence, Task
from zhiwen_flow.recurring import occurrences

EACH = "各单位"
"""Who does a task of which the plan says nothing else."""


def too_many_papers(bench: Bench, *, most: int) -> Found:
    """How many papers each unit hands in within one month (每月报送件数)."""
    for owner, month, count in _monthly(bench.plan, lambda task: task.submit_to is not None):
        if count > most:
            yield bench.plan.title, f"{month}要求{owner}报送{count}件", f"asks for {count} papers in {month}"


def too_many_tables(bench: Bench, *, most: int, words: str) -> Found:
    """How many tables and ledgers each unit fills in within one month (每月填报表格)."""
    for owner, month, count in _monthly(bench.plan, _speaking_of(words, paper=True)):
        if count > most:
            yield bench.plan.title, f"{month}要求{owner}填报表格{count}件", f"asks for {count} tables in {month}"


def too_many_meetings(bench: Bench, *, most: int, words: str) -> Found:
    """How many meetings each unit holds within one month (每月会议)."""
    for owner, month, count in _monthly(bench.plan, _speaking_of(words)):
        if count > most:
            yield bench.plan.title, f"{month}要求{owner}开会{count}次", f"asks for {count} meetings in {month}"


def too_many_inspections(bench: Bench, *, most: int, words: str) -> Found:
    """How many inspections there are within one month (每月检查)."""
    for owner, month, count in _monthly(bench.plan, _speaking_of(words)):
        if count > most:
            yield bench.plan.title, f"{month}由{owner}检查{count}次", f"{count} inspections in {month}"


def head_must_attend(bench: Bench, *, words: str) -> Found:
    """The principal head demanded at a meeting (要求主要负责人必到)."""
    for task in bench.plan.all_tasks:
        if "会" in task.name and re.search(words, f"{task.name}{task.participants or ''}"):
            yield place(task), "要求下级主要负责人到会", "asks the principal heads of units to attend"


def everybody_must_attend(bench: Bench, *, words: str) -> Found:
    """Everybody demanded at everything (要求全员参加)."""
    for task in bench.plan.all_tasks:
        if re.search(words, f"{task.name}{task.participants or ''}"):
            yield place(task), "要求全员参加", "asks everybody to take part"


def follow_up_demanded(bench: Bench, *, words: str) -> Found:
    """A report on how the plan is carried out demanded (要求报送贯彻落实情况)."""
    for task in bench.plan.all_tasks:
        if task.submit_to is not None and re.search(words, f"{task.name}{task.deliverable or ''}"):
            yield place(task), "要求报送贯彻落实情况", "asks for a report on how it is carried out"


def same_paper_twice(bench: Bench) -> Found:
    """The same paper asked for twice (重复报送)."""
    seen: dict[tuple[str, str | None], Task] = {}
    for task in bench.plan.all_tasks:
        if task.deliverable is None or task.submit_to is None:
            continue
        key = (task.deliverable, task.submit_to)
        if key in seen and task.due == seen[key].due:
            zh = f"“{task.deliverable}”已在“{seen[key].name}”中要求报送"
            yield place(task), zh, f"`{task.deliverable}` is asked for twice"
        seen.setdefault(key, task)


def short_notice(bench: Bench, *, least: int) -> Found:
    """Less than three working days between the plan and a deadline (通知时间过短)."""
    issued = bench.plan.issued or bench.plan.posted
    for task in bench.plan.all_tasks:
        if task.due is None or issued is None or task.due < issued:
            continue
        days = bench.working_days(issued, task.due)
        if days is None:
            yield place(task), "无法判断通知时间:没有该年的工作日历", "the notice cannot be judged without a calendar"
            return
        if days < least:
            zh = f"印发(发布)后只有{days}个工作日"
            yield place(task), zh, f"{days} working days after the plan's own day"


def plans_demanded(bench: Bench) -> Found:
    """A plan of its own demanded from each unit (要求层层制定方案)."""
    for task in bench.plan.all_tasks:
        if kind_of(task) == "方案" and (task.submit_to is not None or "各" in (task.owner or "")):
            yield place(task), "要求下级另行制定方案", "asks each unit for a plan of its own"


def task_force_demanded(bench: Bench) -> Found:
    """A task force or leading group demanded from each unit (要求层层设专班)."""
    for task in bench.plan.all_tasks:
        if "专班" in (task.deliverable or "") or "专班" in task.name:
            yield place(task), "要求下级设立专班", "asks each unit for a task force"


def recurring_papers(bench: Bench) -> Found:
    """Reports that recur weekly or every ten days (周报、旬报)."""
    for task in bench.plan.all_tasks:
        if task.recurs in (Recurrence.WEEKLY, Recurrence.TEN_DAYS):
            zh = f"要求{task.recurs.zh}报送" if task.recurs else ""
            yield place(task), zh, "asks for a report that often"


def _speaking_of(words: str, *, paper: bool = False) -> Callable[[Task], bool]:
    """Whether a task speaks of something in its name, or in what is handed in."""
    return lambda task: re.search(words, f"{task.name}{task.deliverable or ''}" if paper else task.name) is not None


def _monthly(plan: Plan, counts: Callable[[Task], bool]) -> Iterator[tuple[str, str, int]]:
    """Count tasks by who does them and by month."""
    found: Counter[tuple[str, str]] = Counter()
    placed: list[tuple[Phase | None, Task]] = [*plan.tasks, *((None, each) for each in plan.beside)]
    for phase, task in placed:
        if counts(task):
            found.update((task.owner or EACH, f"{day:%Y-%m}") for day in _days(plan, phase, task))
    yield from (
        (owner, month, count) for (owner, month), count in sorted(found.items(), key=lambda each: each[0][::-1])
    )


def _days(plan: Plan, phase: Phase | None, task: Task) -> Iterator[dt.date]:
    if task.recurs is not None:
        starts = [each.start for each in (phase, *plan.phases) if each is not None and each.start is not None]
        ends = [each.end for each in (phase, *plan.phases) if each is not None and each.end is not None]
        if starts and ends:
            since, until = (starts[0], ends[0]) if phase is not None else (min(starts), max(ends))
            yield from ((each.due or each.end) for each in occurrences(task, since, until))
        return
    day = task.due or task.start or (phase.start if phase is not None else None)
    if day is not None:
        yield day
