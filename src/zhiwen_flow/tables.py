"""
Tables that offices live by (办公用表): the division of tasks, the schedule by day, what is overdue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from zhiwen_flow.calendar import Calendar, working_days_between
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.limits import AS_WRITTEN, Reckoning
from zhiwen_flow.plan import Plan, Task
from zhiwen_flow.terms import Label, Term


class Table(Term):
    """Which table (表种)."""

    ASSIGNMENTS = ("assignments", "任务分解表", "division of tasks")
    SCHEDULE = ("schedule", "倒排工期表", "schedule by day")
    OVERDUE = ("overdue", "逾期清单", "overdue")
    COMPARISON = ("comparison", "方案对照表", "comparison with the superior's plan")


HEADS = {
    Table.ASSIGNMENTS: (
        ("序号", "任务", "责任单位", "完成时限", "成果形式", "报送对象", "条款"),
        ("no.", "task", "responsible", "due", "deliverable", "to", "clause"),
    ),
    Table.SCHEDULE: (
        ("时限", "任务", "成果形式", "报送对象", "余(日)", "余(工作日)"),
        ("due", "task", "deliverable", "to", "days left", "working days left"),
    ),
    Table.OVERDUE: (
        ("时限", "任务", "责任单位", "逾期(日)", "条款"),
        ("due", "task", "responsible", "days late", "clause"),
    ),
    Table.COMPARISON: (
        ("方面", "事项", "上级方案", "本方案", "异同"),
        ("aspect", "item", "superior's plan", "this plan", "difference"),
    ),
}
"""Headings in Chinese and English."""


def table(plan: Plan, kind: Table, *, at: dt.date, by: Reckoning = AS_WRITTEN) -> Iterator[tuple[str, ...]]:
    """
    Give the rows of a table (制表).

    Args:
        at: The day from which days are counted.
        by: How the days that the plan names are read; its calendar counts working days, and the column stays empty
            without one, and beyond its data.

    Raises:
        MisuseError: a comparison is asked for; see `comparison`.

    >>> rows = list(table(Plan.load("dqj-2011"), Table.OVERDUE, at=dt.date(2011, 9, 1)))
    >>> rows[0][:2]
    ('2011-08-26', '制定工作方案')
    """
    if kind is Table.COMPARISON:
        raise MisuseError("a comparison needs the superior's plan; ask `comparison`")
    if kind is Table.ASSIGNMENTS:
        yield from (_assignment(number, each) for number, each in enumerate(plan.all_tasks, start=1))
        return
    dated = [(due, each) for each in plan.all_tasks if (due := by.last_day(each)) is not None]
    for due, each in sorted(dated, key=lambda pair: (pair[0], pair[1].id)):
        left = (due - at).days
        if kind is Table.SCHEDULE:
            working = _working(at, due, by.calendar)
            yield str(due), each.name, each.deliverable or "", each.submit_to or "", str(left), working
        elif left < 0:
            yield str(due), each.name, each.owner or "", str(-left), each.clause


def _assignment(number: int, task: Task) -> tuple[str, ...]:
    when = str(task.due) if task.due is not None else task.raw or (task.recurs.zh if task.recurs else "")
    return str(number), task.name, task.owner or "", when, task.deliverable or "", task.submit_to or "", task.clause


def _working(first: dt.date, last: dt.date, calendar: Calendar | None) -> str:
    if calendar is None or last > calendar.horizon or last < first:
        return ""
    return str(working_days_between(calendar, first, last))


_SAME, _CHANGED, _ADDED, _GONE = (
    Label(zh="相同", en="same"),
    Label(zh="不同", en="differs"),
    Label(zh="本方案增加", en="added"),
    Label(zh="上级有、本方案没有", en="not in this plan"),
)


def comparison(plan: Plan, superior: Plan, lang: str = "zh") -> Iterator[tuple[str, ...]]:
    """
    Hold a plan against its superior's, line by line (方案对照表): windows, deadlines, measures, channels, words.

    Phases and tasks are matched by name, 阶段 and 环节 left out; what has no counterpart is told as such.

    >>> rows = comparison(Plan.load("dqj-2011"), Plan.load("ggj-2011"))
    >>> next(rows)
    ('环节起止', '宣传发动', '2011-08-22—2011-08-31', '2011-09-09—2011-09-19', '不同')
    """
    for aspect, above, own in _aspects(plan, superior):
        for name in dict.fromkeys([*above, *own]):
            theirs, mine = above.get(name), own.get(name)
            if theirs is None:
                how = _ADDED
            elif mine is None:
                how = _GONE
            else:
                how = _SAME if theirs == mine else _CHANGED
            yield aspect.text(lang), name, theirs or "", mine or "", how.text(lang)


def _aspects(plan: Plan, superior: Plan) -> Iterator[tuple[Label, dict[str, str], dict[str, str]]]:
    for label, read in (
        (Label(zh="环节起止", en="phase"), _windows),
        (Label(zh="任务时限", en="task"), _days),
        (Label(zh="处理方式", en="measure"), lambda each: {row.name: row.plan_says for row in each.ladder}),
        (Label(zh="主题", en="theme"), lambda each: dict.fromkeys(each.slogans, "√")),
        (Label(zh="问题类型", en="type of problem"), lambda each: {row.name: row.means for row in each.problems}),
        (Label(zh="处理条件", en="condition"), lambda each: dict.fromkeys(each.conditions, "√")),
        (Label(zh="权限条款", en="authority clause"), lambda each: _one(each.authority_clause)),
        (Label(zh="保密条款", en="confidentiality"), lambda each: _one(each.confidentiality)),
        (Label(zh="办理方式", en="disposal"), lambda each: dict.fromkeys(each.disposal_ways, "√")),
        (Label(zh="检查方式", en="inspection"), lambda each: dict.fromkeys(each.inspection_ways, "√")),
        (Label(zh="渠道", en="channel"), lambda each: dict.fromkeys(each.channels, "√")),
        (Label(zh="考核挂钩", en="appraisal"), lambda each: dict.fromkeys(each.appraisals, "√")),
    ):
        yield label, read(superior), read(plan)


def _one(clause: str | None) -> dict[str, str]:
    return {clause: "√"} if clause is not None else {}


def _windows(plan: Plan) -> dict[str, str]:
    return {
        each.name.removesuffix("阶段").removesuffix("环节"): f"{each.start or '—'}—{each.end or '—'}"
        for each in plan.phases
    }


def _days(plan: Plan) -> dict[str, str]:
    return {each.name: str(each.due) if each.due is not None else each.raw or "—" for each in plan.all_tasks}
