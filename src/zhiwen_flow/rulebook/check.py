"""
What must hold of a rulebook file beyond its shape (规则库检查): every fault at once, with its place and mend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from zhiwen_flow.errors import Fault
from zhiwen_flow.rulebook.file import RulebookFile
from zhiwen_flow.rulebook.rows import Instrument, Window, below
from zhiwen_flow.terms import Power

_Found = Iterator[tuple[str, str, str]]


def faults(file: RulebookFile, where: str) -> Iterator[Fault]:
    """Name every fault of a file that is well shaped (逐一列出差错)."""
    for rule in (
        _unique,
        _instruments,
        _measure_references,
        _severity,
        _authority_references,
        _cells,
        _consequences,
        _policies,
    ):
        for path, what, mend in rule(file):
            yield Fault(where, path, what, mend)


def _tables(file: RulebookFile) -> Iterator[tuple[str, Iterable[Any]]]:
    yield "category", file.categories
    yield "measure", file.measures
    yield "authority", file.rows
    yield "fallback", file.fallbacks
    yield "limit", file.limits
    yield "meeting_rule", file.meetings
    yield "effect", file.effects
    yield "remedy", file.remedies
    yield "combination", file.combinations
    yield "factor", file.factors
    yield "form", file.forms
    yield "threshold", file.thresholds
    yield "starting", file.starting
    for index, each in enumerate(file.catalogues):
        yield f"catalogue[{index}].item", each.items


def _unique(file: RulebookFile) -> _Found:
    named = [("instrument", [e.id for e in file.instruments]), ("catalogue", [e.id for e in file.catalogues])]
    for table, rows in _tables(file):
        named.append(
            (table, [getattr(e, "id", None) or getattr(e, "code", None) or f"{e.rank}/{e.employer}" for e in rows])
        )
    for table, ids in named:
        for id, count in Counter(ids).items():
            if count > 1:
                yield table, f"`{id}` is declared {count} times", "keep one"


def _instruments(file: RulebookFile) -> _Found:
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


def _measure_references(file: RulebookFile) -> _Found:
    categories = {each.id for each in file.categories}
    for index, each in enumerate(file.measures):
        if each.category not in categories:
            yield (
                f"measure[{index}].category",
                f"no category `{each.category}`",
                f"known: {', '.join(sorted(categories))}",
            )


def _severity(file: RulebookFile) -> _Found:
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
        if each.id in below(each.id, measures):
            yield f"measure[{index}].above", f"`{each.id}` would be heavier than itself", "break the cycle"


def _authority_references(file: RulebookFile) -> _Found:
    known = {each.id for each in file.measures}
    for index, each in enumerate(file.rows):
        for id in each.measures:
            if id not in known:
                yield f"authority[{index}].measures", f"no measure `{id}`", "name a measure of this file"
        for power in Power:
            row = each.power(power)
            if row is not None and sum(part is not None for part in (row.holder, row.absent, row.missing)) != 1:
                yield f"authority[{index}].{power}", "names not exactly one of holder, absent, missing", "keep one"


def _cells(file: RulebookFile) -> _Found:
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


def _consequences(file: RulebookFile) -> _Found:
    """Consequences speak of measures and categories of this file; a measure is counted under one form only."""
    measures, categories = {each.id for each in file.measures}, {each.id for each in file.categories}
    tables: tuple[tuple[str, Iterable[Any]], ...] = (
        ("effect", file.effects),
        ("remedy", file.remedies),
        ("form", file.forms),
    )
    for table, rows in tables:
        for index, each in enumerate(rows):
            for id in each.measures:
                if id not in measures:
                    yield f"{table}[{index}].measures", f"no measure `{id}`", "name a measure of this file"
    for index, each in enumerate(file.combinations):
        for id in each.categories:
            if id not in categories:
                yield f"combination[{index}].categories", f"no category `{id}`", "name a category of this file"
    for id, count in Counter(id for each in file.forms for id in each.measures).items():
        if count > 1:
            yield "form", f"`{id}` is counted under {count} forms", "count it once, or the table does not add up"


def _policies(file: RulebookFile) -> _Found:
    if file.policy.deadline.rest_day not in ("stays", "next_working_day"):
        yield (
            "policy.deadline.rest_day",
            f"`{file.policy.deadline.rest_day}` is not a rule",
            "stays or next_working_day",
        )
    for index, row in enumerate(file.fallbacks):
        if (row.manager is None) is (row.not_applicable is None):
            yield f"fallback[{index}]", "names not exactly one of manager and not_applicable", "keep one"
    yield from _thresholds(file)
    for index, each in enumerate(file.meetings):
        for name, share in (("quorum", each.quorum), ("majority", each.majority)):
            if share is not None and not _is_share(share):
                yield f"meeting_rule[{index}].{name}", f"`{share}` is not a share", 'write "2/3"'


def _thresholds(file: RulebookFile) -> _Found:
    for index, each in enumerate(file.thresholds):
        if each.count is not None and each.share is not None:
            yield f"threshold[{index}]", "names both a number and a share", "keep one"
        if each.share is not None and not _is_share(each.share):
            yield f"threshold[{index}].share", f"`{each.share}` is not a share", 'write "1/10"'


def _is_share(text: str) -> bool:
    top, _, bottom = text.partition("/")
    return top.isdigit() and bottom.isdigit() and 0 < int(top) <= int(bottom)
