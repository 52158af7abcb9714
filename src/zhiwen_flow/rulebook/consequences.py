"""
Rows on what follows from a measure (后果条目): what it bars and for how long, how periods combine, which remedies there
are, what makes it lighter or heavier. Each cited; what no text gives is left out, never filled.
"""

from __future__ import annotations

import datetime as dt

import attrs

from zhiwen_flow.calendar import months_later
from zhiwen_flow.rulebook.rows import Cited, Moment, Unit
from zhiwen_flow.terms import Label, Term


class Act(Term):
    """What an effect may bar (影响期内不得办理的事项)."""

    PROMOTION = ("promotion", "提拔(晋升职务)", "promotion in post")
    RANK_RISE = ("rank_rise", "晋升职级、级别", "rise in rank or grade")
    FURTHER_USE = ("further_use", "进一步使用(重用)", "further use")
    EQUAL_POST = ("equal_post", "担任与原职务相当的职务", "a post equal to the former one")
    LEADING_POST = ("leading_post", "担任领导职务", "any leading post")
    HIGHER_POST = ("higher_post", "担任高于原职务层次的职务", "a post above the former level")
    AWARD = ("award", "评优评先", "awards and commendations")
    SALARY_STEP = ("salary_step", "晋升工资档次", "a rise in salary step")
    RESIGNATION = ("resignation", "辞去公职", "resignation from public office")
    TRANSFER = ("transfer", "交流、调动", "transfer")


class Ending(Term):
    """How a period ends (期满方式)."""

    AUTOMATIC = ("automatic", "期满自动解除", "by itself")
    NOTICE = ("notice", "以书面通知解除", "by written notice")
    CHECK = ("check", "经考察后解除", "after a check")


class Direction(Term):
    """Which way a circumstance points (情节方向)."""

    EXEMPT = ("exempt", "可以不予或免予", "may exempt")
    LIGHTER = ("lighter", "可以从轻减轻", "lighter")
    HEAVIER = ("heavier", "应当从重加重", "heavier")


class Joining(Term):
    """How periods of several measures are joined (合并执行方式)."""

    LONGEST = ("longest", "按影响期长的执行", "the longest governs")
    ADDED = ("added", "可以相加", "they may be added")
    EACH = ("each", "各自执行", "each runs for itself")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Span:
    """A length of time (时长)."""

    amount: int
    unit: Unit

    def last_day(self, start: dt.date) -> dt.date:
        """
        Give the day it ends (届满日); the day it counts from is not counted.

        Source:
            民法典 第 201、202 条: the corresponding day, or the last of a shorter month.

        >>> Span(amount=6, unit=Unit.MONTH).last_day(dt.date(2011, 8, 31))
        datetime.date(2012, 2, 29)
        """
        return months_later(start, self.amount) if self.unit is Unit.MONTH else start + dt.timedelta(days=self.amount)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Effect(Cited):
    """
    What a measure bars, and for how long (影响期).

    Args:
        bars: What may not be done meanwhile.
        span: How long; None where it ends with the year, or no text gives a length.
        same_year: Whether it is for the year of the decision.
        counts_from: Act from which it runs.
        ends: How it ends; None where nothing is said.
        restores: Whether its end restores the former post; None where nothing is said.
    """

    id: str
    label: Label
    measures: tuple[str, ...]
    bars: tuple[Act, ...]
    span: Span | None = None
    same_year: bool = False
    counts_from: Moment = Moment.DECIDED
    ends: Ending | None = None
    restores: bool | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Remedy(Cited):
    """
    A remedy against a measure (救济途径), one step of it; steps of different instruments are never merged.

    Args:
        step: Its place in the instrument's order, from 1.
        body: Who decides it.
        apply_within: Term for applying; None where no text gives one.
        decide_within: Term for deciding.
        extended_by: By how much it may be extended.
        suspends: Whether it suspends the measure.
        may_worsen: Whether the outcome may be heavier.
        excludes: Who may not take part in deciding it.
    """

    id: str
    label: Label
    measures: tuple[str, ...]
    step: int
    body: Label
    apply_within: Span | None = None
    decide_within: Span | None = None
    extended_by: Span | None = None
    suspends: bool | None = None
    may_worsen: bool | None = None
    excludes: Label | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Combination(Cited):
    """
    Whether measures of some categories may go together, and how their periods are joined (合并使用).

    Args:
        categories: The categories it speaks of; one alone means several measures of it.
        allowed: Whether they may be used together; None where nothing is said.
        joining: How their periods are joined; None where nothing is said.
        most: Longest sum.
    """

    id: str
    label: Label
    categories: tuple[str, ...]
    allowed: bool | None = None
    joining: Joining | None = None
    most: Span | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Factor(Cited):
    """A circumstance that may exempt, or makes lighter or heavier (从轻从重情节)."""

    id: str
    label: Label
    direction: Direction


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Form(Cited):
    """One of the four forms and the measures that are counted under it (四种形态)."""

    id: str
    label: Label
    number: int
    measures: tuple[str, ...]
