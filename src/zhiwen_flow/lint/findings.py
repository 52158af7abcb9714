"""
What a check of a plan finds (检查所见), and what a rule is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.calendar import Calendar, working_days_between
from zhiwen_flow.plan import Plan
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Term


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
    """

    rule: str
    severity: Severity
    where: str
    text: Label
    line: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Give the finding as ``plan lint --format json`` prints it."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "where": self.where,
            **self.text.as_dict(),
            "line": self.line,
        }


@attrs.frozen(kw_only=True)
class Bench:
    """
    What a plan is checked against (检查所用).

    Args:
        superiors: Plans of the superiors, the nearest first.
        rulebook: Where measures have their categories.
        calendar: Where rest days are known; rules that count working days are unknown without one.
    """

    plan: Plan
    superiors: tuple[Plan, ...] = ()
    rulebook: Rulebook | None = None
    calendar: Calendar | None = None

    def working_days(self, first: dt.date, last: dt.date) -> int | None:
        """Count the working days after *first* up to *last*, negative where it is earlier; None without a calendar."""
        return None if self.calendar is None else working_days_between(self.calendar, first, last)


Found = Iterator[tuple[str, str, str]]
"""Where, in Chinese, in English; the line may follow the place after a tab."""


@attrs.frozen(kw_only=True)
class Rule:
    """
    A rule for plans (检查规则).

    Args:
        example: A plan in words that it finds fault with.
        why: Why it is a fault.
        check: The judgement, found by the id.
    """

    id: str
    label: Label
    severity: Severity
    vintage: Vintage = Vintage.ALWAYS
    example: str
    why: Label
    check: Any = attrs.field(default=None, eq=False, repr=False)

    def findings(self, bench: Bench, severities: Mapping[str, Severity]) -> Iterator[Finding]:
        """Apply the rule to a plan (逐项检查)."""
        severity = severities.get(self.id, self.severity)
        for where, zh, en in self.check(bench):
            place, _, line = where.partition("\t")
            unknown = zh.startswith("无法判断")
            yield Finding(
                rule=self.id,
                severity=Severity.UNKNOWN if unknown else severity,
                where=place,
                text=Label(zh=zh, en=en),
                line=int(line) if line else None,
            )
