"""
The text that is read (原文): bytes in UTF-8 or GB18030, or a Word file; and its repairs, each one kept in sight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

import attrs

from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.importing.personal import LEFT_OUT, without_persons
from zhiwen_flow.importing.word import word_text

LONGEST = 5_000_000
"""Most bytes of a text; an official plan has some tens of thousands."""


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
    Decode a file (解码): UTF-8 first, UTF-16 where it says so, else GB18030; or a Word file. Gives text and encoding.

    Raises:
        DefinitionError: it is empty, too large, or no text at all.
    """
    if not data.strip(b"\x00 \t\r\n\f\v\xef\xbb\xbf\xff\xfe"):
        raise DefinitionError(Fault(name, "", "the file is empty", "give the text of a plan"))
    if len(data) > LONGEST:
        raise DefinitionError(Fault(name, "", f"has more than {LONGEST:,} bytes", "split the file"))
    if data.startswith(b"PK\x03\x04"):
        return word_text(data, name), "docx"
    for start, kind in _OTHERS:
        if data.startswith(start):
            raise DefinitionError(Fault(name, "", f"is {kind}, not text", "save it as .docx or as text in UTF-8"))
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text, encoding
    raise DefinitionError(Fault(name, "", "is not text in UTF-8, UTF-16 or GB18030", "save it as UTF-8, or as .docx"))


_OTHERS = ((b"\xd0\xcf\x11\xe0", "an old Word file (.doc)"), (b"%PDF", "a PDF"), (b"{\\rtf", "a rich text file (.rtf)"))
"""Files that officials have and that are no text, by how they start."""


def _is_text(text: str) -> bool:
    odd = sum(1 for each in text if ord(each) < 32 and each not in "\t\r\n\f\x0b")  # noqa: PLR2004
    return odd * 200 <= len(text)


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
_NUMBERED = r"(?:\d{1,2}[.、](?!\d)|\([一二三四五六七八九十]{1,3}\))"
_STAGE = r"第[一二三四五六]阶段(?=[:,、(为是从自])"
_GLUED = re.compile(
    rf"(?<=[。;!”])\s*(?={_NUMBERED}|[一二三四五六七八九十]{{1,3}}、(?=\S{{2,20}}(?:\s|$)))|(?<=[。;!”:,])\s*(?={_STAGE})"
    r"|(?<=[。;,:])(?=(?:20\d\d年)?\d{1,2}月[^,。;:]{0,24}?[为是][\u4e00-\u9fff、]{2,14}阶段)"
    rf"|(?<=\))(?=\d{{1,2}}[.、](?!\d))|(?<=\S)[ \t](?=\([一二三四五六七八九十]{{1,3}}\)\s?\S)"
)
"""Where an item begins inside a line: after a sentence, after a bracket, or after a space."""
_MARKUP = re.compile(r"\*\*([^*]{1,200})\*\*(?!年)|^>\s?|^[-*]\s(?=\S)")
_SPACES = re.compile(r"[ \u00a0\u3000]{2,}|\t{2,}")


def read_lines(text: str) -> tuple[list[Line], list[Repair]]:
    """
    Part a text into lines, mend the slips of scanning, leave out persons (分行、修复、略去个人信息).

    The raw text is never overwritten: a line keeps it.
    """
    lines: list[Line] = []
    repairs: list[Repair] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        mended = _MARKUP.sub(lambda match: match[1] or "", _SPACES.sub(_narrowed, raw.strip().translate(_WIDE))).strip()
        if not mended:
            if raw.strip():
                lines.append(Line(number=number, raw=raw, text=raw.strip()))
            continue
        for kind, pattern, instead in _SLIPS:
            after = pattern.sub(instead, mended)
            if after != mended:
                repairs += (Repair(line=number, kind=kind, before=b, after=a) for b, a in _changes(mended, after))
                mended = after
        after = without_persons(mended)
        if after != mended:
            repairs.append(Repair(line=number, kind="略去姓名或联系方式", before="(略)", after=LEFT_OUT))
            mended = after
        parts = [each.strip() for each in _GLUED.split(mended) if each.strip()]
        for index, part in enumerate(parts):
            if index:
                repairs.append(Repair(line=number, kind="条目未分行", before=part[:12], after="另起一行"))
            lines.append(Line(number=number, raw=raw, text=part, continues=index > 0))
    return lines, repairs


def _narrowed(match: re.Match[str]) -> str:
    return "\t" if "\t" in match[0] else " "


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
