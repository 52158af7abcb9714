"""
Draw a machine as SVG (SVG 图), one card for each state, top to bottom, as a reader asks: 谁办、几天、要什么、交给谁.

Every step stands as a row in its state's card, so that no label hangs on a line; lines run in lanes at the right, one
lane for each state they lead to. Deterministic text; no script, no font embedded.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import attrs

from zhiwen_flow.diagrams.graph import Graph, Node, Step
from zhiwen_flow.diagrams.text import FONTS, printable, width, wrapped
from zhiwen_flow.machine.definition import End

PAGE = 794.0  # A4 at 96 dots an inch
LEFT, CARD, GAP, LANE = 36.0, 560.0, 22.0, 12.0
HEAD, ROW, SMALL, BODY = 30.0, 19.0, 11.0, 12.5
INK, GREY, RED, GREEN, BLUE = "#1f2933", "#52606d", "#b02a37", "#1e7e34", "#1f5fa8"
COLOURS = (BLUE, "#8a5a00", "#6b3fa0", "#00707a", "#a0366e", "#4a6b00", "#34495e")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@attrs.define
class _Card:
    node: Node
    top: float
    head: float
    height: float
    name: list[str]
    side: list[str]
    rows: list[tuple[Step, list[str], float]]

    @property
    def entry(self) -> float:
        """Where lines that lead here end."""
        return self.top + HEAD / 2


def svg(graph: Graph, lang: str = "zh") -> str:
    """Give the SVG text of a machine (生成 SVG)."""
    heading, top = headed(graph.title, graph.subtitle, 20)
    cards, bottom = _cards(graph, lang, top)
    lanes = _lanes(cards)
    notes = _notes(graph, bottom + 20, lang)
    height = bottom + 20 + notes[1]
    parts = [
        _opening_tag(height),
        f"<title>{clean(graph.title)}</title>",
        f"<desc>{clean(graph.subtitle)}</desc>",
        f'<rect width="{PAGE:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        *heading,
    ]
    parts += _wires(cards, lanes)
    for card in cards:
        parts += _drawn(card)
    return "\n".join([*parts, *notes[0], "</svg>"]) + "\n"


def headed(title: str, subtitle: str, size: float) -> tuple[list[str], float]:
    """Set a picture's title and what stands under it; give where the picture begins (标题)."""
    parts, y = [], 14.0
    for line in wrapped(title, size, PAGE - 2 * LEFT):
        y += size
        parts.append(text(LEFT, y, line, size, INK, bold=True))
        y += 4
    for line in wrapped(subtitle, SMALL, PAGE - 2 * LEFT):
        y += 16
        parts.append(text(LEFT, y, line, SMALL, GREY))
    return parts, y + 22


def _cards(graph: Graph, lang: str, top: float) -> tuple[list[_Card], float]:
    cards = []
    for index, node in enumerate(graph.nodes):
        name, side = _named(node, lang)
        head = HEAD + 18.0 * (max(len(name), len(side)) - 1)
        rows, y = [], head
        opening = [(graph.opening, True)] if index == 0 else []
        for step, opens in [*opening, *((each, False) for each in node.steps)]:
            lines = wrapped(_row(step, lang, opening=opens), BODY, CARD - 44)
            rows.append((step, lines, y))
            y += ROW * len(lines)
        height = y + (8 if rows else 0)
        cards.append(_Card(node=node, top=top, head=head, height=height, name=name, side=side, rows=rows))
        top += height + GAP
    return cards, top - GAP


def _named(node: Node, lang: str) -> tuple[list[str], list[str]]:
    """Break a state's name and what stands at its right so that the two never meet."""
    side = _side(node, lang)
    taken = min(width(side, SMALL), CARD * 0.5)
    return wrapped(node.label, 14, CARD - 36 - taken), wrapped(side, SMALL, max(taken, 1.0) + 0.5)


def _row(step: Step, lang: str, *, opening: bool) -> str:
    parts = [("◇ " if step.decides else "▸ ") + step.label]
    if opening:
        parts[0] = "● " + step.label
    if step.requires:
        parts.append(("须附:" if lang == "zh" else "needs: ") + "、".join(step.requires))
    if step.produces:
        parts.append("〔" + "、".join(step.produces) + "〕")
    if step.copy_to:
        parts.append(("抄送:" if lang == "zh" else "copy: ") + "、".join(step.copy_to))
    return " ".join(parts) + " " + _circled(step.note)


def _circled(number: int) -> str:
    return CIRCLED[number - 1] if number <= len(CIRCLED) else f"({number})"


def _lanes(cards: list[_Card]) -> dict[str, tuple[float, str]]:
    """Give each target state a lane: two share one only where their lines never run side by side."""
    tops = {card.node.id: card.entry for card in cards}
    spans: dict[str, list[float]] = {}
    for card in cards:
        for step, _, y in card.rows:
            if step.target != card.node.id:
                spans.setdefault(step.target, [tops[step.target]]).append(card.top + y)
    taken: list[list[tuple[float, float]]] = []
    places: dict[str, int] = {}
    for target, ys in sorted(spans.items(), key=lambda each: (max(each[1]) - min(each[1]), each[0])):
        low, high = min(ys) - 6, max(ys) + 6
        number = next((n for n, used in enumerate(taken) if all(high < a or low > b for a, b in used)), len(taken))
        if number == len(taken):
            taken.append([])
        taken[number].append((low, high))
        places[target] = number
    left = LEFT + CARD + 20
    apart = min(LANE, (PAGE - 12 - left) / max(len(taken) - 1, 1))
    return {target: (left + number * apart, COLOURS[number % len(COLOURS)]) for target, number in places.items()}


