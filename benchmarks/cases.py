"""
Live cases in memory: what one takes, and what a move costs among many.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterable, Iterator

from benchmarks.ring import PIN, Ours
from zhiwen_flow.model import Instance


def make(ids: Iterable[str]) -> list[Instance]:
    """Make live cases of one machine, as a store holds them."""
    return [Instance(id=id, pin=PIN, state="s0", root=id) for id in ids]


def ids(number: int) -> Iterator[str]:
    """Give ids as the library makes them: 32 hex digits."""
    return (f"{each:032x}" for each in range(number))


def memory(most: int) -> dict[str, float]:
    """Bytes and CPU µs of one case, among 1,000 and among *most*."""
    found: dict[str, float] = {}
    for name, number in (("1k", 1000), ("1m", most)):
        gc.collect()
        tracemalloc.start()
        held = make(ids(number))
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # The list that the benchmark itself holds them in is not the case's.
        found[f"bytes_{name}"] = (size - held.__sizeof__()) / number
        del held
        named, best = list(ids(number)), float("inf")
        for _ in range(3):
            gc.collect()
            gc.disable()
            start = time.process_time_ns()
            held = make(named)
            best = min(best, (time.process_time_ns() - start) / number / 1000)
            gc.enable()
            del held
        found[f"micros_{name}"] = best
    return {"bytes_per_case": found["bytes_1m"], "micros_per_case": found["micros_1m"], **found}


class Among:
    """Moves of cases picked all over, among *number* that are live."""

    def __init__(self, number: int) -> None:
        self.ours = Ours(10)
        self.live = make(ids(number))
        self.place = 0

    def run(self, times: int) -> None:
        """Move *times*, another case each time."""
        ours, live, total = self.ours, self.live, len(self.live)
        place = self.place
        for _ in range(times):
            place = (place + 7_919) % total
            request = ours.cursor(live[place].state)
            ours.engine.run(request)
        self.place = place
