"""
What verification reads of the SQL store (全库核对): everything once, page by page, in the order of the streams' ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from zhiwen_flow.changes import SealedValue
from zhiwen_flow.stores.protocol import Head, Kept, Logged, Tombstone, Totals
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.reading import PAGE, Reading
from zhiwen_flow.stores.sql.rows import deadline_of, instance_of, sealed_of


def tombstone_of(row: Any) -> Tombstone:
    """Read what stays of an archived stream (归档留痕)."""
    stream, root, first, last, position, head, archive = row
    return Tombstone(stream=stream, root=root, first=first, last=last, position=position, head=head, archive=archive)


class Surveying(Reading):
    """The reads of `SqlStore` for verification (核对部分)."""

    def snapshot(self) -> AbstractContextManager[None]:
        """See `Store.snapshot`."""
        return self._driver.snapshot()

    def settled(self) -> int:
        """See `Store.settled`."""
        last = int(self._driver.query(sql.LAST_SEQ, (self.tenant,))[0][0])
        self._driver.settle()
        return last

    def totals(self, *, upto: int | None = None) -> Totals:
        """See `Store.totals`."""
        if upto is None:
            events = self._driver.query(sql.COUNT_EVENTS, (self.tenant,))
        else:
            events = self._driver.query(sql.COUNT_EVENTS_UPTO, (self.tenant, upto))
        keys = self._driver.query(sql.COUNT_KEYS, (self.tenant,))
        return Totals(events=events[0][0], keys=keys[0][0])

    def heads(self, *, upto: int | None = None) -> Iterator[Head]:
        """See `Store.heads`."""
        text, first = (sql.HEADS, ()) if upto is None else (sql.HEADS_UPTO, (upto,))
        after = ""
        while rows := self._driver.query(text, (*first, self.tenant, after, PAGE)):
            for stream, position, hash in rows:
                yield Head(stream=stream, position=position, hash=hash)
            after = rows[-1][0]

    def log(self, *, after: tuple[str, int] = ("", 0), limit: int = 1000) -> Sequence[Logged]:
        """See `Store.log`."""
        return list(map(Logged._make, self._driver.query(sql.LOG, (self.tenant, *after, limit))))

    def kept(self, *, after: str = "", limit: int = 500) -> Sequence[Kept]:
        """See `Store.kept`."""
        self._recall()
        rows = self._driver.query(sql.STREAMS, (self.tenant, after, limit))
        if not rows:
            return []
        between = (self.tenant, after, rows[-1][0])
        owed: dict[str, dict[str, str]] = {}
        for stream, id, kind in self._driver.query(sql.OWED_BETWEEN, between):
            owed.setdefault(stream, {})[id] = kind
        running = {row[0]: deadline_of(row) for row in self._driver.query(sql.DEADLINES_BETWEEN, between)}
        sealed: dict[str, dict[str, dict[str, SealedValue]]] = {}
        for event, *row in self._driver.query(sql.SEALED_BETWEEN, between):
            sealed.setdefault(row[1], {}).setdefault(event, {})[row[0]] = sealed_of(event, row)
        return [
            Kept(
                head=Head(stream=row[0], position=row[9], hash=row[10]),
                instance=self._instance(row),
                owed=owed.get(row[0], {}),
                deadline=running.get(row[0]),
                sealed=sealed.get(row[0], {}),
            )
            for row in rows
        ]

    def _instance(self, row: Any) -> Any:
        return instance_of(row[:9], self._pin) if row[2] is not None else None

    def archived(self, *, after: str = "", limit: int = 1000) -> Sequence[Tombstone]:
        """See `Store.archived`."""
        rows = self._driver.query(sql.ARCHIVED, (self.tenant, after, limit))
        return [tombstone_of(row) for row in rows]

    def strays(self) -> Iterator[tuple[str, str]]:
        """See `Store.strays`."""
        for text in sql.MISCOUNTED:
            yield from (("counters", row[0]) for row in self._driver.query(text, (self.tenant, self.tenant)))
        for table, text in sql.ORPHANS.items():
            yield from ((table, row[0]) for row in self._driver.query(text, (self.tenant,)))
