"""
A report on how a campaign goes (工作情况报告) as data: what a unit says it did, point by point, each with its clause.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import key


@attrs.frozen(kw_only=True)
class Point:
    """
    One point of a report (报告要点).

    Args:
        done: What was done, restated.
        numbers: Figures that the report gives; none where it gives none.
    """

    heading: str
    clause: str
    done: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Situation:
    """
    A report (工作情况报告).

    Args:
        superior: Plan that it reports under, where the report names one.
        phase: Phase that it says it is in.
        on: Its day; None where it names none.
        lacking: What such a report should give and this one does not.

    Example:
        >>> Situation.load("jzfdchd-2011").on
        datetime.date(2011, 10, 18)
    """

    id: str
    organ: str
    title: str
    on: dt.date | None = None
    superior: str | None = None
    phase: str | None = None
    points: tuple[Point, ...] = attrs.field(default=(), metadata=key("point"))
    measures: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @classmethod
    def load(cls, name: str | Path) -> Situation:
        """
        Load a shipped report by id, or a file by path (加载报告).

        Raises:
            DefinitionError: the file has faults; all are named.
        """
        is_file = str(name).endswith(".toml")
        return load(Source.of(name) if is_file else Source.shipped("reports", str(name)), cls)

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain data (报告内容)."""
        told = attrs.asdict(self)
        return {**told, "on": self.on.isoformat() if self.on is not None else None}
