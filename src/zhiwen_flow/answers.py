"""
Give a stored answer again: event body → decision (由事件还原审查结论).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from zhiwen_flow.events import body_of
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.standing import act_labels
from zhiwen_flow.model import Decision, Holder, Verdict
from zhiwen_flow.reasons import Reason, shipped_reasons
from zhiwen_flow.terms import EventKind, Label, Outcome, Status

ERASED = Reason(
    id="sealed.erased",
    text=Label(zh="理由已封存或清除", en="the reason is sealed or erased"),
    remedy=None,
)


def decision_of(
    raw: bytes, sealed: Mapping[str, Any], machine: Machine, reasons: Mapping[str, Reason], *, replayed: bool = True
) -> Decision:
    """
    Rebuild the decision that an event records (还原审查结论).

    Args:
        raw: Canonical bytes of the event body.
        sealed: Sealed values of the event by name; those erased are missing.
        machine: The definition the instance was opened under.
        reasons: Reasons and passing reasons of the registered guards.
    """
    body = body_of(raw)
    transition = machine.find(body["source"] or "_new", body["trigger"])
    label = transition.label if transition is not None else _label(machine, body["trigger"])
    verdicts = body["verdicts"] if isinstance(body["verdicts"], list) else sealed.get("verdicts", [])
    return Decision(
        allowed=EventKind(body["kind"]) not in (EventKind.REFUSED, EventKind.REFUSED_MANY),
        stream=body["stream"],
        trigger=body["trigger"],
        source=body["source"],
        target=body["target"],
        verdicts=tuple(verdict_of(each, reasons) for each in verdicts),
        at=dt.datetime.fromisoformat(body["decided_at"]),
        label=label,
        cites=tuple(body["cites"]),
        event=body["id"],
        replayed=replayed,
    )


def _label(machine: Machine, trigger: str) -> Label:
    """The label of a step from another state, or of a standing act."""
    named = {each.trigger: each.label for each in (*act_labels().values(), *machine.all_transitions)}
    return named.get(trigger, Label(zh=trigger, en=trigger))


def verdict_of(told: Mapping[str, Any], reasons: Mapping[str, Reason]) -> Verdict:
    """Rebuild one verdict as an event keeps it (还原判定)."""
    reason = reasons.get(told["reason"]) or shipped_reasons().get(told["reason"], ERASED)
    return Verdict(
        guard=told["guard"],
        outcome=Outcome(told["outcome"]),
        reason=reason,
        facts=told["facts"],
        cites=tuple(told["cites"]),
        status=Status(told["status"]),
        who_could=tuple(_holder(each) for each in told.get("who_could", ())),
    )


def _holder(told: Mapping[str, Any]) -> Holder:
    return Holder(id=told["id"], label=Label(zh=told["zh"], en=told["en"]), via=told["via"])


def entitled(verdicts: Iterable[Verdict], registry: Registry) -> bool:
    """
    Whether no guard that looks at the actor fails (经办人是否有权).

    A rule that cannot be judged is no proof that the actor may not.
    """
    failed = (each for each in verdicts if each.outcome is Outcome.FAIL)
    return not any("actor" in reads_of(each, registry) for each in failed)


def untold(verdicts: tuple[Verdict, ...], telling: frozenset[str], registry: Registry) -> tuple[Verdict, ...]:
    """
    Leave out what tells of a sealed fact, where the actor may not take the step anyhow (不向无权者显示).

    Args:
        telling: Guards whose verdict tells of one.
    """
    others = tuple(each for each in verdicts if each.guard not in telling)
    return verdicts if entitled(others, registry) else others


def reads_of(verdict: Verdict, registry: Registry) -> frozenset[str]:
    """Name what a guard looks at; what is no guard of the registry may look at anything but the actor."""
    return frozenset(registry.get(verdict.guard).reads) if verdict.guard in registry else frozenset({"facts"})
