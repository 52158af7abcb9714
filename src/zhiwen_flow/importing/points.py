"""
One day, month or 旬 as official texts write it (公文中的日期写法): the patterns, and what their parts mean.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

import attrs

from zhiwen_flow.plan import Precision

_CHINESE = "一二三四五六七八九十"
HIDDEN = r"20[*＊xX×_]{1,2}|(?<![*＊xX×_])[*＊xX×_]{2,4}|二[〇○0零][*＊xX×]{2}"
"""Years that were blanked out: named, and not known."""
YEAR = (
    r"(?:(?P<{0}y>(?:19|20)\d\d|[二一][〇○零Ｏ一二三四五六七八九]{{3}})\s?年度?"
    rf"|(?P<{{0}}h>{HIDDEN.replace('{', '{{').replace('}', '}}')})\s?年"
    r"|(?P<{0}n>次年|翌年|明年)|(?:当年|本年|今年|同年)|(?P<{0}p>去年|上年|上一年))?\s?"
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
FROM, TO = POINT.format("a"), POINT.format("b") + r"(?P<be>年[底末])?"
RANGE = re.compile(FROM + r"(?:起|开始)?" + DASH + TO)
MONTHS = re.compile(
    YEAR.format("a") + r"(?<![\d月])(?P<am>\d|1[0-2])\s?(?:—|-|–|－|~|～|至|到|、)\s?(?P<bm>\d{1,2})月份?"
    r"(?P<bpart>上旬|中旬|下旬|初|底|末)?(?!\d)"
)
"""Two months that share one 月, such as 4-5月."""
DOTTED = re.compile(
    r"(?<![\d.])(?:(?P<ay>(?:19|20)\d\d)(?P<s>[./-]))?(?P<am>\d{1,2})(?(s)(?P=s)|\.)(?P<ad>\d{1,2})日?"
    r"\s?(?:—{1,2}|–|－|~|～|至|到|-{1,2})\s?"
    r"(?:(?P<by>(?:19|20)\d\d)[./-])?(?P<bm>\d{1,2})[./-](?P<bd>\d{1,2})日?(?![\d.%])"
)
"""Days in figures, such as 2023.3.1—2023.3.31."""
SINGLE = re.compile(FROM + _CLOCK + r"(?P<tail>之前|以前|前|起|开始|以后|之后|后)?")
FIGURES = re.compile(
    r"(?<![\d.])(?P<ay>(?:19|20)\d\d)(?P<s>[./-])(?P<am>\d{1,2})(?P=s)(?P<ad>\d{1,2})日?(?![\d.])"
    r"(?P<tail>之前|以前|前|起|开始|以后|之后|后)?"
)
YEARS = re.compile(
    rf"(?:(?P<ay>(?:19|20)\d\d)|(?P<ah>{HIDDEN}))年?(?:\s?(?:—{{1,2}}|-|–|~|至|到)\s?(?P<by>(?:19|20)\d\d))?年?(?:全年)?(?![\d月年])"
)
"""Whole years, read only where a window is expected."""
_DIGITS = {each: number for number, each in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0, "Ｏ": 0}


@attrs.frozen(kw_only=True)
class Point:
    """
    One time as a text names it (一个时点), its year perhaps not.

    Args:
        part: 旬, 初, 底 and the like.
        hidden: Whether its year was blanked out.
        next_year: Whether it says 次年.
        past: Whether it says 去年.
        until: Last month, where a quarter or half of a year is named.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str | None = None
    hidden: bool = False
    next_year: bool = False
    past: bool = False
    until: int | None = None


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
    return re.search(rf"(?:{HIDDEN})\s?年", text) is not None


def _number(text: str | None) -> int | None:
    """Read figures or characters; a year is read character by character."""
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    return int("".join(str(_DIGITS[each]) for each in text)) if len(text) == 4 else small_number(text)  # noqa: PLR2004


_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}


def point_of(match: re.Match[str], name: str) -> Point:
    """Read the first (``a``) or second (``b``) time of a match (读出时点)."""
    told = {key[1:]: value for key, value in match.groupdict().items() if key[0] == name and value}
    month, until = _number(told.get("m")), None
    if quarter := told.get("q"):
        number = _QUARTERS.get(quarter) or int(quarter)
        month, until = number * 3 - 2, number * 3
    elif half := told.get("half"):
        month, until = (1, 6) if half == "上" else (7, 12)
    part = told.get("part")
    if month is None and ("e" in told or ("y" in told and part in ("底", "末"))):
        month, part = 12, "底"
    return Point(
        year=_number(told.get("y")),
        month=month,
        day=_number(told.get("d")),
        part=part,
        hidden="h" in told,
        next_year="n" in told,
        past="p" in told,
        until=until,
    )


def is_point(point: Point) -> bool:
    """Say whether any part of a date was named (是否成时点)."""
    return point.month is not None or point.day is not None or point.part is not None


def exists(year: int | None, point: Point) -> bool:
    """Whether there is such a day; without a year the 29th of February is let stand."""
    if point.month is None:
        return True
    if not 1 <= point.month <= 12:  # noqa: PLR2004
        return False
    return point.day is None or 1 <= point.day <= calendar.monthrange(year or 2000, point.month)[1]


def precision_of(point: Point) -> Precision:
    """Say how exactly a time is named (精度)."""
    if point.part in ("上旬", "中旬", "下旬", "上中旬", "中下旬", "上半月", "下半月"):
        return Precision.TEN_DAY_PERIOD
    if point.part == "初":
        return Precision.MONTH_START
    if point.part in ("底", "末"):
        return Precision.MONTH_END
    return Precision.DAY if point.day is not None else Precision.MONTH


def day_of(year: int | None, point: Point, *, ends: bool) -> dt.date | None:
    """Give the first or the last day of a time (首日、末日); None where it is not known or does not exist."""
    if year is None or point.month is None or not exists(year, point) or not dt.MINYEAR <= year <= dt.MAXYEAR:
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
