"""
One request (一次请求): who asks, as whom the log is seen, on which flow; and what it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from starlette.requests import Request
from starlette.responses import Response

from zhiwen_flow.answers import entitled, reads_of, untold
from zhiwen_flow.audit.view import Viewer, sees_persons, view
from zhiwen_flow.errors import StaleError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.integrations.fastapi.problems import Halted, Kind, answer, problem
from zhiwen_flow.integrations.fastapi.shapes import told_decision
from zhiwen_flow.machine.definition import NEW, Machine
from zhiwen_flow.model import Actor, Decision, Instance, Verdict
from zhiwen_flow.stores.protocol import shown

Recorded = Callable[[Decision], object]
"""What the host does in the transaction of a recorded command (宿主的后续处理)."""

_OWN = frozenset({"actor", "directory"})
"""What a guard may look at whose verdict tells of the actor only."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Call:
    """
    One request on the host's flow (一次请求).

    Args:
        served: Machines that the router serves, by id.
        lang: Language of the answer.
    """

    request: Request
    actor: Actor
    flow: Flow
    viewer: Viewer
    recorded: Recorded | None
    correlation: str | None
    lang: str
    served: Mapping[str, Machine]

    def start(self, machine: str, parts: Mapping[str, Any], key: str | None) -> Response:
        """Open an instance, and answer (建档)."""
        try:
            decision = self.flow.start(machine, key=key, **self._command(parts))
        except UnknownNameError as error:
            raise _parent(error) from None
        except StaleError as error:
            raise self._stale(error) from None
        return self._answered(decision, self.flow.current(machine).machine, opening=True)

    def do(self, machine: str, stream: str, trigger: str, parts: Mapping[str, Any], key: str | None) -> Response:
        """Take a step, and answer (办理)."""
        instance = self.instance(stream, machine)
        try:
            decision = self.flow.do(stream, trigger, key=key, **self._command(parts))
        except StaleError as error:
            raise self._stale(error) from None
        return self._answered(decision, self.flow.machine_of(instance.pin), opening=False)

    def explain(self, machine: str, stream: str | None, trigger: str, parts: Mapping[str, Any]) -> Response:
        """Say what would be answered, and record nothing (试办)."""
        command = self._command(parts)
        if stream is None:
            try:
                decision = self.flow.explain(None, trigger, machine=machine, **command)
            except UnknownNameError as error:
                raise _parent(error) from None
            return answer(self._told(decision, self.flow.current(machine).machine), self.lang)
        definition = self.flow.machine_of(self.instance(stream, machine).pin)
        decision = self.flow.explain(stream, trigger, **command)
        return answer(self._told(decision, definition), self.lang)

    def instance(self, stream: str, machine: str | None = None) -> Instance:
        """
        Read an instance of a machine that is served (查卷宗).

        Raises:
            UnknownNameError: this tenant has none, or it is of another machine.
        """
        found = self.flow.instance(stream)
        if found.pin.machine not in self.served or machine not in (None, found.pin.machine):
            raise UnknownNameError("instance", stream)
        return found

    def shown(
        self, machine: Machine, source: str, trigger: str, verdicts: tuple[Verdict, ...]
    ) -> tuple[tuple[Verdict, ...], bool]:
        """
        Give the verdicts of a step that this viewer may see, and whether others are kept back (可以显示的判定).

        Those about a person are shown as in the log, and not to somebody who may not take the step at all: asking is
        no way to learn what a case is about. What only looks at who asks tells of nobody else.
        """
        step = machine.find(source or NEW, trigger)
        if step is None or self.viewer.auditor:
            return verdicts, False
        registry = self.flow.definitions.registry
        if not step.prejudicial:
            kept = untold(verdicts, machine.telling(step), registry)
            return kept, len(kept) < len(verdicts)
        if sees_persons(self.viewer, self.flow.organ_of(self.actor)) and entitled(verdicts, registry):
            return verdicts, False
        return tuple(each for each in verdicts if reads_of(each, registry) <= _OWN), True

    def _command(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        return {**parts, "actor": self.actor, "correlation": self.correlation}

    def _told(self, decision: Decision, machine: Machine) -> dict[str, Any]:
        verdicts, sealed = self.shown(machine, decision.source, decision.trigger, decision.verdicts)
        return told_decision(attrs.evolve(decision, verdicts=verdicts), self.lang, sealed=sealed)

    def _answered(self, decision: Decision, machine: Machine, *, opening: bool) -> Response:
        if self.recorded is not None and not decision.replayed:
            self.recorded(decision)
        told = self._told(decision, machine)
        if decision.allowed:
            return answer(told, self.lang, status=201 if opening else 200)
        kind = kind_of(decision, self.flow.definitions.registry)
        detail = told["explanation"]
        if opening:
            return problem(kind, self.lang, detail=detail, decision=told)
        return problem(kind, self.lang, detail=detail, decision=told, options=self._open_now(decision.stream))

    def _open_now(self, stream: str) -> list[dict[str, Any]]:
        return [
            {"trigger": each.trigger, "label": each.en if self.lang == "en" else each.zh, "allowed": each.allowed}
            for each in self.flow.options(stream, actor=self.actor)
        ]

    def _stale(self, error: StaleError) -> Halted:
        winner = error.winner
        if winner is None:
            return Halted(Kind.STALE)
        seen = view(winner, self.viewer, sealed=shown(self.flow.store.sealed(winner.id)))
        return Halted(Kind.STALE, winner=seen)


def kind_of(decision: Decision, registry: Registry) -> Kind:
    """Say what kind of refusal it is (不予办理的种类): it does not start from here; the actor may not; the rest."""
    if any(each.guard == "step.starts_here" for each in decision.refusals):
        return Kind.NOT_FROM_HERE
    return Kind.REFUSED if entitled(decision.verdicts, registry) else Kind.NOT_ENTITLED


def _parent(error: UnknownNameError) -> Exception:
    if error.kind != "instance":
        return error
    fault = {"pointer": "#/parent", "what": "there is no such instance", "mend": "give the id of an instance"}
    return Halted(Kind.INVALID_PAYLOAD, errors=[fault])
