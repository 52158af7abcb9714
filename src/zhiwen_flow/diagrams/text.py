"""
Measure, wrap and clean text for pictures (文字宽度与换行), without any font at hand.

A full-width character is one em wide in every Chinese font; a Latin one is taken wide enough for the common fonts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

FONTS = '"Noto Sans CJK SC","Microsoft YaHei","SimSun",sans-serif'
"""Fonts in the order they are tried; the first found draws the text (字体)."""

_NARROW = 0.58
_THIN = frozenset("iljI|.,:;'!()[] ")
_WIDE = frozenset("MWmw@%")
_NEVER_FIRST = frozenset("、，。：；！？）】》」』〉”’%,.:;!?)]}·…—")
_NEVER_LAST = frozenset("（【《「『〈“‘([{")


def clean(text: str) -> str:
    """
    Make one line that every format may hold (整理文字): no control characters, no half characters, single spaces.

    >>> clean("受理\\n（ 一 ）\\x07")
    '受理 （ 一 ）'
    """
    kept = "".join(" " if each.isspace() else each for each in text if each.isspace() or _is_shown(each))
    return " ".join(kept.split())


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs", "Cn", "Co") and char not in "\u2028\u2029\ufffe\uffff"


def width(text: str) -> float:
    """
    Estimate the width of *text* in em (估算字宽).

    >>> width("问责")
    2.0
    """
    return sum(map(_width, text))


def _width(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WFA":
        return 1.0
    if char in _THIN:
        return 0.34
    return 0.9 if char in _WIDE else _NARROW + 0.1 * char.isupper()


def wrap(text: str, limit: float) -> tuple[str, ...]:
    """
    Break *text* into lines of at most *limit* em, as even as may be (折行).

    No line starts with closing punctuation or ends with an opening bracket; Latin words stay whole where they fit.

    >>> wrap("调查核实（含补充调查）", 6)
    ('调查核实', '（含补充调查）')
    """
    text = clean(text)
    if width(text) <= limit:
        return (text,)
    words = tuple(_words(text, limit))
    lines = _fill(words, limit)
    low, high = width(text) / len(lines), limit
    while high - low > 0.25:
        middle = (low + high) / 2
        if len(_fill(words, middle)) <= len(lines):
            high = middle
        else:
            low = middle
    return _fill(words, high)


def _words(text: str, limit: float) -> Iterator[str]:
    """Split into pieces that stay whole: a full-width character with its punctuation, a Latin word with its space."""
    piece = ""
    for char in text:
        if piece and _may_break(piece[-1], char) or width(piece) >= limit:
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if after in _NEVER_FIRST or before in _NEVER_LAST or after == " ":
        return False
    return before in " :;," or _width(before) == 1.0 or _width(after) == 1.0


def _fill(words: tuple[str, ...], limit: float) -> tuple[str, ...]:
    lines = [""]
    for each in words:
        if lines[-1] and width(lines[-1] + each.rstrip()) > limit:
            lines.append("")
        lines[-1] += each
    return tuple(each.strip() for each in lines)


_CIRCLED = tuple(map(chr, (*range(0x2460, 0x2474), *range(0x3251, 0x3260), *range(0x32B1, 0x32C0))))


def circled(number: int) -> str:
    """
    Write a footnote number (脚注号).

    >>> circled(3), circled(51)
    ('③', '(51)')
    """
    return _CIRCLED[number - 1] if number <= len(_CIRCLED) else f"({number})"
