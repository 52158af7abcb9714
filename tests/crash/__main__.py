"""Run the crash harness and print what it counted: ``python -m tests.crash --kills 300 --stops 10 --deliver 3``."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.delivering import delivered
from tests.crash.killing import Killing
from tests.crash.private import private_postgres, private_rabbit
from tests.crash.stopping import stopped
from tests.services import postgres_schema


@contextmanager
def _empty(database: str) -> Iterator[str]:
    if database == "postgresql":
        with postgres_schema() as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="zhiwen-crash-") as folder:
        yield f"sqlite:///{Path(folder) / 'flow.db'}"


def main() -> None:
    """Read the arguments, kill or stop, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kills that must land inside a command, on each database")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append", help="both by default")
    parser.add_argument("--stops", type=int, default=0, help="immediate stops of a PostgreSQL server of its own")
    parser.add_argument("--deliver", type=int, default=0, help="deaths of a broker of its own, relays and consumer")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    for database in given.database or ["sqlite", "postgresql"] if given.kills else ():
        with _told(database, given.seed) as lines, _empty(database) as url:
            lines.extend(Killing(url, given.seed).run(given.kills).lines())
    if given.stops:
        with _told("postgresql", given.seed) as lines, private_postgres() as server:
            lines.append(stopped(server, given.stops, given.seed).line())
    for database in given.database or ["sqlite", "postgresql"] if given.deliver else ():
        with _told(database, given.seed) as lines, _empty(database) as url, private_rabbit() as broker:
            lines.append(delivered(url, broker, given.deliver, given.seed).line())


@contextmanager
def _told(name: str, seed: int) -> Iterator[list[str]]:
    began, lines = time.monotonic(), list[str]()
    yield lines
    sys.stdout.write("\n".join([f"{name} (seed {seed}, {time.monotonic() - began:.0f} s)", *lines]) + "\n")


if __name__ == "__main__":
    main()
