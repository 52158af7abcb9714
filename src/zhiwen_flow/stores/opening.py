"""
Open a store by its URL, or on a connection of the host's (打开存储).

A driver is loaded for who asks for it: each is an extra, and loading one takes a tenth of a second.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from zhiwen_flow.clock import Clock
from zhiwen_flow.errors import StoreError
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.outbox import Outbox
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.stores.sql.outbox import SqlOutbox
from zhiwen_flow.stores.sql.sqlite import SqliteDriver, SqliteStore
from zhiwen_flow.stores.sql.store import SqlStore

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


def open_store(url: str, *, tenant: str = "default", clock: Clock | None = None) -> Store:
    """
    Open the store of one tenant (打开存储).

    Args:
        url: ``memory:``, ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or
            ``postgresql://user:password@host:port/database``.
        tenant: Whose data.
        clock: Gives `recorded_at`; the system's by default.

    Raises:
        StoreError: the URL names no store that can be opened.
    """
    if url == "memory:":
        return MemoryStore(tenant, clock=clock)
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SqliteStore(url.removeprefix(SQLITE), tenant, clock=clock)
    if url.startswith(POSTGRES):
        store: Store = _postgres().PostgresStore(url, tenant, clock=clock)
        return store
    known = "`memory:`, `sqlite:///path/to/file.db` or `postgresql://user@host/database`"
    raise StoreError(f"`{url.partition(':')[0]}:…` is not a store; give {known}")


def open_outbox(url: str, *, tenant: str = "default") -> Outbox:
    """
    Open what waits to be published, of one tenant (打开待发布事项), on a connection of its own.

    Args:
        url: ``sqlite:///path/to/file.db`` or ``postgresql://user:password@host:port/database``; what lies in memory
            is published by who made it, through `MemoryOutbox`.
        tenant: Whose events.

    Raises:
        StoreError: the URL names no database that can be opened.
    """
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SqlOutbox(SqliteDriver(url.removeprefix(SQLITE)), tenant)
    if url.startswith(POSTGRES):
        return SqlOutbox(_postgres().PostgresDriver(url), tenant)
    known = "`sqlite:///path/to/file.db` or `postgresql://user@host/database`"
    raise StoreError(f"`{url.partition(':')[0]}:…` is no database to publish from; give {known}")


def open_joined(connection: Any, *, tenant: str = "default", clock: Clock | None = None, create: bool = False) -> Store:
    """
    Open the store of one tenant on a connection of the host's (并入宿主连接); the host commits or rolls back.

    Args:
        connection: Of `sqlite3` or psycopg, SQLAlchemy's connection or session, or Django's.
        tenant: Whose data.
        clock: Gives `recorded_at`; the system's by default.
        create: Whether to make our tables where there are none, inside the host's transaction.

    Raises:
        StoreError: it is none of these, or the database does not hold our tables.
    """
    raw = driver_connection(connection)
    if "sqlite3" in packages_of(raw):
        return SqlStore(SqliteDriver(connection=raw, create=create), tenant, clock=clock)
    if "psycopg" in packages_of(raw):
        return SqlStore(_postgres().PostgresDriver(connection=raw, create=create), tenant, clock=clock)
    known = "a connection of sqlite3 or psycopg 3, of SQLAlchemy or of Django on one of them"
    raise StoreError(f"a `{type(raw).__module__}` connection cannot be joined; give {known}")


def driver_connection(connection: Any) -> Any:
    """Take the driver's connection out of what SQLAlchemy or Django wrap around it (取出驱动连接)."""
    packages = packages_of(connection)
    if "django" in packages:
        connection.ensure_connection()
        return connection.connection
    if "sqlalchemy" in packages:
        joined = connection.connection() if callable(connection.connection) else connection
        if not joined.in_transaction():
            # Else a later commit would find nothing begun, and leave our rows uncommitted.
            joined.begin()
        return joined.connection.driver_connection
    return connection


def packages_of(connection: Any) -> set[str]:
    """Name the packages that a connection's class comes of (连接所属程序包); a host may have derived its own."""
    return {each.__module__.partition(".")[0] for each in type(connection).__mro__}


def _postgres() -> ModuleType:
    try:
        return import_module("zhiwen_flow.stores.sql.postgres")
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs its driver; install `zhiwen-flow[postgres]`") from error
