"""
Interleave commands step by step (并发交错): between loading, deciding and appending, others may go first.

Real threads find races by luck; a schedule drawn from a seed finds the same one again.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterable

from zhiwen_flow.clock import SystemStamps
from zhiwen_flow.deciding import judge
from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Command, Decision, Surroundings
from zhiwen_flow.recording import Recorder
from zhiwen_flow.stores.protocol import Conflict
from zhiwen_flow.testing.clock import FixedClock

TRIES = 3

Task = Generator[None, None, Decision | None]
"""A command under way: it pauses after loading and after deciding, and gives its decision or None where it lost."""


def stepwise(flow: Flow, clock: FixedClock, command: Command, *, tries: int = TRIES) -> Task:
    """
    Carry out a command as `Flow.handle` does, pausing between its steps (分步办理).

    Args:
        flow: Whose store and definitions are used; each task may have its own.
        clock: Gives the moment.
        command: What is asked; its stream is given also where it opens one.
        tries: How often it decides again after a conflict.
    """
    stamps = SystemStamps(clock)
    recorder = Recorder(tenant=flow.store.tenant, stamps=stamps)
    for _ in range(tries):
        surroundings = _load(flow, command)
        yield
        machine = surroundings.instance.pin.machine if surroundings.instance else command.machine
        bench = flow.current(machine or "")
        judged = judge(bench, surroundings, command, at=clock.now(), definitions=flow)
        yield
        try:
            flow.store.append(recorder.record(judged))
        except Conflict:
            continue
        return judged.decision
    return None


def _load(flow: Flow, command: Command) -> Surroundings:
    if command.machine is None:
        return flow.store.load(command.stream or "")
    parent = flow.store.load(command.parent).instance if command.parent is not None else None
    return Surroundings(instance=None, parent=parent)


def run_interleaved(tasks: Iterable[Task], seed: int) -> list[Decision | ZhiwenError | None]:
    """
    Run tasks in an order drawn from *seed* (按随机次序交错执行), and give what each ended with.

    Args:
        tasks: The commands under way.
        seed: The same seed gives the same order.
    """
    draw = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    left = dict(enumerate(tasks))
    ended: dict[int, Decision | ZhiwenError | None] = {}
    while left:
        number = draw.choice(sorted(left))
        try:
            next(left[number])
        except StopIteration as stop:
            ended[number] = stop.value
            del left[number]
        except ZhiwenError as error:
            ended[number] = error
            del left[number]
    return [ended[number] for number in sorted(ended)]
