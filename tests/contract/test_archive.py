"""Closed years leave the database for a file, and all of it still verifies: file, live log, checkpoints of before."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import stat
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import attrs
import psycopg
import pytest
from typer.testing import CliRunner

from tests.accounts import GRANTS, Accounts
from tests.services import postgres_schema
from zhiwen_flow import archiving
from zhiwen_flow.audit.checkpoint import Checkpoint, checkpoint_of
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.findings import Assurance
from zhiwen_flow.audit.verify import verify_file, verify_lines, verify_store
from zhiwen_flow.cli.main import app
from zhiwen_flow.clock import Clock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import ArchivedError, AuditError, KeyReuseError, MisuseError, StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import ZONE, Actor, Command
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.sql.archive import detach
from zhiwen_flow.stores.sql.store import SqlStore
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines

CLERK, ARCHIVIST = Actor(id="p-1", post="clerk"), Actor(id="p-7", post="archivist")
NEW_YEAR = dt.date(2012, 1, 1)


def _published(store: SqlStore) -> None:
    """What a relay does in the end: nothing waits any more."""
    store.driver.write([("DELETE FROM zhiwen_outbox WHERE tenant = ?", (store.tenant,))])


@attrs.define
class Office:
    """An office with closed and open desks of two years, and checkpoints of the old one."""

    url: str
    folder: Path
    clock: FixedClock
    flow: Flow
    old: list[str]
    open: str
    young: str
    half: Checkpoint
    full: Checkpoint

    @property
    def store(self) -> SqlStore:
        """The database."""
        assert isinstance(self.flow.store, SqlStore)
        return self.flow.store

    @property
    def file(self) -> Path:
        """Where the archive goes."""
        return self.folder / "2011.jsonl"

    def archive(self) -> archiving.Archived:
        """Archive the old year."""
        return self.flow.archive(NEW_YEAR, self.file, reason="年度归档", actor=ARCHIVIST, document="示例〔2012〕2号")


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an office on each database."""
    if request.param == "sqlite":
        yield from _office(f"sqlite:///{tmp_path / 'flow.db'}", tmp_path)
        return
    with postgres_schema() as url:
        open_store(url).close()
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(GRANTS)
        yield from _office(url, tmp_path)


def _office(url: str, folder: Path) -> Generator[Office, None, None]:
    clock = FixedClock(dt.datetime(2011, 9, 1, 9, tzinfo=ZONE))
    with _flow(url, clock) as flow:
        old = []
        for number in range(5):
            desk = flow.start("desk", {"subject": f"第{number}号", "who": f"某人{number}"}, key=f"open-{number}").stream
            slip = flow.start("slip", parent=desk)
            flow.do(slip, "answer", key=f"answer-{number}")
            for _ in range(12):
                flow.do(desk, "seize", actor=Actor(id="p-9", post="nowhere"))
            old.append(desk)
        half = checkpoint_of(flow.store)
        for each in old:
            flow.do(each, "close").raise_if_refused()
        waits = flow.start("desk", {"subject": "未办结"}, key="waits").stream
        flow.start("slip", parent=waits)
        full = checkpoint_of(flow.store)
        clock.set(dt.datetime(2012, 3, 1, 9, tzinfo=ZONE))
        young = flow.start("desk", {"subject": "今年的"}).stream
        flow.do(young, "close").raise_if_refused()
        assert isinstance(flow.store, SqlStore)
        _published(flow.store)
        yield Office(url, folder, clock, flow, old, waits, young, half, full)


def _flow(url: str, clock: Clock) -> Flow:
    return Flow(open_store(url, clock=clock), Definitions.load(machines=desk_machines()), actor=CLERK, clock=clock)


def test_closed_families_leave_and_nothing_else(office: Office) -> None:
    """Whole families that ended in time; what is open, or younger, stays."""
    before = office.store.totals().events
    done = office.archive()
    assert (done.families, done.streams, done.stayed, done.waiting) == (5, 10, (), 0)
    assert [each.id for each in office.flow.instances(machine="desk")] == sorted([office.open, office.young])
    assert office.store.totals().events == before - done.events + 1
    left = {each.stream for each in office.store.log(limit=10_000)}
    assert left.isdisjoint(office.old)
    note = office.flow.events("archive")[0]
    assert (note["kind"], note["actor"]["id"], note["reason"]) == ("archived", "p-7", "年度归档")
    assert note["payload"]["archive"] == done.archive
    assert office.flow.do(office.open, "note", {"text": "续办"}).allowed


def test_everything_still_verifies(office: Office) -> None:
    """The file by itself; the live log; the live log against checkpoints of before; an export of it."""
    done = office.archive()
    report = verify_file(office.file)
    assert (report.sound, report.assurance, report.count) == (True, Assurance.TRAILER, done.events)
    assert stat.S_IMODE(office.file.stat().st_mode) == 0o600
    live = verify_store(office.store)
    assert (live.sound, live.archived) == (True, 10)
    assert verify_store(office.store, checkpoint=office.full).assurance is Assurance.CHECKPOINT
    lines = list(export_log(office.store))
    assert verify_lines(lines).archived == 10
    assert verify_lines(lines, checkpoint=office.full).assurance is Assurance.CHECKPOINT
    assert verify_store(office.store, checkpoint=checkpoint_of(office.store)).sound