def _wires(cards: list[_Card], lanes: dict[str, tuple[float, str]]) -> list[str]:
    ends = {card.node.id: (card.entry, card.node.end) for card in cards}
    edge, parts = LEFT + CARD, []
    for target, (x, plain) in lanes.items():
        y, end = ends[target]
        colour = {End.VOID: RED, End.DONE: GREEN, None: plain}[end]
        dashed = ' stroke-dasharray="5 3"' if end is End.VOID else ""
        style = f'fill="none" stroke="{colour}" stroke-width="1.3"{dashed}'
        starts = [
            card.top + row_y + ROW / 2
            for card in cards
            for step, _, row_y in card.rows
            if step.target == target and card.node.id != target
        ]
        low, high = min([y, *starts]), max([y, *starts])
        parts.append(f'<path d="M {x:.1f} {low:.1f} V {high:.1f}" {style}/>')
        for start in starts:
            parts.append(f'<path d="M {edge:.1f} {start:.1f} H {x:.1f}" {style}/>')
            parts.append(f'<circle cx="{x:.1f}" cy="{start:.1f}" r="2" fill="{colour}"/>')
        parts.append(f'<path d="M {x:.1f} {y:.1f} H {edge + 7:.1f}" {style}/>')
        parts.append(f'<path d="M {edge + 1:.1f} {y:.1f} l 8 -4 v 8 z" fill="{colour}"/>')
    return parts


def _drawn(card: _Card) -> list[str]:
    end = card.node.end
    fill, line = {End.DONE: ("#e6f4ea", GREEN), End.VOID: ("#fdecea", RED), None: ("#eef3f9", "#7b8794")}[end]
    dashed = ' stroke-dasharray="5 3"' if end is End.VOID else ""
    radius = 14 if end else 4
    frame = f'x="{LEFT}" y="{card.top:.1f}" width="{CARD}" height="{card.height:.1f}" rx="{radius}"'
    stroke = f'stroke="{line}" stroke-width="1.3"{dashed}'
    parts = [
        f'<rect {frame} fill="{"#ffffff" if card.rows else fill}" {stroke}/>',
        _title_bar(card, radius, fill) if card.rows else "",
    ]
    for number, part in enumerate(card.name):
        parts.append(text(LEFT + 12, card.top + 20 + 18 * number, part, 14, INK, bold=True))
    for number, part in enumerate(card.side):
        parts.append(text(LEFT + CARD - 12 - width(part, SMALL), card.top + 20 + 18 * number, part, SMALL, GREY))
    for step, lines, y in card.rows:
        colour = GREY if step.stays else INK
        for number, line in enumerate(lines):
            x = LEFT + 14 + (16 if number else 0)
            parts.append(text(x, card.top + y + 14 + number * ROW, line, BODY, colour))
    return parts


def _opening_tag(height: float) -> str:
    size = f'viewBox="0 0 {PAGE:.0f} {height:.0f}" width="{PAGE:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family={quoteattr(FONTS)}>'


def _title_bar(card: _Card, radius: int, fill: str) -> str:
    left = f"M {LEFT + 1} {card.top + card.head:.1f} v {-card.head + radius:.1f} q 0 {-radius} {radius} {-radius}"
    right = f"h {CARD - 2 - 2 * radius} q {radius} 0 {radius} {radius} v {card.head - radius:.1f} z"
    return f'<path d="{left} {right}" fill="{fill}"/>'


def _side(node: Node, lang: str) -> str:
    if node.end is not None:
        return node.end.text(lang)
    who = node.owner or ""
    if node.owner is not None and not node.waits:
        who = f"谁办:{node.owner}" if lang == "zh" else f"who: {node.owner}"
    parts = [who, node.limit or ""]
    return " · ".join(each for each in parts if each)


def _notes(graph: Graph, top: float, lang: str) -> tuple[list[str], float]:
    legend = (
        "▸ 环节 ◇ 作出决定 ● 建档;灰字:不改变状态;绿线:办结;红虚线:作废、撤回"
        if lang == "zh"
        else ("▸ step ◇ decision ● opening; grey: the state stays; green: done; red, dashed: void or withdrawn")
    )
    parts, y = [text(LEFT, top + 4, legend, SMALL, GREY)], top + 24
    parts.append(text(LEFT, y, "依据" if lang == "zh" else "Basis", SMALL, INK, bold=True))
    for number, note in enumerate(graph.notes, start=1):
        for line in wrapped(f"{_circled(number)} {note}", SMALL, PAGE - 2 * LEFT):
            y += 16
            parts.append(text(LEFT, y, line, SMALL, GREY))
    return parts, y - top + 24


def text(x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False) -> str:
    """Set one line of text (文字)."""
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{weight}>{clean(words)}</text>'


def clean(words: str) -> str:
    """Escape for XML, and leave out what XML does not know (转义)."""
    return escape(printable(" ".join(words.splitlines()) or words))
