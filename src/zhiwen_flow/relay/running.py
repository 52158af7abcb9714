"""
The relay (发布): claims lanes, publishes what is due in them, and forgets it once it is confirmed.

Events of one instance go out one after the other, each after the confirmation of the one before; those of different
instances go out together. A refused event holds its instance back, and no other.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import attrs
import structlog

from zhiwen_flow.audit.view import PUBLIC, Viewer
from zhiwen_flow.errors import SinkError, StoreError
from zhiwen_flow.relay.envelope import Envelope, Enveloper, source_of
from zhiwen_flow.relay.sinks import Receipt, Sink
from zhiwen_flow.stores.outbox import Failure, Outbox, Waiting

_log = structlog.wrap_logger(logging.getLogger("zhiwen_flow.relay"))


@attrs.frozen(kw_only=True)
class Pace:
    """
    How a relay works (发布节奏).

    Args:
        batch: Events read at once.
        lanes: Lanes claimed at once; the rest is left to other relays.
        lease: Seconds for which lanes are claimed; a relay that died holds them no longer.
        idle: Seconds between looks where nothing is due.
        attempts: Refusals of an event before it becomes a dead letter.
        base: Seconds before the second attempt; doubled for each one after.
        cap: Longest pause, in seconds.
    """

    batch: int = 1000
    lanes: int = 8
    lease: float = 30.0
    idle: float = 0.5
    attempts: int = 12
    base: float = 1.0
    cap: float = 3600.0

    def pause(self, attempts: int) -> float:
        """
        Give the seconds to wait after a number of failures (退避时间), drawn so that not all come back at once.

        >>> 2.0 <= Pace(base=1.0).pause(3) <= 4.0
        True
        """
        longest = min(self.cap, self.base * 2.0 ** min(attempts - 1, 60))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret


@attrs.frozen(kw_only=True)
class Round:
    """
    What one round did (一轮发布).

    Args:
        claimed: Lanes that were claimed; none where nothing was due.
        confirmed: Events that the sink took.
        refused: Events that it refused.
        dead: Those of them that became dead letters.
        unreachable: Why the sink could not be reached; None where it could.
    """

    claimed: int = 0
    confirmed: int = 0
    refused: int = 0
    dead: int = 0
    unreachable: str | None = None


class Relay:
    """
    Publishes what waits in an outbox (发布); any number of them may work on one tenant at once.

    Args:
        outbox: What waits.
        sink: Where it goes.
        source: A stable URI of the tenant or its host; named after the tenant by default.
        viewer: For whom content is shown: what others may not see never leaves.
        pace: How it works.

    >>> from zhiwen_flow import Actor, Flow
    >>> from zhiwen_flow.stores.memory_outbox import MemoryOutbox
    >>> from zhiwen_flow.relay.sinks import LogSink
    >>> flow = Flow.open(actor=Actor(id="p-102", post="transport_leading_group_office.clerk"))
    >>> _ = flow.start("complaint", {"channel": "email", "content": "窗口无人", "anonymous": True})
    >>> entries = structlog.testing.LogCapture()
    >>> sink = LogSink(structlog.wrap_logger(None, processors=[entries]))
    >>> Relay(MemoryOutbox(flow.store), sink).drain().confirmed
    1
    >>> entries.entries[0]["cloudevent"]["type"]
    'zhiwen.complaint.opened'
    """

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        *,
        source: str | None = None,
        viewer: Viewer = PUBLIC,
        pace: Pace | None = None,
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._pace = pace or Pace()
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._rounds = 0
        self._wrap = Enveloper(source=source or source_of(outbox.tenant), viewer=viewer, sealed=outbox.sealed).wrap

    def round(self, stop: threading.Event | None = None) -> Round:
        """
        Claim, publish one batch, settle (发布一批).

        Args:
            stop: Ends the batch early; what was confirmed is settled.

        Raises:
            StoreError: the database cannot be reached; what was published meanwhile is published again later.
        """
        self._rounds += 1
        work = _Work(self._outbox, f"{self._name}#{self._rounds}", self._pace)
        if not work.claim():
            return Round()
        try:
            for wave in work.waves(self._sink.at_once, stop):
                unanswered = {each.id: each for each in wave}
                for receipt in self._sink.publish(self._wrapped(wave, work)):
                    work.note(unanswered.pop(receipt.id), receipt)
                work.hold(unanswered.values())
        except SinkError as error:
            work.unreachable = str(error)
        finally:
            done = work.settle(keep=False)
        return done

    def _wrapped(self, wave: Sequence[Waiting], work: _Work) -> list[Envelope]:
        found = []
        for each in wave:
            try:
                found.append(self._wrap(each.event))
            except (LookupError, TypeError, ValueError) as error:
                # One event that cannot be read must not stop the others.
                said = f"the stored event cannot be read ({type(error).__name__}); verify the log"
                work.note(each, Receipt(id=each.id, error=said))
        return found

    def drain(self, stop: threading.Event | None = None) -> Round:
        """
        Publish until nothing is due, or the sink cannot be reached (发布到无可发布), and give the sums.

        Raises:
            StoreError: the database cannot be reached.
        """
        total = Round()
        while not (stop is not None and stop.is_set()):
            done = self.round(stop)
            total = _added(total, done)
            if not done.claimed or done.unreachable:
                break
        return total

    def run(self, stop: threading.Event) -> Round:
        """
        Publish until *stop* is set (持续发布); a sink or a database that is away is waited for, longer each time.

        Args:
            stop: Set by a signal handler or another thread; the batch under way is settled first.

        Returns:
            The sums.
        """
        total, away = Round(), 0
        while not stop.is_set():
            try:
                done = self.round(stop)
                problem = done.unreachable
            except StoreError as error:
                done, problem = Round(), str(error)
            total = _added(total, done)
            if problem is not None and not done.confirmed:
                away += 1
                pause = min(self._pace.pause(away), self._pace.lease)
                _log.warning("relay_waits", problem=problem, seconds=round(pause, 1))
                stop.wait(pause)
                continue
            away = 0
            if not done.claimed:
                stop.wait(self._pace.idle)
        return total


def _added(total: Round, done: Round) -> Round:
    return Round(
        claimed=total.claimed + done.claimed,
        confirmed=total.confirmed + done.confirmed,
        refused=total.refused + done.refused,
        dead=total.dead + done.dead,
        unreachable=done.unreachable,
    )


class _Work:
    """One batch under one claim (一批发布)."""

    def __init__(self, outbox: Outbox, owner: str, pace: Pace) -> None:
        self._outbox = outbox
        self._owner = owner
        self._pace = pace
        self._lanes: tuple[int, ...] = ()
        self._claimed = 0
        self._since = 0.0
        self._confirmed: list[Waiting] = []
        self._failed: list[Failure] = []
        self._stopped: set[str] = set()
        self._sums = {"confirmed": 0, "refused": 0, "dead": 0}
        self.unreachable: str | None = None

    def claim(self) -> bool:
        """Take lanes; False where nothing is due."""
        self._since = time.monotonic()
        self._lanes = self._outbox.claim(self._owner, seconds=self._pace.lease, limit=self._pace.lanes)
        self._claimed = len(self._lanes)
        return bool(self._lanes)

    def waves(self, at_once: int, stop: threading.Event | None) -> Iterator[list[Waiting]]:
        """Give the first event of each instance, then the second of each, and so on, while the claim holds."""
        queues = _queues(self._outbox.read(self._lanes, limit=self._pace.batch))
        while queues:
            for start in range(0, len(queues), at_once):
                self._renew()
                if stop is not None and stop.is_set():
                    return
                yield [each.popleft() for each in queues[start : start + at_once] if self._goes_on(each[0])]
            queues = [each for each in queues if each and self._goes_on(each[0])]

    def _goes_on(self, next_one: Waiting) -> bool:
        return next_one.stream not in self._stopped and next_one.lane in self._lanes

    def note(self, waiting: Waiting, receipt: Receipt) -> None:
        """Keep what the sink said of one event."""
        if receipt.error is None:
            self._confirmed.append(waiting)
        else:
            self._stopped.add(waiting.stream)
            attempts = waiting.attempts + 1
            dead = attempts >= self._pace.attempts
            pause = self._pace.pause(attempts)
            said = _storable(receipt.error)
            self._failed.append(Failure(waiting=waiting, error=said, delay=pause, dead=dead))
            tell = _log.error if dead else _log.warning
            tell("event_refused", id=waiting.id, stream=waiting.stream, attempts=attempts, problem=said)
        self._renew()

    def hold(self, unanswered: Iterable[Waiting]) -> None:
        """Let nothing of a stream follow an event of which the sink said nothing."""
        self._stopped |= {each.stream for each in unanswered}

    def _renew(self) -> None:
        """Settle and keep the lanes when a third of the lease is over; lanes lost meanwhile are left alone."""
        if time.monotonic() - self._since > self._pace.lease / 3:
            self.settle(keep=True)

    def settle(self, *, keep: bool) -> Round:
        """Write down what is known, and keep the lanes or give them back."""
        confirmed, self._confirmed = self._confirmed, []
        failed, self._failed = self._failed, []
        self._since = time.monotonic()
        seconds = self._pace.lease if keep else None
        kept = set(self._outbox.settle(self._owner, confirmed=confirmed, failed=failed, seconds=seconds))
        if lost := set(self._lanes) - kept:
            _log.warning("lanes_lost", lanes=sorted(lost), meaning="the lease ran out; another relay goes on with them")
        self._lanes = tuple(sorted(kept))
        self._sums["confirmed"] += sum(each.lane in kept for each in confirmed)
        held = [each for each in failed if each.waiting.lane in kept]
        self._sums["refused"] += len(held)
        self._sums["dead"] += sum(each.dead for each in held)
        return Round(claimed=self._claimed, unreachable=self.unreachable, **self._sums)


def _storable(said: str) -> str:
    """What others say may hold what no database keeps; settling a batch must not fail on it."""
    return said.encode("utf-8", "replace").decode().replace("\0", "?")


def _queues(rows: Iterable[Waiting]) -> list[deque[Waiting]]:
    found: dict[str, deque[Waiting]] = {}
    for each in rows:
        found.setdefault(each.stream, deque()).append(each)
    return list(found.values())