def test_a_checkpoint_in_their_midst_needs_the_archive(office: Office) -> None:
    """It is held with the file, and says so without."""
    office.archive()
    flaw = verify_store(office.store, checkpoint=office.half).flaw
    assert flaw is not None
    assert "give its archive" in flaw.en
    report = verify_store(office.store, checkpoint=office.half, archives=[office.file])
    assert report.assurance is Assurance.CHECKPOINT
    wrong = attrs.evolve(office.half, root="0" * 64)
    assert not verify_store(office.store, checkpoint=wrong, archives=[office.file]).sound


def test_what_was_archived_says_so(office: Office) -> None:
    """An instance that left, and a key that was spent on it: named as archived, never done again."""
    done = office.archive()
    with pytest.raises(ArchivedError, match=done.archive):
        office.flow.do(office.old[0], "note")
    with pytest.raises(ArchivedError, match="archived"):
        office.flow.start("desk", {"subject": "第0号", "who": "某人0"}, key="open-0")
    with pytest.raises((ArchivedError, KeyReuseError)):
        office.flow.start("desk", {"subject": "另一件"}, key="open-0")
    assert office.flow.start("desk", {"subject": "未办结"}, key="waits").replayed
    assert verify_store(office.store).sound


def test_a_chain_that_left_never_begins_anew(office: Office) -> None:
    """Neither by a refusal that was decided before it left, nor by opening its id again."""
    late, stranger = office.old[0], Actor(id="p-9", post="nowhere")
    with _flow(office.url, office.clock) as other:
        judged = other._judged(Command(stream=late, trigger="seize", actor=stranger, key="late"))
        office.archive()
        with pytest.raises(ArchivedError):
            other._recorded(judged)
        for command in (
            Command(machine="desk", stream=late, actor=CLERK),
            Command(machine="desk", stream=late, actor=CLERK, payload={"who": "x"}, parent=office.open),
        ):
            with pytest.raises(ArchivedError):
                other.handle(command)
        with pytest.raises(ArchivedError):
            other.handle_many([Command(machine="desk", stream=late, actor=CLERK)])
        assert other.store.answer("late") is None
    assert verify_store(office.store).sound


def test_sealed_values_go_apart_or_not_at_all(office: Office) -> None:
    """They are in no archive; in a file of their own where one is asked for."""
    apart = office.folder / "sealed.jsonl"
    office.flow.archive(NEW_YEAR, office.file, reason="年度归档", actor=ARCHIVIST, sealed=apart)
    assert "某人" not in office.file.read_text()
    told = [json.loads(each) for each in apart.read_text().splitlines()]
    assert sorted(each["value"] for each in told) == [f"某人{number}" for number in range(5)]
    assert stat.S_IMODE(apart.stat().st_mode) == 0o600


def test_what_waits_for_publication_stays(office: Office) -> None:
    """An event that was not published yet keeps its family in the database."""
    desk = office.old[2]
    row = (office.store.events(stream=desk)[-1].seq, "default", 0, desk)
    office.store.driver.write([("INSERT INTO zhiwen_outbox (seq, tenant, lane, stream) VALUES (?, ?, ?, ?)", row)])
    done = office.archive()
    assert (done.families, done.waiting) == (4, 1)
    assert office.flow.instance(desk).state == "closed"
    assert verify_store(office.store, checkpoint=office.full).sound
    with pytest.raises(MisuseError, match=r"waits for publication \(1 families\)"):
        office.flow.archive(NEW_YEAR, office.folder / "next.jsonl", reason="年度归档", actor=ARCHIVIST)
    assert not (office.folder / "next.jsonl").exists()


def test_a_family_that_changed_meanwhile_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody was refused something between the writing of the file and the removal."""
    whole = detach

    def late(store: SqlStore, leaving: object) -> list[str]:
        with _flow(office.url, office.clock) as other:
            other.do(office.old[1], "note")
        return whole(store, leaving)  # type: ignore[arg-type]

    monkeypatch.setattr(archiving, "detach", late)
    done = office.archive()
    assert (done.families, done.stayed) == (4, (office.old[1],))
    assert office.flow.instance(office.old[1]).state == "closed"
    assert verify_store(office.store, checkpoint=office.full).sound


@pytest.mark.parametrize("at", ["first", "second", "event"])
def test_cut_short_and_gone_on_with(office: Office, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Wherever it was cut: told by the verification until it is finished; finished twice is finished once."""
    monkeypatch.setattr(archiving, "TOGETHER", 2)
    whole, calls = detach, [0]

    def cut(store: SqlStore, leaving: object) -> list[str]:
        calls[0] += 1
        if calls[0] == {"first": 1, "second": 2, "event": 99}[at]:
            raise KeyboardInterrupt
        return whole(store, leaving)  # type: ignore[arg-type]

    def unrecorded(*_: object) -> object:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(archiving, "detach", cut)
        if at == "event":
            patched.setattr(archiving, "_recorded", unrecorded)
        with pytest.raises(KeyboardInterrupt):
            office.archive()
    flaw = verify_store(office.store).flaw
    assert (flaw is None) if at == "first" else (flaw is not None and "--finish" in flaw.en)
    done = office.flow.finish_archive(office.file)
    assert office.flow.finish_archive(office.file) == done
    assert done.families == 5
    assert len(office.flow.events("archive")) == 1
    assert verify_store(office.store, checkpoint=office.full).sound


