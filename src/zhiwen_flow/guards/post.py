"""Guards on who stands over a post (职务的主管、任免与启动审批): managing organ, discipline organ, electing body."""

from __future__ import annotations

from typing import Any

import attrs

from zhiwen_flow.directory import Post
from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Holder, Verdict
from zhiwen_flow.rulings import Ruling
from zhiwen_flow.terms import Power


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PostParams:
    """A post, by reference (职务)."""

    post: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ActParams:
    """The measure, the post, and the act of the body that fills it, by reference (措施、职务与任免机关的决定)."""

    measure: str
    post: str
    act: str
    changed_on: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SeatParams:
    """A person and the recipients of a decision, by reference (当事人与接收单位)."""

    person: str
    recipients: str


@guard(
    id="start_is_approved",
    zh="由有权批准启动的机关办理",
    en="the organ that may approve the start acts",
    family="authority",
    params=PostParams,
    reads=("actor", "facts", "directory", "rulebook"),
)
def start_is_approved(request: Request, rule: Rule[PostParams]) -> Verdict:
    """
    Pass where the actor's organ may approve that accountability is started against the holder of the post.

    Source:
        中国共产党问责条例(2019) 第 9 条第 1 款.
    """
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    return _by(request, rule, request.rules.authority.ruling_of_start(post, request.today), Power.APPROVES)


@guard(
    id="manages_post",
    zh="由该职务的主管机关办理",
    en="the organ that manages the post acts",
    family="authority",
    params=PostParams,
    reads=("actor", "facts", "payload", "directory", "rulebook"),
)
def manages_post(request: Request, rule: Rule[PostParams]) -> Verdict:
    """Pass where the actor's organ manages the post (干部管理权限)."""
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    ruling = request.rules.authority.managing(post, request.today)
    return _by_organ(request, rule, ruling, ruling.manager, "managing_organ")


@guard(
    id="has_discipline_jurisdiction",
    zh="由对该职务有管辖权的纪检监察机构办理",
    en="the discipline organ with jurisdiction over the post acts",
    family="authority",
    params=PostParams,
    reads=("actor", "facts", "payload", "directory", "rulebook"),
)
def has_discipline_jurisdiction(request: Request, rule: Rule[PostParams]) -> Verdict:
    """
    Pass where the actor belongs to the discipline organ of the organ that manages the post.

    Source:
        监察法 on jurisdiction by cadre-management authority; 监督执纪规则 on approval of a filing.
    """
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    ruling = request.rules.authority.managing(post, request.today)
    organ = request.rules.directory.organ(ruling.manager).discipline_organ if ruling.manager is not None else None
    return _by_organ(request, rule, ruling, organ, "managing_discipline")


@guard(
    id="fills_post",
    zh="由选举或任命该职务的机关办理",
    en="the body that elects or appoints to the post acts",
    family="authority",
    params=PostParams,
    reads=("actor", "facts", "payload", "directory"),
)
def fills_post(request: Request, rule: Rule[PostParams]) -> Verdict:
    """
    Pass where the actor belongs to the body that fills the post; who fills it must be known (产生方式).

    Source:
        地方组织法(2022) 第 13、31、32、50 条.
    """
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    if post.filled_by is None:
        return rule.unknown("post.not_filled_by_law", post=request.rules.directory.named_post(post))
    ruling = Ruling(measure="", cites=rule.cites, status=post.status)
    return _by_organ(request, rule, ruling, post.filled_by, "filled_by")


