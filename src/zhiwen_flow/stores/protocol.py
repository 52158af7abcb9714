"""
What a store must do (存储协议). One store object serves one tenant and one thread.

Every guarantee named here is proved by the suite in `zhiwen_flow.testing.store_contract`, for every store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import attrs

from zhiwen_flow.changes import Changeset, SealedValue
from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.model import ZONE, Deadline, Instance, Obligation, Surroundings


class Conflict(ZhiwenError):
    """
    A version that a decision relied on has changed (版本冲突); nothing was written. `stream` is the one that changed.

    Raised by stores, caught by the flow, which decides again.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"instance `{stream}` was changed meanwhile")


@attrs.frozen(kw_only=True)
class Answer:
    """
    What was answered under an idempotency key (已有答复).

    Args:
        content: Hash of what was asked.
        raw: Canonical bytes of the event body of the answer (sealed, or as drafted where the refusal was folded).
        sealed: Sealed values of that event by name; those erased are missing.
    """

    content: str
    raw: bytes = attrs.field(repr=False)
    sealed: Mapping[str, Any] = attrs.field(repr=False)


def shown(sealed: Mapping[str, SealedValue]) -> dict[str, Any]:
    """Give sealed values without their salts (取值)."""
    return {name: each.value for name, each in sealed.items()}


@attrs.frozen(kw_only=True)
class Head:
    """The end of one stream's chain (链头)."""

    stream: str
    position: int
    hash: str


class Logged(NamedTuple):
    """
    An event with what stands beside it in its row (日志行); a tuple, for verification reads millions.

    Args:
        seq: Global position in the store.
        raw: The canonical bytes of the body; everything else must be what they say.
    """

    seq: int
    stream: str
    position: int
    id: str
    kind: str
    hash: str
    raw: bytes


@attrs.frozen(kw_only=True)
class Kept:
    """
    What the tables say of one stream (各表所载现状), for verification to hold against the log.

    Args:
        instance: None while only refusals stand there.
        owed: Kinds of the open obligations by their ids.
        sealed: Sealed values by event and name.
    """

    head: Head
    instance: Instance | None
    owed: Mapping[str, str]
    deadline: Deadline | None
    sealed: Mapping[str, Mapping[str, SealedValue]] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Tombstone:
    """
    What stays of a stream whose events were detached (归档留痕).

    Args:
        root: The instance at the top of its family.
        first: Global position of its first event.
        last: Global position of its last event.
        position: Number of its events.
        head: Hash of its last event.
        archive: SHA-256 of the archive file that holds them.
    """

    stream: str
    root: str
    first: int
    last: int
    position: int
    head: str
    archive: str


@attrs.frozen(kw_only=True)
class Totals:
    """How much a store holds (总数): events, and idempotency keys that name an event."""

    events: int
    keys: int


@attrs.frozen(kw_only=True)
class Wanted:
    """
    Which events a history asks for (历史查询条件); what is None is not asked for.

    Args:
        machine: Id of the machine.
        trigger: What was done, or refused.
        kind: What the event records.
        post: Post that acted.
        organ: Organ of that post, as of then.
        since: First day on which it was decided, inclusive, Beijing time.
        until: Last day, inclusive.
        correlation: Id that ties commands together.
    """

    machine: str | None = None
    trigger: str | None = None
    kind: str | None = None
    post: str | None = None
    organ: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    correlation: str | None = None

    @property
    def equal(self) -> dict[str, str]:
        """The conditions that compare for equality, by name."""
        names = ("machine", "trigger", "kind", "post", "organ", "correlation")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def start(self) -> dt.datetime | None:
        """The first moment, inclusive."""
        return None if self.since is None else dt.datetime.combine(self.since, dt.time(), ZONE)

    @property
    def end(self) -> dt.datetime | None:
        """The first moment that is too late."""
        return None if self.until is None else dt.datetime.combine(self.until + dt.timedelta(days=1), dt.time(), ZONE)


