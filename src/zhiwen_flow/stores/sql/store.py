"""
The SQL store (关系数据库存储): one tenant on one connection, the same code for SQLite and PostgreSQL.

A plain move is one read and, on PostgreSQL, one statement that asserts what the read saw; whatever touches more than
one stream is one transaction, with the rows locked in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from zhiwen_flow.canonical import digest
from zhiwen_flow.changes import REFUSALS_KEPT, Changeset, Draft
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import ArchivedError, BusinessIdError, CorruptStoreError, KeyReuseError
from zhiwen_flow.model import Pin, Surroundings
from zhiwen_flow.stores.folding import folded_body
from zhiwen_flow.stores.protocol import Answer, Conflict
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import Crossed, Driver, Group, Row, Statement, Taken, is_group
from zhiwen_flow.stores.sql.surveying import Surveying
from zhiwen_flow.stores.sql.writing import Held, Sealed, Writing, is_plain, moment_of, streams_of

SENT_AT_ONCE = 10
"""Statements that a batch gathers before the database is given them to work on."""


@attrs.define
class _Batch:
    """What one transaction holds, and has still to write (批量事务)."""

    held: dict[str, Held] = attrs.field(factory=dict)
    loaded: dict[str, Surroundings] = attrs.field(factory=dict)
    answers: dict[str, Answer | None] = attrs.field(factory=dict)
    waiting: list[Statement | Group] = attrs.field(factory=list)
    sent: list[tuple[list[Statement | Group], Callable[[], list[list[Row]]]]] = attrs.field(factory=list)
    parents: set[str | None] = attrs.field(factory=set)
    broken: bool = False


class SqlStore(Surveying):
    """
    A store of one tenant in a SQL database (关系数据库存储); one object serves one thread.

    Args:
        driver: The connection.
        tenant: Whose data.
        clock: Gives `recorded_at`.
    """

    def __init__(self, driver: Driver, tenant: str = "default", *, clock: Clock | None = None) -> None:
        super().__init__(driver, tenant)
        self._clock = clock or SystemClock()
        self._batch: _Batch | None = None

    # --- reads that a batch keeps ---

    def load(self, stream: str) -> Surroundings:
        """See `Store.load`."""
        if self._batch is None:
            return super().load(stream)
        found = self._batch.loaded.get(stream)
        if found is None:
            self._flush(self._batch)
            found = super().load(stream)
        return found

    def answer(self, key: str) -> Answer | None:
        """See `Store.answer`."""
        hash = digest(key.encode())
        if self._batch is not None and hash in self._batch.answers:
            return self._batch.answers[hash]
        if self._batch is not None:
            self._flush(self._batch)
        return self._answers([hash]).get(hash)

    # --- writes ---

    @contextmanager
    def batch(self, *, streams: Sequence[str] = (), keys: Sequence[str] = ()) -> Iterator[None]:
        """See `Store.batch`."""
        first = next(iter(streams), "")
        if self._batch is not None:
            yield from self._inner(self._batch, first)
            return
        with self._whole(first):
            self._batch = batch = _Batch()
            try:
                self._hold(batch, streams, keys)
                with self._driver.streaming():
                    yield
                    if batch.broken:
                        raise Conflict(first)
                    self._flush(batch)
            finally:
                self._batch = None

    def _inner(self, batch: _Batch, stream: str) -> Iterator[None]:
        """What fails within a batch is undone with all of it: begun anew inside, a part of it would be done twice."""
        if batch.broken:
            raise Conflict(stream)
        try:
            yield
        except BaseException:
            batch.broken = True
            raise

    @contextmanager
    def _whole(self, stream: str) -> Iterator[None]:
        try:
            with self._driver.transaction():
                yield
        except (Crossed, Taken):
            # A database that works meanwhile tells of what was sent before at whatever is asked next.
            self._forget()
            raise Conflict(stream) from None
        except BaseException:
            # What was learnt inside was rolled back with it.
            self._forget()
            raise

    def _hold(self, batch: _Batch, streams: Sequence[str], keys: Sequence[str]) -> None:
        """
        Lock and load what a batch says that it will need, in one read each.

        Parents are locked with the rest, in one order of ids: what their children do is written to them as well.
        """
        if streams:
            named = sorted(set(streams))
            ids = self._driver.ids(named)
            batch.held |= self._held(named, self._texts.lock_family, (self.tenant, ids, self.tenant, ids))
            batch.loaded |= self._load_many(named)
            batch.parents = {_parent_of(each) for each in batch.loaded.values()}
        if keys:
            hashes = [digest(each.encode()) for each in keys]
            batch.answers = dict.fromkeys(hashes) | self._answers(hashes)

    def _locked(self, streams: list[str]) -> dict[str, Held]:
        return self._held(streams, self._texts.lock, (self.tenant, self._driver.ids(streams)))

    def _held(self, streams: list[str], text: str, values: tuple[Any, ...]) -> dict[str, Held]:
        found = {each: Held() for each in streams}
        for id, position, head, at, version, links, state in self._driver.query(text, values):
            found[id] = Held(position, head, at, version, links, known=True, state=state)
        return found

    def append(self, change: Changeset) -> Answer | None:
        """See `Store.append`."""
        if self._batch is not None:
            return self._append(change, self._batch)
        if self._quick(change):
            return None
        with self._whole(change.drafts[0].stream):
            batch = _Batch()
            done = self._append(change, batch)
            self._flush(batch)
            return done

    def _quick(self, change: Changeset) -> bool:
        """Try the plain move without locking first; False where it is not plain, or what the read saw has changed."""
        stream = change.drafts[0].stream
        seen = self._seen.pop(stream, None)
        if self._driver.joined or not is_plain(change, seen) or seen is None:
            return False
        writing = Writing(self.tenant, {stream: seen}, self._clock.now(), self._pin_id, self._texts.insert_out)
        try:
            return self._driver.conditional(writing.plain(change))
        except (Taken, Crossed):
            return False

    def _append(self, change: Changeset, batch: _Batch) -> Answer | None:
        if change.key is not None and (known := self.answer(change.key.key)) is not None:
            if known.content != change.key.content:
                raise KeyReuseError("this key was already used for another request; take a new key")
            return known
        missing = [each for each in streams_of(change) if each not in batch.held]
        if missing:
            self._flush(batch)
            batch.held |= self._locked(missing)
        writing = Writing(self.tenant, batch.held, self._clock.now(), self._pin_id, self._texts.insert_out)
        if change.refused_by is not None:
            self._refuse(change, batch, writing)
        else:
            writing.assert_expected(change)
            self._assert_named(change, batch)
            self._write(change, batch, writing)
        self._outdate(change, batch)
        if len(batch.waiting) >= SENT_AT_ONCE:
            self._send(batch)
        return None

    def _write(self, change: Changeset, batch: _Batch, writing: Writing) -> None:
        if is_plain(change, batch.held[change.drafts[0].stream]):
            batch.waiting.append(writing.plain(change))
            return
        sealed = writing.sealed(change)
        batch.waiting += [*writing.tables(change), *writing.events(sealed)]

    def _assert_named(self, change: Changeset, batch: _Batch) -> None:
        """Two that race for one business id both find it free; the unique index then gives one of them a conflict."""
        for each in change.opened:
            if each.business_id is None:
                continue
            self._flush(batch)
            known = self._driver.query(sql.NAMED, (self.tenant, each.pin.machine, each.business_id))
            if known:
                raise BusinessIdError(each.pin.machine, each.business_id, known[0][0])

    def _outdate(self, change: Changeset, batch: _Batch) -> None:
        for stream in streams_of(change):
            batch.loaded.pop(stream, None)
            self._seen.pop(stream, None)
        moved = {each.stream for each in change.moves} & batch.parents
        for stream in [id for id, each in batch.loaded.items() if moved and _parent_of(each) in moved]:
            batch.loaded.pop(stream)
        if change.key is not None:
            batch.answers.pop(digest(change.key.key.encode()), None)

    def _refuse(self, change: Changeset, batch: _Batch, writing: Writing) -> None:
        self._flush(batch)
        draft = change.drafts[0]
        moment_of(draft, batch.held[draft.stream].at)
        count = self._driver.query(sql.COUNT_REFUSAL, (self.tenant, draft.stream, change.refused_by))[0][0]
        spent: tuple[Any, ...] = (draft.body["id"], None)
        sealed: list[Sealed] = []
        if count <= REFUSALS_KEPT:
            sealed = writing.sealed(change)
            batch.waiting += writing.kept_apart(change)
        else:
            summary, kept = folded_body(draft.body, count)
            spent = (None, kept)
            if summary is not None:
                sealed = writing.sealed(Changeset(drafts=(Draft(stream=draft.stream, body=summary),)))
        if sealed:
            batch.waiting += [writing.advance(draft.stream), *writing.events(sealed)]
        if change.key is not None:
            batch.waiting.append(writing.spent(change.key, *spent))

    def _send(self, batch: _Batch) -> None:
        waiting, batch.waiting = batch.waiting, []
        if not waiting:
            return
        try:
            batch.sent.append((waiting, self._driver.send(waiting)))
        except Taken:
            # A database that works meanwhile may tell of what was sent before.
            raise Conflict(_stream_of([each for steps, _ in batch.sent for each in steps] + waiting)) from None

    def _flush(self, batch: _Batch) -> None:
        """Write what waits; a row that another one has made meanwhile is a conflict."""
        self._send(batch)
        sent, batch.sent = batch.sent, []
        try:
            found = [(step, rows) for steps, done in sent for step, rows in zip(steps, done(), strict=True)]
        except Taken:
            raise Conflict(_stream_of([each for steps, _ in sent for each in steps])) from None
        for step, rows in found:
            if not rows and (is_group(step) or step[0] in (sql.OPEN, sql.NEW_STREAM)):
                raise self._lost(_stream_of([step]))

    def _lost(self, stream: str) -> Exception:
        gone = self._missing(stream)
        return gone if isinstance(gone, ArchivedError) else Conflict(stream)

    # --- for the archive ---

    @property
    def driver(self) -> Driver:
        """The connection."""
        return self._driver

    def lock(self, streams: Sequence[str]) -> None:
        """Hold the rows of *streams* until the transaction ends."""
        self._locked(sorted(streams))

    def forget(self) -> None:
        """Forget what was learnt of rows that may be gone."""
        self._forget()

    def define(self, *, kind: str, id: str, version: str, hash: str, content: bytes) -> bool:
        """See `Store.define`."""
        known = self._driver.query(sql.DEFINED, (kind, id, version))
        if not known:
            self._driver.write([(sql.DEFINE, (hash, kind, id, version, content))])
            known = self._driver.query(sql.DEFINED, (kind, id, version))
        if known[0][0] != hash:
            raise CorruptStoreError(
                f"{kind} `{id}` version `{version}` is already kept with another content; give it a new version"
            )
        return not self._driver.joined and self._batch is None

    def _pin_id(self, pin: Pin) -> int:
        key = (pin.machine_hash, pin.rulebook_hash)
        found = self._pin_ids.get(key)
        if found is not None:
            return found
        values = (pin.machine, pin.machine_version, pin.machine_hash, pin.rulebook, pin.rulebook_version)
        self._driver.write([(sql.ADD_PIN, (*values, pin.rulebook_hash))])
        number = int(self._driver.query(sql.PIN_ID, key)[0][0])
        if not self._driver.joined:
            self._pin_ids[key] = number
        return number

    def erase(self, *, event: str, name: str) -> bool:
        """See `Store.erase`."""
        return bool(self._driver.query(sql.ERASE, (self.tenant, event, name)))

    def scrub(self) -> bool:
        """See `Store.scrub`."""
        return self._driver.scrub()


def _parent_of(found: Surroundings) -> str | None:
    return found.parent.id if found.parent is not None else None


def _stream_of(waiting: Sequence[Statement | Group]) -> str:
    """Name the stream that lost: the first that is opened or has an event."""
    told = (sql.INSERT_EVENT, sql.OPEN, sql.NEW_STREAM)
    flat = (each for step in waiting for each in (step if is_group(step) else (step,)))
    return next((str(each[1][1]) for each in flat if each[0] in told), "")
