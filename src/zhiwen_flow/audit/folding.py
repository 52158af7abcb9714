"""
Fold events back into what the tables must say (由日志还原现状): state is the fold of the log. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs


@attrs.define(kw_only=True)
class Folded:
    """What the log says of one instance (卷宗现状)."""

    state: str
    version: int
    parent: str | None
    root: str
    business_id: str | None
    facts: dict[str, Any]


@attrs.define
class Fold:
    """
    Takes event bodies in their order and keeps what they add up to (折叠).

    `instances`, `children`, `owed`, `deadlines` and `keys` are what the tables of a store must say.
    """

    instances: dict[str, Folded] = attrs.field(factory=dict)
    children: dict[str, dict[tuple[str, str], int]] = attrs.field(factory=dict)
    owed: dict[str, dict[str, str]] = attrs.field(factory=dict)
    deadlines: dict[str, tuple[str, str | None]] = attrs.field(factory=dict)
    keys: dict[str, str] = attrs.field(factory=dict)

    def take(self, body: Mapping[str, Any]) -> None:
        """Take one event."""
        kind = body["kind"]
        if body["key"] is not None:
            self.keys[body["key"]["hash"]] = body["key"]["content"]
        if kind in ("refused", "refused_many"):
            return
        if kind in ("opened", "moved", "recomputed"):
            self._moved(body)
        stream = body["stream"]
        for settled in body["discharges"]:
            for id in [each for each, owed in self.owed.get(stream, {}).items() if owed == settled]:
                del self.owed[stream][id]
        for owed in body["obliges"]:
            self.owed.setdefault(stream, {})[owed["id"]] = owed["kind"]

    def _moved(self, body: Mapping[str, Any]) -> None:
        stream, source, target = body["stream"], body["source"], body["target"]
        kept = {name: body["payload"][name] for name in body["keep"]}
        known = self.instances.get(stream)
        if known is None:
            self.instances[stream] = Folded(
                state=target,
                version=1,
                parent=body["parent"],
                root=body["root"],
                business_id=body["business_id"],
                facts=kept,
            )
        else:
            known.state, known.version = target, known.version + 1
            known.facts |= kept
        if body["parent"] is not None and source != target:
            self._count(body, source, -1)
            self._count(body, target, 1)
        if source != target:
            self.deadlines.pop(stream, None)
        if body["deadline"] is not None:
            self.deadlines[stream] = (body["deadline"]["limit"], body["deadline"]["due"])

    def _count(self, body: Mapping[str, Any], state: str, by: int) -> None:
        if not state:
            return
        table = self.children.setdefault(body["parent"], {})
        place = (body["machine"]["id"], state)
        left = table.get(place, 0) + by
        if left:
            table[place] = left
        else:
            del table[place]


def fold(bodies: Iterable[Mapping[str, Any]]) -> Fold:
    """Fold event bodies in their order (由日志还原)."""
    found = Fold()
    for each in bodies:
        found.take(each)
    return found
