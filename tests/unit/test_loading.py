"""The strict loader names every fault at once."""

from __future__ import annotations

import attrs
import pytest

from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.loading import Source, load, parse, shipped, structure
from zhiwen_flow.terms import Label, Status, key


@attrs.frozen(kw_only=True)
class Thing:
    """A value with one of each kind."""

    number: int
    label: Label
    parts: tuple[Label, ...] = attrs.field(default=(), metadata=key("part"))
    status: Status = Status.READ
    note: str | None = None


def faults(raw: object) -> list[str]:
    """Structure *raw* and give the faults as text."""
    with pytest.raises(DefinitionError) as caught:
        structure(raw, Thing, where="a.toml")
    return [str(each) for each in caught.value.faults]


class TestStructure:
    """Parsed TOML becomes a value, or all its faults are told."""

    def test_a_sound_table_becomes_a_value(self) -> None:
        """Keys are matched to attributes, renamed ones too."""
        raw = {"number": 1, "label": {"zh": "甲", "en": "a"}, "part": [{"zh": "乙", "en": "b"}], "status": "seed"}

        assert structure(raw, Thing, where="a.toml").parts == (Label(zh="乙", en="b"),)

    def test_all_faults_come_at_once(self) -> None:
        """Type, missing key, unknown key and unknown code are told together, by table path."""
        raw = {"number": "1", "label": {"zh": 1}, "part": [3], "status": "sure", "colour": "red"}

        found = "\n".join(faults(raw))

        for piece in ("a.toml: number: expected a whole number", "label.zh: expected text", "label: `en` is missing"):
            assert piece in found
        for piece in ("part[0]: expected a table", "status: 'sure' is not one of", "colour: unknown key"):
            assert piece in found

    @pytest.mark.parametrize("number", [True, 1.5, "1", None])
    def test_nothing_is_coerced(self, number: object) -> None:
        """A yes is not a one."""
        assert "number" in faults({"number": number, "label": {"zh": "甲", "en": "a"}})[0]

    def test_empty_text_is_a_fault(self) -> None:
        """A label of blanks is no label."""
        assert "the text is empty" in faults({"number": 1, "label": {"zh": "  ", "en": "a"}})[0]


class TestParse:
    """Text that is not TOML gets one clear error."""

    def test_a_syntax_fault_names_its_line(self) -> None:
        """The line is in the message."""
        with pytest.raises(DefinitionError, match="line 2"):
            parse(Source(name="a.toml", data=b"a = 1\nb = = 2\n"))

    def test_bytes_that_are_not_utf8(self) -> None:
        """The encoding is named."""
        with pytest.raises(DefinitionError, match="not UTF-8"):
            parse(Source(name="a.toml", data="标题 = 1".encode("gb18030")))

    def test_a_file_that_is_not_there(self) -> None:
        """The file is named, without a traceback's noise."""
        with pytest.raises(DefinitionError, match=r"nowhere\.toml"):
            Source.of("nowhere.toml")

    def test_unknown_shipped_ids_list_what_is_shipped(self) -> None:
        """The known ids help."""
        with pytest.raises(UnknownNameError, match="complaint"):
            Source.shipped("machines", "nothing")
        assert "complaint" in shipped("machines")
        assert shipped("nothing") == ()

    def test_load_does_both(self) -> None:
        """Parsing and structuring in one call."""
        source = Source(name="a.toml", data='number = 2\nlabel = { zh = "甲", en = "a" }'.encode())
        assert load(source, Thing).number == 2
        assert len(source.digest) == 64
