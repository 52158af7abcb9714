"""
The store in memory (内存存储): plain dictionaries, for tests, demonstrations and simulation. Nothing outlives it.
"""

from __future__ import annotations

import bisect
import copy
import datetime as dt
import threading
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any

import attrs

from zhiwen_flow.canonical import digest
from zhiwen_flow.changes import REFUSALS_KEPT, Changeset, Draft, Key, SealedValue
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import BusinessIdError, ClosedError, CorruptStoreError, KeyReuseError, UnknownNameError
from zhiwen_flow.events import GENESIS, AuditEvent, seal
from zhiwen_flow.model import Deadline, Instance, Obligation, Surroundings
from zhiwen_flow.stores.folding import check_clock, folded_body, is_due
from zhiwen_flow.stores.outbox import LANES, lane_of
from zhiwen_flow.stores.protocol import Answer, Conflict, Head, Kept, Logged, Tombstone, Totals, Wanted, shown
from zhiwen_flow.terms import EventKind

_LAST = "\U0010ffff"
"""Stands after every id."""


@attrs.define
class _State:
    """Everything kept; copied whole to roll a batch back."""

    instances: dict[str, Instance] = attrs.field(factory=dict)
    heads: dict[str, tuple[int, str]] = attrs.field(factory=dict)
    latest: dict[str, dt.datetime] = attrs.field(factory=dict)
    streams: dict[str, list[int]] = attrs.field(factory=dict)
    log: list[AuditEvent] = attrs.field(factory=list)
    by_event: dict[str, int] = attrs.field(factory=dict)
    children: dict[str, dict[tuple[str, str], int]] = attrs.field(factory=dict)
    obligations: dict[str, Obligation] = attrs.field(factory=dict)
    owed: dict[str, dict[str, None]] = attrs.field(factory=dict)
    deadlines: dict[str, Deadline] = attrs.field(factory=dict)
    by_due: list[tuple[dt.date, str]] = attrs.field(factory=list)
    keys: dict[str, tuple[str, str | None, bytes]] = attrs.field(factory=dict)
    sealed: dict[str, dict[str, SealedValue]] = attrs.field(factory=dict)
    facts: dict[str, dict[str, SealedValue]] = attrs.field(factory=dict)
    refusals: dict[tuple[str, str], int] = attrs.field(factory=dict)
    definitions: dict[str, bytes] = attrs.field(factory=dict)
    versions: dict[tuple[str, str, str], str] = attrs.field(factory=dict)
    waiting: dict[int, dict[int, str]] = attrs.field(factory=lambda: {lane: {} for lane in range(LANES)})
    named: dict[tuple[str, str], str] = attrs.field(factory=dict)


