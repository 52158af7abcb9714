"""
Hold a whole store against its log (全库核对), stream by stream, in memory that does not grow with either.

Events and tables are read side by side in the order of the streams' ids, so that only one stream is held at a time.
What a child changes in its parent stands in the parent's own chain; the parent's counters are counted by the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhiwen_flow.audit.checkpoint import Prefix
from zhiwen_flow.audit.export import tombstones
from zhiwen_flow.audit.findings import BadError, Progress
from zhiwen_flow.audit.folding import Folded
from zhiwen_flow.audit.lines import LineReader
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.view import is_commitment
from zhiwen_flow.canonical import commitment
from zhiwen_flow.changes import SealedValue
from zhiwen_flow.events import ASKED_WITH, GENESIS
from zhiwen_flow.stores.protocol import Kept, Logged, Store
from zhiwen_flow.terms import EventKind
from zhiwen_flow.upcasting import upcast

PAGE = 1000
KEYS_ASKED = 500
_STRAY = {
    "counters": ("下级卷宗计数与日志不符", "its child counters differ from the log"),
    "obligations": ("待办义务与日志不符", "its obligations differ from the log"),
    "deadlines": ("期限与日志不符", "its deadline differs from the log"),
    "sealed": ("封存内容不属于任何事件", "there is a sealed value that no event committed to"),
}


class Survey:
    """
    One walk over a store (全库核对), made inside a snapshot.

    Args:
        store: The store.
        prefix: The checkpoint to hold it against.
        progress: Told how many events were read, of how many.
    """

    def __init__(self, store: Store, prefix: Prefix | None, progress: Progress) -> None:
        self.count = self.streams = self.archived = 0
        self._store, self._prefix, self._progress = store, prefix, progress
        self._reader = LineReader()
        self._tables = _tables(store)
        self._archives = _Archives(store, prefix)
        self._keys: dict[str, tuple[str, str]] = {}
        self._keyed = 0

    def run(self) -> None:
        """
        Walk (核对).

        Raises:
            BadError: at the first thing that is wrong, in the order of the streams.
        """
        total = self._store.totals()
        chain = _Chain("", None)
        for row in _log(self._store):
            if row.stream != chain.stream:
                self._end(chain)
                self._archives.until(row.stream)
                chain = _Chain(row.stream, self._next_kept(row.stream))
                self.streams += 1
            body = self._body(row)
            try:
                self._take(chain, row, body)
            except (KeyError, TypeError, AttributeError):
                zh = "该行不是日志记录"
                raise BadError(f"seq {row.seq}", zh, "the line is not a record of the log") from None
            self.count += 1
            if self.count % PAGE == 0:
                self._progress(self.count, total.events)
        self._end(chain)
        self.archived = self._archives.finish()
        if (left := next(self._tables, None)) is not None:
            raise _gone(left.head.stream)
        self._check_keys()
        if self._keyed != total.keys:
            raise BadError("keys", "幂等键表有日志中没有的键", "there are idempotency keys that the log does not know")
        for table, stream in self._store.strays():
            raise BadError(f"instance {stream}", *_STRAY[table])

    def _take(self, chain: _Chain, row: Logged, body: Mapping[str, Any]) -> None:
        chain.take(row, body, self._prefix.last if self._prefix is not None else 0)
        if body["kind"] == EventKind.ARCHIVED:
            self._archives.told(body["payload"])
        if (key := body["key"]) is not None:
            self._keyed += 1
            self._keys[key["hash"]] = key["content"], row.id
            if len(self._keys) >= KEYS_ASKED:
                self._check_keys()

    def _body(self, row: Logged) -> dict[str, Any]:
        place = f"seq {row.seq}"
        body = self._reader.body(row.raw, row.hash, place)
        if (body["stream"], body["position"], body["id"], body["kind"]) != (
            row.stream,
            row.position,
            row.id,
            row.kind,
        ) or body.get("tenant") != self._store.tenant:
            raise BadError(place, "该行所载与事件正文不符", "what stands beside the event differs from its body")
        return upcast(body)

    def _next_kept(self, stream: str) -> Kept:
        kept = next(self._tables, None)
        if kept is not None and kept.head.stream < stream:
            raise _gone(kept.head.stream)
        if kept is None or kept.head.stream != stream:
            raise BadError(f"stream {stream}", "卷宗表缺少此卷宗", "the table lacks it")
        return kept

    def _end(self, chain: _Chain) -> None:
        chain.end()
        if self._prefix is not None and chain.before is not None:
            self._prefix.take(chain.stream, *chain.before)

    def _check_keys(self) -> None:
        if self._store.spent(list(self._keys)) != self._keys:
            raise BadError("keys", "幂等键表与日志不符", "the idempotency keys differ from the log")
        self._keys.clear()


class _Archives:
    """What stays of archived streams, merged into the walk, and what the log says of their archives."""

    def __init__(self, store: Store, prefix: Prefix | None) -> None:
        self._left = tombstones(store)
        self._next = next(self._left, None)
        self._prefix = prefix
        self._roots: dict[str, MerkleRoot] = {}
        self._told: dict[str, tuple[int, str]] = {}

    def until(self, stream: str | None) -> None:
        """Take those before *stream*; all that are left where it is None."""
        while (each := self._next) is not None and (stream is None or each.stream <= stream):
            if each.stream == stream:
                zh, en = "该卷宗已归档,却又在日志中", "it is archived, and stands in the log again"
                raise BadError(f"stream {stream}", zh, en)
            self._roots.setdefault(each.archive, MerkleRoot()).add(head_leaf(each.stream, each.position, each.head))
            if self._prefix is not None:
                self._prefix.take_archived(each)
            self._next = next(self._left, None)

    def told(self, payload: Mapping[str, Any]) -> None:
        """Take what an event says of an archive."""
        self._told[payload["archive"]] = payload["streams"], payload["merkle_root"]

    def finish(self) -> int:
        """Hold what stays against what was recorded; give the number of archived streams."""
        self.until(None)
        for archive, root in self._roots.items():
            if archive not in self._told:
                zh = f"归档{archive}没有办完;对该文件运行 `zhiwen-flow store archive --finish`"
                en = f"archive {archive} was not finished; run `zhiwen-flow store archive --finish` on its file"
                raise BadError("archived", zh, en)
            if self._told[archive] != (root.count, root.hexdigest()):
                zh, en = f"归档{archive}的留痕与登记不符", f"what stays of archive {archive} is not what was recorded"
                raise BadError("archived", zh, en)
        for archive in set(self._told) - set(self._roots):
            if self._told[archive][0]:
                raise BadError("archived", f"归档{archive}的留痕不见了", f"nothing stays of archive {archive}")
        return sum(each.count for each in self._roots.values())


class _Chain:
    """One stream's chain, its fold, and what the tables say of it."""

    def __init__(self, stream: str, kept: Kept | None) -> None:
        self.stream = stream
        self.before: tuple[int, str] | None = None
        self._kept = kept
        self._sealed = dict(kept.sealed) if kept is not None else {}
        self._folded = Folded()
        self._position, self._hash, self._seq = 0, GENESIS, 0

    def take(self, row: Logged, body: Mapping[str, Any], cut: int) -> None:
        """Take the next event, or say what is wrong with it; *cut* is where a checkpoint was made."""
        if row.position != self._position + 1 or body["prev"] != self._hash or row.seq <= self._seq:
            raise self._unlinked(row)
        self._position, self._hash, self._seq = row.position, row.hash, row.seq
        if row.seq <= cut:
            self.before = row.position, row.hash
        if not self._folded.take(body):
            zh, en = "起点或版本与前面各条不衔接", "it does not start from the state or version that the others lead to"
            raise BadError(f"seq {row.seq}", zh, en)
        kept = self._sealed.pop(row.id, None)
        if kept is not None:
            _check_seals(kept, _commitments(body), f"seq {row.seq}")

    def _unlinked(self, row: Logged) -> BadError:
        place, stream, last = f"seq {row.seq}", self.stream, self._position
        if row.position != last + 1:
            en = f"stream {stream}: position {row.position} follows {last}; an event is missing or stands twice"
            return BadError(place, f"卷宗{stream}第{last}条之后是第{row.position}条,有缺失或重复", en)
        if row.seq <= self._seq:
            zh = f"序号{row.seq}没有大于前一条的{self._seq},次序被改动或重复"
            return BadError(place, zh, "its order was changed, or it stands twice")
        return BadError(
            place, f"卷宗{stream}第{last + 1}条与前一条的哈希不衔接", "it does not link to the event before"
        )

    def end(self) -> None:
        """Hold what the chain adds up to against the tables."""
        kept, told, place = self._kept, self._folded, f"instance {self.stream}"
        if kept is None:
            return
        if (kept.head.position, kept.head.hash) != (self._position, self._hash):
            raise _gone(self.stream)
        for wrong, zh, en in _differences(kept, told):
            if wrong:
                raise BadError(place, zh, en)
        if self._sealed:
            raise BadError(place, *_STRAY["sealed"])


