"""
What every store does alike with repeated refusals, deadlines and clocks (各存储共用的规则). Pure.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.changes import REFUSALS_KEPT
from zhiwen_flow.errors import ClockError
from zhiwen_flow.model import Deadline
from zhiwen_flow.terms import EventKind

SKEW = dt.timedelta(minutes=1)
"""How far clocks of several machines may differ before a step back is an error."""


def folded_body(body: dict[str, Any], count: int) -> tuple[dict[str, Any] | None, bytes]:
    """
    Fold a refusal that is one too many into a count (合并多次不予通过).

    Args:
        body: The drafted body of the refusal.
        count: How many refusals of this actor on this instance there are with this one, since its last move.

    Returns:
        A body that tells the count, at twice, four times, eight times … what is kept singly; else None. And the bytes
        of the refusal itself, kept for its idempotency key.
    """
    kept = canonical(body)
    ratio, rest = divmod(count, REFUSALS_KEPT)
    if rest or ratio in (0, 1) or ratio & (ratio - 1):
        return None, kept
    summary = {
        **body,
        "id": digest(f"{body['id']}:many".encode())[:32],
        "kind": EventKind.REFUSED_MANY.value,
        "payload": {"count": count},
        "verdicts": [],
        "key": None,
        "causation": body["id"],
    }
    return summary, kept


def is_due(deadline: Deadline, day: dt.date) -> bool:
    """Whether a deadline's last day is *day* or before it."""
    return deadline.due is not None and deadline.due <= day


def check_clock(stream: str, decided: dt.datetime, last: dt.datetime) -> None:
    """
    See that an event is not older than the one before it in its stream (核对时钟), but for what clocks may differ.

    Args:
        stream: The instance.
        decided: Moment of the event.
        last: The latest moment of the stream's events.

    Raises:
        ClockError: it is more than `SKEW` older; the clock was set back.
    """
    if last - decided > SKEW:
        raise ClockError(f"instance `{stream}`", last.isoformat(), decided.isoformat())
