"""From the command to the consumer: broker, relays and consumer die, and every event arrives, in order, once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pika

from tests.crash.killing import DESKS
from tests.crash.ledger import merged
from tests.crash.private import PrivateRabbit
from tests.crash.workers import Walker, flow_on, forks
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Command
from zhiwen_flow.relay.consumer import Inbox
from zhiwen_flow.stores.opening import open_outbox

RELAYS, WALKERS = 2, 2
QUEUE = EXCHANGE = "zhiwen"
UP_SECONDS = 2.0
DIES_AT = 50
PATIENCE = 120.0
TROUBLES = (pika.exceptions.AMQPError, OSError)


@attrs.frozen(kw_only=True)
class Delivered:
    """
    What was counted.

    Args:
        deaths: How often broker, a relay and the consumer were killed, each.
        events: How many events there are.
        handled: How many the consumer handled.
        dropped: How many came again and were dropped.
    """

    deaths: int
    events: int
    handled: int
    dropped: int

    def line(self) -> str:
        """Give the counts as text."""
        return (
            f"broker, a relay and the consumer killed {self.deaths} times each under load: {self.events} events, "
            f"{self.handled} handled once and in order, {self.dropped} that came again dropped; none missing"
        )


class _Consumer:
    """A process that handles events with the inbox, and commits before it confirms."""

    def __init__(self, url: str, path: Path) -> None:
        self._args = (url, str(path))
        self.raise_up()

    def raise_up(self, *, dies_at: int = DIES_AT) -> None:
        """Start it, to kill itself after so many events, between its commit and its confirmation; 0 to live on."""
        self._process = forks.Process(target=_consume, args=(*self._args, dies_at), daemon=True)
        self._process.start()

    def wait_for_death(self) -> None:
        """Wait until it has killed itself."""
        self._process.join(PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL, "the consumer got no events"

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()


def _consume(url: str, path: str, dies_at: int) -> None:
    db, count = sqlite3.connect(path), 0
    while True:
        with suppress(*TROUBLES), closing(pika.BlockingConnection(_parameters(url))) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=50)
            for method, _, body in channel.consume(QUEUE):
                with db:
                    _handle(db, body)
                count += 1
                if count == dies_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                channel.basic_ack(method.delivery_tag)
        time.sleep(0.1)


def _handle(db: sqlite3.Connection, body: bytes) -> None:
    event, arrival = json.loads(body), Inbox(db, gaps=True).receive(body)
    values = (event["id"], event["subject"], int(event["sequence"]), arrival.new, len(arrival.missing))
    db.execute("INSERT INTO arrived (id, subject, sequence, new, missing) VALUES (?, ?, ?, ?, ?)", values)


def _parameters(url: str) -> pika.URLParameters:
    return pika.URLParameters(url.replace("guest@", "guest:guest@"))


def _prepared(broker: PrivateRabbit, path: Path) -> None:
    """Make the queue that outlives the broker, and the consumer's tables."""
    with closing(pika.BlockingConnection(_parameters(broker.url))) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, EXCHANGE, "#")
    with closing(sqlite3.connect(path)) as db:
        Inbox(db).create()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE arrived (id TEXT, subject TEXT, sequence INTEGER, new INTEGER, missing INTEGER)")
        db.commit()


def _relay(url: str, broker: PrivateRabbit) -> subprocess.Popen[bytes]:
    """Run the program, as an operator does; a short lease, so that a dead one's lanes are soon taken up."""
    command = [sys.executable, "-m", "zhiwen_flow.cli", "relay", "run", url, "--sink", broker.url, "--lease", "3"]
    environment = os.environ | {"ZHIWEN_SINK_SECRET": "guest"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def delivered(url: str, broker: PrivateRabbit, deaths: int, seed: int) -> Delivered:
    """Kill broker, a relay and the consumer so many times under load, and see what arrives."""
    with TemporaryDirectory(prefix="zhiwen-consumer-") as folder:
        path = Path(folder) / "consumer.db"
        _prepared(broker, path)
        _under_load(url, broker, deaths, seed, path)
        with flow_on(url) as flow:
            return _compared(flow, path, deaths)


def _under_load(url: str, broker: PrivateRabbit, deaths: int, seed: int, path: Path) -> None:
    with flow_on(url) as flow:
        asked = [Command(machine="desk", actor=Actor(id="p-1", post="clerk")) for _ in range(DESKS)]
        desks = [each.stream or "" for each in flow.handle_many(asked)]
    walkers = [Walker(url, f"w{number}", seed + number, list(desks), pause=0.01) for number in range(WALKERS)]
    consumer = _Consumer(broker.url, path)
    relays = [_relay(url, broker) for _ in range(RELAYS)]
    try:
        for _ in range(deaths):
            consumer.wait_for_death()
            consumer.raise_up()
            _kill(relays.pop(0))
            relays.append(_relay(url, broker))
            time.sleep(UP_SECONDS)
            broker.kill()
            broker.start()
        consumer.kill()
        consumer.raise_up(dies_at=0)
        whole = merged([walker.end()[0] for walker in walkers])
        _wait_until_delivered(url, path)
    finally:
        consumer.kill()
        for each in relays:
            _kill(each)
    with flow_on(url) as flow:
        whole.check(flow.store)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def _wait_until_delivered(url: str, path: Path) -> None:
    outbox, end = open_outbox(url), time.monotonic() + PATIENCE
    with closing(sqlite3.connect(path)) as db, flow_on(url) as flow:
        count = sum(1 for _ in _events(flow))
        while time.monotonic() < end:
            arrived = db.execute("SELECT count(*) FROM arrived WHERE new").fetchone()[0]
            if arrived >= count and not any(each.waiting for each in outbox.lag()):
                outbox.close()
                return
            time.sleep(0.2)
    raise AssertionError(f"{arrived} of {count} events arrived in {PATIENCE:.0f} s; {outbox.lag()}")


def _events(flow: Flow) -> Any:
    after = 0
    while page := flow.store.events(after=after, limit=1000):
        after = page[-1].seq
        yield from page


def _compared(flow: Flow, path: Path, deaths: int) -> Delivered:
    """Every event was handled once, and those of one instance in their order."""
    with closing(sqlite3.connect(path)) as db:
        new = db.execute("SELECT id, subject, sequence, missing FROM arrived WHERE new ORDER BY rowid").fetchall()
        dropped = db.execute("SELECT count(*) FROM arrived WHERE NOT new").fetchone()[0]
    written = {each.id for each in _events(flow)}
    assert {row[0] for row in new} == written, "an event is missing, or was never written"
    assert len(new) == len(written), "an event was handled twice"
    last: dict[str, int] = {}
    for _, subject, sequence, missing in new:
        assert sequence == last.get(subject, 0) + 1, f"{subject}: {sequence} after {last.get(subject, 0)}"
        assert missing == 0
        last[subject] = sequence
    return Delivered(deaths=deaths, events=len(written), handled=len(new), dropped=dropped)
