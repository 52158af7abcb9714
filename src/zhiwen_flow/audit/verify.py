"""
Verify a log (验证日志), offline: bytes, chains, order, trailer, checkpoint; on a database the tables as well.

A report names the first bad place and why, and which assurance was reached. Who can make a whole log anew is found only
against a checkpoint kept elsewhere. Memory does not grow with the log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from zhiwen_flow.audit.archives import ARCHIVE_FORMAT
from zhiwen_flow.audit.checkpoint import Checkpoint, Prefix
from zhiwen_flow.audit.export import FORMAT
from zhiwen_flow.audit.findings import Assurance, BadError, Progress, Report, silent
from zhiwen_flow.audit.lines import Line, LineReader, tombstone_line, tombstone_of
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.surveying import Survey
from zhiwen_flow.errors import AuditError
from zhiwen_flow.events import GENESIS, SCHEMA
from zhiwen_flow.stores.protocol import Head, Store, Tombstone
from zhiwen_flow.stores.sql.spilling import Spill
from zhiwen_flow.upcasting import is_known

PAGE = 1000


def verify_store(
    store: Store,
    *,
    checkpoint: Checkpoint | None = None,
    heads: Path | None = None,
    archives: Sequence[Path] = (),
    progress: Progress = silent,
) -> Report:
    """
    Verify the log of a store's tenant, and that its tables say what the log adds up to (验证数据库).

    All of it is one state of the store, whatever is written meanwhile; inside an open transaction of a host's on
    PostgreSQL only where that is REPEATABLE READ: elsewhere verify with a flow of its own. The first flaw is the first
    in the order of the streams' ids.

    >>> from zhiwen_flow.stores.memory import MemoryStore
    >>> verify_store(MemoryStore()).assurance.value
    'chain'

    Args:
        store: The store.
        checkpoint: A checkpoint to hold it against.
        heads: The heads written with the checkpoint; they let the wrong stream be named.
        archives: Archive files, for a checkpoint that was made while what they hold was under way.
        progress: Told now and then how many events were read, of how many.

    Raises:
        AuditError: a file cannot be read, or an archive does not verify.
    """
    _check_archives(archives)
    prefix = Prefix(checkpoint, heads, archives) if checkpoint is not None else None
    survey, flaw = Survey(store, prefix, progress), None
    try:
        with store.snapshot():
            survey.run()
        if prefix is not None:
            prefix.finish()
    except BadError as bad:
        flaw = bad.flaw
    finally:
        if prefix is not None:
            prefix.close()
    reached = _reached(checkpoint, Assurance.CHAIN) if flaw is None else Assurance.NONE
    return Report(
        assurance=reached, count=survey.count, streams=survey.streams, flaw=flaw, tables=True, archived=survey.archived
    )


def _check_archives(archives: Iterable[Path]) -> None:
    for each in archives:
        if (flaw := verify_file(each).flaw) is not None:
            raise AuditError(f"`{each}` does not verify ({flaw.place}: {flaw.en}); give the archive as it was written")


def verify_file(
    path: str | Path,
    *,
    checkpoint: Checkpoint | None = None,
    heads: Path | None = None,
    progress: Progress = silent,
) -> Report:
    """
    Verify an exported log (验证导出的日志), offline.

    Args:
        path: The exported file.
        checkpoint: A checkpoint to hold it against.
        heads: The heads written with the checkpoint; they let the wrong stream be named.
        progress: Told now and then how many bytes were read, of how many.

    Raises:
        AuditError: the file cannot be read at all.
    """
    try:
        with Path(path).open("rb") as lines:
            told = _telling(lines, progress, Path(path).stat().st_size)
            return verify_lines(told, checkpoint=checkpoint, heads=heads)
    except OSError as error:
        raise AuditError(f"`{path}` cannot be read: {error.strerror}; name an exported log") from error


def _telling(lines: Iterable[bytes], progress: Progress, size: int) -> Iterator[bytes]:
    done = 0
    for number, line in enumerate(lines, start=1):
        yield line
        done += len(line)
        if number % PAGE == 0:
            progress(done, size)


def verify_lines(lines: Iterable[bytes], *, checkpoint: Checkpoint | None = None, heads: Path | None = None) -> Report:
    """Verify the lines of a log (验证日志各行); see `verify_file`."""
    flaw = None
    with closing(_Chains(Prefix(checkpoint, heads) if checkpoint is not None else None)) as chains:
        try:
            _walk(lines, chains)
        except BadError as bad:
            flaw = bad.flaw
        reached = _reached(checkpoint, Assurance.TRAILER) if flaw is None else Assurance.NONE
        return Report(
            assurance=reached, count=chains.count, streams=len(chains.heads), flaw=flaw, archived=chains.archived
        )


def _reached(checkpoint: Checkpoint | None, otherwise: Assurance) -> Assurance:
    if checkpoint is None:
        return otherwise
    return Assurance.CHECKPOINT if checkpoint.signed_by is None else Assurance.SIGNED


def _walk(lines: Iterable[bytes], chains: _Chains) -> None:
    reader, read, ended = LineReader(), hashlib.sha256(), False
    for number, line in enumerate(lines, start=1):
        place = f"line {number}"
        if ended:
            raise BadError(place, "尾记录之后还有内容", "something stands after the trailer")
        found = reader.line(line, place)
        if isinstance(found, Line):
            read.update(line)
            chains.take(found, place)
        elif set(found) == {"trailer"}:
            _check_trailer(found["trailer"], chains, read.hexdigest(), place)
            ended = True
        else:
            read.update(line)
            chains.begin(found, number, place)
    if not ended:
        raise BadError("end", "没有尾记录,日志结尾可能被截去", "there is no trailer: the end may be cut off")
    chains.finish()


class _Chains:
    """Follows the chain of every stream and keeps their heads."""

    def __init__(self, prefix: Prefix | None) -> None:
        self.heads = Spill()
        self.count = self.last = self.archived = 0
        self.format = FORMAT
        self.tenant: str | None = None
        self.schema = 0
        self._prefix = prefix
        self._buried = TemporaryFile()  # noqa: SIM115  closed with the chains
        self._stream, self._before = "", 0

    def begin(self, found: Mapping[str, Any], number: int, place: str) -> None:
        """Take what may stand before the events: the header of an archive, or streams that were archived."""
        if self.count or set(found) not in ({"archive"}, {"archived"}):
            raise BadError(place, "该行不是日志记录", "the line is not a record of the log")
        if "archive" in found:
            if number > 1 or self._prefix is not None:
                raise BadError(place, "归档文件不与检查点比对", "an archive is not held against a checkpoint")
            self.format = ARCHIVE_FORMAT
            return
        self.archived += 1
        self._buried.write(tombstone_line(tombstone_of(found["archived"], place)))

    def take(self, line: Line, place: str) -> None:
        """Take the next event, or say what is wrong with it."""
        body, seq = line.body, line.seq
        if self.format == ARCHIVE_FORMAT and body["stream"] != self._stream:
            # Families stand one after the other: only inside a stream do positions rise.
            self._stream, self._before = body["stream"], 0
        if seq <= (self._before if self.format == ARCHIVE_FORMAT else self.last):
            zh = f"序号{seq}没有大于前一条的{self.last},次序被改动或重复"
            raise BadError(place, zh, "its order was changed, or it stands twice")
        if self._prefix is not None and seq > self._prefix.last:
            self.finish()
        stream, position = body["stream"], body["position"]
        before, prev = self.heads.get(stream) or (0, GENESIS)
        if position != before + 1:
            en = f"stream {stream}: position {position} follows {before}; an event is missing or stands twice"
            raise BadError(place, f"卷宗{stream}第{before}条之后是第{position}条,有缺失或重复", en)
        if body["prev"] != prev:
            zh = f"卷宗{stream}第{position}条与前一条的哈希不衔接"
            raise BadError(place, zh, "it does not link to the event before")
        if self.tenant not in (None, body["tenant"]):
            zh = f"租户由{self.tenant}变为{body['tenant']}"
            raise BadError(place, zh, "it is of another tenant than the events before")
        self.tenant, self.schema = body["tenant"], max(self.schema, body["schema"])
        self.heads.put(stream, position, line.hash)
        self.count, self.last, self._before = self.count + 1, max(self.last, seq), seq

    def finish(self) -> None:
        """Hold the log as far as it was read against the checkpoint, once."""
        prefix = self._prefix
        if prefix is not None:
            for each in merge(self.heads, self._archived(), key=lambda each: each.stream):
                if isinstance(each, Tombstone):
                    prefix.take_archived(each)
                else:
                    prefix.take(each.stream, each.position, each.hash)
            prefix.finish()
            self.close_prefix()

    def _archived(self) -> Iterator[Head | Tombstone]:
        self._buried.seek(0)
        for line in self._buried:
            yield tombstone_of(json.loads(line)["archived"], "archived")

    def close_prefix(self) -> None:
        """Be done with the checkpoint."""
        if self._prefix is not None:
            self._prefix.close()
            self._prefix = None

    def root(self) -> str:
        """Give the Merkle root of the heads."""
        return MerkleRoot(head_leaf(each.stream, each.position, each.hash) for each in self.heads).hexdigest()

    def close(self) -> None:
        """Remove what was kept."""
        self.close_prefix()
        self._buried.close()
        self.heads.close()


def _check_trailer(trailer: Any, chains: _Chains, lines: str, place: str) -> None:
    expected: dict[str, Any] = {
        "count": chains.count,
        "streams": len(chains.heads),
        "merkle_root": chains.root(),
        "last_position": chains.last,
        "lines_sha256": lines,
        "format": chains.format,
        "archived": chains.archived,
    }
    if chains.tenant is not None:
        expected["tenant"] = chains.tenant
    told = trailer.get("schema") if isinstance(trailer, Mapping) else None
    if type(told) is not int or told < chains.schema or not is_known(told):
        expected["schema"] = SCHEMA
    for name, value in expected.items():
        if not isinstance(trailer, Mapping) or trailer.get(name) != value:
            zh = f"尾记录的{name}与日志不符,有缺失或改动"
            raise BadError(place, zh, f"the trailer's {name} does not match: events are missing or altered")
