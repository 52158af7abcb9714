"""Guards on cadre-management authority (干部管理权限): who may propose, decide, approve a measure on a person."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import attrs

from zhiwen_flow.directory import Post
from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named, named_reference
from zhiwen_flow.model import Verdict
from zhiwen_flow.rulings import PowerRuling, Ruling
from zhiwen_flow.terms import Label, Power


@attrs.frozen(kw_only=True, eq=False, repr=False)
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
    power: Power = Power.DECIDES
    post: str | None = None
    organ: str | None = None
    meeting: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MeetingParams:
    """
    A meeting record, by reference, and the rulebook's rule for such a meeting (会议记录与会议要求).

    Args:
        required: Whether there must be one here.
    """

    meeting: str
    rule: str = "collective_decision"
    required: bool = False


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
    for_unit = measure in authority.for_units
    reference = params.organ if for_unit and params.organ is not None else params.post
    target = request.value(reference) if reference is not None else None
    if reference is None or target is None:
        return rule.unknown("fact.absent", fact=named_reference(request, reference or params.measure))
    if for_unit and params.organ is not None:
        return _judged(request, rule, authority.ruling_for_unit(measure, target, request.today), target, None)
    found = authority.at_post(measure, target, request.today)
    if found is None:
        return rule.unknown("post.not_then", post=target, day=request.today.isoformat())
    return _judged(request, rule, found[1], target, found[0])


def _judged(request: Request, rule: Rule[AuthorityParams], ruling: Ruling, target: str, post: Post | None) -> Verdict:
    said = ruling.powers.get(rule.params.power) or ruling.power(rule.params.power)
    if ruling.not_applicable is None and _holds(request, said):
        lacking = (
            None if rule.params.meeting is None else _meeting_lacks(request, rule, ruling, rule.params.meeting, said)
        )
        if lacking is None:
            return rule.passed_on(_ids(request, rule, ruling, target, post), ruling.status, ruling.cites)
    facts = _facts(request, rule, ruling, target, post)
    sure: dict[str, Any] = {"status": ruling.status, "cites": ruling.cites}
    if ruling.not_applicable is not None:
        return rule.fails("authority.not_applicable", cites=ruling.cites, why=ruling.not_applicable.as_dict(), **facts)
    if said.missing is not None:
        return rule.unknown("authority.not_said", missing=said.missing.as_dict(), **sure, **facts)
    if not said.holders:
        return rule.fails("authority.nobody", why=(said.absent or NOTHING).as_dict(), **sure, **facts)
    if not _holds(request, said):
        return rule.fails("authority.not_held", who_could=said.holders, **sure, **facts)
    if lacking == "meeting.not_said":
        return rule.unknown(lacking, **sure, **facts)
    if record := request.value(rule.params.meeting or ""):
        facts["body"] = _name(request, record["body"])
    return rule.fails(lacking or "", **sure, **facts)


NOTHING = Label(zh="", en="")


def _meeting_lacks(
    request: Request, rule: Rule[AuthorityParams], ruling: Ruling, meeting: str, said: PowerRuling
) -> str | None:
    """Say what the meeting record lacks where the row asks for a collective decision; None when nothing."""
    if rule.params.power is not Power.DECIDES or ruling.collective is False:
        return None
    record = request.value(meeting)
    if record is None:
        return "meeting.missing" if ruling.collective else "meeting.not_said"
    return None if any(each.id == record["body"] for each in said.holders) else "meeting.other_body"


def _ids(
    request: Request, rule: Rule[AuthorityParams], ruling: Ruling, target: str, post: Post | None
) -> dict[str, Any]:
    """Give the facts used, by their ids: a passing sentence names none of them."""
    actor = request.post
    return {
        "measure": ruling.measure,
        "target": target,
        "rank": post.rank if post is not None else None,
        "power": rule.params.power.value,
        "row": ruling.row,
        "manager": ruling.manager,
        "own": actor.organ if actor is not None else None,
        "fallback": ruling.fallback,
    }


def _facts(
    request: Request, rule: Rule[AuthorityParams], ruling: Ruling, target: str, post: Post | None
) -> dict[str, Any]:
    directory, actor = request.rules.directory, request.post
    return {
        "measure": request.rules.rulebook.named_measures[ruling.measure],
        "target": directory.named_post(post) if post is not None else directory.named_organ(target),
        "rank": named(directory.ranks[post.rank].label, post.rank) if post is not None else None,
        "power": _POWERS[rule.params.power],
        "row": ruling.row,
        "manager": directory.named_organ(ruling.manager) if ruling.manager is not None else None,
        "own": directory.named_organ(actor.organ) if actor is not None else None,
        "fallback": ruling.fallback,
    }


_POWERS = {power: {"id": power.value, "zh": power.zh, "en": power.en} for power in Power}


def _name(request: Request, organ: str) -> dict[str, str]:
    return request.rules.directory.named_organ(organ)


def _holds(request: Request, said: PowerRuling) -> bool:
    """An actor acts for the organ of the post, or for the body that the post's role says it serves."""
    post = request.post
    if post is None:
        return False
    organ = post.organ
    for each in said.holders:  # noqa: SIM110 - the hottest line of a decision
        if each.id == organ:
            return True
    return False


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
    post = request.post
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
        return rule.fails("meeting.none") if rule.params.required else rule.passed
    if record["form"] != "meeting":
        return rule.fails("meeting.circulation")
    votes = record["votes"]
    if record["present"] > record["due"] or sum(votes.values()) > record["present"]:
        return rule.fails("meeting.sums", due=record["due"], present=record["present"], votes=sum(votes.values()))
    if dt.date.fromisoformat(record["date"]) > request.today:
        return rule.fails("meeting.future", day=record["date"])
    return _counted(request, rule, record, votes["for"])


def _counted(request: Request, rule: Rule[MeetingParams], record: dict[str, Any], votes: int) -> Verdict:
    found = request.rules.rulebook.meetings.get(rule.params.rule)
    if found is None or found.quorum is None or found.majority is None:
        return rule.unknown("meeting.no_rule")
    cites = (request.rules.rulebook.cite(found),)
    facts = {"due": record["due"], "present": record["present"], "votes": votes, "minutes": record["minutes"]}
    least = Fraction(found.quorum) * record["due"]
    if found.secret and record.get("ballot") != "secret":
        return rule.fails("meeting.not_secret", status=found.status, cites=cites)
    if record["present"] < least or (found.quorum_more_than and record["present"] == least):
        return rule.fails("meeting.no_quorum", status=found.status, cites=cites, quorum=found.quorum, **facts)
    if not votes > Fraction(found.majority) * record["due"]:
        return rule.fails("meeting.no_majority", status=found.status, cites=cites, majority=found.majority, **facts)
    return rule.passes(status=found.status, cites=cites, **facts)
