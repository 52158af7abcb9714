"""The engine runs every guard, moves only when all pass, and agrees with stock `transitions`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest
import transitions
from hypothesis import given
from hypothesis import strategies as st

from tests.small import REGISTRY, permit, raw
from zhiwen_flow._engine import Engine
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.registry import Request
from zhiwen_flow.machine.definition import Machine, Waiver
from zhiwen_flow.model import Actor, Surroundings
from zhiwen_flow.terms import Outcome

NOW = dt.datetime(2011, 9, 1, 9, tzinfo=dt.UTC)


def cursor(machine: Machine, state: str, trigger: str, payload: dict[str, Any] | None) -> Request:
    """Make a cursor at *state*."""
    transition = machine.find(state, trigger)
    assert transition is not None
    return Request(
        stream="c1",
        state=state,
        machine=machine,
        transition=transition,
        actor=Actor(id="p-1", post="clerk"),
        payload=payload,
        surroundings=Surroundings(instance=None),
        rules=None,  # type: ignore[arg-type]
        at=NOW,
        today=NOW.date(),
    )


class TestRun:
    """All guards run; the target is written only when every one passes."""

    def test_a_move(self) -> None:
        """The cursor stands at the target afterwards."""
        machine = permit()
        request = cursor(machine, "asked", "check", {"amount": 50})

        assert Engine(machine, REGISTRY).run(request)
        assert request.state == "checked"
        assert [each.outcome for each in request.verdicts] == [Outcome.PASS]

    @pytest.mark.requirement("M03")
    def test_a_refusal_keeps_the_state_and_tells_every_reason(self) -> None:
        """Guards after a failing one run as well."""
        machine = _guarded_by({"use": "amount_is_at_most", "limit": 100}, {"use": "amount_is_at_most", "limit": 200})
        request = cursor(machine, "asked", "check", {"amount": 500})

        assert not Engine(machine, REGISTRY).run(request)
        assert request.state == "asked"
        assert [each.text("zh") for each in request.verdicts] == ["数额500超过上限100", "数额500超过上限200"]
        assert request.verdicts[0].remedy("en") == "lower the amount"

    def test_a_guard_that_raises_refuses_and_is_told_apart(self) -> None:
        """Its text, which may hold a secret, is not shown."""
        machine = _guarded_by("raises", {"use": "amount_is_at_most", "limit": 100})
        request = cursor(machine, "asked", "check", {"amount": 1})

        assert not Engine(machine, REGISTRY).run(request)
        assert [each.outcome for each in request.verdicts] == [Outcome.ERROR, Outcome.PASS]
        assert "secret" not in request.verdicts[0].text("en") + repr(request.verdicts[0])

    def test_without_a_form_a_guard_that_needs_it_is_unknown(self) -> None:
        """Options are listed before anything is filled."""
        machine = permit()
        request = cursor(machine, "asked", "check", None)

        assert not Engine(machine, REGISTRY).run(request)
        assert [each.outcome for each in request.verdicts] == [Outcome.UNKNOWN]

    def test_a_waived_guard_rests_until_its_day(self) -> None:
        """After the last day it bites again."""
        machine = permit()
        for until, passes in (("2011-09-01", True), ("2011-08-31", False)):
            waiver = Waiver(
                trigger="check", guard="amount_is_at_most", reason="试点", document="〔2011〕1号", until=until
            )
            object.__setattr__(machine, "waivers", (waiver,))
            request = cursor(machine, "asked", "check", {"amount": 500})
            assert Engine(machine, REGISTRY).run(request) is passes

    def test_unknown_triggers_are_misuse(self) -> None:
        """A trigger the machine does not have is an error; one from another state is None."""
        engine = Engine(permit(), REGISTRY)

        assert engine.step("asked", "grant") is None
        with pytest.raises(UnknownNameError, match="fly"):
            engine.step("asked", "fly")


def _guarded_by(*guards: Any) -> Machine:
    """Build the machine with other guards on `check`."""
    steps = raw()["transition"]
    return permit(transition=[steps[0] | {"guards": list(guards)}, *steps[1:]])


class TestConformance:
    """The stock machine built from the same definition goes to the same states and refuses the same."""

    @given(st.lists(st.tuples(st.sampled_from(["check", "grant", "withdraw"]), st.integers(0, 200)), max_size=8))
    def test_same_walks(self, walk: list[tuple[str, int]]) -> None:
        """Every walk ends alike after every step."""
        machine = permit()
        engine = Engine(machine, REGISTRY)
        stock = transitions.Machine(
            model=None,
            states=[each.id for each in machine.states],
            initial=machine.initial,
            auto_transitions=False,
            send_event=True,
        )
        for each in machine.transitions:
            limit = 100 if each.trigger == "check" else None
            stock.add_transition(each.trigger, list(each.source), each.target, conditions=[_condition(limit)])
        model = _Model(state=machine.initial)
        state = machine.initial
        for trigger, amount in walk:
            moved = _stock_step(stock, model, trigger, amount)
            found = engine.step(state, trigger)
            if found is None:
                assert moved is None
                continue
            request = cursor(machine, state, trigger, {"amount": amount})
            assert engine.run(request) is moved
            state = request.state
            assert state == model.state


@attrs.define
class _Model:
    state: str


def _condition(limit: int | None) -> Any:
    return lambda event: limit is None or event.kwargs["amount"] <= limit


def _stock_step(stock: transitions.Machine, model: _Model, trigger: str, amount: int) -> bool | None:
    try:
        return bool(stock.events[trigger].trigger(model, amount=amount))
    except transitions.MachineError:
        return None
