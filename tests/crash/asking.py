"""What workers are asked for: moves, starts with children, refusals and batches, each command with a key of its own."""

from __future__ import annotations

import random
from typing import Any

import attrs

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor, Command, Decision
from zhiwen_flow.testing.desk import DESK, desk_machines

CLERK = Actor(id="p-1", post="clerk")
STRANGER = Actor(id="p-9", post="nowhere")
KINDS = {"note": 4, "slip": 2, "board": 2, "answer": 3, "refusal": 2, "batch": 3}

_OPENING: Any = DESK["opening"]
BOARD = DESK | {"id": "board", "opening": _OPENING | {"opens": [{"machine": "slip"}, {"machine": "slip"}]}}
DEFINITIONS = Definitions.load(machines=[*desk_machines(), machine_from(BOARD, LIBRARY, where="board")])


@attrs.frozen(kw_only=True)
class Request:
    """What is asked at once: one command, or a batch in one transaction."""

    what: str
    commands: tuple[Command, ...]


@attrs.frozen(kw_only=True)
class Answered:
    """What the client was told of one command."""

    event: str | None
    stream: str
    allowed: bool


def asked_of(flow: Flow, request: Request) -> tuple[Answered, ...]:
    """Carry a request out."""
    if len(request.commands) == 1:
        done: tuple[Decision, ...] = (flow.handle(request.commands[0]),)
    else:
        done = flow.handle_many(request.commands)
    return tuple(Answered(event=each.event, stream=each.stream or "", allowed=each.allowed) for each in done)


class Mix:
    """
    Makes requests that cross at the same desks.

    Args:
        name: Stands in every key, so that two mixes never share one.
        seed: The same seed gives the same requests.
        desks: Where they cross.
    """

    def __init__(self, name: str, seed: int, desks: list[str]) -> None:
        self._name, self._draw, self._number = name, random.Random(seed), 0
        self._desks, self._slips = desks, list[str]()

    def next(self) -> Request:
        """Give the next request."""
        what = self._draw.choices(list(KINDS), list(KINDS.values()))[0]
        if what == "batch":
            kinds = self._draw.choices([each for each in KINDS if each != "batch"], k=self._draw.randint(2, 5))
            return Request(what=what, commands=tuple(map(self._one, kinds)))
        return Request(what=what, commands=(self._one(what),))

    def learn(self, request: Request, answers: tuple[Answered, ...]) -> None:
        """Take in what was opened."""
        for command, answer in zip(request.commands, answers, strict=True):
            if command.machine == "slip":
                self._slips.append(answer.stream)

    def _one(self, what: str) -> Command:
        self._number += 1
        key, desk = f"{self._name}.{self._number}", self._draw.choice(self._desks)
        common: dict[str, Any] = {"actor": CLERK, "key": key}
        if what == "slip":
            return Command(machine="slip", parent=desk, **common)
        if what == "board":
            return Command(machine="board", payload={"who": f"封存{key}"}, **common)
        if what == "refusal":
            return Command(stream=desk, trigger="seize", **common | {"actor": STRANGER})
        if what == "answer" and self._slips:
            slip = self._slips.pop(self._draw.randrange(len(self._slips)))
            return Command(stream=slip, trigger="answer", **common)
        return Command(stream=desk, trigger="note", payload={"text": key, "who": f"封存{key}"}, **common)
