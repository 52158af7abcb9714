"""
Lead the wires through the gaps between layers (布线): ports, tracks and rounded right-angled paths.

Bars of different nets never lie on each other, nor do their stems: the gap grows until each has its own track.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from zhiwen_flow.diagrams.layers import Cell, Form, Layout, Wire

PORT = 14.0
"""Room between two ports of one side."""
TRACK = 9.0
"""Room between two bars of one gap."""
MARGIN = 8.5
"""Room between a layer and the first bar, and between the last bar and the next layer."""
STRAIGHT = 0.6

Port = tuple[str, str, tuple[str, str]]


@attrs.frozen(kw_only=True)
class Path:
    """
    A drawn wire (走线).

    Args:
        points: Corners from the upper end to the lower.
        edge: Number of the edge.
        head: Where the arrow points, ``"down"`` or ``"up"``; empty where there is no arrow.
    """

    points: tuple[tuple[float, float], ...]
    edge: int
    head: str = ""


def route(layout: Layout) -> tuple[tuple[Path, ...], float]:
    """
    Set `y` of every cell and give the paths (布线).

    Returns:
        The paths, and the height of the whole.
    """
    ports = _ports(layout)
    by_gap: dict[int, list[Wire]] = {}
    for each in layout.wires:
        by_gap.setdefault(each.upper.layer, []).append(each)
    y, tracks, tops = 0.0, {}, {}
    for index, layer in enumerate(layout.layers):
        height = max((each.height for each in layer), default=0.0)
        for each in layer:
            each.y = y + (height - each.height) / 2
        y += height
        tops[index] = y
        tracks[index], count = _tracks(by_gap.get(index, ()), ports)
        if index + 1 < len(layout.layers):
            y += 2 * MARGIN + TRACK * max(count - 1, 0)
    paths = [_path(each, ports, tops[each.upper.layer], tracks[each.upper.layer]) for each in layout.wires]
    return tuple(paths), y


# --- ports ---


def _ports(layout: Layout) -> dict[Port, float]:
    """Give every net that meets a side of a cell its place there."""
    sides: dict[tuple[str, str], dict[tuple[str, str], list[float]]] = {}
    cells: dict[tuple[str, str], Cell] = {}
    for each in layout.wires:
        for cell, side, other in ((each.upper, "bottom", each.lower), (each.lower, "top", each.upper)):
            cells[cell.name, side] = cell
            sides.setdefault((cell.name, side), {}).setdefault(each.net, []).append(other.x)
    found: dict[Port, float] = {}
    for (name, side), nets in sides.items():
        places = _places(cells[name, side], nets)
        found.update({(name, side, net): at for net, at in places.items()})
    return found


def _places(cell: Cell, nets: dict[tuple[str, str], list[float]]) -> dict[tuple[str, str], float]:
    """Put each net where it would run straight, as far as the side reaches and the others leave room."""
    order = sorted(nets, key=lambda net: (sum(nets[net]) / len(nets[net]), net))
    if len(order) == 1 and cell.form is Form.ACTION:
        return {order[0]: cell.x}
    low, high = cell.x - cell.inner, cell.x + cell.inner
    room = min(PORT, 2 * cell.inner / max(len(order) - 1, 1))
    straight = [net for net in order if len(nets[net]) == 1 and low <= nets[net][0] <= high]
    if not straight:
        first = cell.x - room * (len(order) - 1) / 2
        return {net: first + room * index for index, net in enumerate(order)}
    anchor = min(straight, key=lambda net: abs(nets[net][0] - cell.x))
    at, index = nets[anchor][0], order.index(anchor)
    left = min(room, (at - low) / index) if index else 0.0
    after = len(order) - 1 - index
    right = min(room, (high - at) / after) if after else 0.0
    return {net: at + (place - index) * (left if place < index else right) for place, net in enumerate(order)}


# --- tracks ---


@attrs.define(eq=False)
class _Net:
    key: tuple[str, str]
    uppers: set[float] = attrs.field(factory=set)
    lowers: set[float] = attrs.field(factory=set)
    track: int = -1

    @property
    def low(self) -> float:
        return min(self.uppers | self.lowers)

    @property
    def high(self) -> float:
        return max(self.uppers | self.lowers)


def _tracks(wires: Iterable[Wire], ports: dict[Port, float]) -> tuple[dict[tuple[str, str], int], int]:
    nets: dict[tuple[str, str], _Net] = {}
    for each in wires:
        net = nets.setdefault(each.net, _Net(each.net))
        net.uppers.add(ports[each.upper.name, "bottom", each.net])
        net.lowers.add(ports[each.lower.name, "top", each.net])
    bars = sorted(
        (each for each in nets.values() if each.high - each.low > STRAIGHT), key=lambda net: (net.low, net.key)
    )
    after = {each.key: [other for other in bars if other is not each and _meets(each, other)] for each in bars}
    placed: list[_Net] = []
    waiting = list(bars)
    while waiting:
        ready = [
            each for each in waiting if not any(each in after[other.key] for other in waiting if other is not each)
        ]
        each = ready[0] if ready else waiting[0]
        waiting.remove(each)
        least = max((other.track + 1 for other in placed if each in after[other.key]), default=0)
        taken = {other.track for other in placed if other.low < each.high + PORT and each.low < other.high + PORT}
        each.track = next(track for track in range(least, least + len(bars) + 1) if track not in taken)
        placed.append(each)
    return {each.key: each.track for each in bars}, max((each.track + 1 for each in bars), default=0)


def _meets(upper: _Net, lower: _Net) -> bool:
    """Whether a stem from above of one would lie on a stem to below of the other, unless its bar is higher."""
    return any(abs(one - other) < PORT / 2 for one in upper.uppers for other in lower.lowers)


# --- paths ---


def _path(wire: Wire, ports: dict[Port, float], top: float, tracks: dict[tuple[str, str], int]) -> Path:
    x1 = ports[wire.upper.name, "bottom", wire.net]
    x2 = ports[wire.lower.name, "top", wire.net]
    y1, y2 = wire.upper.bottom, wire.lower.top
    head = ""
    if wire.upward and wire.upper.form is Form.STATE:
        head = "up"
    elif not wire.upward and wire.lower.form is Form.STATE:
        head = "down"
    if abs(x1 - x2) <= STRAIGHT:
        return Path(points=((x1, y1), (x1, y2)), edge=wire.edge, head=head)
    bar = top + MARGIN + TRACK * tracks[wire.net]
    return Path(points=((x1, y1), (x1, bar), (x2, bar), (x2, y2)), edge=wire.edge, head=head)
