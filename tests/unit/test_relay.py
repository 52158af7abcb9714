"""What other services get, and what helps them to take it in."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import psycopg
import pytest
import sqlalchemy as sa
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.conftest import Demonstration
from tests.services import postgres_schema
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.errors import MisuseError, StoreError
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import DATA
from zhiwen_flow.model import ZONE
from zhiwen_flow.relay.amqp import AmqpSink
from zhiwen_flow.relay.consumer import Inbox
from zhiwen_flow.relay.envelope import Enveloper, source_of
from zhiwen_flow.relay.opening import open_sink
from zhiwen_flow.relay.running import Pace, Relay
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.memory_outbox import MemoryOutbox
from zhiwen_flow.stores.opening import open_outbox, open_store
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.outbox_contract import Collected
from zhiwen_flow.testing.store_contract import CLERK

SCHEMA = json.loads((DATA / "schema" / "cloudevent.json").read_text("utf-8"))
NAME = "投诉人甲乙丙"


class TestEnvelope:
    """CloudEvents."""

    def test_every_event_of_the_demonstration_is_a_cloudevent(self, demonstration: Demonstration) -> None:
        """As the package of that name reads them, and as our schema says."""
        with closing(open_store(demonstration.url)) as store:
            events = store.events(limit=1000)
            wrap = Enveloper(source=source_of(store.tenant), sealed=store.sealed).wrap
        check = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
        assert len(events) > 20
        for each in events:
            made = wrap(each)
            read = JSONFormat().read(None, made.body)
            assert isinstance(read, CloudEvent)
            assert (read.get_id(), read.get_source(), read.get_type()) == (
                each.id,
                "urn:zhiwen-flow:default",
                made.type,
            )
            assert read.get_subject() == each.stream
            assert read.get_extension("sequence") == f"{each.position:012d}"
            assert read.get_time() == dt.datetime.fromisoformat(each.body["occurred_at"])
            check.validate(json.loads(made.body))

    def test_the_schema_refuses_what_is_not_ours(self) -> None:
        """It says more than yes."""
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"specversion": "1.0", "id": "1"}, SCHEMA)

    def test_nothing_sealed_leaves(self, demonstration: Demonstration) -> None:
        """Neither values nor commitments nor hashes that a guesser could try."""
        with closing(open_store(demonstration.url)) as store:
            wrap = Enveloper(source="urn:a", sealed=store.sealed).wrap
            hidden: set[str] = set()
            for each in store.events(limit=1000):
                text = wrap(each).body.decode()
                for value in store.sealed(each.id).values():
                    hidden.add(value.name)
                    assert json.dumps(value.value, ensure_ascii=False, separators=(",", ":")) not in text
                assert not _commitments(each.body) & set(text.split('"'))
                if each.body["key"] is not None:
                    assert each.body["key"]["content"] not in text
        assert {"verdicts", "content"} <= hidden, "the demonstration was to seal something of each kind"

    def test_a_viewer_that_the_host_configured_sees_more(self) -> None:
        """As `view` says, and no more."""
        store = MemoryStore()
        with Flow.open(machines=desk_machines(), actor=CLERK) as flow:
            flow.store = store
            flow.start("desk", {"who": NAME}, key="k")
        event = store.events()[0]
        assert NAME not in Enveloper(source="urn:a", sealed=store.sealed).wrap(event).body.decode()
        trusted = Enveloper(source="urn:a", viewer=Viewer(unseals=frozenset({"who"})), sealed=store.sealed)
        assert NAME in trusted.wrap(event).body.decode()


def _commitments(value: Any) -> set[str]:
    if isinstance(value, dict):
        if set(value) == {"sealed"}:
            return {value["sealed"]}
        value = list(value.values())
    return set().union(*map(_commitments, value)) if isinstance(value, list) else set()


class _Broken(MemoryOutbox):
    """An outbox in which one event cannot be read."""

    def read(self, *args: Any, **more: Any) -> Any:
        rows = super().read(*args, **more)
        bad = min(rows, key=lambda each: each.event.seq, default=None)
        return tuple(_spoilt(each) if each is bad and each.event.seq == 1 else each for each in rows)


def _spoilt(waiting: Any) -> Any:
    event = waiting.event
    body = {"id": event.id, "stream": waiting.stream}
    raw = json.dumps(body).encode()
    spoilt = AuditEvent(seq=event.seq, hash=event.hash, raw=raw, recorded_at=event.recorded_at)
    return attrs.evolve(waiting, event=spoilt)


def test_an_event_that_cannot_be_read_stops_no_other() -> None:
    """It becomes a dead letter that says so."""
    store = MemoryStore()
    with Flow.open(machines=desk_machines(), actor=CLERK) as flow:
        flow.store = store
        desks = [flow.start("desk").stream for _ in range(3)]
    outbox, sink = _Broken(store), Collected()
    Relay(outbox, sink, pace=Pace(attempts=1)).drain()
    assert {each.subject for each in sink.events} == set(desks[1:])
    (held,) = outbox.held(dead=True)
    assert held.stream == desks[0]
    assert "cannot be read" in held.error


class _Forgetful(Collected):
    """A sink that gives no receipt for the first event that it takes."""

    def publish(self, events: Any) -> Any:
        """See `Sink.publish`."""
        first = not self.events
        receipts = list(super().publish(events))
        yield from receipts[1:] if first else receipts


def test_nothing_follows_an_event_without_a_receipt() -> None:
    """It is published again, and only then what comes after it."""
    store, sink = MemoryStore(), _Forgetful()
    with Flow.open(machines=desk_machines(), actor=CLERK) as flow:
        flow.store = store
        desk = flow.start("desk")
        flow.do(desk, "note")
    relay = Relay(MemoryOutbox(store), sink)
    assert relay.round().confirmed == 0
    assert len(sink.events) == 1
    relay.drain()
    first, second = [each.id for each in store.events()]
    assert sink.ids() == [first, first, second]


class TestSinks:
    """Sinks by URL."""

    @pytest.mark.parametrize(
        ("url", "secret", "said"),
        [
            ("ftp://a", None, "is no sink"),
            ("https://a/", None, "needs a key"),
            ("amqp://user@a/", None, "without a password"),
            ("amqp://user:hidden@a/", None, "holds a password"),
            ("amqp://", None, "is none"),
            ("amqp://a:x/", None, "cannot be read"),
        ],
    )
    def test_what_cannot_be_opened(self, url: str, secret: str | None, said: str) -> None:
        """It is told why, without secrets."""
        with pytest.raises(MisuseError, match=said) as error:
            open_sink(url, secret=secret)
        assert "hidden" not in str(error.value)

    def test_secrets_are_in_no_repr(self) -> None:
        """Nor are they anywhere else that is printed."""
        key = "k" * 24
        sinks = [open_sink("https://a.example/x?token=hidden", secret=key), open_sink("amqp://u@a/", secret=key)]
        assert not [each for each in sinks if key in repr(each) or "hidden" in repr(each)]
        assert isinstance(sinks[1], AmqpSink)

    def test_an_outbox_by_url(self) -> None:
        """What lies in memory is not published by URL."""
        with pytest.raises(StoreError, match="no database to publish from"):
            open_outbox("memory:")


def _event(id: str, position: int = 1, subject: str = "s", source: str = "urn:a") -> dict[str, Any]:
    return {"source": source, "id": id, "subject": subject, "sequence": f"{position:012d}"}


class TestInbox:
    """The consumer's side, on both databases."""

    @pytest.fixture(params=["sqlite3", "psycopg", "sqlalchemy"])
    def db(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
        """Give a connection of the consumer's."""
        if request.param == "sqlite3":
            with closing(sqlite3.connect(tmp_path / "consumer.db")) as found:
                yield found
        elif request.param == "sqlalchemy":
            with sa.create_engine(f"sqlite:///{tmp_path / 'c.db'}", poolclass=sa.NullPool).connect() as connection:
                yield connection
        else:
            with postgres_schema() as url, psycopg.connect(url) as connected:
                yield connected
                connected.rollback()

    def test_duplicates_are_dropped_in_the_consumers_transaction(self, db: Any) -> None:
        """What was rolled back was not received; another source's event is another one."""
        inbox = Inbox(db)
        inbox.create()
        db.commit()
        assert inbox.receive(_event("1")).new
        db.rollback()
        inbox = Inbox(db)
        assert inbox.receive(_event("1")).new
        db.commit()
        assert not inbox.receive(json.dumps(_event("1")).encode()).new
        assert inbox.receive(_event("1", source="urn:b")).new
        db.commit()

    def test_gaps_are_shown(self, db: Any) -> None:
        """What never came before is named, once, for each instance by itself."""
        inbox = Inbox(db, gaps=True)
        inbox.create()
        arrivals = [inbox.receive(_event(str(each), each)) for each in (1, 2, 5, 2, 6)]
        assert [list(each.missing) for each in arrivals] == [[], [], [3, 4], [], []]
        assert [each.new for each in arrivals] == [True, True, True, False, True]
        assert list(inbox.receive(_event("x", 2, subject="t")).missing) == [1]
        assert not inbox.receive(_event("late", 3)).missing
        db.commit()

    def test_old_entries_are_forgotten(self, db: Any) -> None:
        """By age; an event that comes again after that is new again."""
        clock = FixedClock(dt.datetime(2011, 9, 1, tzinfo=ZONE))
        inbox = Inbox(db, clock=clock)
        inbox.create()
        inbox.receive(_event("1"))
        clock.advance(dt.timedelta(days=40))
        inbox.receive(_event("2"))
        assert inbox.prune(dt.timedelta(days=30)) == 1
        assert inbox.receive(_event("1")).new
        assert not inbox.receive(_event("2")).new
        db.commit()

    @pytest.mark.parametrize("event", [{}, b"", b"[]", {"source": 1}, {**_event("1"), "sequence": "x"}])
    def test_what_is_no_event(self, event: Any) -> None:
        """It is refused."""
        with closing(sqlite3.connect(":memory:")) as db, pytest.raises(MisuseError, match="no event"):
            Inbox(db).receive(event)

    def test_other_connections(self) -> None:
        """They are told what would do."""
        with pytest.raises(StoreError, match="inbox needs"):
            Inbox(object())
