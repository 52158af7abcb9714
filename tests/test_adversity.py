"""What goes wrong around a database: nothing is acknowledged that is not stored, and there is a way back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest

from tests.crash.private import PrivatePostgres, binaries
from tests.crew import CLERK, flow_on
from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Command
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.protocol import Conflict
from zhiwen_flow.stores.sql.migrating import migrate
from zhiwen_flow.stores.sql.revisions import HEAD_REVISION

AGAIN = "ask again with the same key"
LONG = "长" * 4000


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give a small file system of its own, that a server's owner may enter; only an administrator may mount one."""
    folder = Path(mkdtemp(prefix="zhiwen-disk-"))
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", folder], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def _fill(folder: Path) -> Path:
    """Leave no room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def _until_full(flow: Flow, desk: str) -> tuple[list[str], str, str]:
    """Note until the disk is full; give the keys that were answered, the one that was not, and what was said."""
    answered: list[str] = []
    for number in range(1000):
        key = f"k{number}"
        try:
            flow.do(desk, "note", {"text": LONG}, key=key)
        except StoreError as error:
            return answered, key, str(error)
        answered.append(key)
    pytest.fail("the disk never filled")


def _goes_on(flow: Flow, desk: str, answered: list[str], failed: str) -> None:
    """All that was answered is there, the other is not; asked again with its key, it is done once."""
    assert all(flow.store.answer(each) for each in answered)
    assert flow.store.answer(failed) is None
    assert flow.do(desk, "note", {"text": LONG}, key=failed).allowed
    assert flow.instance(desk).version == 2 + len(answered)
    assert verify_store(flow.store).sound


class TestFullDisk:
    """Nothing more can be written; what was written is read."""

    def test_a_database_that_may_not_grow(self, tmp_path: Path) -> None:
        """SQLite's own bound, as a quota would do."""
        with flow_on(f"sqlite:///{tmp_path / 'flow.db'}") as flow:
            desk = flow.start("desk").stream or ""
            db: sqlite3.Connection = flow.store._driver._db  # type: ignore[attr-defined]
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 20}")
            answered, failed, told = _until_full(flow, desk)
            assert "full" in told
            assert "free space" in told
            assert AGAIN in told
            assert flow.instance(desk).version == 1 + len(answered)
            db.execute("PRAGMA max_page_count = 100000")
            _goes_on(flow, desk, answered, failed)

    @pytest.mark.parametrize("disk", ["3m"], indirect=True)
    def test_sqlite(self, disk: Path) -> None:
        """A file system without room."""
        with flow_on(f"sqlite:///{disk / 'flow.db'}") as flow:
            desk = flow.start("desk").stream or ""
            filler = _fill(disk)
            answered, failed, told = _until_full(flow, desk)
            assert AGAIN in told or "free space" in told
            filler.unlink()
            _goes_on(flow, desk, answered, failed)

    @pytest.mark.parametrize("disk", ["96m"], indirect=True)
    def test_postgresql(self, disk: Path) -> None:
        """The server's file system without room: it says so, and stays up."""
        binaries()
        server = PrivatePostgres(disk)
        try:
            with flow_on(server.url) as flow:
                desk = flow.start("desk").stream or ""
                filler = _fill(disk)
                answered, failed, told = _until_full(flow, desk)
                assert "disk is full" in told
                assert AGAIN in told
                filler.unlink()
                _goes_on(flow, desk, answered, failed)
        finally:
            server.stop()


