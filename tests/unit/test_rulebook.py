"""The rulebook: severity, limits, and every fault of a file named at once."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest

from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.loading import Source
from zhiwen_flow.rulebook import Rulebook, Severity

SHIPPED = Source.shipped("rulebooks", "hubei-2011")
BOOK = Rulebook.load("hubei-2011")


class TestSeverity:
    """A partial order inside a category."""

    @pytest.mark.requirement("G01", "G03")
    def test_is_said_by_rows_not_by_the_order_of_the_list(self) -> None:
        """The plan lists 免职 before 降职; nothing follows from that."""
        assert BOOK.compare("relief_of_post", "off_post_study") is not Severity.SAME
        told = BOOK.compare("relief_of_post", "post_demotion"), BOOK.compare("post_demotion", "relief_of_post")
        assert told in ((Severity.HEAVIER, Severity.LIGHTER), (Severity.LIGHTER, Severity.HEAVIER)) or told == (
            Severity.NOT_COMPARABLE,
            Severity.NOT_COMPARABLE,
        )

    def test_is_a_strict_partial_order(self) -> None:
        """Never both ways round, and transitive."""
        measures = sorted(BOOK.measures)
        heavier = {(a, b) for a, b in itertools.permutations(measures, 2) if BOOK.compare(a, b) is Severity.HEAVIER}
        assert heavier
        for a, b in heavier:
            assert BOOK.compare(b, a) is Severity.LIGHTER
            assert {(a, c) for x, c in heavier if x == b} <= heavier

    def test_categories_are_not_compared(self) -> None:
        """A discipline sanction is no rung above an organisational measure."""
        for a, b in itertools.combinations(sorted(BOOK.measures), 2):
            if BOOK.measure(a).category != BOOK.measure(b).category:
                assert BOOK.compare(a, b) is Severity.NOT_COMPARABLE
        assert BOOK.compare("post_demotion", "post_demotion") is Severity.SAME

    def test_units_and_persons_are_told_apart(self) -> None:
        """通报批评 of a unit and of a person are two measures."""
        unit, person = BOOK.measure("circular_criticism_unit"), BOOK.measure("circular_criticism_person")
        assert unit.target is not person.target

    def test_grade_reduction_is_told_where_the_plan_lists_it(self) -> None:
        """降级 keeps the plan's own heading beside its category."""
        found = BOOK.measure("grade_reduction")
        assert found.plan_says
        assert found.category != BOOK.measure("post_demotion").category


class TestLookups:
    """What is not there is said with what is."""

    def test_unknown_names(self) -> None:
        """Each look-up lists what is known."""
        for call in (
            lambda: BOOK.measure("x"),
            lambda: BOOK.limit("x"),
            lambda: BOOK.codes("x"),
            lambda: BOOK.item("channels", "x"),
        ):
            with pytest.raises(UnknownNameError, match="known"):
                call()

    def test_every_cited_row_says_where_it_comes_from(self) -> None:
        """Instrument and article, in Chinese."""
        rows = list(BOOK.cited_rows())
        assert len(rows) > 80
        assert all(BOOK.cite(row).strip() for _, _, row in rows)

    def test_window(self) -> None:
        """The rulebook is for the year of the plan."""
        assert BOOK.window.since <= dt.date(2011, 9, 1)


class TestFaults:
    """A broken file is told whole."""

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('id = "hubei-2011"', 'id = "hubei-2011"\nsurprise = 1', "surprise"),
            ('quorum = "2/3"', 'quorum = "most"', "is not a share"),
            ('rest_day = "stays"', 'rest_day = "flies"', "is not a rule"),
            ('status = "model"', 'status = "certain"', "certain"),
            ("amount = 15", "amount = '15'", "amount"),
        ],
    )
    def test_each_is_named(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        """With its place."""
        text = SHIPPED.data.decode()
        assert old in text
        file = tmp_path / "r.toml"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(DefinitionError, match=said):
            Rulebook.load(file)

    def test_all_at_once(self, tmp_path: Path) -> None:
        """Two faults, two lines."""
        text = SHIPPED.data.decode().replace('quorum = "2/3"', 'quorum = "most"')
        file = tmp_path / "r.toml"
        file.write_text(text.replace('rest_day = "stays"', 'rest_day = "flies"'), encoding="utf-8")
        with pytest.raises(DefinitionError) as caught:
            Rulebook.load(file)
        assert len(caught.value.faults) == 2
