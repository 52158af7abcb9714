"""
Checkpoints (检查点): a short text about a log, to be kept where whoever keeps the log cannot reach it.

A chain alone does not show that its end was cut or that all of it was made anew; against a checkpoint both are found.
It holds one Merkle root over the heads of all streams, so that it stays a few lines however long the log is. The heads
themselves may be kept beside it: they name the stream that is wrong, the root only says that one is.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.audit.archives import heads_at
from zhiwen_flow.audit.export import tombstones
from zhiwen_flow.audit.findings import BadError
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.signing import Signer, Verifier, signature_of, verified
from zhiwen_flow.canonical import canonical
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import AuditError
from zhiwen_flow.stores.protocol import Head, Store, Tombstone
from zhiwen_flow.stores.sql.spilling import Spill

FORMAT = "zhiwen-flow-checkpoint-1"


@attrs.frozen(kw_only=True)
class Checkpoint:
    """
    What a log was at one moment (检查点).

    Args:
        tenant: Whose log.
        count: Number of events up to *last*.
        streams: Number of their streams.
        last: Global position up to which the log was complete.
        root: Merkle root of the heads, in the order of the streams' ids.
        made_at: When it was made, ISO.
        signed_by: Fingerprint of the key that it was signed with, where that was verified.
    """

    tenant: str
    count: int
    streams: int
    last: int
    root: str
    made_at: str
    signed_by: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain data (转为数据)."""
        return {
            "format": FORMAT,
            "tenant": self.tenant,
            "count": self.count,
            "streams": self.streams,
            "last_position": self.last,
            "merkle_root": self.root,
            "made_at": self.made_at,
        }


def checkpoint_of(store: Store, *, clock: Clock | None = None, heads: Path | None = None) -> Checkpoint:
    """
    Make a checkpoint of a store's log (生成检查点).

    >>> from zhiwen_flow.stores.memory import MemoryStore
    >>> checkpoint_of(MemoryStore()).count
    0

    Args:
        store: Whose log; one tenant.
        clock: Gives the moment; the system's by default.
        heads: File to write the heads to.

    Raises:
        AuditError: the file cannot be written.
        StoreError: a transaction that may still write an event below the position was open for too long.
    """
    last, root = store.settled(), MerkleRoot()
    with store.snapshot():
        streams = merge(store.heads(upto=last), _buried(store), key=lambda each: each.stream)
        counted = _Counted()
        lines = _added(counted.each(streams), root)
        if heads is None:
            for _ in lines:
                pass
        else:
            _write(heads, lines)
    made_at = (clock or SystemClock()).now().isoformat()
    return Checkpoint(
        tenant=store.tenant,
        count=counted.events,
        streams=root.count,
        last=last,
        root=root.hexdigest(),
        made_at=made_at,
    )


class _Counted:
    """Counts the events of the heads that pass."""

    def __init__(self) -> None:
        self.events = 0

    def each(self, heads: Iterable[Head]) -> Iterator[Head]:
        for each in heads:
            self.events += each.position
            yield each


def _buried(store: Store) -> Iterator[Head]:
    for each in tombstones(store):
        yield Head(stream=each.stream, position=each.position, hash=each.head)


def _added(heads: Iterable[Head], root: MerkleRoot) -> Iterator[bytes]:
    for each in heads:
        root.add(head_leaf(each.stream, each.position, each.hash))
        yield canonical([each.stream, each.position, each.hash]) + b"\n"


def _write(path: Path, lines: Iterable[bytes]) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(lines)
    except OSError as error:
        raise AuditError(f"`{path}` cannot be written: {error.strerror}; name another file") from error


def checkpoint_text(checkpoint: Checkpoint, *, signer: Signer | None = None) -> bytes:
    """
    Write a checkpoint as the text that is kept (检查点文本), signed where there is a signer.

    Args:
        checkpoint: What to write.
        signer: Signs the canonical bytes of ``{"checkpoint": …}``.
    """
    told: dict[str, Any] = {"checkpoint": checkpoint.as_dict()}
    if signer is not None:
        told["signature"] = signature_of(signer, canonical(told))
    return canonical(told) + b"\n"


def read_checkpoint(path: str | Path, *, verifier: Verifier | None = None) -> Checkpoint:
    """
    Read a checkpoint file (读取检查点).

    Args:
        path: The file.
        verifier: The key that must have signed it; without one a signature is not looked at.

    Raises:
        AuditError: it cannot be read or is not a checkpoint.
        BadError: it is not signed, or not by that key, or one of the two was altered.
    """
    try:
        raw = Path(path).read_bytes()
        told: dict[str, Any] = json.loads(raw)
        found = _checkpoint(told["checkpoint"])
        same = canonical(told) + b"\n" == raw and set(told) <= {"checkpoint", "signature"}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditError(f"`{path}` is not a checkpoint; make one with `zhiwen-flow audit checkpoint`") from error
    if not same:
        raise AuditError(f"`{path}` was altered: it is not as `zhiwen-flow audit checkpoint` writes it")
    if verifier is None:
        return found
    signed = canonical({"checkpoint": told["checkpoint"]})
    return attrs.evolve(found, signed_by=verified(verifier, signed, told.get("signature"), str(path)))


