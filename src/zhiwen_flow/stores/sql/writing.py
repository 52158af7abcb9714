"""
A changeset as statements (变更集转为语句): seal the drafts at the heads that are held, and say what to write. Pure.

Heads are held under the rows' locks, or are guessed and asserted by the statement itself.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import attrs

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.changes import Changeset, Draft, Key
from zhiwen_flow.events import GENESIS, seal
from zhiwen_flow.model import Pin
from zhiwen_flow.stores.folding import check_clock
from zhiwen_flow.stores.outbox import lane_of
from zhiwen_flow.stores.protocol import Conflict
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import Group, Statement
from zhiwen_flow.stores.sql.rows import iso_day, iso_moment

_encode = json.JSONEncoder(ensure_ascii=False).encode


@attrs.define
class Held:
    """A stream's row as it stands, or will when what is buffered is written (卷宗行)."""

    position: int = 0
    head: str = GENESIS
    at: str = ""
    version: int = 0
    links: int = 0
    known: bool = False
    state: str | None = None


@attrs.frozen
class Sealed:
    """An event sealed and still to be written (已封签事件)."""

    draft: Draft
    position: int
    hash: str
    raw: bytes


@attrs.define
class Writing:
    """
    Turns one changeset into statements (写入).

    Args:
        tenant: Whose data.
        held: Rows of every stream that the changeset names; brought forward as it is written.
        now: Moment of recording.
        pin: Gives the number of a pin.
        insert_out: The statement that puts the event just written into the outbox.
        positions: Places of the events sealed so far, by id.
    """

    tenant: str
    held: Mapping[str, Held]
    now: dt.datetime
    pin: Callable[[Pin], int]
    insert_out: str
    positions: dict[str, int] = attrs.field(factory=dict)

    def assert_expected(self, change: Changeset) -> None:
        """
        Hold what the decision relied on against the rows (核对版本).

        Raises:
            Conflict: another version stands there, or what is opened is there already.
        """
        for each in change.expects:
            row = self.held[each.stream]
            if row.state is None or row.version != each.version or each.links not in (None, row.links):
                raise Conflict(each.stream)
        for opened in change.opened:
            if self.held[opened.id].state is not None:
                raise Conflict(opened.id)

    def sealed(self, change: Changeset) -> list[Sealed]:
        """Seal every draft at the end of its stream's chain (封签), and bring the heads forward."""
        versions = versions_of(change)
        return [self._seal(draft, versions) for draft in change.drafts]

    def _seal(self, draft: Draft, versions: Mapping[str, int]) -> Sealed:
        row = self.held[draft.stream]
        row.at = moment_of(draft, row.at)
        version = versions.get(draft.stream, row.version)
        raw, hash = seal(draft.body, position=row.position + 1, version=version, prev=row.head)
        row.position, row.head = row.position + 1, hash
        self.positions[draft.body["id"]] = row.position
        return Sealed(draft, row.position, hash, raw)

    def events(self, sealed: list[Sealed]) -> Iterator[Statement]:
        """Say how events and their places in the outbox are written."""
        for each in sealed:
            yield sql.INSERT_EVENT, event_values(self.tenant, each, self.now)
            stream = each.draft.stream
            yield self.insert_out, (self.tenant, lane_of(stream), stream)

    def tables(self, change: Changeset) -> Iterator[Statement]:
        """Say how streams, counters, obligations, deadlines, sealed values and the key are written."""
        yield from self._streams(change)
        yield from self._family(change)
        yield from self.duties(change)
        yield from self.kept_apart(change)
        if change.key is not None:
            yield self.spent(change.key, change.drafts[0].body["id"], None)

    def kept_apart(self, change: Changeset) -> Iterator[Statement]:
        """Say how sealed values are written."""
        for each in change.sealed:
            if each.fact:
                yield sql.SUPERSEDE, (self.tenant, each.stream, each.name)
            place = (self.tenant, each.event, each.name, each.stream, self.positions[each.event])
            yield sql.KEEP_SEALED, (*place, int(each.fact), each.salt, canonical(each.value).decode())

    def spent(self, key: Key, event: str | None, raw: bytes | None) -> Statement:
        """Say how an idempotency key is spent; the table holds its hash."""
        return sql.SPEND, (self.tenant, digest(key.key.encode()), key.content, event, raw)

    def plain(self, change: Changeset) -> Group:
        """Say how a plain move is written; nothing of it is done where the row is not as it was held."""
        move, expected = change.moves[0], change.expects[0]
        row = self.held[move.stream]
        seen = (expected.version, row.position, row.head)
        sealed = self.sealed(change)
        values: tuple[Any, ...] = (move.state, row.version + 1, _facts(move.facts), row.position, row.head, row.at)
        values += (self.tenant, move.stream, *seen)
        first = (sql.MOVE_IF, values) if expected.links is None else (sql.MOVE_IF_LINKS, (*values, expected.links))
        row.state, row.version = move.state, row.version + 1
        found = [first, *self.events(sealed), (sql.FORGET_REFUSALS, (self.tenant, move.stream))]
        found += [*self.duties(change), *self.kept_apart(change)]
        if change.key is not None:
            found.append(self.spent(change.key, change.drafts[0].body["id"], None))
        return tuple(found)

    def _streams(self, change: Changeset) -> Iterator[Statement]:
        tenant, touched = self.tenant, set(change.touched)
        drafted = Counter(each.stream for each in change.drafts)
        for stream in touched:
            self.held[stream].links += 1
        for each in change.opened:
            row = self.held[each.id]
            row.state, row.version, row.links = each.state, each.version, each.links + (each.id in touched)
            first = (tenant, each.id, row.position, row.head, row.at, self.pin(each.pin), each.pin.machine)
            rest = (each.state, row.version, row.links, each.parent, each.root, _facts(each.facts), each.business_id)
            yield sql.OPEN, (*first, *rest, tenant, each.id, row.position - drafted[each.id])
            row.known = True
        for move in change.moves:
            row = self.held[move.stream]
            row.state, row.version = move.state, row.version + 1
            place = (row.position, row.head, row.at, tenant, move.stream)
            yield sql.MOVE, (move.state, row.version, row.links, _facts(move.facts), *place)
            yield sql.FORGET_REFUSALS, (tenant, move.stream)
        done = {each.id for each in change.opened} | {each.stream for each in change.moves}
        for stream in sorted((touched | set(drafted)) - done):
            yield self.advance(stream)

    def advance(self, stream: str) -> Statement:
        """Say how a stream that does not move takes its new head and links."""
        row = self.held[stream]
        if row.known:
            return sql.ADVANCE, (row.links, row.position, row.head, row.at, self.tenant, stream)
        row.known = True
        return sql.NEW_STREAM, (self.tenant, stream, row.position, row.head, row.at, self.tenant, stream)

    def _family(self, change: Changeset) -> Iterator[Statement]:
        for count in change.counts:
            place = (self.tenant, count.parent, count.machine, count.state)
            yield sql.COUNT, (*place, count.by)
            if count.by < 0:
                yield sql.DROP_ZERO, place

    def duties(self, change: Changeset) -> Iterator[Statement]:
        """Say how obligations and deadlines are written."""
        tenant, restarted = self.tenant, {each.stream for each in change.started}
        for settled in change.discharged:
            yield sql.DISCHARGE, (tenant, settled.stream, settled.kind)
        for owed in change.obliged:
            yield sql.OBLIGE, (tenant, owed.id, owed.stream, owed.kind, owed.to, iso_day(owed.due), owed.opened_by)
        for stream in change.ended:
            if stream not in restarted:
                yield sql.END_DEADLINE, (tenant, stream)
        for row in change.started:
            yield sql.START_DEADLINE, (tenant, row.stream, row.state, row.limit, *deadline_values(row))


