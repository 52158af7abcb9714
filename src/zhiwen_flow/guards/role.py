"""Guards on who acts (经办岗位): roles are held by posts of the directory, as of the day."""

from __future__ import annotations

from typing import Any

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.model import Holder, Verdict
from zhiwen_flow.terms import Label


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RoleParams:
    """One role (一种岗位职责)."""

    role: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RolesParams:
    """Several roles, any of which will do (若干岗位职责之一)."""

    roles: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OrganParams:
    """An organ, by reference (由字段或事实指明的机关)."""

    organ: str


@guard(
    id="actor_holds_role",
    zh="由承担该职责的岗位办理",
    en="the actor's post holds the role",
    family="role",
    params=RoleParams,
    reads=("actor", "directory"),
)
def actor_holds_role(request: Request, rule: Rule[RoleParams]) -> Verdict:
    """Pass where the actor's post holds the role today."""
    post = request.post
    if post is not None and rule.params.role in request.roles:
        return rule.passed
    return _lacks(request, rule, (rule.params.role,))


@guard(
    id="actor_holds_one_role",
    zh="由承担所列职责之一的岗位办理",
    en="the actor's post holds one of the roles",
    family="role",
    params=RolesParams,
    reads=("actor", "directory"),
)
def actor_holds_one_role(request: Request, rule: Rule[RolesParams]) -> Verdict:
    """Pass where the actor's post holds one of the roles today."""
    post = request.post
    if post is not None and not set(rule.params.roles).isdisjoint(request.roles):
        return rule.passed
    return _lacks(request, rule, rule.params.roles)


@guard(
    id="actor_belongs_to",
    zh="由指定机关的人员办理",
    en="the actor belongs to the organ named",
    family="role",
    params=OrganParams,
    reads=("actor", "facts", "directory"),
)
def actor_belongs_to(request: Request, rule: Rule[OrganParams]) -> Verdict:
    """Pass where the actor's post is in the organ, or in an organ of it."""
    organ = request.value(rule.params.organ)
    if organ is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.organ))
    directory, today = request.rules.directory, request.today
    post = request.post
    if post is None:
        return rule.fails("actor.no_post", post=request.actor.post)
    if directory.belongs(post.organ, organ, today):
        return rule.passed
    holder = Holder(id=organ, label=directory.organ(organ).label, via="actor_belongs_to")
    return rule.fails(
        "actor.other_organ", who_could=(holder,), organ=_organ(request, organ), own=_organ(request, post.organ)
    )


def _lacks(request: Request, rule: Rule[Any], roles: tuple[str, ...]) -> Verdict:
    directory, post = request.rules.directory, request.post
    holders = directory.who_hold(roles, request.today)
    wanted = [named(directory.roles[role].label, role) if role in directory.roles else role for role in roles]
    if post is None:
        return rule.fails("actor.no_post", who_could=holders, post=request.actor.post)
    return rule.fails("role.not_held", who_could=holders, role=wanted, post=directory.named_post(post))


def _organ(request: Request, organ: str) -> dict[str, str]:
    return named(request.rules.directory.organ(organ).label, organ)


def named(label: Label, id: str) -> dict[str, str]:
    """Give a fact that reads well in both languages (带名称的事实)."""
    return {"id": id, "zh": label.zh, "en": label.en}


def named_reference(request: Request, reference: str) -> dict[str, str]:
    """Name what a reference points to, by the label of the field that it came from."""
    kind, _, name = reference.partition(":")
    transitions = (request.transition,) if kind == "field" else request.machine.all_transitions
    for each in transitions:
        if (field := each.field(name)) is not None:
            return named(field.label, name)
    return {"id": name, "zh": name, "en": name}
