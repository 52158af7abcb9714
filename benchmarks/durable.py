"""
What a durable command costs beside its floor: ``python -m benchmarks.durable [--json FILE] [--quick]``.

The library runs on one database; every statement that it sends, with its values, is noted and sent again by the bare
driver to a twin of that database. So the floor does the same reads and writes of the same bytes, with ready bodies.
Both are interleaved round by round; the ratios count, the µs are only this machine's.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import psycopg

from benchmarks.office import NOW, RIGHT, _raw, payload_on
from benchmarks.twin import Note, Noting, ready, send
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Command
from zhiwen_flow.stores.sql.postgres import PostgresDriver
from zhiwen_flow.stores.sql.sqlite import SqliteDriver
from zhiwen_flow.stores.sql.store import SqlStore
from zhiwen_flow.testing.clock import FixedClock

POSTGRES_URL = os.environ.get("ZHIWEN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
POST = "bridge_bureau.deputy_director"
CASES = 100
"""Instances that one client works on, in turn."""
BULK = 100

GOALS: Mapping[str, tuple[str, float]] = {
    "sqlite.speed_vs_floor": ("≥", 0.85),
    "postgresql.speed_vs_floor": ("≥", 0.85),
    "postgresql.speed_vs_floor_8_clients": ("≥", 0.7),
    "sqlite.cpu_over_floor_us": ("≤", 60.0),
    "postgresql.cpu_over_floor_us": ("≤", 60.0),
    "sqlite.bulk_vs_single": ("≥", 5.0),
    "postgresql.bulk_vs_single": ("≥", 5.0),
}


@attrs.frozen(kw_only=True)
class Scale:
    """How much is measured."""

    commands: int
    rounds: int


@contextmanager
def twins(kind: str) -> Iterator[tuple[str, str]]:
    """Give two empty databases of a kind, alike."""
    with ExitStack() as stack:
        if kind == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhiwen-")))
            yield f"sqlite:///{folder / 'ours.db'}", f"sqlite:///{folder / 'floor.db'}"
            return
        yield stack.enter_context(_schema()), stack.enter_context(_schema())


@contextmanager
def _schema() -> Iterator[str]:
    name = f"bench_{os.urandom(6).hex()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as admin:
        admin.execute(f'CREATE SCHEMA "{name}"'.encode())
        try:
            yield f"{POSTGRES_URL}?options=" + quote(f"-csearch_path={name}")
        finally:
            admin.execute(f'DROP SCHEMA "{name}" CASCADE'.encode())


def driver_of(url: str) -> Any:
    """Open a driver, of whichever database."""
    return SqliteDriver(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else PostgresDriver(url)


@attrs.define
class Taken:
    """What a run took, seconds."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Taken]:
    """Take the time of what stands inside."""
    taken = Taken()
    gc.collect()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield taken
    finally:
        taken.wall, taken.cpu = time.perf_counter() - wall, time.process_time() - cpu
        gc.enable()


