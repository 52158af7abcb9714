"""
Deciding and recording (审查并记录): load, decide, append, and decide again where another one won the race.

`Flow` is built on it; it judges nothing itself.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import structlog

from zhiwen_flow.answers import decision_of
from zhiwen_flow.benches import Benches
from zhiwen_flow.clock import Clock, SystemStamps
from zhiwen_flow.deciding import Bench, Judged, Option, judge, options
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import (
    KeyReuseError,
    MisuseError,
    PayloadError,
    StaleError,
    ZhiwenError,
)
from zhiwen_flow.events import body_of
from zhiwen_flow.guards.registry import registry_reasons
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Actor, Command, Decision, Pin, Surroundings, misfits
from zhiwen_flow.recording import Recorder, content_of
from zhiwen_flow.stores.protocol import Answer, Conflict, Store
from zhiwen_flow.telemetry import Telemetry

TRIES = 3
"""How often a command is decided again when another one won the race."""

_std = logging.getLogger("zhiwen_flow")
_log = structlog.wrap_logger(_std)


class Handling:
    """
    The core of `Flow` (办理核心); see there.

    Args:
        store: Where instances and events are kept.
        definitions: Machines, rulebook, directory and guards.
        actor: The host's function that says who acts; an `Actor` where it is always the same one.
        clock: Where the time comes from.
        telemetry: The host's tracing and metrics; none by default.
    """

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        *,
        actor: Callable[[], Actor] | Actor | None,
        clock: Clock,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.store = store
        self.definitions = definitions
        self._actor = actor
        self._clock = clock
        self._telemetry = telemetry
        self._stamps = SystemStamps(clock)
        self._recorder = Recorder(tenant=store.tenant, stamps=self._stamps)
        self._benches = Benches(definitions)
        self._kept: set[tuple[str, str]] = set()
        self._batching = False
        self._reasons = registry_reasons(definitions.registry)
        self._standing = frozenset(each.trigger for each in definitions.standing)

    def handle(self, command: Command) -> Decision:
        """
        Decide a command and record the answer (审查并记录); the one primitive behind `start` and `do`.

        Raises:
            UnknownNameError: no such instance, machine or trigger; nothing is recorded.
            PayloadError: the payload does not fit the form; nothing is recorded.
            KeyReuseError: the key was used for another request.
            StaleError: others changed the instance three times meanwhile.
            StoreError: the store cannot be written.
        """
        _check(command)
        if self._telemetry is None:
            return self._handled(command)
        with self._telemetry.command(command, self.store.tenant) as told:
            decision = self._handled(command)
            told(decision)
            return decision

    def _handled(self, command: Command) -> Decision:
        bound = structlog.contextvars.bind_contextvars(stream=command.stream, correlation=command.correlation)
        try:
            stale = ""
            for _ in range(1 if self._batching else TRIES):
                try:
                    judged = self._judged(command)
                except ZhiwenError:
                    # What was answered once is answered again, even where it could no longer be asked.
                    if command.key is None or (answer := self.store.answer(command.key)) is None:
                        raise
                    return self._again(command, answer)
                try:
                    return self._recorded(judged)
                except Conflict as conflict:
                    if self._batching:
                        # The transaction may be broken: the batch begins anew, not the command.
                        raise
                    stale = conflict.stream
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        raise StaleError(stale, self.store.last_move(stale))

    def handle_many(self, commands: Iterable[Command]) -> tuple[Decision, ...]:
        """
        Decide a batch in one transaction (批量办理): all answers are recorded, or on an exception none.

        Raises:
            ZhiwenError: see `handle`; nothing of the batch was recorded.
        """
        asked, stale, kept = tuple(commands), "", frozenset(self._kept)
        named = [name for each in asked for name in (each.stream, each.parent) if name is not None]
        keys = [each.key for each in asked if each.key is not None]
        for _ in range(TRIES):
            try:
                with self.store.batch(streams=named, keys=keys):
                    return self._all(asked)
            except Conflict as conflict:
                stale = conflict.stream
            finally:
                # Definitions that the batch was the first to use go with it, where it or its host rolls back.
                self._kept = set(kept)
        raise StaleError(stale, self.store.last_move(stale))

    def _all(self, commands: tuple[Command, ...]) -> tuple[Decision, ...]:
        before, self._batching = self._batching, True
        try:
            return tuple(self.handle(each) for each in commands)
        finally:
            self._batching = before

    def explain(
        self,
        instance: str | Decision | None,
        trigger: str = "open",
        payload: Mapping[str, Any] | None = None,
        **command: Any,
    ) -> Decision:
        """
        Say what `handle` would answer now, and record nothing (试办).

        Args:
            instance: Id or opening decision; None with ``machine=`` to ask about opening one.
        """
        stream = None if instance is None else id_of(instance)
        asked = self._command(stream=stream, trigger=trigger, payload=payload or {}, **command)
        _check(asked)
        return self._judged(asked).decision

    def options(self, instance: str | Decision, *, actor: Actor | None = None) -> tuple[Option, ...]:
        """List what can be done with an instance now, with verdicts and forms (可办事项)."""
        surroundings = self.store.load(id_of(instance))
        bench = self._bench_of(surroundings)
        return options(bench, surroundings, actor or self._acting(), at=self._now(), stream=id_of(instance))

    def current(self, machine: str) -> Bench:
        """Give the bench that new instances of *machine* are opened at (当前审查台)."""
        return self._benches.current(machine)

    def machine_of(self, pin: Pin) -> Machine:
        """Give the definition that an instance was opened under (卷宗所依据的状态机)."""
        return self.bench_of(pin).machine

    def bench_of(self, pin: Pin) -> Bench:
        """Give the bench that an instance was opened at (卷宗所依据的审查台)."""
        return self._benches.pinned(pin, self.store.definition)

    def _now(self) -> dt.datetime:
        now = self._clock.now()
        if now.tzinfo is None:
            raise MisuseError("the clock gives a naive datetime; give one with a time zone")
        return now

    def _acting(self) -> Actor:
        found = self._actor() if callable(self._actor) else self._actor
        if found is None:
            raise MisuseError("nobody acts: open the flow with `actor=`, or name the actor of the command")
        return found

    def _command(self, **parts: Any) -> Command:
        if parts.get("actor") is None:
            parts["actor"] = self._acting()
        return Command(**parts)

    def _judged(self, command: Command) -> Judged:
        if command.stream is not None and command.machine is None:
            surroundings = self.store.load(command.stream)
            if command.trigger in self._standing:
                surroundings = attrs.evolve(surroundings, deadline=self.store.running(command.stream))
            return judge(self._bench_of(surroundings), surroundings, command, at=self._now(), definitions=self)
        if command.machine is None:
            raise MisuseError("a command names an instance, or the machine to open")
        bench = self.current(command.machine)
        parent = self.store.load(command.parent).instance if command.parent is not None else None
        command = command if command.stream is not None else attrs.evolve(command, stream=self._stamps.id())
        surroundings = Surroundings(instance=None, parent=parent)
        return judge(bench, surroundings, command, at=self._now(), definitions=self)

    def _recorded(self, judged: Judged) -> Decision:
        self._keep(judged)
        change = self._recorder.record(judged)
        written = self.store.append(change)
        if isinstance(written, Answer):
            return self._again(judged.command, written)
        decision = judged.decision.recorded(change.drafts[0].body["id"])
        if _std.isEnabledFor(logging.DEBUG):
            _log.debug(
                "decided",
                machine=judged.bench.machine.id,
                instance=decision.stream,
                trigger=decision.trigger,
                allowed=decision.allowed,
                refused_by=[each.guard for each in decision.refusals],
            )
        return decision

    def _again(self, command: Command, answer: Answer) -> Decision:
        if answer.content != content_of(command):
            raise KeyReuseError("this key was already used for another request; take a new key")
        body = body_of(answer.raw)
        machine = self._benches.machine(body["machine"]["id"], body["machine"]["hash"], self.store.definition)
        return decision_of(answer.raw, answer.sealed, machine, self._reasons)

    def _answered(self, command: Command) -> bool:
        return command.key is not None and self.store.answer(command.key) is not None

    def _bench_of(self, surroundings: Surroundings) -> Bench:
        if surroundings.instance is None:
            raise MisuseError("there is no instance")
        return self.bench_of(surroundings.instance.pin)

    def _keep(self, judged: Judged) -> None:
        """Have the store keep the definitions that an event will name, before the event names them."""
        for child in judged.children:
            self._keep(child)
        machine, book = judged.bench.machine, judged.bench.rules.rulebook
        if (machine.hash, book.hash) in self._kept:
            return
        stays = [
            self.store.define(kind=kind, id=each.id, version=each.version, hash=each.hash, content=each.content)
            for kind, each in (("machine", machine), ("rulebook", book))
        ]
        if self._batching or all(stays):
            self._kept.add((machine.hash, book.hash))


def _check(command: Command) -> None:
    if faults := misfits(command):
        raise PayloadError(*faults)


def id_of(instance: str | Decision) -> str:
    """Give the id of an instance, or of the one that a decision is about (卷宗编号)."""
    return instance.stream if isinstance(instance, Decision) else instance
