"""
Order the cells of each layer and give them coordinates (排序与定位): few crossings, straight main path, no overlaps.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence

from zhiwen_flow.diagrams.aligning import GAP, align
from zhiwen_flow.diagrams.layers import SPINE, Cell, Form, Layout, Wire

SWEEPS = 24
ROUNDS = 16

Neighbours = Mapping[str, Sequence[tuple[Cell, float]]]


def place(layout: Layout) -> None:
    """Order all layers and set `x` of every cell (定位)."""
    above, below = _neighbours(layout.wires)
    _order(layout, above, below)
    _spread(layout.layers)
    for turn in range(ROUNDS):
        downward = turn % 2 == 0
        for layer in layout.layers if downward else reversed(layout.layers):
            _settle(layer, above if downward else below)
    align(layout)


def _neighbours(wires: Iterable[Wire]) -> tuple[Neighbours, Neighbours]:
    above: dict[str, list[tuple[Cell, float]]] = {}
    below: dict[str, list[tuple[Cell, float]]] = {}
    for each in wires:
        above.setdefault(each.lower.name, []).append((each.upper, each.weight))
        below.setdefault(each.upper.name, []).append((each.lower, each.weight))
    return above, below


# --- order ---


def _order(layout: Layout, above: Neighbours, below: Neighbours) -> None:
    spine = {each for wire in layout.wires if wire.weight >= SPINE for each in (wire.upper.name, wire.lower.name)}
    layers = [_sorted(_centred(each, spine), (), {}) for each in layout.layers]
    best, fewest = [list(each) for each in layers], _crossings(layers, below)
    last = len(layers) - 1
    for turn in range(SWEEPS):
        if turn % 2 == 0:
            for index in range(1, last + 1):
                layers[index] = _sorted(layers[index], layers[index - 1], above)
        else:
            for index in reversed(range(last)):
                layers[index] = _sorted(layers[index], layers[index + 1], below)
        _swap(layers, above, below)
        count = _crossings(layers, below)
        if count < fewest:
            best, fewest = [list(each) for each in layers], count
    layout.layers[:] = best


def _centred(layer: list[Cell], spine: set[str]) -> list[Cell]:
    """Begin with the main path in the middle and the others at its two sides in turn."""
    middle = [each for each in layer if each.name in spine]
    others = [each for each in layer if each.name not in spine]
    return [*reversed(others[1::2]), *middle, *others[0::2]]


def _sorted(layer: list[Cell], fixed: Sequence[Cell], neighbours: Neighbours) -> list[Cell]:
    """Order a layer by lane, then by the middle of each cell's neighbours; a cell without any keeps its place."""
    place = {each.name: index for index, each in enumerate(fixed)}
    keys = {}
    for index, each in enumerate(layer):
        found = [(place[other.name], weight) for other, weight in neighbours.get(each.name, ()) if other.name in place]
        total = sum(weight for _, weight in found)
        middle = sum(at * weight for at, weight in found) / total if found else float(index)
        keys[each.name] = (each.lane, middle)
    return sorted(layer, key=lambda each: keys[each.name])


def _swap(layers: list[list[Cell]], above: Neighbours, below: Neighbours) -> None:
    """Swap neighbours of one lane wherever that saves a crossing."""
    for index, layer in enumerate(layers):
        up = {each.name: at for at, each in enumerate(layers[index - 1])} if index else {}
        down = {each.name: at for at, each in enumerate(layers[index + 1])} if index + 1 < len(layers) else {}
        for at in range(len(layer) - 1):
            one, other = layer[at], layer[at + 1]
            if one.lane != other.lane or one.form is Form.RULE:
                continue
            saved = 0
            for neighbours, order in ((above, up), (below, down)):
                first = [order[each.name] for each, _ in neighbours.get(one.name, ()) if each.name in order]
                second = [order[each.name] for each, _ in neighbours.get(other.name, ()) if each.name in order]
                saved += _pairs(first, second) - _pairs(second, first)
            if saved > 0:
                layer[at], layer[at + 1] = other, one


def _pairs(left: list[int], right: list[int]) -> int:
    """Crossings of a cell's wires with those of the cell to its right."""
    return sum(one > other for one in left for other in right)


def _crossings(layers: list[list[Cell]], below: Neighbours) -> int:
    total = 0
    for upper, lower in zip(layers, layers[1:], strict=False):
        place = {each.name: index for index, each in enumerate(lower)}
        seen: list[int] = []
        for cell in upper:
            ends = sorted(place[each.name] for each, _ in below.get(cell.name, ()) if each.name in place)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


# --- first coordinates ---


def _spread(layers: list[list[Cell]]) -> None:
    """Begin with every layer packed and centred."""
    for layer in layers:
        at = 0.0
        for each in layer:
            each.x = at + each.left
            at += each.left + each.right + GAP
        for each in layer:
            each.x -= at / 2


def _settle(layer: list[Cell], neighbours: Neighbours) -> None:
    """Move a layer as near to its neighbours as order and room allow: least squares by pooling adjacent violators."""
    offsets, offset = [], 0.0
    for index, each in enumerate(layer):
        offset += (layer[index - 1].right + GAP + each.left) if index else 0.0
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []
    for each, start in zip(layer, offsets, strict=True):
        wanted, weight = _wanted(each, neighbours)
        block = (wanted - start, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            value, mass, count = blocks.pop()
            total = mass + block[1]
            block = ((value * mass + block[0] * block[1]) / total, total, count + block[2])
        blocks.append(block)
    values = [value for value, _, count in blocks for _ in range(count)]
    for each, value, start in zip(layer, values, offsets, strict=True):
        each.x = value + start


def _wanted(cell: Cell, neighbours: Neighbours) -> tuple[float, float]:
    found = neighbours.get(cell.name, ())
    weight = sum(each for _, each in found)
    if not weight:
        return cell.x, 0.1
    return sum(other.x * each for other, each in found) / weight, weight
