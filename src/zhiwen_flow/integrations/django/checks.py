"""
System checks (系统检查): what would go wrong later is said when the host starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  Django's own word
from django.db import connections

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import DefinitionError, Fault, SettingsError, ZhiwenError
from zhiwen_flow.integrations.django.conf import NAME, Conf, read_conf
from zhiwen_flow.integrations.django.tables import VENDORS, revision
from zhiwen_flow.stores.sql.revisions import HEAD_REVISION, REVISIONS

Check = Callable[..., list[CheckMessage]]


def register_checks() -> None:
    """Register the app's checks (登记系统检查)."""
    register(check_settings)
    register(check_tables, Tags.database)


def check_settings(**_: Any) -> list[CheckMessage]:
    """Check settings, database, provider of actors, time zone and definitions (检查设置与定义)."""
    try:
        found = read_conf()
    except SettingsError as error:
        return [_fault(each, "zhiwen_flow.E001") for each in error.faults]
    return [*_database(found), *_actor(found), *_zone(), *_definitions(found)]


def check_tables(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that our tables are there and of this program's revision (检查数据表); asks the database."""
    try:
        alias = read_conf().database
    except SettingsError:
        return []
    if alias not in (databases or ()) or alias not in connections or connections[alias].vendor not in VENDORS:
        return []
    found = revision(connections[alias])
    if found == HEAD_REVISION:
        return []
    if found is not None and found not in REVISIONS:
        what = f"The tables in database `{alias}` are of revision {found}, newer than {HEAD_REVISION}."
        return [Error(what, hint="Update zhiwen-flow before this host starts.", id="zhiwen_flow.E003")]
    # Not an error: `migrate`, which mends it, would be kept from running.
    what = "are missing" if found is None else f"are of revision {found}, older than {HEAD_REVISION}"
    hint = f"Run `manage.py migrate zhiwen_flow --database {alias}`; back the database up first."
    return [Warning(f"The tables in database `{alias}` {what}.", hint=hint, id="zhiwen_flow.W003")]


def _fault(fault: Fault, id: str) -> CheckMessage:
    place = f"{fault.where}: {fault.path}" if fault.path else fault.where
    return Error(f"{place}: {fault.what}.", hint=f"{fault.mend[:1].upper()}{fault.mend[1:]}.", id=id)


def _database(found: Conf) -> Iterable[CheckMessage]:
    alias, id = found.database, "zhiwen_flow.E002"
    if alias not in connections:
        hint = f"Name one of {', '.join(sorted(connections))} as {NAME}['DATABASE']."
        yield Error(f"There is no database `{alias}`.", hint=hint, id=id)
        return
    connection = connections[alias]
    if connection.vendor not in VENDORS:
        hint = f"Keep our tables in SQLite or PostgreSQL, and name that alias as {NAME}['DATABASE']."
        yield Error(f"Database `{alias}` is {connection.vendor}, which holds no store.", hint=hint, id=id)
    elif connection.vendor == "postgresql" and connection.Database.__name__ != "psycopg":
        hint = "Install `zhiwen-flow[postgres]`, which brings psycopg 3, and remove psycopg2."
        yield Error(f"Database `{alias}` is reached by psycopg 2.", hint=hint, id=id)
    elif connection.vendor == "sqlite" and connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        hint = f"Set DATABASES['{alias}']['OPTIONS']['transaction_mode'] = 'IMMEDIATE'."
        what = f"In database `{alias}` a transaction that reads first fails at once where another one writes meanwhile."
        yield Warning(what, hint=hint, id="zhiwen_flow.W007")


def _actor(found: Conf) -> Iterable[CheckMessage]:
    if found.actor is None:
        hint = f"Set {NAME}['ACTOR'] to the dotted path of a function of the request that gives the Actor, or None."
        yield Error("No provider of actors is set: every command is refused.", hint=hint, id="zhiwen_flow.E004")


def _zone() -> Iterable[CheckMessage]:
    if not settings.USE_TZ:
        hint = "Set USE_TZ = True; moments that are handed to a command must have a time zone."
        yield Warning("Django gives moments without a time zone.", hint=hint, id="zhiwen_flow.W005")


def _definitions(found: Conf) -> Iterable[CheckMessage]:
    id = "zhiwen_flow.E006"
    try:
        Definitions.load(**found.definitions)
    except DefinitionError as error:
        yield from (_fault(each, id) for each in error.faults)
    except (ZhiwenError, TypeError, AttributeError) as error:
        hint = f"Correct the definitions that {NAME} names."
        yield Error(f"The definitions cannot be loaded: {error}.", hint=hint, id=id)