class Store(Protocol):
    """Where instances and events are kept (存储)."""

    tenant: str

    def load(self, stream: str) -> Surroundings:
        """
        Load an instance with its counters, open obligations, sealed facts and parent, consistently.

        Raises:
            UnknownNameError: there is no such instance in this tenant.
        """

    def answer(self, key: str) -> Answer | None:
        """Look up what was answered under an idempotency key."""

    def append(self, change: Changeset) -> Answer | None:
        """
        Write a changeset whole or not at all.

        In one transaction: an idempotency key already spent gives its `Answer`, and nothing is written; every
        expectation is asserted; every draft is sealed at the end of its stream's chain; tables follow.
        A refusal asserts nothing and conflicts with nothing.

        Returns:
            None where it was written; the stored answer where the key was spent on the same request before.

        Raises:
            Conflict: an expectation does not hold.
            KeyReuseError: the key was spent on another request.
            BusinessIdError: what is opened has a business id that names another instance of its machine.
            ClockError: an event is older than the last one of its stream, by more than clocks may differ.
            StoreError: the store cannot be written.
        """

    def batch(self, *, streams: Sequence[str] = (), keys: Sequence[str] = ()) -> AbstractContextManager[None]:
        """
        Make everything inside one transaction: committed at the end, rolled back on an exception.

        Args:
            streams: Instances that will be asked for; a store may lock and load them at once.
            keys: Idempotency keys that will be asked for.

        Raises:
            Conflict: at the end, where another one made what the batch makes; nothing was written.
        """

    def define(self, *, kind: str, id: str, version: str, hash: str, content: bytes) -> bool:
        """
        Keep the bytes of a definition (machine, rulebook, directory) by its hash; known ones are left alone.

        Returns:
            Whether it stays; False where a transaction that is still open may take it back.

        Raises:
            CorruptStoreError: the same id and version is known with another hash.
        """

    def definition(self, hash: str) -> bytes:
        """
        Give the bytes of a definition.

        Raises:
            UnknownNameError: it was never used here.
        """

    def events(
        self, *, stream: str | None = None, wanted: Wanted | None = None, after: int = 0, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """Read events with `seq` above *after*, oldest first; of one stream or of all, those *wanted* or all."""

    def event(self, id: str) -> AuditEvent:
        """
        Read one event.

        Raises:
            UnknownNameError: there is no such event in this tenant.
        """

    def last_move(self, stream: str) -> AuditEvent | None:
        """Give the latest event of *stream* that moved or opened it."""

    def instances(
        self,
        *,
        machine: str | None = None,
        state: str | None = None,
        parent: str | None = None,
        business_id: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[Instance, ...]:
        """Read instances with an id above *after*, in the order of their ids."""

    def obligations(self, *, stream: str | None = None, after: str = "", limit: int = 100) -> tuple[Obligation, ...]:
        """Read open obligations with an id above *after*, in the order of their ids."""

    def deadlines(
        self, *, due_by: dt.date | None = None, after: Deadline | None = None, limit: int = 100
    ) -> tuple[Deadline, ...]:
        """
        Read running deadlines, the earliest first: those due on or before *due_by*, or all, undated last.

        Args:
            due_by: Last day; the cost follows what is due, not what is open.
            after: The row that the page before ended with; it need not run any longer.
        """

    def running(self, stream: str) -> Deadline | None:
        """Give the running deadline of *stream*; None when there is none."""

    def spent(self, hashes: Sequence[str]) -> Mapping[str, tuple[str, str | None]]:
        """
        Look up which of *hashes* (SHA-256 of an idempotency key) are spent.

        Returns:
            By hash, the hash of what was asked, and the event that answered; None where it was folded or archived.
        """

    def counters(self, parent: str) -> Mapping[tuple[str, str], int]:
        """Give the number of children of *parent* by (machine, state)."""

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """Give the sealed values of an event by name; those erased are missing. Only `view` may show them."""

    def erase(self, *, event: str, name: str) -> bool:
        """Erase a sealed value and its salt for good; False when it was not there. The chain still verifies."""

    def scrub(self) -> bool:
        """
        Remove what erased values left in the files of the database; called outside of transactions.

        Returns:
            False where something may be left: others read an older state, or it is for the administrator to do.
        """

    def folded(self, stream: str) -> Mapping[str, int]:
        """Give the number of folded refusals on *stream* by actor."""

    def heads(self, *, upto: int | None = None) -> Iterator[Head]:
        """
        Iterate over the chain heads of all streams, in the order of their ids.

        Args:
            upto: Heads as they were when the events with `seq` up to this one were all; as they are by default.
        """

    # --- for verification: everything once, in the order of the streams' ids, whatever its amount ---

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all reads inside see one state, whatever others write meanwhile; nothing is written inside."""

    def settled(self) -> int:
        """
        Give the last `seq` of the tenant below which no event can appear any more.

        A database may give out numbers in one order and commit in another. Waits for those who are at it.

        Raises:
            StoreError: a transaction was open for too long.
        """

    def totals(self, *, upto: int | None = None) -> Totals:
        """Count events and keys; events with `seq` up to *upto*, or all."""

    def log(self, *, after: tuple[str, int] = ("", 0), limit: int = 1000) -> Sequence[Logged]:
        """Read events in the order of (stream, position), from the one behind *after*."""

    def kept(self, *, after: str = "", limit: int = 500) -> Sequence[Kept]:
        """Read what the tables say of the streams with an id above *after*, in the order of their ids."""

    def archived(self, *, after: str = "", limit: int = 1000) -> Sequence[Tombstone]:
        """Read what stays of archived streams with an id above *after*, in the order of their ids."""

    def strays(self) -> Iterator[tuple[str, str]]:
        """
        Name rows that no stream accounts for: (table, stream).

        Child counters that are not the number of instances under that parent, and obligations, deadlines and sealed
        values of streams that are not there.
        """

    def close(self) -> None:
        """Release what the store holds."""
