"""
Dates as official texts write them (公文中的日期): days, ranges, 旬, 月初, 月底, months, open ends, recurrences.

A year comes from the text itself or from the caller; where neither gives one, the days stay open, the wording kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import attrs

from zhiwen_flow.importing.points import (
    DASH,
    DOTTED,
    FIGURES,
    MONTHS,
    RANGE,
    SINGLE,
    YEARS,
    Point,
    day_of,
    exists,
    is_point,
    point_of,
    precision_of,
    small_number,
)
from zhiwen_flow.plan import Precision, Recurrence

RECURS = (
    (Recurrence.WEEKLY, re.compile(r"每周|每星期|周报")),
    (Recurrence.TEN_DAYS, re.compile(r"每旬|旬报")),
    (Recurrence.MONTHLY, re.compile(r"每月|每个月|月报|按月")),
    (Recurrence.QUARTERLY, re.compile(r"每季度?|每个季度|季报|按季")),
    (Recurrence.HALF_YEARLY, re.compile(r"每半年")),
    (Recurrence.YEARLY, re.compile(r"每年|年报")),
)
WITHIN = re.compile(r"(\d{1,3}|[一二三四五六七八九十]{1,3})个?(工作日|日|天)(?:之内|以内|内)")


@attrs.frozen(kw_only=True)
class Span:
    """
    A time that a text names (时间).

    Args:
        raw: The wording.
        start: First day; None where it is not named, or the year is not known.
        end: Last day; the same.
        precision: How exactly the text names it.
        before: Whether it is a deadline (前).
        has_year: Whether a year was found for it.
        written: Whether the text names its year itself.
        exists: Whether the calendar has such days.
        place: Where the wording stands in its line.
    """

    raw: str
    start: dt.date | None = None
    end: dt.date | None = None
    precision: Precision = Precision.DAY
    before: bool = False
    has_year: bool = True
    written: bool = False
    exists: bool = True
    place: tuple[int, int] = (0, 0)


def spans(text: str, year: int | None) -> Iterator[Span]:
    """
    Find every time that a text names, in order (逐一识别时间).

    Args:
        text: One line, repaired.
        year: Year that holds where the text names none; None where it is not known.

    >>> [(each.start.isoformat(), each.end.isoformat()) for each in spans("(8月22日—9月5日)", 2011)]
    [('2011-08-22', '2011-09-05')]
    >>> [each.end.isoformat() for each in spans("于5月底前上报", 2011) if each.before]
    ['2011-05-31']
    """
    found: list[Span] = []
    rest = text
    for pattern in (DOTTED, MONTHS, RANGE):
        taken: list[tuple[int, int]] = []
        for match in pattern.finditer(rest):
            one, other = point_of(match, "a"), point_of(match, "b")
            if _makes_a_range(one, other) and not _is_a_count(match, one):
                found.append(_range(match, one, other, year))
                taken.append(match.span())
        rest = _without(rest, taken)
    for pattern in (FIGURES, SINGLE):
        taken = []
        for match in pattern.finditer(rest):
            point = point_of(match, "a")
            if point.month is None or point.past:
                continue
            found.append(_single(match, text, point, year))
            taken.append(match.span())
        rest = _without(rest, taken)
    found += _year_ends(rest, year)
    yield from _joined(sorted(found, key=lambda each: each.place), text)


def whole_years(text: str) -> Span | None:
    """
    Read a window that is named by whole years (整年).

    >>> whole_years("2025年").end.isoformat(), whole_years("今后三年")
    ('2025-12-31', None)
    """
    match = YEARS.fullmatch(text.strip(" ()"))
    if match is None:
        return None
    if match["ah"]:
        return Span(raw=match[0], precision=Precision.MONTH, has_year=False, place=match.span())
    first, last = int(match["ay"]), int(match["by"] or match["ay"])
    days = (dt.date(first, 1, 1), dt.date(last, 12, 31)) if first <= last else (None, None)
    return Span(
        raw=match[0], start=days[0], end=days[1], precision=Precision.MONTH, written=True, has_year=first <= last
    )


def across_the_year(raw: str, year: int) -> Span | None:
    """
    Read a range as one that ends in the next year (跨年).

    >>> across_the_year("12月1日—2月底", 2014).end.isoformat()
    '2015-02-28'
    """
    return next(spans(re.sub(DASH, r"\g<0>次年", raw, count=1), year), None)


def _without(text: str, taken: list[tuple[int, int]]) -> str:
    """Blank out what was read, places kept."""
    pieces, at = [], 0
    for start, end in taken:
        pieces += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]]) if taken else text


def _makes_a_range(one: Point, other: Point) -> bool:
    if one.past or not (is_point(one) and is_point(other)):
        return False
    return bool((one.month or other.month) and (one.month or one.day or one.part))


def _is_a_count(match: re.Match[str], one: Point) -> bool:
    """1至5月 are months; 选择1至2个 and 第1-3项 are none: without 月 or 日 a figure on the left must stand alone."""
    return one.month is None and one.part is None and re.search(r"[第\d.]$", match.string[: match.start()]) is not None


_HANDED_IN = re.compile(
    r"[,]?(?:分别|集中|统一|全面|全部|基本|必须|须|要)?(?:(?:将|把)[^,。;]{1,40}?)?(?:向[^,。;]{2,20}?)?"
    r"(?:报送|上报|呈报|报(?![告名道])|提交|送交|交(?!流|通|叉)|完成|办结|整改到位)"
)
_BETWEEN = re.compile(r"\s?(?:和|及|与|以及|、|,)\s?")


def _joined(found: list[Span], text: str) -> list[Span]:
    """Days listed before one 前 are due as well: 3月、6月底前; so is what is handed in at the end of a month."""
    told: list[Span] = []
    after: Span | None = None
    for each in reversed(found):
        due = each.before
        if (not due and each.end is not None) or (not due and not each.has_year):
            listed = after is not None and after.before and _BETWEEN.fullmatch(text[each.place[1] : after.place[0]])
            single = not re.search(_MARKS_A_RANGE, each.raw)
            exact = each.precision in (Precision.DAY, Precision.MONTH_END)
            due = single and bool(listed or (exact and _HANDED_IN.match(text, each.place[1])))
        after = attrs.evolve(each, before=due, start=None if due else each.start)
        told.append(after)
    return told[::-1]


_MARKS_A_RANGE = r"[—\-–~～至到]"


def _year_ends(text: str, year: int | None) -> Iterator[Span]:
    """年底 and 年末 name no month."""
    for match in re.finditer(r"(?:(?P<y>(?:19|20)\d\d)年?|本年|今年|当年)?年?[底末](?P<tail>之前|以前|前)?", text):
        if "年" not in match[0] or _GOES_ON.match(text, match.end()) is not None:
            continue
        if not (match["y"] or match["tail"] or match[0].startswith(("本", "今", "当"))):
            continue
        known = int(match["y"]) if match["y"] else year
        end = dt.date(known, 12, 31) if known is not None else None
        yield Span(
            raw=match[0],
            end=end,
            precision=Precision.MONTH_END,
            before=bool(match["tail"]),
            has_year=known is not None,
            written=bool(match["y"]),
            place=match.span(),
        )


def recurrence(text: str) -> Recurrence | None:
    """Say how often something recurs (周期), by the first wording that says so."""
    return next((kind for kind, pattern in RECURS if pattern.search(text)), None)


def within(text: str) -> tuple[int, bool, str] | None:
    """Find ``N个工作日内`` (办理天数): the number, whether working days, and the wording."""
    match = WITHIN.search(text)
    if match is None:
        return None
    number = int(match[1]) if match[1].isdigit() else small_number(match[1])
    return (number, match[2] == "工作日", match[0]) if number else None


def _range(match: re.Match[str], one: Point, other: Point, year: int | None) -> Span:
    month = one.month if one.month is not None else other.month
    first = one.year or (other.year if not one.hidden and not other.next_year else None) or year
    end_month = other.month if other.month is not None else month
    last = other.year or (year if other.hidden else first)
    if last is not None and other.next_year:
        last += 1
    one, other = attrs.evolve(one, month=month), attrs.evolve(other, month=end_month)
    there = exists(first, one) and exists(last, other)
    start = day_of(first, one, ends=False)
    end = day_of(last, other, ends=True)
    if start and end and end < start and one.year is None and year is not None and year < end.year:
        start = day_of(year, one, ends=False)
    if start is not None and end is not None and end < start:
        start = end = None
    return Span(
        raw=match[0].strip(),
        start=start,
        end=end,
        precision=precision_of(other),
        has_year=start is not None and end is not None,
        written=bool(one.year or other.year),
        exists=there,
        place=match.span(),
    )


_DUE_AHEAD = re.compile(r"(?:截至|截止|截止到|截止于|不晚于|不迟于|最迟于?|最晚于?|不得晚于|不得迟于)\s?:?\s?$")


_AT_ONCE = re.compile(r"即日起?\s?(?:至|到|—|-|–|~|～)+\s?$")
"""From the day of issue on: the first day has no date of its own."""


_GOES_ON = re.compile(r"\s?(?:起|开始)?(?:—|-|–|~|至|到)")
"""After a first day whose last day is named by no date, such as 至春节前."""


def _single(match: re.Match[str], text: str, point: Point, year: int | None) -> Span:
    known = point.year or year
    if known is not None and point.next_year:
        known += 1
    tail = match["tail"] or ""
    ahead = text[max(0, match.start() - 8) : match.start()]
    before = tail.endswith("前") or _DUE_AHEAD.search(ahead) is not None
    at_once = _AT_ONCE.search(text[: match.start()])
    until = at_once is not None or re.search(r"[至到]$", ahead) is not None
    after = tail in ("起", "开始", "以后", "之后", "后")
    start = None if before or until else day_of(known, point, ends=False)
    end = None if after else day_of(known, point, ends=True)
    precision = Precision.OPEN if after else precision_of(point)
    if not before and _GOES_ON.match(text, match.end()) is not None:
        end, precision = None, Precision.OPEN
    if precision is Precision.MONTH_END and not before:
        start = None
    if precision is Precision.MONTH_START and not before:
        end = None
    begins = at_once.start() if at_once is not None else match.start()
    return Span(
        raw=text[begins : match.end()].strip(),
        start=start,
        end=end,
        precision=precision,
        before=before,
        has_year=known is not None,
        written=point.year is not None,
        exists=exists(known, point),
        place=(begins, match.end()),
    )
