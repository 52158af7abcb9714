"""
Verify a log (验证日志), offline: bytes, chains, order, trailer, checkpoint; on a database the tables as well.

A report names the first bad place and why, and which assurance was reached. Who can make a whole log anew is found only
against a checkpoint kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.audit.export import FORMAT, line_of, pages
from zhiwen_flow.audit.folding import Fold
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.view import is_commitment
from zhiwen_flow.canonical import canonical, commitment, digest
from zhiwen_flow.errors import AuditError, UnknownNameError
from zhiwen_flow.events import GENESIS, SCHEMA, AuditEvent
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.terms import Term


class Assurance(Term):
    """What a verification vouches for (保证程度)."""

    NONE = ("none", "无", "none")
    CHAIN = ("chain", "链完整:已有各条未被改动", "chain: what is there was not altered")
    TRAILER = ("trailer", "尾记录相符:自导出后无缺失", "trailer: nothing is missing since the export")
    CHECKPOINT = ("checkpoint", "检查点相符:检查点之前未被重做", "checkpoint: nothing before it was made anew")


@attrs.frozen(kw_only=True)
class Flaw:
    """The first thing found wrong (发现的问题): where, and why."""

    place: str
    zh: str
    en: str


@attrs.frozen(kw_only=True)
class Report:
    """
    What a verification found (验证结果).

    Args:
        assurance: What holds; none where there is a flaw.
        count: Events read.
        streams: Streams seen.
        flaw: The first flaw; None where all is well.
        tables: Whether a database's tables were compared with the log.
    """

    assurance: Assurance
    count: int
    streams: int
    flaw: Flaw | None = None
    tables: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing wrong was found."""
        return self.flaw is None

    def text(self, lang: str = "zh") -> str:
        """
        Say what was found (说明验证结果).

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        zh = lang == "zh"
        if self.flaw is not None:
            return f"× {self.flaw.place}:{self.flaw.zh}" if zh else f"× {self.flaw.place}: {self.flaw.en}"
        head = f"√ 共{self.count}条、{self.streams}个卷宗" if zh else f"√ {self.count} events, {self.streams} streams"
        if self.tables:
            head += ";数据库与日志一致" if zh else "; the tables agree with the log"
        return f"{head}\n" + (f"保证程度:{self.assurance.zh}" if zh else f"assurance: {self.assurance.en}")


class _Bad(Exception):
    def __init__(self, place: str, zh: str, en: str) -> None:
        self.flaw = Flaw(place=place, zh=zh, en=en)


class _Chains:
    """Follows the chain of every stream and keeps their heads."""

    def __init__(self, checkpoint: Mapping[str, Any] | None) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        self.count = 0
        self.last = 0
        self.tenant: str | None = None
        self._wanted = {stream: tuple(head) for stream, head in checkpoint["heads"].items()} if checkpoint else {}

    def take(self, body: Mapping[str, Any], hash: str, seq: int, place: str) -> None:
        """Take the next event, or say what is wrong with it."""
        if seq <= self.last:
            raise _Bad(
                place,
                f"序号{seq}没有大于前一条的{self.last},次序被改动或重复",
                "its order was changed, or it stands twice",
            )
        if self.tenant not in (None, body["tenant"]):
            raise _Bad(
                place, f"租户由{self.tenant}变为{body['tenant']}", "it is of another tenant than the events before"
            )
        self.tenant, stream = body["tenant"], body["stream"]
        position, prev = self.heads.get(stream, (0, GENESIS))
        if body["position"] != position + 1:
            en = f"stream {stream}: position {body['position']} follows {position}; an event is missing or stands twice"
            raise _Bad(place, f"卷宗{stream}第{position}条之后是第{body['position']}条,有缺失或重复", en)
        if body["prev"] != prev:
            raise _Bad(
                place, f"卷宗{stream}第{position + 1}条与前一条的哈希不衔接", "it does not link to the event before"
            )
        self.heads[stream] = (position + 1, hash)
        self.count, self.last = self.count + 1, seq
        if (wanted := self._wanted.get(stream)) is not None and wanted[0] == position + 1:
            if wanted[1] != hash:
                raise _Bad(
                    place, "与检查点不符:此前的日志被重做过", "it differs from the checkpoint: the log was made anew"
                )
            del self._wanted[stream]

    def finish(self) -> None:
        """Say what the checkpoint knows and the log no longer has."""
        for stream, (position, _) in self._wanted.items():
            en = f"the checkpoint knows position {position} of stream {stream}, which is missing"
            raise _Bad("end", f"检查点记有卷宗{stream}第{position}条,日志中已不存在", en)

    def root(self) -> str:
        """Give the Merkle root of the heads."""
        return MerkleRoot(head_leaf(stream, *self.heads[stream]) for stream in sorted(self.heads)).hexdigest()


def verify_file(
    path: str | Path, *, checkpoint: Mapping[str, Any] | None = None, progress: Callable[[int], None] | None = None
) -> Report:
    """
    Verify an exported log (验证导出的日志), offline.

    Args:
        path: The exported file.
        checkpoint: A checkpoint to hold it against.
        progress: Called with the number of events read so far, now and then.

    Raises:
        AuditError: the file cannot be read at all.
    """
    try:
        with Path(path).open("rb") as lines:
            return verify_lines(lines, checkpoint=checkpoint, progress=progress)
    except OSError as error:
        raise AuditError(f"`{path}` cannot be read: {error.strerror}; name an exported log") from error


def verify_lines(
    lines: Iterable[bytes],
    *,
    checkpoint: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Verify the lines of a log; see `verify_file`."""
    chains = _Chains(checkpoint)
    trailer: Mapping[str, Any] | None = None
    read = hashlib.sha256()
    try:
        for number, line in enumerate(lines, start=1):
            place = f"line {number}"
            if trailer is not None:
                raise _Bad(place, "尾记录之后还有内容", "something stands after the trailer")
            found = _parsed(line, place)
            if "trailer" in found:
                trailer = found["trailer"]
                _check_trailer(found["trailer"], chains, read.hexdigest(), place)
                continue
            _check_line(found, place)
            read.update(line)
            chains.take(found["body"], found["hash"], found["seq"], place)
            if progress is not None and number % 1000 == 0:
                progress(number)
        if trailer is None:
            raise _Bad("end", "没有尾记录,日志结尾可能被截去", "there is no trailer: the end may be cut off")
        chains.finish()
    except _Bad as bad:
        return Report(assurance=Assurance.NONE, count=chains.count, streams=len(chains.heads), flaw=bad.flaw)
    reached = Assurance.CHECKPOINT if checkpoint is not None else Assurance.TRAILER
    return Report(assurance=reached, count=chains.count, streams=len(chains.heads))


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise _Bad(place, "该行不完整,日志被截断", "the line is not complete: the log is cut off")
    try:
        found = json.loads(line, object_pairs_hook=_no_duplicates)
        same = canonical(found) + b"\n" == line
    except (ValueError, TypeError, RecursionError):
        raise _Bad(place, "该行不是有效的 JSON", "the line is not valid JSON") from None
    if not same:
        raise _Bad(place, "该行不是其内容的规范编码", "the line is not the canonical encoding of what it says")
    if not isinstance(found, dict):
        raise _Bad(place, "该行不是日志记录", "the line is not a record of the log")
    return found


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


