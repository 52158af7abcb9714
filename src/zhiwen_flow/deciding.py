"""
Deciding: command + surroundings + rules → decision. Pure: no clock, no store, no log.

`explain`, `handle` and `replay` all come through here, so that one set of surroundings has one answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

import attrs

from zhiwen_flow._engine import Engine
from zhiwen_flow.canonical import digest
from zhiwen_flow.errors import Fault, MisuseError, PayloadError
from zhiwen_flow.guards.registry import ErasedFact, Registry, Request, Rules
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.machine.definition import NEW, OPEN, Machine, On, Opens, Transition
from zhiwen_flow.machine.payload import Form
from zhiwen_flow.machine.schema import form_schema
from zhiwen_flow.machine.standing import Act
from zhiwen_flow.model import EMPTY, ZONE, Actor, Command, Decision, Instance, Pin, Surroundings, Verdict
from zhiwen_flow.reasons import shipped_reason
from zhiwen_flow.terms import Outcome


class Definitions(Protocol):
    """Where a decision finds the machines of children and parents (相关状态机)."""

    def current(self, machine: str) -> Bench:
        """Give the bench that new instances of *machine* are opened at; raises UnknownNameError."""

    def machine_of(self, pin: Pin) -> Machine:
        """Give the definition that an instance was opened under."""


class _Names:
    """Rulebook and directory as the payload check sees them."""

    def __init__(self, rules: Rules) -> None:
        self.codes = rules.rulebook.codes
        self.measures: Collection[str] = rules.rulebook.measures.keys()
        self.organs: Collection[str] = rules.directory.organ_ids
        self.posts: Collection[str] = rules.directory.post_ids


class Bench:
    """
    One machine under one rulebook, ready to decide (审查台).

    Args:
        machine: The definition.
        rules: Rulebook, directory and calendar to judge by.
        registry: Guards that the machine may name.
        standing: Acts that may be done beside the steps of the machine.
    """

    def __init__(self, machine: Machine, rules: Rules, registry: Registry, standing: tuple[Act, ...] = ()) -> None:
        self.machine = machine
        self.rules = rules
        self.engine = Engine(machine, registry, strict=rules.strict, standing=standing)
        names = _Names(rules)
        self.forms = {id(each): Form(each, names) for each in self.engine.transitions}
        self.reads_links = {
            id(each): any(_LINKED & set(registry.get(use.use).reads) for use in each.guards)
            for each in self.engine.transitions
        }
        book = rules.rulebook
        self.pin = Pin(
            machine=machine.id,
            machine_version=machine.version,
            machine_hash=machine.hash,
            rulebook=book.id,
            rulebook_version=book.version,
            rulebook_hash=book.hash,
        )


_LINKED = {"children", "obligations"}


@attrs.define(kw_only=True)
class Judged:
    """
    A decision with all that recording it needs (已审查事项); the flow never shows it.

    Args:
        transition: The step; None when the trigger does not start from here.
        payload: The checked payload.
        children: The openings that the step brings with it.
        expects_parent: Whether the decision relied on the parent's state.
    """

    bench: Bench
    command: Command
    surroundings: Surroundings
    decision: Decision
    transition: Transition | None
    payload: Mapping[str, Any] = attrs.field(repr=False)
    children: tuple[Judged, ...] = ()
    expects_parent: bool = False


@attrs.frozen(kw_only=True)
class Option:
    """
    One thing that could be done now (可办事项).

    Args:
        allowed: True, False, or None where it hangs on the form.
        verdicts: What the guards say before the form is filled.
        form: JSON Schema of the payload.
    """

    trigger: str
    zh: str
    en: str
    target: str
    allowed: bool | None
    verdicts: tuple[Verdict, ...]
    form: Mapping[str, Any]
    requires: tuple[str, ...]
    produces: tuple[str, ...]
    cites: tuple[str, ...]


def judge(
    bench: Bench,
    surroundings: Surroundings,
    command: Command,
    *,
    at: dt.datetime,
    definitions: Definitions,
    by_parent: bool = False,
) -> Judged:
    """
    Judge a command without side effects (审查), and keep all that recording needs.

    Args:
        bench: The machine under its rulebook.
        surroundings: All that may be read; `instance` is None to open one.
        command: What is asked.
        at: Now, aware.
        definitions: Where children's and parents' machines are found.
        by_parent: Whether a step of the parent opens it.

    Returns:
        The decision with its parts; a refusal is a normal answer that holds every reason.

    Raises:
        UnknownNameError: the machine has no such trigger.
        PayloadError: the payload does not fit the form, or a forced change has no reason or document.
        MisuseError: a naive moment, or a backdated command where none is allowed.
    """
    instance = surroundings.instance
    state = NEW if instance is None else instance.state
    transition = bench.engine.step(state, command.trigger)
    if transition is None:
        return _not_from_here(bench, surroundings, command, at)
    payload = bench.forms[id(transition)].check(command.payload)
    if transition.forced:
        _has_grounds(command)
    request = _request(bench, transition, surroundings, command, payload, at, by_parent=by_parent)
    allowed, verdicts = bench.engine.run(request), request.verdicts
    if command.occurred_at is not None:
        moment = _backfilled(transition, command, at)
        back = _request(bench, transition, surroundings, command, payload, moment, by_parent=by_parent)
        allowed = bench.engine.run(back) and allowed
        verdicts += tuple(each for each in back.verdicts if each not in verdicts)
    if surroundings.parent is not None and (extra := _family(bench, transition, surroundings, definitions)):
        allowed, verdicts = False, verdicts + extra
    children: tuple[Judged, ...] = ()
    if transition.opens:
        children, more = _children(request, command, at, definitions)
        allowed, verdicts = allowed and all(each.passed for each in more), verdicts + more
    return Judged(
        bench=bench,
        command=command,
        surroundings=surroundings,
        decision=_decision(transition, command, instance, verdicts, at, allowed=allowed),
        transition=transition,
        payload=payload,
        children=children,
        expects_parent=surroundings.parent is not None and _relies_on_parent(transition, instance),
    )


def _has_grounds(command: Command) -> None:
    if not (command.reason and command.document):
        what, mend = "a forced change needs a written reason and a document", "give `reason` and `document`"
        raise PayloadError(Fault("command", "reason", what, mend))


def _decision(
    transition: Transition,
    command: Command,
    instance: Instance | None,
    verdicts: tuple[Verdict, ...],
    at: dt.datetime,
    *,
    allowed: bool,
) -> Decision:
    source = "" if instance is None else instance.state
    return Decision(
        allowed=allowed,
        stream=command.stream or "",
        trigger=transition.trigger,
        source=source,
        target=transition.target if allowed else source,
        verdicts=verdicts,
        at=at,
        label=transition.label,
        cites=transition.cites,
    )


def _request(
    bench: Bench,
    transition: Transition,
    surroundings: Surroundings,
    command: Command,
    payload: Mapping[str, Any] | None,
    moment: dt.datetime,
    *,
    by_parent: bool,
) -> Request:
    instance = surroundings.instance
    # By position: one is made for every command, and names would cost a third of it.
    return Request(
        command.stream or "",
        NEW if instance is None else instance.state,
        bench.machine,
        transition,
        command.actor,
        payload,
        surroundings,
        bench.rules,
        moment,
        (moment if moment.tzinfo is ZONE else moment.astimezone(ZONE)).date(),
        by_parent,
    )


def _backfilled(transition: Transition, command: Command, at: dt.datetime) -> dt.datetime:
    """Check that an earlier moment may be named: where declared, with reason and document, not later than now."""
    moment = command.occurred_at
    where = "command"
    if moment is None or moment.tzinfo is None:
        raise MisuseError("`occurred_at` has no time zone; give an aware datetime")
    if not transition.backfill:
        what = f"`{transition.trigger}` cannot be backdated"
        raise PayloadError(Fault(where, "occurred_at", what, "leave it out; the clock gives the moment"))
    if not command.reason or not command.document:
        mend = "give `reason` and `document`"
        raise PayloadError(Fault(where, "occurred_at", "a backdated step needs a written reason and a document", mend))
    if moment > at:
        raise PayloadError(Fault(where, "occurred_at", "lies in the future", "give a moment that has passed"))
    return moment


def _not_from_here(bench: Bench, surroundings: Surroundings, command: Command, at: dt.datetime) -> Judged:
    machine = bench.machine
    state = NEW if surroundings.instance is None else surroundings.instance.state
    source = "" if state == NEW else state
    known = [each for each in bench.engine.transitions if each.trigger == command.trigger]
    starts, label = [state for each in known for state in each.source], known[0].label
    verdict = Verdict(
        guard="step.starts_here",
        outcome=Outcome.FAIL,
        reason=shipped_reason("step.not_from_here"),
        facts={
            "trigger": {"id": command.trigger, **label.as_dict()},
            "state": _named(machine, state),
            "starts_from": [_named(machine, each) for each in starts],
            "open_now": [{"id": each.trigger, **each.label.as_dict()} for each in machine.from_state(state)],
        },
        cites=(machine.source,),
    )
    decision = Decision(
        allowed=False,
        stream=command.stream or "",
        trigger=command.trigger,
        source=source,
        target=source,
        verdicts=(verdict,),
        at=at,
        label=label,
    )
    return Judged(
        bench=bench,
        command=command,
        surroundings=surroundings,
        decision=decision,
        transition=None,
        payload=EMPTY,
    )


def _named(machine: Machine, state: str) -> dict[str, str]:
    if state == NEW:
        return {"id": state, "zh": "未建档", "en": "not opened"}
    return {"id": state, **machine.state(state).label.as_dict()}


def _relies_on_parent(transition: Transition, instance: Instance | None) -> bool:
    return instance is None or any(each.on is On.PARENT for each in transition.obliges)


def _family(
    bench: Bench, transition: Transition, surroundings: Surroundings, definitions: Definitions
) -> tuple[Verdict, ...]:
    """Judge what the parent says: it must not have ended, and must admit such a child in its state."""
    parent = surroundings.parent
    if parent is None or not _relies_on_parent(transition, surroundings.instance):
        return ()
    machine = definitions.machine_of(parent.pin)
    facts = {
        "parent": {"id": parent.pin.machine, **machine.label.as_dict()},
        "state": _named(machine, parent.state),
        "child": {"id": bench.machine.id, **bench.machine.label.as_dict()},
    }
    if machine.state(parent.state).end is not None:
        return (_refusal("parent.goes_on", "parent.ended", facts, machine),)
    if surroundings.instance is None and not _admits(machine, parent, bench.machine.id):
        return (_refusal("parent.admits_child", "parent.not_allowed", facts, machine),)
    return ()


def _admits(machine: Machine, parent: Instance, child: str) -> bool:
    return any(each.machine == child and (not each.states or parent.state in each.states) for each in machine.children)


def _refusal(guard: str, reason: str, facts: Mapping[str, Any], machine: Machine) -> Verdict:
    return Verdict(
        guard=guard, outcome=Outcome.FAIL, reason=shipped_reason(reason), facts=facts, cites=(machine.source,)
    )


def _children(
    request: Request, command: Command, at: dt.datetime, definitions: Definitions
) -> tuple[tuple[Judged, ...], tuple[Verdict, ...]]:
    """Judge the openings that a step brings; a child that needs an erased fact cannot be judged."""
    try:
        found = tuple(_openings(request, command, at, definitions))
    except ErasedFact as erased:
        facts = {"fact": named_reference(request, f"fact:{erased.name}")}
        reason, cites = shipped_reason("fact.erased"), request.transition.cites
        lost = Verdict(guard="step.opens_child", outcome=Outcome.UNKNOWN, reason=reason, facts=facts, cites=cites)
        return (), (lost,)
    return found, tuple(verdict for child in found for verdict in child.decision.verdicts)


def _openings(request: Request, command: Command, at: dt.datetime, definitions: Definitions) -> Iterator[Judged]:
    parent = request.instance
    version = 0 if parent is None else parent.version
    for row, opens in enumerate(request.transition.opens):
        bench = definitions.current(opens.machine)
        for index, each in enumerate(_listed(request, opens)):
            child = Command(
                actor=command.actor,
                stream=child_id(request.stream, version, f"{row}.{index}"),
                machine=opens.machine,
                trigger=OPEN,
                payload=_child_payload(request, opens, each),
                correlation=command.correlation,
            )
            yield judge(bench, Surroundings(instance=None), child, at=at, definitions=definitions, by_parent=True)


def child_id(parent: str, version: int, place: str) -> str:
    """
    Derive the id of a child opened by a move of its parent (下级卷宗编号): the same move always gives the same id.

    >>> child_id("a", 1, "0.0") == child_id("a", 1, "0.0") != child_id("a", 2, "0.0")
    True
    """
    return digest(f"{parent}:{version}:{place}".encode())[:32]


def _listed(request: Request, opens: Opens) -> list[Any]:
    if opens.each is None:
        return [None]
    return list((request.payload or EMPTY).get(opens.each) or [])


def _child_payload(request: Request, opens: Opens, each: Any) -> dict[str, Any]:
    payload = dict(each) if opens.spread and isinstance(each, dict) else {}
    for name, reference in opens.facts.items():
        value = each if reference == "$each" else request.value(reference)
        if value is not None:
            payload[name] = value
    return payload


def options(
    bench: Bench, surroundings: Surroundings, actor: Actor, *, at: dt.datetime, stream: str = ""
) -> tuple[Option, ...]:
    """
    List every trigger open now, with what the guards say before the form is filled (可办事项一览).

    Args:
        stream: Id of the instance.
    """
    instance = surroundings.instance
    found = (bench.machine.opening,) if instance is None else bench.machine.from_state(instance.state)
    commands = [Command(actor=actor, trigger=each.trigger, stream=stream) for each in found]
    return tuple(_option(bench, each, surroundings, ask, at) for each, ask in zip(found, commands, strict=True))


def _option(
    bench: Bench, transition: Transition, surroundings: Surroundings, command: Command, at: dt.datetime
) -> Option:
    request = _request(bench, transition, surroundings, command, None, at, by_parent=False)
    allowed: bool | None = bench.engine.run(request)
    if not allowed and all(each.passed or each.reason.id == "step.needs_form" for each in request.verdicts):
        allowed = None
    return Option(
        trigger=transition.trigger,
        zh=transition.label.zh,
        en=transition.label.en,
        target=transition.target,
        allowed=allowed,
        verdicts=request.verdicts,
        form=form_schema(bench.machine, transition, bench.rules.rulebook),
        requires=transition.requires,
        produces=transition.produces,
        cites=transition.cites,
    )
