"""
The file of an archive (归档文件): a header, the events of whole families, a trailer; it verifies by itself.

Families stand one after the other, and in each its streams, so that a file is read once, whatever its length.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.canonical import canonical
from zhiwen_flow.stores.sql.spilling import Spill

ARCHIVE_FORMAT = "zhiwen-flow-archive-1"


@attrs.frozen
class ArchivedEvent:
    """What is needed of an event to take it out (归档事件)."""

    seq: int
    stream: str
    root: str
    hash: str
    key: str | None


def header_line(tenant: str, before: str, said: Mapping[str, Any]) -> bytes:
    """Give the first line of an archive (归档文件首行): whose it is, up to when, who made it and why."""
    return canonical({"archive": {"format": ARCHIVE_FORMAT, "tenant": tenant, "before": before, **said}}) + b"\n"


def archived_events(path: Path) -> Iterator[ArchivedEvent]:
    """Iterate over the events of an archive that was verified (逐条读取归档)."""
    for _, told in _events(path):
        body = told["body"]
        key = body["key"]["hash"] if body["key"] is not None else None
        yield ArchivedEvent(told["seq"], body["stream"], body["root"], told["hash"], key)


def heads_at(path: Path, last: int, into: Spill) -> None:
    """
    Collect the heads that the streams of an archive had at a global position (某一位置的链头).

    Args:
        path: An archive that was verified.
        last: The position.
        into: Where the heads go.
    """
    for seq, told in _events(path):
        if seq <= last:
            into.put(told["body"]["stream"], told["body"]["position"], told["hash"])


def _events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"body":'):
                told = json.loads(line)
                yield told["seq"], told