_LINE = {"body": dict, "hash": str, "seq": int}
_BODY = {
    "schema": int,
    "id": str,
    "tenant": str,
    "stream": str,
    "position": int,
    "prev": str,
    "kind": str,
    "version": int,
}


def _check_line(found: Mapping[str, Any], place: str) -> None:
    if len(found) != len(_LINE) or not _has(found, _LINE) or not _has(found["body"], _BODY):
        raise _Bad(place, "该行不是日志记录", "the line is not a record of the log")
    if found["body"]["schema"] > SCHEMA:
        raise _Bad(place, "事件格式比本程序新", "the event is of a newer schema than this program knows")
    if digest(canonical(found["body"])) != found["hash"]:
        raise _Bad(place, "内容与哈希不符,该条被改动", "the content does not match its hash: it was altered")


def _has(table: Mapping[str, Any], kinds: Mapping[str, type]) -> bool:
    return all(type(table.get(name)) is kind for name, kind in kinds.items())


def _check_trailer(trailer: Any, chains: _Chains, lines: str, place: str) -> None:
    expected = {
        "count": chains.count,
        "streams": len(chains.heads),
        "merkle_root": chains.root(),
        "last_position": chains.last,
        "lines_sha256": lines,
        "format": FORMAT,
        "schema": SCHEMA,
    }
    if chains.tenant is not None:
        expected["tenant"] = chains.tenant
    for name, value in expected.items():
        if not isinstance(trailer, dict) or trailer.get(name) != value:
            raise _Bad(
                place,
                f"尾记录的{name}与日志不符,有缺失或改动",
                f"the trailer's {name} does not match: events are missing or altered",
            )