def _checkpoint(told: dict[str, Any]) -> Checkpoint:
    found = Checkpoint(
        tenant=told["tenant"],
        count=told["count"],
        streams=told["streams"],
        last=told["last_position"],
        root=told["merkle_root"],
        made_at=told["made_at"],
    )
    kinds = (str, int, int, int, str, str)
    values = (found.tenant, found.count, found.streams, found.last, found.root, found.made_at)
    if found.as_dict() != told or any(type(value) is not kind for value, kind in zip(values, kinds, strict=True)):
        raise ValueError("not a checkpoint of this format")
    return found


class Prefix:
    """
    What a log was up to a checkpoint (检查点之前的日志), gathered stream by stream to be held against it.

    Args:
        checkpoint: The checkpoint.
        heads: File of the heads that was written with it; it lets the wrong stream be named.
        archives: Archive files, verified.
    """

    def __init__(self, checkpoint: Checkpoint, heads: Path | None = None, archives: Iterable[Path] = ()) -> None:
        self.checkpoint = checkpoint
        self.last = checkpoint.last
        self._heads, self._kept_root = heads, MerkleRoot()
        self._kept = self._read(heads) if heads is not None else None
        self._root = MerkleRoot()
        self._count = 0
        self._wrong: BadError | None = None
        self._archives = Spill()
        for each in archives:
            heads_at(each, checkpoint.last, self._archives)

    def close(self) -> None:
        """Close the file of the heads (关闭)."""
        self._archives.close()
        if self._kept is not None:
            self._kept.close()

    def take(self, stream: str, position: int, hash: str) -> None:
        """Take the head of the next stream, in the order of their ids, as it was then."""
        self._root.add(head_leaf(stream, position, hash))
        self._count += position
        if self._kept is not None and self._wrong is None:
            self._compare(stream, position, hash)

    def take_archived(self, each: Tombstone) -> None:
        """
        Take an archived stream, in the order of the ids of all.

        Raises:
            BadError: the checkpoint lies in its midst, and the archive that knows what it was then was not given.
        """
        if each.last <= self.last:
            self.take(each.stream, each.position, each.head)
        elif each.first <= self.last:
            head = self._archives.get(each.stream)
            if head is None:
                raise BadError(
                    f"stream {each.stream}",
                    f"检查点作成时卷宗{each.stream}尚在办理,现已归档;须同时给出归档文件",
                    f"stream {each.stream} was under way at the checkpoint and is archived; give its archive as well",
                )
            self.take(each.stream, *head)

    def _compare(self, stream: str, position: int, hash: str) -> None:
        assert self._kept is not None
        kept = next(self._kept, None)
        if kept is None or kept.stream > stream:
            zh, en = f"检查点没有卷宗{stream}", f"the checkpoint does not know stream {stream}"
            self._wrong = BadError(f"stream {stream}", zh, en)
        elif kept.stream < stream or kept.position > position:
            self._wrong = _missing(kept)
        elif (kept.position, kept.hash) != (position, hash):
            zh, en = f"卷宗{stream}与检查点不符", f"stream {stream} differs from the checkpoint"
            self._wrong = BadError(f"stream {stream}", zh, en)

    def finish(self) -> None:
        """
        Hold what was taken against the checkpoint.

        Raises:
            BadError: it differs: what came before the checkpoint was made anew.
        """
        told = self.checkpoint
        if (self._count, self._root.count, self._root.hexdigest()) == (told.count, told.streams, told.root):
            return
        if (named := self._named()) is not None:
            raise named
        raise BadError(
            f"seq 1–{told.last}",
            f"与检查点不符:此前的日志被重做过(检查点记{told.count}条、{told.streams}个卷宗,"
            f"日志为{self._count}条、{self._root.count}个)",
            "it differs from the checkpoint: the log was made anew "
            f"(the checkpoint has {told.count} events in {told.streams} streams, the log {self._count} in "
            f"{self._root.count})",
        )

    def _named(self) -> BadError | None:
        """Say which stream is wrong, where the heads are at hand and are those of the checkpoint."""
        if self._kept is None:
            return None
        left = list(islice(self._kept, 1))
        for _ in self._kept:
            pass
        if self._kept_root.hexdigest() != self.checkpoint.root:
            raise AuditError(f"`{self._heads}` does not belong to the checkpoint; name what `--heads` wrote with it")
        if self._wrong is None and left:
            self._wrong = _missing(left[0])
        return self._wrong

    def _read(self, path: Path) -> Generator[Head, None, None]:
        try:
            with path.open("rb") as lines:
                for line in lines:
                    stream, position, hash = json.loads(line)
                    self._kept_root.add(head_leaf(stream, position, hash))
                    yield Head(stream=stream, position=position, hash=hash)
        except (OSError, ValueError, TypeError) as error:
            raise AuditError(f"`{path}` is not the heads of a checkpoint; name what `--heads` wrote") from error


def _missing(head: Head) -> BadError:
    zh = f"检查点记有卷宗{head.stream}第{head.position}条,日志中已不存在"
    en = f"the checkpoint knows position {head.position} of stream {head.stream}, which is missing"
    return BadError(f"stream {head.stream}", zh, en)
