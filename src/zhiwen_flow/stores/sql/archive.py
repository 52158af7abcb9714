"""
What the archive asks of the SQL store (归档部分): which families are closed, and to take them out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import attrs

from zhiwen_flow.stores.protocol import Tombstone
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import Statement
from zhiwen_flow.stores.sql.reading import PAGE
from zhiwen_flow.stores.sql.rows import iso_moment
from zhiwen_flow.stores.sql.store import SqlStore


@attrs.frozen(kw_only=True)
class Member:
    """
    One stream of a family (一套中的卷宗).

    Args:
        machine: Hash of its machine.
        at: Moment of its last event, UTC, ISO.
        owing: Whether an obligation or a deadline is open.
        waiting: Whether an event waits to be published.
    """

    stream: str
    machine: str
    state: str
    at: str
    position: int
    head: str
    owing: bool
    waiting: bool


@attrs.frozen(kw_only=True)
class Leaving:
    """A family as it stands in an archive (待移出的成套卷宗): its streams, and the hashes of the keys they answered."""

    streams: tuple[Tombstone, ...]
    keys: tuple[str, ...]


def families(store: SqlStore, before: dt.datetime) -> Iterator[tuple[str, tuple[Member, ...]]]:
    """
    Iterate over the families whose root has had no event since *before* (待查的成套卷宗), in the order of their roots.

    Args:
        store: Of one tenant.
        before: Moment, aware.
    """
    after = ""
    while rows := store.driver.query(sql.CLOSED_ROOTS, (store.tenant, after, iso_moment(before), PAGE)):
        for (root,) in rows:
            yield root, family(store, root)
        after = rows[-1][0]


def family(store: SqlStore, root: str) -> tuple[Member, ...]:
    """Give the streams of a family (一套中的卷宗), in the order of their ids."""
    found = store.driver.query(sql.FAMILY, (store.tenant, root))
    return tuple(
        Member(
            stream=row[0],
            machine=row[1],
            state=row[2],
            at=row[3],
            position=row[4],
            head=row[5],
            owing=bool(row[6]),
            waiting=bool(row[7]),
        )
        for row in found
    )


def detach(store: SqlStore, leaving: Sequence[Leaving]) -> list[str]:
    """
    Take families out of the live tables, in one transaction and under the archivist's role (移出).

    Args:
        store: Of one tenant.
        leaving: The families as they stand in the archive.

    Returns:
        The roots that stay, for they were changed since they were written to the archive.

    Raises:
        StoreError: the account does not hold the role.
    """
    stay = []
    with store.driver.transaction():
        store.driver.archive()
        for each in leaving:
            root = each.streams[0].root
            if store.driver.query(sql.ARCHIVED_STREAM, (store.tenant, each.streams[0].stream)):
                continue
            if not _unchanged(store, root, each):
                stay.append(root)
                continue
            store.driver.write(list(_statements(store.tenant, each)))
    store.forget()
    return stay


def _unchanged(store: SqlStore, root: str, leaving: Leaving) -> bool:
    store.lock([each.stream for each in leaving.streams])
    now = {each.stream: (each.position, each.head) for each in family(store, root)}
    return now == {each.stream: (each.position, each.head) for each in leaving.streams}


def _statements(tenant: str, leaving: Leaving) -> Iterator[Statement]:
    for each in leaving.streams:
        place = (tenant, each.stream, each.root, each.first, each.last, each.position, each.head, each.archive)
        yield sql.BURY, place
        for text in sql.DETACH:
            yield text, (tenant, each.stream)
    for hash in leaving.keys:
        yield sql.SPEND_ON_ARCHIVE, (tenant, hash)
