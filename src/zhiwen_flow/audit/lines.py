"""
Read an exported line exactly (逐行核对): its bytes are the canonical encoding of a body, its hash and its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import attrs

from zhiwen_flow.audit.bodies import BodyReader
from zhiwen_flow.audit.exact import ExactReader
from zhiwen_flow.audit.findings import BadError
from zhiwen_flow.canonical import MAX_INTEGER, canonical
from zhiwen_flow.stores.protocol import Tombstone
from zhiwen_flow.upcasting import is_known

_HEAD = b'{"body":'
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})","seq":([1-9][0-9]{0,15})\}\n')
_TOMBSTONE = {each.name: {"int": int, "str": str}[str(each.type)] for each in attrs.fields(Tombstone)}
_TAIL_LONGEST = len(b',"hash":"","seq":}\n') + 64 + 16
_BODY = ("schema", "id", "tenant", "stream", "position", "prev", "kind", "version")
_KINDS = (int, str, str, str, int, str, str, int)


@attrs.frozen
class Line:
    """One event of an exported log (日志行)."""

    seq: int
    hash: str
    raw: bytes
    body: dict[str, Any]


class LineReader:
    """Reads events and whole lines; what is wrong with one names its place (逐行核对)."""

    def __init__(self) -> None:
        self._bodies, self._texts = BodyReader(), ExactReader().read

    def line(self, line: bytes, place: str) -> Line | dict[str, Any]:
        """
        Read one line: an event, or else whatever canonical object it is, such as a trailer.

        Raises:
            BadError: it is neither.
        """
        if not line.endswith(b"\n"):
            raise BadError(place, "该行不完整,日志被截断", "the line is not complete: the log is cut off")
        tail = _TAIL.search(line, max(0, len(line) - _TAIL_LONGEST))
        if line.startswith(_HEAD) and tail is not None and tail.end() == len(line):
            raw, hash, seq = line[len(_HEAD) : tail.start()], tail[1].decode(), int(tail[2])
            if seq <= MAX_INTEGER:
                return Line(seq, hash, raw, self.body(raw, hash, place))
        found = self._object(self._texts, line[:-1], place)
        if "body" in found:
            raise BadError(place, "该行不是日志记录", "the line is not a record of the log")
        return found

    def body(self, raw: bytes, hash: str, place: str) -> dict[str, Any]:
        """
        Read the bytes of an event's body and hold them against their hash.

        Raises:
            BadError: they are not canonical, no body of an event, of a schema not known, or hash to something else.
        """
        cut = self._bodies.cut
        body: dict[str, Any] = self._object(self._bodies.read, raw, place)
        if self._bodies.cut == cut:
            self._check(body, place)
        if sha256(raw).hexdigest() != hash:
            raise BadError(place, "内容与哈希不符,该条被改动", "the content does not match its hash: it was altered")
        return body

    def _check(self, body: dict[str, Any], place: str) -> None:
        """See that it is a body of a schema that is known; one of today's shape is."""
        if tuple(map(type, map(body.get, _BODY))) != _KINDS:
            raise BadError(place, "该行不是日志记录", "the line is not a record of the log")
        if not is_known(body["schema"]):
            raise BadError(
                place,
                "事件格式比本程序新,或本程序不认得",
                "the event is of a newer schema than this program knows, or of none that there was",
            )

    def _object(self, read: Callable[[bytes], Any], raw: bytes, place: str) -> dict[str, Any]:
        try:
            found = read(raw)
        except ValueError as error:
            if str(error).startswith("not the canonical"):
                zh, en = "该行不是其内容的规范编码", "the line is not the canonical encoding of what it says"
            else:
                zh, en = "该行不是有效的 JSON", "the line is not valid JSON"
            raise BadError(place, zh, en) from None
        if not isinstance(found, dict):
            raise BadError(place, "该行不是日志记录", "the line is not a record of the log")
        return found


def line_of(raw: bytes, hash: str, seq: int) -> bytes:
    """Give the canonical line of one event; the body's bytes go in as they are, for they are canonical already."""
    return b'{"body":' + raw + b',"hash":"' + hash.encode() + b'","seq":' + str(seq).encode() + b"}\n"


def tombstone_line(tombstone: Tombstone) -> bytes:
    """Give the line of an archived stream."""
    return canonical({"archived": attrs.asdict(tombstone)}) + b"\n"


def tombstone_of(told: Any, place: str) -> Tombstone:
    """
    Read what a line says of an archived stream.

    Raises:
        BadError: it says something else.
    """
    if not isinstance(told, Mapping) or {name: type(each) for name, each in told.items()} != _TOMBSTONE:
        raise BadError(place, "该行不是日志记录", "the line is not a record of the log")
    return Tombstone(**told)


def trailer_line(trailer: Mapping[str, Any]) -> bytes:
    """Give the line of a trailer."""
    return canonical({"trailer": dict(trailer)}) + b"\n"
