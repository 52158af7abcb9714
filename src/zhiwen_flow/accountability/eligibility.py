"""
Whether a person may be promoted, awarded, moved (凡提必查): by effective measures and formally notified filings only.

A lead, an inquiry, a refused or withdrawn proposal never counts. Who may not see cadre records gets one and the same
answer in every case, so that nobody learns from it whether an inquiry exists.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import attrs

from zhiwen_flow.calendar import months_later
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.consequences import Act, Effect, Ending, Joining
from zhiwen_flow.terms import Label, Status, Term


class Standing(Term):
    """What is said of an act (结论)."""

    CLEAR = ("clear", "未见限制", "no bar found")
    BARRED = ("barred", "影响期内,不得办理", "barred")
    UNKNOWN = ("unknown", "无法判断", "cannot be said")
    ASK = ("ask", "需书面征求纪检监察机关意见", "ask the discipline organ in writing")


@attrs.frozen(kw_only=True)
class Held:
    """
    A measure that took effect on a person (已生效的处理).

    Args:
        measure: Measure of *book*; None where it was erased.
        book: Rulebook it was decided under; what it bars follows from there.
        dates: Day of each act it may count from, by its code: ``decided``, ``served`` …
    """

    measure: str | None
    book: Rulebook
    dates: dict[str, dt.date]


@attrs.frozen(kw_only=True)
class Bar:
    """
    One reason why an act is barred, or cannot be said (限制事由).

    Args:
        until: Last day of the bar, inclusive; None where no day can be given.
        why: What is missing, where it cannot be said.
    """

    label: Label
    until: dt.date | None
    cites: tuple[str, ...]
    status: Status
    why: Label | None = None

    def text(self, lang: str = "zh") -> str:
        """Say it in one line (说明)."""
        head = self.label.text(lang)
        if self.why is not None:
            return f"{head}:{self.why.zh}" if lang == "zh" else f"{head}: {self.why.en}"
        if self.until is None:
            return f"{head}:终止日期未定" if lang == "zh" else f"{head}: no end is set"
        return f"{head}:至{self.until.isoformat()}(含)" if lang == "zh" else f"{head}: up to {self.until.isoformat()}"


@attrs.frozen(kw_only=True)
class Eligibility:
    """Whether an act may be done for a person on a day (是否可以办理), with every reason."""

    act: Act
    at: dt.date
    standing: Standing
    bars: tuple[Bar, ...] = ()

    def explain(self, lang: str = "zh") -> str:
        """
        Explain to an official (说明), one line for each reason.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        colon = ":" if lang == "zh" else ": "
        lines = [f"{self.act.text(lang)}{colon}{self.standing.text(lang)}"]
        for each in self.bars:
            lines.append(f"  · {each.text(lang)}")
            if each.cites:
                lines.append(("    依据:" if lang == "zh" else "    Basis: ") + "、".join(each.cites))
        return "\n".join(lines)


def asked(act: Act, at: dt.date) -> Eligibility:
    """Give the one answer for whoever may not see cadre records (统一答复)."""
    return Eligibility(act=act, at=at, standing=Standing.ASK)


def eligibility(
    held: Sequence[Held], act: Act, at: dt.date, *, book: Rulebook, filed: Iterable[dt.date] = ()
) -> Eligibility:
    """
    Say whether an act may be done for a person (资格审查).

    Args:
        held: Measures that took effect on the person, each with the rulebook it was decided under.
        act: What is to be done.
        at: On which day.
        book: Rulebook in force now, for notified filings.
        filed: Days on which a filing (立案) was formally notified and is still open.

    >>> book = Rulebook.load("national-2025")
    >>> warned = Held(measure="party_warning", book=book, dates={"approved": dt.date(2025, 3, 3)})
    >>> print(eligibility([warned], Act.PROMOTION, dt.date(2026, 3, 3), book=book).explain())
    提拔(晋升职务):影响期内,不得办理
      · 党内警告影响期:至2026-03-03(含)
        依据:中国共产党纪律处分条例 第 10 条

    Source:
        政务处分法 8, 15, 19, 26, 52; 纪律处分条例 10; the effect rows of each rulebook.
    """
    bars = [bar for each in held for bar in _bars(each, act, at)]
    for each in dict.fromkeys(one.book for one in held):
        bars += _added(each, [one for one in held if one.book is each], act, at)
    bars += [_bar(book, effect, None) for day in filed if day <= at for effect in _filing(book, act)]
    if any(each.why is None for each in bars):
        standing = Standing.BARRED
    else:
        standing = Standing.UNKNOWN if bars else Standing.CLEAR
    return Eligibility(act=act, at=at, standing=standing, bars=tuple(bars))


