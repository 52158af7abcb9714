"""Guards on cadre-management authority (干部管理权限): who may propose, decide, approve a measure on a person."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import attrs

from zhiwen_flow.authority import PowerRuling, Ruling
from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import full_name, named, named_reference
from zhiwen_flow.model import Verdict
from zhiwen_flow.rulebook import Target
from zhiwen_flow.terms import Label, Power


@attrs.frozen(kw_only=True)
class AuthorityParams:
    """
    Which power over which measure on the holder of which post (何种权力、何种措施、何人).

    Args:
        measure: Reference to the measure.
        post: Reference to the post of the person, as of now.
        organ: Reference to the unit, for measures on units.
        meeting: Reference to the meeting record; needed where the row asks for a collective decision.
    """

    measure: str
    power: str = "decides"
    post: str | None = None
    organ: str | None = None
    meeting: str | None = None


@attrs.frozen(kw_only=True)
class MeetingParams:
    """A meeting record, by reference (会议记录)."""

    meeting: str


@guard(
    id="has_measure_authority",
    zh="按照干部管理权限,由有权机关办理",
    en="the actor's organ has the authority over the measure and the person",
    family="authority",
    params=AuthorityParams,
    reads=("actor", "payload", "facts", "directory", "rulebook"),
)
def has_measure_authority(request: Request, rule: Rule[AuthorityParams]) -> Verdict:
    """
    Pass where the actor's organ, or the body it serves, holds the power.

    Source:
        省直机关方案 二(三)4; the row and the list behind each ruling are named in the verdict.
    """
    params, authority = rule.params, request.rules.authority
    measure = request.value(params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, params.measure))
    for_unit = request.rules.rulebook.measure(measure).target is Target.UNIT
    reference = params.organ if for_unit and params.organ is not None else params.post
    target = request.value(reference) if reference is not None else None
    if reference is None or target is None:
        return rule.unknown("fact.absent", fact=named_reference(request, reference or params.measure))
    if for_unit and params.organ is not None:
        ruling = authority.ruling_for_unit(measure, target, request.today)
    elif authority.directory.post(target, request.today) is None:
        return rule.unknown("post.not_then", post=target, day=request.today.isoformat())
    else:
        ruling = authority.ruling(measure, target, request.today)
    return _judged(request, rule, ruling, measure, target)


def _judged(request: Request, rule: Rule[AuthorityParams], ruling: Ruling, measure: str, target: str) -> Verdict:
    power = Power(rule.params.power)
    facts = _facts(request, ruling, measure, target, power)
    if ruling.not_applicable is not None:
        return rule.fails("authority.not_applicable", cites=ruling.cites, why=ruling.not_applicable.as_dict(), **facts)
    said = ruling.power(power)
    if said.missing is not None:
        why = said.missing.as_dict()
        return rule.unknown("authority.not_said", status=ruling.status, cites=ruling.cites, missing=why, **facts)
    if not said.holders:
        why = (said.absent or Label(zh="", en="")).as_dict()
        return rule.fails("authority.nobody", status=ruling.status, cites=ruling.cites, why=why, **facts)
    if not _holds(request, said):
        facts["holders"] = [named(each.label, each.id) for each in said.holders]
        return rule.fails(
            "authority.not_held", status=ruling.status, cites=ruling.cites, who_could=said.holders, **facts
        )
    if power is Power.DECIDES and ruling.collective is not False and rule.params.meeting is not None:
        record = request.value(rule.params.meeting)
        if record is None and ruling.collective:
            return rule.fails("meeting.missing", status=ruling.status, cites=ruling.cites, **facts)
        if record is None:
            return rule.unknown("meeting.not_said", status=ruling.status, cites=ruling.cites, **facts)
        if record["body"] not in {each.id for each in said.holders}:
            body = _name(request, record["body"])
            return rule.fails("meeting.other_body", status=ruling.status, cites=ruling.cites, body=body, **facts)
    return rule.passes(status=ruling.status, cites=ruling.cites, **facts)


def _facts(request: Request, ruling: Ruling, measure: str, target: str, power: Power) -> dict[str, Any]:
    directory, book = request.rules.directory, request.rules.rulebook
    post = directory.post(target)
    actor = directory.post(request.actor.post, request.today)
    return {
        "measure": named(book.measure(measure).label, measure),
        "target": named(full_name(request, target), target) if post is not None else _name(request, target),
        "rank": named(directory.rank(post.rank).label, post.rank) if post is not None else None,
        "power": named(Label(zh=power.zh, en=power.en), power.value),
        "row": ruling.row,
        "manager": _name(request, ruling.manager) if ruling.manager is not None else None,
        "own": _name(request, actor.organ) if actor is not None else None,
        "fallback": ruling.fallback,
    }


def _name(request: Request, organ: str) -> dict[str, str]:
    directory = request.rules.directory
    return (
        named(directory.organ(organ).label, organ)
        if directory.has_organ(organ)
        else {"id": organ, "zh": organ, "en": organ}
    )


def _holds(request: Request, said: PowerRuling) -> bool:
    """An actor acts for the organ of the post, or for the body that the post's role says it serves."""
    post = request.rules.directory.post(request.actor.post, request.today)
    if post is None:
        return False
    holders = {each.id for each in said.holders}
    return post.organ in holders


