"""
SQLite for the SQL store (嵌入式数据库): the standard library's driver, one file, one writer at a time.

WAL, full synchronisation, `BEGIN IMMEDIATE` and a busy timeout. A connection serves one thread; several connections and
processes may share a file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

from zhiwen_flow.clock import Clock
from zhiwen_flow.errors import ClosedError, CorruptStoreError, MisuseError, StoreError
from zhiwen_flow.loading import DATA
from zhiwen_flow.stores.sql.driver import NO_TEXT, Group, Guard, Row, Statement, Taken, is_group
from zhiwen_flow.stores.sql.revisions import UNMARKED, check_revision
from zhiwen_flow.stores.sql.store import SqlStore

BUSY_SECONDS = 10.0
_AGAIN = "nothing was written; {}, then ask again with the same key"
_MENDS = {
    sqlite3.SQLITE_FULL: _AGAIN.format("free space"),
    sqlite3.SQLITE_BUSY: _AGAIN.format(f"another writer held it for {BUSY_SECONDS:.0f} s: see that it ends"),
}
_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE)


class SqliteDriver:
    """
    A connection to SQLite (SQLite 连接); of ours, or one that the host hands over.

    Args:
        path: The database file; made when it is not there.
        connection: The host's connection; it commits and rolls back itself.
        create: Whether to make our tables on the host's connection, where there are none.

    Raises:
        StoreError: the file cannot be opened or written, or is of another schema.
        CorruptStoreError: it is not a database.
    """

    kind: Literal["sqlite"] = "sqlite"

    def __init__(
        self, path: str | Path = "", *, connection: sqlite3.Connection | None = None, create: bool = False
    ) -> None:
        self.joined = connection is not None
        self.name = "the host's SQLite connection" if connection is not None else str(path)
        self._depth = 0
        self._closed = False
        self._guard = Guard(self._told, chained=True)
        with self._guard:
            self._db = connection if connection is not None else _connected(str(path))
        try:
            with self._guard:
                check_revision(self._revision(), self.name, None if self.joined and not create else self._create)
        except BaseException:
            self.close()
            raise

    def _revision(self) -> str | None:
        asked = "SELECT count(*) FROM sqlite_schema WHERE name = 'zhiwen_version'"
        if not self._run(asked)[0][0]:
            return None
        rows = self._run("SELECT version_num FROM zhiwen_version")
        return str(rows[0][0]) if rows else UNMARKED

    def _create(self) -> None:
        with self.transaction():
            if self._revision() is None:
                for statement in _statements((DATA / "schema" / "sqlite.sql").read_text("utf-8")):
                    self._db.execute(statement)

    @property
    def busy(self) -> bool:
        """See `Driver.busy`."""
        return self._db.in_transaction

    def query(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """See `Driver.query`."""
        with self._guard:
            return self._run(text, values)

    def _run(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        db = self._db
        if not self.joined:
            return db.execute(text, values).fetchall()
        # A cursor of our own has no row factory; the text factory is the host's again before it sees a row.
        cursor, kept, db.text_factory = sqlite3.Cursor(db), db.text_factory, str
        try:
            return cursor.execute(text, values).fetchall()
        finally:
            db.text_factory = kept

    def write(self, steps: Iterable[Statement | Group]) -> list[list[Row]]:
        """See `Driver.write`."""
        with self._guard:
            return [self._group(each) if is_group(each) else self._one(each) for each in steps]

    def send(self, steps: Iterable[Statement | Group]) -> Callable[[], list[list[Row]]]:
        """See `Driver.send`."""
        found = self.write(steps)
        return lambda: found

    def streaming(self) -> AbstractContextManager[None]:
        """See `Driver.streaming`; there is nobody else who could work meanwhile."""
        return nullcontext()

    def _one(self, statement: Statement | Group) -> list[Row]:
        return self._run(*statement)

    def _group(self, group: Group) -> list[Row]:
        found = self._run(*group[0])
        for text, values in group[1:] if found else ():
            self._run(text, values)
        return found

    def conditional(self, group: Group) -> bool:
        """See `Driver.conditional`."""
        run = self._db.execute
        with self._guard:
            run("BEGIN IMMEDIATE")
            try:
                moved = bool(self._group(group))
                run("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    run("ROLLBACK")
                raise
        return moved

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Driver.transaction`."""
        with self._guard:
            begin, end, back = self._marks()
            self._db.execute(begin)
            self._depth += 1
            try:
                yield
                if end:
                    self._db.execute(end)
            except BaseException:
                if self._db.in_transaction:
                    for each in back:
                        self._db.execute(each)
                raise
            finally:
                self._depth -= 1

    def _marks(self) -> tuple[str, str, tuple[str, ...]]:
        """Say how a transaction begins, ends and is undone here: inside another one it is a savepoint."""
        if not self._db.in_transaction:
            # From Python 3.12 on, `autocommit=True` leaves a host without a commit of its own as well.
            manual = self._db.isolation_level is None or getattr(self._db, "autocommit", None) is True
            if not self.joined or manual:
                return "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
            # The driver would begin before the first row is written; so do we, and leave the end to the host.
            self._db.execute("BEGIN IMMEDIATE")
        mark = f"zhiwen_{self._depth}"
        return f"SAVEPOINT {mark}", f"RELEASE {mark}", (f"ROLLBACK TO {mark}", f"RELEASE {mark}")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Driver.snapshot`."""
        if self._db.in_transaction:
            yield
            return
        with self._guard:
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def settle(self) -> None:
        """See `Driver.settle`; there is one writer at a time, so that numbers are committed in their order."""

    def archive(self) -> None:
        """See `Driver.archive`; whoever may write the file may archive."""

    def scrub(self) -> bool:
        """See `Driver.scrub`: the old pages that the write-ahead log still holds go with it."""
        if self.joined or self.busy:
            return False
        return not self.query("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]

    def ids(self, names: Iterable[str] | Iterable[int]) -> str:
        """See `Driver.ids`."""
        return json.dumps(list(names))

    def close(self) -> None:
        """See `Driver.close`."""
        self._closed = True
        if not self.joined:
            self._db.close()

    def _told(self, error: BaseException) -> Exception | None:
        """Say what went wrong and what to do."""
        if isinstance(error, UnicodeEncodeError):
            return MisuseError(NO_TEXT)
        if isinstance(error, sqlite3.ProgrammingError):
            if self._closed:
                return ClosedError(f"`{self.name}` was closed; open it again")
            return StoreError(f"`{self.name}`: {error}; open the store again, one for each thread")
        if isinstance(error, sqlite3.IntegrityError):
            unique = error.sqlite_errorcode in _UNIQUE
            return Taken() if unique else CorruptStoreError(f"`{self.name}`: {error}")
        if isinstance(error, sqlite3.OperationalError):
            mend = _MENDS.get(error.sqlite_errorcode & 0xFF, "check path, rights and free space")
            return StoreError(f"`{self.name}`: {error}; {mend}")
        if isinstance(error, sqlite3.DatabaseError):
            return CorruptStoreError(f"`{self.name}`: {error}; restore it from a backup")
        return None


def _connected(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    # What is erased is overwritten, and so is what a page held before its rows moved to another one.
    db.execute("PRAGMA secure_delete = ON")
    return db


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class SqliteStore(SqlStore):
    """
    A store of one tenant in a SQLite file (嵌入式存储).

    Args:
        path: The database file; made when it is not there.
        tenant: Whose data.
        clock: Gives `recorded_at`.

    Raises:
        StoreError: the file cannot be opened or written, or is of another schema.
        CorruptStoreError: it is not a database.
    """

    def __init__(self, path: str | Path, tenant: str = "default", *, clock: Clock | None = None) -> None:
        super().__init__(SqliteDriver(path), tenant, clock=clock)