class Client:
    """
    One client: the library on one database, the bare driver on its twin.

    Args:
        ours: The library's database.
        floor: Its twin.
        number: Sets its instances apart from those of other clients.
    """

    def __init__(self, ours: str, floor: str, number: int = 0) -> None:
        self.noted: list[Note] = []
        bare = driver_of(floor)
        self.kind, self.bare = bare.kind, bare._db  # noqa: SLF001  the bare connection, set up as ours is
        machine = machine_from(_raw(), LIBRARY, where="office")
        store = SqlStore(Noting(driver_of(ours), self.noted))
        self.flow = Flow(store, Definitions.load(machines=[machine]), actor=RIGHT, clock=FixedClock(NOW))
        self.cases = [f"c{number:02}-{each:04}" for each in range(CASES)]
        for each in self.cases:
            self.flow.handle(Command(stream=each, machine="office", actor=RIGHT))
        self.ours(2 * CASES)
        self.floor()

    def ours(self, commands: int) -> Taken:
        """Ask the library."""
        do, cases = self.flow.do, self.cases
        with timed() as taken:
            for each in range(commands):
                do(cases[each % CASES], "decide", payload_on(POST)).raise_if_refused()
        return taken

    def floor(self) -> Taken:
        """Send what the library sent since the last time."""
        prepared = ready(self.kind, self.noted)
        self.noted.clear()
        with timed() as taken:
            send(self.bare, prepared)
        return taken

    def bulk(self, commands: int) -> Taken:
        """Ask the library for a hundred at a time."""
        with timed() as taken:
            for _ in range(commands // BULK):
                asked = [
                    Command(stream=self.cases[n % CASES], trigger="decide", actor=RIGHT, payload=payload_on(POST))
                    for n in range(BULK)
                ]
                for each in self.flow.handle_many(asked):
                    each.raise_if_refused()
        self.noted.clear()
        return taken


def alone(kind: str, scale: Scale) -> dict[str, float]:
    """One client: one command at a time against its floor, and a hundred at a time against one."""
    rounds: list[tuple[Taken, Taken, Taken]] = []
    with twins(kind) as (ours, floor):
        client = Client(ours, floor)
        for _ in range(scale.rounds):
            first, second = client.ours(scale.commands), client.floor()
            rounds.append((first, second, Taken()))
        # A batch writes what the twin does not know, so it comes last.
        singles = [(client.ours(scale.commands), client.bulk(scale.commands)) for _ in range(scale.rounds)]
    micro = 1e6 / scale.commands
    return {
        f"{kind}.speed_vs_floor": statistics.median(floor.wall / ours.wall for ours, floor, _ in rounds),
        f"{kind}.cpu_over_floor_us": statistics.median((ours.cpu - floor.cpu) * micro for ours, floor, _ in rounds),
        f"{kind}.bulk_vs_single": statistics.median(one.wall / many.wall for one, many in singles),
        f"{kind}.ours_us": statistics.median(ours.wall * micro for ours, _, _ in rounds),
        f"{kind}.floor_us": statistics.median(floor.wall * micro for _, floor, _ in rounds),
    }


def together(scale: Scale, clients: int = 8) -> dict[str, float]:
    """Several clients on PostgreSQL: all ask, then all send what they asked."""
    context = multiprocessing.get_context("spawn")
    with twins("postgresql") as (ours, floor):
        driver_of(ours).close()
        driver_of(floor).close()
        barrier, told = context.Barrier(clients), context.Queue()
        workers = [
            context.Process(target=_client, args=(ours, floor, number, scale, barrier, told))
            for number in range(clients)
        ]
        for each in workers:
            each.start()
        found = [told.get(timeout=600) for _ in workers]
        for each in workers:
            each.join()
    # A round lasts as long as its slowest client.
    lasted = [[max(each[number][side] for each in found) for side in (0, 1)] for number in range(scale.rounds)]
    return {"postgresql.speed_vs_floor_8_clients": statistics.median(floor / ours for ours, floor in lasted)}


def _client(ours: str, floor: str, number: int, scale: Scale, barrier: Any, told: Any) -> None:
    client, taken = Client(ours, floor, number), []
    for _ in range(scale.rounds):
        barrier.wait()
        first = client.ours(scale.commands).wall
        barrier.wait()
        taken.append((first, client.floor().wall))
    told.put(taken)


def report(figures: Mapping[str, float]) -> list[str]:
    """Say what was found beside what was wanted."""
    lines = []
    for name, value in figures.items():
        sign, goal = GOALS.get(name, ("", 0.0))
        reached = "" if not sign else "yes" if (value >= goal) is (sign == "≥") or value == goal else "NO"
        lines.append(f"{name:<42}{value:>10.2f}  {f'{sign} {goal:g}' if sign else '':<8}{reached}")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a trial run; its figures mean nothing")
    options = parser.parse_args()
    scale = Scale(commands=100, rounds=2) if options.quick else Scale(commands=1000, rounds=9)
    figures = {**alone("sqlite", scale), **alone("postgresql", scale), **together(scale)}
    print("\n".join(report(figures)))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
