"""Whether a person may be promoted: to the day, by effective measures only, and the same for whoever may not know."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_cases import CASES, Case, Run
from zhiwen_flow.accountability.eligibility import Held, Standing, asked, eligibility
from zhiwen_flow.accountability.forms import four_forms
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.consequences import Act

BOOK = Rulebook.load("national-2025")
OLD = Rulebook.load("hubei-2011")
DAY = dt.date(2025, 3, 3)
AUDITOR = Viewer(auditor=True)


def held(measure: str, day: dt.date = DAY, book: Rulebook = BOOK, **dates: dt.date) -> Held:
    """Make a measure that took effect on a day."""
    every = dict.fromkeys(("decided", "approved", "served", "announced", "carried_out"), day)
    return Held(measure=measure, book=book, dates=dates or every)


def standing(*measures: Held, act: Act = Act.PROMOTION, at: dt.date) -> Standing:
    """Ask."""
    return eligibility(measures, act, at, book=BOOK).standing


@pytest.mark.requirement("G32")
class TestToTheDay:
    """The last day of the bar is in it."""

    @pytest.mark.parametrize(
        ("measure", "act", "last"),
        [
            ("admonition", Act.PROMOTION, dt.date(2025, 9, 3)),
            ("post_demotion", Act.FURTHER_USE, dt.date(2027, 3, 3)),
            ("relief_of_post", Act.LEADING_POST, dt.date(2026, 3, 3)),
            ("relief_of_post", Act.HIGHER_POST, dt.date(2027, 3, 3)),
            ("party_warning", Act.PROMOTION, dt.date(2026, 3, 3)),
            ("party_serious_warning", Act.PROMOTION, dt.date(2026, 9, 3)),
            ("demerit", Act.SALARY_STEP, dt.date(2026, 3, 3)),
            ("removal_from_post_sanction", Act.PROMOTION, dt.date(2027, 3, 3)),
        ],
    )
    def test_one_day_too_early_and_one_day_late_enough(self, measure: str, act: Act, last: dt.date) -> None:
        """Barred on the last day, clear on the next."""
        assert standing(held(measure), act=act, at=last) is Standing.BARRED
        assert standing(held(measure), act=act, at=last + dt.timedelta(days=1)) is Standing.CLEAR
        assert standing(held(measure), act=act, at=DAY - dt.timedelta(days=1)) is Standing.CLEAR

    def test_the_year_of_the_decision(self) -> None:
        """No award that year, whenever in it."""
        assert standing(held("admonition"), act=Act.AWARD, at=dt.date(2025, 12, 31)) is Standing.BARRED
        assert standing(held("admonition"), act=Act.AWARD, at=dt.date(2026, 1, 1)) is Standing.CLEAR

    def test_a_shorter_month(self) -> None:
        """From the 31st it ends on the last day of the month."""
        found = eligibility([held("admonition", dt.date(2025, 8, 31))], Act.PROMOTION, dt.date(2026, 2, 1), book=BOOK)
        assert found.bars[0].until == dt.date(2026, 2, 28)

    @given(st.dates(dt.date(2024, 1, 1), dt.date(2030, 1, 1)))
    def test_more_measures_never_clear(self, at: dt.date) -> None:
        """Another measure never lifts a bar."""
        one = standing(held("post_demotion"), at=at)
        two = standing(held("post_demotion"), held("admonition"), at=at)
        assert one is not Standing.BARRED or two is Standing.BARRED


class TestUnknown:
    """What the rules do not say is not guessed."""

    def test_no_row(self) -> None:
        """A measure whose effect no row tells cannot be said."""
        found = eligibility([held("post_demotion", book=OLD)], Act.PROMOTION, DAY, book=BOOK)
        assert found.standing is Standing.UNKNOWN
        assert "未载明" in found.explain("zh")
        assert "does not say" in found.explain("en")

    def test_a_day_that_is_not_recorded(self) -> None:
        """Party sanctions count from approval; without that day nothing can be counted."""
        found = eligibility([held("party_warning", decided=DAY)], Act.PROMOTION, DAY, book=BOOK)
        assert found.standing is Standing.UNKNOWN

    def test_periods_that_may_be_added(self) -> None:
        """Two sanctions of one kind may be added up to 48 months: after the longer one only the decision says."""
        both = (held("demerit"), held("demerit", dt.date(2025, 4, 3)))
        assert standing(*both, at=dt.date(2026, 4, 3)) is Standing.BARRED
        assert standing(*both, at=dt.date(2026, 4, 4)) is Standing.UNKNOWN
        assert standing(*both, at=dt.date(2027, 3, 4)) is Standing.CLEAR

    def test_a_measure_keeps_the_rules_it_was_decided_under(self) -> None:
        """免职 of 2011 bars an equal post for a year, not what the rules of 2021 bar."""
        old = held("relief_of_post", dt.date(2011, 10, 28), OLD)
        assert standing(old, act=Act.EQUAL_POST, at=dt.date(2012, 10, 28)) is Standing.BARRED
        assert standing(old, act=Act.EQUAL_POST, at=dt.date(2012, 10, 29)) is Standing.CLEAR
        assert standing(old, act=Act.LEADING_POST, at=dt.date(2012, 1, 1)) is Standing.CLEAR


class TestFilings:
    """Only what was formally notified counts."""

    def test_notified(self) -> None:
        """It bars until it is lifted, and says so."""
        found = eligibility([], Act.PROMOTION, DAY, book=BOOK, filed=[DAY])
        assert found.standing is Standing.BARRED
        assert "终止日期未定" in found.explain("zh")
        assert eligibility([], Act.LEADING_POST, DAY, book=BOOK, filed=[DAY]).standing is Standing.CLEAR
        assert eligibility([], Act.PROMOTION, DAY, book=BOOK, filed=[DAY + dt.timedelta(days=1)]).bars == ()


def _run(name: str) -> Run:
    run = Run(load(Source.of(next(path for path in CASES if path.stem == name)), Case))
    for step in run.case.steps:
        run.step(step)
    return run


class TestFlow:
    """Asked of a store."""

    def test_the_same_answer_for_whoever_may_not_know(self) -> None:
        """With a measure in effect, with a refused one, and with nothing at all."""
        run = _run("case")
        told = {run.flow.reports.eligibility(person, "promotion") for person in ("p-201", "p-301", "p-999")}
        assert told == {asked(Act.PROMOTION, dt.date(2011, 10, 25))}
        assert "书面征求" in next(iter(told)).explain("zh")

    def test_an_auditor_sees_what_took_effect(self) -> None:
        """A demotion in effect is found by its sealed person; its period is not in the rules of 2011."""
        run = _run("case")
        found = run.flow.reports.eligibility("p-201", "promotion", viewer=AUDITOR)
        assert found.standing is Standing.UNKNOWN
        assert [each.label.zh for each in found.bars] == ["降职"]
        assert run.flow.reports.eligibility("p-999", "promotion", viewer=AUDITOR).standing is Standing.CLEAR

    def test_a_proposal_is_no_record(self) -> None:
        """While it is only proposed or under way, nothing is said of the person."""
        run = Run(load(Source.of(next(path for path in CASES if path.stem == "case")), Case))
        for step in run.case.steps:
            run.step(step)
            if step.name == "降职":
                break
        assert run.flow.reports.eligibility("p-201", "promotion", viewer=AUDITOR).standing is Standing.CLEAR


class TestFourForms:
    """The table adds up, and shows what stands outside it."""

    @given(st.lists(st.sampled_from([*sorted(BOOK.measures), "a_measure_of_other_rules"])))
    def test_it_adds_up(self, measures: list[str]) -> None:
        """Whatever was decided."""
        table = four_forms(BOOK, measures)
        assert table.reconciles
        assert table.total == len(measures)
        assert [each.number for each in table.rows] == [1, 2, 3, 4]

    def test_of_a_store(self) -> None:
        """Measures that were rescinded are not counted; those in effect are, on the day of their decision."""
        day = dt.date(2025, 3, 3)
        assert _run("remedy").flow.reports.four_forms(day, day, viewer=AUDITOR).total == 0
        run = _run("case")
        decided = dt.date(2011, 10, 25)
        table = run.flow.reports.four_forms(decided, decided, viewer=AUDITOR)
        assert (table.total, dict(table.uncounted), table.reconciles) == (1, {"post_demotion": 1}, True)
        assert run.flow.reports.four_forms(decided + dt.timedelta(days=1), day, viewer=AUDITOR).total == 0

    def test_for_auditors_only(self) -> None:
        """A small count can name a person."""
        with pytest.raises(MisuseError, match="auditors"):
            _run("case").flow.reports.four_forms(DAY, DAY, viewer=Viewer())
