"""
Dates as official texts write them (公文中的日期): days, ranges, 旬, 月初, 月底, months, open ends, recurrences.

A year comes from the text itself or from the caller; where neither gives one, the days stay open, the wording kept.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator

import attrs

from zhiwen_flow.plan import Precision, Recurrence

YEAR = r"(?:(?P<{0}y>(?:19|20)\d\d)年|(?P<{0}n>次年|翌年|明年))?"
POINT = (
    YEAR
    + r"(?:(?P<{0}m>\d{{1,2}})月份?)?"
    + r"(?:(?P<{0}d>\d{{1,2}})[日号]?(?!\d|[.、．]|[个年%人项次时分])|(?P<{0}part>上旬|中旬|下旬|初|底|末|中(?!旬)))?"
)
DASH = r"\s*(?:—+|-+|–|－|~|～|至|到)\s*"
FROM, TO = POINT.format("a"), POINT.format("b")
RANGE = re.compile(FROM + r"(?:起|开始)?" + DASH + TO)
SINGLE = re.compile(FROM + r"(?P<tail>之前|以前|前|起|开始|以后|后)?")
RECURS = (
    (Recurrence.WEEKLY, re.compile(r"每周|每星期|周报")),
    (Recurrence.TEN_DAYS, re.compile(r"每旬|旬报")),
    (Recurrence.MONTHLY, re.compile(r"每月|每个月|月报|按月")),
    (Recurrence.QUARTERLY, re.compile(r"每季度?|每个季度|季报|按季")),
    (Recurrence.HALF_YEARLY, re.compile(r"每半年")),
    (Recurrence.YEARLY, re.compile(r"每年|年报")),
)
WITHIN = re.compile(r"(\d{1,3}|[一二三四五六七八九十]{1,3})个?(工作日|日|天)(?:之内|以内|内)")
_DIGITS = {each: number for number, each in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0, "Ｏ": 0}


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
        exists: Whether the calendar has such days.
        place: Where the wording stands in its line.
    """

    raw: str
    start: dt.date | None = None
    end: dt.date | None = None
    precision: Precision = Precision.DAY
    before: bool = False
    has_year: bool = True
    exists: bool = True
    place: tuple[int, int] = (0, 0)


@attrs.frozen(kw_only=True)
class _Point:
    year: int | None
    month: int | None
    day: int | None
    part: str | None
    next_year: bool


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
    taken: list[tuple[int, int]] = []
    found: list[Span] = []
    for match in RANGE.finditer(text):
        one, other = _point(match, "a"), _point(match, "b")
        if _is_point(one) and _is_point(other) and (one.month or other.month) and (one.month or one.day):
            found.append(_range(match, one, other, year))
            taken.append(match.span())
    for match in SINGLE.finditer(text):
        point = _point(match, "a")
        if point.month is None or any(start < match.end() and match.start() < end for start, end in taken):
            continue
        found.append(_single(match, point, year))
        taken.append(match.span())
    found += _year_ends(text, year, taken)
    yield from sorted(found, key=lambda each: each.place)


def _year_ends(text: str, year: int | None, taken: list[tuple[int, int]]) -> Iterator[Span]:
    """年底 and 年末 name no month."""
    for match in re.finditer(r"(?:(?P<y>(?:19|20)\d\d)年?|本年|今年|当年)?年?[底末](?P<tail>之前|以前|前)?", text):
        if "年" not in match[0] or any(start < match.end() and match.start() < end for start, end in taken):
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


def small_number(text: str) -> int:
    """Read a number below one hundred in characters (汉字数字); 0 for what is none."""
    tens, _, units = text.rpartition("十")
    if "十" not in text:
        return _DIGITS.get(text, 0)
    return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(units, 0) if units else 0)


def written_year(text: str) -> int | None:
    """Read a year in characters, such as 二○一一年 (汉字年份)."""
    match = re.search(r"([二一][〇○零Ｏ一二三四五六七八九]{3})年", text)
    return int("".join(str(_DIGITS[each]) for each in match[1])) if match else None


def _point(match: re.Match[str], name: str) -> _Point:
    def number(part: str) -> int | None:
        found = match[f"{name}{part}"]
        return int(found) if found else None

    return _Point(
        year=number("y"),
        month=number("m"),
        day=number("d"),
        part=match[f"{name}part"],
        next_year=bool(match[f"{name}n"]),
    )


def _is_point(point: _Point) -> bool:
    return point.month is not None or point.day is not None or point.part is not None


def _range(match: re.Match[str], one: _Point, other: _Point, year: int | None) -> Span:
    month = one.month if one.month is not None else other.month
    first = one.year or other.year or year
    end_month = other.month if other.month is not None else month
    last = other.year or first
    if last is not None and other.next_year:
        last += 1
    one, other = attrs.evolve(one, month=month), attrs.evolve(other, month=end_month)
    exists = _exists(first, one) and _exists(last, other)
    start = _day(first, one, ends=False)
    end = _day(last, other, ends=True)
    if start is not None and end is not None and end < start and other.year is None:
        start = end = None
    return Span(
        raw=match[0].strip(),
        start=start,
        end=end,
        precision=_precision(other),
        has_year=start is not None and end is not None,
        exists=exists,
        place=match.span(),
    )


def _single(match: re.Match[str], point: _Point, year: int | None) -> Span:
    known = point.year or year
    tail = match["tail"] or ""
    ahead = match.string[: match.start()]
    before = tail.endswith("前") or re.search(r"(?:截至|截止|截止到)$", ahead) is not None
    until = re.search(r"[至到]$", ahead) is not None
    after = tail in ("起", "开始", "以后", "后")
    start = None if before or until else _day(known, point, ends=False)
    end = None if after else _day(known, point, ends=True)
    precision = Precision.OPEN if after else _precision(point)
    if precision is Precision.MONTH_END and not before:
        start = None
    if precision is Precision.MONTH_START and not before:
        end = None
    has_year = known is not None
    return Span(
        raw=match[0].strip(),
        start=start,
        end=end,
        precision=precision,
        before=before,
        has_year=has_year,
        exists=_exists(known, point),
        place=match.span(),
    )


def _exists(year: int | None, point: _Point) -> bool:
    """Whether there is such a day; without a year the 29th of February is let stand."""
    if point.month is None:
        return True
    if not 1 <= point.month <= 12:  # noqa: PLR2004
        return False
    return point.day is None or 1 <= point.day <= calendar.monthrange(year or 2000, point.month)[1]


def _precision(point: _Point) -> Precision:
    if point.part in ("上旬", "中旬", "下旬"):
        return Precision.TEN_DAY_PERIOD
    if point.part == "初":
        return Precision.MONTH_START
    if point.part in ("底", "末"):
        return Precision.MONTH_END
    return Precision.DAY if point.day is not None else Precision.MONTH


def _day(year: int | None, point: _Point, *, ends: bool) -> dt.date | None:
    if year is None or point.month is None or not _exists(year, point):
        return None
    last = calendar.monthrange(year, point.month)[1]
    if point.day is not None:
        return dt.date(year, point.month, point.day)
    first, final = _PARTS.get(point.part or "", (1, last))
    return dt.date(year, point.month, min(final, last) if ends else first)


_PARTS = {
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, 31),
    "初": (1, 10),
    "中": (11, 20),
    "底": (21, 31),
    "末": (21, 31),
}
"""First and last day of a part of a month; 月初 and 月底 keep their precision beside it."""
