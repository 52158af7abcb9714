"""Guards on remedies (救济): which there are against a measure, until when, and that nobody fares worse for asking."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Verdict
from zhiwen_flow.rulebook import Severity
from zhiwen_flow.rulebook.consequences import Remedy


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RemedyParams:
    """A remedy and the measure it is against, by reference (救济途径与处理方式)."""

    remedy: str
    measure: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TermParams:
    """A remedy, its measure, and the day its term runs from, by reference (救济期限)."""

    remedy: str
    measure: str
    counted_from: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OutcomeParams:
    """A remedy, the measure it is against, and the measure it would lead to, by reference (变更后的处理方式)."""

    remedy: str
    measure: str
    varied_to: str


@guard(
    id="remedy_is_given",
    zh="规则库载有对该处理方式的这一救济途径",
    en="the rulebook gives this remedy against the measure",
    family="remedy",
    params=RemedyParams,
    reads=("payload", "facts", "rulebook"),
)
def remedy_is_given(request: Request, rule: Rule[RemedyParams]) -> Verdict:
    """Pass where a row gives the remedy; a measure without any formal remedy leaves telling one's side (反映情况)."""
    measure, remedy = request.value(rule.params.measure), request.value(rule.params.remedy)
    for reference, value in ((rule.params.measure, measure), (rule.params.remedy, remedy)):
        if value is None:
            return rule.unknown("fact.absent", fact=named_reference(request, reference))
    book = request.rules.rulebook
    name = book.named_measures[book.measure(measure).id]
    given = book.remedies_of(measure)
    if not given:
        return rule.unknown("remedy.none_known", measure=name)
    found = next((each for each in given if each.id == remedy), None)
    if found is None:
        labels = [{"id": each.id, **each.label.as_dict()} for each in given]
        return rule.fails("remedy.other", measure=name, remedy=remedy, given=labels)
    return rule.passes(status=found.status, cites=(book.cite(found),), remedy=found.id)


@guard(
    id="within_remedy_term",
    zh="在救济期限内提出",
    en="it is asked for within the term of the remedy",
    family="remedy",
    params=TermParams,
    reads=("payload", "facts", "rulebook", "time"),
)
def within_remedy_term(request: Request, rule: Rule[TermParams]) -> Verdict:
    """Pass up to the last day of the term; without a day to count from, or a term, it cannot be said."""
    found = _remedy(request, rule.params.remedy, rule.params.measure)
    if found is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.remedy))
    cites = (request.rules.rulebook.cite(found),)
    if found.apply_within is None:
        return rule.unknown("remedy.no_term", status=found.status, cites=cites, remedy=found.label.as_dict())
    start = request.value(rule.params.counted_from)
    if start is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.counted_from))
    last = found.apply_within.last_day(dt.date.fromisoformat(start))
    facts: dict[str, Any] = {
        "last": last.isoformat(),
        "today": request.today.isoformat(),
        "remedy": found.label.as_dict(),
    }
    if request.today <= last:
        return rule.passes(status=found.status, cites=cites, **facts)
    return rule.fails("remedy.too_late", status=found.status, cites=cites, **facts)


@guard(
    id="remedy_is_no_worse",
    zh="不因申请救济而加重",
    en="nobody fares worse for having asked",
    family="remedy",
    params=OutcomeParams,
    reads=("payload", "facts", "rulebook"),
)
def remedy_is_no_worse(request: Request, rule: Rule[OutcomeParams]) -> Verdict:
    """
    Fail for a heavier measure where the remedy may not worsen, and where nothing is said of it.

    Measures of different categories have no order; whether one is heavier cannot be said then.
    """
    found = _remedy(request, rule.params.remedy, rule.params.measure)
    before, after = request.value(rule.params.measure), request.value(rule.params.varied_to)
    if found is None or before is None or after is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.varied_to))
    book = request.rules.rulebook
    if found.may_worsen:
        return rule.passes(status=found.status, cites=(book.cite(found),))
    severity = book.compare(after, before)
    facts: dict[str, Any] = {"before": book.named_measures[before], "after": book.named_measures[after]}
    if severity is Severity.HEAVIER:
        return rule.fails("remedy.worse", status=found.status, cites=(book.cite(found),), **facts)
    if severity is Severity.NOT_COMPARABLE:
        return rule.unknown("remedy.not_comparable", **facts)
    return rule.passes(status=found.status, cites=(book.cite(found),), **facts)


def _remedy(request: Request, remedy: str, measure: str) -> Remedy | None:
    id, against = request.value(remedy), request.value(measure)
    if id is None or against is None:
        return None
    return next((each for each in request.rules.rulebook.remedies_of(against) if each.id == id), None)
