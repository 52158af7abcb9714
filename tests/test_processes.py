"""Several processes on one database."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StaleError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Decision
from zhiwen_flow.testing.desk import desk_machines

WORKERS, ROUNDS = 4, 25
CLERK = Actor(id="p-0", post="clerk")


def _work(url: str, desk: str, worker: int) -> None:
    with Flow.open(url, machines=desk_machines(), actor=Actor(id=f"p-{worker}", post="clerk")) as flow:
        for number in range(ROUNDS):
            _insist(flow.do, desk, "note", {"text": f"{worker}.{number}"}, key=f"{worker}.{number}")
            _insist(flow.do, desk, "seize")
            _insist(flow.start, "slip", parent=desk, key="the one slip", actor=CLERK)


def _insist(call: Callable[..., Decision], *args: Any, **named: Any) -> Decision:
    """Ask again where others won three times: the error says so, and what it means."""
    while True:
        try:
            return call(*args, **named)
        except StaleError as error:
            if error.winner is None:
                raise


def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    """Every note is written once, one key opens one slip, refusals stand in the chain, and the log verifies."""
    url = f"sqlite:///{tmp_path / 'flow.db'}"
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as flow:
        desk = flow.start("desk").stream
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=_work, args=(url, desk, number)) for number in range(WORKERS)]
        for each in workers:
            each.start()
        for each in workers:
            each.join(120)
        assert [each.exitcode for each in workers] == [0] * WORKERS
        assert flow.instance(desk).version == 1 + WORKERS * ROUNDS
        assert len(flow.instances(machine="slip")) == 1
        report = verify_store(flow.store)
        assert report.sound, report.flaw
