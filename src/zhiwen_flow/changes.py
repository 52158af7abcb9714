"""
The changeset (变更集): all that one decision writes, to every stream, and all that a store takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.model import Deadline, Instance, Obligation

REFUSALS_KEPT = 10
"""Refusals of one actor on one instance that are recorded one by one before they are folded into counts."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Expectation:
    """What a decision relied on (所依据的版本); `links` only where it read children or obligations."""

    stream: str
    version: int
    links: int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Draft:
    """An event still to be sealed (待封签事件): its body without position, version and previous hash."""

    stream: str
    body: dict[str, Any]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Move:
    """
    A new state of an instance (流转结果); raises its version by one.

    Args:
        facts: All facts after the move; None where they stay as they are.
    """

    stream: str
    state: str
    facts: Mapping[str, Any] | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Count:
    """A change of the number of children of a parent in one state (下级卷宗计数增减)."""

    parent: str
    machine: str
    state: str
    by: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Discharge:
    """All open obligations of a kind on a stream are settled (义务了结)."""

    stream: str
    kind: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SealedValue:
    """
    A value kept apart from the log (封存内容).

    Args:
        stream: The instance.
        event: Id of the event that holds the commitment.
        name: Field name, or ``"verdicts"``.
        fact: Whether it is also a fact of the instance, readable by guards.
        salt: Random key of the commitment, erased with the value.
        value: The value, plain data.
    """

    stream: str
    event: str
    name: str
    fact: bool
    salt: bytes = attrs.field(repr=False)
    value: Any = attrs.field(repr=False)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Key:
    """An idempotency key and the hash of what was asked with it (幂等键)."""

    key: str
    content: str


@attrs.define(kw_only=True, eq=False, repr=False)
class Changeset:
    """
    All that one decision writes (变更集); gathered by the recorder, and only read from then on.

    Args:
        drafts: Events in order; the first is the command's own.
        expects: Versions the decision relied on; a refusal relies on none.
        opened: New instances, version 1, parents before children.
        moves: New states and facts.
        counts: Child counters to change; each also raises the parent's links once.
        touched: Streams whose `links` is raised, each once.
        obliged: New obligations.
        discharged: Obligations settled.
        started: New deadlines.
        ended: Streams whose running deadline ends.
        sealed: Values kept apart.
        key: Idempotency key to spend.
        refused_by: Actor id where the first draft is a refusal; a store folds many of one actor into counts.
    """

    drafts: tuple[Draft, ...] = ()
    expects: tuple[Expectation, ...] = ()
    opened: tuple[Instance, ...] = ()
    moves: tuple[Move, ...] = ()
    counts: tuple[Count, ...] = ()
    touched: tuple[str, ...] = ()
    obliged: tuple[Obligation, ...] = ()
    discharged: tuple[Discharge, ...] = ()
    started: tuple[Deadline, ...] = ()
    ended: tuple[str, ...] = ()
    sealed: tuple[SealedValue, ...] = ()
    key: Key | None = None
    refused_by: str | None = None
