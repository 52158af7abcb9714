"""Worker processes: one that does as it is told and is killed, and walkers that work on beside it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any

from tests.crash.asking import DEFINITIONS, Answered, Mix, Request, asked_of
from tests.crash.ledger import Ledger
from tests.crash.phases import Page, Phase, watched
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.errors import StaleError, StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.stores.opening import open_store

AGAIN = "again"
"""The answer of a worker whose command lost the race: ask again."""

forks = multiprocessing.get_context("fork")


def flow_on(url: str) -> Flow:
    """Open a flow with the machines of the test."""
    return Flow(open_store(url), DEFINITIONS, actor=None, clock=SystemClock())


class Victim:
    """A worker that is asked over a pipe and may be killed at any moment; forking needs no second import."""

    def __init__(self, url: str) -> None:
        self.page = Page()
        self._pipe, theirs = forks.Pipe()
        self._process = forks.Process(target=_serve, args=(url, self.page, theirs), daemon=True)
        self._process.start()
        theirs.close()
        assert self._pipe.recv() == "ready"

    def send(self, request: Request) -> None:
        """Ask, and do not wait."""
        self._pipe.send(request)

    def has_answered(self) -> bool:
        """Whether an answer lies ready."""
        return self._pipe.poll()

    def receive(self) -> Any:
        """Take the answer; None where the worker died without one."""
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return None

    def ask(self, request: Request) -> tuple[Answered, ...]:
        """Ask until there is an answer."""
        while True:
            self.send(request)
            found: Any = self.receive()
            assert found is not None, "the worker died by itself"
            if found != AGAIN:
                assert isinstance(found, tuple), found
                return found

    def kill(self) -> Phase:
        """Kill it, and give the phase in which it died."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL
        return self.page.phase


def _serve(url: str, page: Page, pipe: Connection) -> None:
    with Flow(watched(url, page), DEFINITIONS, actor=None, clock=SystemClock()) as flow:
        page.enter(Phase.IDLE)
        pipe.send("ready")
        while True:
            request = pipe.recv()
            # Opening something of its own reads nothing.
            page.enter(Phase.APPEND if request.what == "board" else Phase.READ)
            try:
                found: Any = asked_of(flow, request)
            except StaleError:
                found = AGAIN
            except Exception as error:  # noqa: BLE001  the client fails with it
                found = repr(error)
            pipe.send(found)
            page.enter(Phase.IDLE)


class Walker:
    """A worker with a ledger of its own; where the database goes away it waits, and asks again with the same key."""

    def __init__(self, url: str, name: str, seed: int, desks: list[str], *, pause: float = 0.0) -> None:
        self.turn = forks.Lock()
        self._stop = forks.Event()
        self._pipe, theirs = forks.Pipe()
        parts = (url, Mix(name, seed, desks), self.turn, self._stop, theirs, pause)
        self._process = forks.Process(target=_walk, args=parts, daemon=True)
        self._process.start()
        theirs.close()

    def end(self) -> tuple[Ledger, int]:
        """Have it finish; give its ledger, and how often the database was not there."""
        self._stop.set()
        ledger, lost = self._pipe.recv()
        self._process.join(30)
        return ledger, lost


def _walk(url: str, mix: Mix, turn: Any, stop: Any, pipe: Connection, pause: float) -> None:
    ledger, lost = Ledger(), 0
    flow = _opened(url)
    while not stop.is_set():
        request = mix.next()
        ledger.asks(request)
        while True:
            with turn:
                try:
                    answers = asked_of(flow, request)
                    break
                except StaleError:
                    continue
                except StoreError:
                    lost += 1
            time.sleep(0.05)
        ledger.told(request, answers)
        mix.learn(request, answers)
        time.sleep(pause)
    flow.close()
    pipe.send((ledger, lost))


def _opened(url: str) -> Flow:
    while True:
        with contextlib.suppress(StoreError):
            return flow_on(url)
        time.sleep(0.05)
