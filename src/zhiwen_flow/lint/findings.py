"""
What a check of a plan finds (检查所见), and what a rule is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from zhiwen_flow.calendar import Calendar, working_days_between
from zhiwen_flow.errors import CalendarError
from zhiwen_flow.importing import Imported
from zhiwen_flow.limits import Reckoning
from zhiwen_flow.plan import Plan, Task
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Status, Term


class Severity(Term):
    """How bad it is (严重程度)."""

    ERROR = ("error", "差错", "error")
    WARNING = ("warning", "提醒", "warning")
    INFO = ("info", "提示", "info")
    UNKNOWN = ("unknown", "无法判断", "cannot be judged")


class Vintage(Term):
    """In which years a rule speaks (适用年代): what was asked for in 2011 may be a fault today."""

    ALWAYS = ("always", "各年", "always")
    THEN = ("2011", "2011 年", "2011")
    NOW = ("2025", "2025 年", "2025")


@attrs.frozen(kw_only=True)
class Finding:
    """
    One finding (一项所见).

    Args:
        rule: Id of the rule.
        where: Clause or name of the phase or task.
        text: What was found.
        line: Line of the text the plan was read from.
        values: Days and numbers behind it, for programs.
    """

    rule: str
    severity: Severity
    where: str
    text: Label
    line: int | None = None
    values: Mapping[str, str | int] = MappingProxyType({})

    def as_dict(self) -> dict[str, object]:
        """Give the finding as ``plan lint --format json`` prints it."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "clause": self.where,
            "message": self.text.as_dict(),
            "values": dict(self.values),
            "line": self.line,
        }


@attrs.frozen(kw_only=True)
class Bench:
    """
    What a plan is checked against (检查所用).

    Args:
        superiors: Plans of the superiors, the nearest first.
        rulebook: Where measures have their categories, and the policy for days.
        calendar: Where rest days are known; rules that count working days are unknown without one.
        read: What reading the text showed, where the plan was read from one.
    """

    plan: Plan
    superiors: tuple[Plan, ...] = ()
    rulebook: Rulebook | None = None
    calendar: Calendar | None = None
    read: Imported | None = None

    def working_days(self, first: dt.date, last: dt.date) -> int | None:
        """Count the working days after *first* up to *last*, negative where it is earlier; None where not known."""
        if self.calendar is None:
            return None
        try:
            return working_days_between(self.calendar, first, last)
        except CalendarError:
            return None

    def last_day(self, task: Task) -> dt.date | None:
        """Give the last day of a task by the rulebook's policy; as it stands where no calendar reaches that far."""
        policy = self.rulebook.policy.deadline if self.rulebook is not None else None
        try:
            return Reckoning(policy=policy, calendar=self.calendar).last_day(task)
        except CalendarError:
            return task.due

    @property
    def missing(self) -> tuple[str, ...]:
        """Plans that are named as superiors, by this one or by a superior, and are not there (缺少的上级方案)."""
        chain = (self.plan, *self.superiors)
        given = {each.id for each in chain}
        return tuple(dict.fromkeys(each.superior for each in chain if each.superior and each.superior not in given))


Found = Iterator[tuple[str, str, str] | tuple[str, str, str, Mapping[str, Any]]]
"""Where, in Chinese, in English, and the days and numbers behind it; the line may follow the place after a tab."""


@attrs.frozen(kw_only=True)
class Rule:
    """
    A rule for plans (检查规则).

    Args:
        example: A plan in words that it finds fault with.
        why: Why it is a fault.
        compares: Whether it holds the plan against its superiors'; where one is missing it cannot be judged.
        params: Numbers and words that the judgement goes by.
        source: Where they come from.
        status: How sure that is.
        check: The judgement, found by the id.
    """

    id: str
    label: Label
    severity: Severity
    vintage: Vintage = Vintage.ALWAYS
    example: str
    why: Label
    compares: bool = False
    params: Mapping[str, Any] = MappingProxyType({})
    source: str | None = None
    status: Status | None = None
    check: Callable[..., Found] | None = attrs.field(default=None, eq=False, repr=False)

    def findings(self, bench: Bench, severities: Mapping[str, Severity]) -> Iterator[Finding]:
        """Apply the rule to a plan (逐项检查)."""
        severity = severities.get(self.id, self.severity)
        assert self.check is not None
        if self.compares and bench.missing:
            yield self._unjudged(bench)
        for where, zh, en, *more in self.check(bench, **self.params):
            place, _, line = where.partition("\t")
            unknown = zh.startswith("无法判断")
            yield Finding(
                rule=self.id,
                severity=Severity.UNKNOWN if unknown else severity,
                where=place,
                text=Label(zh=zh, en=en),
                line=int(line) if line else None,
                values={name: _plain(each) for name, each in (more[0] if more else {}).items()},
            )

    def _unjudged(self, bench: Bench) -> Finding:
        names = bench.missing
        zh = f"无法判断:没有上级方案“{'”“'.join(names)}”"
        en = f"cannot be judged: the superior's plan is not there: {', '.join(names)}"
        return Finding(rule=self.id, severity=Severity.UNKNOWN, where=bench.plan.title, text=Label(zh=zh, en=en))


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) else str(value)
