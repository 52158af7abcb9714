"""
Canonical JSON (规范化 JSON): one value, one sequence of bytes, so that a hash proves content.

Allowed are valid Unicode strings, integers within ±(2^53−1), booleans, null, lists, and objects with ASCII keys, at
most 8 deep and 64 KiB long. For those the standard encoder with sorted keys gives RFC 8785.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from zhiwen_flow.errors import Fault, PayloadError

_faster = import_module("orjson") if find_spec("orjson") is not None else None

MAX_DEPTH = 8
MAX_BYTES = 64 * 1024
MAX_INTEGER = 2**53 - 1

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """
    Encode *value*, which must be of the allowed kinds (规范化编码).

    >>> canonical({"b": [1, True, None], "a": "问责"}).decode()
    '{"a":"问责","b":[1,true,null]}'
    """
    return _encode(value).encode()


def canonical_fast(value: Any) -> bytes:
    """
    Encode *value*, which must be of the allowed kinds, as `canonical` does (快速规范化编码).

    With the extra ``speed`` a faster encoder is used, which gives the same bytes for the allowed kinds, and for these
    only: what may hold anything else, such as a log that is verified, goes through `canonical`.

    >>> canonical_fast({"b": [1, True, None], "a": "问责"}) == canonical({"b": [1, True, None], "a": "问责"})
    True
    """
    if _faster is None:
        return canonical(value)
    found: bytes = _faster.dumps(value, option=_faster.OPT_SORT_KEYS)
    return found


def digest(data: bytes) -> str:
    """Give the SHA-256 of *data* in hex (哈希值)."""
    return hashlib.sha256(data).hexdigest()


def commitment(salt: bytes, value: Any) -> str:
    """
    Commit to a sealed value without showing it (封存校验值): HMAC-SHA256 under a random *salt* erased with the value.
    """
    return hmac.digest(salt, canonical(value), "sha256").hex()


def faults_of(value: Any, where: str, path: str = "", depth: int = 1) -> list[Fault]:
    """
    Name everything in *value* that canonical JSON does not allow (不可入档的内容).

    >>> [str(each) for each in faults_of({"n": 2**60}, "payload")]
    ['payload: n: the integer is beyond ±(2^53−1); write it as text']
    """
    if value is None or value is True or value is False:
        return []
    if isinstance(value, str):
        return _text_faults(value, where, path)
    if type(value) is int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return []
        return [Fault(where, path, "the integer is beyond ±(2^53−1)", "write it as text")]
    if type(value) not in (list, tuple, dict):
        return [Fault(where, path, f"a {type(value).__name__} is not plain data", "use text, integers, lists, objects")]
    if depth > MAX_DEPTH:
        return [Fault(where, path, f"is nested deeper than {MAX_DEPTH}", "flatten it")]
    return _inner_faults(value, where, path, depth)


def _text_faults(value: str, where: str, path: str) -> list[Fault]:
    try:
        value.encode()
    except UnicodeEncodeError:
        return [Fault(where, path, "the text holds half a character (a lone surrogate)", "send valid Unicode")]
    return []


def _inner_faults(value: Any, where: str, path: str, depth: int) -> list[Fault]:
    if not isinstance(value, dict):
        return [f for i, each in enumerate(value) for f in faults_of(each, where, f"{path}[{i}]", depth + 1)]
    found: list[Fault] = []
    for name, each in value.items():
        if not isinstance(name, str) or not name.isascii():
            found.append(Fault(where, path, f"the key {name!r} is not ASCII text", "use ASCII keys"))
            continue
        found += faults_of(each, where, f"{path}.{name}".lstrip("."), depth + 1)
    return found


def plain(value: Any, where: str) -> Any:
    """
    Give *value* back when it may enter the log (入档检查).

    Raises:
        PayloadError: it may not; all faults are named.
    """
    if faults := faults_of(value, where):
        raise PayloadError(*faults)
    return value
