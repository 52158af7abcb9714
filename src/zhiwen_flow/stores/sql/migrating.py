"""
Bring a database to the schema of this program (升级数据库), by alembic; needs the extra ``sql``.

Opening a store never migrates: a host decides when. What was begun and not finished is told, and can be run again.
"""

from __future__ import annotations

import io
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from zhiwen_flow.errors import StoreError
from zhiwen_flow.stores.sql.driver import check_url
from zhiwen_flow.stores.sql.revisions import HALF_MADE, HEAD_REVISION, REVISIONS, UNMARKED, VERSION_TABLE

_HERE = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def schema_text(dialect: str, *, since: str | None = None) -> str:
    """
    Write the schema as SQL (数据表定义), for a database administrator to read and run.

    Args:
        dialect: ``"sqlite"`` or ``"postgresql"``.
        since: Revision to start from; from nothing by default. Filling new columns is left to `migrate`.

    Raises:
        StoreError: there is no such revision.

    >>> "CREATE TABLE zhiwen_events" in schema_text("postgresql")
    True
    """
    if since is not None and since not in REVISIONS:
        raise StoreError(f"there is no revision {since!r}; the revisions are {', '.join(REVISIONS)}")
    config, buffer = _config(), io.StringIO()
    config.set_main_option("dialect", dialect)
    config.attributes["buffer"] = buffer
    command.upgrade(config, f"{since}:{HEAD_REVISION}" if since else HEAD_REVISION, sql=True)
    return buffer.getvalue().strip() + "\n"


def migrate(url: str, *, to: str = HEAD_REVISION) -> tuple[str | None, str]:
    """
    Bring a database to a revision (升级数据库): whole or not at all, for both databases change tables in transactions.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        to: The revision; this program's by default.

    Returns:
        The revision it had (None: none yet) and the one it has now.

    Raises:
        StoreError: the database cannot be reached or changed, or is newer than this program.
    """
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            before = _revision(connection)
            if before == UNMARKED:
                raise StoreError(f"the database {HALF_MADE}")
            if before is not None and before not in REVISIONS:
                raise StoreError(f"the database has schema {before}, newer than {HEAD_REVISION}; update zhiwen_flow")
            if before is None or REVISIONS.index(before) < REVISIONS.index(to):
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, to)
            return before, _revision(connection) or to
    except sa.exc.SQLAlchemyError as error:
        told = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error)
        cause = told.strip().partition("\n")[0]
        raise StoreError(
            f"the database was not migrated and is as it was: {cause}; mend the cause, run again"
        ) from error
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    if url.startswith("postgresql://"):
        check_url(url)
        return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    if not url.startswith("sqlite:///"):
        raise StoreError("only `sqlite:///path` and `postgresql://…` are migrated; give one of them")
    engine = sa.create_engine(url)

    # The driver would begin a transaction before rows only, and tables would change outside it.
    @sa.event.listens_for(engine, "connect")
    def _manual(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _revision(connection: sa.Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        # Two processes that find an empty database make its tables one after the other.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7217219)")
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  a constant
    return str(found) if found is not None else UNMARKED