def test_nothing_to_archive(office: Office) -> None:
    """No file is left behind; nor is one overwritten, nor a reason forgotten."""
    with pytest.raises(MisuseError, match="nothing to archive"):
        office.flow.archive(dt.date(2010, 1, 1), office.file, reason="归档", actor=ARCHIVIST)
    assert not office.file.exists()
    with pytest.raises(MisuseError, match="reason"):
        office.flow.archive(NEW_YEAR, office.file, reason=" ", actor=ARCHIVIST)
    office.file.write_text("mine")
    with pytest.raises(AuditError, match="cannot be made"):
        office.archive()
    assert office.file.read_text() == "mine"
    with pytest.raises(AuditError):
        office.flow.finish_archive(office.file)
    assert verify_store(office.store).sound


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE zhiwen_archived SET head = 'x'", "not what was recorded"),
        ("DELETE FROM zhiwen_archived", "nothing stays"),
        ("UPDATE zhiwen_archived SET archive = 'x'", "not finished"),
    ],
)
def test_what_stays_is_held_against_what_was_recorded(tmp_path: Path, change: str, said: str) -> None:
    """Whoever drops the triggers and changes what stays is found."""
    office = next(offices := _office(f"sqlite:///{tmp_path / 'flow.db'}", tmp_path))
    office.archive()
    with sqlite3.connect(tmp_path / "flow.db") as db:
        for trigger in ("update", "delete"):
            db.execute(f"DROP TRIGGER zhiwen_archived_no_{trigger}")
        db.execute(change)
    db.close()
    flaw = verify_store(office.store).flaw
    assert flaw is not None
    assert said in flaw.en
    offices.close()


def test_a_stream_hidden_as_archived_is_found_by_a_checkpoint(tmp_path: Path) -> None:
    """Who invents a tombstone can delete events from SQLite; the log says that nothing recorded it."""
    office = next(offices := _office(f"sqlite:///{tmp_path / 'flow.db'}", tmp_path))
    with sqlite3.connect(tmp_path / "flow.db") as db:
        for text in (
            "INSERT INTO zhiwen_archived VALUES ('default', ?, ?, 1, 2, 1, 'x', 'y')",
            "DELETE FROM zhiwen_events WHERE stream = ? AND stream = ?",
            "DELETE FROM zhiwen_streams WHERE id = ? AND id = ?",
        ):
            db.execute(text, (office.young, office.young))
    db.close()
    assert not verify_store(office.store).sound
    offices.close()


@pytest.mark.parametrize("hurt", [lambda text: text[:-40], lambda text: text.replace(b"2012-01-01", b"2013-01-01", 1)])
def test_a_hurt_file_removes_nothing(office: Office, hurt: Callable[[bytes], bytes]) -> None:
    """A file that does not verify is never taken for an archive."""
    office.archive()
    copy = office.folder / "copy.jsonl"
    copy.write_bytes(hurt(office.file.read_bytes()))
    with pytest.raises(AuditError, match="does not verify"):
        office.flow.finish_archive(copy)


def test_only_the_archivist(tmp_path: Path) -> None:
    """On PostgreSQL an account without the role removes nothing; one that holds it needs no more."""
    with postgres_schema() as url:
        accounts = Accounts(url)
        offices = _office(url, tmp_path)
        office = next(offices)
        before = office.store.totals()
        with _flow(accounts.url_of("app"), office.clock) as app_only, pytest.raises(StoreError, match="denied"):
            app_only.archive(NEW_YEAR, tmp_path / "app.jsonl", reason="归档", actor=ARCHIVIST)
        assert office.store.totals() == before
        with _flow(accounts.url_of("archivist"), office.clock) as archivist:
            assert archivist.archive(NEW_YEAR, office.file, reason="归档", actor=ARCHIVIST).families == 5
            assert verify_store(archivist.store, checkpoint=office.full).sound
        offices.close()
        accounts.close()


def test_on_the_command_line(office: Office) -> None:
    """Archive, finish, verify."""
    asked = ["store", "archive", office.url, "-o", str(office.file), "--actor", "p-7", "--post", "archivist"]
    found = CliRunner().invoke(app, [*asked, "--reason", "年度归档", "--before", "2012-01-01"])
    assert found.exit_code == 0, found.output
    assert "5 套、" in found.output
    assert CliRunner().invoke(app, [*asked, "--finish"]).exit_code == 0
    assert CliRunner().invoke(app, ["audit", "verify", str(office.file)]).exit_code == 0
    verified = CliRunner().invoke(app, ["audit", "verify", office.url, "--archive", str(office.file), "--lang", "en"])
    assert "10 archived" in verified.output
