"""
Read a request's body (读取请求体): bounded while it arrives, strict JSON, everything wrong with it a 4xx.

The body is the envelope of a command: `payload` holds the fields of the form, beside it stand the command's own parts.
Who acts is never among them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

import attrs
from starlette.requests import ClientDisconnect, Request

from zhiwen_flow.canonical import MAX_DEPTH
from zhiwen_flow.errors import Fault, PayloadError
from zhiwen_flow.integrations.fastapi.problems import Halted, Kind
from zhiwen_flow.model import LONGEST

_NESTED = MAX_DEPTH + 1
"""Deepest nesting of a body: a payload as deep as the log takes it, inside its envelope."""

_FIRST_YEAR, _LAST_YEAR = 1900, 9998
"""A moment beyond them could not be told in every time zone."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])+)"')
_BARE = re.compile(r'[^\s"\\,;]+')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

OF_A_STEP = ("payload", "occurred_at", "reason", "document")
OF_AN_OPENING = (*OF_A_STEP, "parent", "business_id")


@attrs.frozen(kw_only=True)
class Limits:
    """
    What a request may ask for at most (请求限额).

    Args:
        body: Longest body, bytes.
        page: Most rows of a page.
    """

    body: int = 256 * 1024
    page: int = 200


async def read_object(request: Request, limits: Limits) -> dict[str, Any]:
    """
    Read the body as a JSON object (读取 JSON 对象); no body at all is an empty one.

    Raises:
        Halted: too long, of another media type, not UTF-8, not JSON, nested too deep, or not an object.
    """
    data = await _bounded(request, limits.body)
    if not data:
        return {}
    _check_media(request)
    value = _parsed(data)
    if not isinstance(value, dict):
        raise Halted(Kind.BAD_BODY, "the body is not a JSON object")
    if fault := _hostile(value, 1):
        raise Halted(Kind.BAD_BODY, fault)
    return value


async def _bounded(request: Request, most: int) -> bytes:
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said[:19]) > most:
        raise Halted(Kind.TOO_LARGE, f"the body is longer than {most} bytes")
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                raise Halted(Kind.TOO_LARGE, f"the body is longer than {most} bytes")
    except ClientDisconnect:
        raise Halted(Kind.BAD_BODY, "the connection ended before the body did") from None
    return bytes(data)


def _check_media(request: Request) -> None:
    media, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.partition("charset=")[2].strip().strip('"').lower()
    if media.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Halted(Kind.MEDIA_TYPE, "send application/json in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Halted(Kind.MEDIA_TYPE, "send the body without a content encoding")


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Halted(Kind.BAD_BODY, "the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Halted(Kind.BAD_BODY, f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Halted(Kind.BAD_BODY, f"the body is nested deeper than {_NESTED}") from None
    except ValueError as error:
        # Of ours below, or an integer of more digits than the interpreter reads.
        said = str(error) if isinstance(error, _NotStrict) else "a number is too long"
        raise Halted(Kind.BAD_BODY, said) from None


class _NotStrict(ValueError):
    """JSON that Python would read and the standard does not allow."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotStrict("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise _NotStrict(f"{name} is not JSON")


def _hostile(value: Any, depth: int) -> str:
    """Say what no field could take, in a value that may be nested a thousand deep."""
    if isinstance(value, str):
        return "" if value.isascii() else _half(value)
    if not isinstance(value, dict | list):
        return ""
    if depth > _NESTED:
        return f"the body is nested deeper than {_NESTED}"
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    return next((found for each in inner if (found := _hostile(each, depth + 1))), "")


def _half(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return "a text holds half a character (a lone surrogate)"
    return ""


def envelope_of(body: Mapping[str, Any], parts: tuple[str, ...]) -> dict[str, Any]:
    """
    Check the envelope (检查请求的各部分), the fields of the form apart: those are checked where the step is judged.

    Args:
        parts: `OF_A_STEP` or `OF_AN_OPENING`.

    Returns:
        The parts of the command; `payload` always, the others where given.

    Raises:
        PayloadError: all that is wrong with it.

    >>> envelope_of({"payload": {"note": "x"}, "document": "1"}, OF_A_STEP)
    {'payload': {'note': 'x'}, 'document': '1'}
    >>> envelope_of({"actor": "p-1"}, OF_A_STEP)
    Traceback (most recent call last):
    zhiwen_flow.errors.PayloadError: command: actor: unknown part; known: payload, occurred_at, reason, document
    """
    faults = [
        Fault("command", each, "unknown part", f"known: {', '.join(parts)}") for each in body if each not in parts
    ]
    found: dict[str, Any] = {"payload": {}}
    for name in parts:
        if name not in body:
            continue
        try:
            found[name] = _part(name, body[name])
        except ValueError as error:
            faults.append(Fault("command", name, str(error), "see the description of the operation"))
    if faults:
        raise PayloadError(*faults)
    return found


def _part(name: str, value: Any) -> Any:
    if name == "payload":
        if not isinstance(value, dict):
            raise ValueError("is not an object")
        return value
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise ValueError(f"is not text of 1 to {LONGEST} characters")
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    return _moment(value) if name == "occurred_at" else value


def _moment(value: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a moment of RFC 3339") from None
    if found.tzinfo is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError("has no time zone, or lies too far away")
    return found


def key_of(header: str | None, actor: str) -> str | None:
    """
    Read an Idempotency-Key (读取幂等键), quoted as the draft says or bare; it is the actor's own.

    Keys of requests and those that the host or `tick` gives never meet.

    Raises:
        Halted: it is neither.

    >>> key_of('"8e03978e"', "p-1"), key_of("8e03978e", "p-1"), key_of(None, "p-1")
    ('http:p-1:8e03978e', 'http:p-1:8e03978e', None)
    """
    if header is None:
        return None
    if (quoted := _QUOTED.fullmatch(header)) is not None:
        return f"http:{actor}:" + re.sub(r"\\(.)", r"\1", quoted[1])
    if _BARE.fullmatch(header):
        return f"http:{actor}:{header}"
    raise Halted(Kind.BAD_KEY, 'Idempotency-Key is a quoted string, such as "8e03978e-40d5"')
