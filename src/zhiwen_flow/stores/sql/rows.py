"""
Rows of the database as values (行转为对象); what cannot be read says so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from zhiwen_flow.changes import SealedValue
from zhiwen_flow.errors import CorruptStoreError
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.model import Deadline, Instance, Obligation, Pin

P = ParamSpec("P")
R = TypeVar("R")


def decoding(read: Callable[P, R]) -> Callable[P, R]:
    """Say that a row is broken (行已损坏), instead of passing on what stumbled over it."""

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (ValueError, TypeError, KeyError) as error:
            raise CorruptStoreError(f"a row cannot be read: {error}; restore the database from a backup") from error

    return guarded


@decoding
def event_of(row: Any) -> AuditEvent:
    """Read an event (审计事件)."""
    return AuditEvent(seq=row[0], hash=row[1], raw=bytes(row[2]), recorded_at=dt.datetime.fromisoformat(row[3]))


@decoding
def instance_of(row: Any, pin: Callable[[int], Pin]) -> Instance:
    """Read an instance (卷宗)."""
    id, number, state, version, links, parent, root, facts, business_id = row
    return Instance(
        id=id,
        pin=pin(number),
        state=state,
        version=version,
        links=links,
        parent=parent,
        root=root,
        business_id=business_id,
        facts=json.loads(facts),
    )


@decoding
def sealed_of(event: str, row: Any) -> SealedValue:
    """Read a sealed value (封存内容)."""
    name, stream, fact, salt, value = row
    value = json.loads(value)
    return SealedValue(stream=stream, event=event, name=name, fact=bool(fact), salt=bytes(salt), value=value)


@decoding
def obligation_of(stream: str, row: Any) -> Obligation:
    """Read an obligation (待办义务)."""
    id, kind, to, due, opened_by = row
    due = dt.date.fromisoformat(due) if due is not None else None
    return Obligation(id=id, stream=stream, kind=kind, to=to, due=due, opened_by=opened_by)


@decoding
def deadline_of(row: Any) -> Deadline:
    """Read a deadline (期限)."""
    stream, state, limit, started, due, calendar = row
    return Deadline(
        stream=stream,
        state=state,
        limit=limit,
        started=dt.date.fromisoformat(started),
        due=dt.date.fromisoformat(due) if due is not None else None,
        calendar=calendar,
    )


def iso_day(day: dt.date | None) -> str | None:
    """Write a day as the tables keep it (日期)."""
    return day.isoformat() if day is not None else None


def iso_moment(moment: dt.datetime) -> str:
    """
    Write a moment as the tables keep it (时刻): in UTC, so that text sorts as time does.

    >>> iso_moment(dt.datetime.fromisoformat("2011-08-15T09:00:00+08:00"))
    '2011-08-15T01:00:00.000000+00:00'
    """
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
