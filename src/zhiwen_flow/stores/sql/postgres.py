"""
PostgreSQL for the SQL store (服务端数据库), by psycopg 3; needs the extra ``postgres``.

READ COMMITTED, rows locked in the order of their ids. What goes together is sent together: in one statement, or in a
pipeline. A lost connection is opened anew for the next call.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict
from psycopg.postgres import register_default_adapters
from psycopg.rows import tuple_row

from zhiwen_flow.clock import Clock
from zhiwen_flow.errors import ClosedError, CorruptStoreError, MisuseError, StoreError
from zhiwen_flow.loading import DATA
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import (
    NO_TEXT,
    Crossed,
    Group,
    Guard,
    Row,
    Statement,
    Taken,
    check_url,
    is_group,
    unreadable_url,
)
from zhiwen_flow.stores.sql.migrations.append_only import ARCHIVIST
from zhiwen_flow.stores.sql.revisions import UNMARKED, check_revision
from zhiwen_flow.stores.sql.store import SqlStore

LOCK_SECONDS = 10
"""How long a row that another one holds is waited for."""

WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted AND relation = 'zhiwen_events'::regclass
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND pid IS DISTINCT FROM pg_backend_pid()
"""

_UNWRITTEN: dict[type[BaseException], str] = {
    psycopg.errors.DiskFull: "the server's disk is full ({}); nothing was written; "
    "free space, then ask again with the same key",
    psycopg.errors.ProgramLimitExceeded: "{}; nothing was written; give a shorter id, business id, post or tenant",
}
_VALUES = re.compile(r"VALUES \(((?:[^()]|\(\))*)\)")


@cache
def _native(text: str) -> bytes:
    return text.replace("?", "%s").encode()


@cache
def _combined(texts: tuple[str, ...]) -> bytes:
    """Make one statement of several: the first must change a row, or none of the others does anything."""
    parts = [f"moved AS ({texts[0]})"]
    for number, text in enumerate(texts[1:]):
        name = "written" if text == sql.INSERT_EVENT else f"part_{number}"
        parts.append(f"{name} AS ({_depending(text)})")
    return _native("WITH " + ", ".join(parts) + " SELECT 1 FROM moved")  # noqa: S608  constants only


def _sent(step: Statement | Group) -> tuple[bytes, Sequence[Any]]:
    """Give the text as the server takes it, and the values; a group is one statement."""
    if is_group(step):
        return _combined(tuple(text for text, _ in step)), [value for _, values in step for value in values]
    text, values = step
    return _native(text), values


def _depending(text: str) -> str:
    if text.lstrip().startswith(("DELETE", "UPDATE")):
        return text + " AND EXISTS (SELECT 1 FROM moved)"  # noqa: S608
    found = _VALUES.search(text)
    assert found is not None
    source = "written" if "lastval()" in text else "moved"
    values = found[1].replace("lastval()", "seq")
    selected = f"SELECT {values} FROM {source}"  # noqa: S608  constants only
    return text[: found.start()] + selected + text[found.end() :]


_ADAPTERS = AdaptersMap(types=psycopg.adapters.types)
register_default_adapters(_ADAPTERS)


class _Cursor(psycopg.Cursor[Row]):
    """A cursor that reads and writes values as the driver does (本库游标), whatever a host has set for its own."""

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS


_CROSSED = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.PipelineAborted,
)


