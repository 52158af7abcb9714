"""
The blocks of a flow chart (图块): how large a state or an action is, and how it is drawn.

Colour never stands alone: an end has a double border and says how it ends, a declining step has a cross.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from zhiwen_flow.diagrams.graph import Edge, Kind, Node, Tone
from zhiwen_flow.diagrams.ink import BLACK, BLUE, GREEN, GREY, NAVY, RED, Ink
from zhiwen_flow.diagrams.text import circled, width, wrap

LABEL, DETAIL, MARK = 13.0, 10.5, 10.0
LEAD = 1.32
CROSS = 13.0
"""Room for the cross of a declining step."""

WORDS = {
    "zh": {
        "materials": "材料:",
        "documents": "文书:",
        "opens": "启动:",
        "copies": "抄送:",
        Kind.DONE: "终结·办结",
        Kind.VOID: "终结·作废或撤回",
    },
    "en": {
        "materials": "needs: ",
        "documents": "issues: ",
        "opens": "opens: ",
        "copies": "copy to: ",
        Kind.DONE: "end: done",
        Kind.VOID: "end: void or withdrawn",
    },
}


@attrs.frozen
class Line:
    """A line of a block (一行)."""

    text: str
    size: float
    fill: str = BLACK
    bold: bool = False
    tail: str = ""
    dashed: bool = False

    @property
    def width(self) -> float:
        """Width in units of the picture."""
        return (
            width(self.text) * self.size
            + width(self.tail) * MARK
            + (8 if self.tail else 0)
            + (12 if self.dashed else 0)
        )

    @property
    def height(self) -> float:
        """Height with its leading."""
        return self.size * LEAD + (5 if self.dashed else 0)


@attrs.frozen
class Block:
    """Lines with the room they take (文字块)."""

    lines: tuple[Line, ...]
    pad_x: float
    pad_y: float
    extra: float = 0.0

    @property
    def width(self) -> float:
        """Width with padding."""
        return max(each.width for each in self.lines) + 2 * self.pad_x + self.extra

    @property
    def height(self) -> float:
        """Height with padding."""
        return sum(each.height for each in self.lines) + 2 * self.pad_y

    def write(self, ink: Ink, x: float, y: float) -> None:
        """Write the lines, centred on *x*, from *y* down."""
        y += self.pad_y
        for each in self.lines:
            self._line(ink, each, x + self.extra / 2, y)
            y += each.height

    def _line(self, ink: Ink, line: Line, x: float, y: float) -> None:
        base = y + line.height / 2 + line.size * 0.36
        if line.dashed:
            ink.rect(
                x - line.width / 2,
                y + 1.5,
                line.width,
                line.height - 3,
                stroke=GREY,
                dashed=True,
                radius=2,
                fill="#ffffff",
            )
        if not line.tail:
            ink.text(x, base, line.text, size=line.size, fill=line.fill, bold=line.bold, anchor="middle")
            return
        start = x - line.width / 2
        ink.text(start, base, line.text, size=line.size, fill=line.fill, bold=line.bold)
        ink.text(x + line.width / 2, base, line.tail, size=MARK, fill=BLUE, anchor="end")


def state_block(node: Node, lang: str, *, owned: bool = True) -> Block:
    """
    Measure a state: its name, and who must act within what time (状态块).

    Args:
        owned: Whether the owner is written into the block; a swim lane says it at its head.
    """
    limit = 8.5 if lang == "zh" else 10
    lines = [Line(each, LABEL, bold=True) for each in wrap(node.label, limit)]
    if node.kind in (Kind.DONE, Kind.VOID):
        lines.append(Line(WORDS[lang][node.kind], DETAIL, GREEN if node.kind is Kind.DONE else RED))
    for each in (node.owner, *node.lines) if owned and node.owner else node.lines:
        lines += [Line(part, DETAIL, GREY) for part in wrap(each, limit * LABEL / DETAIL)]
    return Block(tuple(lines), 12, 4)


def action_block(edge: Edge, lang: str) -> Block:
    """Measure an action: its name, conditions and footnotes, materials, documents, copies (动作块)."""
    return Block(tuple(_action_lines(edge, lang)), 5, 2, CROSS if edge.tone is Tone.STOP else 0.0)


def _action_lines(edge: Edge, lang: str) -> Iterator[Line]:
    words = WORDS[lang]
    color = RED if edge.tone is Tone.STOP else NAVY
    *upper, last = wrap(edge.label, 8 if lang == "zh" else 10)
    yield from (Line(each, 12, color, bold=True) for each in upper)
    tail = ("◇" if edge.conditions else "") + "".join(map(circled, edge.notes))
    fits = width(last) * 12 + width(tail) * MARK < 128
    yield Line(last, 12, color, bold=True, tail=tail if fits else "")
    if not fits:
        yield from (Line(each, MARK, BLUE) for each in wrap(tail, 11))
    joint = "、" if lang == "zh" else ", "
    for name, items in (("materials", edge.materials), ("documents", edge.documents), ("opens", edge.opens)):
        if items:
            yield from (Line(each, DETAIL, BLACK) for each in wrap(words[name] + joint.join(items), 11))
    if edge.copies:
        yield from (
            Line(each, DETAIL, GREY, dashed=True) for each in wrap(words["copies"] + joint.join(edge.copies), 11)
        )


def draw_state(ink: Ink, node: Node, block: Block, x: float, y: float) -> None:
    """Draw a state centred on *x*; ends have a double border."""
    if node.kind is Kind.START:
        ink.circle(x, y + 7, 7, fill=NAVY)
        return
    color, fill = {
        Kind.STEP: (NAVY, "#edf2f9"),
        Kind.DONE: (GREEN, "#ebf5ee"),
        Kind.VOID: (RED, "#fbeeee"),
    }[node.kind]
    left, w, h = x - block.width / 2, block.width, block.height
    ink.rect(left, y, w, h, fill=fill, stroke=color, line=1.4, radius=7)
    if node.kind is not Kind.STEP:
        ink.rect(left + 3, y + 3, w - 6, h - 6, stroke=color, line=0.8, radius=5)
    block.write(ink, x, y)


def draw_action(ink: Ink, edge: Edge, block: Block, x: float, y: float) -> None:
    """Draw an action centred on *x*; a declining one has a cross before its name."""
    stop = edge.tone is Tone.STOP
    ink.rect(x - block.width / 2, y, block.width, block.height, fill="#fdf4f3" if stop else "#f5f6f7", radius=3)
    block.write(ink, x, y)
    if stop:
        first = block.lines[0]
        ink.cross(x + block.extra / 2 - first.width / 2 - 7, y + block.pad_y + first.height / 2, 7, RED)
