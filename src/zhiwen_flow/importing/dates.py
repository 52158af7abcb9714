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

_CHINESE = "一二三四五六七八九十"
_HIDDEN = r"20[*＊xX×_]{1,2}|(?<![*＊xX×_])[*＊xX×_]{2,4}|二[〇○0零][*＊xX×]{2}"
"""Years that were blanked out: named, and not known."""
YEAR = (
    r"(?:(?P<{0}y>(?:19|20)\d\d|[二一][〇○零Ｏ一二三四五六七八九]{{3}})\s?年度?"
    + rf"|(?P<{{0}}h>{_HIDDEN.replace('{', '{{').replace('}', '}}')})\s?年"
    + r"|(?P<{0}n>次年|翌年|明年)|(?:当年|本年|今年|同年)|(?P<{0}p>去年|上年|上一年))?\s?"
)
_MONTH = rf"(?:(?P<{{0}}m>\d{{{{1,2}}}}|[{_CHINESE}]{{{{1,3}}}}(?=月[份{_CHINESE}上中下初底末至到前)(]))\s?月份?)?"
_HALF = r"(?:第?(?P<{0}q>[一二三四1-4])季度|(?P<{0}half>[上下])半年)?\s?"
_DAY = (
    rf"(?:(?P<{{0}}d>\d{{{{1,2}}}}(?=[日号]|(?!\d|[.、．:]|[个年%人项次时分户家条部期天名万元级类]))|[{_CHINESE}]{{{{1,3}}}}(?=[日号]))[日号]?"
    r"|(?P<{0}part>上中旬|中下旬|上旬|中旬|下旬|上半月|下半月|初|底|末|中(?![旬央小心]))(?!步|次|期|级|阶段))?"
)
_CLOCK = (
    r"(?:\s?\((?:星期|周)[一二三四五六日天]\))?"
    r"(?:\s?(?:上午|下午|中午|晚上|当天)?\s?(?:\d{1,2}(?::\d\d|[时点](?:\d{1,2}分|整|半)?)|下班)|上午|下午|中午)?"
)
POINT = YEAR + _MONTH + _HALF + _DAY
DASH = r"\s?(?:—{1,4}|-{1,4}|–{1,4}|－|~{1,2}|～|、?至|到|(?:起|开始),?(?:至|到))\s?"
FROM, TO = POINT.format("a"), POINT.format("b")
RANGE = re.compile(FROM + r"(?:起|开始)?" + DASH + TO)
MONTHS = re.compile(
    YEAR.format("a")
    + r"(?<![\d月])(?P<am>\d|1[0-2])\s?(?:—|-|–|－|~|～|至|到|、)\s?(?P<bm>\d{1,2})月份?(?P<bpart>上旬|中旬|下旬|初|底|末)?(?!\d)"
)
"""Two months that share one 月, such as 4-5月."""
DOTTED = re.compile(
    r"(?<![\d.])(?:(?P<ay>(?:19|20)\d\d)(?P<s>[./-]))?(?P<am>\d{1,2})(?(s)(?P=s)|\.)(?P<ad>\d{1,2})日?"
    r"\s?(?:—{1,2}|–|－|~|～|至|到|-{1,2})\s?"
    r"(?:(?P<by>(?:19|20)\d\d)[./-])?(?P<bm>\d{1,2})[./-](?P<bd>\d{1,2})日?(?![\d.%])"
)
"""Days in figures, such as 2023.3.1—2023.3.31."""
SINGLE = re.compile(FROM + _CLOCK + r"(?P<tail>之前|以前|前|起|开始|以后|之后|后)?")
_FIGURES = re.compile(
    r"(?<![\d.])(?P<ay>(?:19|20)\d\d)(?P<s>[./-])(?P<am>\d{1,2})(?P=s)(?P<ad>\d{1,2})日?(?![\d.])"
    r"(?P<tail>之前|以前|前|起|开始|以后|之后|后)?"
)
YEARS = re.compile(
    rf"(?:(?P<ay>(?:19|20)\d\d)|(?P<ah>{_HIDDEN}))年?(?:\s?(?:—{{1,2}}|-|–|~|至|到)\s?(?P<by>(?:19|20)\d\d))?年?(?:全年)?(?![\d月年])"
)
"""Whole years, read only where a window is expected."""
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
        written: Whether the text names the year of both days itself.
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


@attrs.frozen(kw_only=True)
class _Point:
    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str | None = None
    hidden: bool = False
    next_year: bool = False
    past: bool = False
    until: int | None = None
    """Last month, where a quarter or half of a year is named."""


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
            one, other = _point(match, "a"), _point(match, "b")
            if _makes_a_range(one, other) and not _is_a_count(match, one):
                found.append(_range(match, one, other, year))
                taken.append(match.span())
        rest = _without(rest, taken)
    for pattern in (_FIGURES, SINGLE):
        taken = []
        for match in pattern.finditer(rest):
            point = _point(match, "a")
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


def _without(text: str, taken: list[tuple[int, int]]) -> str:
    """Blank out what was read, places kept."""
    pieces, at = [], 0
    for start, end in taken:
        pieces += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]]) if taken else text


def _makes_a_range(one: _Point, other: _Point) -> bool:
    if one.past or not (_is_point(one) and _is_point(other)):
        return False
    return bool((one.month or other.month) and (one.month or one.day or one.part))


