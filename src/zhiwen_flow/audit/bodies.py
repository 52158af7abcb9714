"""
Read the body of an event exactly and quickly (事件正文的快速核对).

Most of a body says again what others said: the machine, the rulebook, the directory, the actor, the verdicts. So a body
of today's shape is cut at its top level, and parts that were read before are not read again. A text is canonical where
its keys stand in order and each part is canonical, so that nothing is taken on trust; a body that cannot be cut, of
another schema or of none, is read as any other text.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any, NamedTuple

from zhiwen_flow.audit.exact import ExactReader
from zhiwen_flow.upcasting import is_today

PARTS_KEPT = 2000
"""How many parts are remembered at a time."""

_WORD = r'"([^"\\\x00-\x1f]*)"'
_MAYBE = rf"(?:null|{_WORD})"
_NUMBER = r"(0|[1-9][0-9]{0,14})"
_OBJECT = r"(\{[^{}]*\})"
_OBJECT_OR_NULL = r"(null|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})"
_NESTED = r"(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})"
_LIST = r"(\[[^\[\]]*\])"
_REST = r"(\S.*)"
_UNREAD = r'(?:null|"[^"\\\x00-\x1f]*")'

# In the order of their names, as the canonical form has them.
_FIELDS = {
    "actor": _OBJECT,
    "business_id": _MAYBE,
    "calendar": _UNREAD,
    "causation": _UNREAD,
    "cites": _LIST,
    "correlation": _UNREAD,
    "deadline": _OBJECT_OR_NULL,
    "decided_at": _UNREAD,
    "directory": _OBJECT,
    "discharges": _LIST,
    "document": _UNREAD,
    "id": _WORD,
    "keep": _LIST,
    "key": rf'(?:null|\{{"content":{_WORD},"hash":{_WORD}\}})',
    "kind": _WORD,
    "machine": _OBJECT,
    "obliges": _LIST,
    "occurred_at": _UNREAD,
    "opens": _LIST,
    "parent": _MAYBE,
    "payload": _NESTED,
    "position": _NUMBER,
    "prev": _WORD,
    "reason": _UNREAD,
    "root": _MAYBE,
    "rulebook": _OBJECT,
    "schema": _NUMBER,
    "source": _WORD,
    "stream": _WORD,
    "target": _WORD,
    "tenant": _WORD,
    "trigger": _UNREAD,
    "verdicts": _REST,
    "version": _NUMBER,
}
_CUT = re.compile(
    r"\{" + ",".join(f'"{name}":{pattern}' for name, pattern in _FIELDS.items()) + r"\}", re.DOTALL
).fullmatch


class _Pieces(NamedTuple):
    """A body cut at its top level (按字段切分的正文), in the order of the captured parts."""

    actor: str
    business_id: str | None
    cites: str
    deadline: str
    directory: str
    discharges: str
    id: str
    keep: str
    content: str | None
    hash: str | None
    kind: str
    machine: str
    obliges: str
    opens: str
    parent: str | None
    payload: str
    position: str
    prev: str
    root: str | None
    rulebook: str
    schema: str
    source: str
    stream: str
    target: str
    tenant: str
    verdicts: str
    version: str


_SHARED = attrgetter("actor", "cites", "directory", "discharges", "keep", "machine", "rulebook", "verdicts")
"""The parts that other bodies say again."""


class BodyReader:
    """
    Parses bodies that must be the canonical encoding of what they say (正文读取); one reader serves one thread.

    It gives what verification looks at, and only to be looked at: parts are shared between bodies, and words of a body
    that nothing depends on are left out.
    """

    def __init__(self) -> None:
        self._exact = ExactReader()
        self._parts: dict[str, Any] = {}
        self.cut = 0
        """How many bodies were of today's shape."""

    def read(self, raw: bytes) -> Any:
        """
        Parse *raw* (读取正文).

        Raises:
            ValueError: it is not JSON, or says it in another form.
        """
        text = str(raw, "utf-8")
        match = _CUT(text)
        try:
            found = self._joined(_Pieces._make(match.groups())) if match is not None else None
        except ValueError:
            # Cut in a wrong place, or not canonical: the whole text decides.
            found = None
        if found is None:
            return self._exact.read_text(text)
        self.cut += 1
        return found

    def _joined(self, cut: _Pieces) -> dict[str, Any] | None:
        if len(self._parts) > PARTS_KEPT:
            self._parts.clear()
        number = int(cut.schema)
        if not is_today(number):
            # What is read as of today's schema needs all of the body.
            return None
        parts, own = self._parts, self._own
        for part in _SHARED(cut):
            if part not in parts:
                self._keep(part)
        if cut.opens != "[]":
            own(cut.opens)
        return {
            "business_id": cut.business_id,
            "deadline": None if cut.deadline == "null" else own(cut.deadline),
            "discharges": parts[cut.discharges],
            "id": cut.id,
            "keep": parts[cut.keep],
            "key": None if cut.hash is None else {"content": cut.content, "hash": cut.hash},
            "kind": cut.kind,
            "machine": parts[cut.machine],
            "obliges": [] if cut.obliges == "[]" else own(cut.obliges),
            "parent": cut.parent,
            "payload": own(cut.payload) if cut.payload != "{}" else {},
            "position": int(cut.position),
            "prev": cut.prev,
            "root": cut.root,
            "schema": number,
            "source": cut.source,
            "stream": cut.stream,
            "target": cut.target,
            "tenant": cut.tenant,
            "verdicts": parts[cut.verdicts],
            "version": int(cut.version),
        }

    def _own(self, part: str) -> Any:
        return self._exact.read_text(part)

    def _keep(self, part: str) -> None:
        self._parts[part] = self._exact.read_text(part)
