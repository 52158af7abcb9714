"""
Our tables in Django's migrations (数据表迁移): what the library ships, run on Django's own connection.

A database without our tables gets the shipped schema, in the migration's transaction. One of an earlier revision is
brought on by the library's own steps, over a connection of their own, whole or not at all. Later is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connections, transaction
from django.db.migrations import RunPython
from django.db.migrations.exceptions import IrreversibleError

from zhiwen_flow.errors import StoreError
from zhiwen_flow.integrations.django.flows import conf
from zhiwen_flow.stores.opening import open_joined
from zhiwen_flow.stores.sql.migrating import migrate
from zhiwen_flow.stores.sql.revisions import REVISIONS, VERSION_TABLE
from zhiwen_flow.stores.sql.schema import metadata

VENDORS = ("sqlite", "postgresql")


def revision(connection: Any) -> str | None:
    """Say which revision of our tables a database has (数据表版本); None where it has none of them."""
    if VERSION_TABLE not in connection.introspection.table_names():
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608  a constant
        return str(cursor.fetchone()[0])


def to_revision(to: str) -> RunPython:
    """
    Make the step of a Django migration that brings our tables to a revision, or leaves later ones alone (升级数据表).

    Args:
        to: The revision.
    """
    return RunPython(_bringing(to), _drop)


def _bringing(to: str) -> Callable[[Any, Any], None]:
    def bring(_: Any, editor: Any) -> None:
        alias = editor.connection.alias
        if alias != conf().database:
            return
        found = revision(editor.connection)
        if found is None:
            with transaction.atomic(using=alias):
                open_joined(editor.connection, create=True)
        elif found not in REVISIONS:
            raise StoreError(f"the tables are of revision {found}, newer than this program; update zhiwen-flow first")
        elif REVISIONS.index(found) < REVISIONS.index(to):
            migrate(url_of(editor.connection), to=to)

    return bring


def _drop(_: Any, editor: Any) -> None:
    """Undo only what nobody has used: a log is never dropped."""
    if editor.connection.alias != conf().database or revision(editor.connection) is None:
        return
    with transaction.atomic(using=editor.connection.alias), editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM zhiwen_events)")
        if cursor.fetchone()[0]:
            raise IrreversibleError("the log has events and is never dropped; export it, and drop the tables by hand")
        for table in reversed(metadata.sorted_tables):
            cursor.execute(f"DROP TABLE {table.name}")
        cursor.execute(f"DROP TABLE {VERSION_TABLE}")
        if editor.connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION zhiwen_append_only()")


def url_of(connection: Any) -> str:
    """
    Write Django's settings of a database as the URL that the library opens (数据库地址).

    Raises:
        StoreError: it lies in memory, where no other connection finds it.
    """
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        if connection.is_in_memory_db():
            raise StoreError("the database lies in memory, and cannot be opened by another connection; use a file")
        return f"sqlite:///{told['NAME']}"
    user = quote(str(told["USER"]), safe="") + (f":{quote(str(told['PASSWORD']), safe='')}" if told["PASSWORD"] else "")
    host = quote(str(told["HOST"]), safe="") + (f":{told['PORT']}" if told["PORT"] else "")
    asked = urlencode({name: each for name, each in told["OPTIONS"].items() if isinstance(each, str)}, quote_via=quote)
    return f"postgresql://{user}@{host}/{quote(str(told['NAME']), safe='')}" + (f"?{asked}" if asked else "")


def standing() -> tuple[str, str | None]:
    """Give the alias of our database, and the revision of its tables (数据表现状)."""
    alias = conf().database
    return alias, revision(connections[alias])
