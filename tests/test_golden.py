"""Logs and databases of every released schema verify, fold and replay for ever; shapes change only with the schema."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.golden.making import HERE, calendars, definitions, record
from zhiwen_flow import upcasting
from zhiwen_flow.audit.bodies import BodyReader
from zhiwen_flow.audit.checkpoint import read_checkpoint
from zhiwen_flow.audit.findings import Assurance
from zhiwen_flow.audit.verify import verify_file, verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.events import SCHEMA, AuditEvent
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.stores.sql.migrating import migrate
from zhiwen_flow.stores.sql.revisions import REVISIONS
from zhiwen_flow.terms import EventKind
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.replay import replay
from zhiwen_flow.upcasting import Upcasters

FOLDERS = sorted(HERE.glob("schema-*"))
LATER = dt.datetime(2012, 6, 1, 9, tzinfo=ZONE)
DUMPS = sorted(HERE.glob("schema-*/revision-*.sql.gz"))


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.is_file() else path.name


def _bodies(folder: Path) -> Iterator[bytes]:
    for name in ("archive.jsonl", "audit.jsonl"):
        for line in (folder / name).read_bytes().splitlines():
            if line.startswith(b'{"body":'):
                yield line[len(b'{"body":') : line.rindex(b',"hash":"')]


@pytest.fixture(params=DUMPS, ids=_name)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Restore a database of a revision, and bring it to today's."""
    path = tmp_path / "golden.db"
    with sqlite3.connect(path) as db:
        db.executescript(gzip.decompress(request.param.read_bytes()).decode())
    db.close()
    migrate(f"sqlite:///{path}")
    found = open_store(f"sqlite:///{path}")
    yield found
    found.close()


def test_there_is_a_golden_log_of_every_schema_and_revision() -> None:
    """From the first to today's."""
    assert [each.name for each in FOLDERS] == [f"schema-{number}" for number in range(1, SCHEMA + 1)]
    assert {each.name for each in DUMPS} >= {f"revision-{each}.sql.gz" for each in REVISIONS}
    kinds = {json.loads(each)["kind"] for each in _bodies(FOLDERS[-1])}
    assert kinds == {each.value for each in EventKind}


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_logs_verify(folder: Path) -> None:
    """The exported log, the archive, and the log against a checkpoint of before the archive."""
    held = read_checkpoint(folder / "checkpoint.json")
    assert verify_file(folder / "audit.jsonl", checkpoint=held).assurance is Assurance.CHECKPOINT
    assert verify_file(folder / "archive.jsonl").assurance is Assurance.TRAILER


def test_databases_verify_and_fold(store: Store, request: pytest.FixtureRequest) -> None:
    """Tables are the fold of the log, whatever revision they were written at; the checkpoint of then holds."""
    dump: Path = request.node.callspec.params["store"]
    if dump.name == "revision-0001.sql.gz":
        # Made apart, for it knew no business ids.
        assert verify_store(store).flaw is None
        return
    report = verify_store(store, checkpoint=read_checkpoint(dump.parent / "checkpoint.json"))
    assert (report.flaw, report.assurance) == (None, Assurance.CHECKPOINT)


def test_databases_replay(store: Store, tmp_path: Path) -> None:
    """Every command that the log keeps whole gets the same answer again."""
    known = calendars(tmp_path)
    told = list(replay(store, definitions(known[1]), calendars={each.version: each for each in known}))
    assert told
    assert [(each.recorded.trigger, each.problem) for each in told if not each.agrees] == []


def test_databases_are_gone_on_with(store: Store, tmp_path: Path) -> None:
    """What was open then goes on, and keys that were spent stay spent."""
    found, clock = definitions(calendars(tmp_path)[1]), FixedClock(LATER)
    with Flow(store, found, actor=Actor(id="p-1", post="clerk"), clock=clock) as flow:
        desk = flow.instances(machine="desk", state="open")[0]
        assert desk.facts["text"] == '带引号的"说明"'
        assert flow.do(desk.id, "seize", actor=Actor(id="p-9", post="nowhere"), key="s-20").replayed
        assert flow.do(desk.id, "note", {"text": "续办"}).allowed
        assert verify_store(store).sound


# --- shapes ---


