"""
What running a campaign costs: ``python -m benchmarks.running [--json FILE]``.

A roll-up of 10,000 units × 20 tasks, and asking for what is due among 2,000 and among 200,000 open deadlines,
interleaved: the ratio counts, the seconds are only this machine's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from benchmarks.harness import interleave
from zhiwen_flow.changes import Changeset
from zhiwen_flow.model import Deadline
from zhiwen_flow.plan import Plan, Task
from zhiwen_flow.rollup import Handed, roll_up
from zhiwen_flow.stores.memory import MemoryStore

UNITS, TASKS, DUE = 10_000, 20, 50
FIRST = dt.date(2011, 9, 1)


def rolled_up() -> dict[str, float]:
    """Roll up what ten thousand units have handed in."""
    tasks = tuple(
        Task(
            id=f"t{n}", number=str(n), name=f"任务{n}", clause="—", due=FIRST + dt.timedelta(days=n), deliverable="材料"
        )
        for n in range(TASKS)
    )
    plan = attrs.evolve(Plan.load("szjg-2011"), phases=(), beside=tasks)
    units = {f"u{n}": n % 10 != 0 for n in range(UNITS)}
    handed = [
        Handed(unit=f"u{unit}", task=f"t{task}", on=FIRST + dt.timedelta(days=(unit * 7 + task) % 40))
        for unit in range(UNITS)
        for task in range(TASKS)
        if (unit + task) % 3
    ]
    started = time.perf_counter()
    found = roll_up(plan, units, handed, FIRST + dt.timedelta(days=19))
    seconds = time.perf_counter() - started
    assert found.totals.total() == UNITS * TASKS
    return {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def asking(open_rows: int) -> Callable[[int], None]:
    """A store of open deadlines of which a few are due, and the question for them."""
    store = MemoryStore()
    late, ahead = FIRST, FIRST + dt.timedelta(days=400)
    rows = (
        Deadline(stream=f"s{n:07}", state="x", limit="x", started=FIRST, due=late if n < DUE else ahead, calendar=None)
        for n in range(open_rows)
    )
    store._tables(Changeset(started=tuple(rows)))  # noqa: SLF001 - filling it through moves would take minutes

    def run(times: int) -> None:
        for _ in range(times):
            assert len(store.deadlines(due_by=late, limit=1000)) == DUE

    return run


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    rolled = rolled_up()
    due = interleave({"few": asking(2_000), "many": asking(200_000)}, units=200, rounds=7)
    found = {
        "roll_up": {key: round(value, 3) for key, value in rolled.items()},
        "due": {"open_200k_vs_2k": round(due.ratio("many", "few"), 3)},
    }
    print(
        f"roll-up of {UNITS:,} × {TASKS}: {rolled['seconds']:.2f} s (goal 2), {rolled['megabytes']:.0f} MB (goal 300)"
    )
    print(f"what is due among 200,000 open: {found['due']['open_200k_vs_2k']:.2f} × among 2,000 (goal about 1)")
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