def verify_store(
    store: Store, *, checkpoint: Mapping[str, Any] | None = None, progress: Callable[[int], None] | None = None
) -> Report:
    """
    Verify the log of a store's tenant, and that its tables say what the log adds up to (验证数据库).

    >>> from zhiwen_flow.stores.memory import MemoryStore
    >>> verify_store(MemoryStore()).assurance.value
    'chain'

    Args:
        store: The store.
        checkpoint: A checkpoint to hold it against.
        progress: Called with the number of events read so far, now and then.
    """
    chains, fold = _Chains(checkpoint), Fold()
    try:
        for number, event in enumerate(pages(store), start=1):
            place = f"seq {event.seq}"
            found = _parsed(line_of(event), place)
            _check_line(found, place)
            chains.take(found["body"], found["hash"], found["seq"], place)
            _check_seals(store, event, found["body"], place)
            fold.take(found["body"])
            if progress is not None and number % 1000 == 0:
                progress(number)
        chains.finish()
        for flaw in _differences(store, chains, fold):
            raise flaw
    except _Bad as bad:
        return Report(
            assurance=Assurance.NONE, count=chains.count, streams=len(chains.heads), flaw=bad.flaw, tables=True
        )
    reached = Assurance.CHECKPOINT if checkpoint is not None else Assurance.CHAIN
    return Report(assurance=reached, count=chains.count, streams=len(chains.heads), tables=True)


def _check_seals(store: Store, event: AuditEvent, body: Mapping[str, Any], place: str) -> None:
    """What is kept apart must be what the event committed to; what was erased is gone for good."""
    committed = {name: body[name]["sealed"] for name in ("payload", "verdicts") if is_commitment(body[name])}
    if "payload" not in committed:
        committed |= {name: each["sealed"] for name, each in body["payload"].items() if is_commitment(each)}
    if not committed:
        return
    for name, each in store.sealed(event.id).items():
        if committed.get(name) != commitment(each.salt, each.value):
            zh, en = f"封存内容{name}与校验值不符,被改动", f"the sealed value `{name}` is not what was committed to"
            raise _Bad(place, zh, en)


def _differences(store: Store, chains: _Chains, fold: Fold) -> Iterator[_Bad]:
    heads = {each.stream: (each.position, each.hash) for each in store.heads()}
    if heads != chains.heads:
        stream = min(set(heads.items()) ^ set(chains.heads.items()))[0]
        yield _Bad(
            f"stream {stream}",
            "链头与日志不符,末尾事件被删去",
            "its head differs from the log: its last events are gone",
        )
    for stream, told in fold.instances.items():
        yield from _instance_differences(store, stream, told, fold)
    known = sum(1 for _ in _instances(store))
    if known != len(fold.instances):
        yield _Bad("instances", "卷宗表有日志中没有的卷宗", "the table has instances that the log does not know")
    kept = store.spent(list(fold.keys))
    if any(kept.get(hash) != content for hash, content in fold.keys.items()):
        yield _Bad("keys", "幂等键表与日志不符", "the idempotency keys differ from the log")


def _instances(store: Store) -> Iterator[str]:
    after = ""
    while found := store.instances(after=after, limit=1000):
        yield from (each.id for each in found)
        after = found[-1].id


def _instance_differences(store: Store, stream: str, told: Any, fold: Fold) -> Iterator[_Bad]:
    place = f"instance {stream}"
    try:
        found = store.load(stream)
    except UnknownNameError:
        yield _Bad(place, "卷宗表缺少此卷宗", "the table lacks it")
        return
    instance = found.instance
    assert instance is not None
    if (instance.state, instance.version) != (told.state, told.version):
        yield _Bad(place, "状态或版本与日志不符", "its state or version differs from the log")
    if (instance.parent, instance.root, instance.business_id) != (told.parent, told.root, told.business_id):
        yield _Bad(place, "所属卷宗或业务编号与日志不符", "its parent, root or business id differs from the log")
    if dict(instance.facts) != told.facts:
        yield _Bad(place, "事实与日志不符", "its facts differ from the log")
    if dict(found.children) != fold.children.get(stream, {}):
        yield _Bad(place, "下级卷宗计数与日志不符", "its child counters differ from the log")
    if {each.id: each.kind for each in found.obligations} != fold.owed.get(stream, {}):
        yield _Bad(place, "待办义务与日志不符", "its obligations differ from the log")
    running = store.running(stream)
    due = (running.limit, running.due.isoformat() if running.due else None) if running is not None else None
    if due != fold.deadlines.get(stream):
        yield _Bad(place, "期限与日志不符", "its deadline differs from the log")
