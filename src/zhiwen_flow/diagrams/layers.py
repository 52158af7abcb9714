"""
Put nodes and actions on layers and cut long edges into short wires (分层): the first step of the layout.

States stand on even layers, actions on odd ones. Wires join neighbouring layers only; those of one net may share a bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import attrs

from zhiwen_flow.diagrams.graph import START, Edge, Graph

SPREAD = 4
"""An action that starts from so many states is drawn with connectors instead of lines (以连接符代替连线)."""

SPINE = 10.0
"""Weight of the wires of the main path."""


class Form(StrEnum):
    """What a cell is (单元种类)."""

    STATE = "state"
    ACTION = "action"
    BEND = "bend"
    CONNECTOR = "connector"
    RULE = "rule"


@attrs.define(eq=False, kw_only=True)
class Cell:
    """
    A thing that takes room on a layer (单元); placed by the later steps.

    Args:
        left: Extent to the left of its axis.
        right: Extent to the right of its axis.
        body: Height of what wires meet; the rest is room for loops.
        inner: Half of the width along which wires may meet it.
        lane: Swim lane it stands in; rules between lanes stand at halves.
    """

    name: str
    form: Form
    layer: int
    lane: float = 0.0
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    body: float | None = None
    inner: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @property
    def top(self) -> float:
        """Where wires from above end."""
        return self.y + (self.height - (self.height if self.body is None else self.body)) / 2

    @property
    def bottom(self) -> float:
        """Where wires to below begin."""
        return self.top + (self.height if self.body is None else self.body)


@attrs.frozen(kw_only=True, eq=False)
class Wire:
    """
    A piece of an edge between two neighbouring layers (线段).

    Args:
        net: Wires of one net may share bars and ports.
        upward: Whether the edge runs up here.
        edge: Number of the edge.
        weight: How straight it should be.
    """

    net: tuple[str, str]
    upper: Cell
    lower: Cell
    edge: int
    upward: bool = False
    weight: float = 1.0


@attrs.frozen(kw_only=True)
class Step:
    """
    A part of an edge with one direction (动作): all its sources above the target, or all below, or connectors.
    """

    edge: int
    sources: tuple[str, ...]
    target: str
    upward: bool = False
    badge: str = ""


@attrs.define(kw_only=True, eq=False)
class Layout:
    """
    Cells by layer, and the wires between them (布局).

    Args:
        loops: Edges that lead back to their own state, by state.
        badges: Connector letters by state.
        lanes: Names of the swim lanes; empty without lanes.
        least: Least width of a lane.
    """

    layers: list[list[Cell]]
    wires: list[Wire]
    cells: dict[str, Cell]
    steps: dict[str, Step]
    loops: dict[str, list[int]]
    badges: dict[str, list[tuple[str, int]]]
    lanes: tuple[str, ...] = ()
    least: float = 0.0


def layered(graph: Graph, *, lanes: bool = False) -> Layout:
    """
    Put a graph on layers (分层).

    Args:
        lanes: Whether each owner gets a swim lane (泳道).
    """
    return _Layering(graph, lanes=lanes).layout()


class _Layering:
    def __init__(self, graph: Graph, *, lanes: bool) -> None:
        self._graph = graph
        self._owners = tuple(dict.fromkeys(each.owner for each in graph.nodes if each.owner)) if lanes else ()
        self._ids = [each.id for each in graph.nodes]
        self._loops: dict[str, list[int]] = {}
        self._badges: dict[str, list[tuple[str, int]]] = {}
        self._steps = list(self._split(graph.edges))
        self._level = self._levels()
        self._cells: dict[str, Cell] = {}
        self._wires: list[Wire] = []
        self._spine = self._main_path()
        self._lane = self._lanes()

    # --- which way an edge runs ---

    def _split(self, edges: tuple[Edge, ...]) -> Iterator[Step]:
        """Give every edge its direction; loops and connectors leave the layering."""
        plain: list[tuple[int, str, str]] = []
        letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for number, edge in enumerate(edges):
            sources = [each for each in edge.sources if each != edge.target]
            if len(sources) < len(edge.sources):
                self._loops.setdefault(edge.target, []).append(number)
            letter = next(letters, "") if len(sources) >= SPREAD else ""
            if not letter:
                plain += [(number, each, edge.target) for each in sources]
                continue
            for each in sources:
                self._badges.setdefault(each, []).append((letter, number))
            yield Step(edge=number, sources=(), target=edge.target, badge=letter)
        backward = _back(self._ids, [(source, target) for _, source, target in plain])
        for number in dict.fromkeys(number for number, _, _ in plain):
            for upward in (False, True):
                target = edges[number].target
                sources = [s for n, s, t in plain if n == number and ((s, t) in backward) is upward]
                if sources:
                    yield Step(edge=number, sources=tuple(sources), target=target, upward=upward)

    # --- on which layer a node stands ---

    def _levels(self) -> dict[str, int]:
        pairs = [(source, each.target) for each in self._steps if not each.upward for source in each.sources]
        above: dict[str, list[str]] = {each: [] for each in self._ids}
        for source, target in pairs:
            above[target].append(source)
        level = _longest(self._ids, above)
        bottom = max(level.values(), default=0)
        reached = {target for _, target in pairs} | {START}
        for each in self._ids:
            if each not in reached:
                below = [level[target] for source, target in pairs if source == each]
                level[each] = max(2, min(below) - 2 if below else bottom)
        return level

    def _main_path(self) -> set[tuple[str, str]]:
        """The longest way down, drawn as straight as can be."""
        forward = [each for each in self._steps if not each.upward]
        best: dict[str, tuple[int, str]] = {}
        for each in sorted(self._ids, key=lambda id: -self._level[id]):
            options = [
                (best[step.target][0] + 1, step.target)
                for step in forward
                if each in step.sources and self._graph.edges[step.edge].tone == "plain"
            ]
            best[each] = max(options, key=lambda option: option[0], default=(0, ""))
        here, found = START, set()
        while best.get(here, (0, ""))[1]:
            found.add((here, best[here][1]))
            here = best[here][1]
        return found

    def _lanes(self) -> dict[str, float]:
        """Give every node its owner's lane; one without an owner stands where it is first reached from."""
        found = {
            each.id: float(self._owners.index(each.owner)) for each in self._graph.nodes if each.owner in self._owners
        }
        for each in sorted(self._ids, key=self._level.__getitem__):
            reached = (source for edge in self._graph.edges if edge.target == each for source in edge.sources)
            found.setdefault(each, next((found[source] for source in reached if source in found), 0.0))
        return found

    # --- cells and wires ---

    def layout(self) -> Layout:
        for each in self._ids:
            self._cell(each, Form.STATE, self._level[each], self._lane[each])
        named = {}
        for number, step in enumerate(self._steps):
            name = f"a{number}"
            named[name] = step
            if step.badge:
                self._connect(name, step)
            elif step.upward:
                self._rise(name, step)
            else:
                self._fall(name, step)
        layers: list[list[Cell]] = [[] for _ in range(max(each.layer for each in self._cells.values()) + 1)]
        for index in range(len(layers)):
            for number in range(1, len(self._owners)):
                self._cell(f"rule{number}:{index}", Form.RULE, index, number - 0.5)
        for each in self._cells.values():
            layers[each.layer].append(each)
        return Layout(
            lanes=self._owners,
            layers=layers,
            wires=self._wires,
            cells=self._cells,
            steps=named,
            loops=self._loops,
            badges=self._badges,
        )

    def _cell(self, name: str, form: Form, layer: int, lane: float) -> Cell:
        if name not in self._cells:
            self._cells[name] = Cell(name=name, form=form, layer=layer, lane=lane)
        return self._cells[name]

    def _wire(self, net: tuple[str, str], upper: Cell, lower: Cell, step: Step, *, spine: bool = False) -> None:
        bends = (upper.form is Form.BEND) + (lower.form is Form.BEND)
        weight = SPINE if spine else (1.0, 2.0, 6.0)[bends]
        wire = Wire(net=net, upper=upper, lower=lower, edge=step.edge, upward=step.upward, weight=weight)
        self._wires.append(wire)

    def _fall(self, name: str, step: Step) -> None:
        layer = max(self._level[each] for each in step.sources) + 1
        action = self._cell(name, Form.ACTION, layer, self._lane[step.sources[0]])
        for source in step.sources:
            spine = (source, step.target) in self._spine
            if len(step.sources) == 1:
                self._wire(("out", source), self._cells[source], action, step, spine=spine)
            else:
                self._chain(("in", name), self._cells[source], action, step)
        spine = any((source, step.target) in self._spine for source in step.sources)
        self._chain(("into", step.target), action, self._cells[step.target], step, spine=spine)

    def _rise(self, name: str, step: Step) -> None:
        layer = min(self._level[each] for each in step.sources) - 1
        action = self._cell(name, Form.ACTION, layer, self._lane[step.sources[0]])
        for source in step.sources:
            self._chain(("rise", source if len(step.sources) == 1 else name), action, self._cells[source], step)
        self._chain(("rise_into", step.target), self._cells[step.target], action, step)

    def _connect(self, name: str, step: Step) -> None:
        level = self._level[step.target]
        lane = self._lane[step.target]
        circle = self._cell(f"c{name}", Form.CONNECTOR, level - 2, lane)
        action = self._cell(name, Form.ACTION, level - 1, lane)
        self._wire(("out", circle.name), circle, action, step, spine=True)
        self._wire(("into", step.target), action, self._cells[step.target], step)

    def _chain(self, net: tuple[str, str], upper: Cell, lower: Cell, step: Step, *, spine: bool = False) -> None:
        """Join two cells by bends on the layers between; edges of one net share them."""
        here = upper
        for layer in range(upper.layer + 1, lower.layer):
            lane = (lower if net[0] in ("in", "into", "rise") else upper).lane
            bend = self._cell(f"{net[0]}:{net[1]}:{layer}", Form.BEND, layer, lane)
            self._wire(net, here, bend, step)
            here = bend
        self._wire(net, here, lower, step, spine=spine and here is upper)


def _back(ids: list[str], pairs: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Find the edges that lead back to where one came from, by walking depth first in the order of the file."""
    out: dict[str, list[str]] = {each: [] for each in ids}
    for source, target in pairs:
        out[source].append(target)
    found: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for root in ids:
        if root in seen:
            continue
        seen.add(root)
        path, open_now = [(root, iter(out[root]))], {root}
        while path:
            here, rest = path[-1]
            step = next(rest, None)
            if step is None:
                path.pop()
                open_now.discard(here)
            elif step in open_now:
                found.add((here, step))
            elif step not in seen:
                seen.add(step)
                open_now.add(step)
                path.append((step, iter(out[step])))
    return found


def _longest(ids: Iterable[str], above: dict[str, list[str]]) -> dict[str, int]:
    """Give every node the length of the longest way to it, in layers of two."""
    level: dict[str, int] = {}
    waiting = [each for each in ids]
    while waiting:
        later = []
        for each in waiting:
            if all(source in level for source in above[each]):
                level[each] = max((level[source] + 2 for source in above[each]), default=0)
            else:
                later.append(each)
        waiting = later
    return level
