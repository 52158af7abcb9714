"""
The rulebook (规则库): dated, cited parameters of the institution. No number, rank or rung stands in Python.

Every row names instrument, article and how sure it is; what the text does not give stays unset and reads as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.rulebook.check import faults
from zhiwen_flow.rulebook.confirming import ConfirmationFile, appended, misfits, settled
from zhiwen_flow.rulebook.consequences import Effect, Factor, Remedy
from zhiwen_flow.rulebook.file import RulebookFile
from zhiwen_flow.rulebook.procedure import Threshold
from zhiwen_flow.rulebook.rows import Item, Limit, Measure, Severity, below

T = TypeVar("T")


class Rulebook:
    """
    Dated, cited parameters (规则库); see the module for what it holds.

    Example:
        >>> book = Rulebook.load("hubei-2011")
        >>> book.measure("post_demotion").label.zh
        '降职'
    """

    def __init__(self, file: RulebookFile, source: Source) -> None:
        self._written, file = file, settled(file)
        self.id, self.version, self.label, self.window = file.id, file.version, file.label, file.window
        if file.confirmation is not None:
            self.version = f"{file.version}+{file.confirmation.id}.{file.confirmation.version}"
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
        self.effects, self.remedies = file.effects, file.remedies
        self.combinations, self.factors, self.forms = file.combinations, file.factors, file.forms
        self.gaps, self.thresholds, self.starting = file.gaps, file.thresholds, file.starting
        self.named_measures = {each.id: {"id": each.id, **each.label.as_dict()} for each in file.measures}
        self._items = {(each.id, item.code): item for each in file.catalogues for item in each.items}
        self._codes = {each.id: frozenset(item.code for item in each.items) for each in file.catalogues}
        self._items |= {("factors", each.id): _as_item(each) for each in file.factors}
        self._codes["factors"] = frozenset(each.id for each in file.factors)
        self._lighter = {id: frozenset(below(id, self.measures)) for id in self.measures}

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
        file = load(source, RulebookFile)
        if found := tuple(faults(file, source.name)):
            raise DefinitionError(*found)
        return cls(file, source)

    def confirmed(self, confirmations: Source | str | Path) -> Rulebook:
        """
        Give this rulebook with rows that a host has confirmed by its own documents (确认条目).

        Args:
            confirmations: A file of `base`, and `[[confirm]]` rows with table, row, document and day.

        Raises:
            DefinitionError: the file has faults, is made for another rulebook, or names rows that are not there.
        """
        source = confirmations if isinstance(confirmations, Source) else Source.of(confirmations)
        found = load(source, ConfirmationFile)
        if wrong := tuple(misfits(self._written, found, self.hash, source.name)):
            raise DefinitionError(*wrong)
        return Rulebook.read(Source(name=f"{self.id}.toml", data=self.content + appended(found)))

    def effects_of(self, measure: str) -> tuple[Effect, ...]:
        """List what a measure bars (影响期)."""
        return tuple(each for each in self.effects if measure in each.measures)

    def remedies_of(self, measure: str) -> tuple[Remedy, ...]:
        """
        List the remedies against a measure, instrument by instrument, in the order of their steps (救济途径).

        >>> [each.label.zh for each in Rulebook.load("national-2025").remedies_of("demerit")]
        ['复审', '复核(监察)']
        """
        found = (each for each in self.remedies if measure in each.measures)
        return tuple(sorted(found, key=lambda each: (each.instrument, each.step)))

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

        >>> limit = Rulebook.load("hubei-2011").limit("complaint.handling")
        >>> limit.amount, limit.unit.zh
        (60, '日')

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

    def threshold(self, procedure: str, level: str | None = None) -> Threshold | None:
        """
        Find how many are needed for a procedure at a level (查人数要求); None where no row speaks of it.

        >>> Rulebook.load("national-2025").threshold("recall_motion", "township").share
        '1/5'
        """
        fitting = (each for each in self.thresholds if each.procedure == procedure and each.level in (None, level))
        return next(fitting, None)

    def compare(self, one: str, other: str) -> Severity:
        """
        Compare two measures by severity (比较轻重): only inside one category, and there only as far as rows say so.

        >>> book = Rulebook.load("national-2025")
        >>> book.compare("major_demerit", "demerit").value
        'heavier'
        >>> book.compare("major_demerit", "post_demotion").value
        'not_comparable'
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
        for table, rows in (("effect", self.effects), ("remedy", self.remedies), ("combination", self.combinations)):
            yield from ((table, each.id, each) for each in rows)
        for table, others in (
            ("factor", self.factors),
            ("form", self.forms),
            ("threshold", self.thresholds),
            ("starting", self.starting),
        ):
            yield from ((table, each.id, each) for each in others)
        yield "policy", "deadline", self.policy.deadline
        for catalogue in self.catalogues.values():
            yield from ((catalogue.id, item.code, item) for item in catalogue.items)


def _as_item(row: Factor) -> Item:
    """A factor is chosen on a form like a code of a catalogue."""
    return Item(
        code=row.id, label=row.label, instrument=row.instrument, article=row.article, status=row.status, note=row.note
    )


def _find(table: Mapping[str, T], kind: str, id: str) -> T:
    try:
        return table[id]
    except KeyError:
        raise UnknownNameError(kind, id, table) from None
