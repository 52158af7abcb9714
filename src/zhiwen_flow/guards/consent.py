"""Guards on other organs' opinions (审核、征求意见、事前报告、会签、批准): who must be asked, and what was answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from zhiwen_flow.calendar import months_later
from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Holder, Verdict
from zhiwen_flow.rulebook import Target, Unit
from zhiwen_flow.rulebook.rows import Limit
from zhiwen_flow.rulings import Ruling
from zhiwen_flow.terms import Label, Power, weakest

ASKED = (Power.REVIEWS, Power.CONSULTS, Power.REPORTS_BEFORE)
"""Powers that are exercised before a decision, by an answer."""

SILENCE = "consultation.silence"
"""Limit of the rulebook after which a co-managing organ that says nothing is held to agree."""

COSIGNS = {"id": "cosigns", **Label(zh="会签", en="countersigns").as_dict()}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConsentParams:
    """The measure, the post and the records of the opinions asked, by reference (措施、职务与征求意见记录)."""

    measure: str
    post: str
    consents: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApprovalParams:
    """
    The measure and the post, by reference, and whether another organ's approval must be needed (是否须报批准).
    """

    measure: str
    post: str
    needed: bool


def ruling_at_hand(request: Request, measure: str, post: str) -> Ruling | None:
    """Rule on the measure and the post that two references name (权限裁定); None for a unit, or what is not known."""
    code, held = request.value(measure), request.value(post)
    if code is None or held is None or request.rules.rulebook.measure(code).target is Target.UNIT:
        return None
    found = request.rules.directory.post(held, request.today)
    return None if found is None else request.rules.authority.ruling_of(code, found, request.today)


@guard(
    id="others_were_asked",
    zh="应当审核、征求意见、事前报告的机关均已表明意见",
    en="every organ that reviews, is consulted or is told beforehand has answered",
    family="authority",
    params=ConsentParams,
    reads=("payload", "facts", "directory", "rulebook", "time"),
)
def others_were_asked(request: Request, rule: Rule[ConsentParams]) -> Verdict:
    """
    Pass where each organ that the ruling names has answered, and none objects.

    A consulted co-managing organ that says nothing until the limit has run out is held to agree (双重管理).

    Source:
        党政领导干部选拔任用工作条例, article on dual management; the rulebook's limit `consultation.silence`.
    """
    params = rule.params
    records = request.value(params.consents) or ()
    ruling = ruling_at_hand(request, params.measure, params.post)
    if ruling is None:
        return rule.passed
    sure: dict[str, Any] = {"status": ruling.status, "cites": ruling.cites}
    for power in ASKED:
        said = ruling.power(power)
        if said.missing is not None and ruling.powers and not said.holders:
            return rule.unknown("consent.not_said", power=_power(power), missing=said.missing.as_dict(), **sure)
        for holder in said.holders:
            record = _record(records, holder.id, power.value)
            if (refusal := _lacks(request, rule, holder, _power(power), record, sure)) is not None:
                return refusal
    for record in records:
        if record["power"] == "cosigns" and record["answer"] != "agreed":
            name = request.rules.directory.named_organ(record["organ"])
            return rule.fails("consent.not_agreed", organ=name, power=COSIGNS)
    if (limit := _leaned_on(request, records)) is not None:
        cites = (*ruling.cites, request.rules.rulebook.cite(limit))
        return rule.passes(status=weakest(ruling.status, limit.status), cites=cites, asked=len(records))
    return rule.passes(**sure, asked=len(records))


def _leaned_on(request: Request, records: Any) -> Limit | None:
    """The limit by which silence is consent, where some organ has said nothing."""
    silent = any(each["power"] == Power.CONSULTS.value and each["answer"] == "none" for each in records)
    return request.rules.rulebook.limits.get(SILENCE) if silent else None


def _record(records: Any, organ: str, power: str) -> dict[str, Any] | None:
    return next((each for each in records if each["organ"] == organ and each["power"] == power), None)


def _lacks(
    request: Request,
    rule: Rule[Any],
    holder: Holder,
    power: dict[str, str],
    record: dict[str, Any] | None,
    sure: dict[str, Any],
) -> Verdict | None:
    facts: dict[str, Any] = {"organ": request.rules.directory.named_organ(holder.id), "power": power}
    if record is None:
        return rule.fails("consent.missing", who_could=(holder,), **sure, **facts)
    asked = dt.date.fromisoformat(record["asked_on"])
    answered = dt.date.fromisoformat(record.get("answered_on") or record["asked_on"])
    if max(asked, answered) > request.today or answered < asked:
        return rule.fails("consent.dates", **sure, **facts)
    if record["answer"] == "objected":
        return rule.fails("consent.objected", **sure, **facts)
    if record["answer"] == "agreed":
        return None
    return _silent(request, rule, holder, asked, facts, sure)


def _silent(
    request: Request, rule: Rule[Any], holder: Holder, asked: dt.date, facts: dict[str, Any], sure: dict[str, Any]
) -> Verdict | None:
    """Only a consulted organ may be held to agree by saying nothing, and only where a row gives the time."""
    if facts["power"]["id"] != Power.CONSULTS.value:
        return rule.fails("consent.not_agreed", who_could=(holder,), **sure, **facts)
    limit = request.rules.rulebook.limits.get(SILENCE)
    if limit is None or limit.amount is None:
        return rule.unknown("consent.no_limit", who_could=(holder,), **sure, **facts)
    days = dt.timedelta(days=limit.amount)
    last = months_later(asked, limit.amount) if limit.unit is Unit.MONTH else asked + days
    cites = (request.rules.rulebook.cite(limit),)
    if request.today <= last:
        return rule.fails(
            "consent.waiting", status=limit.status, cites=cites, who_could=(holder,), last=last.isoformat(), **facts
        )
    return None


def _power(power: Power) -> dict[str, str]:
    return {"id": power.value, "zh": power.zh, "en": power.en}


@guard(
    id="approval_is_settled",
    zh="是否须报其他机关批准,与本环节相符",
    en="whether another organ must approve fits this step",
    family="authority",
    params=ApprovalParams,
    reads=("facts", "directory", "rulebook"),
)
def approval_is_settled(request: Request, rule: Rule[ApprovalParams]) -> Verdict:
    """
    Pass where the ruling names an approving organ just as this step supposes; 备案 never gates, 批准 does.

    Source:
        中国共产党问责条例(2019) 第 12 条.
    """
    measure = request.value(rule.params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.measure))
    ruling = ruling_at_hand(request, rule.params.measure, rule.params.post)
    holders = ruling.power(Power.APPROVES).holders if ruling is not None else ()
    if bool(holders) is rule.params.needed:
        return rule.passed
    name = request.rules.rulebook.named_measures[measure]
    if holders:
        return rule.fails("approval.needed", measure=name, who_could=holders)
    return rule.fails("approval.not_needed", measure=name)
