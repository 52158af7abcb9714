"""Guards on children and obligations (下级卷宗与待办义务): safe against races, because the append asserts `links`."""

from __future__ import annotations

import attrs

from zhiwen_flow.guards.registry import NoParams, Request, Rule, guard
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ChildrenParams:
    """A machine and states of its instances (下级卷宗及其状态)."""

    machine: str
    states: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KindsParams:
    """Kinds of obligations; all of them when empty (义务种类)."""

    kinds: tuple[str, ...] = ()


@guard(
    id="children_are_all_in",
    zh="下级卷宗均已到达规定状态",
    en="every child is in one of the states",
    family="children",
    params=ChildrenParams,
    reads=("children",),
)
def children_are_all_in(request: Request, rule: Rule[ChildrenParams]) -> Verdict:
    """Pass where no child of the machine is in another state; having none passes."""
    params = rule.params
    others = {
        state: count
        for (machine, state), count in request.surroundings.children.items()
        if machine == params.machine and state not in params.states and count
    }
    if not others:
        return rule.passed
    return rule.fails(
        "children.not_there", machine=_child(request, params.machine), count=sum(others.values()), states=sorted(others)
    )


@guard(
    id="some_child_is_in",
    zh="至少有一件下级卷宗到达规定状态",
    en="at least one child is in one of the states",
    family="children",
    params=ChildrenParams,
    reads=("children",),
)
def some_child_is_in(request: Request, rule: Rule[ChildrenParams]) -> Verdict:
    """Pass where a child of the machine is in one of the states."""
    params, children = rule.params, request.surroundings.children
    if any(children.get((params.machine, state), 0) for state in params.states):
        return rule.passed
    return rule.fails("children.none_there", machine=_child(request, params.machine), states=list(params.states))


@guard(
    id="no_open_obligations",
    zh="待办义务均已了结",
    en="nothing is owed any more",
    family="children",
    params=KindsParams,
    reads=("obligations",),
)
def no_open_obligations(request: Request, rule: Rule[KindsParams]) -> Verdict:
    """Pass where no obligation of the kinds is open."""
    kinds = rule.params.kinds
    owed = [each for each in request.surroundings.obligations if not kinds or each.kind in kinds]
    if not owed:
        return rule.passed
    return rule.fails("obligation.open", kinds=[_named(request, kind) for kind in sorted({each.kind for each in owed})])


def _child(request: Request, machine: str) -> dict[str, str]:
    return {"id": machine, **request.machine.term(machine).as_dict()}


def _named(request: Request, kind: str) -> dict[str, str]:
    for each in request.machine.all_transitions:
        for obliges in each.obliges:
            if obliges.kind == kind:
                return {"id": kind, **obliges.label.as_dict()}
    return {"id": kind, "zh": kind, "en": kind}


@guard(
    id="opened_by_parent",
    zh="由上级卷宗的环节建立",
    en="it is opened by a step of its parent",
    family="step",
    params=NoParams,
    reads=("parent",),
)
def opened_by_parent(request: Request, rule: Rule[NoParams]) -> Verdict:
    """Fail for what somebody tries to open on its own."""
    return rule.passed if request.by_parent else rule.fails("step.needs_parent")
