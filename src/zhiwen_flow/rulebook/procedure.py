"""
Rows on procedure (程序条目): how many are needed for a motion, who approves a start. Each cited.
"""

from __future__ import annotations

import attrs

from zhiwen_flow.rulebook.rows import Cited
from zhiwen_flow.terms import Label


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Threshold(Cited):
    """
    How many are needed for a step (人数要求), as a number or as a share ``a/b`` of all; None where no text gives it.

    Args:
        procedure: What it is for.
        level: Code of the level or body it applies to; any where left out.
        count: Least number.
        share: Least share of all; more than it where `more_than` says so.
    """

    id: str
    label: Label
    procedure: str
    level: str | None = None
    count: int | None = None
    share: str | None = None
    more_than: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Starting(Cited):
    """
    Who approves that accountability is started (启动审批).

    Args:
        heads: Whether it is for the head of a unit that the approving organ leads directly.
        approvers: Codes of holders, any of which will do; see `authority.HOLDERS`.
    """

    id: str
    label: Label
    heads: bool = False
    approvers: tuple[str, ...]
