"""
The executing engine: the one module that imports `transitions`.

Each definition becomes one shared `transitions` machine; its own `Event` and `Transition` execute every move on a
throw-away cursor. All guards run inside `Transition.execute`, and only then is the target written. Nothing else in the
library computes a target state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
import transitions

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.registry import ErasedFact, NeedsForm, Registry, Request, Rule
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.machine.definition import NEW, GuardUse, Machine, Transition, Waiver
from zhiwen_flow.machine.standing import Act, placed
from zhiwen_flow.model import Verdict
from zhiwen_flow.reasons import shipped_reason
from zhiwen_flow.terms import Outcome

_PASS = Outcome.PASS


class _Transition(transitions.Transition):
    """A transition that runs all guards, keeps every verdict, and moves only when all pass."""

    rules: tuple[tuple[Callable[[Any, Any], Verdict], Rule[Any]], ...] = ()

    def execute(self, event_data: Any) -> bool:
        """Judge the cursor; write the target when every guard passes (执行迁移)."""
        verdicts = []
        allowed = True
        for judge, rule in self.rules:
            try:
                verdict = judge(event_data, rule)
                passed = verdict.outcome is _PASS
            except NeedsForm:
                verdict, passed = rule.unknown("step.needs_form"), False
            except ErasedFact as erased:
                fact = named_reference(event_data, f"fact:{erased.name}")
                verdict, passed = rule.unknown("fact.erased", fact=fact), False
            except Exception as error:  # noqa: BLE001
                # A guard that raises refuses, and is told apart from one that fails.
                verdict, passed = rule.error(error), False
            if not passed:
                allowed = False
            verdicts.append(verdict)
        event_data.verdicts = tuple(verdicts)
        if allowed:
            event_data.state = self.dest
        return allowed


class _Event(transitions.Event):
    """An event that finds the one transition from the cursor's state."""

    def trigger(self, model: Any, /) -> bool:
        """Run the transition; False too when there is none from here, which leaves `verdicts` empty."""
        for transition in self.transitions.get(model.state, ()):
            return transition.execute(model)
        return False


class _Machine(transitions.Machine):
    transition_cls = _Transition
    event_cls = _Event


class Engine:
    """
    A machine definition made executable (可执行的状态机); shared by all its instances and threads.

    Args:
        machine: The definition.
        registry: Guards its names are resolved in.
        strict: Whether a verdict that leans on an unsettled row becomes unknown.
        standing: Acts that may be done beside the steps of the machine.

    Raises:
        UnknownNameError: the machine names a guard that is not registered.
    """

    def __init__(
        self, machine: Machine, registry: Registry, *, strict: bool = False, standing: tuple[Act, ...] = ()
    ) -> None:
        self.machine = machine
        self.transitions: tuple[Transition, ...] = (*machine.all_transitions, *placed(standing, machine))
        states = [NEW, *(each.id for each in machine.states)]
        self._runs = _Machine(model=None, states=states, initial=NEW, auto_transitions=False, send_event=True)
        for each in self.transitions:
            rules = tuple(_bound(each, machine, registry, strict=strict))
            for source in each.source or (NEW,):
                self._runs.add_transition(each.trigger, source, each.target)
                made = self._runs.events[each.trigger].transitions[source][-1]
                assert isinstance(made, _Transition)
                made.rules = rules
        self._events = self._runs.events
        self._fire: dict[str, Callable[[Any], bool]] = {name: each.trigger for name, each in self._events.items()}
        self._steps = {(source, each.trigger): each for each in self.transitions for source in each.source or (NEW,)}

    def step(self, state: str, trigger: str) -> Transition | None:
        """
        Find the transition of *trigger* from *state*; None when it does not start there.

        Raises:
            UnknownNameError: the machine has no such trigger at all.
        """
        found = self._steps.get((state, trigger))
        if found is None and trigger not in self._events:
            raise UnknownNameError(f"trigger of machine `{self.machine.id}`", trigger, self._events)
        return found

    def run(self, request: Request) -> bool:
        """Judge *request* by all guards and, when all pass, write the target to its `state` (审查并流转)."""
        return self._fire[request.transition.trigger](request)


def _bound(
    transition: Transition, machine: Machine, registry: Registry, *, strict: bool
) -> Iterable[tuple[Callable[[Any, Any], Verdict], Rule[Any]]]:
    for use in uses_of(transition):
        rule = registry.bind(use, cites=transition.cites, where=machine.id, path=transition.trigger)
        judge = rule.guard.function
        for waiver in machine.waivers:
            if (waiver.trigger, waiver.guard) == (transition.trigger, use.use):
                judge = _waived(judge, waiver)
        yield (_strictly(judge) if strict else judge), rule


def uses_of(transition: Transition) -> tuple[GuardUse, ...]:
    """List the guards of a transition (迁移的全部守卫), the one that `requires` implies included."""
    if not transition.requires:
        return transition.guards
    return (*transition.guards, GuardUse(use="materials_are_present", params={"materials": list(transition.requires)}))


def _waived(judge: Callable[[Any, Any], Verdict], waiver: Waiver) -> Callable[[Any, Any], Verdict]:
    def waiting(request: Any, rule: Any) -> Verdict:
        if request.today.isoformat() > waiver.until:
            return judge(request, rule)
        facts = {"why": waiver.reason, "document": waiver.document, "until": waiver.until}
        plain: Verdict = rule.passes(**facts)
        return attrs.evolve(plain, reason=shipped_reason("guard.waived"))

    return waiting


def _strictly(judge: Callable[[Any, Any], Verdict]) -> Callable[[Any, Any], Verdict]:
    """In strict mode a verdict that leaned on a row still to be verified is unknown, whichever way it went."""

    def judged(request: Any, rule: Any) -> Verdict:
        verdict = judge(request, rule)
        if verdict.status.is_settled or verdict.outcome not in (Outcome.PASS, Outcome.FAIL):
            return verdict
        reason = shipped_reason("strict.unsettled")
        return attrs.evolve(verdict, outcome=Outcome.UNKNOWN, reason=reason, who_could=(), wire=None)

    return judged
