"""Relays on a real database and a real broker: several processes, a kill, a cut connection, a poisoned message."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.services import Broker, postgres_schema
from zhiwen_flow.errors import SinkError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Command
from zhiwen_flow.relay.amqp import AmqpSink
from zhiwen_flow.relay.consumer import Inbox
from zhiwen_flow.relay.envelope import Envelope
from zhiwen_flow.relay.running import Pace, Relay
from zhiwen_flow.relay.sinks import Receipt
from zhiwen_flow.stores.opening import open_outbox
from zhiwen_flow.stores.outbox import Outbox
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.store_contract import CLERK

RELAYS, DESKS, NOTES = 3, 40, 5
LEASE = 2.0
MOST = 20_000
QUICK = Pace(batch=200, lease=LEASE, base=0.01)


@pytest.fixture
def url() -> Iterator[str]:
    """Give a schema."""
    with postgres_schema() as found:
        yield found


@pytest.fixture
def flow(url: str) -> Iterator[Flow]:
    """Give a flow."""
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as found:
        yield found


@pytest.fixture
def outbox(url: str, flow: Flow) -> Iterator[Outbox]:
    """Give the outbox."""
    with closing(open_outbox(url)) as found:
        yield found


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Give an exchange and a queue."""
    with closing(Broker()) as found:
        yield found


def _sink(broker: Broker, port: int | None = None, **more: Any) -> AmqpSink:
    return AmqpSink(broker.url(port), password=broker.password, exchange=broker.exchange, **more)


def _write(flow: Flow, desks: int, notes: int) -> None:
    """Open desks and write notes on them in turn."""
    streams = [flow.start("desk").stream for _ in range(desks)]
    for number in range(notes):
        form = {"text": f"第{number}次"}
        done = flow.handle_many(Command(stream=each, trigger="note", actor=CLERK, payload=form) for each in streams)
        assert all(each.allowed for each in done)


def _stored(flow: Flow) -> dict[str, list[str]]:
    """Give the ids of what is stored, by instance and in order."""
    found: dict[str, list[str]] = {}
    for each in flow.store.events(limit=100_000):
        found.setdefault(each.stream, []).append(each.id)
    return found


def _arrived(broker: Broker) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, _, body in broker.messages():
        found.setdefault(body["subject"], []).append(body["id"])
    return found


class TestProcesses:
    """Relays as operators run them."""

    def test_relays_in_parallel_keep_order_and_do_nothing_twice(self, url: str, flow: Flow, broker: Broker) -> None:
        """While commands are handled, several relays publish; asked to stop once all are at work, each ends well."""
        command = [sys.executable, "-m", "zhiwen_flow.cli", "relay", "run", url, "--sink", broker.url()]
        command += ["--exchange", broker.exchange, "--lang", "en"]
        env = os.environ | {"ZHIWEN_SINK_SECRET": broker.password}
        relays = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(RELAYS)]
        with closing(open_outbox(url)) as outbox:
            seen: set[str] = set()
            while _seen(outbox, seen) < RELAYS:
                assert len(flow.store.events(limit=100_000)) < MOST, "not every relay was seen at work"
                _write(flow, DESKS, NOTES)
            _until(lambda: not sum(each.waiting for each in outbox.lag()))
        for each in relays:
            each.send_signal(signal.SIGTERM)
        told = [each.communicate(timeout=30)[1] for each in relays]
        assert [each.returncode for each in relays] == [0] * RELAYS, told
        assert _arrived(broker) == _stored(flow)
        counts = [int(each.split(" published")[0].splitlines()[-1]) for each in told]
        assert sum(counts) == len(flow.store.events(limit=100_000))
        assert sum(count > 0 for count in counts) > 1, "the work was to be shared"

    def test_a_kill_between_publishing_and_forgetting(
        self, url: str, flow: Flow, outbox: Outbox, broker: Broker, tmp_path: Path
    ) -> None:
        """What was published is published again, in order; the consumer handles each event once."""
        _write(flow, DESKS, 5)
        context = multiprocessing.get_context("spawn")
        doomed = context.Process(
            target=_published_and_killed, args=(url, broker.url(), broker.password, broker.exchange)
        )
        doomed.start()
        doomed.join(60)
        assert doomed.exitcode == -signal.SIGKILL
        with closing(_sink(broker)) as sink:
            relay = Relay(outbox, sink, pace=QUICK)
            _until(lambda: bool(relay.drain()) and not sum(each.waiting for each in outbox.lag()))
        came = broker.messages()
        ids = [body["id"] for _, _, body in came]
        assert len(ids) > len(set(ids)), "the kill was to cause duplicates"
        handled: dict[str, list[str]] = {}
        with closing(sqlite3.connect(tmp_path / "consumer.db")) as db:
            inbox = Inbox(db, gaps=True)
            inbox.create()
            for _, _, body in came:
                arrival = inbox.receive(body)
                assert not arrival.missing
                if arrival.new:
                    handled.setdefault(body["subject"], []).append(body["id"])
                db.commit()
        assert handled == _stored(flow)


