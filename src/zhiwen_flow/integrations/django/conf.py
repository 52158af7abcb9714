"""
The app's settings (应用设置): `ZHIWEN_FLOW` in the host's settings, read whole; every fault is named at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
from django.conf import settings
from django.utils.module_loading import import_string

from zhiwen_flow.errors import Fault, SettingsError
from zhiwen_flow.loading import Strict
from zhiwen_flow.model import Actor

NAME = "ZHIWEN_FLOW"
"""Name of the setting."""


@attrs.frozen(kw_only=True)
class Conf:
    """
    The settings as they were read (已读设置); in `ZHIWEN_FLOW` every key is written in capitals.

    Args:
        database: Alias of the database that holds our tables; SQLite, or PostgreSQL by psycopg 3.
        tenant: Whose data: a name, or a function of the request.
        actor: Function of the request that gives the `Actor`, or None for somebody who may not act.
        viewer: Function of the request that gives the `Viewer`; without one everybody sees as the public does.
        tick_actor: In whose name `zhiwen_tick` takes steps.
        sink: Where `zhiwen_relay` publishes to: a URL, or a function that makes the sink.
        clock: Where the time comes from; the system's by default.
        telemetry: What stands around every command; see `Flow.open`.
        definitions: What `Definitions.load` takes: machines, rulebook, directory, guards, calendar, strict, earlier,
            optional, standing, reminders.
    """

    database: str = "default"
    tenant: str | Callable[[Any], str] = "default"
    actor: Callable[[Any], Actor | None] | None = None
    viewer: Callable[[Any], Any] | None = None
    tick_actor: Actor | None = None
    sink: Any = None
    clock: Any = None
    telemetry: Any = None
    definitions: Mapping[str, Any] = attrs.field(factory=dict)


def read_conf() -> Conf:
    """
    Read `ZHIWEN_FLOW` of the host's settings (读取设置).

    Raises:
        SettingsError: it has faults; all are named.
    """
    return conf_of(getattr(settings, NAME, {}))


def conf_of(raw: Any) -> Conf:
    """
    Read settings from a table (核对设置).

    Args:
        raw: What the host wrote.

    Raises:
        SettingsError: it has faults; all are named.

    >>> conf_of({"TENANT": "bridge_bureau", "STRICT": True}).definitions
    {'strict': True}
    >>> conf_of({"TENNANT": "bridge_bureau", "STRICT": "yes"})
    Traceback (most recent call last):
    zhiwen_flow.errors.SettingsError: ZHIWEN_FLOW: TENNANT: is not a setting; did you mean `TENANT`?
    ZHIWEN_FLOW: STRICT: is str; write True or False
    """
    if not isinstance(raw, Mapping):
        raise SettingsError(Fault(NAME, "", f"is {type(raw).__name__}", "write a dict of settings"))
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, value in raw.items():
        try:
            found[str(key).lower()] = _reader(key)(value)
        except Strict as fault:
            faults.append(Fault(NAME, str(key), fault.what, fault.mend))
    if faults:
        raise SettingsError(*faults)
    named = {name: found.pop(name) for name in list(found) if name.upper() in _DEFINITIONS}
    return Conf(**found, definitions=named)


def _reader(key: Any) -> Callable[[Any], Any]:
    found = _OWN.get(key) or _DEFINITIONS.get(key)
    if found is None:
        known = [*_OWN, *_DEFINITIONS]
        near = difflib.get_close_matches(str(key).upper(), known, n=1)
        raise Strict("is not a setting", f"did you mean `{near[0]}`?" if near else "known are " + ", ".join(known))
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Strict(f"is {type(value).__name__}" if value != "" else "is empty", "write a name")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Strict(f"is {type(value).__name__}", "write True or False")
    return value


def _object(value: Any) -> Any:
    """Take an object as it is, or import it by its dotted path."""
    if not isinstance(value, str):
        return value
    try:
        return import_string(value)
    except ImportError as error:
        raise Strict(f"`{value}` cannot be imported ({error})", 'write a dotted path, "package.module.name"') from error


def _sink(value: Any) -> Any:
    """A URL stands for itself; a dotted path names a function."""
    return value if isinstance(value, str) and ":" in value else _object(value)


def _function(value: Any) -> Callable[..., Any]:
    found = _object(value)
    if not callable(found):
        raise Strict(f"is {type(found).__name__}, which cannot be called", "name a function that takes the request")
    return found  # type: ignore[no-any-return]


def _tenant(value: Any) -> str | Callable[[Any], str]:
    """A name stands for itself; a dotted path names a function."""
    if isinstance(value, str) and "." not in value:
        return _text(value)
    return _function(value)


def _made(value: Any) -> Any:
    """An object, or what a class or function makes of it."""
    found = _object(value)
    return found() if callable(found) else found


def _file(value: Any) -> Any:
    if isinstance(value, str) and not value:
        raise Strict("is empty", "write an id or a path")
    return value


def _list(one: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str | Path) or not hasattr(value, "__iter__"):
            raise Strict(f"is {type(value).__name__}", "write a list")
        return tuple(map(one, value))

    return read


def _actor(value: Any) -> Actor:
    if isinstance(value, Actor):
        return value
    if not isinstance(value, Mapping) or set(value) != {"id", "post"} or not all(map(_is_name, value.values())):
        raise Strict("does not name who acts", 'write {"id": "…", "post": "…"}')
    return Actor(**value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_OWN: Mapping[str, Callable[[Any], Any]] = {
    "DATABASE": _text,
    "TENANT": _tenant,
    "ACTOR": _function,
    "VIEWER": _function,
    "TICK_ACTOR": _actor,
    "SINK": _sink,
    "CLOCK": _made,
    "TELEMETRY": _made,
}
_DEFINITIONS: Mapping[str, Callable[[Any], Any]] = {
    "MACHINES": _list(_file),
    "RULEBOOK": _file,
    "DIRECTORY": _file,
    "GUARDS": _list(_object),
    "CALENDAR": _made,
    "STRICT": _flag,
    "EARLIER": _list(_file),
    "OPTIONAL": _list(_text),
    "STANDING": _file,
    "REMINDERS": _file,
}
