"""
A campaign plan as data (方案): phases, tasks, roles, ladder, channels and duties, each with the clause it comes from.

Dates keep the precision of the text: what the plan does not say is absent, and the raw wording stays beside it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import Term, key


class Precision(Term):
    """How exactly a plan names a day (日期精度)."""

    DAY = ("day", "日", "day")
    TEN_DAY_PERIOD = ("ten_day_period", "旬", "ten-day period")
    MONTH_START = ("month_start", "月初", "start of a month")
    MONTH_END = ("month_end", "月底", "end of a month")
    MONTH = ("month", "月", "month")
    OPEN = ("open", "未定终点", "open end")


UNNUMBERED = "—"
"""The number of a task that stands in running text, without one of its own (原文没有序号)."""


class Recurrence(Term):
    """How often a task recurs (周期)."""

    WEEKLY = ("weekly", "每周", "weekly")
    TEN_DAYS = ("ten_days", "每旬", "every ten days")
    MONTHLY = ("monthly", "每月", "monthly")
    QUARTERLY = ("quarterly", "每季度", "quarterly")
    HALF_YEARLY = ("half_yearly", "每半年", "half-yearly")
    YEARLY = ("yearly", "每年", "yearly")


@attrs.frozen(kw_only=True)
class Task:
    """
    A task of a plan (任务).

    Args:
        due: Last day the plan names; with 前 the policy of the rulebook says whether it is included.
        start: First day of a window; None where none is named.
        end: Last day of a window.
        raw: The date as the plan words it.
        deliverable: What is handed in (成果形式).
        submit_to: To whom (报送对象).
        owner: Who is responsible (责任单位).
        participants: Who takes part.
        channels: Through what it is made public.
        scope: How far (公开范围).
        recurs: How often it recurs.
        recurs_day: Day of the month on which it recurs.
        recurs_weekday: Day of the week on which it recurs, Monday being 1.
        coverage: How many must be covered before it counts as done, such as ``"100%"`` (覆盖率).
        default: What follows of itself where it is late (逾期后果).
        sign_off: Whose signature it needs (签字、签批).
        within: Days within which it is to be done once `trigger` has happened.
        working_days: Whether `within` counts working days.
        trigger: What it waits for, such as a superior's approval.
        line: Line of the text it was read from.
    """

    id: str
    number: str
    name: str
    clause: str
    due: dt.date | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    precision: Precision = Precision.DAY
    raw: str | None = None
    deliverable: str | None = None
    submit_to: str | None = None
    owner: str | None = None
    participants: str | None = None
    channels: tuple[str, ...] = ()
    scope: str | None = None
    recurs: Recurrence | None = None
    recurs_day: int | None = None
    recurs_weekday: int | None = None
    coverage: str | None = None
    sign_off: str | None = None
    default: str | None = None
    within: int | None = None
    working_days: bool = False
    trigger: str | None = None
    line: int | None = None


@attrs.frozen(kw_only=True)
class Phase:
    """
    A phase of a plan (环节、阶段).

    Args:
        precision: How exactly the text names its last day.
        counted: The counted group that it says it has, such as 六个一.
        line: Line of the text it was read from.
    """

    id: str
    name: str
    clause: str
    start: dt.date | None = None
    end: dt.date | None = None
    precision: Precision = Precision.DAY
    raw: str | None = None
    counted: str | None = None
    line: int | None = None
    tasks: tuple[Task, ...] = attrs.field(default=(), metadata=key("task"))


@attrs.frozen(kw_only=True)
class Rung:
    """A rung of the ladder of measures as the plan lists it (处理方式)."""

    measure: str
    name: str
    plan_says: str
    clause: str


@attrs.frozen(kw_only=True)
class PlanRole:
    """A body or post that the plan sets up (组织领导), by post, never by name."""

    id: str
    name: str
    held_by: str
    clause: str
    seat: str | None = None


@attrs.frozen(kw_only=True)
class Amendment:
    """
    An amendment of a plan (修订): a version of its own, with reason and document; earlier ones stay readable.
    """

    version: str
    on: dt.date
    reason: str
    document: str


@attrs.frozen(kw_only=True)
class Duty:
    """Duties that the plan gives an organ (职责分工)."""

    organ: str
    duties: tuple[str, ...]
    clause: str


@attrs.frozen(kw_only=True)
class ProblemType:
    """A type of problem that the plan goes after (突出问题类型), with its meaning."""

    id: str
    name: str
    means: str


@attrs.frozen(kw_only=True)
class Plan:
    """
    A campaign plan (方案).

    Args:
        authority_clause: Where it says that measures follow cadre-management authority (按照干部管理权限).
        conditions: On what its measures depend (处理的条件), such as 视情节轻重和影响程度.
        confidentiality: Where it says that reporters are kept secret (保密).
        targets: Whom it is aimed at above all (重点对象).
        appraisals: Appraisals that its results go into (考核挂钩).
        undefined: Phases that it speaks of and does not set out (提到而未写明的环节).
        lost: Parts of the text that are lost (原文缺失).
        beside: Tasks that stand beside the phases (不属于某一环节的任务).

    Example:
        >>> plan = Plan.load("szjg-2011")
        >>> [phase.name for phase in plan.phases]
        ['宣传发动', '自查整改', '督查问责', '总结提高']
    """

    id: str
    version: str
    organ: str
    title: str
    year: int | None = None
    number: str | None = None
    issued: dt.date | None = None
    posted: dt.date | None = None
    superior: str | None = None
    rulebook: str | None = None
    slogans: tuple[str, ...] = ()
    scope: str | None = None
    authority_clause: str | None = None
    conditions: tuple[str, ...] = ()
    confidentiality: str | None = None
    targets: tuple[str, ...] = ()
    appraisals: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    strands: tuple[str, ...] = ()
    disposal_ways: tuple[str, ...] = ()
    inspection_ways: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = attrs.field(default=(), metadata=key("phase"))
    beside: tuple[Task, ...] = attrs.field(default=(), metadata=key("task"))
    ladder: tuple[Rung, ...] = attrs.field(default=(), metadata=key("rung"))
    roles: tuple[PlanRole, ...] = attrs.field(default=(), metadata=key("role"))
    duties: tuple[Duty, ...] = attrs.field(default=(), metadata=key("duty"))
    problems: tuple[ProblemType, ...] = attrs.field(default=(), metadata=key("problem"))
    amendments: tuple[Amendment, ...] = attrs.field(default=(), metadata=key("amendment"))
    hash: str = attrs.field(default="", init=False)

    @classmethod
    def load(cls, name: str | Path) -> Plan:
        """
        Load a shipped plan by id, or a file by path (加载方案).

        Raises:
            DefinitionError: the file has faults; all are named.
        """
        is_file = str(name).endswith(".toml")
        return cls.read(Source.of(name) if is_file else Source.shipped("plans", str(name)))

    @classmethod
    def read(cls, source: Source) -> Plan:
        """Read a plan from TOML; see `load`."""
        plan = load(source, cls)
        if faults := tuple(_faults(plan, source.name)):
            raise DefinitionError(*faults)
        object.__setattr__(plan, "hash", source.digest)
        return plan

    @property
    def tasks(self) -> Iterator[tuple[Phase, Task]]:
        """All tasks of the phases with their phases, in the order of the plan."""
        return ((phase, task) for phase in self.phases for task in phase.tasks)

    @property
    def all_tasks(self) -> Iterator[Task]:
        """All tasks, those beside the phases last."""
        yield from (task for _, task in self.tasks)
        yield from self.beside

    def current(self, on: dt.date) -> tuple[Phase, ...]:
        """
        List the phases that a day lies in, both ends included (当日所处环节); phases may overlap.

        >>> [phase.name for phase in Plan.load("whssjj-2011").current(dt.date(2011, 5, 10))]
        ['自查整改', '检查追责']
        """
        dated = (each for each in self.phases if each.start is not None)
        return tuple(each for each in dated if each.start <= on and (each.end is None or on <= each.end))  # type: ignore[operator]

    def as_json(self) -> dict[str, Any]:
        """Give the plan as ``plan show --format json`` prints it: ISO dates, null where the text gives none."""
        return {
            "id": self.id,
            "version": self.version,
            "hash": self.hash,
            "organ": self.organ,
            "title": self.title,
            "year": self.year,
            "number": self.number,
            "issued": _iso(self.issued),
            "posted": _iso(self.posted),
            "superior": self.superior,
            "rulebook": self.rulebook,
            "slogans": list(self.slogans),
            "scope": self.scope,
            "authority_clause": self.authority_clause,
            "conditions": list(self.conditions),
            "confidentiality": self.confidentiality,
            "targets": list(self.targets),
            "appraisals": list(self.appraisals),
            "lost": list(self.lost),
            "undefined": list(self.undefined),
            "strands": list(self.strands),
            "phases": [_phase(each) for each in self.phases],
            "tasks": [_task(each) for each in self.beside],
            "ladder": [attrs.asdict(each) for each in self.ladder],
            "disposal_ways": list(self.disposal_ways),
            "inspection_ways": list(self.inspection_ways),
            "channels": list(self.channels),
            "programmes": list(self.programmes),
            "roles": [attrs.asdict(each) for each in self.roles],
            "duties": [{**attrs.asdict(each), "duties": list(each.duties)} for each in self.duties],
            "problems": [attrs.asdict(each) for each in self.problems],
            "amendments": [{**attrs.asdict(each), "on": _iso(each.on)} for each in self.amendments],
        }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "id": phase.id,
        "name": phase.name,
        "clause": phase.clause,
        "start": _iso(phase.start),
        "end": _iso(phase.end),
        "precision": phase.precision.value if phase.start or phase.end else None,
        "raw": phase.raw,
        "counted": phase.counted,
        "line": phase.line,
        "tasks": [_task(each) for each in phase.tasks],
    }


def _task(task: Task) -> dict[str, Any]:
    window = {"start": _iso(task.start), "end": _iso(task.end)} if task.start or task.end else None
    return {
        "id": task.id,
        "number": task.number,
        "name": task.name,
        "clause": task.clause,
        "due": _iso(task.due),
        "window": window,
        "precision": task.precision.value if task.due or window else None,
        "raw": task.raw,
        "deliverable": task.deliverable,
        "submit_to": task.submit_to,
        "owner": task.owner,
        "participants": task.participants,
        "channels": list(task.channels),
        "scope": task.scope,
        "recurs": task.recurs.value if task.recurs else None,
        "recurs_day": task.recurs_day,
        "recurs_weekday": task.recurs_weekday,
        "coverage": task.coverage,
        "sign_off": task.sign_off,
        "default": task.default,
        "within": task.within,
        "working_days": task.working_days,
        "trigger": task.trigger,
        "line": task.line,
    }


def _faults(plan: Plan, where: str) -> Iterator[Fault]:
    ids = Counter([each.id for each in plan.phases] + [task.id for task in plan.all_tasks])
    for id, count in ids.items():
        if count > 1:
            yield Fault(where, "phase", f"`{id}` is declared {count} times", "give each phase and task its own id")
        if not id.isascii():
            yield Fault(where, "phase", f"`{id}` is not an ASCII id", "put Chinese into `name`")
    for index, phase in enumerate(plan.phases):
        yield from _span_faults(phase, where, f"phase[{index}]")
        for place, task in enumerate(phase.tasks):
            yield from _task_faults(task, where, f"phase[{index}].task[{place}]")
    for place, task in enumerate(plan.beside):
        yield from _task_faults(task, where, f"task[{place}]")
    for place, duty in enumerate(plan.duties):
        if not duty.duties:
            what = f"`{duty.organ}` has no duty"
            yield Fault(where, f"duty[{place}].duties", what, "name one, or leave the organ out")


def _span_faults(each: Phase | Task, where: str, path: str) -> Iterator[Fault]:
    if each.start is not None and each.end is not None and each.end < each.start:
        yield Fault(where, f"{path}.end", "ends before it starts", "correct the dates")


_WEEK, _LONGEST_MONTH = 7, 31


def _task_faults(task: Task, where: str, path: str) -> Iterator[Fault]:
    yield from _span_faults(task, where, path)
    if task.recurs_weekday is not None and not 1 <= task.recurs_weekday <= _WEEK:
        yield Fault(where, f"{path}.recurs_weekday", "is no day of the week", "write 1 (Monday) to 7 (Sunday)")
    if task.recurs_day is not None and not 1 <= task.recurs_day <= _LONGEST_MONTH:
        yield Fault(where, f"{path}.recurs_day", "is no day of a month", "write 1 to 31")