def _facts(facts: Mapping[str, Any] | None) -> str | None:
    return _encode(dict(facts)) if facts is not None else None


def deadline_values(row: Any) -> tuple[str, str | None, str | None]:
    """Give the days and the calendar of a deadline as the table keeps them."""
    return row.started.isoformat(), iso_day(row.due), row.calendar


def is_plain(change: Changeset, seen: Held | None) -> bool:
    """Whether a changeset is one move of one stream, decided on what was seen there (是否单一流转)."""
    if seen is None or len(change.moves) != 1 or len(change.drafts) != 1 or change.opened or change.touched:
        return False
    expects, stream = change.expects, change.moves[0].stream
    return (
        len(expects) == 1
        and expects[0].stream == stream == change.drafts[0].stream
        and (expects[0].version == seen.version)
    )


def streams_of(change: Changeset) -> list[str]:
    """Name every stream that a changeset reads or writes (涉及卷宗), in the order in which they are locked."""
    found = {each.stream for each in change.drafts} | {each.stream for each in change.expects} | set(change.touched)
    return sorted(found | {each.id for each in change.opened} | {each.stream for each in change.moves})


def versions_of(change: Changeset) -> dict[str, int]:
    """Give the version that each moving or opened stream has after the changeset."""
    moving = {each.stream for each in change.moves}
    found = {each.stream: each.version + 1 for each in change.expects if each.stream in moving}
    return found | {each.id: each.version for each in change.opened}


def event_values(tenant: str, each: Sealed, now: dt.datetime) -> tuple[Any, ...]:
    """Give the values of an event's row; what histories ask for stands beside the body."""
    body = each.draft.body
    actor = body["actor"]
    kept = (tenant, each.draft.stream, each.position, body["id"], body["kind"], each.hash, each.raw, iso_moment(now))
    asked = (body["machine"]["id"], body["trigger"], actor["post"], actor["organ"], _decided(body))
    return (*kept, *asked, body["correlation"])


def _decided(body: Mapping[str, Any]) -> str:
    return _in_utc(body["decided_at"])


@lru_cache(maxsize=64)
def _in_utc(moment: str) -> str:
    """The row of the stream and the row of the event both keep it."""
    return iso_moment(dt.datetime.fromisoformat(moment))


def moment_of(draft: Draft, last: str) -> str:
    """
    Give the moment a stream's row keeps (最近办理时刻): the latest of its events.

    Raises:
        ClockError: see `check_clock`.
    """
    decided = _decided(draft.body)
    if decided >= last:
        return decided
    check_clock(draft.stream, dt.datetime.fromisoformat(draft.body["decided_at"]), dt.datetime.fromisoformat(last))
    return last
