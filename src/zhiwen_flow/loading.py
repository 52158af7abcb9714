"""
Read TOML into frozen attrs values and name every fault at once.

`cattrs` does the structuring; this module makes it strict (no coercion, no unknown keys) and turns its errors into
`Fault` values with a table path. It knows nothing of machines, rulebooks or plans.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory
from cattrs.errors import AttributeValidationNote, ForbiddenExtraKeysError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError

DATA = Path(__file__).parent / "data"
"""Where the shipped files lie; plain files, because a package of plain data is never run out of an archive."""

T = TypeVar("T")


@attrs.frozen(kw_only=True, repr=False)
class Source:
    """
    Where a definition comes from (定义的出处): a name for messages, and its bytes.
    """

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex (内容哈希)."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def of(cls, path: str | Path) -> Source:
        """
        Read a file (读取文件).

        Raises:
            DefinitionError: the file cannot be read.
        """
        try:
            return cls(name=str(path), data=Path(path).read_bytes())
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DefinitionError(Fault(str(path), "", f"cannot be read: {reason}", "name a readable file")) from error

    @classmethod
    def shipped(cls, kind: str, id: str) -> Source:
        """
        Read what the package ships (读取随库数据), for example ``Source.shipped("machines", "complaint")``.

        Raises:
            UnknownNameError: nothing of that kind and id is shipped.
        """
        if id not in shipped(kind):
            raise UnknownNameError(kind.rstrip("s") or "file", id, shipped(kind))
        return cls(name=f"{id}.toml", data=(DATA / kind / f"{id}.toml").read_bytes())


def shipped(kind: str) -> tuple[str, ...]:
    """
    List the ids of what the package ships of a *kind* (随库数据清单): machines, rulebooks, directories, plans.
    """
    folder = DATA / kind
    if not folder.is_dir():
        return ()
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


def parse(source: Source) -> dict[str, Any]:
    """
    Parse TOML (解析 TOML).

    Raises:
        DefinitionError: the text is not UTF-8 or not TOML; the line is named.
    """
    try:
        return tomllib.loads(source.data.decode("utf-8"))
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8"
        raise DefinitionError(Fault(source.name, "", what, "save the file as UTF-8")) from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(Fault(source.name, "", f"is not TOML: {error}", "mend the syntax there")) from error


def structure(raw: Any, cls: type[T], *, where: str, path: str = "") -> T:
    """
    Turn parsed TOML into a value of *cls* (按类型组装).

    Raises:
        DefinitionError: with one fault for each thing that does not fit.
    """
    try:
        return _CONVERTER.structure(raw, cls)
    except Exception as error:
        raise DefinitionError(*_faults(error, where, path)) from error


def load(source: Source, cls: type[T]) -> T:
    """
    Parse and structure in one step (解析并组装).

    Raises:
        DefinitionError: see `parse` and `structure`.
    """
    return structure(parse(source), cls, where=source.name)


class Strict(Exception):
    """A value of the wrong shape; carries what and how to mend it (类型不符)."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


def structure_hook(cls: type[T]) -> Callable[[Callable[[Any], T]], Callable[[Any], T]]:
    """Register how a class with a shape of its own is built (登记特殊结构)."""

    def register(build: Callable[[Any], T]) -> Callable[[Any], T]:
        _CONVERTER.register_structure_hook(cls, lambda raw, _: build(raw))
        return build

    return register


_NAMES = {str: "text", int: "a whole number", bool: "true or false", dt.date: "a date", dt.datetime: "a date and time"}


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def check(raw: Any, _: Any) -> Any:
        if type(raw) is not kind:
            raise Strict(f"expected {_NAMES[kind]}, found {_shown(raw)}", f"write {_NAMES[kind]}")
        if isinstance(raw, str) and not raw.strip():
            raise Strict("the text is empty", "write it, or leave the key out")
        return raw

    return check


def _shown(raw: Any) -> str:
    text = repr(raw)
    return textwrap.shorten(text, 60, placeholder="…")


def _enum(raw: Any, cls: type[StrEnum]) -> StrEnum:
    known = [str(each.value) for each in cls]
    if raw not in known:
        raise Strict(f"{_shown(raw)} is not one of {', '.join(known)}", "use one of these codes")
    return cls(raw)


def _table(cls: type) -> Callable[[Any, Any], Any]:
    fields = attrs.fields(cls)
    keys = {each.name: each.metadata["key"] for each in fields if "key" in each.metadata}
    _KEYS.update(keys)
    overrides = {name: override(rename=key) for name, key in keys.items()}
    overrides |= {each.name: override(omit=True) for each in fields if not each.init}
    build: Callable[[Any, Any], Any]
    build = make_dict_structure_fn(cls, _CONVERTER, _cattrs_forbid_extra_keys=True, **overrides)  # type: ignore[arg-type]

    def structured(raw: Any, kind: Any) -> Any:
        if not isinstance(raw, dict):
            raise Strict(f"expected a table, found {_shown(raw)}", "write a table")
        return build(raw, kind)

    return structured


def _sequence(kind: Any) -> Callable[[Any, Any], Any]:
    build = list_structure_factory(kind, _CONVERTER)

    def structured(raw: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise Strict(f"expected a list, found {_shown(raw)}", "write a list: [ … ]")
        return tuple(build(raw, kind))

    return structured


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _faults(error: BaseException, where: str, path: str) -> Iterator[Fault]:
    path += _step(error)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _faults(each, where, path)
        return
    place = path.lstrip(".")
    if isinstance(error, Strict):
        yield Fault(where, place, error.what, error.mend)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(sorted(each.metadata.get("key", each.name) for each in attrs.fields(error.cl) if each.init))
        for name in sorted(error.extra_fields):
            yield Fault(where, f"{path}.{name}".lstrip("."), "unknown key", f"known here: {known}")
    elif isinstance(error, KeyError):
        yield Fault(where, place, f"`{error.args[0]}` is missing", f"add `{error.args[0]}`")
    else:
        yield Fault(where, place, str(error) or type(error).__name__, "see the reference page of the format")


def _step(error: BaseException) -> str:
    """Read from the notes of `cattrs` which attribute or item an error belongs to."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote) and not isinstance(error, KeyError):
            return f".{_KEYS.get(note.name, note.name)}"
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]" if isinstance(note.index, int) else f".{note.index}"
    return ""


# Python names of attributes whose TOML key differs; filled as classes are first structured.
_KEYS: dict[str, str] = {}
_CONVERTER = cattrs.Converter(detailed_validation=True)
_CONVERTER.register_structure_hook_factory(_is_tuple, _sequence)
_CONVERTER.register_structure_hook_factory(attrs.has, _table)
for _kind in _NAMES:
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind))
# An enumeration of texts is a text, too: it needs a hook nearer than that of `str`.
_CONVERTER.register_structure_hook(StrEnum, _enum)
_CONVERTER.register_structure_hook(Any, lambda raw, _: raw)
