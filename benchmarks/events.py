"""
The event of one decided step: recorded by the library, and the same bytes written by hand.
"""

from __future__ import annotations

import hashlib
from typing import Any

from benchmarks.office import NOW, Office
from zhiwen_flow.canonical import canonical_fast
from zhiwen_flow.events import GENESIS, seal
from zhiwen_flow.recording import Recorder


class FixedStamps:
    """The same id each time, so that both sides write the same bytes."""

    def id(self) -> str:
        """Give the one id."""
        return "0" * 32

    def salt(self) -> bytes:
        """Give the one salt."""
        return bytes(16)


class Body:
    """The library: changeset and seal, as `Flow` and a store make them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.recorder = Recorder(tenant="default", stamps=FixedStamps())
        self.judged = office.judged(0)

    def sealed(self) -> bytes:
        """Give the bytes of one event."""
        change = self.recorder.record(self.judged)
        return seal(change.drafts[0].body, position=2, version=2, prev=GENESIS)[0]

    def run(self, times: int) -> None:
        """Record and seal *times*, chained."""
        prev = GENESIS
        record, judged = self.recorder.record, self.judged
        for _ in range(times):
            change = record(judged)
            _, prev = seal(change.drafts[0].body, position=2, version=2, prev=prev)

    def decide_and_record(self, times: int) -> None:
        """Decide, record and seal *times*."""
        prev = GENESIS
        for number in range(times):
            change = self.recorder.record(self.office.judged(number))
            _, prev = seal(change.drafts[0].body, position=2, version=2, prev=prev)


class PlainBody:
    """The floor: one dictionary literal, the same encoder, SHA-256."""

    def __init__(self, office: Office) -> None:
        pin = office.bench.pin
        directory = office.directory
        self.judged = office.judged(0)
        self.machine = {"id": pin.machine, "version": pin.machine_version, "hash": pin.machine_hash}
        self.rulebook = {"id": pin.rulebook, "version": pin.rulebook_version, "hash": pin.rulebook_hash}
        self.directory = {"id": directory.id, "version": directory.version, "hash": directory.hash}
        post = directory.post(office.actor.post, NOW.date())
        assert post is not None
        self.actor = {"id": office.actor.id, "post": office.actor.post, "organ": post.organ, "rank": post.rank}
        self.verdicts = [each.as_dict() for each in self.judged.decision.verdicts]
        self.encode = canonical_fast

    def body(self, prev: str) -> dict[str, Any]:
        """Write the body down."""
        at = NOW.isoformat()
        return {
            "schema": 1,
            "id": "0" * 32,
            "tenant": "default",
            "stream": "c1",
            "root": "c1",
            "parent": None,
            "business_id": None,
            "kind": "moved",
            "machine": self.machine,
            "rulebook": self.rulebook,
            "directory": self.directory,
            "calendar": None,
            "trigger": "decide",
            "source": "open",
            "target": "open",
            "actor": self.actor,
            "occurred_at": at,
            "decided_at": at,
            "payload": dict(self.judged.payload),
            "keep": ["gravity"],
            "verdicts": [dict(each) for each in self.verdicts],
            "cites": ["方案 二"],
            "reason": None,
            "document": None,
            "opens": [],
            "obliges": [],
            "discharges": [],
            "deadline": None,
            "key": None,
            "correlation": None,
            "causation": None,
            "position": 2,
            "version": 2,
            "prev": prev,
        }

    def sealed(self) -> bytes:
        """Give the bytes of one event."""
        return self.encode(self.body(GENESIS))

    def run(self, times: int) -> None:
        """Write and hash *times*, chained."""
        prev = GENESIS
        for _ in range(times):
            raw = self.encode(self.body(prev))
            prev = hashlib.sha256(raw).hexdigest()
