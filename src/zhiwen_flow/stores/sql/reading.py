"""
What the SQL store reads (查询): every statement names the tenant; every list is read by page.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zhiwen_flow.changes import REFUSALS_KEPT, SealedValue
from zhiwen_flow.errors import ArchivedError, UnknownNameError
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.model import Deadline, Instance, Obligation, Pin, Surroundings
from zhiwen_flow.stores.protocol import Answer, Wanted, shown
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import Driver, Row
from zhiwen_flow.stores.sql.rows import (
    deadline_of,
    decoding,
    event_of,
    instance_of,
    iso_day,
    iso_moment,
    obligation_of,
    sealed_of,
)
from zhiwen_flow.stores.sql.writing import Held

PAGE = 1000
SEEN_KEPT = 256
"""How many rows that were read are remembered for the append that follows."""


class Reading:
    """The reads of `SqlStore` (查询部分)."""

    def __init__(self, driver: Driver, tenant: str) -> None:
        self.tenant = tenant
        self._driver = driver
        self._texts = sql.TEXTS[driver.kind]
        self._pins: dict[int, Pin] = {}
        self._pin_ids: dict[tuple[str, str], int] = {}
        self._seen: dict[str, Held] = {}

    def _forget(self) -> None:
        self._pins.clear()
        self._pin_ids.clear()
        self._seen.clear()

    def _recall(self) -> None:
        """Forget the pins where the host may have rolled them back: SQLite gives a number that is free again."""
        if self._driver.joined and self._driver.kind == "sqlite":
            self._pins.clear()

    def load(self, stream: str) -> Surroundings:
        """See `Store.load`."""
        self._recall()
        rows = self._driver.query(self._texts.load, (self.tenant, stream))
        if not rows:
            raise self._missing(stream)
        if len(self._seen) >= SEEN_KEPT:
            self._seen.clear()
        row = rows[0]
        self._seen[stream] = Held(row[9], row[10], row[11], row[3], row[4], known=True, state=row[2])
        return self._surroundings(row)

    def _missing(self, stream: str) -> UnknownNameError:
        rows = self._driver.query(sql.ARCHIVED_STREAM, (self.tenant, stream))
        return ArchivedError("instance", stream, rows[0][-1]) if rows else UnknownNameError("instance", stream)

    def _load_many(self, streams: list[str]) -> dict[str, Surroundings]:
        self._recall()
        rows = self._driver.query(self._texts.load_many, (self.tenant, self._driver.ids(streams)))
        return {row[0]: self._surroundings(row) for row in rows}

    @decoding
    def _surroundings(self, row: Any) -> Surroundings:
        above = row[15:]
        children, owed, opened = row[12:15]
        return Surroundings(
            instance=instance_of(row[:9], self._pin),
            children={(machine, state): count for machine, state, count in _listed(children)},
            obligations=tuple(obligation_of(row[0], each) for each in _listed(owed)),
            opened={name: json.loads(value) for name, value in _listed(opened)},
            parent=instance_of(above, self._pin) if above[0] is not None else None,
        )

    def _pin(self, number: int) -> Pin:
        found = self._pins.get(number)
        if found is None:
            row = self._driver.query(sql.PIN, (number,))[0]
            found = self._pins[number] = Pin(
                machine=row[0],
                machine_version=row[1],
                machine_hash=row[2],
                rulebook=row[3],
                rulebook_version=row[4],
                rulebook_hash=row[5],
            )
        return found

    def _answers(self, hashes: list[str]) -> dict[str, Answer | None]:
        rows = self._driver.query(self._texts.answers, (self.tenant, self._driver.ids(hashes)))
        return {hash: self._answer_of(hash, *row) for hash, *row in rows}

    def _answer_of(self, hash: str, content: str, event: str | None, kept: Any, raw: Any) -> Answer:
        if event is None and kept is None:
            raise ArchivedError("answer under the key with hash", hash)
        sealed = shown(self.sealed(event)) if event is not None else {}
        return Answer(content=content, raw=bytes(kept if event is None else raw), sealed=sealed)

    def definition(self, hash: str) -> bytes:
        """See `Store.definition`."""
        rows = self._driver.query(sql.DEFINITION, (hash,))
        if not rows:
            raise UnknownNameError("definition", hash)
        return bytes(rows[0][0])

    def events(
        self, *, stream: str | None = None, wanted: Wanted | None = None, after: int = 0, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """See `Store.events`."""
        text = sql.EVENTS
        values: list[Any] = [self.tenant, after]
        if stream is not None:
            text += sql.OF_STREAM
            values.append(stream)
        for condition, value in _conditions(wanted):
            text += condition
            values.append(value)
        rows = self._driver.query(text + (sql.BY_SEQ if stream is None else sql.BY_POSITION), (*values, limit))
        return tuple(map(event_of, rows))

    def event(self, id: str) -> AuditEvent:
        """See `Store.event`."""
        rows = self._driver.query(sql.EVENT, (self.tenant, id))
        if not rows:
            raise UnknownNameError("event", id)
        return event_of(rows[0])

    def last_move(self, stream: str) -> AuditEvent | None:
        """See `Store.last_move`."""
        rows = self._driver.query(sql.LAST_MOVE, (self.tenant, stream))
        return event_of(rows[0]) if rows else None

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
        text, values = sql.INSTANCES, [self.tenant, after]
        wanted = {"machine": machine, "state": state, "parent": parent, "business_id": business_id}
        for name, value in wanted.items():
            if value is not None:
                text += f" AND s.{name} = ?"
                values.append(value)
        self._recall()
        rows = self._driver.query(f"{text} ORDER BY s.id LIMIT ?", (*values, limit))
        return tuple(instance_of(row, self._pin) for row in rows)

    def obligations(self, *, stream: str | None = None, after: str = "", limit: int = 100) -> tuple[Obligation, ...]:
        """See `Store.obligations`."""
        text, values = sql.OBLIGATIONS, [self.tenant, after]
        if stream is not None:
            text += " AND stream = ?"
            values.append(stream)
        rows = self._driver.query(f"{text} ORDER BY id LIMIT ?", (*values, limit))
        return tuple(obligation_of(row[0], row[1:]) for row in rows)

    def deadlines(
        self, *, due_by: dt.date | None = None, after: Deadline | None = None, limit: int = 100
    ) -> tuple[Deadline, ...]:
        """See `Store.deadlines`."""
        due, stream = (iso_day(after.due) or sql.UNDATED, after.stream) if after is not None else ("", "")
        rows: list[Row] = []
        if due != sql.UNDATED:
            rows = self._driver.query(sql.DUE, (self.tenant, iso_day(due_by) or sql.UNDATED, due, stream, limit))
            stream = ""
        if due_by is None and len(rows) < limit:
            rows += self._driver.query(sql.NEVER_DUE, (self.tenant, stream, limit - len(rows)))
        return tuple(map(deadline_of, rows))

    def running(self, stream: str) -> Deadline | None:
        """See `Store.running`."""
        rows = self._driver.query(sql.RUNNING, (self.tenant, stream))
        return deadline_of(rows[0]) if rows else None

    def spent(self, hashes: Sequence[str]) -> Mapping[str, tuple[str, str | None]]:
        """See `Store.spent`."""
        rows = self._driver.query(self._texts.spent, (self.tenant, self._driver.ids(hashes)))
        return {hash: (content, event) for hash, content, event in rows}

    def counters(self, parent: str) -> Mapping[tuple[str, str], int]:
        """See `Store.counters`."""
        return {(row[0], row[1]): row[2] for row in self._driver.query(sql.COUNTERS, (self.tenant, parent))}

    def sealed(self, event: str) -> Mapping[str, SealedValue]:
        """See `Store.sealed`."""
        return {row[0]: sealed_of(event, row) for row in self._driver.query(sql.SEALED, (self.tenant, event))}

    def folded(self, stream: str) -> Mapping[str, int]:
        """See `Store.folded`."""
        rows = self._driver.query(sql.FOLDED, (self.tenant, stream, REFUSALS_KEPT))
        return {actor: count - REFUSALS_KEPT for actor, count in rows}

    def close(self) -> None:
        """See `Store.close`."""
        self._driver.close()


def _listed(text: str | None) -> Sequence[Any]:
    """Most instances have none of what is gathered, and then there is nothing to parse."""
    return () if text is None or text == "[]" else json.loads(text)


def _conditions(wanted: Wanted | None) -> Iterator[tuple[str, str]]:
    """Say in constant text what a history asks for; its values are bound."""
    if wanted is None:
        return
    for name, value in wanted.equal.items():
        yield sql.WANTED[name], value
    if wanted.start is not None:
        yield sql.SINCE, iso_moment(wanted.start)
    if wanted.end is not None:
        yield sql.BEFORE, iso_moment(wanted.end)
