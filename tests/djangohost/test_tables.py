"""`manage.py migrate` is all that a host does: it makes our tables, brings older ones on, and never drops a log."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.exceptions import IrreversibleError
from django.test import override_settings

from tests.djangohost.conftest import CLERK, actor_of, machines
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.integrations.django.flows import flow
from zhiwen_flow.integrations.django.tables import revision
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE
from zhiwen_flow.relay.envelope import Envelope
from zhiwen_flow.relay.sinks import Receipt
from zhiwen_flow.stores.sql.migrating import migrate
from zhiwen_flow.stores.sql.revisions import HEAD_REVISION
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import DESK, desk_machines


def _migrate(alias: str, *target: str) -> None:
    call_command("migrate", "zhiwen_flow", *target, database=alias, verbosity=0, skip_checks=True)


def _start(**command: Any) -> str:
    return flow().start("desk", actor=CLERK, **command).stream


def test_an_empty_database_gets_our_tables(empty: tuple[str, str]) -> None:
    """As the library makes them, so that it opens the database by its URL as well; a second run does nothing."""
    alias, url = empty
    _migrate(alias)
    _migrate(alias)
    assert revision(connections[alias]) == HEAD_REVISION
    stream = _start()
    connections[alias].close()
    with Flow.open(url, machines=desk_machines()) as own:
        assert own.instance(stream).state == "open"
    assert migrate(url) == (HEAD_REVISION, HEAD_REVISION)


def test_tables_that_are_there_are_taken_on(empty: tuple[str, str]) -> None:
    """A host that used the library before it used Django keeps its log."""
    alias, url = empty
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as own:
        stream = own.start("desk").stream
    _migrate(alias)
    assert flow().instance(stream).state == "open"


def test_an_earlier_revision_is_brought_on(empty: tuple[str, str]) -> None:
    """By the library's own steps, with what they fill in."""
    alias, url = empty
    migrate(url, to="0001")
    _migrate(alias)
    assert revision(connections[alias]) == HEAD_REVISION
    assert flow().instance(_start()).state == "open"


def test_a_later_revision_is_refused(empty: tuple[str, str]) -> None:
    """A program that is too old changes nothing."""
    alias, url = empty
    migrate(url)
    with connections[alias].cursor() as cursor:
        cursor.execute("UPDATE zhiwen_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer than this program"):
        _migrate(alias)
    with pytest.raises(StoreError, match="newer than"):
        flow()


def test_an_unused_schema_can_be_undone_and_a_log_cannot(empty: tuple[str, str]) -> None:
    """Undoing drops the tables only while there is no event."""
    alias, _ = empty
    _migrate(alias)
    _migrate(alias, "zero")
    assert [name for name in connections[alias].introspection.table_names() if name.startswith("zhiwen")] == []
    _migrate(alias)
    stream = _start()
    with pytest.raises(IrreversibleError, match="never dropped"):
        _migrate(alias, "zero")
    assert flow().instance(stream).state == "open"


def test_other_databases_of_the_host_get_none(empty: tuple[str, str]) -> None:
    """Our tables lie in the database that the settings name."""
    alias, _ = empty
    with override_settings(ZHIWEN_FLOW={"ACTOR": actor_of, "DATABASE": "default"}):
        _migrate(alias)
    assert revision(connections[alias]) is None


def test_models_and_migrations_agree(empty: tuple[str, str]) -> None:
    """Django finds nothing to migrate, and every column that the admin reads is there."""
    alias, _ = empty
    _migrate(alias)
    call_command("makemigrations", "zhiwen_flow", check=True, dry_run=True, verbosity=0, skip_checks=True)
    for model in apps.get_app_config("zhiwen_flow").get_models():
        assert list(model.objects.using(alias).all()) == []


class Taking:
    """A sink that keeps what it takes."""

    at_once = 10
    taken: ClassVar[list[Envelope]] = []

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """Take everything."""
        for each in events:
            self.taken.append(each)
            yield Receipt(id=each.id)

    def close(self) -> None:
        """Nothing is held."""


class Refusing(Taking):
    """A sink that takes nothing."""

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """Refuse everything."""
        for each in events:
            yield Receipt(id=each.id, error="no thanks")


