"""
Which year a plan's days lie in (年份): what the text says of itself, else the caller's; never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence

import attrs

from zhiwen_flow.importing.dates import Span, spans
from zhiwen_flow.importing.documents import Document
from zhiwen_flow.importing.outline import Node
from zhiwen_flow.importing.points import hides_its_year, small_number, written_year
from zhiwen_flow.importing.source import Line

_QUOTED = re.compile(r"《[^《》]{1,80}》|[〔\[](?:19|20)\d\d[〕\]]")
_SAID = re.compile(
    r"((?:19|20)\d\d)(?:年(?!以来|来|以前|之前|底以来|[^,。;]{0,20}(?:成果|经验|的?基础上)|\d{1,2}月(?:\d{1,2}日)?以来)|(?=[^\d年.〕\]/-]|$))"
)
_WRITTEN = re.compile(r"((?:19|20)\d\d)年\d{1,2}月(?!(?:\d{1,2}日)?(?:以来|以前|之前|底以来))")
LONGEST_BEHIND = dt.timedelta(days=183)
"""A plan that gives no year of its own is not taken to begin more than half a year before or after it was issued."""


def year_of(document: Document, reference: str | None, issued: dt.date | None, given: int | None) -> int | None:
    """
    Give the year of a plan: of its title, opening, issue or number, else the caller's (确定年份).

    Years blanked out of a text leave only the caller's. The day on which a site posted a text is not the plan's own.
    """
    words = [each.text for each in _lines(document)]
    if any(map(hides_its_year, words)):
        return given
    for text in (document.title.text, *(each.text for each in document.head if not _is_stamp(each.text, reference))):
        if (found := _SAID.search(_QUOTED.sub("", text))) is not None:
            return int(found[1])
    opening = [_QUOTED.sub("", each.text) for each in document.root.body]
    if (found := next(filter(None, map(_SAID.search, opening)), None)) is not None:
        return int(found[1])
    if issued is not None:
        return issued.year
    if reference and (match := re.search(r"(?:19|20)\d\d", reference)):
        return int(match[0])
    written = {
        int(each) for text in words for each in _WRITTEN.findall(_QUOTED.sub("", text)) if not _is_stamp(text, None)
    }
    if len(written) == 1:
        return written.pop()
    return given


def settled(
    phases: list[tuple[Node, Span | None]], document: Document, issued: dt.date | None
) -> list[tuple[Node, Span | None]]:
    """
    Leave days open whose year would rest on the day of issue and lie far from it (年份存疑的不定).
    """
    first = next((span for _, span in phases if span is not None and (span.start or span.end)), None)
    if first is None or first.written or issued is None or _SAID.search(_QUOTED.sub("", document.title.text)):
        return phases
    day = first.end or first.start
    if day is None or abs(day - issued) <= LONGEST_BEHIND or named_period(document) is not None:
        return phases
    return [(node, _opened(span)) for node, span in phases]


def _opened(span: Span | None) -> Span | None:
    if span is None or span.written:
        return span
    return attrs.evolve(span, start=None, end=None, has_year=False)


def period_of(document: Document, windows: Sequence[Span | None]) -> Span | None:
    """
    Give the time that a plan spans: as it says with years of its own, else from its first phase to its last (总期间).
    """
    named = named_period(document)
    days = [day for each in windows if each is not None for day in (each.start, each.end) if day is not None]
    if named is not None or not days:
        return named
    return Span(raw="", start=min(days), end=max(days))


def named_period(document: Document) -> Span | None:
    """Give the time that a plan says it spans, with a year of its own (载明的总期间)."""
    found = (
        span for text in _general(document) for span in spans(text, None) if span.written and span.start and span.end
    )
    return next(found, None)


def _general(document: Document) -> Iterator[str]:
    """What is said before any item, and in sections on time."""
    yield from (each.text for each in document.root.body)
    for section in document.root.children:
        if re.search(r"时间|步骤|阶段|安排", section.name):
            yield from (section.rest, *(each.text for each in section.body))


def _lines(document: Document) -> Iterator[Line]:
    yield from document.head
    yield from _below(document.root)


def _below(node: Node) -> Iterable[Line]:
    yield node.line
    yield from node.body
    for each in node.children:
        yield from _below(each)


def _is_stamp(text: str, reference: str | None) -> bool:
    """Number, day of issue, or what a site puts above a text."""
    return text == reference or re.search(r"(?:时间|日期|来源|发布|编辑|浏览|点击|索引号)", text) is not None


_CHINESE_DAY = re.compile(r"([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日$")


def issued_on(head: list[Line]) -> dt.date | None:
    """A day that stands alone in a line is the day of issue (成文日期)."""
    for line in head:
        if (year := written_year(line.text)) and re.search(
            r"[一二三四五六七八九十]+月[一二三四五六七八九十]+日$", line.text
        ):
            return _chinese_day(line.text, year)
        match = re.fullmatch(r"\(?((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日\)?", line.text)
        if match:
            return _made(*match.groups())
    return None


def _chinese_day(text: str, year: int) -> dt.date | None:
    match = _CHINESE_DAY.search(text)
    return _made(str(year), str(small_number(match[1])), str(small_number(match[2]))) if match else None


def posted_on(head: list[Line]) -> dt.date | None:
    """A day after 日期, 时间 or beside a source is the day of posting (发布日期)."""
    for line in head:
        if "。" in line.text or not _is_stamp(line.text, None):
            continue
        match = re.search(r"((?:19|20)\d\d)[-年./](\d{1,2})[-月./](\d{1,2})", line.text)
        if match and not re.fullmatch(r"\(?(?:19|20)\d\d年\d{1,2}月\d{1,2}日\)?", line.text):
            return _made(*match.groups())
    return None


def _made(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
