"""
Live cases in memory: what one takes, and what a move costs among many.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterable, Iterator

import attrs

from benchmarks.ring import ACTOR, PIN, Floor, Ours, always, clerk_acts, ring
from zhiwen_flow.changes import Changeset
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import EMPTY, Instance, Pin
from zhiwen_flow.stores.memory import MemoryStore

STRIDE = 7_919
TIMES = 5


def make(ids: Iterable[str], pin: Pin = PIN) -> list[Instance]:
    """Make live cases of one machine, as a store holds them."""
    return [Instance(id=id, pin=pin, state="s0", root=id) for id in ids]


def ids(number: int) -> Iterator[str]:
    """Give ids as the library makes them: 32 hex digits."""
    return (f"{each:032x}" for each in range(number))


def memory(most: int) -> dict[str, float]:
    """Bytes and CPU µs of one case, among 1,000 and among *most*."""
    found: dict[str, float] = {}
    for name, number in (("1k", 1000), ("1m", most)):
        found[f"bytes_{name}"] = _bytes(number)
        found[f"micros_{name}"] = _micros(number)
    return {"bytes_per_case": found["bytes_1m"], "micros_per_case": found["micros_1m"], **found}


def _bytes(number: int) -> float:
    gc.collect()
    tracemalloc.start()
    held = make(ids(number))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The list that the benchmark itself holds them in is not the case's.
    return (size - held.__sizeof__()) / number


def _micros(number: int) -> float:
    named, taken = list(ids(number)), []
    for _ in range(TIMES):
        gc.collect()
        gc.disable()
        start = time.process_time_ns()
        held = make(named)
        taken.append((time.process_time_ns() - start) / number / 1000)
        gc.enable()
        del held
    return statistics.median(taken)


class Among:
    """Engine moves of cases picked all over, among *number* that are live."""

    def __init__(self, number: int) -> None:
        self.ours = Ours(10)
        self.live = make(ids(number))
        self.place = 0

    def run(self, times: int) -> None:
        """Move *times*, another case each time."""
        ours, live, total, place = self.ours, self.live, len(self.live), self.place
        for _ in range(times):
            place = (place + STRIDE) % total
            case = live[place]
            ours.engine.run(ours.cursor(case.state, case.id))
        self.place = place


@attrs.define
class _Case:
    """A live case of the dictionary machine."""

    id: str
    state: str
    actor: str = "clerk"


class PlainAmong:
    """The dictionary machine among as many: what the memory of the machine alone adds."""

    def __init__(self, number: int) -> None:
        self.steps = Floor(10).steps
        self.live = [_Case(id=id, state="s0") for id in ids(number)]
        self.place = 0

    def run(self, times: int) -> None:
        """Move *times*, another case each time."""
        steps, live, total, place = self.steps, self.live, len(self.live), self.place
        for _ in range(times):
            place = (place + STRIDE) % total
            case = live[place]
            target, guards = steps[case.state, "go"]
            if all(each(case) for each in guards):
                case.state = target
        self.place = place


class Kept:
    """Whole moves through `Flow`: loaded from a store of *number* live cases, decided, sealed and appended."""

    def __init__(self, number: int) -> None:
        self.store = MemoryStore()
        definitions = Definitions.load(machines=[ring(10)], guards=[always, clerk_acts])
        self.flow = Flow(self.store, definitions, actor=ACTOR, clock=SystemClock())
        self.ids = list(ids(number))
        pin = self.flow.current("ring").pin
        self.store.append(Changeset(opened=tuple(make(self.ids, pin))))
        self.place = 0

    def run(self, times: int) -> None:
        """Move *times*, another case each time."""
        do, live, total, place = self.flow.do, self.ids, len(self.ids), self.place
        for _ in range(times):
            place = (place + STRIDE) % total
            do(live[place], "go", EMPTY)
        self.place = place
