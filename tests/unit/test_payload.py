"""The payload check: plain data in, plain data out, all faults at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhiwen_flow.errors import PayloadError
from zhiwen_flow.machine.definition import Field, Transition
from zhiwen_flow.machine.payload import Form
from zhiwen_flow.terms import FieldType, Label

NAME = Label(zh="甲", en="a")


class Names:
    """A rulebook and directory with one of each."""

    def codes(self, catalogue: str) -> frozenset[str]:
        """Give the codes of any catalogue."""
        return frozenset({"yes", "no"})

    measures = ("admonition_talk",)
    organs = ("bureau",)
    posts = ("bureau.head",)


def form(*fields: Field) -> Form:
    """Compile the check of some fields."""
    return Form(Transition(trigger="ask", target="asked", label=NAME, fields=fields), Names())


def one(type: FieldType, **more: Any) -> Form:
    """Compile the check of one field named `x`."""
    return form(Field(name="x", label=NAME, type=type, **more))


MEETING = {
    "body": "bureau",
    "date": "2011-10-20",
    "due": 7,
    "present": 6,
    "minutes": "〔2011〕3号",
    "form": "meeting",
    "votes": {"for": 5, "against": 0, "abstain": 1},
}
ASSESSMENT = {"item": "yes", "answer": "applies", "reason": "有记录"}


class TestAccepts:
    """Each type takes what fits and nothing else."""

    @pytest.mark.parametrize(
        ("type", "more", "value", "clean"),
        [
            (FieldType.TEXT, {}, "事由", "事由"),
            (FieldType.INTEGER, {}, 3, 3),
            (FieldType.BOOLEAN, {}, False, False),
            (FieldType.DATE, {}, dt.date(2011, 8, 31), "2011-08-31"),
            (FieldType.DATE, {}, "2011-08-31", "2011-08-31"),
            (FieldType.CODE, {"codes": "c"}, "yes", "yes"),
            (FieldType.ORGAN, {}, "bureau", "bureau"),
            (FieldType.POST, {}, "bureau.head", "bureau.head"),
            (FieldType.MEASURE, {}, "admonition_talk", "admonition_talk"),
            (FieldType.DOCUMENT, {}, "鄂高党〔2011〕7号", "鄂高党〔2011〕7号"),
            (FieldType.PERSON, {"many": True}, ("p-1", "p-2"), ["p-1", "p-2"]),
            (FieldType.MEETING, {}, MEETING, MEETING),
            (FieldType.ASSESSMENT, {"codes": "c"}, ASSESSMENT, ASSESSMENT),
            (FieldType.ITEM, {}, {"id": "a", "n": [1, None]}, {"id": "a", "n": [1, None]}),
        ],
    )
    def test_what_fits(self, type: FieldType, more: dict[str, Any], value: Any, clean: Any) -> None:
        """A sound value comes back as plain data."""
        assert one(type, **more).check({"x": value}) == {"x": clean}

    @pytest.mark.parametrize(
        ("type", "more", "value"),
        [
            (FieldType.TEXT, {}, ""),
            (FieldType.TEXT, {}, "   "),
            (FieldType.TEXT, {}, 3),
            (FieldType.TEXT, {}, "\ud800"),
            (FieldType.TEXT, {"longest": 3}, "四个字了"),
            (FieldType.INTEGER, {}, True),
            (FieldType.INTEGER, {}, 2**60),
            (FieldType.INTEGER, {}, 1.0),
            (FieldType.BOOLEAN, {}, "yes"),
            (FieldType.DATE, {}, "2011-02-30"),
            (FieldType.DATE, {}, "20110831"),
            (FieldType.DATE, {}, dt.datetime(2011, 8, 31, tzinfo=dt.UTC)),
            (FieldType.CODE, {"codes": "c"}, "maybe"),
            (FieldType.CODE, {"codes": "c"}, ["yes"]),
            (FieldType.ORGAN, {}, "nowhere"),
            (FieldType.POST, {}, "bureau.ghost"),
            (FieldType.MEASURE, {}, "flogging"),
            (FieldType.PERSON, {"many": True}, "p-1"),
            (FieldType.MEETING, {}, {}),
            (FieldType.MEETING, {}, MEETING | {"form": "by_phone"}),
            (FieldType.MEETING, {}, MEETING | {"due": -1}),
            (FieldType.MEETING, {}, MEETING | {"votes": {"for": 1}}),
            (FieldType.MEETING, {}, MEETING | {"extra": 1}),
            (FieldType.ASSESSMENT, {"codes": "c"}, ASSESSMENT | {"answer": "perhaps"}),
            (FieldType.ASSESSMENT, {"codes": "c"}, ASSESSMENT | {"reason": ""}),
            (FieldType.ASSESSMENT, {"codes": "c"}, "yes"),
            (FieldType.ITEM, {}, {"事": 1}),
            (FieldType.ITEM, {}, {"a": 1.5}),
            (FieldType.ITEM, {}, "a"),
            (FieldType.ITEM, {}, {"sealed": "passes for a commitment, and is shown to nobody"}),
        ],
    )
    def test_what_does_not_fit(self, type: FieldType, more: dict[str, Any], value: Any) -> None:
        """An unsound value is refused, and the field is named."""
        with pytest.raises(PayloadError, match="x"):
            one(type, **more).check({"x": value})


class TestFaults:
    """All faults of a payload are told at once."""

    def test_unknown_missing_and_ill_typed_together(self) -> None:
        """Three faults, three lines."""
        fields = form(
            Field(name="a", label=NAME, type=FieldType.TEXT, required=True),
            Field(name="b", label=NAME, type=FieldType.INTEGER),
        )

        with pytest.raises(PayloadError) as caught:
            fields.check({"b": "3", "c": 1})

        told = str(caught.value)
        assert "a: is missing" in told
        assert "b: a whole number is expected" in told
        assert "c: unknown field" in told

    def test_a_missing_field_alone(self) -> None:
        """A required field must be filled."""
        with pytest.raises(PayloadError, match="x: is missing"):
            one(FieldType.TEXT, required=True).check({})

    def test_a_payload_that_is_no_object(self) -> None:
        """A list is not a payload."""
        with pytest.raises(PayloadError, match="is not an object"):
            one(FieldType.TEXT).check([1])  # type: ignore[arg-type]

    def test_too_many_items(self) -> None:
        """A list has an end."""
        with pytest.raises(PayloadError, match="more than"):
            one(FieldType.PERSON, many=True).check({"x": ["p"] * 2001})
