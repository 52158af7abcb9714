"""
The authority matrix (权限表): for every rank, employer and measure of a rulebook, which organ holds which power.

Each cell comes from the very function that the guard asks; none is left blank: an organ, not applicable with a
reason, or unknown with the clause that is missing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zhiwen_flow.authority import Authority
from zhiwen_flow.directory import Directory
from zhiwen_flow.rulebook import Rulebook, Target
from zhiwen_flow.rulings import PowerRuling, Ruling
from zhiwen_flow.terms import Power, Status


@attrs.frozen(kw_only=True)
class Cell:
    """
    One cell (权限表的一格).

    Args:
        rank: Rank of the person; empty for measures on units.
        employer: Kind of employer.
        organ: The organ of the directory that stands for that kind of employer.
    """

    rank: str
    employer: str
    organ: str
    measure: str
    ruling: Ruling

    @property
    def status(self) -> Status:
        """How sure the cell is; unknown where a clause is missing."""
        if self.ruling.not_applicable is not None:
            return Status.NOT_APPLICABLE
        return Status.UNKNOWN if self.ruling.power(Power.DECIDES).missing is not None else self.ruling.status

    def as_dict(self) -> dict[str, Any]:
        """Give the row as ``rulebook matrix --format json`` prints it."""
        ruling = self.ruling
        missing = ruling.power(Power.DECIDES).missing if ruling.not_applicable is None else None
        return {
            "rank": self.rank or None,
            "employer": self.employer,
            "organ": self.organ,
            "measure": self.measure,
            **{power.value: _said(ruling, power) for power in Power},
            "collective": ruling.collective,
            "cites": list(ruling.cites),
            "status": self.status.value,
            "not_applicable": ruling.not_applicable.as_dict() if ruling.not_applicable is not None else None,
            "missing": missing.as_dict() if missing is not None else None,
        }


def _said(ruling: Ruling, power: Power) -> dict[str, Any] | None:
    said: PowerRuling = ruling.power(power)
    if said.holders:
        return {"organ": said.holders[0].id, **said.holders[0].label.as_dict()}
    why = said.missing or said.absent
    return {"organ": None, **why.as_dict()} if why is not None and ruling.not_applicable is None else None


def matrix(rulebook: Rulebook, directory: Directory, *, on: dt.date | None = None) -> tuple[Cell, ...]:
    """
    Rule on every cell (生成权限表); grades (职级) that no example row speaks of are for the lists of posts alone.

    Args:
        on: The day; the first of the rulebook's window by default.
    """
    day = on or rulebook.window.since
    authority = Authority(rulebook, directory)
    units = {each.employer: each.id for each in directory.organs(day) if each.employer and each.unit in (None, each.id)}
    units = {name: units[name] for name in directory.employers if name in units}
    ranks = [each for each in directory.ranks if each in {row.rank for row in rulebook.fallbacks.values()}]
    cells = []
    for measure in rulebook.measures.values():
        for employer, organ in units.items():
            if measure.target is Target.UNIT:
                ruling = authority.ruling_for_unit(measure.id, organ, day)
                cells.append(Cell(rank="", employer=employer, organ=organ, measure=measure.id, ruling=ruling))
                continue
            for rank in ranks:
                ruling = authority.ruling_for_rank(measure.id, rank, organ, day)
                cells.append(Cell(rank=rank, employer=employer, organ=organ, measure=measure.id, ruling=ruling))
    return tuple(cells)


def shares(cells: Iterable[Cell]) -> Mapping[Status, int]:
    """Count the cells by status (按核实情况统计)."""
    return Counter(each.status for each in cells)