class MemoryStore:
    """
    A store of one tenant in memory (内存存储); several threads may share it.

    Args:
        tenant: Whose data.
        clock: Gives `recorded_at`.
    """

    def __init__(self, tenant: str = "default", *, clock: Clock | None = None) -> None:
        self.tenant = tenant
        self._clock = clock or SystemClock()
        self._state = _State()
        self._depth = 0
        self._lock = threading.RLock()
        self._closed = False

    def load(self, stream: str) -> Surroundings:
        """See `Store.load`."""
        with self._lock:
            state = self._state
            instance = state.instances.get(stream)
            if instance is None:
                raise UnknownNameError("instance", stream)
            return Surroundings(
                instance=instance,
                children=dict(state.children.get(stream, {})),
                obligations=tuple(state.obligations[each] for each in state.owed.get(stream, ())),
                opened={name: each.value for name, each in state.facts.get(stream, {}).items()},
                parent=state.instances.get(instance.parent) if instance.parent is not None else None,
            )

    def answer(self, key: str) -> Answer | None:
        """See `Store.answer`."""
        found = self._state.keys.get(digest(key.encode()))
        if found is None:
            return None
        content, event, raw = found
        return Answer(content=content, raw=raw, sealed=shown(self.sealed(event)) if event is not None else {})

    def append(self, change: Changeset) -> Answer | None:
        """See `Store.append`."""
        with self._lock:
            self._check_open()
            if change.key is not None and (answer := self.answer(change.key.key)) is not None:
                if answer.content != change.key.content:
                    raise KeyReuseError("this key was already used for another request; take a new key")
                return answer
            self._assert(change)
            moments = self._moments(change)
            if change.refused_by is not None and (body := self._fold(change)) is not None:
                self._folded(change, body)
                return None
            events = self._seal(change)
            self._state.latest |= moments
            self._tables(change)
            if change.key is not None:
                self._state.keys[digest(change.key.key.encode())] = (change.key.content, events[0].id, events[0].raw)
            return None

    @contextmanager
    def batch(self, *, streams: Sequence[str] = (), keys: Sequence[str] = ()) -> Iterator[None]:  # noqa: ARG002
        """See `Store.batch`; nothing has to be fetched ahead."""
        with self._lock:
            before = copy.copy(self._state)
            for field in attrs.fields(_State):
                value = getattr(before, field.name)
                setattr(before, field.name, _copied(value))
            self._depth += 1
            try:
                yield
            except BaseException:
                self._state = before
                raise
            finally:
                self._depth -= 1

    def define(self, *, kind: str, id: str, version: str, hash: str, content: bytes) -> bool:
        """See `Store.define`."""
        with self._lock:
            known = self._state.versions.setdefault((kind, id, version), hash)
            if known != hash:
                raise CorruptStoreError(
                    f"{kind} `{id}` version `{version}` is already kept with another content; give it a new version"
                )
            self._state.definitions[hash] = content
            return self._depth == 0

    def definition(self, hash: str) -> bytes:
        """See `Store.definition`."""
        try:
            return self._state.definitions[hash]
        except KeyError:
            raise UnknownNameError("definition", hash) from None

    def events(
        self, *, stream: str | None = None, wanted: Wanted | None = None, after: int = 0, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """See `Store.events`."""
        log = self._state.log
        if stream is None:
            found: Iterator[AuditEvent] = islice(log, after, None)
        else:
            places = self._state.streams.get(stream, [])
            found = (log[place] for place in places[bisect.bisect_right(places, after - 1) :])
        if wanted is not None:
            found = (each for each in found if _is_wanted(each.body, wanted))
        return tuple(islice(found, limit))

    def event(self, id: str) -> AuditEvent:
        """See `Store.event`."""
        place = self._state.by_event.get(id)
        if place is None:
            raise UnknownNameError("event", id)
        return self._state.log[place]

    def last_move(self, stream: str) -> AuditEvent | None:
        """See `Store.last_move`."""
        moves = (EventKind.OPENED, EventKind.MOVED)
        places = reversed(self._state.streams.get(stream, []))
        return next((event for event in map(self._state.log.__getitem__, places) if event.kind in moves), None)

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
        """See `Store.instances`."""
        found: list[Instance] = []
        wanted = (machine, state, parent, business_id)
        for id in sorted(self._state.instances):
            each = self._state.instances[id]
            has = (each.pin.machine, each.state, each.parent, each.business_id)
            if id <= after or any(asked not in (None, told) for asked, told in zip(wanted, has, strict=True)):
                continue
            found.append(each)
            if len(found) == limit:
                break
        return tuple(found)

    def obligations(self, *, stream: str | None = None, after: str = "", limit: int = 100) -> tuple[Obligation, ...]:
        """See `Store.obligations`."""
        found = sorted(self._state.obligations.values(), key=lambda each: each.id)
        return tuple(each for each in found if each.id > after and stream in (None, each.stream))[:limit]

    def deadlines(
        self, *, due_by: dt.date | None = None, after: Deadline | None = None, limit: int = 100
    ) -> tuple[Deadline, ...]:
        """See `Store.deadlines`."""
        with self._lock:
            rows = self._state.by_due
            end = len(rows) if due_by is None else bisect_right(rows, (due_by, _LAST))
            start = 0 if after is None else bisect_right(rows, _by_due(after))
            found = [self._state.deadlines[stream] for _, stream in rows[start : min(end, start + limit)]]
        return tuple(each for each in found if due_by is None or is_due(each, due_by))

    def running(self, stream: str) -> Deadline | None:
        """See `Store.running`."""
        return self._state.deadlines.get(stream)

    def spent(self, hashes: Sequence[str]) -> Mapping[str, tuple[str, str | None]]:
        """See `Store.spent`."""
        return {each: self._state.keys[each][:2] for each in hashes if each in self._state.keys}

    def counters(self, parent: str) -> Mapping[tuple[str, str], int]:
        """See `Store.counters`."""
        return dict(self._state.children.get(parent, {}))

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """See `Store.sealed`."""
        return dict(self._state.sealed.get(event, {}))

    def erase(self, *, event: str, name: str) -> bool:
        """See `Store.erase`."""
        with self._lock:
            found = self._state.sealed.get(event, {}).pop(name, None)
            if found is None:
                return False
            kept = self._state.facts.get(found.stream, {})
            if kept.get(name) is found:
                del kept[name]
            return True

    def scrub(self) -> bool:
        """See `Store.scrub`; there are no files."""
        return True

    def folded(self, stream: str) -> Mapping[str, int]:
        """See `Store.folded`."""
        return {
            actor: count - REFUSALS_KEPT
            for (where, actor), count in self._state.refusals.items()
            if where == stream and count > REFUSALS_KEPT
        }

    def heads(self, *, upto: int | None = None) -> Iterator[Head]:
        """See `Store.heads`."""
        state = self._state
        for stream in sorted(state.heads):
            places = state.streams[stream]
            count = len(places) if upto is None else bisect_left(places, upto)
            if count:
                yield Head(stream=stream, position=count, hash=state.log[places[count - 1]].hash)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Store.snapshot`; others wait."""
        with self._lock:
            yield

    def settled(self) -> int:
        """See `Store.settled`."""
        return len(self._state.log)

    def totals(self, *, upto: int | None = None) -> Totals:
        """See `Store.totals`."""
        keys = sum(1 for _, event, _ in self._state.keys.values() if event is not None)
        return Totals(events=len(self._state.log[:upto]), keys=keys)

    def log(self, *, after: tuple[str, int] = ("", 0), limit: int = 1000) -> Sequence[Logged]:
        """See `Store.log`."""
        found: list[Logged] = []
        stream, position = after
        ids = sorted(self._state.streams)
        for id in ids[bisect_left(ids, stream) :]:
            places = self._state.streams[id]
            skipped = position if id == stream else 0
            found += [self._logged(id, number, places[number - 1]) for number in range(skipped + 1, len(places) + 1)]
            if len(found) >= limit:
                break
        return found[:limit]

    def _logged(self, stream: str, position: int, place: int) -> Logged:
        event = self._state.log[place]
        return Logged(event.seq, stream, position, event.id, event.kind.value, event.hash, event.raw)

    def kept(self, *, after: str = "", limit: int = 500) -> Sequence[Kept]:
        """See `Store.kept`."""
        ids = sorted(self._state.heads)
        start = bisect_right(ids, after)
        return [self._kept(each) for each in ids[start : start + limit]]

    def _kept(self, stream: str) -> Kept:
        state = self._state
        position, hash = state.heads[stream]
        sealed = {
            id: state.sealed[id] for place in state.streams[stream] if (id := state.log[place].id) in state.sealed
        }
        return Kept(
            head=Head(stream=stream, position=position, hash=hash),
            instance=state.instances.get(stream),
            owed={each: state.obligations[each].kind for each in state.owed.get(stream, ())},
            deadline=state.deadlines.get(stream),
            sealed=sealed,
        )

    def archived(self, *, after: str = "", limit: int = 1000) -> Sequence[Tombstone]:  # noqa: ARG002
        """See `Store.archived`; nothing is archived out of memory."""
        return ()

    def strays(self) -> Iterator[tuple[str, str]]:
        """See `Store.strays`."""
        state = self._state
        family = (each for each in state.instances.values() if each.parent is not None)
        counted = Counter((each.parent or "", each.pin.machine, each.state) for each in family)
        told = {(id, *place): count for id, table in state.children.items() for place, count in table.items()}
        for place in sorted(set(counted) | set(told)):
            if counted.get(place) != told.get(place):
                yield "counters", place[0]
        yield from (("obligations", each) for each in sorted(set(state.owed) - set(state.instances)))
        yield from (("deadlines", each) for each in sorted(set(state.deadlines) - set(state.instances)))

    def waiting(self, lane: int) -> dict[int, str]:
        """Give the streams whose events wait in a lane (通道中的待发布事项), by place in the log."""
        return self._state.waiting[lane]

    def locked(self) -> AbstractContextManager[object]:
        """Keep other threads out (加锁)."""
        return self._lock

    def close(self) -> None:
        """See `Store.close`."""
        self._closed = True

    # --- inside append ---

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the store was closed; open it again")

    def _assert(self, change: Changeset) -> None:
        for each in change.expects:
            found = self._state.instances.get(each.stream)
            if found is None or found.version != each.version or each.links not in (None, found.links):
                raise Conflict(each.stream)
        for opened in change.opened:
            machine, name = opened.pin.machine, opened.business_id
            if name is not None and (known := self._state.named.get((machine, name))) is not None:
                raise BusinessIdError(machine, name, known)

    def _moments(self, change: Changeset) -> dict[str, dt.datetime]:
        """Give the latest moment of each stream with what is to be written."""
        found: dict[str, dt.datetime] = {}
        for draft in change.drafts:
            decided = dt.datetime.fromisoformat(draft.body["decided_at"])
            last = found.get(draft.stream, self._state.latest.get(draft.stream, decided))
            check_clock(draft.stream, decided, last)
            found[draft.stream] = max(last, decided)
        return found

    def _fold(self, change: Changeset) -> dict[str, Any] | None:
        """Count a refusal; give the body when it is only counted."""
        draft = change.drafts[0]
        place = (draft.stream, change.refused_by or "")
        count = self._state.refusals[place] = self._state.refusals.get(place, 0) + 1
        return draft.body if count > REFUSALS_KEPT else None

    def _folded(self, change: Changeset, body: dict[str, Any]) -> None:
        count = self._state.refusals[change.drafts[0].stream, change.refused_by or ""]
        summary, kept = folded_body(body, count)
        if change.key is not None:
            self._keep_folded_key(change.key, kept)
        if summary is not None:
            self._seal(Changeset(drafts=(Draft(stream=change.drafts[0].stream, body=summary),)))

    def _keep_folded_key(self, key: Key, raw: bytes) -> None:
        self._state.keys[digest(key.key.encode())] = (key.content, None, raw)

    def _seal(self, change: Changeset) -> tuple[AuditEvent, ...]:
        state, now = self._state, self._clock.now()
        versions = {each.stream: each.version + 1 for each in change.expects if each.stream in self._moving(change)}
        versions |= {each.id: each.version for each in change.opened}
        sealed: list[tuple[Draft, bytes, str, int]] = []
        heads = {draft.stream: state.heads.get(draft.stream, (0, GENESIS)) for draft in change.drafts}
        for draft in change.drafts:
            position, prev = heads[draft.stream]
            known = state.instances.get(draft.stream)
            version = versions.get(draft.stream, known.version if known is not None else 0)
            raw, hash = seal(draft.body, position=position + 1, version=version, prev=prev)
            heads[draft.stream] = (position + 1, hash)
            sealed.append((draft, raw, hash, position + 1))
        events = []
        for draft, raw, hash, _ in sealed:
            place = len(state.log)
            event = AuditEvent(seq=place + 1, hash=hash, raw=raw, recorded_at=now)
            state.log.append(event)
            state.by_event[draft.body["id"]] = place
            state.streams.setdefault(draft.stream, []).append(place)
            state.waiting[lane_of(draft.stream)][place] = draft.stream
            events.append(event)
        state.heads.update(heads)
        return tuple(events)

    def _moving(self, change: Changeset) -> set[str]:
        return {each.stream for each in change.moves}

    def _tables(self, change: Changeset) -> None:
        state = self._state
        for opened in change.opened:
            state.instances[opened.id] = opened
            if opened.business_id is not None:
                state.named[opened.pin.machine, opened.business_id] = opened.id
        for move in change.moves:
            known = state.instances[move.stream]
            facts = known.facts if move.facts is None else move.facts
            state.instances[move.stream] = attrs.evolve(known, state=move.state, version=known.version + 1, facts=facts)
            for place in [each for each in state.refusals if each[0] == move.stream]:
                del state.refusals[place]
        for count in change.counts:
            table = state.children.setdefault(count.parent, {})
            left = table.get((count.machine, count.state), 0) + count.by
            if left:
                table[count.machine, count.state] = left
            else:
                del table[count.machine, count.state]
        for stream in change.touched:
            known = state.instances[stream]
            state.instances[stream] = attrs.evolve(known, links=known.links + 1)
        self._duties(change)
        for value in change.sealed:
            state.sealed.setdefault(value.event, {})[value.name] = value
            if value.fact:
                state.facts.setdefault(value.stream, {})[value.name] = value

    def _duties(self, change: Changeset) -> None:
        state = self._state
        for settled in change.discharged:
            owed = state.owed.get(settled.stream, {})
            for id in [each for each in owed if state.obligations[each].kind == settled.kind]:
                del owed[id], state.obligations[id]
        for each in change.obliged:
            state.obligations[each.id] = each
            state.owed.setdefault(each.stream, {})[each.id] = None
        for stream in change.ended:
            self._end_deadline(stream)
        for started in change.started:
            self._end_deadline(started.stream)
            state.deadlines[started.stream] = started
            insort(state.by_due, _by_due(started))

    def _end_deadline(self, stream: str) -> None:
        """The rows stand by their days, so that asking for what is due costs what is due."""
        ended = self._state.deadlines.pop(stream, None)
        if ended is not None:
            del self._state.by_due[bisect_left(self._state.by_due, _by_due(ended))]


def _by_due(row: Deadline) -> tuple[dt.date, str]:
    return row.due or dt.date.max, row.stream


def _is_wanted(body: Mapping[str, Any], wanted: Wanted) -> bool:
    told = {**body, "machine": body["machine"]["id"], "post": body["actor"]["post"], "organ": body["actor"]["organ"]}
    if any(told[name] != value for name, value in wanted.equal.items()):
        return False
    at = dt.datetime.fromisoformat(body["decided_at"])
    return (wanted.start is None or at >= wanted.start) and (wanted.end is None or at < wanted.end)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: dict(each) if isinstance(each, dict) else _listed(each) for name, each in value.items()}
    return _listed(value)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value
