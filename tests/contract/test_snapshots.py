"""Verification of a database that others write to: one state of it, and checkpoints that nothing slips under."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services import postgres_schema
from zhiwen_flow.audit.checkpoint import Checkpoint, checkpoint_of
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.findings import Assurance
from zhiwen_flow.audit.verify import verify_lines, verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.sql import postgres
from zhiwen_flow.testing.desk import desk_machines

CLERK = Actor(id="p-1", post="clerk")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'flow.db'}"
        return
    with postgres_schema() as found:
        yield found


def _opened(url: str) -> Flow:
    return Flow.open(url, machines=desk_machines(), actor=CLERK)


def test_while_others_write(url: str) -> None:
    """Every verification, export and checkpoint in the midst of writing is sound."""
    stop, failed = threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            with _opened(url) as flow:
                while not stop.is_set():
                    desk = flow.start("desk", {"subject": "甲", "who": "某人"})
                    flow.do(flow.start("slip", parent=desk.stream), "answer")
                    flow.do(desk, "close")
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    with _opened(url) as flow:
        writers = [threading.Thread(target=write) for _ in range(2)]
        for each in writers:
            each.start()
        held: list[Checkpoint] = []
        while len(held) < 8 or held[-1].count == held[0].count:
            held.append(checkpoint_of(flow.store))
            assert verify_store(flow.store).flaw is None
            assert verify_lines(export_log(flow.store)).flaw is None
        stop.set()
        for each in writers:
            each.join()
        assert failed == []
        for one in held:
            assert verify_store(flow.store, checkpoint=one).assurance is Assurance.CHECKPOINT
        assert held[-1].count > held[0].count


def test_a_snapshot_is_one_state(url: str) -> None:
    """What is written meanwhile is not seen inside, and is afterwards."""
    with _opened(url) as flow, _opened(url) as other:
        flow.start("desk")
        with flow.store.snapshot():
            before = flow.store.totals()
            other.start("desk")
            assert flow.store.totals() == before
        assert flow.store.totals().events == before.events + 1


class TestLateCommits:
    """PostgreSQL gives numbers out in one order and commits in another."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        """Give an empty schema."""
        with postgres_schema() as found:
            yield found

    def test_a_checkpoint_waits_for_who_took_a_lower_number(self, url: str) -> None:
        """What commits late is in the checkpoint, not slipped under it."""
        with _opened(url) as flow, psycopg.connect(url) as host:
            flow.start("desk")  # the definitions are there, and wait for nobody
            late = flow.joined(host).start("desk", {"subject": "迟"})
            flow.start("desk", {"subject": "早"})
            timer = threading.Timer(0.3, host.commit)
            timer.start()
            begun = time.monotonic()
            held = checkpoint_of(flow.store)
            assert time.monotonic() - begun > 0.2
            timer.join()
            assert held.count == 3
            assert flow.instance(late).facts == {"subject": "迟"}
            assert verify_store(flow.store, checkpoint=held).assurance is Assurance.CHECKPOINT

    def test_whoever_begins_later_is_not_waited_for(self, url: str) -> None:
        """A number taken after the position was read is above it."""
        with _opened(url) as flow, psycopg.connect(url) as host:
            flow.start("desk")
            held = checkpoint_of(flow.store)
            flow.joined(host).start("desk")
            host.commit()
            assert verify_store(flow.store, checkpoint=held).assurance is Assurance.CHECKPOINT

    def test_a_transaction_that_stays_open(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told, after a while, with what to do; nothing is held up meanwhile."""
        monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.3)
        with _opened(url) as flow, psycopg.connect(url) as host:
            flow.start("desk")
            flow.joined(host).start("desk")
            with pytest.raises(StoreError, match="open for more than"):
                checkpoint_of(flow.store)
            assert flow.start("desk").allowed
            host.rollback()
            assert checkpoint_of(flow.store).count == 2
