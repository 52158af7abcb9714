"""Canonical bytes, forms and definitions, whatever is put in."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import attrs
import jsonschema
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import DEFINITIONS, MACHINES, RULES, payloads
from zhiwen_flow.canonical import MAX_INTEGER, canonical, canonical_fast, faults_of
from zhiwen_flow.deciding import Bench
from zhiwen_flow.errors import PayloadError
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.machine.schema import form_schema
from zhiwen_flow.plan import Plan

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127, exclude_categories=["Cs"]))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
)


class TestCanonical:
    """The bytes that are hashed."""

    @given(plain)
    def test_is_rfc_8785(self, value: Any) -> None:
        """Byte for byte what the reference implementation writes, for every value that may enter."""
        if not faults_of(value, "x"):
            assert canonical(value) == canonical_fast(value) == rfc8785.dumps(value)

    @given(plain)
    def test_comes_back(self, value: Any) -> None:
        """What was written is read."""
        assert json.loads(canonical(value)) == value

    @given(anything)
    def test_what_may_not_enter_is_named(self, value: Any) -> None:
        """Either the bytes can be written, or a fault is named; never a crash."""
        if not faults_of(value, "x"):
            assert rfc8785.dumps(value) == canonical(value) == canonical_fast(value)

    @pytest.mark.parametrize(
        "value",
        [2**53, -(2**53), 1.5, float("nan"), "\ud800", {"键": 1}, {1: 2}, [[[[[[[[[1]]]]]]]]], b"x", {"a": {1}}],
    )
    def test_faults(self, value: Any) -> None:
        """The known traps."""
        assert faults_of(value, "x")


class TestForms:
    """The form a screen gets and the check that the library makes are one."""

    @settings(deadline=None)
    @given(st.data())
    def test_what_fits_the_schema_fits_the_check(self, data: st.DataObject) -> None:
        """A made payload passes both; a broken one fails both."""
        machine = DEFINITIONS.machine(data.draw(st.sampled_from(MACHINES)))
        transition = data.draw(st.sampled_from(list(machine.all_transitions)))
        form = Bench(machine, RULES, DEFINITIONS.registry).forms[id(transition)]
        schema = form_schema(machine, transition, RULES.rulebook)
        payload = data.draw(payloads(transition))
        jsonschema.validate(payload, schema)
        assert form.check(payload) == payload
        broken = {**payload, "no_such_field": 1}
        for name in [each.name for each in transition.fields if each.required][:1]:
            del broken[name]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
        with pytest.raises(PayloadError):
            form.check(broken)

    @settings(deadline=None)
    @given(st.data(), st.dictionaries(st.text(max_size=5), anything, max_size=3))
    def test_nonsense_is_named_never_crashes(self, data: st.DataObject, payload: dict[str, Any]) -> None:
        """Whatever a caller sends."""
        machine = DEFINITIONS.machine(data.draw(st.sampled_from(MACHINES)))
        transition = data.draw(st.sampled_from(list(machine.all_transitions)))
        form = Bench(machine, RULES, DEFINITIONS.registry).forms[id(transition)]
        names = [each.name for each in transition.fields]
        sent = {data.draw(st.sampled_from([name, *names])): value for name, value in payload.items()}
        with contextlib.suppress(PayloadError):
            canonical(form.check(sent))


class TestRoundTrips:
    """Definitions are data and come back as they were."""

    @pytest.mark.parametrize("name", shipped("machines"))
    def test_machines(self, name: str) -> None:
        """A machine rebuilt from its own content is the same, hash included."""
        machine = DEFINITIONS.machine(name)
        again = machine_from(json.loads(machine.content)["machine"], DEFINITIONS.registry)
        assert attrs.asdict(again) == attrs.asdict(machine)
        assert again.hash == machine.hash

    @pytest.mark.parametrize("name", shipped("plans"))
    def test_plans(self, name: str) -> None:
        """A plan's JSON is plain data."""
        told = Plan.load(name).as_json()
        assert json.loads(json.dumps(told)) == told
