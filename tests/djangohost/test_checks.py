"""What is wrong with a host is said when it starts, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, run_checks
from django.db import connections
from django.test import override_settings

from tests.djangohost.conftest import Host, actor_of
from zhiwen_flow.errors import SettingsError
from zhiwen_flow.integrations.django.conf import conf_of
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.sql.migrating import migrate

GOOD = {"ACTOR": actor_of}


def _found(*databases: str) -> dict[str, str]:
    """Give what our checks say, by id; every message has a hint."""
    found = [each for each in run_checks(databases=databases) if str(each.id).startswith("zhiwen_flow")]
    assert all(each.hint for each in found)
    return {str(each.id).removeprefix("zhiwen_flow."): f"{each.msg} {each.hint}" for each in found}


def test_a_good_host_hears_nothing(host: Host) -> None:
    """Neither of settings nor of tables."""
    assert _found(host.alias) == {}


@pytest.mark.parametrize(
    ("told", "id", "said"),
    [
        ({}, "E004", "every command is refused"),
        (GOOD | {"NONSENSE": 1}, "E001", "NONSENSE: is not a setting"),
        (GOOD | {"MACHINE": []}, "E001", "Did you mean `MACHINES`?"),
        ({"ACTOR": "no.such.provider"}, "E001", "cannot be imported"),
        ({"ACTOR": "zhiwen_flow.model.ZONE"}, "E001", "cannot be called"),
        (GOOD | {"TICK_ACTOR": {"id": "p"}}, "E001", 'Write {"id": "…", "post": "…"}'),
        (GOOD | {"MACHINES": "desk.toml"}, "E001", "Write a list"),
        (GOOD | {"STRICT": 1}, "E001", "Write True or False"),
        (GOOD | {"DATABASE": "nowhere"}, "E002", "There is no database `nowhere`"),
        (GOOD | {"DATABASE": "mysql"}, "E002", "holds no store"),
        (GOOD | {"RULEBOOK": "no-such-book"}, "E006", "no-such-book"),
        (GOOD | {"MACHINES": [Path("no-such.toml")]}, "E006", "Name a readable file"),
        (GOOD | {"GUARDS": [1]}, "E006", "cannot be loaded"),
    ],
)
def test_each_fault_is_named(configured: Callable[..., None], told: Any, id: str, said: str) -> None:
    """With its place and its mend, and with nothing else."""
    configured(**told)
    found = _found("default")
    assert list(found) == [id]
    assert said in found[id]


def test_a_time_zone_is_asked_for(configured: Callable[..., None]) -> None:
    """Moments without a zone cannot be handed to a command."""
    configured(**GOOD)
    with override_settings(USE_TZ=False):
        assert "USE_TZ = True" in _found()["W005"]


def test_tables(empty: tuple[str, str]) -> None:
    """Missing and older ones are a warning, for `migrate` must run; newer ones an error."""
    alias, url = empty
    assert "migrate zhiwen_flow" in _found(alias)["W003"]
    migrate(url, to="0001")
    assert "older than" in _found(alias)["W003"]
    migrate(url)
    assert {"W003", "E003"}.isdisjoint(_found(alias))
    with connections[alias].cursor() as cursor:
        cursor.execute("UPDATE zhiwen_version SET version_num = '9999'")
    assert "newer than" in _found(alias)["E003"]
    assert [each.level for each in run_checks(databases=[alias]) if each.id == "zhiwen_flow.E003"] == [Error("").level]


def test_sqlite_is_told_to_lock_at_once(empty: tuple[str, str]) -> None:
    """Else a transaction that reads first fails where another one writes."""
    assert ("W007" in _found()) == empty[1].startswith("sqlite")


def test_all_faults_are_named_at_once() -> None:
    """The error of the settings carries every fault, each with its key."""
    with pytest.raises(SettingsError) as raised:
        conf_of({"STRICT": "yes", "DATABASE": "", "TENANT": "no.such.function", "OPTIONAL": [1]})
    assert [each.path for each in raised.value.faults] == ["STRICT", "DATABASE", "TENANT", "OPTIONAL"]
    with pytest.raises(SettingsError, match="write a dict"):
        conf_of([])


def test_settings_are_read() -> None:
    """Names are imported, and what describes definitions is told apart."""
    found = conf_of(
        {
            "ACTOR": "tests.djangohost.conftest.actor_of",
            "TICK_ACTOR": {"id": "clock", "post": "a.clerk"},
            "CALENDAR": "zhiwen_flow.workdays.ChinaCalendar",
            "OPTIONAL": ["discipline"],
            "TENANT": "bridge_bureau",
        }
    )
    assert found.actor is not None
    assert found.actor.__name__ == "actor_of"
    assert found.tick_actor == Actor(id="clock", post="a.clerk")
    assert found.tenant == "bridge_bureau"
    assert sorted(found.definitions) == ["calendar", "optional"]
    assert found.definitions["calendar"].version.startswith("holidays-")
