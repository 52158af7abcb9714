"""Every store passes the exported suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import MisuseError, StaleError, StoreError
from zhiwen_flow.model import Command, Surroundings
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.protocol import Conflict, Store
from zhiwen_flow.stores.sql.postgres import PostgresStore
from zhiwen_flow.stores.sql.sqlite import SqliteStore
from zhiwen_flow.stores.sql.store import SENT_AT_ONCE
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.store_contract import CLERK, NOW, StoreContract


@pytest.mark.requirement("M01")
class TestMemoryStore(StoreContract):
    """In memory: one object is the data, so each tenant has one."""

    @pytest.fixture(autouse=True)
    def _data(self) -> None:
        self._stores: dict[str, MemoryStore] = {}

    def make(self, tenant: str = "default") -> Store:
        """Give the tenant's one store."""
        return self._stores.setdefault(tenant, MemoryStore(tenant))


class TestSqliteStore(StoreContract):
    """On a file: each store is its own connection."""

    @pytest.fixture(autouse=True)
    def _data(self, tmp_path: Path) -> None:
        self._path = tmp_path / "flow.db"

    def make(self, tenant: str = "default") -> Store:
        """Open another connection."""
        return SqliteStore(str(self._path), tenant)


class TestPostgresStore(StoreContract):
    """On a server: each store is its own connection."""

    @pytest.fixture(autouse=True)
    def _data(self) -> Iterator[None]:
        with postgres_schema() as url:
            self._url = url
            self._stores: list[PostgresStore] = []
            yield
            for each in self._stores:
                each.close()

    def make(self, tenant: str = "default") -> Store:
        """Open another connection."""
        store = PostgresStore(self._url, tenant)
        self._stores.append(store)
        return store

    def test_what_the_server_cannot_take_is_told(self) -> None:
        """Neither as a lost connection nor as one that is away: nothing was written."""
        store = self.make()
        with pytest.raises(MisuseError, match="NUL"):
            store.load("a\0b")
        with pytest.raises(MisuseError, match="NUL"):
            store.load("\ud800")
        long = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(1000))
        with self.flow_on(store, FixedClock(NOW)) as flow:
            with pytest.raises(StoreError, match="nothing was written; give a shorter id"):
                flow.handle(Command(machine="desk", stream=long, actor=CLERK))
            assert flow.start("desk").allowed
            assert verify_store(store).sound

    def test_a_batch_in_a_batch_does_nothing_twice(self, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another one wins a race in its midst: the outer one is undone whole, for a part of it was done."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            desks = [one.start("desk").stream or "" for _ in range(2)]
            load, rival = one.store.load, [Command(stream=desks[1], trigger="note", actor=CLERK)]

            def loaded(stream: str) -> Surroundings:
                found = load(stream)
                if stream == desks[1] and rival:
                    two.handle(rival.pop())
                return found

            monkeypatch.setattr(one.store, "load", loaded)
            with pytest.raises(StaleError), one.store.batch():
                one.handle_many(Command(stream=each, trigger="note", actor=CLERK) for each in desks)
            assert [two.instance(each).version for each in desks] == [1, 2]
            assert verify_store(two.store).sound

    def test_what_is_told_late_is_a_conflict(self, clock: FixedClock) -> None:
        """While a batch is sent piece by piece, another one takes its business id: nothing of the batch stays."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            desks = [one.start("desk").stream for _ in range(3 * SENT_AT_ONCE)]
            before = len(one.store.events(limit=1000))
            with pytest.raises(Conflict), one.store.batch(streams=desks):
                one.start("desk", business_id="OA-1")
                first = two.start("desk", business_id="OA-1")
                for each in desks:
                    one.do(each, "note")
            found = one.find("desk", "OA-1")
            assert found is not None
            assert found.id == first.stream
            assert len(one.store.events(limit=1000)) == before + 1
            assert all(one.do(each, "note").allowed for each in desks)
            assert verify_store(one.store).sound
