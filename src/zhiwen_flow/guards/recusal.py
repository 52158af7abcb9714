"""Guards on recusal (回避): nobody judges himself, and no report reaches those it is about."""

from __future__ import annotations

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named, named_reference
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConcernParams:
    """Whom the matter concerns (所涉人员与单位), by reference: person, post and unit."""

    person: str | None = None
    post: str | None = None
    unit: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HandlerParams:
    """To which organ it is handed (承办单位), and whom it concerns."""

    handler: str
    post: str | None = None
    unit: str | None = None
    accusation: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DifferParams:
    """A fact that holds who did the earlier step (前一环节经办人)."""

    fact: str


@guard(
    id="actor_is_not_concerned",
    zh="经办人与所办事项无利害关系",
    en="the actor is not concerned in the matter",
    family="recusal",
    params=ConcernParams,
    reads=("actor", "facts", "payload", "directory"),
)
def actor_is_not_concerned(request: Request, rule: Rule[ConcernParams]) -> Verdict:
    """
    Fail where the actor is the person concerned, holds the post concerned, or works in the unit concerned.

    Source:
        信访条例(2005) on recusal; 省高管局方案 (三)3.
    """
    params, directory = rule.params, request.rules.directory
    if params.person is not None and request.value(params.person) == request.actor.id:
        return rule.fails("recusal.person")
    if params.post is not None and request.value(params.post) == request.actor.post:
        return rule.fails("recusal.person")
    unit = request.value(params.unit) if params.unit is not None else None
    if unit is None:
        return rule.passed
    post = request.post
    if post is None:
        return rule.fails("actor.no_post", post=request.actor.post)
    if directory.unit_of(post.organ, request.today) == directory.unit_of(unit, request.today):
        return rule.fails("recusal.unit", unit=named(directory.organ(unit).label, unit))
    return rule.passed


@guard(
    id="handler_is_not_concerned",
    zh="承办单位不是被反映人所在单位或其主管、分管的单位",
    en="the handling organ is neither the unit reported, nor headed or supervised by the person reported",
    family="recusal",
    params=HandlerParams,
    reads=("facts", "payload", "directory"),
)
def handler_is_not_concerned(request: Request, rule: Rule[HandlerParams]) -> Verdict:
    """
    Fail where a report would reach the person or unit it is about.

    A complaint about service may be handled by the unit itself, as long as the person complained of does not head or
    supervise the organ that handles it; a report of wrongdoing may not enter that unit at all.

    Source:
        信访条例(2005) on not passing reports to those reported.
    """
    params, directory = rule.params, request.rules.directory
    handler = request.value(params.handler)
    if handler is None:
        return rule.unknown("fact.absent", fact=named_reference(request, params.handler))
    accused = request.value(params.post) if params.post is not None else None
    unit = request.value(params.unit) if params.unit is not None else None
    name = named(directory.organ(handler).label, handler)
    post = directory.post(accused, request.today) if accused is not None else None
    led = (*post.supervises, *((post.organ,) if post.head else ())) if post is not None else ()
    if any(directory.within(handler, each, request.today) for each in led):
        return rule.fails("recusal.handler_led", handler=name)
    reported = unit if unit is not None else (post.organ if post is not None else None)
    strict = params.accusation is None or request.value(params.accusation) == "accusation"
    if reported is not None and strict and directory.unit_of(handler) == directory.unit_of(reported):
        return rule.fails("recusal.handler_unit", handler=name)
    return rule.passed


@guard(
    id="actor_differs_from",
    zh="与前一环节经办人不是同一人",
    en="the actor is not who did the earlier step",
    family="recusal",
    params=DifferParams,
    reads=("actor", "facts"),
)
def actor_differs_from(request: Request, rule: Rule[DifferParams]) -> Verdict:
    """Fail where one person would do both steps (查审分离)."""
    earlier = request.fact(rule.params.fact)
    if earlier is None:
        return rule.unknown("fact.absent", fact=named_reference(request, f"fact:{rule.params.fact}"))
    if earlier == request.actor.id:
        return rule.fails("recusal.same_actor", step=named_reference(request, f"fact:{rule.params.fact}"))
    return rule.passed