@guard(
    id="statutory_act_is_recorded",
    zh="由人大等机关选举或任命的职务,其变动已由该机关依法作出",
    en="a post filled by law is changed by the act of the body that fills it",
    family="authority",
    params=ActParams,
    reads=("facts", "payload", "directory", "rulebook"),
)
def statutory_act_is_recorded(request: Request, rule: Rule[ActParams]) -> Verdict:
    """
    Ask a measure that changes the post for the day of the change, and for the statutory act where a law fills the post.

    Source:
        关于实行党政领导干部问责的暂行规定(2009) 第 21 条;政务处分法 第 50 条.
    """
    params = rule.params
    measure = request.value(params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, params.measure))
    if not request.rules.rulebook.measure(measure).changes_post:
        return rule.passed
    if request.value(params.changed_on) is None:
        return rule.fails("fact.missing", facts=[named_reference(request, params.changed_on)])
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    if post.filled_by is None or request.value(params.act) is not None:
        return rule.passed
    organ = request.rules.directory.organ(post.filled_by)
    holder = Holder(id=post.filled_by, label=organ.label, via="filled_by")
    name = request.rules.directory.named_organ(post.filled_by)
    return rule.fails("post.no_statutory_act", who_could=(holder,), organ=name)


@guard(
    id="is_leading_post",
    zh="当事人担任领导职务",
    en="the person holds a leading post",
    family="authority",
    params=PostParams,
    reads=("facts", "payload", "directory"),
)
def is_leading_post(request: Request, rule: Rule[PostParams]) -> Verdict:
    """
    Pass where the rank of the post is a leading one.

    Source:
        党政领导干部辞职暂行规定(2004) 第 2、3 条;公务员法 第 18 条.
    """
    post = _post(request, rule)
    if isinstance(post, Verdict):
        return post
    if request.rules.directory.rank(post.rank).leading:
        return rule.passed
    return rule.fails("post.not_leading", post=request.rules.directory.named_post(post))


@guard(
    id="deputys_body_is_told",
    zh="当事人是人大代表、政协委员的,已通知其所在机关",
    en="the body in which the person sits is told",
    family="material",
    params=SeatParams,
    reads=("facts", "payload", "directory"),
)
def deputys_body_is_told(request: Request, rule: Rule[SeatParams]) -> Verdict:
    """
    Fail where the directory says that the person sits in a congress or 政协, and that body is not among the recipients.

    Source:
        政务处分法 第 50 条.
    """
    person = request.value(rule.params.person)
    if person is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.person))
    known = request.rules.directory.person(person, request.today)
    if known is None or known.deputy_of is None or known.deputy_of in (request.value(rule.params.recipients) or ()):
        return rule.passed
    return rule.fails("list.lacks", organs=[request.rules.directory.named_organ(known.deputy_of)])


def _post(request: Request, rule: Rule[Any]) -> Post | Verdict:
    held = request.value(rule.params.post)
    if held is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.post))
    found = request.rules.directory.post(held, request.today)
    return found if found is not None else rule.unknown("post.not_then", post=held, day=request.today.isoformat())


def _by_organ(request: Request, rule: Rule[Any], ruling: Ruling, organ: str | None, via: str) -> Verdict:
    if organ is None:
        return rule.unknown("post.no_manager", status=ruling.status, cites=ruling.cites)
    own = request.post.organ if request.post is not None else None
    sure: dict[str, Any] = {"status": ruling.status, "cites": ruling.cites}
    if own == organ:
        return rule.passes(**sure, organ=organ, fallback=ruling.fallback)
    holder = Holder(id=organ, label=request.rules.directory.organ(organ).label, via=via)
    return rule.fails("post.other_organ", who_could=(holder,), **sure, organ=request.rules.directory.named_organ(organ))


def _by(request: Request, rule: Rule[Any], ruling: Ruling, power: Power) -> Verdict:
    said = ruling.power(power)
    sure: dict[str, Any] = {"status": ruling.status, "cites": ruling.cites}
    if not said.holders:
        missing = (said.missing or ruling.missing or said.absent) if said else ruling.missing
        return rule.unknown("start.not_said", missing=missing.as_dict() if missing else None, **sure)
    own = request.post.organ if request.post is not None else None
    if any(each.id == own for each in said.holders):
        return rule.passes(**sure, row=ruling.row, organ=own, fallback=ruling.fallback)
    organs = [request.rules.directory.named_organ(each.id) for each in said.holders]
    return rule.fails("start.other_organ", who_could=said.holders, **sure, organs=organs)
