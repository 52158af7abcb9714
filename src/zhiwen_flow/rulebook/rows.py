"""
The rows of a rulebook file (规则条目), each with its instrument, article and how sure it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import attrs

from zhiwen_flow.terms import Label, Power, Status, Term, key


class Target(Term):
    """Whom a measure is taken against (处理对象)."""

    UNIT = ("unit", "单位", "a unit")
    PERSON = ("person", "个人", "a person")


class Moment(Term):
    """The act from which something counts (起算时点)."""

    DECIDED = ("decided", "作出决定之日", "decided")
    APPROVED = ("approved", "批准之日", "approved")
    ANNOUNCED = ("announced", "宣布之日", "announced")
    SERVED = ("served", "送达之日", "served")
    CARRIED_OUT = ("carried_out", "实施之日", "carried out")


class Unit(Term):
    """The unit a limit is counted in (期限单位)."""

    DAY = ("day", "日", "days")
    WORKING_DAY = ("working_day", "个工作日", "working days")
    MONTH = ("month", "个月", "months")


class Severity(StrEnum):
    """How two measures compare (轻重比较)."""

    LIGHTER = "lighter"
    HEAVIER = "heavier"
    SAME = "same"
    NOT_COMPARABLE = "not_comparable"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Window:
    """The time a rulebook speaks for (适用期间); inclusive."""

    since: dt.date
    until: dt.date | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Instrument:
    """A law, regulation, rule or plan (依据文件), and when it was in force."""

    id: str
    label: Label
    since: dt.date
    until: dt.date | None = None
    number: str | None = None
    status: Status
    note: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Cited:
    """A row with its source (有出处的条目)."""

    instrument: str
    article: str
    status: Status
    note: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Category(Cited):
    """A category of measures (处理方式类别)."""

    id: str
    label: Label


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Measure(Cited):
    """
    A measure (处理方式).

    Args:
        above: Measures of the same category that it is next heavier than.
        effective_from: Act from which it takes effect.
        appeal_from: Act from which the term for a remedy runs; None where no formal remedy is known.
        plan_says: Heading under which the plan itself lists it.
        personnel: Personnel categories it applies to; any when empty.
        end_date_required: Whether it must have an end date.
        pay_effect: False where it may not touch pay; None where nothing is said.
        succeeded_by: Measure of later rules that took its place.
        needs_basis: Whether a decision must name which legal basis it uses.
        members_only: Whether it is for Party members only.
        changes_post: Whether its execution changes the post history.
    """

    id: str
    label: Label
    category: str
    target: Target
    effective_from: Moment
    appeal_from: Moment | None = None
    above: tuple[str, ...] = ()
    plan_says: str | None = None
    personnel: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    end_date_required: bool = False
    pay_effect: bool | None = None
    succeeded_by: str | None = None
    needs_basis: bool = False
    members_only: bool = False
    changes_post: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PowerRow:
    """
    One power of an authority row (一项权力): who holds it, or why nobody does.

    Args:
        holder: ``managing_organ``, ``decided_by``, ``unit_head`` … see `authority.HOLDERS`.
        absent: Why nobody holds it here.
        missing: The clause that is missing, where it is not known.
    """

    holder: str | None = None
    absent: Label | None = None
    missing: Label | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AuthorityRow(Cited):
    """
    Who holds which power over some measures (权限规定的一行).

    Args:
        measures: Measures it speaks of.
        filled_by_law: Whether it is for posts that a congress or another body fills by law.
        ranks: Ranks it applies to; any when empty.
        employers: Kinds of employer it applies to; any when empty.
        personnel: Personnel categories it applies to; any when empty.
        collective: Whether the decision is taken by a meeting; None where nothing is said.
        not_applicable: Why the measure does not apply to such a person or unit.
    """

    id: str
    measures: tuple[str, ...]
    filled_by_law: bool = False
    ranks: tuple[str, ...] = ()
    employers: tuple[str, ...] = ()
    personnel: tuple[str, ...] = ()
    collective: bool | None = None
    not_applicable: Label | None = None
    proposes: PowerRow | None = None
    reviews: PowerRow | None = None
    consults: PowerRow | None = None
    decides: PowerRow | None = None
    approves: PowerRow | None = None
    submits_to: PowerRow | None = None
    announces: PowerRow | None = None
    executes: PowerRow | None = None
    files_with: PowerRow | None = None
    reports_before: PowerRow | None = None

    def power(self, power: Power) -> PowerRow | None:
        """Give what the row says of one power."""
        found: PowerRow | None = getattr(self, power.value)
        return found


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fallback(Cited):
    """
    Who manages posts that no list names, by rank and employer (按职级与单位类别推定的主管机关); an example only.

    Args:
        manager: ``employer_body``, ``parent_body`` or the id of an organ; see `authority`.
        not_applicable: Why there is no such post; then there is no manager.
    """

    rank: str
    employer: str
    manager: str | None = None
    not_applicable: Label | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Limit(Cited):
    """A time limit (期限); without `amount` no text gives one, and nothing may be computed from it."""

    id: str
    label: Label
    amount: int | None = None
    unit: Unit = Unit.DAY


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Item(Cited):
    """
    A code of a catalogue (目录中的一项).

    Args:
        needs: What must be on record where the code is chosen, by name of field or fact.
        admissible: Whether a measure may rest on it; None where the catalogue is not of grounds.
    """

    code: str
    label: Label
    needs: tuple[str, ...] = ()
    admissible: bool | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Catalogue:
    """A list of codes (目录)."""

    id: str
    label: Label
    items: tuple[Item, ...] = attrs.field(default=(), metadata=key("item"))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DeadlinePolicy(Cited):
    """
    How days are counted (期日计算规则).

    Args:
        start_day_counts: Whether the first day counts.
        before_is_inclusive: Whether 前 includes the day named.
        rest_day: ``stays`` or ``next_working_day``.
    """

    start_day_counts: bool
    before_is_inclusive: bool
    rest_day: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MeetingRule(Cited):
    """
    What a collective decision needs (集体决定的会议要求), as fractions ``a/b``; None where no text gives it.

    Args:
        quorum: Least share present of those due, for example ``"2/3"``.
        quorum_more_than: Whether more than that share must be present.
        majority: Share of those due that must vote for it, ``"1/2"`` meaning more than half.
        secret: Whether the ballot must be secret (无记名投票).
    """

    id: str
    label: Label
    quorum: str | None = None
    quorum_more_than: bool = False
    majority: str | None = None
    secret: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Policy:
    """Named policies of a rulebook (规则库中的政策)."""

    deadline: DeadlinePolicy


def below(id: str, measures: Mapping[str, Measure]) -> set[str]:
    """List the measures that rows say are lighter, directly or by others (较轻的处理方式)."""
    found: set[str] = set()
    front = set(measures[id].above)
    while front:
        found |= front
        front = {low for each in front for low in measures[each].above} - found
    return found
