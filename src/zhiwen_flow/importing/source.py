"""
The text that is read (原文): bytes in UTF-8 or GB18030, or a Word file; and its repairs, each one kept in sight.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from itertools import takewhile

import attrs

from zhiwen_flow.errors import DefinitionError, Fault

LONGEST = 5_000_000
"""Most bytes of a text; an official plan has some tens of thousands."""

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS_LIMIT = 50_000_000


@attrs.frozen(kw_only=True)
class Repair:
    """
    A slip of scanning that was mended (修复), with what stood there.

    Args:
        line: Number of the line, from 1.
        kind: What kind of slip.
        before: What the text has.
        after: What it was read as.
    """

    line: int
    kind: str
    before: str
    after: str


@attrs.frozen(kw_only=True)
class Line:
    """
    A line, or a part of a line where items were glued together (一行).

    Args:
        number: Number of the line in the text, from 1.
        raw: As it stands.
        text: As it is read.
        continues: Whether it is a later part of the same line.
    """

    number: int
    raw: str
    text: str
    continues: bool = False


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """
    Decode a file (解码): UTF-8 first, else GB18030; a Word file by its paragraphs. Gives the text and the encoding.

    Raises:
        DefinitionError: it is empty, too large, or no text at all.
    """
    if not data.strip():
        raise DefinitionError(Fault(name, "", "the file is empty", "give the text of a plan"))
    if len(data) > LONGEST:
        raise DefinitionError(Fault(name, "", f"has more than {LONGEST:,} bytes", "split the file"))
    if data.startswith(b"PK\x03\x04"):
        return _word(data, name), "docx"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text, encoding
    raise DefinitionError(Fault(name, "", "is not text in UTF-8 or GB18030", "save it as UTF-8, or as .docx"))


def _is_text(text: str) -> bool:
    odd = sum(1 for each in text if ord(each) < 32 and each not in "\t\r\n\f\x0b")  # noqa: PLR2004
    return odd * 200 <= len(text)


def _word(data: bytes, name: str) -> str:
    """Read the paragraphs of a Word file; a paragraph of a table is one as well."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if parts.getinfo("word/document.xml").file_size > _PARTS_LIMIT:
                raise DefinitionError(Fault(name, "", "the Word file is too large", "split it"))
            content = parts.read("word/document.xml")
    except (KeyError, zipfile.BadZipFile):
        raise DefinitionError(Fault(name, "", "is not a Word file (.docx)", "save it as .docx or as text")) from None
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise DefinitionError(Fault(name, "", "the Word file declares entities", "save it anew with a word processor"))
    try:
        root = ET.fromstring(content)  # noqa: S314 - entities are refused above
    except ET.ParseError:
        raise DefinitionError(Fault(name, "", "the Word file is damaged", "save it anew")) from None
    return "\n".join(_paragraph(each) for each in root.iter(f"{_WORD}p"))


def _paragraph(node: ET.Element) -> str:
    wanted = {f"{_WORD}t": None, f"{_WORD}tab": "\t", f"{_WORD}br": " "}
    return "".join((wanted[each.tag] or each.text or "") for each in node.iter() if each.tag in wanted)


_SLIPS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("字母误作数字", re.compile(r"(?<![A-Za-z])[lI|](?=\d?[月日])|(?<=\d)[lI|](?=\d?[月日])"), "1"),
    ("字母误作数字", re.compile(r"(?<=\d)[oO](?=\d{0,3}[年月日])"), "0"),
    ("“一”误作破折号", re.compile(r"(?<=[日月旬底初])一(?=\d|次年|翌年)"), "—"),
    ("年份括号有误", re.compile(r"[„“\[【](?=(?:19|20)\d\d[‟”\]】])"), "〔"),
    ("年份括号有误", re.compile(r"(?<=〔(?:19|20)\d\d)[‟”\]】]"), "〕"),
    ("引号有误", re.compile(r"„"), "‘"),
    ("引号有误", re.compile(r"‟"), "’"),
    ("字间空格", re.compile(r"(?<=[\u4e00-\u9fff])[ \t\u3000]+(?=[\u4e00-\u9fff]\s*[::])"), ""),
)
_WIDE = str.maketrans(
    "".join(chr(0xFF10 + digit) for digit in range(10))
    + "\uff08\uff09\uff1a\uff0c\uff1b\uff01\uff1f\uff0e\uff5e\uff0d\u3000\u2015\u2500\u00a0",
    "0123456789():,;!?.~- ―― ".replace("―", "—"),
)
"""Wide digits and marks are read as narrow ones; that is no slip, and the raw line keeps them."""
_GLUED = re.compile(r"(?<=[。;;!!”])\s*(?=(?:\d{1,2}[.、.](?!\d)|[((][一二三四五六七八九十]{1,3}[))]))")


def read_lines(text: str) -> tuple[list[Line], list[Repair]]:
    """
    Part a text into lines and mend the slips of scanning (分行与修复); the raw text is never overwritten.
    """
    lines: list[Line] = []
    repairs: list[Repair] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        mended = raw.strip().strip("\u3000").translate(_WIDE)
        if not mended:
            continue
        for kind, pattern, instead in _SLIPS:
            after = pattern.sub(instead, mended)
            if after != mended:
                repairs += (Repair(line=number, kind=kind, before=b, after=a) for b, a in _changes(mended, after))
                mended = after
        parts = [each.strip() for each in _GLUED.split(mended) if each.strip()]
        for index, part in enumerate(parts):
            if index:
                repairs.append(Repair(line=number, kind="条目未分行", before=part[:12], after="另起一行"))
            lines.append(Line(number=number, raw=raw, text=part, continues=index > 0))
    return lines, repairs


AROUND = 2
"""Characters shown on either side of a slip."""


def _changes(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Show what changed and two characters around it: a name may stand beside a slip."""
    start = _alike(before, after)
    tail = _alike(before[start:][::-1], after[start:][::-1])
    left = max(0, start - AROUND)
    yield before[left : len(before) - tail + AROUND], after[left : len(after) - tail + AROUND]


def _alike(one: str, other: str) -> int:
    """Count the characters that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
