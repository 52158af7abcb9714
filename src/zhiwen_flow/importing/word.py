"""
Word files (.docx): paragraphs with the numbers that a word processor gives them, and tables row by row.

The numbers of a list are not in its paragraphs; they are counted here as the file defines them.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Mapping

import attrs

from zhiwen_flow.errors import DefinitionError, Fault

_SPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_LARGEST_PART = 50_000_000
_DIGITS = "〇一二三四五六七八九"
DEEPEST = 9
"""Levels of a list that Word knows."""


def word_text(data: bytes, name: str) -> str:
    """
    Give the text of a Word file (读取 Word 文件): a line for a paragraph, a line with tabs for a row of a table.

    Raises:
        DefinitionError: it is no Word file, too large, damaged, or declares entities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            body = _part(parts, "word/document.xml", name)
            known = set(parts.namelist())
            lists, styles = (
                _part(parts, each, name) if each in known else None
                for each in ("word/numbering.xml", "word/styles.xml")
            )
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise DefinitionError(Fault(name, "", "is not a Word file (.docx)", "save it as .docx or as text")) from None
    numbers = _Numbers(lists, styles)
    found = body.find(f"{_SPACE}body")
    return "\n".join(_blocks(body if found is None else found, numbers))


def _part(parts: zipfile.ZipFile, path: str, name: str) -> ET.Element:
    if parts.getinfo(path).file_size > _LARGEST_PART:
        raise DefinitionError(Fault(name, "", "the Word file is too large", "split it"))
    content = parts.read(path)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise DefinitionError(Fault(name, "", "the Word file declares entities", "save it anew with a word processor"))
    try:
        return ET.fromstring(content)  # noqa: S314 - entities are refused above
    except ET.ParseError:
        raise DefinitionError(Fault(name, "", "the Word file is damaged", "save it anew")) from None


def _blocks(parent: ET.Element, numbers: _Numbers) -> Iterator[str]:
    """Paragraphs and rows in order; what wraps them is looked into."""
    for each in parent:
        if each.tag == f"{_SPACE}p":
            yield numbers.before(each) + _words(each)
            for box in _boxes(each):
                yield from _blocks(box, numbers)
        elif each.tag == f"{_SPACE}tbl":
            for row in each.iter(f"{_SPACE}tr"):
                yield "\t".join(_cell(cell, numbers) for cell in row.findall(f"{_SPACE}tc"))
        elif each.tag != _FALLBACK:
            yield from _blocks(each, numbers)


def _cell(cell: ET.Element, numbers: _Numbers) -> str:
    return " ".join(" ".join(text.split()) for text in _blocks(cell, numbers) if text.strip())


def _boxes(node: ET.Element) -> Iterator[ET.Element]:
    for each in node:
        if each.tag == f"{_SPACE}txbxContent":
            yield each
        elif each.tag != _FALLBACK:
            yield from _boxes(each)


def _words(node: ET.Element) -> str:
    """The words of a paragraph; text boxes in it are read by themselves, a copy for old programs is not."""
    found: list[str] = []
    for each in node:
        if each.tag == f"{_SPACE}t":
            found.append(each.text or "")
        elif each.tag == f"{_SPACE}tab":
            found.append("\t" if node.tag == f"{_SPACE}r" else "")
        elif each.tag in (f"{_SPACE}br", f"{_SPACE}cr"):
            found.append("\n")
        elif each.tag not in (f"{_SPACE}txbxContent", f"{_SPACE}moveFrom", _FALLBACK):
            found.append(_words(each))
    return "".join(found)


@attrs.frozen(kw_only=True)
class _Level:
    style: str
    shape: str
    start: int


