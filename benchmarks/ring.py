"""
The smallest machine worth measuring: a ring of states, two trivial guards on every step. No rule, no payload.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import transitions

from zhiwen_flow._engine import Engine
from zhiwen_flow.deciding import Bench, judge
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.guards.registry import Registry, Request, Rule, guard
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import EMPTY, Actor, Command, Instance, Pin, Surroundings, Verdict

NOW = dt.datetime(2011, 9, 1, 9, 0, tzinfo=dt.UTC)
ACTOR = Actor(id="p-1", post="clerk")
STRANGER = Actor(id="p-2", post="stranger")
PIN = Pin(machine="ring", machine_version="1", machine_hash="", rulebook="", rulebook_version="", rulebook_hash="")


@guard(id="always", zh="总是通过", en="always passes")
def always(request: Request, rule: Rule[Any]) -> Verdict:
    """Pass."""
    return rule.passed


@guard(id="clerk_acts", zh="由经办岗位办理", en="the clerk acts", reads=("actor",))
def clerk_acts(request: Request, rule: Rule[Any]) -> Verdict:
    """Pass for the clerk's post."""
    return rule.passed if request.actor.post == "clerk" else rule.fails("step.needs_form")


REGISTRY = Registry([always, clerk_acts])


def label(text: str) -> dict[str, str]:
    """Give a label that is the same in both languages."""
    return {"zh": text, "en": text}


def ring(size: int) -> Machine:
    """Build a ring of *size* states whose trigger `go` leads round it, and which may be left at any time."""
    states: list[dict[str, Any]] = [{"id": f"s{n}", "label": label(f"s{n}"), "owner": "clerk"} for n in range(size)]
    states += [
        {"id": "done", "label": label("done"), "end": "done"},
        {"id": "void", "label": label("void"), "end": "void"},
    ]
    everywhere = [f"s{n}" for n in range(size)]
    guards = ["always", "clerk_acts"]
    steps = [
        {
            "trigger": "go",
            "source": [f"s{n}"],
            "target": f"s{(n + 1) % size}",
            "label": label("go"),
            "guards": guards,
            "cites": ["-"],
        }
        for n in range(size)
    ]
    steps += [
        {"trigger": end, "source": everywhere, "target": end, "label": label(end), "cites": ["-"]}
        for end in ("done", "void")
    ]
    raw = {
        "id": "ring",
        "version": "1",
        "label": label("ring"),
        "source": "-",
        "initial": "s0",
        "terms": {"clerk": label("clerk")},
        "opening": {"label": label("open"), "cites": ["-"]},
        "state": states,
        "transition": steps,
    }
    return machine_from(raw, REGISTRY, where="ring")


class Ours:
    """The library's engine on a ring: a fresh cursor for every move, as the flow makes one."""

    def __init__(self, size: int, actor: Actor = ACTOR) -> None:
        self.machine = ring(size)
        self.engine = Engine(self.machine, REGISTRY)
        self.instance = Instance(id="c1", pin=PIN, state="s0", root="c1")
        self.actor = actor
        self.today = NOW.date()

    def cursor(self, state: str, stream: str) -> Request:
        """Make a cursor as deciding does."""
        step = self.engine.step(state, "go")
        assert step is not None
        return Request(stream, state, self.machine, step, self.actor, EMPTY, _SURROUNDINGS, _RULES, NOW, self.today)

    def run(self, times: int) -> None:
        """Go round *times* steps."""
        state, engine, machine, actor, today = "s0", self.engine, self.machine, self.actor, self.today
        for _ in range(times):
            step = engine.step(state, "go")
            assert step is not None
            request = Request("c1", state, machine, step, actor, EMPTY, _SURROUNDINGS, _RULES, NOW, today)
            engine.run(request)
            state = request.state


class Denied:
    """The whole decision on a ring, refused with its reason: what `Flow` makes of a denial."""

    def __init__(self, size: int) -> None:
        rules = Definitions.load().rules
        self.bench = Bench(ring(size), rules, REGISTRY)
        self.surroundings = Surroundings(instance=Instance(id="c1", pin=PIN, state="s0", root="c1"))
        self.definitions: Any = None

    def run(self, times: int) -> None:
        """Be refused *times*."""
        bench, around, nowhere = self.bench, self.surroundings, self.definitions
        for _ in range(times):
            command = Command(stream="c1", trigger="go", actor=STRANGER)
            judge(bench, around, command, at=NOW, definitions=nowhere)


_RULES: Any = None
_SURROUNDINGS = Surroundings(instance=Instance(id="c1", pin=PIN, state="s0", root="c1"))


class Floor:
    """A dictionary machine that runs the same two guards as booleans: what any engine must at least do."""

    __slots__ = ("actor", "state", "steps")

    def __init__(self, size: int, actor: str = "clerk") -> None:
        guards = (lambda case: True, lambda case: case.actor == "clerk")
        self.steps = {(f"s{n}", "go"): (f"s{(n + 1) % size}", guards) for n in range(size)}
        self.state = "s0"
        self.actor = actor

    def trigger(self, name: str) -> bool:
        """Move when both guards are true."""
        target, guards = self.steps[self.state, name]
        for each in guards:
            if not each(self):
                return False
        self.state = target
        return True

    def run(self, times: int) -> None:
        """Go round *times* steps."""
        for _ in range(times):
            self.trigger("go")


@attrs.define
class _Model:
    state: str = "s0"


class Stock:
    """Stock `transitions` as its documentation shows it, without decorating the model."""

    def __init__(self, size: int, *, allowed: bool = True) -> None:
        self.machine = transitions.Machine(
            model=None, states=[f"s{n}" for n in range(size)], initial="s0", auto_transitions=False, send_event=True
        )
        conditions: list[str | Callable[..., bool | None]] = [lambda event: True, lambda event: allowed]
        for n in range(size):
            self.machine.add_transition("go", f"s{n}", f"s{(n + 1) % size}", conditions=conditions)
        self.event = self.machine.events["go"]
        self.model = _Model()

    def run(self, times: int) -> None:
        """Trigger *times*."""
        event, model = self.event, self.model
        for _ in range(times):
            event.trigger(model)