def shape(value: Any, name: str = "") -> Any:
    """Tell names and kinds of values, but for what hosts and guards fill in."""
    if name in ("payload", "facts"):
        return "…"
    if isinstance(value, Mapping):
        return {each: shape(inner, each) for each, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


def _shapes(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for raw in _bodies(folder):
        body = json.loads(raw)
        found.setdefault(f"{body['kind']} {body['trigger']}", shape(body))
    return found


def test_the_shape_of_a_body_changes_only_with_its_schema(tmp_path: Path) -> None:
    """Whoever changes it raises `SCHEMA`, adds the upcaster and makes the next golden folder."""
    record(tmp_path)
    assert _shapes(tmp_path) == _shapes(FOLDERS[-1])


def test_bodies_of_today_are_read_quickly() -> None:
    """The quick reader knows every field of today's schema; else verification is slow, unseen."""
    reader, raws = BodyReader(), list(_bodies(FOLDERS[-1]))
    assert all(reader.read(raw).items() <= json.loads(raw).items() for raw in raws)
    assert reader.cut == len(raws)


# --- upcasters ---


def _renamed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give a body of schema 1 as an imagined schema 2: a field has another name, and one is new."""
    found = {name: value for name, value in body.items() if name != "document"}
    return {**found, "document_number": body["document"], "channel": "counter"}


def _wrapped(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "channel": {"id": body["channel"]}}


CHAIN = Upcasters(current=3, steps={1: _renamed, 2: _wrapped})


class TestUpcasters:
    """Old bytes, read as today's."""

    def test_step_by_step(self) -> None:
        """Each step is applied once, from the body's own version on; the body given is not changed."""
        body = {"schema": 1, "document": "1号"}
        assert CHAIN.upcast(body) == {"schema": 3, "document_number": "1号", "channel": {"id": "counter"}}
        assert body == {"schema": 1, "document": "1号"}
        today = {"schema": 3}
        assert CHAIN.upcast(today) is today

    @pytest.mark.parametrize("schema", [0, 4, -1])
    def test_what_was_never_released(self, schema: int) -> None:
        """A version that is newer, or none, is no guess."""
        assert not CHAIN.knows(schema)
        with pytest.raises(StoreError, match="update zhiwen_flow"):
            CHAIN.upcast({"schema": schema})

    @pytest.mark.parametrize("steps", [{1: _renamed}, {2: _wrapped, 3: _wrapped}])
    def test_a_chain_has_no_gap(self, steps: dict[int, Any]) -> None:
        """Every version up to today's has its step."""
        with pytest.raises(ValueError, match="one step for each version"):
            Upcasters(current=3, steps=steps)

    def test_reading_changes_no_byte(self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Views, decisions and folding see today's shape; bytes and hashes are as they were; the log verifies."""
        before = [(each.hash, each.raw) for each in store.events(limit=1000)]
        monkeypatch.setattr(upcasting, "UPCASTERS", CHAIN)
        with Flow(store, definitions(calendars(tmp_path)[1]), actor=None, clock=FixedClock(LATER)) as flow:
            told = flow.events(limit=1000)
            assert all(each["channel"] == {"id": "counter"} and each["schema"] == 3 for each in told)
            assert {each["document_number"] for each in told} >= {None, "示例〔2011〕1号"}
            assert verify_store(store).sound
            assert [(each.hash, each.raw) for each in store.events(limit=1000)] == before
        store.close()

    def test_a_log_of_a_schema_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An exported log of an earlier schema verifies under today's; one of a later schema is told to be newer."""
        monkeypatch.setattr(upcasting, "UPCASTERS", CHAIN)
        assert verify_file(FOLDERS[0] / "audit.jsonl").sound
        monkeypatch.setattr(upcasting, "UPCASTERS", Upcasters(current=0))
        flaw = verify_file(FOLDERS[0] / "audit.jsonl").flaw
        assert flaw is not None
        assert "newer" in flaw.en

    def test_an_event_of_a_newer_schema_is_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says to update instead of guessing."""
        raw = next(_bodies(FOLDERS[0]))
        event = AuditEvent(seq=1, hash="", raw=raw, recorded_at=LATER)
        assert event.body["schema"] == 1
        monkeypatch.setattr(upcasting, "UPCASTERS", Upcasters(current=0))
        with pytest.raises(StoreError, match="update"):
            _ = event.body