def _is_a_count(match: re.Match[str], one: _Point) -> bool:
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
        if not due and each.end is not None or not due and not each.has_year:
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


def small_number(text: str) -> int:
    """Read a number below one hundred in characters (汉字数字); 0 for what is none."""
    tens, _, units = text.rpartition("十")
    if "十" not in text:
        return _DIGITS.get(text, 0)
    return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(units, 0) if units else 0)


def written_year(text: str) -> int | None:
    """Read a year in characters, such as 二○一一年 (汉字年份)."""
    match = re.search(r"([二一][〇○零Ｏ一二三四五六七八九]{3})年", text)
    return _number(match[1]) if match else None


def hides_its_year(text: str) -> bool:
    """Say whether years were blanked out of a text (年份是否隐去): 20××年."""
    return re.search(rf"(?:{_HIDDEN})\s?年", text) is not None


def _number(text: str | None) -> int | None:
    """Read figures or characters; a year is read character by character."""
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    return int("".join(str(_DIGITS[each]) for each in text)) if len(text) == 4 else small_number(text)  # noqa: PLR2004


_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}


def _point(match: re.Match[str], name: str) -> _Point:
    told = {key[1:]: value for key, value in match.groupdict().items() if key[0] == name and value}
    month, until = _number(told.get("m")), None
    if quarter := told.get("q"):
        number = _QUARTERS.get(quarter) or int(quarter)
        month, until = number * 3 - 2, number * 3
    elif half := told.get("half"):
        month, until = (1, 6) if half == "上" else (7, 12)
    return _Point(
        year=_number(told.get("y")),
        month=month,
        day=_number(told.get("d")),
        part=told.get("part"),
        hidden="h" in told,
        next_year="n" in told,
        past="p" in told,
        until=until,
    )


def _is_point(point: _Point) -> bool:
    return point.month is not None or point.day is not None or point.part is not None


def _range(match: re.Match[str], one: _Point, other: _Point, year: int | None) -> Span:
    month = one.month if one.month is not None else other.month
    first = one.year or (other.year if not one.hidden and not other.next_year else None) or year
    end_month = other.month if other.month is not None else month
    last = other.year or (year if other.hidden else first)
    if last is not None and other.next_year:
        last += 1
    one, other = attrs.evolve(one, month=month), attrs.evolve(other, month=end_month)
    exists = _exists(first, one) and _exists(last, other)
    start = _day(first, one, ends=False)
    end = _day(last, other, ends=True)
    if start is not None and end is not None and end < start:
        start = end = None
    return Span(
        raw=match[0].strip(),
        start=start,
        end=end,
        precision=_precision(other),
        has_year=start is not None and end is not None,
        written=bool(one.year and (other.year or other.next_year)),
        exists=exists,
        place=match.span(),
    )


_DUE_AHEAD = re.compile(r"(?:截至|截止|截止到|截止于|不晚于|不迟于|最迟于?|最晚于?|不得晚于|不得迟于)\s?:?\s?$")


_GOES_ON = re.compile(r"\s?(?:起|开始)?(?:—|-|–|~|至|到)")
"""After a first day whose last day is named by no date, such as 至春节前."""


def _single(match: re.Match[str], text: str, point: _Point, year: int | None) -> Span:
    known = point.year or year
    if known is not None and point.next_year:
        known += 1
    tail = match["tail"] or ""
    ahead = text[max(0, match.start() - 8) : match.start()]
    before = tail.endswith("前") or _DUE_AHEAD.search(ahead) is not None
    until = re.search(r"[至到]$", ahead) is not None
    after = tail in ("起", "开始", "以后", "之后", "后")
    start = None if before or until else _day(known, point, ends=False)
    end = None if after else _day(known, point, ends=True)
    precision = Precision.OPEN if after else _precision(point)
    if not before and _GOES_ON.match(text, match.end()) is not None:
        end, precision = None, Precision.OPEN
    if precision is Precision.MONTH_END and not before:
        start = None
    if precision is Precision.MONTH_START and not before:
        end = None
    return Span(
        raw=match[0].strip(),
        start=start,
        end=end,
        precision=precision,
        before=before,
        has_year=known is not None,
        written=point.year is not None,
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
    if point.part in ("上旬", "中旬", "下旬", "上中旬", "中下旬", "上半月", "下半月"):
        return Precision.TEN_DAY_PERIOD
    if point.part == "初":
        return Precision.MONTH_START
    if point.part in ("底", "末"):
        return Precision.MONTH_END
    return Precision.DAY if point.day is not None else Precision.MONTH


def _day(year: int | None, point: _Point, *, ends: bool) -> dt.date | None:
    if year is None or point.month is None or not _exists(year, point):
        return None
    month = point.until if point.until is not None and (ends or point.part in ("底", "末")) else point.month
    last = calendar.monthrange(year, month)[1]
    if point.day is not None:
        return dt.date(year, month, point.day)
    first, final = _PARTS.get(point.part or "", (1, last))
    return dt.date(year, month, min(final, last) if ends else first)


_PARTS = {
    "上旬": (1, 10),
    "上中旬": (1, 20),
    "中下旬": (11, 31),
    "上半月": (1, 15),
    "下半月": (16, 31),
    "中旬": (11, 20),
    "下旬": (21, 31),
    "初": (1, 10),
    "中": (11, 20),
    "底": (21, 31),
    "末": (21, 31),
}
"""First and last day of a part of a month; 月初 and 月底 keep their precision beside it."""