@guard(
    id="coordinating_body_never_decides_on_persons",
    zh="议事协调、督查机构不得对个人作出处理决定",
    en="a coordinating or inspecting body does not decide on persons",
    family="authority",
    reads=("actor", "directory"),
)
def coordinating_body_never_decides_on_persons(request: Request, rule: Rule[Any]) -> Verdict:
    """
    Fail for a leading group, its office, a task force or an inspection body.

    Source:
        省直机关方案 三(二): the office coordinates, guides and supervises.
    """
    directory = request.rules.directory
    post = directory.post(request.actor.post, request.today)
    if post is None:
        return rule.fails("actor.no_post", post=request.actor.post)
    if not directory.is_coordinating(post.organ):
        return rule.passed
    return rule.fails("authority.coordinating", own=_name(request, post.organ))


@guard(
    id="decided_in_meeting",
    zh="经会议集体研究决定,并达到规定的到会和表决人数",
    en="a meeting decided, with the quorum and majority the rules ask for",
    family="authority",
    params=MeetingParams,
    reads=("payload", "facts", "rulebook"),
)
def decided_in_meeting(request: Request, rule: Rule[MeetingParams]) -> Verdict:
    """
    Judge a meeting record: a meeting and no circulation, sums that hold, quorum and majority of the rulebook.
    """
    record = request.value(rule.params.meeting)
    if record is None:
        return rule.passed
    if record["form"] != "meeting":
        return rule.fails("meeting.circulation")
    votes = record["votes"]
    if record["present"] > record["due"] or sum(votes.values()) > record["present"]:
        return rule.fails("meeting.sums", due=record["due"], present=record["present"], votes=sum(votes.values()))
    if dt.date.fromisoformat(record["date"]) > request.today:
        return rule.fails("meeting.future", day=record["date"])
    return _counted(request, rule, record, votes["for"])


def _counted(request: Request, rule: Rule[MeetingParams], record: dict[str, Any], votes: int) -> Verdict:
    found = request.rules.rulebook.meetings.get("collective_decision")
    if found is None or found.quorum is None or found.majority is None:
        return rule.unknown("meeting.no_rule")
    cites = (request.rules.rulebook.cite(found),)
    facts = {"due": record["due"], "present": record["present"], "votes": votes, "minutes": record["minutes"]}
    if record["present"] < Fraction(found.quorum) * record["due"]:
        return rule.fails("meeting.no_quorum", status=found.status, cites=cites, quorum=found.quorum, **facts)
    if not votes > Fraction(found.majority) * record["due"]:
        return rule.fails("meeting.no_majority", status=found.status, cites=cites, majority=found.majority, **facts)
    return rule.passes(status=found.status, cites=cites, **facts)
