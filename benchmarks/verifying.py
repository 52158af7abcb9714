"""
What verification costs: CPU against reading, parsing and hashing alone; and the memory of verification, export, relay
and replay for two sizes of a log.

    python -m benchmarks.verifying --json FILE

The floor reads the same rows in the same order by the bare driver, parses each body and hashes it; ours proves its
bytes canonical as well, follows the chains, folds them and compares every table. Memory is a process's own peak.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.verify import verify_file, verify_store
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Command
from zhiwen_flow.relay.envelope import Envelope
from zhiwen_flow.relay.running import Relay
from zhiwen_flow.relay.sinks import Receipt
from zhiwen_flow.stores.opening import open_outbox, open_store
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.sqlite import SqliteDriver
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.replay import replay

CLERK = Actor(id="p-1", post="clerk")
ROUNDS = 5


def fill(path: Path, events: int) -> None:
    """Record some desks with slips, about so many events."""
    store = open_store(f"sqlite:///{path}")
    with Flow(store, Definitions.load(machines=desk_machines()), actor=CLERK, clock=SystemClock()) as flow:
        while store.totals().events < events:
            desks = [Command(machine="desk", actor=CLERK, payload={"subject": "窗口办事"}) for _ in range(50)]
            streams = [each.stream for each in flow.handle_many(desks)]
            more = [Command(stream=each, trigger="note", actor=CLERK, payload={"text": "已联系"}) for each in streams]
            more += [Command(machine="slip", parent=each, actor=CLERK) for each in streams[::2]]
            more += [Command(stream=each, trigger="close", actor=CLERK) for each in streams[1::2]]
            flow.handle_many(more)


def floor(path: Path) -> int:
    """Read, parse and hash every body."""
    driver, after, count = SqliteDriver(path), ("", 0), 0
    with driver.snapshot():
        while rows := driver.query(sql.LOG, ("default", *after, 1000)):
            for row in rows:
                json.loads(row[6])
                hashlib.sha256(row[6]).hexdigest()
            count, after = count + len(rows), (rows[-1][1], rows[-1][2])
    driver.close()
    return count


def ours(path: Path) -> int:
    """Verify the database."""
    store = open_store(f"sqlite:///{path}")
    report = verify_store(store)
    store.close()
    assert report.sound
    return report.count


def export(path: Path) -> int:
    """Export the log beside the database, and verify the file."""
    store = open_store(f"sqlite:///{path}")
    with path.with_suffix(".jsonl").open("wb") as file:
        file.writelines(export_log(store))
    store.close()
    assert verify_file(path.with_suffix(".jsonl")).sound
    return 0


def relayed(path: Path) -> int:
    """Publish every event to nowhere."""
    outbox = open_outbox(f"sqlite:///{path}")
    done = Relay(outbox, _Nowhere()).drain()
    outbox.close()
    assert done.confirmed
    return done.confirmed


class _Nowhere:
    """A sink that takes everything."""

    at_once = 500

    def publish(self, envelopes: Sequence[Envelope]) -> Iterator[Receipt]:
        """Take them."""
        for each in envelopes:
            yield Receipt(id=each.id)

    def close(self) -> None:
        """Nothing is held."""


def replayed(path: Path) -> int:
    """Decide every command again."""
    store, count = open_store(f"sqlite:///{path}"), 0
    for each in replay(store, Definitions.load(machines=desk_machines())):
        assert each.agrees, each.problem
        count += 1
    store.close()
    return count


def microseconds(run: Callable[[Path], int], path: Path) -> float:
    """Give the CPU time for one event, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        count = run(path)
        best = min(best, (time.process_time() - begun) / count * 1e6)
    return best


def _measured(run: Callable[[Path], int], path: Path, tell: Any) -> None:
    run(path)
    tell.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def megabytes(run: Callable[[Path], int], path: Path) -> float:
    """Give the peak memory of a process that does nothing else."""
    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe()
    process = context.Process(target=_measured, args=(run, path, mouth))
    process.start()
    found: float = ear.recv()
    process.join()
    return found


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--events", type=int, nargs=2, default=[2_000, 20_000])
    asked = parser.parse_args()
    figures: dict[str, Any] = {"memory_mb": {}}
    with TemporaryDirectory() as folder:
        for events in asked.events:
            path = Path(folder) / f"{events}.db"
            fill(path, events)
            names = {"verify": ours, "export": export, "relay": relayed, "replay": replayed}
            figures["memory_mb"][str(events)] = {name: megabytes(run, path) for name, run in names.items()}
        figures["floor_us"], figures["verify_us"] = microseconds(floor, path), microseconds(ours, path)
    figures["ratio"] = figures["verify_us"] / figures["floor_us"]
    print(json.dumps(figures, indent=2))
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
