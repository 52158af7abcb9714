"""
Audit events (审计事件): the immutable record of one change or one refusal, and the seal that chains them.

The hashed body is canonical JSON. The global position (`seq`) and `recorded_at` belong to the store and stand outside
the hash, because the database gives them after hashing.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import attrs

from zhiwen_flow.canonical import MAX_BYTES, canonical_fast, digest
from zhiwen_flow.errors import Fault, PayloadError
from zhiwen_flow.terms import EventKind
from zhiwen_flow.upcasting import UPCASTERS, upcast

SCHEMA = UPCASTERS.current
"""Version of the event body; raised with an upcaster whenever its shape changes."""

GENESIS = "0" * 64
"""The previous hash of the first event of a stream."""

ASKED_WITH = ("reason", "document")
"""Words of the command itself, sealed where a step about a person was refused."""


@attrs.frozen(kw_only=True)
class AuditEvent:
    """
    One sealed event as a store keeps it (审计事件).

    Args:
        seq: Global position in the store, rising; outside the hash.
        hash: SHA-256 of *raw*.
        raw: The canonical bytes of the body.
        recorded_at: When the store took it, aware; outside the hash.
    """

    seq: int
    hash: str
    raw: bytes = attrs.field(repr=False)
    recorded_at: dt.datetime

    @property
    def body(self) -> dict[str, Any]:
        """The parsed body as today's schema says it; sealed values are commitments in it."""
        return body_of(self.raw)

    @property
    def id(self) -> str:
        """The event's id, a time-ordered UUID."""
        return str(self.body["id"])

    @property
    def stream(self) -> str:
        """The instance it belongs to."""
        return str(self.body["stream"])

    @property
    def kind(self) -> EventKind:
        """What it records."""
        return EventKind(self.body["kind"])

    @property
    def position(self) -> int:
        """Its place in the chain of its stream, from 1."""
        return int(self.body["position"])


def body_of(raw: bytes) -> dict[str, Any]:
    """Parse the bytes of a body, of whichever schema, as today's says it (读取正文)."""
    return upcast(json.loads(raw))


def seal(body: dict[str, Any], *, position: int, version: int, prev: str) -> tuple[bytes, str]:
    """
    Close an event (封签): give it its place in the chain, and hash it.

    Called by a store inside the append, under the lock of the stream's row. *body* is completed in place.

    Args:
        position: Place in the stream's chain, from 1.
        version: The instance's version after the event.
        prev: Hash of the event before; `GENESIS` for the first.

    Returns:
        The canonical bytes and their SHA-256 in hex.

    Raises:
        PayloadError: the event would be longer than `MAX_BYTES`.
    """
    body["position"] = position
    body["version"] = version
    body["prev"] = prev
    raw = canonical_fast(body)
    if len(raw) > MAX_BYTES:
        what = f"the event would be {len(raw)} bytes long, more than {MAX_BYTES}"
        raise PayloadError(Fault("payload", "", what, "put long material into files and send their numbers"))
    return raw, digest(raw)


def new_id(at: dt.datetime, entropy: bytes) -> str:
    """
    Make a time-ordered UUID, version 7 (按时间排序的编号), as 32 hex digits.

    Args:
        at: Its moment, aware.
        entropy: Ten random bytes.

    >>> at = dt.datetime(2011, 8, 15, tzinfo=dt.timezone.utc)
    >>> new_id(at, bytes(10))
    '0131cabcdc0070008000000000000000'
    """
    millis = int(at.timestamp() * 1000)
    number = millis << 80 | int.from_bytes(entropy[:10])
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return f"{number:032x}"
