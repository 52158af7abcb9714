"""Every outbox passes the exported suite; readers that go by a number lose what ours finds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.services import postgres_schema
from zhiwen_flow.flow import Flow
from zhiwen_flow.relay.running import Relay
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.memory_outbox import MemoryOutbox
from zhiwen_flow.stores.opening import open_outbox, open_store
from zhiwen_flow.stores.outbox import Outbox
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.outbox_contract import PACE, Collected, OutboxContract
from zhiwen_flow.testing.store_contract import CLERK


class TestMemoryOutbox(OutboxContract):
    """In memory: one object is the data."""

    @pytest.fixture(autouse=True)
    def _data(self) -> None:
        self._stores: dict[str, tuple[MemoryStore, MemoryOutbox]] = {}

    def _pair(self, tenant: str) -> tuple[MemoryStore, MemoryOutbox]:
        if tenant not in self._stores:
            store = MemoryStore(tenant)
            self._stores[tenant] = store, MemoryOutbox(store)
        return self._stores[tenant]

    def make(self, tenant: str = "default") -> Store:
        """Give the tenant's one store."""
        return self._pair(tenant)[0]

    def outbox(self, tenant: str = "default") -> Outbox:
        """Give its one outbox."""
        return self._pair(tenant)[1]


class _Opened(OutboxContract):
    """In a database: each store and each outbox is its own connection."""

    @pytest.fixture(autouse=True)
    def _data(self, url: str) -> Iterator[None]:
        self._url = url
        self._open: list[Any] = []
        yield
        for each in self._open:
            each.close()

    def make(self, tenant: str = "default") -> Store:
        """Open another connection."""
        store = open_store(self._url, tenant=tenant)
        self._open.append(store)
        return store

    def outbox(self, tenant: str = "default") -> Outbox:
        """Open another connection."""
        outbox = open_outbox(self._url, tenant=tenant)
        self._open.append(outbox)
        return outbox


class TestSqliteOutbox(_Opened):
    """On a file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        """Give a database."""
        return f"sqlite:///{tmp_path / 'flow.db'}"


class TestPostgresOutbox(_Opened):
    """On a server."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        """Give a schema."""
        with postgres_schema() as found:
            yield found


BY_NUMBER = "SELECT seq FROM zhiwen_events WHERE seq > %s ORDER BY seq"
WITH_XID = "ALTER TABLE zhiwen_events ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()"
BY_NUMBER_AND_XMIN = """
SELECT seq FROM zhiwen_events WHERE seq > %s AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY seq
"""


class Naive:
    """A reader that remembers the highest number it has seen, as many do."""

    def __init__(self, url: str, text: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._text = text
        self.seen: list[int] = []

    def read(self) -> None:
        """Read on."""
        rows = self._db.execute(self._text, (max(self.seen, default=0),)).fetchall()
        self.seen += [row[0] for row in rows]

    def read_until(self, count: int) -> None:
        """Read until so much was seen: transactions of others on the server may hold a filter back for a while."""
        deadline = time.monotonic() + 30
        while len(self.seen) < count and time.monotonic() < deadline:
            self.read()
            time.sleep(0.01)
        assert len(self.seen) == count

    def close(self) -> None:
        """Close."""
        self._db.close()


class TestLateCommits:
    """Two interleavings of transactions, on a server."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        """Give a schema with our tables."""
        with postgres_schema() as found:
            yield found

    @pytest.fixture
    def flow(self, url: str) -> Iterator[Flow]:
        """Give a flow."""
        with Flow.open(url, machines=desk_machines(), actor=CLERK) as found:
            # The first use of a machine keeps its bytes; two first uses would wait for each other.
            found.start("desk")
            yield found

    @pytest.fixture
    def hosts(self, url: str, flow: Flow) -> Iterator[tuple[Any, Any]]:
        """Give two connections of hosts."""
        with psycopg.connect(url) as one, psycopg.connect(url) as two:
            yield one, two
            one.rollback()
            two.rollback()

    def test_a_number_drawn_first_and_committed_last(self, url: str, flow: Flow, hosts: tuple[Any, Any]) -> None:
        """A reader by number has passed it by when it appears; ours finds it."""
        naive, sink = Naive(url, BY_NUMBER), Collected()
        outbox = open_outbox(url)
        relay = Relay(outbox, sink, pace=PACE)
        naive.read_until(1)
        assert relay.drain().confirmed == 1
        late = flow.joined(hosts[0]).start("desk").event
        early = flow.start("desk").event
        naive.read()
        relay.drain()
        assert sink.ids()[1:] == [early]
        hosts[0].commit()
        naive.read()
        relay.drain()
        seqs = {each.id: each.seq for each in flow.store.events()}
        assert seqs[str(late)] < seqs[str(early)]
        assert naive.seen[1:] == [seqs[str(early)]], "the naive reader was to lose the late event"
        assert sink.ids()[1:] == [early, late]
        naive.close()
        outbox.close()

    def test_a_transaction_that_began_first_and_wrote_last(self, url: str, flow: Flow, hosts: tuple[Any, Any]) -> None:
        """Waiting for older transactions does not help a reader by number either; ours finds both."""
        with psycopg.connect(url) as admin:
            admin.execute(WITH_XID)
        naive, sink = Naive(url, BY_NUMBER_AND_XMIN), Collected()
        outbox = open_outbox(url)
        relay = Relay(outbox, sink, pace=PACE)
        naive.read_until(1)
        assert relay.drain().confirmed == 1
        old, young = hosts
        old.execute("SELECT pg_current_xact_id()")
        first = flow.joined(young).start("desk").event
        second = flow.joined(old).start("desk").event
        old.commit()
        naive.read_until(2)
        relay.drain()
        young.commit()
        relay.drain()
        seqs = {each.id: each.seq for each in flow.store.events()}
        assert seqs[str(first)] < seqs[str(second)]
        for _ in range(20):
            naive.read()
            time.sleep(0.01)
        assert naive.seen[1:] == [seqs[str(second)]], "the naive reader was to lose the first event"
        assert sink.ids()[1:] == [second, first]
        naive.close()
        outbox.close()
