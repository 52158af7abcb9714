"""
Recording: a judged command → the changeset that writes it (形成变更集). Pure but for the ids and salts handed in.

The event body is built once and never copied; what is sealed leaves it here, before any store sees it.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from zhiwen_flow.canonical import commitment, digest
from zhiwen_flow.changes import Changeset, Count, Discharge, Draft, Expectation, Key, Move, SealedValue
from zhiwen_flow.deciding import Bench, Judged
from zhiwen_flow.events import ASKED_WITH, SCHEMA
from zhiwen_flow.limits import due_date
from zhiwen_flow.machine.definition import Machine, Obliges, On, Transition
from zhiwen_flow.machine.standing import Act
from zhiwen_flow.model import EMPTY, ZONE, Actor, Command, Deadline, Instance, Obligation
from zhiwen_flow.terms import EventKind, Secrecy

ACTORS_KEPT = 10_000
"""Actors whose organ and rank are remembered at a time."""


class Stamps(Protocol):
    """Where ids and salts come from (编号与随机盐的来源)."""

    def id(self) -> str:
        """Give a new time-ordered id."""

    def salt(self) -> bytes:
        """Give sixteen random bytes."""


class Recorder:
    """
    Turns judged commands into changesets for one tenant (变更集生成).

    Args:
        tenant: Whose log it is.
        stamps: Where ids and salts come from.
    """

    def __init__(self, *, tenant: str, stamps: Stamps) -> None:
        self.tenant = tenant
        self.stamps = stamps
        self._parts: dict[int, Parts] = {}

    def record(self, judged: Judged) -> Changeset:
        """Turn a judged command into all that it writes (形成变更集)."""
        command = judged.command
        key = Key(key=command.key, content=content_of(command)) if command.key is not None else None
        change = Changeset(key=key)
        walk = _Walk(self, judged.decision.at.isoformat(), change)
        if judged.decision.allowed and isinstance(judged.transition, Act):
            _recomputed(judged, judged.transition, walk, key)
        elif judged.decision.allowed:
            _moved(judged, walk, key, parent=None)
        else:
            change.refused_by = command.actor.id
            _refused(judged, walk, key)
        return change

    def parts(self, bench: Bench) -> Parts:
        """Give the fixed parts of a bench's events, made once."""
        found = self._parts.get(id(bench))
        if found is None:
            found = self._parts[id(bench)] = Parts(bench)
        return found


@attrs.define
class _Walk:
    """The changeset being gathered while the family of one command is walked."""

    recorder: Recorder
    at: str
    change: Changeset


def _touch(walk: _Walk, stream: str) -> None:
    if stream not in walk.change.touched:
        walk.change.touched += (stream,)


def content_of(command: Command) -> str:
    """
    Hash what is asked (请求内容哈希): target, parent, business id, trigger, actor and payload; never the clock.

    The idempotency key itself, which no log holds, is the secret of the hash: without it nobody can try whether a
    sealed field held this or that.

    >>> from zhiwen_flow.model import Actor
    >>> ask = Command(actor=Actor(id="p-1", post="a.clerk"), stream="c1", trigger="accept", payload={"b": 1, "a": 2})
    >>> content_of(ask) == content_of(attrs.evolve(ask, payload={"a": 2, "b": 1}))
    True
    """
    target = f"+{command.machine}" if command.machine is not None else command.stream
    actor = command.actor
    asked = (target, command.parent, command.business_id, command.trigger, actor.id, actor.post, command.payload)
    told = json.dumps(asked, sort_keys=True, default=str).encode()
    return hmac.digest((command.key or "").encode(), told, "sha256").hex()


def _moved(judged: Judged, walk: _Walk, key: Key | None, *, parent: Instance | None) -> Instance:
    transition = judged.transition
    assert transition is not None
    instance = judged.surroundings.instance
    above = parent or judged.surroundings.parent
    body = _body(judged, walk, key)
    event = body["id"]
    facts = _payload(judged, transition, body, event, walk)
    _verdicts(judged, transition, body, event, walk)
    if instance is None:
        instance = _opened(judged, transition, body, facts, walk, above)
    else:
        _stepped(judged, transition, instance, facts, walk)
    _deadline(judged, transition, instance, {**instance.facts, **facts}, body, walk)
    walk.change.drafts += (Draft(stream=instance.id, body=body),)
    _obligations(judged, transition, instance, above, body, walk)
    if judged.children:
        moved = attrs.evolve(instance, state=transition.target)
        body["opens"] += [_moved(child, walk, None, parent=moved).id for child in judged.children]
    return instance


