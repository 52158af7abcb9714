"""What was answered is there, once, whatever dies: worker, wire, database or broker."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.crash.asking import CLERK
from tests.crash.private import PrivateRabbit, binaries
from tests.crash.wire import wire_to
from tests.crash.workers import flow_on
from tests.services import missing, postgres_schema, postgres_server
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StoreError

KILLS, STOPS = 40, 3


def _harness(*args: str) -> str:
    """Run the program as a user does: it forks, which a test process with threads had better not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--seed", "7", *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.stdout.write(done.stdout)
    return done.stdout


@pytest.mark.requirement("M01")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_workers_lose_nothing(database: str) -> None:
    """Forty kills inside a command, some in every phase; the harness itself holds client's ledger against database."""
    if database == "postgresql":
        postgres_server()
    told = _harness("--kills", str(KILLS), "--database", database)
    counts = dict(
        re.findall(r"^  (before read|before append|before commit|after commit).*?: (\d+) kills", told, re.MULTILINE)
    )
    assert sum(map(int, counts.values())) >= KILLS
    assert all(int(each) for each in counts.values())
    assert len(counts) == 4


def test_a_database_stopped_at_once_loses_nothing() -> None:
    """Workers wait, ask again with the same key, and every answer is there once."""
    binaries()
    assert f"{STOPS} immediate stops" in _harness("--stops", str(STOPS))


def test_a_dead_broker_loses_no_event() -> None:
    """Broker, a relay and the consumer are killed under load: every event is handled once, in order."""
    if not PrivateRabbit.SCRIPTS.exists():
        missing("no RabbitMQ server programs")
    told = _harness("--deliver", "1", "--database", "postgresql")
    counts = re.search(r"(\d+) events, (\d+) handled once and in order, (\d+) that came again dropped", told)
    assert counts is not None
    events, handled, dropped = map(int, counts.groups())
    assert events == handled > 0
    assert dropped >= 1


def test_an_answer_lost_on_the_wire_is_asked_for_again() -> None:
    """Whichever of the server's answers is lost, the same key gives what was done, and it was done once."""
    seen = Counter[str]()
    with postgres_schema() as url, flow_on(url) as straight:
        host, port = re.search(r"@([\d.]+):(\d+)/", url).groups()  # type: ignore[union-attr]
        desk = straight.start("desk", actor=CLERK).stream or ""
        with wire_to(host, int(port)) as wire, flow_on(url.replace(f":{port}/", f":{wire.port}/")) as far:
            for number in range(1, 9):
                key = f"k{number}"
                wire.lose(number)
                try:
                    far.do(desk, "note", {"text": key}, actor=CLERK, key=key)
                    seen["answered"] += 1
                except StoreError as error:
                    seen["told what to do"] += "ask again with the same key" in str(error)
                    seen["lost, and written" if straight.store.answer(key) else "lost"] += 1
                wire.lose(-1)
                assert far.do(desk, "note", {"text": key}, actor=CLERK, key=key).allowed
        texts = [each.body["payload"]["text"] for each in straight.store.events(stream=desk)[1:]]
        assert texts == [f"k{number}" for number in range(1, 9)]
        assert verify_store(straight.store).sound
    assert seen["told what to do"] == seen["lost"] + seen["lost, and written"]
    assert seen["lost"] >= 1
    assert seen["lost, and written"] >= 1
    assert seen["answered"] >= 1