def _seen(outbox: Outbox, seen: set[str]) -> int:
    """Count the relays that were seen at work."""
    seen |= {each.owner.partition("#")[0] for each in outbox.lag() if each.owner is not None}
    return len(seen)


def _published_and_killed(url: str, sink_url: str, password: str, exchange: str) -> None:
    """Publish a batch, and die before it is forgotten."""
    outbox = open_outbox(url)

    def killed(*_: Any, **__: Any) -> tuple[int, ...]:
        os.kill(os.getpid(), signal.SIGKILL)
        return ()

    outbox.settle = killed  # type: ignore[method-assign]
    Relay(outbox, AmqpSink(sink_url, password=password, exchange=exchange), pace=QUICK).round()


def _until(done: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


class Cutter:
    """A proxy to the broker that cuts the connection after so many bytes sent, once."""

    def __init__(self, host: str, port: int, after: int) -> None:
        self._to = (host, port)
        self._left = after
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(*pair, pair[0] is client), daemon=True).start()

    def _pump(self, source: socket.socket, to: socket.socket, counted: bool) -> None:  # noqa: FBT001
        with source, to:
            while True:
                try:
                    data = source.recv(4096)
                    if not data or (counted and self._cuts(len(data))):
                        break
                    to.sendall(data)
                except OSError:
                    break
            for each in (source, to):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def _cuts(self, length: int) -> bool:
        self._left -= length
        if self.cuts or self._left >= 0:
            return False
        self.cuts += 1
        return True

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class _Severing(AmqpSink):
    """A sink that ends the relay's connection to the database once, after it has published."""

    database = ""
    backend = 0

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """Publish, and sever."""
        receipts = list(super().publish(events))
        if self.backend:
            with psycopg.connect(self.database, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (self.backend,))
            self.backend = 0
        yield from receipts


def test_a_lost_database_connection(url: str, flow: Flow, outbox: Outbox, broker: Broker) -> None:
    """What was published and could not be written down is published again; the relay goes on by itself."""
    _write(flow, DESKS, 2)
    sink = _Severing(broker.url(), password=broker.password, exchange=broker.exchange)
    sink.database, sink.backend = url, outbox._driver._db.info.backend_pid  # type: ignore[attr-defined]
    stop = threading.Event()
    with closing(sink), closing(open_outbox(url)) as other:
        worker = threading.Thread(target=Relay(outbox, sink, pace=QUICK).run, args=(stop,))
        worker.start()
        _until(lambda: not sum(each.waiting for each in other.lag()))
        stop.set()
        worker.join(30)
    came = _arrived(broker)
    assert sum(map(len, came.values())) > len(flow.store.events(limit=1000)), "the cut was to cause duplicates"
    assert {stream: list(dict.fromkeys(ids)) for stream, ids in came.items()} == _stored(flow)


