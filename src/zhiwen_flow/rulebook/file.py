"""
A rulebook file as it stands (规则库文件), and the rows that a host has confirmed by its own documents.
"""

from __future__ import annotations

import datetime as dt

import attrs

from zhiwen_flow.rulebook.consequences import Combination, Effect, Factor, Form, Remedy
from zhiwen_flow.rulebook.procedure import Starting, Threshold
from zhiwen_flow.rulebook.rows import (
    AuthorityRow,
    Catalogue,
    Category,
    Fallback,
    Instrument,
    Limit,
    Measure,
    MeetingRule,
    Policy,
    Window,
)
from zhiwen_flow.terms import Label, key


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Confirm:
    """
    A row that a host has confirmed (已确认条目).

    Args:
        table: Table of the row, for example ``"authority"``.
        row: Its id; ``rank/employer`` for the example table, ``deadline`` for the policy.
        document: Number of the document it was confirmed by.
        on: Day of the document.
    """

    table: str
    row: str
    document: str
    on: dt.date


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Confirmation:
    """Which confirmations lie on a rulebook (确认文件)."""

    id: str
    version: str
    rows: tuple[Confirm, ...] = attrs.field(default=(), metadata=key("row"))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RulebookFile:
    """A rulebook file (规则库文件)."""

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
    effects: tuple[Effect, ...] = attrs.field(default=(), metadata=key("effect"))
    remedies: tuple[Remedy, ...] = attrs.field(default=(), metadata=key("remedy"))
    combinations: tuple[Combination, ...] = attrs.field(default=(), metadata=key("combination"))
    factors: tuple[Factor, ...] = attrs.field(default=(), metadata=key("factor"))
    forms: tuple[Form, ...] = attrs.field(default=(), metadata=key("form"))
    thresholds: tuple[Threshold, ...] = attrs.field(default=(), metadata=key("threshold"))
    starting: tuple[Starting, ...] = attrs.field(default=(), metadata=key("starting"))
    gaps: tuple[Label, ...] = attrs.field(default=(), metadata=key("gap"))
    confirmation: Confirmation | None = None