class TestLostConnection:
    """The server goes away in mid-transaction."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        """Give an empty schema."""
        with postgres_schema() as found:
            yield found

    @staticmethod
    def _terminate(url: str, flow: Flow) -> None:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [flow.store._driver._db.info.backend_pid])  # type: ignore[attr-defined]

    def test_inside_a_batch(self, url: str) -> None:
        """Whatever was in it is undone; said what to do; the same flow goes on."""
        with flow_on(url) as flow:
            desk = flow.start("desk").stream or ""
            notes = [Command(stream=desk, trigger="note", actor=CLERK, key=f"k{number}") for number in range(2)]
            with pytest.raises(StoreError, match=AGAIN), flow.store.batch():
                flow.handle(notes[0])
                self._terminate(url, flow)
                flow.handle(notes[1])
            assert flow.store.answer("k0") is None
            assert [each.allowed for each in flow.handle_many(notes)] == [True, True]
            assert flow.instance(desk).version == 3
            assert verify_store(flow.store).sound

    def test_nothing_goes_on_beside_a_lost_batch(self, url: str) -> None:
        """Who takes the loss for nothing and goes on is told at the end; no part is kept without the rest."""
        with flow_on(url) as flow:
            first, second = (flow.start("desk").stream or "" for _ in range(2))
            with pytest.raises(StoreError, match=AGAIN), flow.store.batch():
                flow.do(first, "note")
                self._terminate(url, flow)
                for _ in range(2):
                    with suppress(StoreError):
                        flow.do(second, "note")
            assert [flow.instance(each).version for each in (first, second)] == [1, 1]
            assert verify_store(flow.store).sound

    def test_while_it_waits_for_a_row(self, url: str) -> None:
        """The command is not done; asked again with its key, it is done once."""
        found: list[Any] = []
        with flow_on(url) as flow, psycopg.connect(url) as rival:
            desk = flow.start("desk").stream or ""
            rival.execute("SELECT 1 FROM zhiwen_streams WHERE id = %s FOR UPDATE", [desk])
            asking = threading.Thread(target=lambda: found.append(_told(lambda: flow.do(desk, "note", key="k"))))
            asking.start()
            _wait_for_lock(url)
            self._terminate(url, flow)
            asking.join(10)
            rival.rollback()
            assert AGAIN in found[0]
            assert flow.do(desk, "note", key="k").allowed
            assert flow.instance(desk).version == 2
            assert verify_store(flow.store).sound


def test_a_deadlock_begins_anew() -> None:
    """Two batches that hold what the other one needs: the database undoes one, which is decided again and done."""
    undone: list[str] = []
    both = threading.Barrier(2)
    with postgres_schema() as url, flow_on(url) as flow:
        desks = [flow.start("desk").stream for _ in range(2)]

        def cross(first: str, second: str) -> None:
            with flow_on(url) as mine:
                for attempt in range(3):
                    try:
                        with mine.store.batch(streams=[first]):
                            mine.do(first, "note", key=f"{first}.1")
                            if not attempt:
                                both.wait(10)
                            mine.do(second, "note", key=f"{first}.2")
                    except Conflict:
                        undone.append(first)
                    else:
                        return

        crossing = [threading.Thread(target=cross, args=pair) for pair in (desks, desks[::-1])]
        for each in crossing:
            each.start()
        for each in crossing:
            each.join(30)
        assert len(undone) == 1
        assert [flow.instance(each).version for each in desks] == [3, 3]
        assert verify_store(flow.store).sound


def _told(call: Callable[[], object]) -> str:
    try:
        return repr(call())
    except StoreError as error:
        return str(error)


def _wait_for_lock(url: str) -> None:
    asked = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND application_name = 'zhiwen_flow' AND query LIKE '%zhiwen_streams%'"
    )
    with psycopg.connect(url, autocommit=True) as admin:
        for _ in range(1000):
            row = admin.execute(asked).fetchone()
            if row is not None and row[0]:
                return
    pytest.fail("nobody waits")


def test_tables_that_were_half_made(database: str) -> None:
    """A script cut short is told, to whoever opens and to whoever migrates; nothing is changed."""
    open_store(database).close()
    _run(database, "DELETE FROM zhiwen_version")
    for call in (open_store, migrate):
        with pytest.raises(StoreError, match=r"cut short; restore it from the backup"):
            call(database)
    _run(database, f"INSERT INTO zhiwen_version VALUES ('{HEAD_REVISION}')")
    open_store(database).close()


def _run(url: str, text: str) -> None:
    db: Any = psycopg.connect(url) if url.startswith("postgres") else sqlite3.connect(url.removeprefix("sqlite:///"))
    db.execute(text)
    db.commit()
    db.close()


def test_a_copy_of_the_file_is_a_way_back(tmp_path: Path) -> None:
    """A backup made while the database is open verifies, and goes on."""
    path = tmp_path / "flow.db"
    with flow_on(f"sqlite:///{path}") as flow:
        desk = flow.start("desk").stream or ""
        source, target = sqlite3.connect(path), sqlite3.connect(tmp_path / "backup.db")
        source.backup(target)
        source.close()
        target.close()
    path.write_bytes(b"not a database at all" * 100)
    for each in tmp_path.glob("flow.db-*"):
        each.unlink()
    with pytest.raises(StoreError, match="restore it from a backup"):
        open_store(f"sqlite:///{path}")
    shutil.copy(tmp_path / "backup.db", path)
    with flow_on(f"sqlite:///{path}") as flow:
        assert flow.do(desk, "note").allowed
        assert verify_store(flow.store).sound
