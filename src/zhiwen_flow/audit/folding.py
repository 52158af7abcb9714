"""
Fold the events of one stream back into what the tables must say (由日志还原现状): state is the fold of the log. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

_NO_MOVE = ("refused", "refused_many")
_MOVES = ("opened", "moved", "recomputed")


@attrs.define(kw_only=True)
class Folded:
    """
    What the log says of one stream (卷宗现状).

    Args:
        state: Its state; None while only refusals stand there.
        owed: Kinds of the open obligations by their ids.
        deadline: Limit and last day of the running deadline.
    """

    state: str | None = None
    version: int = 0
    machine: str | None = None
    parent: str | None = None
    root: str | None = None
    business_id: str | None = None
    facts: dict[str, Any] = attrs.field(factory=dict)
    owed: dict[str, str] = attrs.field(factory=dict)
    deadline: tuple[str, str | None] | None = None

    def take(self, body: Mapping[str, Any]) -> bool:
        """
        Take the next event of the stream.

        Returns:
            False where it does not follow from those before: it starts from another state, or another version.
        """
        kind = body["kind"]
        if kind in _NO_MOVE:
            return bool(body["version"] == self.version)
        follows = self._moved(body) if kind in _MOVES else body["version"] == self.version
        if self.owed:
            settled = body["discharges"]
            self.owed = {id: owed for id, owed in self.owed.items() if owed not in settled}
        for owed in body["obliges"]:
            self.owed[owed["id"]] = owed["kind"]
        return bool(follows)

    def _moved(self, body: Mapping[str, Any]) -> bool:
        source, target = body["source"], body["target"]
        follows = bool(source == (self.state or "") and body["version"] == self.version + 1)
        if self.state is None:
            self.machine, self.parent, self.root = body["machine"]["id"], body["parent"], body["root"]
            self.business_id = body["business_id"]
        self.state, self.version = target, self.version + 1
        for name in body["keep"]:
            self.facts[name] = body["payload"][name]
        if source != target:
            self.deadline = None
        if body["deadline"] is not None:
            self.deadline = body["deadline"]["limit"], body["deadline"]["due"]
        return follows


def fold(bodies: Iterable[Mapping[str, Any]]) -> Folded:
    """
    Fold the event bodies of one stream in their order (由日志还原).

    >>> fold([]).state is None
    True
    """
    found = Folded()
    for each in bodies:
        found.take(each)
    return found