class TestBroker:
    """What a broker may do to a relay."""

    def test_messages(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """Persistent, typed, routed by machine and kind, identified."""
        desk = flow.start("desk", {"subject": "甲", "who": "投诉人乙"})
        with closing(_sink(broker)) as sink:
            assert Relay(outbox, sink).drain().confirmed == 1
        ((properties, key, body),) = broker.messages()
        assert key == "desk.opened"
        assert (properties.delivery_mode, properties.content_type) == (2, "application/cloudevents+json")
        assert properties.message_id == body["id"] == desk.event
        assert "投诉人乙" not in str(body)

    def test_a_connection_cut_in_mid_batch_loses_nothing(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """The relay connects again and publishes what was not confirmed."""
        _write(flow, DESKS, 10)
        parts = broker.parts
        cutter = Cutter(parts.hostname or "", parts.port or 5672, after=120_000)
        with closing(cutter), closing(_sink(broker, cutter.port)) as sink:
            stop = threading.Event()
            worker = threading.Thread(target=Relay(outbox, sink, pace=QUICK).run, args=(stop,))
            with closing(open_outbox(flow_url(outbox))) as other:
                worker.start()
                _until(lambda: not sum(each.waiting for each in other.lag()))
            stop.set()
            worker.join(30)
        assert cutter.cuts == 1
        came = _arrived(broker)
        assert {stream: list(dict.fromkeys(ids)) for stream, ids in came.items()} == _stored(flow)
        assert outbox.held() == ()

    def test_no_broker(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """Nothing is lost or blamed, and the error names no password."""
        flow.start("desk")
        with closing(socket.create_server(("127.0.0.1", 0))) as closed:
            port = closed.getsockname()[1]
        with closing(_sink(broker, port)) as sink:
            done = Relay(outbox, sink).drain()
            assert "cannot be reached" in str(done.unreachable)
            assert broker.password not in str(done.unreachable).replace("guest@", "")
        assert (done.confirmed, done.refused) == (0, 0)
        assert sum(each.waiting for each in outbox.lag()) == 1
        assert outbox.claim("next", seconds=1), "the lanes were to be given back"

    def test_a_wrong_password(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """It is told as such."""
        flow.start("desk")
        with closing(AmqpSink(broker.url(), password="not-this-one", exchange=broker.exchange)) as sink:
            said = str(Relay(outbox, sink).drain().unreachable)
        assert "cannot be reached" in said
        assert "not-this-one" not in said

    def test_an_event_that_no_queue_takes(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """It is refused and becomes a dead letter; its stream waits; bound and retried, all of it comes in order."""
        broker.unbind("#")
        broker.bind("slip.*")
        desk = flow.start("desk").stream
        flow.do(desk, "note")
        other = flow.start("slip", parent=desk).stream
        with closing(_sink(broker)) as sink:
            relay = Relay(outbox, sink, pace=Pace(attempts=2, base=0.001))
            _until(lambda: relay.drain().dead or bool(outbox.held(dead=True)))
            (letter,) = outbox.held()
            assert (letter.stream, letter.attempts) == (desk, 2)
            assert "no queue is bound" in letter.error
            assert list(_arrived(broker)) == [other]
            broker.bind("#")
            assert outbox.retry(letter.event) == 1
            relay.drain()
        assert _arrived(broker)[desk] == _stored(flow)[desk]

    def test_unroutable_events_may_be_allowed(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """Who wants only some of the events says so."""
        broker.unbind("#")
        flow.start("desk")
        with closing(_sink(broker, mandatory=False)) as sink:
            assert Relay(outbox, sink).drain().confirmed == 1

    def test_an_exchange_of_another_kind(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """The broker's answer is told."""
        with closing(AmqpSink(broker.url(), password=broker.password, exchange="amq.direct")) as sink:
            flow.start("desk")
            assert "PRECONDITION_FAILED" in str(Relay(outbox, sink).drain().unreachable)

    def test_silence(self, flow: Flow, outbox: Outbox, broker: Broker) -> None:
        """A broker that accepts and says nothing is given up in time."""
        with closing(socket.create_server(("127.0.0.1", 0))) as silent:
            sink = _sink(broker, silent.getsockname()[1], timeout=0.5)
            with closing(sink), pytest.raises(SinkError, match="cannot be reached"):
                list(sink.publish([]))


def flow_url(outbox: Any) -> str:
    """Give the URL of an outbox's database."""
    return str(outbox._driver._url)
