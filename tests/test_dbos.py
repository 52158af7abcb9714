"""Rounds on DBOS: killed in the middle they go on where they were, and what was missed is caught up."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from dbos import DBOSClient

from tests.crew import flow_on
from tests.dbos_worker import ROUND
from tests.services import postgres_server
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.flow import Flow

SLIPS, PATIENCE = 30, 60


@pytest.fixture
def system(database: str, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a system database of the same kind."""
    if database.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'dbos.db'}"
        return
    name = f"zhiwen_dbos_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_server(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield postgres_server().rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def flow(database: str) -> Iterator[Flow]:
    """Give a flow with slips that are overdue when the worker looks."""
    with flow_on(database) as found:
        desk = found.start("desk").stream
        for _ in range(SLIPS):
            found.start("slip", {"due": dt.date(2031, 1, 1)}, parent=desk)
        yield found


@contextmanager
def _worker(*args: str) -> Iterator[subprocess.Popen[str]]:
    """Run a worker; at the end it is killed, if it is there."""
    command = [sys.executable, "-m", "tests.dbos_worker", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        try:
            yield worker
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()


@contextmanager
def _scheduled(database: str, system: str) -> Iterator[subprocess.Popen[str]]:
    """Run a worker with a round every second."""
    with _worker(database, system, "* * * * * *") as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "scheduled\n", worker.communicate()
        yield worker


def _until(reached: Callable[[], bool], worker: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert worker.poll() is None, worker.communicate()
        assert time.monotonic() < end, "too late"
        time.sleep(0.01)


def _done(flow: Flow) -> int:
    return len(flow.instances(machine="slip", state="void"))


def _workflows(system: str) -> dict[str, str]:
    client = DBOSClient(system_database_url=system)
    try:
        return {each.workflow_id: each.status for each in client.list_workflows()}
    finally:
        client.destroy()


def _times(system: str) -> set[dt.datetime]:
    """Give the moments for which there is a round."""
    return {dt.datetime.fromisoformat(each.removeprefix("sched-zhiwen_tick-")) for each in _workflows(system)}


def test_a_round_killed_in_the_middle_goes_on(database: str, system: str, flow: Flow) -> None:
    """Some slips are withdrawn when the process dies; the next one withdraws the others, each once, in one workflow."""
    with _worker(database, system) as worker:
        _until(lambda: _done(flow) >= SLIPS // 4, worker)
    assert SLIPS // 4 <= _done(flow) < SLIPS
    assert _workflows(system) == {ROUND: "PENDING"}
    with _worker(database, system) as worker:
        told, error = worker.communicate(timeout=PATIENCE)
    assert "taken" in told, error
    assert _done(flow) == SLIPS
    assert _workflows(system) == {ROUND: "SUCCESS"}
    moves = [each.body["stream"] for each in flow.store.events(limit=1000) if each.kind == "moved"]
    assert len(moves) == len(set(moves)) == SLIPS
    assert verify_store(flow.store).sound


def test_what_was_missed_is_caught_up(database: str, system: str, flow: Flow) -> None:
    """The seconds that passed while nothing ran have their rounds after the next start."""
    with _scheduled(database, system) as worker:
        _until(lambda: len(_workflows(system)) >= 2, worker)
    stopped, second = max(_times(system)), dt.timedelta(seconds=1)
    time.sleep(3)
    missed = {stopped + number * second for number in range(1, 4)}
    with _scheduled(database, system) as worker:
        _until(lambda: missed <= _times(system), worker)
        _until(lambda: _done(flow) == SLIPS, worker)
    assert verify_store(flow.store).sound
