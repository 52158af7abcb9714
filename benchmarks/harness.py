"""
Measure contestants interleaved, in CPU time, and compare them round by round.

Absolute figures on a shared machine prove nothing; the median of the per-round ratios does.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

import attrs

Work = Callable[[int], None]
"""Runs a contestant's work that many times."""


@attrs.frozen(kw_only=True)
class Result:
    """
    What one group of contestants took.

    Args:
        micros: Median CPU µs of one unit, by contestant.
        rounds: CPU µs of one unit by contestant, one figure a round.
    """

    micros: Mapping[str, float]
    rounds: Mapping[str, tuple[float, ...]]

    def ratio(self, over: str, under: str) -> float:
        """Give the median of the per-round ratios."""
        pairs = zip(self.rounds[over], self.rounds[under], strict=True)
        return statistics.median(a / b for a, b in pairs)


def interleave(contestants: Mapping[str, Work], *, units: int, rounds: int = 9) -> Result:
    """
    Run A B C, A B C … and keep the CPU time of each.

    Args:
        contestants: Work by name.
        units: How many units one run does.
        rounds: How many times each runs; the first round warms up and is thrown away.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    # What stands already is no run's garbage; without this every collection would walk a million cases.
    gc.freeze()
    for number in range(rounds + 1):
        for name, work in contestants.items():
            gc.collect()
            gc.disable()
            start = time.process_time_ns()
            work(units)
            spent = (time.process_time_ns() - start) / units / 1000
            gc.enable()
            if number:
                taken[name].append(spent)
    gc.unfreeze()
    return Result(
        micros={name: statistics.median(each) for name, each in taken.items()},
        rounds={name: tuple(each) for name, each in taken.items()},
    )