def _recomputed(judged: Judged, act: Act, walk: _Walk, key: Key | None) -> None:
    """The last day is reckoned anew from the day the limit first ran; the journal keeps the day that was."""
    instance, was = judged.surroundings.instance, judged.surroundings.deadline
    assert instance is not None
    assert was is not None
    body = _body(judged, walk, key)
    facts = _payload(judged, act, body, body["id"], walk)
    _verdicts(judged, act, body, body["id"], walk)
    _stepped(judged, act, instance, facts, walk)
    due, calendar = due_date(judged.bench.rules, was.limit, was.started), body["calendar"]
    walk.change.ended += (instance.id,)
    walk.change.started += (attrs.evolve(was, due=due, calendar=calendar),)
    earlier = {"due": was.due.isoformat() if was.due is not None else None, "calendar": was.calendar}
    body |= {"kind": act.kind.value, "deadline": {**_told(walk.change.started[-1]), "was": earlier}}
    walk.change.drafts += (Draft(stream=instance.id, body=body),)


def _told(row: Deadline) -> dict[str, Any]:
    return {
        "limit": row.limit,
        "started": row.started.isoformat(),
        "due": row.due.isoformat() if row.due is not None else None,
        "calendar": row.calendar,
    }


def _body(judged: Judged, walk: _Walk, key: Key | None) -> dict[str, Any]:
    command, decision, bench = judged.command, judged.decision, judged.bench
    instance, stream = judged.surroundings.instance, command.stream
    fixed = walk.recorder.parts(bench)
    root, above = _place(judged)
    occurred = command.occurred_at
    return {
        "schema": SCHEMA,
        "id": walk.recorder.stamps.id(),
        "tenant": walk.recorder.tenant,
        "stream": stream,
        "root": root,
        "parent": above,
        "business_id": instance.business_id if instance is not None else command.business_id,
        "kind": ("opened" if instance is None else "moved") if decision.allowed else "refused",
        "machine": fixed.machine,
        "rulebook": fixed.rulebook,
        "directory": fixed.directory,
        "calendar": fixed.calendar,
        "trigger": decision.trigger,
        "source": decision.source,
        "target": decision.target,
        "actor": fixed.actor(command.actor, decision.at),
        "occurred_at": walk.at if occurred is None else occurred.isoformat(),
        "decided_at": walk.at,
        "payload": judged.payload,
        "keep": [],
        "verdicts": [each.wire or each.as_dict() for each in decision.verdicts],
        "cites": fixed.cites(judged.transition),
        "reason": command.reason,
        "document": command.document,
        "opens": [],
        "obliges": [],
        "discharges": [],
        "deadline": None,
        "key": {"hash": digest(key.key.encode()), "content": key.content} if key is not None else None,
        "correlation": command.correlation,
        "causation": command.causation,
    }


def _place(judged: Judged) -> tuple[str | None, str | None]:
    """Give the root and the parent of the instance that a command speaks of."""
    instance, parent = judged.surroundings.instance, judged.surroundings.parent
    if instance is not None:
        return instance.root, instance.parent
    if parent is not None:
        return parent.root, parent.id
    return judged.command.stream, None


