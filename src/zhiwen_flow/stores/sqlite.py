"""
The embedded store on SQLite (嵌入式存储): one file, the standard library's driver, one writer at a time.

WAL, full synchronisation, `BEGIN IMMEDIATE` and a busy timeout; SQL with bound parameters only. One object serves one
thread; several objects and processes may share a file.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from zhiwen_flow.canonical import canonical
from zhiwen_flow.changes import REFUSALS_KEPT, Changeset, Draft, SealedValue
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import ClosedError, CorruptStoreError, KeyReuseError, StoreError, UnknownNameError
from zhiwen_flow.events import GENESIS, AuditEvent, seal
from zhiwen_flow.model import Deadline, Instance, Obligation, Pin, Surroundings
from zhiwen_flow.stores import sqlite_queries as sql
from zhiwen_flow.stores.folding import folded_body
from zhiwen_flow.stores.protocol import Answer, Conflict, Head, shown
from zhiwen_flow.stores.sqlite_schema import SCHEMA_VERSION, TABLES

BUSY_SECONDS = 10.0


P = ParamSpec("P")
R = TypeVar("R")


def _decoding(read: Callable[P, R]) -> Callable[P, R]:
    """Say that a row is broken, instead of passing on what stumbled over it."""

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (ValueError, TypeError, KeyError) as error:
            raise CorruptStoreError(f"a row cannot be read: {error}; restore the database from a backup") from error

    return guarded


class SqliteStore:
    """
    A store of one tenant in a SQLite file (嵌入式存储).

    Args:
        path: The database file; made when it is not there.
        tenant: Whose data.
        clock: Gives `recorded_at`.

    Raises:
        StoreError: the file cannot be opened or written, or is of a newer schema.
        CorruptStoreError: it is not a database.
    """

    def __init__(self, path: str | Path, tenant: str = "default", *, clock: Clock | None = None) -> None:
        self.tenant = tenant
        self.path = str(path)
        self._clock = clock or SystemClock()
        self._pins: dict[int, Pin] = {}
        self._pin_ids: dict[tuple[str, str], int] = {}
        self._depth = 0
        self._closed = False
        with self._guarded():
            self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256)
            self._prepare()

    def _prepare(self) -> None:
        run = self._db.execute
        run("PRAGMA foreign_keys = ON")
        found = run("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone()[0]
        if not found:
            self._create()
        version = int(run("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0])
        if version > SCHEMA_VERSION:
            self._db.close()
            raise StoreError(
                f"`{self.path}` has schema {version}, newer than {SCHEMA_VERSION}; update zhiwen_flow before opening it"
            )
        run("PRAGMA synchronous = FULL")

    def _create(self) -> None:
        run = self._db.execute
        run("PRAGMA journal_mode = WAL")
        run("BEGIN IMMEDIATE")
        try:
            if not run("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone()[0]:
                for statement in _statements(TABLES):
                    run(statement)
                run("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn the driver's errors into the library's, with what to do."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            if self._closed:
                raise ClosedError(f"`{self.path}` was closed; open it again") from error
            raise StoreError(f"`{self.path}`: {error}; open the store again, one for each thread") from error
        except sqlite3.OperationalError as error:
            raise StoreError(f"`{self.path}`: {error}; check path, rights, free space and other writers") from error
        except sqlite3.IntegrityError as error:
            raise CorruptStoreError(f"`{self.path}`: {error}") from error
        except sqlite3.DatabaseError as error:
            raise CorruptStoreError(f"`{self.path}`: {error}; restore it from a backup") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # What was learnt inside may be rolled back with it.
                self._pins.clear()
                self._pin_ids.clear()
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    @contextmanager
    def batch(self) -> Iterator[None]:
        """See `Store.batch`."""
        with self._transaction():
            yield

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._guarded():
            return self._db.execute(query, values).fetchall()

    # --- reads ---

    def load(self, stream: str) -> Surroundings:
        """See `Store.load`."""
        with self._guarded():
            row = self._db.execute(sql.LOAD, (self.tenant, stream)).fetchone()
        if row is None:
            raise UnknownNameError("instance", stream)
        return self._surroundings(stream, row)

    @_decoding
    def _surroundings(self, stream: str, row: Any) -> Surroundings:
        above = row[11:]
        return Surroundings(
            instance=self._instance(row[:8]),
            children={(machine, state): count for machine, state, count in json.loads(row[8])},
            obligations=tuple(_obligation(stream, each) for each in json.loads(row[9])),
            opened={name: json.loads(value) for name, value in json.loads(row[10])},
            parent=self._instance(above) if above[0] is not None else None,
        )

    @_decoding
    def _instance(self, row: Any) -> Instance:
        id, pin, state, version, links, parent, root, facts = row
        return Instance(
            id=id,
            pin=self._pin(pin),
            state=state,
            version=version,
            links=links,
            parent=parent,
            root=root,
            facts=json.loads(facts),
        )

    def _pin(self, number: int) -> Pin:
        found = self._pins.get(number)
        if found is None:
            row = self._db.execute(sql.PIN, (number,)).fetchone()
            found = self._pins[number] = Pin(
                machine=row[0],
                machine_version=row[1],
                machine_hash=row[2],
                rulebook=row[3],
                rulebook_version=row[4],
                rulebook_hash=row[5],
            )
        return found

    def answer(self, key: str) -> Answer | None:
        """See `Store.answer`."""
        rows = self._rows(sql.ANSWER, (self.tenant, key))
        if not rows:
            return None
        content, event, kept, raw = rows[0]
        return Answer(
            content=content, raw=kept if event is None else raw, sealed=shown(self.sealed(event)) if event else {}
        )

    def definition(self, hash: str) -> bytes:
        """See `Store.definition`."""
        rows = self._rows("SELECT content FROM definitions WHERE hash = ?", (hash,))
        if not rows:
            raise UnknownNameError("definition", hash)
        return bytes(rows[0][0])

    def events(self, *, stream: str | None = None, after: int = 0, limit: int = 100) -> tuple[AuditEvent, ...]:
        """See `Store.events`."""
        if stream is None:
            rows = self._rows(sql.EVENTS, (self.tenant, after, limit))
        else:
            rows = self._rows(sql.STREAM_EVENTS, (self.tenant, stream, after, limit))
        return tuple(map(_event, rows))

    def event(self, id: str) -> AuditEvent:
        """See `Store.event`."""
        rows = self._rows(sql.EVENT, (self.tenant, id))
        if not rows:
            raise UnknownNameError("event", id)
        return _event(rows[0])

    def last_move(self, stream: str) -> AuditEvent | None:
        """See `Store.last_move`."""
        rows = self._rows(sql.LAST_MOVE, (self.tenant, stream))
        return _event(rows[0]) if rows else None

    def instances(
        self,
        *,
        machine: str | None = None,
        state: str | None = None,
        parent: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[Instance, ...]:
        """See `Store.instances`."""
        values = {
            "tenant": self.tenant,
            "machine": machine,
            "state": state,
            "parent": parent,
            "after": after,
            "limit": limit,
        }
        with self._guarded():
            return tuple(self._instance(row) for row in self._db.execute(sql.INSTANCES, values).fetchall())

    def obligations(self, *, stream: str | None = None, after: str = "", limit: int = 100) -> tuple[Obligation, ...]:
        """See `Store.obligations`."""
        rows = self._rows(sql.OBLIGATIONS, (self.tenant, after, stream, stream, limit))
        return tuple(_obligation(row[0], row[1:]) for row in rows)

    def deadlines(self, *, due_by: dt.date | None = None, limit: int = 100) -> tuple[Deadline, ...]:
        """See `Store.deadlines`."""
        if due_by is None:
            rows = self._rows(sql.DEADLINES, (self.tenant, limit))
        else:
            rows = self._rows(sql.DUE, (self.tenant, due_by.isoformat(), limit))
        return tuple(map(_deadline, rows))

    def running(self, stream: str) -> Deadline | None:
        """See `Store.running`."""
        rows = self._rows(sql.RUNNING, (self.tenant, stream))
        return _deadline(rows[0]) if rows else None

    def spent_keys(self) -> Iterator[tuple[str, str]]:
        """See `Store.spent_keys`."""
        with self._guarded():
            yield from self._db.execute("SELECT key, content FROM keys WHERE tenant = ?", (self.tenant,))

    def counters(self, parent: str) -> Mapping[tuple[str, str], int]:
        """See `Store.counters`."""
        return {(row[0], row[1]): row[2] for row in self._rows(sql.COUNTERS, (self.tenant, parent))}

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """See `Store.sealed`."""
        return {row[0]: _sealed(event, row) for row in self._rows(sql.SEALED, (self.tenant, event))}

    def folded(self, stream: str) -> Mapping[str, int]:
        """See `Store.folded`."""
        rows = self._rows(sql.FOLDED, (self.tenant, stream, REFUSALS_KEPT))
        return {actor: count - REFUSALS_KEPT for actor, count in rows}

    def heads(self) -> Iterator[Head]:
        """See `Store.heads`."""
        with self._guarded():
            for stream, position, hash in self._db.execute(sql.HEADS, (self.tenant,)):
                yield Head(stream=stream, position=position, hash=hash)

    def close(self) -> None:
        """See `Store.close`."""
        self._closed = True
        self._db.close()

    # --- writes ---

    def define(self, *, kind: str, id: str, version: str, hash: str, content: bytes) -> None:
        """See `Store.define`."""
        known = self._rows(
            "SELECT hash FROM definitions WHERE kind = ? AND id = ? AND version = ?", (kind, id, version)
        )
        if not known:
            with self._transaction():
                self._db.execute(sql.DEFINE, (hash, kind, id, version, content))
            return
        if known[0][0] != hash:
            raise CorruptStoreError(
                f"{kind} `{id}` version `{version}` is already kept with another content; give it a new version"
            )

    def erase(self, *, event: str, name: str) -> bool:
        """See `Store.erase`."""
        with self._transaction():
            return self._db.execute(sql.ERASE, (self.tenant, event, name)).rowcount > 0

    def append(self, change: Changeset) -> tuple[AuditEvent, ...] | Answer:
        """See `Store.append`."""
        with self._transaction():
            if change.key is not None and (answer := self.answer(change.key.key)) is not None:
                if answer.content != change.key.content:
                    raise KeyReuseError("this key was already used for another request; take a new key")
                return answer
            if change.refused_by is not None:
                return self._refuse(change)
            self._assert(change)
            events = self._seal(change.drafts, _versions(change))
            self._tables(change)
            if change.key is not None:
                spent = (self.tenant, change.key.key, change.key.content, change.drafts[0].body["id"], None)
                self._db.execute(sql.SPEND, spent)
            return events

    def _assert(self, change: Changeset) -> None:
        for each in change.expects:
            row = self._db.execute(sql.VERSION, (self.tenant, each.stream)).fetchone()
            if row is None or row[0] != each.version or each.links not in (None, row[1]):
                raise Conflict(each.stream)

    def _refuse(self, change: Changeset) -> tuple[AuditEvent, ...]:
        draft = change.drafts[0]
        place = (self.tenant, draft.stream, change.refused_by)
        count = self._db.execute(sql.COUNT_REFUSAL, place).fetchone()[0]
        if count <= REFUSALS_KEPT:
            events = self._seal(change.drafts, {})
            self._keep_sealed(change)
            spent: tuple[Any, ...] = (draft.body["id"], None)
        else:
            summary, kept = folded_body(draft.body, count)
            events = self._seal((Draft(stream=draft.stream, body=summary),), {}) if summary is not None else ()
            spent = (None, kept)
        if change.key is not None:
            self._db.execute(sql.SPEND, (self.tenant, change.key.key, change.key.content, *spent))
        return events

    def _seal(self, drafts: tuple[Draft, ...], versions: Mapping[str, int]) -> tuple[AuditEvent, ...]:
        run, now = self._db.execute, self._clock.now()
        events = []
        for draft in drafts:
            row = run(sql.HEAD, (self.tenant, draft.stream, self.tenant, draft.stream)).fetchone()
            position, prev, version = row[0] or 0, row[1] or GENESIS, row[2] or 0
            version = versions.get(draft.stream, version)
            raw, hash = seal(draft.body, position=position + 1, version=version, prev=prev)
            body = draft.body
            values = (self.tenant, draft.stream, position + 1, body["id"], body["kind"], hash, raw, now.isoformat())
            seq = run(sql.INSERT_EVENT, values).lastrowid
            run(sql.SET_HEAD, (self.tenant, draft.stream, position + 1, hash))
            events.append(AuditEvent(seq=seq or 0, hash=hash, raw=raw, recorded_at=now))
        return tuple(events)

    def _tables(self, change: Changeset) -> None:
        run, tenant = self._db.execute, self.tenant
        for each in change.opened:
            facts = json.dumps(dict(each.facts), ensure_ascii=False)
            pin = self._pin_id(each.pin)
            run(sql.OPEN, (tenant, each.id, pin, each.state, each.version, each.links, each.parent, each.root, facts))
        for move in change.moves:
            after = json.dumps(move.facts, ensure_ascii=False) if move.facts is not None else None
            run(sql.MOVE, (move.state, after, tenant, move.stream))
            run(sql.FORGET_REFUSALS, (tenant, move.stream))
        for count in change.counts:
            run(sql.COUNT, (tenant, count.parent, count.machine, count.state, count.by))
            if count.by < 0:
                run(sql.DROP_ZERO, (tenant, count.parent, count.machine, count.state))
        for stream in change.touched:
            run(sql.TOUCH, (tenant, stream))
        for settled in change.discharged:
            run(sql.DISCHARGE, (tenant, settled.stream, settled.kind))
        for owed in change.obliged:
            run(sql.OBLIGE, (tenant, owed.id, owed.stream, owed.kind, owed.to, _iso(owed.due), owed.opened_by))
        for stream in change.ended:
            run(sql.END_DEADLINE, (tenant, stream))
        for row in change.started:
            values = (row.state, row.limit, row.started.isoformat(), _iso(row.due), row.calendar)
            run(sql.START_DEADLINE, (tenant, row.stream, *values))
        self._keep_sealed(change)

    def _keep_sealed(self, change: Changeset) -> None:
        for each in change.sealed:
            value = canonical(each.value).decode()
            row = (self.tenant, each.event, each.name, each.stream, each.fact, each.salt, value)
            self._db.execute(sql.KEEP_SEALED, row)

    def _pin_id(self, pin: Pin) -> int:
        key = (pin.machine_hash, pin.rulebook_hash)
        found = self._pin_ids.get(key)
        if found is not None:
            return found
        values = (pin.machine, pin.machine_version, pin.machine_hash, pin.rulebook, pin.rulebook_version)
        self._db.execute(sql.ADD_PIN, (*values, pin.rulebook_hash))
        number = int(self._db.execute(sql.PIN_ID, key).fetchone()[0])
        self._pin_ids[key] = number
        return number


def _versions(change: Changeset) -> dict[str, int]:
    moving = {each.stream for each in change.moves}
    found = {each.stream: each.version + 1 for each in change.expects if each.stream in moving}
    return found | {each.id: each.version for each in change.opened}


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@_decoding
def _event(row: Any) -> AuditEvent:
    return AuditEvent(seq=row[0], hash=row[1], raw=bytes(row[2]), recorded_at=dt.datetime.fromisoformat(row[3]))


@_decoding
def _sealed(event: str, row: Any) -> SealedValue:
    name, stream, fact, salt, value = row
    value = json.loads(value)
    return SealedValue(stream=stream, event=event, name=name, fact=bool(fact), salt=bytes(salt), value=value)


@_decoding
def _obligation(stream: str, row: Any) -> Obligation:
    id, kind, to, due, opened_by = row
    due = dt.date.fromisoformat(due) if due is not None else None
    return Obligation(id=id, stream=stream, kind=kind, to=to, due=due, opened_by=opened_by)


@_decoding
def _deadline(row: Any) -> Deadline:
    stream, state, limit, started, due, calendar = row
    return Deadline(
        stream=stream,
        state=state,
        limit=limit,
        started=dt.date.fromisoformat(started),
        due=dt.date.fromisoformat(due) if due is not None else None,
        calendar=calendar,
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None
