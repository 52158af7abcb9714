"""Where inside a command a worker is: a byte of memory that its killer reads, written at each boundary."""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

from zhiwen_flow.changes import Changeset
from zhiwen_flow.model import Surroundings
from zhiwen_flow.stores.protocol import Answer
from zhiwen_flow.stores.sql.driver import Driver, Group
from zhiwen_flow.stores.sql.postgres import PostgresDriver
from zhiwen_flow.stores.sql.sqlite import SqliteDriver
from zhiwen_flow.stores.sql.store import SqlStore

STALL_SECONDS = 0.2
"""How long a worker waits for its killer at the boundary that was aimed at."""


class Phase(IntEnum):
    """What the worker has behind it; `WRITTEN` is the last moment before the commit."""

    IDLE = 0
    READ = 1
    APPEND = 2
    COMMIT = 3
    WRITTEN = 4
    ANSWER = 5


TOLD = {
    Phase.READ: "before read",
    Phase.APPEND: "before append",
    Phase.COMMIT: "before commit",
    Phase.ANSWER: "after commit before the answer",
}


class Page:
    """Memory that worker and killer share: the phase, and the phase at which the worker is to be found."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 2)

    @property
    def phase(self) -> Phase:
        """Give the phase that was entered last."""
        return Phase(self._map[0])

    def aim(self, phase: Phase) -> None:
        """Have the worker wait for its killer there; `IDLE` for nowhere."""
        self._map[1] = phase

    def enter(self, phase: Phase) -> None:
        """Pass a boundary."""
        self._map[0] = phase
        if phase and self._map[1] == phase:
            time.sleep(STALL_SECONDS)

    def leave_reading(self) -> None:
        """Say that something was read."""
        if self._map[0] == Phase.READ:
            self.enter(Phase.APPEND)


class _Watched:
    """A driver that tells of its commits."""

    page: Page

    def conditional(self, group: Group) -> bool:
        done: bool = super().conditional(group)  # type: ignore[misc]
        if done:
            self.page.enter(Phase.ANSWER)
        return done

    @contextmanager
    def transaction(self) -> Iterator[None]:
        outer = not self.busy  # type: ignore[attr-defined]
        with super().transaction():  # type: ignore[misc]
            yield
            if outer:
                self.page.enter(Phase.WRITTEN)
        if outer:
            self.page.enter(Phase.ANSWER)


class _WatchedSqlite(_Watched, SqliteDriver):
    def __init__(self, path: str, page: Page) -> None:
        self.page = page
        super().__init__(path)


class _WatchedPostgres(_Watched, PostgresDriver):
    def __init__(self, url: str, page: Page) -> None:
        self.page = page
        super().__init__(url)


class WatchedStore(SqlStore):
    """The store under test, wrapped from outside: it tells on which side of read, append and commit it is."""

    def __init__(self, driver: Driver, page: Page) -> None:
        super().__init__(driver)
        self.page = page

    def answer(self, key: str) -> Answer | None:
        """Look up, and say that something was read."""
        found = super().answer(key)
        self.page.leave_reading()
        return found

    def load(self, stream: str) -> Surroundings:
        """Load, and say so."""
        found = super().load(stream)
        self.page.leave_reading()
        return found

    def append(self, change: Changeset) -> Answer | None:
        """Write; inside a batch nothing is committed here."""
        self.page.enter(Phase.COMMIT)
        done = super().append(change)
        if self._batch is not None:
            self.page.enter(Phase.APPEND)
        return done

    @contextmanager
    def batch(self, *, streams: Sequence[str] = (), keys: Sequence[str] = ()) -> Iterator[None]:
        """Hold a batch; at its end it is written and committed."""
        with super().batch(streams=streams, keys=keys):
            self.page.leave_reading()
            yield
            self.page.enter(Phase.COMMIT)


def watched(url: str, page: Page) -> WatchedStore:
    """Open a database under watch."""
    driver: _WatchedSqlite | _WatchedPostgres
    if url.startswith("sqlite:///"):
        driver = _WatchedSqlite(url.removeprefix("sqlite:///"), page)
    else:
        driver = _WatchedPostgres(url, page)
    return WatchedStore(driver, page)