class PostgresDriver:
    """
    A connection to PostgreSQL (PostgreSQL 连接); of ours, or one that the host hands over.

    Args:
        url: ``postgresql://user:password@host:port/database?…`` as libpq reads it.
        connection: The host's connection; it commits and rolls back itself.
        create: Whether to make our tables on the host's connection, where there are none.

    Raises:
        StoreError: the server cannot be reached, or the schema is another one.
    """

    kind: Literal["postgresql"] = "postgresql"

    def __init__(
        self, url: str = "", *, connection: psycopg.Connection[Any] | None = None, create: bool = False
    ) -> None:
        self.joined = connection is not None
        self._url = url
        self.name = "the host's PostgreSQL connection" if connection is not None else _shown(url)
        self._closed = False
        self._depth = 0
        self._guard = Guard(self._library_error, chained=False)
        self._stream: psycopg.Pipeline | None = None
        self._db = connection if connection is not None else self._connected()
        try:
            with self._guard:
                check_revision(self._revision(), self.name, None if self.joined and not create else self._create)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"PostgresDriver({self.name})"

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            db: psycopg.Connection[Any] = psycopg.connect(
                self._url, autocommit=True, application_name="zhiwen_flow", connect_timeout=LOCK_SECONDS
            )
            db.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        except psycopg.Error as error:
            raise StoreError(
                f"{self.name} cannot be reached: {_told(error)}; check address, rights and server"
            ) from None
        return db

    def _cursor(self) -> psycopg.Cursor[Row]:
        if self._closed:
            raise ClosedError(f"{self.name} was closed; open it again")
        if self._db.closed and not self.joined and not self._depth:
            # Never inside a transaction: what it wrote before is gone, and the rest must not be kept without it.
            self._db = self._connected()
        return _Cursor(self._db, row_factory=tuple_row)

    def _revision(self) -> str | None:
        cursor = self._cursor()
        # Not `to_regclass`: it would answer out of what this session remembers from before it waited for another one.
        asked = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'zhiwen_version' AND pg_table_is_visible(oid)"
        if cursor.execute(asked).fetchone() is None:
            return None
        row = cursor.execute("SELECT version_num FROM zhiwen_version").fetchone()
        return str(row[0]) if row is not None else UNMARKED

    def _create(self) -> None:
        with self.transaction():
            # Two processes that find an empty database make its tables one after the other.
            self._cursor().execute("SELECT pg_advisory_xact_lock(7217219)")
            if self._revision() is None:
                script = (DATA / "schema" / "postgresql.sql").read_bytes()
                self._cursor().execute(script)

    @property
    def busy(self) -> bool:
        """See `Driver.busy`."""
        # A connection that was lost knows of none.
        return self._db.info.transaction_status not in (pq.TransactionStatus.IDLE, pq.TransactionStatus.UNKNOWN)

    def query(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """See `Driver.query`."""
        with self._guard:
            cursor = self._cursor().execute(_native(text), values)
            if self._stream is not None:
                # Before, it is not known whether there are rows.
                self._stream.sync()
            return cursor.fetchall() if cursor.description is not None else []

    def write(self, steps: Iterable[Statement | Group]) -> list[list[Row]]:
        """See `Driver.write`."""
        with self.streaming():
            rows = self.send(steps)
        return rows()

    def send(self, steps: Iterable[Statement | Group]) -> Callable[[], list[list[Row]]]:
        """See `Driver.send`."""
        with self._guard:
            cursors = [self._cursor().execute(*_sent(step)) for step in steps]

        def rows() -> list[list[Row]]:
            with self._guard:
                if self._stream is not None:
                    self._stream.sync()
                return [each.fetchall() if each.description is not None else [] for each in cursors]

        return rows

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """See `Driver.streaming`."""
        with self._guard, self._db.pipeline() as stream:
            before, self._stream = self._stream, stream
            try:
                yield
            finally:
                self._stream = before

    def conditional(self, group: Group) -> bool:
        """See `Driver.conditional`."""
        with self._guard:
            return self._cursor().execute(*_sent(group)).fetchone() is not None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Driver.transaction`."""
        with self._guard:
            cursor = self._cursor()
            if self.joined and not self._db.autocommit and not self.busy:
                # So that what follows is a savepoint in the host's transaction, and not one that ends here.
                cursor.execute("SELECT 1")
            with self._inside(), self._db.transaction():
                yield
                if self._db.closed:
                    # The driver leaves a lost transaction without a word, as if it had been committed.
                    raise psycopg.OperationalError("the transaction was lost before its commit")

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Driver.snapshot`."""
        if self.busy:
            yield
            return
        with self._guard:
            self._cursor().execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with self._inside():
                try:
                    yield
                finally:
                    if not self._db.closed:
                        self._cursor().execute("ROLLBACK")

    def settle(self) -> None:
        """
        See `Driver.settle`.

        Whoever inserts holds a lock on the table from before the number is taken until the end of the transaction; who
        takes that lock later gets a higher number. So those who hold it now are waited for, and nobody is held up.
        """
        waited = {row[0] for row in self.query(WRITERS)}
        end = time.monotonic() + LOCK_SECONDS
        while waited:
            waited &= {row[0] for row in self.query(WRITERS)}
            if waited and time.monotonic() > end:
                raise StoreError(
                    f"{self.name}: a transaction that writes events is open for more than {LOCK_SECONDS} s; "
                    "end it, or ask again when it has ended"
                )
            time.sleep(0.01 if waited else 0)

    def archive(self) -> None:
        """See `Driver.archive`."""
        self.query(f"SET LOCAL ROLE {ARCHIVIST}")

    def scrub(self) -> bool:
        """See `Driver.scrub`: only the administrator's ``VACUUM``, and time, remove a deleted row from the files."""
        return False

    def ids(self, names: Iterable[str] | Iterable[int]) -> list[str | int]:
        """See `Driver.ids`."""
        return list(names)

    def close(self) -> None:
        """See `Driver.close`."""
        self._closed = True
        if not self.joined:
            self._db.close()

    def _crossed(self, error: psycopg.Error) -> StoreError:
        if isinstance(error, psycopg.errors.PipelineAborted):
            # What failed before it was not told yet; all of it is undone, and begun anew it fails by its own name.
            return Crossed(f"{self.name}: an earlier part of the batch failed; nothing was written, ask again")
        if self.joined:
            return StoreError(f"{self.name}: another transaction was in the way; roll back, and begin anew")
        return Crossed(f"{self.name}: another transaction was in the way; nothing was written, ask again")

    def _library_error(self, error: BaseException) -> Exception | None:
        """Say what went wrong and what to do; values never stand in it."""
        if isinstance(error, UnicodeEncodeError) or (type(error) is psycopg.DataError and "NUL" in str(error)):
            # Told before anything was sent.
            return MisuseError(NO_TEXT)
        if not isinstance(error, psycopg.Error):
            return None
        if isinstance(error, psycopg.errors.UniqueViolation):
            return Taken()
        if isinstance(error, psycopg.IntegrityError):
            return CorruptStoreError(f"{self.name}: {_told(error)}")
        if isinstance(error, _CROSSED):
            return self._crossed(error)
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return StoreError(f"{self.name}: a row was held for {LOCK_SECONDS} s by another one; ask again")
        if type(error) in _UNWRITTEN:
            return StoreError(f"{self.name}: {_UNWRITTEN[type(error)].format(_told(error))}")
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            mend = "whether the last command was written is not known: ask again with the same key"
            return StoreError(f"{self.name}: the connection was lost ({_told(error)}); {mend}")
        return StoreError(f"{self.name}: {_told(error)}; check rights and schema")


def _told(error: psycopg.Error) -> str:
    """Give the first line of a server's message; what follows may quote values."""
    said = error.diag.message_primary or str(error) or type(error).__name__
    return said.strip().splitlines()[0]


def _shown(url: str) -> str:
    """Name a database without its password."""
    check_url(url)
    try:
        found = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # What libpq says of it quotes the part that it stopped at, and that may be the password.
        raise unreadable_url() from None
    return f"PostgreSQL `{found.get('dbname', '')}` at {found.get('host', 'the local socket')}"


class PostgresStore(SqlStore):
    """
    A store of one tenant in PostgreSQL (服务端存储).

    Args:
        url: ``postgresql://user:password@host:port/database``.
        tenant: Whose data.
        clock: Gives `recorded_at`.

    Raises:
        StoreError: the server cannot be reached, or the schema is another one.
    """

    def __init__(self, url: str, tenant: str = "default", *, clock: Clock | None = None) -> None:
        super().__init__(PostgresDriver(url), tenant, clock=clock)
