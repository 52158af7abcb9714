"""The host's transaction is ours: its rows and our events are committed together or not at all."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from sqlalchemy.orm import Session

from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Command
from zhiwen_flow.testing.desk import desk_machines

CLERK = Actor(id="p-1", post="clerk")
HOST_ROWS = "SELECT count(*) FROM host_case"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'host.db'}"
        return
    with postgres_schema() as found:
        yield found


@pytest.fixture
def flow(url: str) -> Iterator[Flow]:
    """Give a flow of our own on the database, beside a table of the host's."""
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as found:
        host = _driver(url)
        host.execute("CREATE TABLE host_case (id INTEGER)")
        host.commit()
        host.close()
        yield found


def _driver(url: str) -> Any:
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"))
    return psycopg.connect(url)


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sa.NullPool)


def _text(connection: Any, text: str) -> Any:
    return connection.execute(sa.text(text) if "sqlalchemy" in type(connection).__module__ else text)


HOSTS: dict[str, Callable[[str], Any]] = {
    "driver": _driver,
    "sqlalchemy connection": lambda url: _engine(url).connect(),
    "sqlalchemy session": lambda url: Session(_engine(url)),
}


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, url: str, flow: Flow) -> Iterator[Any]:
    """Give a connection as a host holds it."""
    found = HOSTS[request.param](url)
    yield found
    found.close()


class TestJoined:
    """Commands on the host's connection."""

    @pytest.mark.parametrize("ours_first", [True, False])
    def test_rows_and_events_go_together(self, flow: Flow, host: Any, *, ours_first: bool) -> None:
        """Rolled back, neither is there; committed, both are."""
        for end, count in (("rollback", 0), ("commit", 1)):
            if not ours_first:
                _text(host, "INSERT INTO host_case VALUES (1)")
            joined = flow.joined(host)
            desk = joined.start("desk", {"subject": "甲"})
            assert joined.do(desk, "note", {"text": "乙"}).allowed
            if ours_first:
                _text(host, "INSERT INTO host_case VALUES (1)")
            assert flow.instances() == ()
            getattr(host, end)()
            assert len(flow.instances()) == _count(host) == count
            host.rollback()
        assert flow.instance(desk).facts == {"subject": "甲", "text": "乙"}
        assert verify_store(flow.store).sound

    def test_a_command_that_fails_leaves_the_hosts_rows(self, flow: Flow, host: Any) -> None:
        """A batch that is undone takes only itself back."""
        desk = flow.start("desk").stream
        _text(host, "INSERT INTO host_case VALUES (1)")
        joined = flow.joined(host)
        good = Command(stream=desk, trigger="note", actor=CLERK, payload={"text": "x"}, key="k")
        with pytest.raises(ValueError, match="nonsense"):
            joined.handle_many([good, Command(stream=desk, trigger="note", actor=CLERK, payload={"nonsense": 1})])
        assert joined.do(desk, "note", {"text": "y"}, key="k2").allowed
        host.commit()
        assert _count(host) == 1
        assert [each.body["payload"] for each in flow.store.events(stream=desk)][1:] == [{"text": "y"}]
        assert flow.store.answer("k") is None

    def test_a_refusal_and_a_key_are_the_hosts_to_keep(self, flow: Flow, host: Any) -> None:
        """A refusal too is a row of the host's transaction; undone, its key is free again."""
        desk = flow.start("desk").stream
        for _ in range(2):
            assert not flow.joined(host).do(desk, "seize", key="s").replayed
            host.rollback()
        flow.joined(host).do(desk, "seize", key="s")
        host.commit()
        assert flow.do(desk, "seize", key="s").replayed
        assert verify_store(flow.store).sound


def _count(host: Any) -> int:
    return int(_text(host, HOST_ROWS).fetchone()[0])


class _Shouting(TextLoader):
    """What a host may have set for its own texts."""

    def load(self, data: Any) -> str | bytes:
        return f"<{super().load(data)!r}>"


def test_what_a_host_has_set_for_its_own_rows(url: str, flow: Flow) -> None:
    """Our rows are read as ever, and the host's as it asked for."""
    host = _driver(url)
    if url.startswith("sqlite"):
        host.row_factory = lambda cursor, row: {
            each[0]: value for each, value in zip(cursor.description, row, strict=True)
        }
        host.text_factory = bytes
        told: dict[str, Any] = {"text": b"a"}
    else:
        host.row_factory = dict_row
        host.adapters.register_loader("text", _Shouting)
        host.adapters.register_loader("int8", _Shouting)
        told = {"text": "<'a'>"}
    joined = flow.joined(host)
    desk = joined.start("desk", {"subject": "甲"}, key="k").stream
    assert [each.allowed for each in joined.handle_many([Command(stream=desk, trigger="note", actor=CLERK)])] == [True]
    assert joined.instance(desk).facts == {"subject": "甲"}
    assert joined.store.answer("k") is not None
    assert host.execute("SELECT 'a' AS text").fetchone() == told
    host.commit()
    host.close()
    assert verify_store(flow.store).sound


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 takes `autocommit` from Python 3.12 on")
@pytest.mark.parametrize("autocommit", [True, False])
def test_a_host_that_says_autocommit(tmp_path: Path, *, autocommit: bool) -> None:
    """Where its `commit` does nothing, each command commits by itself; else the host does."""
    path = tmp_path / "flow.db"
    with Flow.open(f"sqlite:///{path}", machines=desk_machines(), actor=CLERK) as flow:
        asked: dict[str, Any] = {"autocommit": autocommit}
        host = sqlite3.connect(path, **asked)
        assert flow.joined(host).start("desk").allowed
        host.commit()
        host.close()
        assert len(flow.instances()) == 1


@pytest.mark.parametrize("many", [True, False])
def test_a_flow_that_is_kept_over_a_rollback(url: str, flow: Flow, *, many: bool) -> None:
    """What it learnt of definitions and their numbers was rolled back with the rest."""
    host = _driver(url)
    joined = flow.joined(host)

    def start(machine: str) -> str:
        command = Command(machine=machine, actor=CLERK)
        return (joined.handle_many([command])[0] if many else joined.handle(command)).stream

    assert joined.instance(start("desk")).pin.machine == "desk"
    host.rollback()
    slip = start("slip")
    assert joined.instance(slip).pin.machine == "slip"
    host.commit()
    host.close()
    pin = flow.instance(slip).pin
    assert flow.store.definition(pin.machine_hash)
    assert flow.store.definition(pin.rulebook_hash)


def test_what_cannot_be_joined_says_so() -> None:
    """No guess at a connection that is none of ours."""
    with Flow.open(actor=CLERK) as flow, pytest.raises(StoreError, match="cannot be joined"):
        flow.joined(object())


def test_tables_are_not_made_in_the_hosts_transaction(tmp_path: Path) -> None:
    """Whoever hands over an empty database is told what to run."""
    host = sqlite3.connect(tmp_path / "empty.db")
    with Flow.open(actor=CLERK) as flow, pytest.raises(StoreError, match="store migrate"):
        flow.joined(host)
    host.close()
