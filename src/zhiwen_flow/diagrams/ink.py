"""
The few marks that a picture is made of, as SVG text (绘图元素): no scripts, no styles, no fonts of its own.

Every text is escaped here and nowhere else. Numbers have one decimal, so that the same picture is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from zhiwen_flow.diagrams.text import FONTS, clean

NAVY = "#1f3a68"
GREY = "#5c6670"
RED = "#a61b1b"
GREEN = "#1e6b3a"
BLUE = "#1f5fa8"
BLACK = "#1b1f24"


def number(value: float) -> str:
    """
    Write a coordinate.

    >>> number(12.04), number(3.26)
    ('12', '3.3')
    """
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


class Ink:
    """Collects marks (画布)."""

    def __init__(self) -> None:
        self._marks: list[str] = []

    def open(self, *, x: float = 0.0, y: float = 0.0, scale: float = 1.0, hint: str = "") -> None:
        """Begin a group, moved and scaled; *hint* is shown when a reader points at it."""
        moves = [f"translate({number(x)} {number(y)})"] if x or y else []
        moves += [f"scale({scale:.4f})"] if scale != 1.0 else []
        self._marks.append(f'<g transform="{" ".join(moves)}">' if moves else "<g>")
        if hint:
            self._marks.append(f"<title>{escape(clean(hint))}</title>")

    def close(self) -> None:
        """End a group."""
        self._marks.append("</g>")

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        line: float = 1.0,
        radius: float = 0.0,
        dashed: bool = False,
    ) -> None:
        """Draw a rectangle."""
        box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self._marks.append(f'<rect {box}{_rounded(radius)} fill="{fill}"{_stroke(stroke, line, dashed)}/>')

    def circle(self, x: float, y: float, radius: float, *, fill: str, stroke: str = "none", line: float = 1.0) -> None:
        """Draw a circle."""
        box = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
        self._marks.append(f'<circle {box} fill="{fill}"{_stroke(stroke, line, dashed=False)}/>')

    def path(
        self, d: str, *, stroke: str = "none", line: float = 1.0, dashed: bool = False, fill: str = "none"
    ) -> None:
        """Draw a path given in SVG's own words."""
        self._marks.append(f'<path d="{d}" fill="{fill}"{_stroke(stroke, line, dashed)}/>')

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        fill: str = BLACK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write one line; *y* is its base line."""
        place = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"'
        place += f' text-anchor="{anchor}"' if anchor != "start" else ""
        place += ' font-weight="bold"' if bold else ""
        self._marks.append(f"<text {place}>{escape(clean(text))}</text>")

    def cross(self, x: float, y: float, size: float, color: str) -> None:
        """Draw a small cross, the sign beside the colour."""
        half = size / 2
        corners = f"M{number(x - half)} {number(y - half)}L{number(x + half)} {number(y + half)}"
        corners += f"M{number(x - half)} {number(y + half)}L{number(x + half)} {number(y - half)}"
        self.path(corners, stroke=color, line=1.8)

    def diamond(self, x: float, y: float, size: float, *, fill: str, stroke: str) -> None:
        """Draw a small diamond."""
        half = size / 2
        points = ((x, y - half), (x + half, y), (x, y + half), (x - half, y))
        self.path(polygon(points), fill=fill, stroke=stroke)

    def document(self, *, id: str, title: str, description: str, lang: str, width: float, height: float) -> str:
        """
        Give the whole picture (成图), as wide as an A4 page.

        Args:
            id: ASCII prefix of the two ids used for readers that speak.
        """
        size = f'viewBox="0 0 {number(width)} {number(height)}" width="210mm" height="{number(height / width * 210)}mm"'
        names = f'role="img" aria-labelledby="{id}-title {id}-desc" xml:lang="{"zh-CN" if lang == "zh" else "en"}"'
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {names} font-family={quoteattr(FONTS)}>',
            f'<title id="{id}-title">{escape(clean(title))}</title>',
            f'<desc id="{id}-desc">{escape(clean(description))}</desc>',
            f'<rect width="{number(width)}" height="{number(height)}" fill="#ffffff"/>',
        ]
        return "\n".join((*head, *self._marks, "</svg>", ""))


def _rounded(radius: float) -> str:
    return f' rx="{number(radius)}"' if radius else ""


def _stroke(color: str, line: float, dashed: bool) -> str:
    if color == "none":
        return ""
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f' stroke="{color}" stroke-width="{number(line)}" stroke-linecap="round"{dashes}'


def polygon(points: Iterable[tuple[float, float]]) -> str:
    """Give a closed shape in SVG's own words."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def rounded(points: Sequence[tuple[float, float]], radius: float) -> str:
    """Give a line with rounded right angles in SVG's own words."""
    first, last = points[0], points[-1]
    said = [f"M{number(first[0])} {number(first[1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        enter, leave = _towards(corner, before, reach), _towards(corner, after, reach)
        said.append(f"L{number(enter[0])} {number(enter[1])}")
        said.append(f"Q{number(corner[0])} {number(corner[1])} {number(leave[0])} {number(leave[1])}")
    said.append(f"L{number(last[0])} {number(last[1])}")
    return "".join(said)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[float, float], end: tuple[float, float], reach: float) -> tuple[float, float]:
    length = _distance(start, end) or 1.0
    share = reach / length
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