class TestCommands:
    """The commands of `manage.py`."""

    def test_verify(self, empty: tuple[str, str]) -> None:
        """Sound logs are told with their assurance; a changed table is a flaw, and exit status 1."""
        alias, _ = empty
        _migrate(alias)
        stream = _start()
        out = StringIO()
        call_command("zhiwen_verify", stdout=out)
        assert "共1条、1个卷宗;数据库与日志一致" in out.getvalue()
        with connections[alias].cursor() as cursor:
            cursor.execute("UPDATE zhiwen_streams SET state = 'closed'")
        with pytest.raises(CommandError, match=stream) as raised:
            call_command("zhiwen_verify", stdout=out)
        assert raised.value.returncode == 1

    def test_tick_needs_a_name(self, empty: tuple[str, str]) -> None:
        """Steps are taken in somebody's name, or not at all."""
        _migrate(empty[0])
        with pytest.raises(CommandError, match="TICK_ACTOR") as raised:
            call_command("zhiwen_tick")
        assert raised.value.returncode == 2

    def test_tick(self, empty: tuple[str, str], configured: Callable[..., None]) -> None:
        """What follows by itself is taken once, in the name that is set; the rest is listed for people."""
        _migrate(empty[0])
        desk = copy.deepcopy(DESK)
        desk["state"][0] |= {"limit": "complaint.acceptance", "on_overdue": "withdraw"}
        clock = FixedClock(dt.datetime(2011, 9, 5, 9, tzinfo=ZONE))
        told = {"DATABASE": empty[0], "ACTOR": actor_of, "CLOCK": clock, "TICK_ACTOR": {"id": "clock", "post": "clock"}}
        configured(**told, MACHINES=[machine_from(desk, LIBRARY, where="desk"), desk_machines()[1]])
        ready, busy = _start(), _start()
        form = {"channel": "email", "content": "x", "anonymous": True}
        waiting = flow().start("complaint", form, actor=CLERK).stream
        flow().do(busy, "close", actor=CLERK)
        for days, taken, left in ((0, 0, 0), (20, 1, 1), (20, 0, 1)):
            clock.set(dt.datetime(2011, 9, 5, 9, tzinfo=ZONE) + dt.timedelta(days=days))
            out = StringIO()
            call_command("zhiwen_tick", stdout=out)
            assert f"已自动办理 {taken} 件,待人办理 {left} 件" in out.getvalue()
            assert (ready in out.getvalue(), waiting in out.getvalue()) == (bool(taken), bool(left))
        assert flow().instance(ready).state == "void"
        assert flow().events(ready)[-1]["actor"]["id"] == "clock"
        assert "还剩" not in out.getvalue()
        assert "投诉举报件 · 已登记:2011-09-20 截止,已逾期 5 天" in out.getvalue()

    def test_relay(self, empty: tuple[str, str], configured: Callable[..., None]) -> None:
        """What waits goes to the sink that is set, once; a refusal is told, and shown in the list of what is held."""
        alias, _ = empty
        _migrate(alias)
        told = {"DATABASE": alias, "ACTOR": actor_of, "MACHINES": machines()}
        with pytest.raises(CommandError, match="SINK") as raised:
            call_command("zhiwen_relay", once=True)
        assert raised.value.returncode == 2
        configured(**told, SINK="tests.djangohost.test_tables.Taking")
        stream, out = _start(), StringIO()
        flow().do(stream, "note", {"text": "x"}, actor=CLERK)
        for count in (2, 0):
            call_command("zhiwen_relay", once=True, stdout=out)
            assert f"已发布 {count} 条" in out.getvalue()
        assert [each.subject for each in Taking.taken] == [stream, stream]
        Taking.taken.clear()
        configured(**told, SINK="tests.djangohost.test_tables.Refusing")
        flow().do(stream, "note", {"text": "y"}, actor=CLERK)
        with pytest.raises(CommandError, match="被退回 1 次") as raised:
            call_command("zhiwen_relay", once=True)
        assert raised.value.returncode == 1
        held = apps.get_model("zhiwen_flow.Held").objects.using(alias).get()
        assert (held.stream, held.attempts, held.dead, held.error) == (stream, 1, 0, "no thanks")

    def test_missing_tables_are_told(self, empty: tuple[str, str]) -> None:
        """One line and status 2, no traceback."""
        with pytest.raises(CommandError, match="no tables of zhiwen_flow") as raised:
            call_command("zhiwen_verify")
        assert raised.value.returncode == 2
