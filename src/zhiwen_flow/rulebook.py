"""
The rulebook (规则库): dated, cited parameters of the institution. No number, rank or rung stands in Python.

Every row names instrument, article and how sure it is; what the text does not give stays unset and reads as unknown.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import attrs

from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import Label, Power, Status, Term, key

T = TypeVar("T")


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
class _Cited:
    instrument: str
    article: str
    status: Status
    note: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Category(_Cited):
    """A category of measures (处理方式类别)."""

    id: str
    label: Label


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Measure(_Cited):
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
class AuthorityRow(_Cited):
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
class Fallback(_Cited):
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
class Limit(_Cited):
    """A time limit (期限); without `amount` no text gives one, and nothing may be computed from it."""

    id: str
    label: Label
    amount: int | None = None
    unit: Unit = Unit.DAY


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Item(_Cited):
    """A code of a catalogue (目录中的一项)."""

    code: str
    label: Label


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Catalogue:
    """A list of codes (目录)."""

    id: str
    label: Label
    items: tuple[Item, ...] = attrs.field(metadata=key("item"))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DeadlinePolicy(_Cited):
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
class MeetingRule(_Cited):
    """
    What a collective decision needs (集体决定的会议要求), as fractions ``a/b``; None where no text gives it.

    Args:
        quorum: Least share present of those due, for example ``"2/3"``.
        majority: Share of those due that must vote for it, ``"1/2"`` meaning more than half.
    """

    id: str
    label: Label
    quorum: str | None = None
    majority: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Policy:
    """Named policies of a rulebook (规则库中的政策)."""

    deadline: DeadlinePolicy


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _File:
    id: str
    version: str
    label: Label
    window: Window
    policy: Policy
    instruments: tuple[Instrument, ...] = attrs.field(metadata=key("instrument"))
    categories: tuple[Category, ...] = attrs.field(default=(), metadata=key("category"))
    measures: tuple[Measure, ...] = attrs.field(default=(), metadata=key("measure"))
    rows: tuple[AuthorityRow, ...] = attrs.field(default=(), metadata=key("authority"))
    fallbacks: tuple[Fallback, ...] = attrs.field(default=(), metadata=key("fallback"))
    limits: tuple[Limit, ...] = attrs.field(default=(), metadata=key("limit"))
    catalogues: tuple[Catalogue, ...] = attrs.field(default=(), metadata=key("catalogue"))
    meetings: tuple[MeetingRule, ...] = attrs.field(default=(), metadata=key("meeting_rule"))
    gaps: tuple[Label, ...] = attrs.field(default=(), metadata=key("gap"))


class Rulebook:
    """
    Dated, cited parameters (规则库); see the module for what it holds.

    Example:
        >>> book = Rulebook.load("hubei-2011")
        >>> book.measure("post_demotion").label.zh
        '降职'
    """

    def __init__(self, file: _File, source: Source) -> None:
        self.id, self.version, self.label, self.window = file.id, file.version, file.label, file.window
        self.hash, self.content = source.digest, source.data
        self.policy = file.policy
        self.instruments = {each.id: each for each in file.instruments}
        self.categories = {each.id: each for each in file.categories}
        self.measures = {each.id: each for each in file.measures}
        self.rows = file.rows
        self.fallbacks = {(each.rank, each.employer): each for each in file.fallbacks}
        self.limits = {each.id: each for each in file.limits}
        self.catalogues = {each.id: each for each in file.catalogues}
        self.meetings = {each.id: each for each in file.meetings}
        self.gaps = file.gaps
        self.named_measures = {each.id: {"id": each.id, **each.label.as_dict()} for each in file.measures}
        self._items = {(each.id, item.code): item for each in file.catalogues for item in each.items}
        self._codes = {each.id: frozenset(item.code for item in each.items) for each in file.catalogues}
        self._lighter = {id: frozenset(_below(id, self.measures)) for id in self.measures}

    @classmethod
    def load(cls, name: str | Path) -> Rulebook:
        """
        Load a shipped rulebook by id, or a file by path (加载规则库).

        Raises:
            DefinitionError: the file has faults; all are named.
        """
        is_file = str(name).endswith(".toml")
        return cls.read(Source.of(name) if is_file else Source.shipped("rulebooks", str(name)))

    @classmethod
    def read(cls, source: Source) -> Rulebook:
        """Read a rulebook from TOML; see `load`."""
        file = load(source, _File)
        if faults := tuple(_faults(file, source.name)):
            raise DefinitionError(*faults)
        return cls(file, source)

    def measure(self, id: str) -> Measure:
        """
        Find a measure (查处理方式).

        Raises:
            UnknownNameError: there is none of that id.
        """
        return _find(self.measures, "measure", id)

    def limit(self, id: str) -> Limit:
        """
        Find a limit (查期限).

        Raises:
            UnknownNameError: there is none of that id.
        """
        return _find(self.limits, "limit", id)

    def codes(self, catalogue: str) -> frozenset[str]:
        """
        List the codes of a catalogue.

        Raises:
            UnknownNameError: there is no such catalogue.
        """
        return _find(self._codes, "catalogue", catalogue)

    def item(self, catalogue: str, code: str) -> Item:
        """
        Find one item of a catalogue.

        Raises:
            UnknownNameError: there is no such catalogue or code.
        """
        known = self.codes(catalogue)
        if code not in known:
            raise UnknownNameError(f"code of `{catalogue}`", code, known)
        return self._items[catalogue, code]

    def compare(self, one: str, other: str) -> Severity:
        """
        Compare two measures by severity (比较轻重): only inside one category, and there only as far as rows say so.
        """
        first, second = self.measure(one), self.measure(other)
        if one == other:
            return Severity.SAME
        if first.category != second.category:
            return Severity.NOT_COMPARABLE
        if other in self._lighter[one]:
            return Severity.HEAVIER
        return Severity.LIGHTER if one in self._lighter[other] else Severity.NOT_COMPARABLE

    def cite(self, row: Any) -> str:
        """Say where a row comes from (出处): instrument and article."""
        return f"{self.instruments[row.instrument].label.zh} {row.article}"

    def cited_rows(self) -> Iterator[tuple[str, str, Any]]:
        """Iterate over every cited row: table, id, row (全部有出处的条目)."""
        yield from (("category", each.id, each) for each in self.categories.values())
        yield from (("measure", each.id, each) for each in self.measures.values())
        yield from (("authority", each.id, each) for each in self.rows)
        yield from (("fallback", f"{each.rank}/{each.employer}", each) for each in self.fallbacks.values())
        yield from (("limit", each.id, each) for each in self.limits.values())
        yield from (("meeting_rule", each.id, each) for each in self.meetings.values())
        yield "policy", "deadline", self.policy.deadline
        for catalogue in self.catalogues.values():
            yield from ((catalogue.id, item.code, item) for item in catalogue.items)


def _find(table: Mapping[str, T], kind: str, id: str) -> T:
    try:
        return table[id]
    except KeyError:
        raise UnknownNameError(kind, id, table) from None


def _below(id: str, measures: dict[str, Measure]) -> set[str]:
    found: set[str] = set()
    front = set(measures[id].above)
    while front:
        found |= front
        front = {low for each in front for low in measures[each].above} - found
    return found


_Found = Iterator[tuple[str, str, str]]


def _faults(file: _File, where: str) -> Iterator[Fault]:
    for rule in (_unique, _instruments, _measure_references, _severity, _authority_references, _cells, _policies):
        for path, what, mend in rule(file):
            yield Fault(where, path, what, mend)


def _tables(file: _File) -> Iterator[tuple[str, Iterable[Any]]]:
    yield "category", file.categories
    yield "measure", file.measures
    yield "authority", file.rows
    yield "fallback", file.fallbacks
    yield "limit", file.limits
    yield "meeting_rule", file.meetings
    for index, each in enumerate(file.catalogues):
        yield f"catalogue[{index}].item", each.items


def _unique(file: _File) -> _Found:
    named = [("instrument", [e.id for e in file.instruments]), ("catalogue", [e.id for e in file.catalogues])]
    for table, rows in _tables(file):
        named.append(
            (table, [getattr(e, "id", None) or getattr(e, "code", None) or f"{e.rank}/{e.employer}" for e in rows])
        )
    for table, ids in named:
        for id, count in Counter(ids).items():
            if count > 1:
                yield table, f"`{id}` is declared {count} times", "keep one"


def _instruments(file: _File) -> _Found:
    known = {each.id: each for each in file.instruments}
    cited = [(f"{table}[{index}]", each) for table, rows in _tables(file) for index, each in enumerate(rows)]
    for path, each in [*cited, ("policy.deadline", file.policy.deadline)]:
        instrument = known.get(each.instrument)
        if instrument is None:
            yield f"{path}.instrument", f"no instrument `{each.instrument}`", f"known: {', '.join(sorted(known))}"
        elif not _in_force(instrument, file.window):
            what = f"`{each.instrument}` was not in force in the rulebook's window"
            yield f"{path}.instrument", what, "cite a rule of that time"


def _in_force(instrument: Instrument, window: Window) -> bool:
    starts_in_time = window.until is None or instrument.since <= window.until
    return starts_in_time and (instrument.until is None or instrument.until >= window.since)


def _measure_references(file: _File) -> _Found:
    categories = {each.id for each in file.categories}
    for index, each in enumerate(file.measures):
        if each.category not in categories:
            yield (
                f"measure[{index}].category",
                f"no category `{each.category}`",
                f"known: {', '.join(sorted(categories))}",
            )


def _severity(file: _File) -> _Found:
    measures = {each.id: each for each in file.measures}
    sound = True
    for index, each in enumerate(file.measures):
        for lower in each.above:
            if lower not in measures:
                yield f"measure[{index}].above", f"no measure `{lower}`", "name a measure of this file"
                sound = False
            elif measures[lower].category != each.category:
                what = f"`{each.id}` and `{lower}` are of different categories, which have no order"
                yield f"measure[{index}].above", what, "compare inside one category only"
    for index, each in enumerate(file.measures if sound else ()):
        if each.id in _below(each.id, measures):
            yield f"measure[{index}].above", f"`{each.id}` would be heavier than itself", "break the cycle"


def _authority_references(file: _File) -> _Found:
    known = {each.id for each in file.measures}
    for index, each in enumerate(file.rows):
        for id in each.measures:
            if id not in known:
                yield f"authority[{index}].measures", f"no measure `{id}`", "name a measure of this file"
        for power in Power:
            row = each.power(power)
            if row is not None and sum(part is not None for part in (row.holder, row.absent, row.missing)) != 1:
                yield f"authority[{index}].{power}", "names not exactly one of holder, absent, missing", "keep one"


def _cells(file: _File) -> _Found:
    """Two rows for one measure must differ in whom they apply to."""
    seen: dict[tuple[Any, ...], str] = {}
    for index, each in enumerate(file.rows):
        for measure in each.measures:
            cell = (measure, each.filled_by_law, each.ranks, each.employers, each.personnel)
            if cell in seen:
                yield (
                    f"authority[{index}]",
                    f"`{seen[cell]}` already speaks of `{measure}` for the same persons",
                    "merge them",
                )
            seen[cell] = each.id


def _policies(file: _File) -> _Found:
    if file.policy.deadline.rest_day not in ("stays", "next_working_day"):
        yield (
            "policy.deadline.rest_day",
            f"`{file.policy.deadline.rest_day}` is not a rule",
            "stays or next_working_day",
        )
    for index, row in enumerate(file.fallbacks):
        if (row.manager is None) is (row.not_applicable is None):
            yield f"fallback[{index}]", "names not exactly one of manager and not_applicable", "keep one"
    for index, each in enumerate(file.meetings):
        for name, share in (("quorum", each.quorum), ("majority", each.majority)):
            if share is not None and not _is_share(share):
                yield f"meeting_rule[{index}].{name}", f"`{share}` is not a share", 'write "2/3"'


def _is_share(text: str) -> bool:
    top, _, bottom = text.partition("/")
    return top.isdigit() and bottom.isdigit() and 0 < int(top) <= int(bottom)