class Parts:
    """The parts of an event body that one bench always writes alike (事件固定部分)."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        pin, directory, calendar = bench.pin, bench.rules.directory, bench.rules.calendar
        self.machine = {"id": pin.machine, "version": pin.machine_version, "hash": pin.machine_hash}
        self.rulebook = {"id": pin.rulebook, "version": pin.rulebook_version, "hash": pin.rulebook_hash}
        self.directory = {"id": directory.id, "version": directory.version, "hash": directory.hash}
        self.calendar = calendar.version if calendar is not None else None
        self._actors: dict[Any, dict[str, Any]] = {}
        self._cites = {id(each): list(each.cites) for each in bench.engine.transitions}
        self.special = {id(each): _Special(each, bench.machine) for each in bench.engine.transitions}

    def cites(self, transition: Transition | None) -> list[str]:
        """Give the citations of a transition as the log keeps them."""
        return [] if transition is None else self._cites[id(transition)]

    def actor(self, actor: Actor, at: dt.datetime) -> dict[str, Any]:
        """Give the actor with organ and rank as of the day of the decision."""
        key = (actor, at.date() if at.tzinfo is ZONE else at.astimezone(ZONE).date())
        found = self._actors.get(key)
        if found is None:
            if len(self._actors) > ACTORS_KEPT:
                self._actors.clear()
            post = self.bench.rules.directory.post(actor.post, key[1])
            organ, rank = (post.organ, post.rank) if post is not None else (None, None)
            found = self._actors[key] = {"id": actor.id, "post": actor.post, "organ": organ, "rank": rank}
        return found


class _Special:
    """What is not plain about the fields of one transition."""

    __slots__ = ("dropped", "keep", "sealed", "telling")

    def __init__(self, transition: Transition, machine: Machine) -> None:
        self.telling = bool(machine.telling(transition))
        self.sealed = tuple(each.name for each in transition.fields if each.secrecy is Secrecy.SEALED)
        self.dropped = tuple(each.name for each in transition.fields if each.secrecy is Secrecy.DROPPED)
        self.keep = transition.keep


def _payload(
    judged: Judged, transition: Transition, body: dict[str, Any], event: str, walk: _Walk
) -> Mapping[str, Any]:
    """Seal and drop what the fields say; give the facts that are kept."""
    special = walk.recorder.parts(judged.bench).special[id(transition)]
    payload = body["payload"]
    if special.sealed or special.dropped:
        payload = body["payload"] = {n: v for n, v in payload.items() if n not in special.dropped}
        for name in special.sealed:
            if name in payload:
                value, fact = payload[name], name in special.keep
                payload[name] = _seal(walk, judged, event, name, value, fact=fact)
    if not special.keep:
        return EMPTY
    facts = {name: payload[name] for name in special.keep if name in payload}
    body["keep"] = list(facts)
    return facts


def _seal(walk: _Walk, judged: Judged, event: str, name: str, value: Any, *, fact: bool) -> dict[str, str]:
    salt = walk.recorder.stamps.salt()
    walk.change.sealed += (
        SealedValue(stream=judged.command.stream or "", event=event, name=name, fact=fact, salt=salt, value=value),
    )
    return {"sealed": commitment(salt, value)}


def _verdicts(
    judged: Judged,
    transition: Transition | None,
    body: dict[str, Any],
    event: str,
    walk: _Walk,
    *,
    telling: bool = False,
) -> None:
    """Verdicts about a person, or that tell of a sealed fact, are prejudicial, and are sealed as one."""
    if telling or (transition is not None and transition.prejudicial):
        body["verdicts"] = _seal(walk, judged, event, "verdicts", body["verdicts"], fact=False)


def _refused(judged: Judged, walk: _Walk, key: Key | None) -> None:
    """A refusal keeps plain fields only; where it is prejudicial, not even those, nor the words it was asked with."""
    transition, body = judged.transition, _body(judged, walk, key)
    event = body["id"]
    plain = {each.name for each in transition.fields if each.secrecy is Secrecy.PLAIN} if transition else set()
    kept = {name: value for name, value in judged.payload.items() if name in plain}
    body["payload"] = kept
    if transition is not None and transition.prejudicial:
        body["payload"] = {}
        if kept:
            body["payload"] = _seal(walk, judged, event, "payload", kept, fact=False)
    if _is_about_a_person(judged):
        for name in ASKED_WITH:
            if body[name] is not None:
                body[name] = _seal(walk, judged, event, name, body[name], fact=False)
    # Whoever is reported could ask for a step, and why he may not take it would tell everybody that it was he.
    telling = transition is not None and walk.recorder.parts(judged.bench).special[id(transition)].telling
    _verdicts(judged, transition, body, event, walk, telling=telling)
    walk.change.drafts += (Draft(stream=judged.command.stream or "", body=body),)


def _is_about_a_person(judged: Judged) -> bool:
    """Whether the step is prejudicial; one that does not start from here is where it would be from anywhere."""
    if judged.transition is not None:
        return judged.transition.prejudicial
    steps = judged.bench.machine.all_transitions
    return any(each.prejudicial for each in steps if each.trigger == judged.command.trigger)


def _opened(
    judged: Judged,
    transition: Transition,
    body: dict[str, Any],
    facts: Mapping[str, Any],
    walk: _Walk,
    parent: Instance | None,
) -> Instance:
    stream = judged.command.stream or ""
    instance = Instance(
        id=stream,
        pin=judged.bench.pin,
        state=transition.target,
        parent=parent.id if parent is not None else None,
        root=parent.root if parent is not None else stream,
        business_id=judged.command.business_id,
        facts=facts,
    )
    body["root"], body["parent"] = instance.root, instance.parent
    walk.change.opened += (instance,)
    if parent is not None:
        walk.change.counts += (Count(parent=parent.id, machine=judged.bench.machine.id, state=transition.target, by=1),)
        _touch(walk, parent.id)
        if judged.expects_parent:
            walk.change.expects += (Expectation(stream=parent.id, version=parent.version),)
    return instance


def _stepped(judged: Judged, transition: Transition, instance: Instance, facts: Mapping[str, Any], walk: _Walk) -> None:
    links = instance.links if judged.bench.reads_links[id(transition)] else None
    walk.change.expects += (Expectation(stream=instance.id, version=instance.version, links=links),)
    after = {**instance.facts, **facts} if facts else None
    walk.change.moves += (Move(stream=instance.id, state=transition.target, facts=after),)
    parent = judged.surroundings.parent
    if instance.parent is None:
        return
    if judged.expects_parent and parent is not None:
        walk.change.expects += (Expectation(stream=parent.id, version=parent.version),)
    if instance.state != transition.target:
        machine = judged.bench.machine.id
        walk.change.counts += (Count(parent=instance.parent, machine=machine, state=instance.state, by=-1),)
        walk.change.counts += (Count(parent=instance.parent, machine=machine, state=transition.target, by=1),)
        _touch(walk, instance.parent)


def _deadline(
    judged: Judged,
    transition: Transition,
    instance: Instance,
    facts: Mapping[str, Any],
    body: dict[str, Any],
    walk: _Walk,
) -> None:
    """A deadline ends when its state is left, and starts when a state with a limit or a day of its own is entered."""
    before = judged.surroundings.instance
    if before is not None and before.state == transition.target and not transition.restarts:
        return
    machine, started = judged.bench.machine, judged.decision.at.astimezone(ZONE).date()
    if before is not None and machine.state(before.state).has_deadline:
        walk.change.ended += (instance.id,)
    state = machine.state(transition.target)
    limit = state.limit or state.due
    if limit is None:
        return
    named = facts.get(state.due) if state.due is not None else None
    if state.limit is None and not isinstance(named, str):
        return
    due = dt.date.fromisoformat(named) if named is not None else due_date(judged.bench.rules, limit, started)
    calendar = body["calendar"]
    walk.change.started += (
        Deadline(stream=instance.id, state=transition.target, limit=limit, started=started, due=due, calendar=calendar),
    )
    body["deadline"] = _told(walk.change.started[-1])


def _obligations(
    judged: Judged,
    transition: Transition,
    instance: Instance,
    above: Instance | None,
    body: dict[str, Any],
    walk: _Walk,
) -> None:
    for settles in transition.discharges:
        if settles.on is On.SELF:
            body["discharges"].append(settles.kind)
            walk.change.discharged += (Discharge(stream=instance.id, kind=settles.kind),)
        elif above is not None:
            _on_parent(above, body, walk, EventKind.DISCHARGED, discharges=[settles.kind])
            walk.change.discharged += (Discharge(stream=above.id, kind=settles.kind),)
    for obliges in transition.obliges:
        owed = _owed(judged, obliges, instance, body["id"], walk)
        if owed is None:
            continue
        walk.change.obliged += (owed,)
        told = {"id": owed.id, "kind": owed.kind, "to": owed.to, "due": owed.due.isoformat() if owed.due else None}
        if obliges.on is On.SELF:
            body["obliges"].append(told)
        elif above is not None:
            _on_parent(above, body, walk, EventKind.OBLIGED, obliges=[told])


def _owed(judged: Judged, obliges: Obliges, instance: Instance, event: str, walk: _Walk) -> Obligation | None:
    stream = instance.id if obliges.on is On.SELF else instance.parent
    if stream is None:
        return None
    started = judged.decision.at.astimezone(ZONE).date()
    due = due_date(judged.bench.rules, obliges.limit, started) if obliges.limit is not None else None
    return Obligation(
        id=walk.recorder.stamps.id(), stream=stream, kind=obliges.kind, to=obliges.to, due=due, opened_by=event
    )


def _on_parent(above: Instance, cause: dict[str, Any], walk: _Walk, kind: EventKind, **parts: Any) -> None:
    """What a child puts on its parent is an event of the parent's own chain, caused by the child's."""
    machine = {"id": above.pin.machine, "version": above.pin.machine_version, "hash": above.pin.machine_hash}
    body = {
        **cause,
        "id": walk.recorder.stamps.id(),
        "stream": above.id,
        "parent": above.parent,
        "business_id": above.business_id,
        "kind": kind.value,
        "machine": machine,
        "source": above.state,
        "target": above.state,
        "payload": {},
        "keep": [],
        "verdicts": [],
        "opens": [],
        "obliges": [],
        "discharges": [],
        "deadline": None,
        "key": None,
        "causation": cause["id"],
        **parts,
    }
    _touch(walk, above.id)
    walk.change.drafts += (Draft(stream=above.id, body=body),)
