"""
The outbox of a store in memory (内存中的待发布事项): for tests and demonstrations of what a relay does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import attrs

from zhiwen_flow.changes import SealedValue
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.outbox import LANES, Failure, Held, Lag, Skipped, Waiting, lane_of, stated

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@attrs.frozen
class _Lease:
    owner: str | None = None
    until: dt.datetime = _LONG_AGO


class MemoryOutbox:
    """
    The outbox of one store in memory (内存中的待发布事项); every relay of a store shares this one object.

    Args:
        store: Whose events.
    """

    def __init__(self, store: MemoryStore) -> None:
        self.tenant = store.tenant
        self._store = store
        self._lanes = {lane: _Lease() for lane in range(LANES)}
        self._held: dict[str, Held] = {}
        self._skipped: dict[str, Skipped] = {}

    def _now(self, seconds: float = 0) -> dt.datetime:
        return SystemClock().now() + dt.timedelta(seconds=seconds)

    def _due(self, lane: int) -> Iterator[tuple[int, str]]:
        now = self._now()
        for place, stream in self._store.waiting(lane).items():
            held = self._held.get(stream)
            if held is None or (not held.dead and held.until <= now):
                yield place, stream

    def claim(self, owner: str, *, seconds: float, limit: int = LANES) -> tuple[int, ...]:
        """See `Outbox.claim`."""
        with self._store.locked():
            now, until = self._now(), self._now(seconds)
            free = [lane for lane, lease in self._lanes.items() if lease.owner is None or lease.until <= now]
            due = [lane for lane in free if next(self._due(lane), None) is not None]
            taken = sorted(due, key=lambda lane: self._lanes[lane].until)[:limit]
            for lane in taken:
                self._lanes[lane] = _Lease(owner, until)
            return tuple(sorted(taken))

    def read(self, lanes: Sequence[int], *, limit: int) -> tuple[Waiting, ...]:
        """See `Outbox.read`."""
        with self._store.locked():
            found = []
            for lane in lanes:
                due = self._due(lane)
                found += [
                    self._waiting(lane, *row) for row, _ in zip(due, range(max(1, limit // len(lanes))), strict=False)
                ]
            return tuple(found)

    def _waiting(self, lane: int, place: int, stream: str) -> Waiting:
        event = self._store.events(after=place, limit=1)[0]
        held = self._held.get(stream)
        attempts = held.attempts if held is not None and held.event == event.id else 0
        return Waiting(id=event.id, lane=lane, stream=stream, attempts=attempts, event=event)

    def settle(
        self, owner: str, *, confirmed: Sequence[Waiting] = (), failed: Sequence[Failure] = (), seconds: float | None
    ) -> tuple[int, ...]:
        """See `Outbox.settle`."""
        with self._store.locked():
            mine = {lane for lane, lease in self._lanes.items() if lease.owner == owner}
            for each in confirmed:
                if each.lane in mine:
                    self._store.waiting(each.lane).pop(each.event.seq - 1, None)
                    if each.attempts:
                        self._held.pop(each.stream, None)
            for failure in failed:
                if failure.waiting.lane in mine:
                    self._held[failure.waiting.stream] = self._holding(failure)
            for lane in mine:
                self._lanes[lane] = _Lease(owner if seconds is not None else None, self._now(seconds or 0))
            return tuple(sorted(mine))

    def _holding(self, failure: Failure) -> Held:
        waiting = failure.waiting
        return Held(
            stream=waiting.stream,
            event=waiting.id,
            attempts=waiting.attempts + 1,
            error=failure.error,
            until=self._now(failure.delay),
            dead=failure.dead,
        )

    def lag(self) -> tuple[Lag, ...]:
        """See `Outbox.lag`."""
        with self._store.locked():
            return tuple(self._lag(lane) for lane in sorted(self._lanes))

    def _lag(self, lane: int) -> Lag:
        waiting, lease = self._store.waiting(lane), self._lanes[lane]
        dead = [each.dead for each in self._held.values() if lane_of(each.stream) == lane]
        first = next(iter(waiting), None)
        return Lag(
            lane=lane,
            waiting=len(waiting),
            held=dead.count(False),
            dead=dead.count(True),
            oldest=self._store.events(after=first, limit=1)[0].recorded_at if first is not None else None,
            owner=lease.owner if lease.until > self._now() else None,
        )

    def held(self, *, dead: bool | None = None, after: str = "", limit: int = 100) -> tuple[Held, ...]:
        """See `Outbox.held`."""
        with self._store.locked():
            found = [each for each in self._held.values() if each.stream > after and dead in (None, each.dead)]
            return tuple(sorted(found, key=lambda each: each.stream)[:limit])

    def retry(self, event: str | None = None) -> int:
        """See `Outbox.retry`."""
        with self._store.locked():
            found = [each for each in self._held.values() if each.dead] if event is None else [self._letter(event)]
            for each in found:
                self._held[each.stream] = attrs.evolve(each, dead=False, attempts=0, until=self._now())
            return len(found)

    def _letter(self, event: str) -> Held:
        dead = {each.event: each for each in self._held.values() if each.dead}
        if event not in dead:
            raise UnknownNameError("dead letter", event, dead)
        return dead[event]

    def skip(self, event: str, *, reason: str) -> None:
        """See `Outbox.skip`."""
        with self._store.locked():
            held, reason = self._letter(event), stated(reason)
            del self._held[held.stream]
            self._store.waiting(lane_of(held.stream)).pop(self._store.event(event).seq - 1)
            self._skipped[event] = Skipped(
                event=event, stream=held.stream, error=held.error, reason=reason, at=self._now()
            )

    def skipped(self, *, after: str = "", limit: int = 100) -> tuple[Skipped, ...]:
        """See `Outbox.skipped`."""
        return tuple(self._skipped[each] for each in sorted(self._skipped) if each > after)[:limit]

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """See `Store.sealed`."""
        return self._store.sealed(event)

    def close(self) -> None:
        """See `Outbox.close`; the store is its owner's to close."""
