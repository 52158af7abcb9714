"""
Read canonical bytes exactly (逐字节核对): what is accepted is byte for byte the encoding of what it says.

Encoding again and comparing costs more than parsing. Most events need not: where nothing in a text could be written
otherwise in its canonical form, and its keys are in order and each stands once, the text is that form. Where there is
any doubt it is encoded again, so that the answer is always the same.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from zhiwen_flow.canonical import canonical

SHAPES_KEPT = 10_000
"""How many orders of keys are remembered at a time."""

_OUT_OF_ORDER = -(10**9)
_BEFORE, _AFTER = frozenset("{[,:"), frozenset("]},:")


class _DoubtError(Exception):
    """A number that canonical JSON writes otherwise, or not at all."""


def _doubt(_: str) -> Any:
    raise _DoubtError


def _integer(text: str) -> int:
    if text == "-0":
        raise _DoubtError
    return int(text)


class ExactReader:
    """
    Parses texts that must be the canonical encoding of what they say (逐字节读取); one reader serves one thread.

    >>> ExactReader().read(b'{"a":1,"b":[]}')
    {'a': 1, 'b': []}
    >>> ExactReader().read(b'{"b":[],"a":1}')
    Traceback (most recent call last):
    ValueError: not the canonical encoding of what it says
    """

    def __init__(self) -> None:
        self._counts: list[int] = []
        add, entries = self._counts.append, _Entries()

        def ended(found: dict[str, Any]) -> dict[str, Any]:
            add(entries[tuple(found)])
            return found

        decoder = json.JSONDecoder(object_hook=ended, parse_float=_doubt, parse_int=_integer, parse_constant=_doubt)
        self._scan = decoder.scan_once  # type: ignore[attr-defined]  # faster than `decode`, and exact about ends

    def read(self, raw: bytes) -> Any:
        """
        Parse *raw* (逐字节读取).

        Raises:
            ValueError: it is not JSON, or says it in another form: spaces, escapes, keys out of order or twice.
        """
        return self.read_text(str(raw, "utf-8"))

    def read_text(self, text: str) -> Any:
        """Parse a text (逐字读取); see `read`."""
        self._counts.clear()
        try:
            found, end = self._scan(text, 0)
        except (StopIteration, RecursionError):
            raise ValueError("not JSON") from None
        except _DoubtError:
            return _encoded_again(text)
        # Without escapes and spaces a quote and a colon follow every key. So the count betrays a key that stands twice,
        # of which parsing keeps one.
        if end == len(text) and _is_tight(text) and sum(self._counts) == text.count('":'):
            return found
        return _encoded_again(text)


class _Entries(dict[tuple[str, ...], int]):
    """Gives the number of an object's keys; far below nought where they are out of order."""

    def __missing__(self, names: tuple[str, ...]) -> int:
        if len(self) >= SHAPES_KEPT:
            self.clear()
        in_order = all(one < two for one, two in pairwise(names))
        count = self[names] = len(names) if in_order else _OUT_OF_ORDER
        return count


def _is_tight(text: str) -> bool:
    """Whether a text that parses can have neither an escape nor a space between two tokens."""
    if "\\" in text or "\n" in text or "\r" in text or "\t" in text:
        return False
    if " " in text:
        # A space between tokens has a mark of structure on one side; one in a string hardly ever has.
        for each in text.split(" "):
            if each and (each[-1] in _BEFORE or each[0] in _AFTER):
                return False
    return True


def _encoded_again(text: str) -> Any:
    try:
        found = json.loads(text)
        same = canonical(found) == text.encode()
    except (TypeError, RecursionError):
        raise ValueError("not JSON") from None
    if not same:
        raise ValueError("not the canonical encoding of what it says")
    return found
