"""
How wide text is (文字宽度), without any font at hand: a full-width character is one em wide.
"""

from __future__ import annotations

import unicodedata

FONTS = "Noto Sans CJK SC, Microsoft YaHei, SimSun, sans-serif"


def width(text: str, size: float) -> float:
    """
    Reckon the width of one line (估算宽度), a little too wide rather than too narrow.

    >>> width("问责", 10), width("ab", 10)
    (20.0, 12.0)
    """
    return sum(1.0 if unicodedata.east_asian_width(each) in "WFA" else 0.6 for each in text) * size


def wrapped(text: str, size: float, most: float) -> list[str]:
    """
    Break a text into lines no wider than *most* (折行); Chinese breaks anywhere.

    >>> wrapped("一二三四五", 10, 30)
    ['一二三', '四五']
    """
    lines, line = [], ""
    for each in text:
        if line and width(line + each, size) > most:
            lines.append(line)
            line = ""
        line += each
    return [*lines, line] if line or not lines else lines


def printable(text: str) -> str:
    """Leave out control characters; a wide or unbroken space stays a space, so that words keep apart (可打印)."""
    return "".join(each if each.isprintable() else " " * each.isspace() for each in text)