class _Numbers:
    """The numbers of lists, counted as paragraphs come."""

    def __init__(self, lists: ET.Element | None, styles: ET.Element | None) -> None:
        self._of_style = dict(_style_lists(styles))
        shapes: dict[str, dict[int, _Level]] = {}
        self._levels: dict[str, tuple[str, dict[int, _Level]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        if lists is None:
            return
        for each in lists.findall(f"{_SPACE}abstractNum"):
            shapes[_get(each, "abstractNumId")] = dict(map(_level, each.findall(f"{_SPACE}lvl")))
        for each in lists.findall(f"{_SPACE}num"):
            of = _value(each, "abstractNumId")
            restarts = any(True for _ in each.iter(f"{_SPACE}startOverride"))
            self._levels[_get(each, "numId")] = (_get(each, "numId") if restarts else of, shapes.get(of, {}))

    def before(self, paragraph: ET.Element) -> str:
        """Give the number of a paragraph, empty where it has none."""
        found = self._list_of(paragraph)
        if found is None or found[0] not in self._levels:
            return ""
        counted, levels = self._levels[found[0]]
        depth = found[1]
        if depth not in levels:
            return ""
        counts = self._counts.setdefault(counted, {})
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]
        text = levels[depth].shape
        for level in range(DEEPEST):
            if f"%{level + 1}" in text and level in levels:
                text = text.replace(
                    f"%{level + 1}", _shown(counts.get(level, levels[level].start), levels[level].style)
                )
        return text

    def _list_of(self, paragraph: ET.Element) -> tuple[str, int] | None:
        format = paragraph.find(f"{_SPACE}pPr")
        if format is None:
            return None
        own = _list(format)
        style = self._of_style.get(_value(format, "pStyle"))
        return own if own is not None else style


def _style_lists(styles: ET.Element | None) -> Iterator[tuple[str, tuple[str, int]]]:
    for each in styles.findall(f"{_SPACE}style") if styles is not None else ():
        format = each.find(f"{_SPACE}pPr")
        if format is not None and (found := _list(format)) is not None:
            yield _get(each, "styleId"), found


def _list(format: ET.Element) -> tuple[str, int] | None:
    found = format.find(f"{_SPACE}numPr")
    if found is None:
        return None
    depth = _value(found, "ilvl")
    return _value(found, "numId"), int(depth) if depth.isdecimal() else 0


def _level(node: ET.Element) -> tuple[int, _Level]:
    style = _value(node, "numFmt") or "decimal"
    start = _value(node, "start")
    shape = "" if style in ("bullet", "none") else _value(node, "lvlText")
    depth = _get(node, "ilvl")
    level = _Level(style=style, shape=shape, start=int(start) if start.isdecimal() else 1)
    return int(depth) if depth.isdecimal() else 0, level


def _value(node: ET.Element, name: str) -> str:
    found = node.find(f"{_SPACE}{name}")
    return _get(found, "val") if found is not None else ""


def _get(node: ET.Element, name: str) -> str:
    return node.get(f"{_SPACE}{name}", "")


def _chinese(number: int) -> str:
    """
    Write a number below one hundred in characters.

    >>> [_chinese(each) for each in (3, 10, 12, 20, 25)]
    ['三', '十', '十二', '二十', '二十五']
    """
    tens, units = divmod(number, 10)
    if number >= 100:  # noqa: PLR2004
        return str(number)
    return ("" if not tens else ("" if tens == 1 else _DIGITS[tens]) + "十") + (_DIGITS[units] if units else "")


_WAYS: Mapping[str, Callable[[int], str]] = {
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "decimalEnclosedCircle": lambda number: chr(0x245F + number) if number <= 20 else str(number),  # noqa: PLR2004
    "decimalEnclosedCircleChinese": lambda number: chr(0x245F + number) if number <= 20 else str(number),  # noqa: PLR2004
    "lowerLetter": lambda number: chr(0x60 + (number - 1) % 26 + 1),
    "upperLetter": lambda number: chr(0x40 + (number - 1) % 26 + 1),
}


def _shown(number: int, style: str) -> str:
    """A kind of number that is not known here is shown in digits."""
    return _WAYS.get(style, str)(number)
