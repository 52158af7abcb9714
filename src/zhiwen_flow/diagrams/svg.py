"""
Draw a graph as a page (流程图成页): A4 portrait, picture above, conditions and citations below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from zhiwen_flow.diagrams.blocks import Block, action_block, draw_action, draw_state, state_block
from zhiwen_flow.diagrams.graph import Edge, Graph, Kind, Tone
from zhiwen_flow.diagrams.ink import BLUE, BLACK, GREY, NAVY, RED, Ink, number, polygon, rounded
from zhiwen_flow.diagrams.layers import Cell, Form, Layout, layered
from zhiwen_flow.diagrams.placing import place
from zhiwen_flow.diagrams.routing import Path, route
from zhiwen_flow.diagrams.text import circled, width, wrap

PAGE, EDGE = 794.0, 40.0
A4 = 297 / 210
SMALLEST = 0.72
"""A picture is never scaled below this; a larger one gets a longer page."""
MOST_LANES = 5
LANE_HEAD = 24.0
LANE_PAD = 10.0
NOTE = 10.5
BADGE = 8.0

_WORDS = {
    "zh": {
        "title": "{}流程图",
        "sub": "版本 {} · 总依据:{} · 校验码 {}",
        "conditions": "◇ 办理条件",
        "notes": "依据",
        "waived": "(暂不适用:{})",
        "step": "从“{}”经“{}”到“{}”",
        "legend": ("状态(承办、期限)", "动作", "◇ 有办理条件", "①② 依据,见下", "抄送、备案,不影响办理", "不予、退回、作废", "连接符:自标有同一字母的状态"),
        "colon": ":",
        "and": "、",
        "semi": ";",
    },
    "en": {
        "title": "{}: flow chart",
        "sub": "version {} · basis: {} · checksum {}",
        "conditions": "◇ Conditions",
        "notes": "Citations",
        "waived": " (resting: {})",
        "step": "from “{}” by “{}” to “{}”",
        "legend": ("state (who acts, limit)", "action", "◇ has conditions", "①② citation, below", "copy or record, never gates", "declines, returns, voids", "connector: from states with that letter"),
        "colon": ": ",
        "and": ", ",
        "semi": "; ",
    },
}


def svg(graph: Graph) -> str:
    """
    Draw *graph* (绘制流程图) as SVG text: the same graph gives the same bytes.

    >>> from zhiwen_flow.diagrams.graph import Edge, Graph, Kind, Node
    >>> ends = (Node(id="s0", state="", label="开始", kind=Kind.START), Node(id="s1", state="a", label="完", kind=Kind.DONE))
    >>> step = Edge(sources=("s0",), target="s1", trigger="open", label="建档", notes=(1,))
    >>> whole = Graph(id="a", version="1", title="甲", source="乙", lang="zh", hash="", nodes=ends, edges=(step,), notes=("丙",))
    >>> svg(whole).startswith("<svg")
    True
    """
    picture = _picture(graph)
    page = PAGE
    for _ in range(3):
        drawn = _page(graph, picture, page)
        grown = drawn.height / A4
        if grown <= page or grown > PAGE / SMALLEST:
            break
        page = grown
    return drawn.text


def _picture(graph: Graph) -> _Picture:
    """With a lane for each owner where they fit the page, otherwise without."""
    owners = {each.owner for each in graph.nodes if each.owner}
    if 2 <= len(owners) <= MOST_LANES:
        lanes = _Picture(graph, lanes=True)
        if lanes.width <= (PAGE - 2 * EDGE) / SMALLEST:
            return lanes
    return _Picture(graph, lanes=False)


@attrs.frozen
class _Drawn:
    text: str
    height: float


class _Picture:
    """The laid-out chart without its page."""

    def __init__(self, graph: Graph, *, lanes: bool) -> None:
        self.graph = graph
        self.layout: Layout = layered(graph, lanes=lanes)
        self._nodes = {each.id: each for each in graph.nodes}
        self._blocks: dict[str, Block] = {}
        for each in self.layout.cells.values():
            self._measure(each)
        place(self.layout)
        self.paths, self.height = route(self.layout)
        self.width = max(each.x + each.right for layer in self.layout.layers for each in layer)

    def _measure(self, cell: Cell) -> None:
        if cell.form is Form.CONNECTOR or cell.name == "s0":
            cell.left = cell.right = 9.0
            cell.height = 14.0
        elif cell.form is Form.STATE:
            block = self._blocks[cell.name] = state_block(
                self._nodes[cell.name], self.graph.lang, owned=not self.layout.lanes
            )
            cell.left = cell.right = block.width / 2
            cell.inner = block.width / 2 - 14
            cell.height = block.height
            self._measure_loops(cell)
        elif cell.form is Form.ACTION:
            edge = self.graph.edges[self.layout.steps[cell.name].edge]
            block = self._blocks[cell.name] = action_block(edge, self.graph.lang)
            cell.left = cell.right = block.width / 2
            cell.height = block.height
            cell.inner = 12 if len(edge.sources) > 1 else 0

    def _measure_loops(self, cell: Cell) -> None:
        loops = [action_block(self.graph.edges[each], self.graph.lang) for each in self.layout.loops.get(cell.name, ())]
        if not loops:
            return
        cell.right += 24 + max(each.width for each in loops)
        cell.height = max(cell.height, sum(each.height + 6 for each in loops) + 6)

    def draw(self, ink: Ink) -> None:
        """Lanes and lines first, so that blocks lie above them."""
        self._draw_lanes(ink)
        tones: dict[tuple[tuple[float, float], ...], tuple[bool, Path]] = {}
        for path in self.paths:
            stop = self.graph.edges[path.edge].tone is Tone.STOP
            known = tones.get(path.points)
            tones[path.points] = (stop and (known is None or known[0]), path)
        for stop, path in sorted(tones.values(), key=lambda each: not each[0]):
            _draw_path(ink, path, RED if stop else NAVY)
        for layer in self.layout.layers:
            for cell in layer:
                self._draw_cell(ink, cell)

    def _draw_lanes(self, ink: Ink) -> None:
        if not self.layout.lanes:
            return
        rules = sorted({each.x for layer in self.layout.layers for each in layer if each.form is Form.RULE})
        bounds = [-LANE_PAD, *rules, self.width + LANE_PAD]
        ink.rect(bounds[0], -LANE_HEAD - 8, bounds[-1] - bounds[0], LANE_HEAD, fill="#e3e9f2")
        height = self.height + LANE_HEAD + 16
        ink.rect(bounds[0], -LANE_HEAD - 8, bounds[-1] - bounds[0], height, stroke="#aab4c2", line=0.8)
        for name, low, high in zip(self.layout.lanes, bounds, bounds[1:], strict=True):
            ink.text((low + high) / 2, -LANE_HEAD / 2 - 3.5, name, size=12, bold=True, anchor="middle", fill=NAVY)
            if low > bounds[0]:
                ink.path(f"M{number(low)} {number(-LANE_HEAD - 8)}v{number(height)}", stroke="#aab4c2", line=0.8)

    def _draw_cell(self, ink: Ink, cell: Cell) -> None:
        if cell.form is Form.CONNECTOR:
            step = self.layout.steps[cell.name[1:]]
            _badge(ink, cell.x, cell.y + 7, step.badge, self.graph.edges[step.edge].tone)
        elif cell.form is Form.ACTION:
            edge = self.graph.edges[self.layout.steps[cell.name].edge]
            ink.open(hint=_hint(edge, self.graph))
            draw_action(ink, edge, self._blocks[cell.name], cell.x, cell.y)
            ink.close()
        elif cell.form is Form.STATE:
            self._draw_state(ink, cell)

    def _draw_state(self, ink: Ink, cell: Cell) -> None:
        node = self._nodes[cell.name]
        block = self._blocks.get(cell.name)
        top = cell.y if block is None else cell.y + (cell.height - block.height) / 2
        ink.open(hint=node.state or node.label)
        draw_state(ink, node, block or Block((), 0, 0), cell.x, top)
        ink.close()
        if block is None:
            return
        badges = self.layout.badges.get(cell.name, ())
        for index, (letter, number) in enumerate(badges):
            down = top + block.height / 2 + (index - (len(badges) - 1) / 2) * (2 * BADGE + 1)
            _badge(ink, cell.x - block.width / 2, down, letter, self.graph.edges[number].tone)
        self._draw_loops(ink, cell, block)

    def _draw_loops(self, ink: Ink, cell: Cell, block: Block) -> None:
        y = cell.y + 3
        right = cell.x + block.width / 2
        for each in self.layout.loops.get(cell.name, ()):
            edge = self.graph.edges[each]
            loop = action_block(edge, self.graph.lang)
            color = RED if edge.tone is Tone.STOP else NAVY
            middle = y + loop.height / 2
            ink.path(f"M{number(right)} {number(middle - 5)}h22", stroke=color, line=1.2)
            ink.path(f"M{number(right + 22)} {number(middle + 5)}h-16", stroke=color, line=1.2)
            ink.path(polygon(((right, middle + 5), (right + 7, middle + 1.5), (right + 7, middle + 8.5))), fill=color)
            draw_action(ink, edge, loop, right + 22 + loop.width / 2, y)
            y += loop.height + 6


def _draw_path(ink: Ink, path: Path, color: str) -> None:
    points = list(path.points)
    if path.head:
        down = path.head == "down"
        x, y = points[-1 if down else 0]
        back = y - 7 if down else y + 7
        points[-1 if down else 0] = (x, back)
        ink.path(polygon(((x, y), (x - 3.8, back), (x + 3.8, back))), fill=color)
    ink.path(rounded(points, 6), stroke=color, line=1.3)


def _badge(ink: Ink, x: float, y: float, letter: str, tone: Tone) -> None:
    color = RED if tone is Tone.STOP else NAVY
    ink.circle(x, y, BADGE, fill="#ffffff", stroke=color, line=1.3)
    ink.text(x, y + 3.8, letter, size=10.5, fill=color, anchor="middle", bold=True)


def _hint(edge: Edge, graph: Graph) -> str:
    words = _WORDS[graph.lang]
    said = [f"{edge.label} ({edge.trigger})", *edge.conditions, *(graph.notes[each - 1] for each in edge.notes)]
    return words["semi"].join(said)  # type: ignore[attr-defined]


# --- the page ---


def _page(graph: Graph, picture: _Picture, page: float) -> _Drawn:
    ink = Ink()
    room = page - 2 * EDGE
    y = _head(ink, graph, page)
    if picture.layout.lanes:
        y += LANE_HEAD
        room -= 2 * LANE_PAD
    scale = max(min(1.0, room / picture.width), SMALLEST)
    ink.open(x=max(EDGE, (page - picture.width * scale) / 2), y=y, scale=scale)
    picture.draw(ink)
    ink.close()
    y += picture.height * scale + 24
    y = _legend(ink, graph, page, y)
    y = _columns(ink, _word(graph, "conditions"), list(_conditions(graph)), page, y)
    notes = [f"{circled(index)} {each}" for index, each in enumerate(graph.notes, start=1)]
    y = _columns(ink, _word(graph, "notes"), notes, page, y)
    wide = max(page, picture.width * scale + 2 * EDGE)
    text = ink.document(
        id=re.sub(r"[^A-Za-z0-9_-]", "-", graph.id) or "graph",
        title=_word(graph, "title").format(graph.title),
        description=_word(graph, "semi").join(_spoken(graph)),
        lang=graph.lang,
        width=wide,
        height=y + EDGE / 2,
    )
    return _Drawn(text, y + EDGE / 2)


def _word(graph: Graph, name: str) -> str:
    return str(_WORDS[graph.lang][name])


def _head(ink: Ink, graph: Graph, page: float) -> float:
    y = EDGE + 14
    for each in wrap(_word(graph, "title").format(graph.title), (page - 2 * EDGE) / 20):
        ink.text(page / 2, y, each, size=20, bold=True, anchor="middle")
        y += 26
    sub = _word(graph, "sub").format(graph.version, graph.source, graph.hash[:12])
    for each in wrap(sub, (page - 2 * EDGE) / NOTE):
        ink.text(page / 2, y - 4, each, size=NOTE, fill=GREY, anchor="middle")
        y += 15
    return y + 8


def _spoken(graph: Graph) -> Iterator[str]:
    labels = {each.id: each.label for each in graph.nodes}
    for edge in graph.edges:
        sources = _word(graph, "and").join(labels[each] for each in edge.sources)
        yield _word(graph, "step").format(sources, edge.label, labels[edge.target])


def _conditions(graph: Graph) -> Iterator[str]:
    for label, conditions, waived in dict.fromkeys((e.label, e.conditions, e.waived) for e in graph.edges):
        if conditions:
            said = label + _word(graph, "colon") + _word(graph, "semi").join(conditions)
            rest = _word(graph, "waived").format(_word(graph, "semi").join(waived)) if waived else ""
            yield said + rest


def _columns(ink: Ink, head: str, items: list[str], page: float, y: float) -> float:
    """Write items in two columns of about one height, under a heading."""
    if not items:
        return y
    y += 10
    ink.path(f"M{number(EDGE)} {number(y)}H{number(page - EDGE)}", stroke="#c8ced6", line=0.8)
    y += 17
    ink.text(EDGE, y, head, size=12, fill=NAVY, bold=True)
    y += 6
    gap = 24.0
    column = (page - 2 * EDGE - gap) / 2
    wrapped = [wrap(each, column / NOTE - 1) for each in items]
    half = sum(map(len, wrapped)) / 2
    lines, at, bottom, x = 0, y, y, EDGE
    for each in wrapped:
        if x == EDGE and lines and lines + len(each) / 2 > half:
            x, at = EDGE + column + gap, y
        for index, line in enumerate(each):
            at += 15
            ink.text(x + (NOTE if index else 0), at, line, size=NOTE)
        lines += len(each)
        bottom = max(bottom, at)
    return bottom + 6


def _legend(ink: Ink, graph: Graph, page: float, y: float) -> float:
    """Say what the signs mean; only those that stand in this picture."""
    words = _WORDS[graph.lang]["legend"]
    used = (
        True,
        True,
        any(each.conditions for each in graph.edges),
        True,
        any(each.copies for each in graph.edges),
        any(each.tone is Tone.STOP for each in graph.edges),
        True,
    )
    x = EDGE
    for index, (word, shown) in enumerate(zip(words, used, strict=True)):
        if not shown:
            continue
        room = 30 + width(word) * NOTE + 14 if index not in (2, 3) else width(word) * NOTE + 14
        if x + room > page - EDGE:
            x, y = EDGE, y + 18
        _sign(ink, index, x, y)
        ink.text(x + (28 if index not in (2, 3) else 0), y, word, size=NOTE, fill=BLUE if index in (2, 3) else GREY)
        x += room
    return y + 6


def _sign(ink: Ink, index: int, x: float, y: float) -> None:
    middle = y - 4
    if index == 0:
        ink.rect(x, middle - 6, 24, 12, fill="#edf2f9", stroke=NAVY, line=1.2, radius=4)
    elif index == 1:
        ink.rect(x, middle - 6, 24, 12, fill="#f5f6f7", radius=3)
        ink.path(f"M{number(x + 12)} {number(middle - 6)}v12", stroke=NAVY, line=1.2)
    elif index == 4:
        ink.rect(x, middle - 6, 24, 12, stroke=GREY, dashed=True, radius=2)
    elif index == 5:
        ink.path(f"M{number(x)} {number(middle)}h24", stroke=RED, line=1.3)
        ink.cross(x + 12, middle, 7, RED)
    elif index == 6:
        _badge(ink, x + 12, middle, "A", Tone.PLAIN)
