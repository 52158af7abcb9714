"""One schema, told three ways: the shipped scripts, the migrations, and SQLAlchemy's tables say the same."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import DATA
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.opening import open_outbox, open_store
from zhiwen_flow.stores.sql.driver import check_url
from zhiwen_flow.stores.sql.migrating import migrate, schema_text
from zhiwen_flow.stores.sql.revisions import HEAD_REVISION, REVISIONS, VERSION_TABLE
from zhiwen_flow.stores.sql.schema import metadata
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


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sa.NullPool)


def _run(url: str, statement: str) -> list[sa.Row[Any]]:
    with _engine(url).begin() as connection:
        result = connection.execute(sa.text(statement))
        return list(result) if result.returns_rows else []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_shipped_script_is_what_the_migrations_write(dialect: str) -> None:
    """Whoever changes a revision writes the script anew."""
    assert (DATA / "schema" / f"{dialect}.sql").read_text("utf-8") == schema_text(dialect)


@pytest.mark.parametrize("how", ["script", "migrations"])
def test_tables_are_what_sqlalchemy_knows(url: str, how: str) -> None:
    """Nothing to add, change or drop, however the tables were made."""
    if how == "script":
        open_store(url).close()
    else:
        assert migrate(url) == (None, HEAD_REVISION)
    with _engine(url).connect() as connection:
        known = {"target_metadata": metadata, "include_name": lambda name, *_: name != VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(connection, opts=known), metadata) == []


def test_an_old_database_is_brought_forward_with_its_events(url: str) -> None:
    """What was written under the first revision verifies under the last; new columns are filled from the events."""
    assert migrate(url, to=REVISIONS[0]) == (None, REVISIONS[0])
    with pytest.raises(StoreError, match="store migrate"):
        open_store(url)
    desk = _write_under_the_first_revision(url)
    assert migrate(url) == (REVISIONS[0], HEAD_REVISION)
    assert migrate(url) == (HEAD_REVISION, HEAD_REVISION)
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as flow:
        assert verify_store(flow.store).sound
        flow.do(desk, "note", {"text": "丙"})
        assert verify_store(flow.store).sound
    rows = [tuple(each) for each in _run(url, "SELECT machine, post, correlation FROM zhiwen_events ORDER BY seq")]
    assert [tuple(each) for each in rows] == [
        ("desk", "clerk", "c-1"),
        ("desk", "clerk", None),
        ("desk", "clerk", None),
    ]


def _write_under_the_first_revision(url: str) -> str:
    """Write a desk with two events as a program of the first revision did; give its id."""
    with Flow.open(machines=desk_machines(), actor=CLERK) as flow:
        desk = flow.start("desk", {"subject": "甲"}, correlation="c-1").stream
        flow.do(desk, "note", {"text": "乙"})
        instance, events = flow.instance(desk), flow.store.events()
        pin = attrs.asdict(instance.pin)
        kept = [
            {"hash": pin[f"{kind}_hash"], "kind": kind, "id": pin[kind], "version": pin[f"{kind}_version"]}
            for kind in ("machine", "rulebook")
        ]
        kept = [{**each, "content": flow.store.definition(each["hash"])} for each in kept]
    row = {"tenant": "default", "id": desk, "position": 2, "head": events[-1].hash, "at": events[-1].body["decided_at"]}
    row |= {"pin": 1, "machine": "desk", "state": "open", "version": 2, "links": 0, "root": desk}
    told = [
        {"tenant": "default", "stream": desk, "position": each.position, "id": each.id, "kind": each.kind.value}
        | {"hash": each.hash, "raw": each.raw, "recorded_at": each.recorded_at.isoformat()}
        for each in events
    ]
    with _engine(url).begin() as connection:
        for name, rows in (
            ("definitions", kept),
            ("pins", [{"pin": 1, **pin}]),
            ("streams", [{**row, "facts": json.dumps(dict(instance.facts))}]),
            ("events", told),
        ):
            table = sa.Table(f"zhiwen_{name}", sa.MetaData(), autoload_with=connection)
            connection.execute(table.insert(), rows)
    return desk


def test_a_migration_that_fails_changes_nothing(url: str) -> None:
    """Cut short in the middle, it leaves the database as it was; the cause removed, it runs again."""
    migrate(url, to=REVISIONS[0])
    desk = _write_under_the_first_revision(url)
    _run(url, "CREATE TABLE zhiwen_lanes (in_the_way INTEGER)")
    before = _tables(url)
    with pytest.raises(StoreError, match="as it was"):
        migrate(url)
    assert _tables(url) == before
    _run(url, "DROP TABLE zhiwen_lanes")
    assert migrate(url)[1] == HEAD_REVISION
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as flow:
        assert flow.instance(desk).facts == {"subject": "甲", "text": "乙"}


def test_a_newer_database_is_left_alone(url: str) -> None:
    """Neither opened nor migrated by a program that does not know its schema."""
    migrate(url)
    _run(url, "UPDATE zhiwen_version SET version_num = '9999'")
    for call in (lambda: open_store(url), lambda: migrate(url)):
        with pytest.raises(StoreError, match=r"newer than .*update zhiwen_flow"):
            call()


def test_addresses_that_name_no_database(tmp_path: Path) -> None:
    """Each is told with its mend, and no password with it."""
    for url in ("mysql://u:secret@h/d", "sqlite://x", "postgresql://u:secret@127.0.0.1:1/none"):
        for call in (open_store, migrate):
            with pytest.raises(StoreError) as told:
                call(url)
            assert "secret" not in str(told.value)
    with pytest.raises(StoreError, match="path"):
        open_store(f"sqlite:///{tmp_path}/no/such/folder/flow.db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:first@second@127.0.0.1:1/d",
        "postgresql://clerk:first/second@127.0.0.1:1/d",
        "postgresql://clerk:second%zz@127.0.0.1:1/d",
        "postgresql://clerk:a second@127.0.0.1:1/d",
        "postgresql://clerk:second",
    ],
)
def test_a_password_that_is_not_escaped_is_never_quoted(url: str) -> None:
    """Part of it is read as host, port or database; what the driver would say of it quotes that part."""
    for call in (open_store, open_outbox, migrate):
        with pytest.raises(StoreError, match="%XX") as told:
            call(url)
        assert "second" not in "".join(traceback.format_exception(told.value)).replace(url, "")


def test_addresses_that_can_be_read() -> None:
    """Several hosts, IPv6, a socket, and an escaped password are none of this."""
    for url in (
        "@h:1,i:2/d",
        "@[::1]:5432/d",
        "c:a%40b%2Fc@h/d",
        "/d?host=/run/pg&user=a@b",
        "%2Frun%2Fpg/d",
        "c:a?b@h",
    ):
        check_url(f"postgresql://{url}")


def _tables(url: str) -> dict[str, list[str]]:
    with _engine(url).connect() as connection:
        found = sa.inspect(connection)
        return {name: sorted(each["name"] for each in found.get_columns(name)) for name in found.get_table_names()}
