"""Several processes that begin at one moment, each a fork of one that has everything loaded."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import StaleError
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.testing.desk import desk_machines

T = TypeVar("T")
WORKERS = 8
CLERK = Actor(id="p-0", post="clerk")
DEFINITIONS = Definitions.load(machines=desk_machines())

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.crew"])
_start: list[Barrier] = []


def flow_on(url: str, *, actor: Actor = CLERK, clock: Clock | None = None) -> Flow:
    """Open a flow with the test machines."""
    return Flow(open_store(url, clock=clock), DEFINITIONS, actor=actor, clock=clock or SystemClock())


def insist(call: Callable[..., T], *args: Any, **named: Any) -> T:
    """Ask again where others won three times: the error says so, and names the winner."""
    while True:
        try:
            return call(*args, **named)
        except StaleError as error:
            winner_of(error)


def winner_of(error: StaleError) -> AuditEvent:
    """Give the event of who won, which is of the stream that was lost."""
    assert isinstance(error.winner, AuditEvent)
    assert error.winner.body["stream"] == error.stream
    return error.winner


def crew(work: Callable[..., T], *args: Any, workers: int = WORKERS) -> list[T]:
    """Run *work* in several processes at once, each with its number first; give what each returned."""
    gate = _context.Barrier(workers)
    with ProcessPoolExecutor(workers, mp_context=_context, initializer=_enter, initargs=(gate,)) as pool:
        running = [pool.submit(_together, work, number, *args) for number in range(workers)]
        return [each.result(120) for each in running]


def _enter(gate: Barrier) -> None:
    _start.append(gate)


def _together(work: Callable[..., T], number: int, *args: Any) -> T:
    _start[0].wait(60)
    return work(number, *args)
