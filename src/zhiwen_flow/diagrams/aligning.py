"""
Straighten a placed layout (对齐): the main path, long lines and the rules between lanes become exactly straight.

Cells that must share an axis form a group; groups then move as near to their neighbours as the others leave room.
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from zhiwen_flow.diagrams.layers import SPINE, Cell, Form, Layout, Wire

GAP = 16.0
"""Least room between two cells of a layer."""
ROUNDS = 60
NEAR = 10.0
"""A jog shorter than this is taken out where there is room."""


def align(layout: Layout) -> None:
    """Set the final `x` of every cell, the leftmost edge at 0."""
    bound = [each for each in layout.wires if _is_straight(each)]
    groups = _Groups(layout, bound)
    groups.settle()
    groups.snap()
    shift = -min((each.x - each.left for layer in layout.layers for each in layer), default=0.0)
    for layer in layout.layers:
        for each in layer:
            each.x += shift


def _is_straight(wire: Wire) -> bool:
    """Main path and connectors inside a lane, and every line that runs through two layers."""
    if wire.weight >= SPINE:
        return wire.upper.lane == wire.lower.lane
    return wire.upper.form is Form.BEND and wire.lower.form is Form.BEND


class _Groups:
    def __init__(self, layout: Layout, bound: list[Wire]) -> None:
        self._layout = layout
        self._order: list[str] = []
        self._key = self._joined(bound)
        self._members: dict[str, list[Cell]] = {}
        for layer in layout.layers:
            for each in layer:
                self._members.setdefault(self._key[each.name], []).append(each)
        self._left: dict[str, list[tuple[Cell, Cell]]] = {}
        self._right: dict[str, list[tuple[Cell, Cell]]] = {}
        for one, other in _adjacent(layout):
            self._left.setdefault(self._key[other.name], []).append((one, other))
            self._right.setdefault(self._key[one.name], []).append((one, other))
        self._wires: dict[str, list[tuple[Cell, Cell, float]]] = {}
        for each in layout.wires:
            self._wires.setdefault(self._key[each.upper.name], []).append((each.upper, each.lower, each.weight))
            self._wires.setdefault(self._key[each.lower.name], []).append((each.lower, each.upper, each.weight))

    def _joined(self, bound: list[Wire]) -> dict[str, str]:
        """Join cells into groups, heaviest wires first, leaving out whatever would make two groups cross."""
        key = {each.name: each.name for layer in self._layout.layers for each in layer}
        for layer in self._layout.layers:
            for each in layer:
                if each.form is Form.RULE:
                    key[each.name] = each.name.partition(":")[0]
        self._order = self._sorted(key) or []
        for wire in sorted(bound, key=lambda each: -each.weight):
            one, other = key[wire.upper.name], key[wire.lower.name]
            if one == other:
                continue
            trial = {name: one if group == other else group for name, group in key.items()}
            if (order := self._sorted(trial)) is not None:
                key, self._order = trial, order
        return key

    def _sorted(self, key: dict[str, str]) -> list[str] | None:
        """Order groups from left to right; None where that cannot be."""
        before: dict[str, set[str]] = {each: set() for each in key.values()}
        for one, other in _adjacent(self._layout):
            if key[one.name] == key[other.name]:
                return None
            before[key[other.name]].add(key[one.name])
        try:
            return list(TopologicalSorter(before).static_order())
        except CycleError:
            return None

    def settle(self) -> None:
        """Make room from left to right, then let every group move towards what it is wired to."""
        for each in self._order:
            members = self._members[each]
            at = sum(cell.x for cell in members) / len(members)
            self._move(each, max(at, self._low(each)))
        for turn in range(ROUNDS):
            for each in reversed(self._order) if turn % 2 == 0 else self._order:
                self._move(each, min(max(self._wanted(each), self._low(each)), self._high(each)))

    def snap(self) -> None:
        """Take out jogs that are too short to look meant."""
        for wire in self._layout.wires:
            gap = wire.lower.x - wire.upper.x
            if 0.0 < abs(gap) <= NEAR and not self._slide(wire.upper, gap):
                self._slide(wire.lower, -gap)

    def _slide(self, cell: Cell, by: float) -> bool:
        group = self._key[cell.name]
        if any(
            abs(one.x - other.x) < 0.05
            for one, other, _ in self._wires.get(group, ())
            if self._key[other.name] != group
        ):
            return False
        at = cell.x + by
        if not self._low(group) <= at <= self._high(group):
            return False
        self._move(group, at)
        return True

    def _move(self, group: str, at: float) -> None:
        for each in self._members[group]:
            each.x = at

    def _low(self, group: str) -> float:
        pairs = self._left.get(group, ())
        low = max((one.x + one.right + GAP + other.left for one, other in pairs), default=-1e9)
        before = self._members.get(f"rule{int(group[4:]) - 1}") if group.startswith("rule") else None
        return max(low, before[0].x + self._layout.least) if before else low

    def _high(self, group: str) -> float:
        pairs = self._right.get(group, ())
        return min((other.x - other.left - GAP - one.right for one, other in pairs), default=1e9)

    def _wanted(self, group: str) -> float:
        members = self._members[group]
        if members[0].form is Form.RULE:
            return self._low(group)
        outside = [
            (other.x, weight) for _, other, weight in self._wires.get(group, ()) if self._key[other.name] != group
        ]
        if not outside:
            low = self._low(group)
            return low if low > -1e8 else members[0].x
        total = sum(weight for _, weight in outside)
        return sum(x * weight for x, weight in outside) / total


def _adjacent(layout: Layout) -> Iterator[tuple[Cell, Cell]]:
    for layer in layout.layers:
        yield from zip(layer, layer[1:], strict=False)