def _differences(kept: Kept, told: Folded) -> Iterator[tuple[bool, str, str]]:
    yield (kept.instance is None) != (told.state is None), "卷宗表缺少此卷宗", "the table lacks it"
    found, running = kept.instance, kept.deadline
    if found is not None:
        yield (
            (found.state, found.version, found.pin.machine) != (told.state, told.version, told.machine),
            "状态或版本与日志不符",
            "its state or version differs from the log",
        )
        yield (
            (found.parent, found.root, found.business_id) != (told.parent, told.root, told.business_id),
            "所属卷宗或业务编号与日志不符",
            "its parent, root or business id differs from the log",
        )
        yield dict(found.facts) != told.facts, "事实与日志不符", "its facts differ from the log"
    yield dict(kept.owed) != told.owed, *_STRAY["obligations"]
    due = None if running is None else (running.limit, running.due.isoformat() if running.due is not None else None)
    yield due != told.deadline, *_STRAY["deadlines"]


def _commitments(body: Mapping[str, Any]) -> dict[str, str]:
    """Collect what an event committed to, by name."""
    payload, verdicts = body["payload"], body["verdicts"]
    found = {"verdicts": verdicts["sealed"]} if verdicts.__class__ is dict and is_commitment(verdicts) else {}
    # A body that was cut holds neither: there they are words, or nothing.
    found |= {name: body[name]["sealed"] for name in ASKED_WITH if is_commitment(body.get(name))}
    if is_commitment(payload):
        return found | {"payload": payload["sealed"]}
    for name, each in payload.items():
        if each.__class__ is dict and is_commitment(each):
            found[name] = each["sealed"]
    return found


def _check_seals(kept: Mapping[str, SealedValue], committed: Mapping[str, str], place: str) -> None:
    """What is kept apart must be what the event committed to; what was erased is gone for good."""
    for name, each in kept.items():
        if committed.get(name) != commitment(each.salt, each.value):
            zh, en = f"封存内容{name}与校验值不符,被改动", f"the sealed value `{name}` is not what was committed to"
            raise BadError(place, zh, en)


def _gone(stream: str) -> BadError:
    zh, en = "链头与日志不符,末尾事件被删去", "its head differs from the log: its last events are gone"
    return BadError(f"stream {stream}", zh, en)


def _log(store: Store) -> Iterator[Logged]:
    after = ("", 0)
    while rows := store.log(after=after, limit=PAGE):
        yield from rows
        after = rows[-1].stream, rows[-1].position


def _tables(store: Store) -> Iterator[Kept]:
    after = ""
    while rows := store.kept(after=after):
        yield from rows
        after = rows[-1].head.stream
