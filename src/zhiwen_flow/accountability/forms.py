"""
The four forms (四种形态): measures counted under the form that the rulebook's rows put them in, so that it adds up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Status, weakest


@attrs.frozen(kw_only=True)
class FormCount:
    """How many measures were counted under one form (一种形态的件数)."""

    number: int
    label: Label
    count: int
    status: Status


@attrs.frozen(kw_only=True)
class FormTable:
    """
    The table of the four forms (四种形态统计表).

    Args:
        rows: One for each form, in their order.
        uncounted: Measures that no row puts under a form, by id; shown, never dropped.
        total: All measures counted.
    """

    rows: tuple[FormCount, ...]
    uncounted: Mapping[str, int]
    total: int

    @property
    def reconciles(self) -> bool:
        """Whether the forms and what stands outside them add up to all measures (是否合计一致)."""
        return sum(each.count for each in self.rows) + sum(self.uncounted.values()) == self.total

    @property
    def status(self) -> Status:
        """How sure the mapping is, by its weakest row."""
        return weakest(*(each.status for each in self.rows)) if self.rows else Status.UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """Give the table as plain data."""
        rows = [
            {"number": e.number, **e.label.as_dict(), "count": e.count, "status": e.status.value} for e in self.rows
        ]
        return {"rows": rows, "uncounted": dict(self.uncounted), "total": self.total}


def four_forms(book: Rulebook, measures: Iterable[str]) -> FormTable:
    """
    Count measures under the four forms (四种形态统计).

    Args:
        book: Whose form rows count.
        measures: One id for each measure that took effect.

    >>> book = Rulebook.load("national-2025")
    >>> table = four_forms(book, ["admonition", "admonition", "demerit", "circular_criticism_unit"])
    >>> [(each.number, each.count) for each in table.rows], dict(table.uncounted), table.reconciles
    ([(1, 2), (2, 1), (3, 0), (4, 0)], {'circular_criticism_unit': 1}, True)
    """
    counted = Counter(measures)
    rows = tuple(
        FormCount(
            number=form.number,
            label=form.label,
            count=sum(counted[measure] for measure in form.measures),
            status=form.status,
        )
        for form in sorted(book.forms, key=lambda each: each.number)
    )
    placed = {measure for form in book.forms for measure in form.measures}
    outside = {measure: count for measure, count in sorted(counted.items()) if measure not in placed}
    return FormTable(rows=rows, uncounted=outside, total=counted.total())
