"""What PostgreSQL lets each role do: the log is append-only for all of them, and sealed values are not for readers."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.accounts import ROLES, Accounts
from tests.services import postgres_schema
from zhiwen_flow.audit.checkpoint import checkpoint_of
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.verify import verify_lines, verify_store
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.sql.postgres import PostgresStore
from zhiwen_flow.testing.desk import desk_machines

CLERK = Actor(id="p-1", post="clerk")


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    """Give the accounts, and something recorded by the program's."""
    with postgres_schema() as url:
        found = Accounts(url)
        with Flow.open(found.url_of("app"), machines=desk_machines(), actor=CLERK) as flow:
            desk = flow.start("desk", {"subject": "甲", "who": "某市民"}, key="k")
            slip = flow.start("slip", parent=desk.stream)
            flow.do(desk, "promise")
            flow.do(desk, "reply")
            flow.do(slip, "answer")
            for _ in range(12):
                assert not flow.do(desk, "seize", actor=Actor(id="p-9", post="nowhere")).allowed
            flow.do(desk, "close").raise_if_refused()
        yield found
        found.close()


def test_the_program_needs_no_more(accounts: Accounts) -> None:
    """All that the desk does, erasing included, and verification, under the program's role."""
    store = PostgresStore(accounts.url_of("app"))
    assert verify_store(store).sound
    with Flow.open(accounts.url_of("app"), machines=desk_machines(), actor=CLERK) as flow:
        other = flow.start("desk", {"who": "某人"})
        assert flow.store.erase(event=other.event or "", name="who")
    assert verify_store(store).sound
    store.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE zhiwen_events SET raw = raw",
        "DELETE FROM zhiwen_events",
        "TRUNCATE zhiwen_events CASCADE",
        "UPDATE zhiwen_definitions SET content = content",
        "DELETE FROM zhiwen_definitions",
        "TRUNCATE zhiwen_keys",
        "TRUNCATE zhiwen_sealed",
        "DELETE FROM zhiwen_keys",
        "UPDATE zhiwen_archived SET head = head",
        "DELETE FROM zhiwen_archived",
        "UPDATE zhiwen_sealed SET value = value",
        "UPDATE zhiwen_version SET version_num = '0000'",
        "DROP TRIGGER zhiwen_events_no_delete ON zhiwen_events",
        "ALTER TABLE zhiwen_events DISABLE TRIGGER ALL",
        "CREATE TABLE other (id INTEGER)",
    ],
)
def test_nobody_changes_the_log(accounts: Accounts, role: str, statement: str) -> None:
    """Neither by right nor, where a right is needed for the archive, past the triggers."""
    with accounts.connected(role) as db, pytest.raises(psycopg.Error, match=r"denied|append-only|must be owner"):
        db.execute(statement.encode())


@pytest.mark.parametrize("role", ["relay", "reader"])
@pytest.mark.parametrize("table", ["sealed"])
def test_sealed_values_are_not_for_readers(accounts: Accounts, role: str, table: str) -> None:
    """Not even one column of them."""
    for columns in ("*", "value", "salt", "count(*)"):
        with accounts.connected(role) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(f"SELECT {columns} FROM zhiwen_{table}".encode())


def test_a_reader_exports_and_makes_checkpoints(accounts: Accounts) -> None:
    """What the reader holds is enough for the log; holding the sealed values against it is not the reader's."""
    store = PostgresStore(accounts.url_of("reader"))
    held = checkpoint_of(store)
    assert verify_lines(export_log(store), checkpoint=held).sound
    with pytest.raises(StoreError, match="zhiwen_sealed"):
        verify_store(store)
    definitions = Flow.open(machines=desk_machines()).definitions
    with Flow(store, definitions, actor=CLERK, clock=SystemClock()) as flow, pytest.raises(StoreError, match="denied"):
        flow.start("desk")


def test_the_archivist_removes_only_what_is_recorded_as_archived(accounts: Accounts) -> None:
    """A member of the role acts under its name; what is not recorded stays; a table of that name fools nobody."""
    with accounts.connected("archivist") as db:
        db.execute("SET ROLE zhiwen_archivist")
        db.execute("CREATE TEMP TABLE zhiwen_archived AS SELECT tenant, stream FROM zhiwen_events")
        with pytest.raises(psycopg.Error, match="append-only"):
            db.execute("DELETE FROM zhiwen_events")