def _bars(held: Held, act: Act, at: dt.date) -> list[Bar]:
    book = held.book
    if held.measure is None:
        return [Bar(label=A_MEASURE, until=None, cites=(), status=Status.UNKNOWN, why=ERASED)]
    effects = book.effects_of(held.measure)
    if not effects:
        row = book.measure(held.measure)
        return [Bar(label=row.label, until=None, cites=(book.cite(row),), status=Status.UNKNOWN, why=NO_ROW)]
    return [bar for effect in effects if act in effect.bars for bar in _one(held, effect, at)]


def ending(held: Held, since: dt.date, until: dt.date) -> Iterator[Bar]:
    """
    Give the effects of a measure whose last day lies in a period (期间内期满的影响期).

    Args:
        since: First day, inclusive.
        until: Last day, inclusive.
    """
    for effect in held.book.effects_of(held.measure) if held.measure is not None else ():
        start = held.dates.get(effect.counts_from.value)
        if start is None or not effect.bars:
            continue
        last = dt.date(start.year, 12, 31) if effect.same_year else _end(effect, start)
        if last is not None and since <= last <= until:
            yield _bar(held.book, effect, last)


def _one(held: Held, effect: Effect, at: dt.date) -> list[Bar]:
    book, moment = held.book, effect.counts_from
    start = held.dates.get(moment.value)
    if start is None:
        why = Label(zh=f"未记载“{moment.zh}”的日期", en=f"the day it was {moment.en} is not recorded")
        return [_bar(book, effect, None, why)]
    if at < start:
        return []
    if effect.same_year:
        return [_bar(book, effect, dt.date(start.year, 12, 31))] if at.year == start.year else []
    end = _end(effect, start)
    if end is None:
        return [_bar(book, effect, None, NO_LENGTH)]
    if at <= end:
        return [_bar(book, effect, end)]
    if effect.ends in (Ending.NOTICE, Ending.CHECK):
        why = Label(zh=f"须{effect.ends.zh},未见记载", en=f"it ends {effect.ends.en}, which is not on record")
        return [_bar(book, effect, None, why)]
    return []


A_MEASURE = Label(zh="一项处理", en="a measure")
ERASED = Label(zh="内容已按规定清除", en="its contents were erased")
NO_ROW = Label(zh="规则库未载明其影响期", en="the rulebook does not say what it bars")
NO_LENGTH = Label(zh="规定未写明期限", en="no text gives a length")
ADDED = Label(
    zh="数个处分期可以相加,以处分决定写明的为准", en="the periods may be added; the decision says whether they were"
)


def _end(effect: Effect, start: dt.date) -> dt.date | None:
    return effect.span.last_day(start) if effect.span is not None else None


def _bar(book: Rulebook, effect: Effect, until: dt.date | None, why: Label | None = None) -> Bar:
    return Bar(label=effect.label, until=until, cites=(book.cite(effect),), status=effect.status, why=why)


def _added(book: Rulebook, held: Sequence[Held], act: Act, at: dt.date) -> list[Bar]:
    """Where periods may be added and none runs any more, only the decision itself says whether they were."""
    found = []
    for row in book.combinations:
        if row.joining is not Joining.ADDED or row.most is None:
            continue
        spans = [
            (start, effect)
            for each in held
            if each.measure is not None and book.measure(each.measure).category in row.categories
            for effect in book.effects_of(each.measure)
            if act in effect.bars and effect.span is not None
            if (start := each.dates.get(effect.counts_from.value)) is not None and start <= at
        ]
        months = min(sum(effect.span.amount for _, effect in spans if effect.span is not None), row.most.amount)
        ends = [end for start, effect in spans if (end := _end(effect, start)) is not None]
        if len(spans) > 1 and at > max(ends) and at <= months_later(min(start for start, _ in spans), months):
            why = Label(
                zh="数个处分期可以相加,以处分决定写明的为准", en="the periods may be added; the decision says whether"
            )
            found.append(Bar(label=row.label, until=None, cites=(book.cite(row),), status=row.status, why=why))
    return found


def _filing(book: Rulebook, act: Act) -> list[Effect]:
    return [each for each in book.effects if not each.measures and act in each.bars]
