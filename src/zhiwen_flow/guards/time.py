"""Guards on time (时间): by the day in Beijing, never by the reader's clock."""

from __future__ import annotations

import datetime as dt

import attrs

from zhiwen_flow.guards.registry import NoParams, Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DateParams:
    """
    A date, by reference (日期).

    Args:
        optional: Whether a plan may leave it open; then there is nothing to compare with.
    """

    date: str
    optional: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EndDateParams:
    """An end date, by reference, for measures that must have one (截止日期)."""

    measure: str
    date: str


@guard(
    id="not_before",
    zh="未早于规定日期",
    en="the day has come",
    family="time",
    params=DateParams,
    reads=("facts", "payload", "time"),
)
def not_before(request: Request, rule: Rule[DateParams]) -> Verdict:
    """Pass on the date and after it."""
    text = request.value(rule.params.date)
    if text is None:
        return _undated(request, rule)
    if request.today >= dt.date.fromisoformat(text):
        return rule.passed
    return rule.fails("time.too_early", day=text, today=request.today.isoformat())


@guard(
    id="not_after",
    zh="未超过规定日期",
    en="the day has not passed",
    family="time",
    params=DateParams,
    reads=("facts", "payload", "time"),
)
def not_after(request: Request, rule: Rule[DateParams]) -> Verdict:
    """Pass on the date and before it."""
    text = request.value(rule.params.date)
    if text is None:
        return _undated(request, rule)
    if request.today <= dt.date.fromisoformat(text):
        return rule.passed
    return rule.fails("time.too_late", day=text, today=request.today.isoformat())


def _undated(request: Request, rule: Rule[DateParams]) -> Verdict:
    if rule.params.optional:
        return rule.passed
    return rule.unknown("fact.absent", fact=named_reference(request, rule.params.date))


@guard(
    id="end_date_is_given",
    zh="须有期限的措施已写明截止日期",
    en="a measure that must end has an end date after today",
    family="time",
    params=EndDateParams,
    reads=("facts", "payload", "rulebook", "time"),
)
def end_date_is_given(request: Request, rule: Rule[EndDateParams]) -> Verdict:
    """Pass where the measure needs no end date, or has one that lies ahead."""
    measure = request.value(rule.params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.measure))
    if not request.rules.rulebook.measure(measure).end_date_required:
        return rule.passed
    text = request.value(rule.params.date)
    if text is None:
        return rule.fails("time.no_end", measure=_measure(request, measure))
    if dt.date.fromisoformat(text) <= request.today:
        return rule.fails("time.end_passed", day=text, today=request.today.isoformat())
    return rule.passed


@guard(
    id="deadline_is_by_another_calendar",
    zh="期限是按原工作日历计算的,日历已有变动",
    en="the deadline was reckoned by another calendar than today's",
    family="time",
    reads=("deadline", "facts", "time"),
)
def deadline_is_by_another_calendar(request: Request, rule: Rule[NoParams]) -> Verdict:
    """Pass where a deadline runs that a limit gives, and the calendar has changed since it was reckoned."""
    running, calendar = request.surroundings.deadline, request.rules.calendar
    if running is None:
        return rule.fails("deadline.none_runs")
    named = request.machine.state(running.state).due
    if running.due is None or (named is not None and isinstance(request.fact(named), str)):
        return rule.fails("deadline.named_by_document")
    if calendar is None:
        return rule.unknown("deadline.no_calendar")
    if running.calendar == calendar.version:
        return rule.fails("deadline.same_calendar", due=running.due.isoformat(), calendar=calendar.version)
    return rule.passes(due=running.due.isoformat(), was=running.calendar or "", calendar=calendar.version)


def _measure(request: Request, measure: str) -> dict[str, str]:
    return {"id": measure, **request.rules.rulebook.measure(measure).label.as_dict()}
