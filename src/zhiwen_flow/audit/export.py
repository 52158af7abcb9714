"""
Export the log as JSON lines (导出日志): one canonical line for each event, and a trailer that shows a missing end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.canonical import canonical
from zhiwen_flow.events import SCHEMA, AuditEvent
from zhiwen_flow.stores.protocol import Store

PAGE = 1000
FORMAT = "zhiwen-flow-audit-1"


def pages(store: Store) -> Iterator[AuditEvent]:
    """Iterate over all events of a store's tenant in their order, page by page (逐页读取)."""
    after = 0
    while found := store.events(after=after, limit=PAGE):
        yield from found
        after = found[-1].seq


def export_log(store: Store, *, progress: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """
    Give the lines of the log, the trailer last (导出日志).

    >>> from zhiwen_flow.stores.memory import MemoryStore
    >>> len(list(export_log(MemoryStore())))  # an empty log is its trailer
    1

    Each line is the canonical encoding of ``{"body", "hash", "seq"}``; sealed values are not in it. Memory does not
    grow with the number of events.

    Args:
        store: Whose log; one tenant.
        progress: Called with the number of events written so far, now and then.
    """
    lines = hashlib.sha256()
    count, last = 0, 0
    for count, event in enumerate(pages(store), start=1):
        line = line_of(event)
        lines.update(line)
        last = event.seq
        if progress is not None and count % PAGE == 0:
            progress(count)
        yield line
    yield canonical({"trailer": trailer_of(store, count=count, last=last, lines=lines.hexdigest())}) + b"\n"


def line_of(event: AuditEvent) -> bytes:
    """Give the canonical line of one event; the body's bytes go in as they are, for they are canonical already."""
    return b'{"body":' + event.raw + b',"hash":"' + event.hash.encode() + b'","seq":' + str(event.seq).encode() + b"}\n"


def trailer_of(store: Store, *, count: int, last: int, lines: str) -> dict[str, Any]:
    """Give what the trailer says of the whole log (日志尾记录)."""
    root = MerkleRoot(head_leaf(each.stream, each.position, each.hash) for each in store.heads())
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "tenant": store.tenant,
        "count": count,
        "streams": root.count,
        "merkle_root": root.hexdigest(),
        "last_position": last,
        "lines_sha256": lines,
    }
