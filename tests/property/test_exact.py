"""The quick reading of canonical bytes accepts what encoding again accepts, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import Demonstration
from zhiwen_flow.audit.bodies import BodyReader
from zhiwen_flow.audit.exact import ExactReader
from zhiwen_flow.canonical import canonical

TEXTS = st.text(st.sampled_from('ab"\\:,{}[] 0-.é问\n\x7f\u2028'), max_size=6) | st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
PIECES = [
    '"',
    "\\",
    "\\u0061",
    ":",
    ",",
    " ",
    "{",
    "}",
    "[",
    "]",
    "-0",
    "0",
    "1.0",
    "1e3",
    "null",
    "NaN",
    "\t",
    '"a":1,',
    "é",
]


def plainly(raw: bytes) -> tuple[bool, Any]:
    """Say by the definition whether *raw* is canonical: what it says is encoded again, and compared."""
    try:
        found = json.loads(raw.decode())
        return canonical(found) == raw, found
    except (ValueError, TypeError, RecursionError):
        return False, None


def quickly(reader: ExactReader | BodyReader, raw: bytes) -> tuple[bool, Any]:
    """Say it by the reader."""
    try:
        return True, reader.read(raw)
    except ValueError:
        return False, None


def agree(reader: ExactReader | BodyReader, raw: bytes) -> None:
    """Hold one against the other."""
    same, found = plainly(raw)
    accepted, read = quickly(reader, raw)
    assert accepted == same, raw
    if same and isinstance(reader, BodyReader) and isinstance(found, dict):
        assert all(found[name] == value and type(found[name]) is type(value) for name, value in read.items())
    elif same:
        assert read == found


@settings(max_examples=1500, deadline=None)
@given(value=VALUES, at=st.integers(0, 200), piece=st.sampled_from(PIECES), cut=st.integers(0, 3))
@example(value={"a": {"b": 1}}, at=1, piece='"a":1,', cut=0)
@example(value=["x , y", ": z"], at=0, piece="", cut=0)
def test_any_value_however_hurt(value: Any, at: int, piece: str, cut: int) -> None:
    """Whole, and with something put in or taken out anywhere."""
    raw, reader = canonical(value), ExactReader()
    agree(reader, raw)
    text = raw.decode()
    at %= len(text) + 1
    agree(reader, (text[:at] + piece + text[at + cut :]).encode())


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=12))
def test_any_bytes(raw: bytes) -> None:
    """Whatever they are."""
    agree(ExactReader(), raw)
    agree(BodyReader(), raw)


class Bodies(list[bytes]):
    """Bodies that are not printed whole with every example."""

    def __repr__(self) -> str:
        return f"{len(self)} bodies"


@pytest.fixture(scope="module")
def bodies(demonstration: Demonstration) -> Bodies:
    """Give the bodies of the demonstration's log."""
    lines = demonstration.log.read_bytes().splitlines()[:-1]
    return Bodies(line[len(b'{"body":') : line.rindex(b',"hash":"')] for line in lines)


def test_bodies_of_today_are_read_quickly(bodies: Bodies) -> None:
    """The fields that the quick reading knows are those that are written; else it would be slow, unseen."""
    reader = BodyReader()
    for raw in bodies:
        agree(reader, raw)
    assert reader.cut >= 0.95 * len(bodies)


@settings(max_examples=1500, deadline=None)
@given(number=st.integers(0, 2**16), at=st.integers(0, 2**16), piece=st.sampled_from(PIECES), cut=st.integers(0, 3))
def test_bodies_however_hurt(bodies: Bodies, number: int, at: int, piece: str, cut: int) -> None:
    """With something put in or taken out anywhere."""
    text = bodies[number % len(bodies)].decode()
    at %= len(text) + 1
    agree(BodyReader(), (text[:at] + piece + text[at + cut :]).encode())


@settings(max_examples=500, deadline=None)
@given(number=st.integers(0, 2**16), which=st.integers(0, 2**16), other=st.integers(0, 2**16), value=VALUES)
def test_bodies_that_say_something_else(bodies: Bodies, number: int, which: int, other: int, value: Any) -> None:
    """With any value in any place, and with two entries changed about: canonical or not, both readings agree."""
    body = json.loads(bodies[number % len(bodies)])
    names = sorted(body)
    body[names[which % len(names)]] = value
    agree(BodyReader(), canonical(body))
    one, two = names[which % len(names)], names[other % len(names)]
    entries = {name: canonical(body[name]).decode() for name in names}
    swapped = [two if name == one else one if name == two else name for name in names]
    agree(BodyReader(), ("{" + ",".join(f'"{name}":{entries[name]}' for name in swapped) + "}").encode())


def test_parts_in_which_braces_stand_in_texts(bodies: Bodies) -> None:
    """A brace, a bracket or what looks like the next field, inside a text, leads nowhere else."""
    pattern = re.compile(r'"payload":\{')
    for raw in bodies:
        for put in ('"!":"}",', '"!":"{",', '"!":"},\\"position\\":1",', '"!":[{"a":"]"}],', '"!":{"a":{"b":1}},'):
            agree(BodyReader(), pattern.sub(f'"payload":{{{put}'.replace("\\", r"\\"), raw.decode(), count=1).encode())
