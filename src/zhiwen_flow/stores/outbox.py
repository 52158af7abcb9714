"""
What a relay needs of a store (待发布事项): events wait in lanes until their sink has confirmed them.

Every guarantee named here is proved by the suite in `zhiwen_flow.testing.outbox_contract`, for every outbox.

A row stands for each event from the transaction that wrote it until it was confirmed. No cursor passes over rows, so
an event that is committed late is simply found by the next read.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from zhiwen_flow.changes import SealedValue
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.events import AuditEvent

LANES = 16


def lane_of(stream: str) -> int:
    """
    Give the lane in which a stream's events are published (发布通道): always the same one, so that they stay in order.

    >>> lane_of("a") == lane_of("a") < LANES
    True
    """
    return zlib.crc32(stream.encode()) % LANES


def stated(reason: str) -> str:
    """
    See that a reason is given (须写明理由).

    Raises:
        MisuseError: it is empty.
    """
    if not reason.strip():
        raise MisuseError("giving an event up needs a reason; write why it will never be published")
    return reason


@attrs.frozen(kw_only=True)
class Waiting:
    """
    An event that waits to be published (待发布事件).

    Args:
        id: Its id.
        lane: Its lane.
        stream: Its instance.
        attempts: How often it was refused before.
        event: The event itself.
    """

    id: str
    lane: int
    stream: str
    attempts: int
    event: AuditEvent


@attrs.frozen(kw_only=True)
class Failure:
    """
    An event that its sink refused (发布失败); its stream is held back, so that order holds.

    Args:
        waiting: The event.
        error: What the sink said.
        delay: Seconds until it is tried again.
        dead: Whether it is not tried again before somebody says so.
    """

    waiting: Waiting
    error: str
    delay: float
    dead: bool


@attrs.frozen(kw_only=True)
class Held:
    """
    A stream that is held back (暂缓发布的卷宗).

    Args:
        stream: The instance.
        event: Id of the event that was refused.
        attempts: How often.
        error: What the sink said last.
        until: When it is tried again.
        dead: Whether it is a dead letter: it waits for `Outbox.retry` or `Outbox.skip`.
    """

    stream: str
    event: str
    attempts: int
    error: str
    until: dt.datetime
    dead: bool


@attrs.frozen(kw_only=True)
class Skipped:
    """An event that was given up for good (放弃发布的事件), and why."""

    event: str
    stream: str
    error: str
    reason: str
    at: dt.datetime


@attrs.frozen(kw_only=True)
class Lag:
    """
    What waits in one lane (通道积压).

    Args:
        lane: Its number.
        waiting: How many events wait, those of held streams included.
        held: How many streams wait for another try.
        dead: How many streams wait behind a dead letter.
        oldest: When the first of the events was recorded; None where none waits.
        owner: The relay that works on the lane now.
    """

    lane: int
    waiting: int
    held: int
    dead: int
    oldest: dt.datetime | None
    owner: str | None


class Outbox(Protocol):
    """Events that wait to be published, of one tenant (待发布事项)."""

    tenant: str

    def claim(self, owner: str, *, seconds: float, limit: int = LANES) -> tuple[int, ...]:
        """
        Take lanes in which something is due, and which nobody works on or whose owner let its time pass.

        Args:
            owner: Who takes them; a new name for each claim.
            seconds: How long they are taken for, by the clock of the database.
            limit: How many at most; those left alone longest go first.
        """

    def read(self, lanes: Sequence[int], *, limit: int) -> tuple[Waiting, ...]:
        """Read what is due in *lanes*: of each stream its first events, without gaps and in their order."""

    def settle(
        self, owner: str, *, confirmed: Sequence[Waiting] = (), failed: Sequence[Failure] = (), seconds: float | None
    ) -> tuple[int, ...]:
        """
        Forget what was confirmed and hold back what was refused, in the lanes that are still *owner*'s; all or nothing.

        Args:
            owner: Who claimed them.
            confirmed: What the sink has taken.
            failed: What it refused.
            seconds: How long the lanes are kept from now on; None gives them back.

        Returns:
            The lanes that were still the owner's; nothing was done in others.
        """

    def lag(self) -> tuple[Lag, ...]:
        """Say what waits in each lane."""

    def held(self, *, dead: bool | None = None, after: str = "", limit: int = 100) -> tuple[Held, ...]:
        """Read streams that are held back, with an id above *after*, in the order of their ids."""

    def retry(self, event: str | None = None) -> int:
        """
        Let a dead letter be tried again, at once and with a new count; all of them where no event is named.

        Returns:
            How many.

        Raises:
            UnknownNameError: the event is no dead letter.
        """

    def skip(self, event: str, *, reason: str) -> None:
        """
        Give a dead letter up for good, keeping the reason; its stream goes on with the next event.

        Raises:
            UnknownNameError: the event is no dead letter.
            MisuseError: the reason is empty.
        """

    def skipped(self, *, after: str = "", limit: int = 100) -> tuple[Skipped, ...]:
        """Read what was given up, with an event id above *after*."""

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """See `Store.sealed`."""

    def close(self) -> None:
        """Release what the outbox holds."""
