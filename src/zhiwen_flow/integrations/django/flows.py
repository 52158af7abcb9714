"""
A flow on Django's own connection (并入 Django 事务的流程): rows of the host and ours commit or roll back together.

Definitions are loaded once per process; a flow is made anew for every request, and is cheap.
"""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any, cast

import attrs
from django.core.exceptions import PermissionDenied
from django.core.signals import setting_changed
from django.db import connections

from zhiwen_flow.audit.view import PUBLIC, Viewer
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import Fault, MisuseError, SettingsError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.django.conf import NAME, Conf, read_conf
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.stores.memory import MemoryStore


class NobodyActsError(MisuseError, PermissionDenied):
    """The host names nobody who acts in this request (当前用户不是经办人); Django answers it with 403."""


@attrs.define
class _Process:
    """What one process has loaded (进程内已加载的设置与定义)."""

    conf: Conf | None = None
    flow: Flow | None = None
    lock: Any = attrs.field(factory=threading.RLock)


_process = _Process()


def conf() -> Conf:
    """
    Give the app's settings, read once (应用设置).

    Raises:
        SettingsError: they have faults; all are named.
    """
    if _process.conf is None:
        _process.conf = read_conf()
    return _process.conf


def loaded() -> Flow:
    """
    Give the flow that holds what this process has loaded (已加载的定义); it stores nothing, and is only joined.

    Raises:
        SettingsError: the settings have faults.
        DefinitionError: a definition has faults.
    """
    with _process.lock:
        if _process.flow is None:
            found, clock = conf(), conf().clock or SystemClock()
            definitions = Definitions.load(**found.definitions)
            _process.flow = Flow(
                MemoryStore(clock=clock), definitions, actor=None, clock=clock, telemetry=found.telemetry
            )
        return _process.flow


def forget(*, setting: str = NAME, **_: Any) -> None:
    """Forget what was loaded, where the setting has changed under test (重新读取设置)."""
    if setting == NAME:
        _process.conf = _process.flow = None


setting_changed.connect(forget)


def flow(request: Any = None, *, tenant: str | None = None) -> Flow:
    """
    Give a flow on Django's connection (取得流程): inside `transaction.atomic` part of it, outside each command its own.

    Make one for every request or task, in the thread that uses it, and do not keep it.

    Args:
        request: Whose user acts, by the setting `ACTOR`; without one every command must name its actor.
        tenant: Whose data; by the setting `TENANT` where it is not given.

    Raises:
        SettingsError: the settings have faults, or name no provider of actors: then nobody may act.
        StoreError: the database does not hold our tables.
    """
    found = conf()
    if found.actor is None:
        what, mend = "is not set: nobody may act", "name a function of the request that gives the Actor"
        raise SettingsError(Fault(NAME, "ACTOR", what, mend))
    return _joined(found, tenant or tenant_of(request), None if request is None else lambda: acting(request))


def reading(request: Any = None, *, tenant: str | None = None) -> Flow:
    """Give a flow that only reads (只读流程), for screens and checks: it names nobody who acts."""
    return _joined(conf(), tenant or tenant_of(request), None)


def _joined(found: Conf, tenant: str, actor: Any) -> Flow:
    connection = connections[found.database]
    # What is written into a transaction that Django will roll back must not be answered as done.
    connection.validate_no_broken_transaction()
    return loaded().joined(connection, actor=actor, tenant=tenant)


def acting(request: Any) -> Actor:
    """
    Say who acts in a request (当前经办人).

    Raises:
        NobodyActsError: the provider names nobody.
    """
    provider = conf().actor
    actor = provider(request) if provider is not None else None
    if actor is None:
        raise NobodyActsError("the provider of actors names nobody for this request; only reading is open to it")
    return actor


def tenant_of(request: Any) -> str:
    """
    Say whose data a request is about (当前租户).

    Raises:
        SettingsError: tenants hang on the request, and there is none.
    """
    tenant = conf().tenant
    if isinstance(tenant, str):
        return tenant
    if request is None:
        raise SettingsError(Fault(NAME, "TENANT", "hangs on the request, and there is none", "name the tenant"))
    return tenant(request)


def now() -> dt.datetime:
    """Give the moment by the host's clock (当前时间)."""
    moment: dt.datetime = (conf().clock or SystemClock()).now()
    return moment.astimezone(ZONE)


def today() -> dt.date:
    """Give the day in Beijing time (当天)."""
    return now().date()


def viewer_of(request: Any) -> Viewer:
    """Say as whom a request looks at the log (当前查看人); as the public where the host names nobody."""
    provider = conf().viewer
    return cast("Viewer", provider(request) or PUBLIC) if provider is not None else PUBLIC
