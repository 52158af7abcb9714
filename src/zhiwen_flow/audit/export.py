"""
Export the log as JSON lines (导出日志): one canonical line for each event, and a trailer that shows a missing end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from zhiwen_flow.audit.findings import Progress, silent
from zhiwen_flow.audit.lines import line_of, tombstone_line, trailer_line
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.events import SCHEMA, AuditEvent
from zhiwen_flow.stores.protocol import Store, Tombstone

PAGE = 1000
FORMAT = "zhiwen-flow-audit-1"


def pages(store: Store) -> Iterator[AuditEvent]:
    """Iterate over all events of a store's tenant in their order, page by page (逐页读取)."""
    after = 0
    while found := store.events(after=after, limit=PAGE):
        yield from found
        after = found[-1].seq


def tombstones(store: Store) -> Iterator[Tombstone]:
    """Iterate over what stays of archived streams, in the order of their ids (归档留痕)."""
    after = ""
    while found := store.archived(after=after, limit=PAGE):
        yield from found
        after = found[-1].stream


def export_log(store: Store, *, progress: Progress = silent) -> Iterator[bytes]:
    """
    Give the lines of the log, the trailer last (导出日志).

    >>> from zhiwen_flow.stores.memory import MemoryStore
    >>> len(list(export_log(MemoryStore())))  # an empty log is its trailer
    1

    Each line is the canonical encoding of ``{"body", "hash", "seq"}``; sealed values are not in it. Before them stands
    what stays of archived streams. All of it is one
    state of the store, whatever is written meanwhile, and memory does not grow with the number of events.

    Args:
        store: Whose log; one tenant.
        progress: Told now and then how many events were written, of how many.
    """
    lines = hashlib.sha256()
    count, last = 0, 0
    with store.snapshot():
        total, archived = store.totals().events, 0
        for each in tombstones(store):
            archived += 1
            line = tombstone_line(each)
            lines.update(line)
            yield line
        for count, event in enumerate(pages(store), start=1):
            line = line_of(event.raw, event.hash, event.seq)
            lines.update(line)
            last = event.seq
            if count % PAGE == 0:
                progress(count, total)
            yield line
        yield trailer_line(_trailer(store, count, archived, last, lines.hexdigest()))


def _trailer(store: Store, count: int, archived: int, last: int, lines: str) -> dict[str, Any]:
    root = MerkleRoot(head_leaf(each.stream, each.position, each.hash) for each in store.heads())
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "tenant": store.tenant,
        "count": count,
        "streams": root.count,
        "archived": archived,
        "merkle_root": root.hexdigest(),
        "last_position": last,
        "lines_sha256": lines,
    }
