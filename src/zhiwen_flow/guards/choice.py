"""Guards on the choice of a measure (处理方式的选择): told, combinable, by the right rules; when it ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Verdict
from zhiwen_flow.rulebook import Rulebook, Severity
from zhiwen_flow.rulebook.consequences import Combination, Effect
from zhiwen_flow.terms import Status, weakest


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ToldParams:
    """The measure and the measures the person was told of, by reference (拟处理与已告知的处理)."""

    measure: str
    told: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CombinationParams:
    """
    The measure and those it goes together with, by reference (合并使用).

    Args:
        machine: Machine of the measures already opened here.
        ended: States of it that no longer count.
    """

    measure: str
    together_with: str
    machine: str = "measure"
    ended: tuple[str, ...] = ("refused", "withdrawn", "rescinded")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LadderParams:
    """A measure and the legal ground given for it, by reference (处理方式与法律依据)."""

    measure: str
    ground: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TimeParams:
    """
    The measure and the day of the conduct, by reference (处理方式与行为发生日).

    Args:
        lighter: Reference to the written reason why the rules of today are the lighter ones.
    """

    measure: str
    conduct_on: str
    lighter: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BarParams:
    """A measure, the day its bars count from, and the act in question, by reference (处理方式、起算日、拟办事项)."""

    measure: str
    counted_from: str
    act: str


@guard(
    id="no_heavier_than_told",
    zh="不重于听取陈述申辩时已告知的处理",
    en="it is no heavier than what the person was told and heard on",
    family="material",
    params=ToldParams,
    reads=("facts", "payload", "rulebook"),
)
def no_heavier_than_told(request: Request, rule: Rule[ToldParams]) -> Verdict:
    """
    Pass where the person was heard on this measure, or on a heavier one of its category.

    Source:
        政务处分法 第 43 条; nobody fares worse for a defence.
    """
    measure, told = request.value(rule.params.measure), request.value(rule.params.told)
    if measure is None or not told:
        missing = rule.params.measure if measure is None else rule.params.told
        return rule.unknown("fact.absent", fact=named_reference(request, missing))
    book = request.rules.rulebook
    found = [book.compare(measure, each) for each in told]
    if any(each in (Severity.SAME, Severity.LIGHTER) for each in found):
        return rule.passed
    reason = "told.heavier" if Severity.HEAVIER in found else "told.other"
    return rule.fails(reason, measure=book.named_measures[measure], told=[book.named_measures[each] for each in told])


@guard(
    id="combination_is_allowed",
    zh="与同案其他处理方式可以合并使用",
    en="it may be used together with the other measures of the case",
    family="material",
    params=CombinationParams,
    reads=("payload", "children", "rulebook"),
)
def combination_is_allowed(request: Request, rule: Rule[CombinationParams]) -> Verdict:
    """Pass where every live measure of the case is named, and a row allows each pair; without a row it is unknown."""
    params, book = rule.params, request.rules.rulebook
    measure, others = request.value(params.measure), request.value(params.together_with) or ()
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, params.measure))
    children = request.surroundings.children.items()
    live = sum(count for (machine, state), count in children if machine == params.machine and state not in params.ended)
    if live != len(others):
        return rule.fails("combination.not_named", live=live, named=len(others))
    leaned: list[Combination] = []
    for each in others:
        row = _combination(book, measure, each)
        pair: dict[str, Any] = {"one": book.named_measures[measure], "other": book.named_measures[each]}
        if row is None or row.allowed is None:
            return rule.unknown("combination.not_said", **pair)
        if not row.allowed:
            return rule.fails("combination.forbidden", status=row.status, cites=(book.cite(row),), **pair)
        leaned.append(row)
    if not leaned:
        return rule.passed
    return rule.passes(
        status=weakest(*(each.status for each in leaned)), cites=tuple({book.cite(each): None for each in leaned})
    )


def _combination(book: Rulebook, one: str, other: str) -> Combination | None:
    """Find the row that speaks of a pair: the narrowest one that names both categories (合并使用条目)."""
    pair = {book.measure(one).category, book.measure(other).category}
    fitting = (each for each in book.combinations if pair <= set(each.categories))
    return min(fitting, key=lambda each: len(each.categories), default=None)


@guard(
    id="is_in_ladder",
    zh="属于方案所列的处理方式,或者写明了法律依据",
    en="the plan lists the measure, or the legal ground is given",
    family="material",
    params=LadderParams,
    reads=("payload", "facts", "rulebook"),
)
def is_in_ladder(request: Request, rule: Rule[LadderParams]) -> Verdict:
    """
    Ask for the legal ground of a measure that the plan behind the rulebook does not list (等).

    Source:
        省直机关方案 二(三)4.
    """
    measure = request.value(rule.params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.measure))
    book = request.rules.rulebook
    of_a_plan = any(each.plan_says is not None for each in book.measures.values())
    if not of_a_plan or book.measure(measure).plan_says is not None or request.value(rule.params.ground) is not None:
        return rule.passed
    return rule.fails("measure.not_in_plan", measure=book.named_measures[measure])


@guard(
    id="substance_follows_time",
    zh="实体问题从旧兼从轻",
    en="the rules of the time of the conduct apply, or lighter ones since",
    family="material",
    params=TimeParams,
    reads=("facts", "payload", "rulebook"),
)
def substance_follows_time(request: Request, rule: Rule[TimeParams]) -> Verdict:
    """
    Pass where the rules of that day knew the measure; else only where a written reason says that today's are lighter.

    Competence and procedure always follow the rules of the step. Which rulebook applied is kept in the verdict.
    """
    params, book = rule.params, request.rules.rulebook
    measure, conduct = request.value(params.measure), request.value(params.conduct_on)
    if measure is None or conduct is None:
        missing = params.measure if measure is None else params.conduct_on
        return rule.unknown("fact.absent", fact=named_reference(request, missing))
    day = dt.date.fromisoformat(conduct)
    if _speaks_for(book, day):
        return rule.passes(rulebook=book.id, conduct_on=conduct)
    then = next((each for each in request.rules.earlier if _speaks_for(each, day)), None)
    if then is None:
        return rule.unknown("rulebook.none_for_day", day=conduct, rulebook=book.label.as_dict())
    facts = {"day": conduct, "then": then.label.as_dict(), "measure": book.named_measures[measure]}
    if (known := _known_then(then, measure)) is not None:
        return rule.passes(rulebook=then.id, as_measure=known, conduct_on=conduct)
    if request.value(params.lighter) is None:
        return rule.fails("rulebook.measure_unknown_then", **facts)
    return rule.passes(rulebook=book.id, conduct_on=conduct, lighter=True)


def _speaks_for(book: Rulebook, day: dt.date) -> bool:
    return book.window.since <= day and (book.window.until is None or day <= book.window.until)


def _known_then(then: Rulebook, measure: str) -> str | None:
    """Find what a measure of today was called then: its own id, or one that it succeeded (新旧措施对应)."""
    if measure in then.measures:
        return measure
    return next((each.id for each in then.measures.values() if each.succeeded_by == measure), None)


@guard(
    id="bar_is_over",
    zh="影响期已满,可以办理该事项",
    en="the effect period is over for this act",
    family="time",
    params=BarParams,
    reads=("facts", "payload", "rulebook", "time"),
)
def bar_is_over(request: Request, rule: Rule[BarParams]) -> Verdict:
    """Pass from the day after the last bar on the act; without a length or a day to count from it cannot be said."""
    params, book = rule.params, request.rules.rulebook
    measure, start, act = (request.value(each) for each in (params.measure, params.counted_from, params.act))
    for reference, value in ((params.measure, measure), (params.counted_from, start), (params.act, act)):
        if value is None:
            return rule.unknown("fact.absent", fact=named_reference(request, reference))
    effects = [each for each in book.effects_of(measure) if act in each.bars]
    if not effects:
        return rule.unknown("return.no_effect", measure=book.named_measures[measure])
    cites = tuple(book.cite(each) for each in effects)
    status: Status = weakest(*(each.status for each in effects))
    ends = [_last(each, dt.date.fromisoformat(start)) for each in effects]
    if None in ends:
        return rule.unknown("return.no_end", status=status, cites=cites, measure=book.named_measures[measure])
    last = max(each for each in ends if each is not None)
    facts: dict[str, Any] = {"last": last.isoformat(), "today": request.today.isoformat()}
    if request.today > last:
        return rule.passes(status=status, cites=cites, **facts)
    return rule.fails("return.too_early", status=status, cites=cites, measure=book.named_measures[measure], **facts)


def _last(effect: Effect, start: dt.date) -> dt.date | None:
    if effect.same_year:
        return dt.date(start.year, 12, 31)
    return effect.span.last_day(start) if effect.span is not None else None
