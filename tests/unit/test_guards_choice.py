"""Guards on consents, findings, posts and the choice of a measure, at their edges: what is absent is never guessed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from tests.unit.test_guards import GROUP, OFFICER, ask, said
from zhiwen_flow.authority import Authority
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.rulebook import Rulebook

TODAY = Definitions.load(rulebook="national-2025", earlier=["hubei-2011"]).rules
DAY = dt.date(2025, 3, 3)
DEPUTY = "bridge_bureau.deputy_director"
MANAGED_TWICE = "city_quality_bureau.deputy_director"


def now(use: dict[str, Any], **around: Any) -> tuple[str, str]:
    """Ask a guard under the rules of 2025."""
    return said(ask(use, rules=around.pop("rules", TODAY), day=around.pop("day", DAY), **around))


def without(**rows: Any) -> Rules:
    """The rules of 2025 with some tables of the rulebook replaced."""
    book = Rulebook.load("national-2025")
    for name, value in rows.items():
        setattr(book, name, value)
    return attrs.evolve(TODAY, rulebook=book, authority=Authority(book, TODAY.directory))


def consent(answer: str, *, organ: str = "city_committee", power: str = "consults", **days: str) -> dict[str, str]:
    """Make a record of an opinion asked."""
    asked = {"organ": organ, "power": power, "answer": answer, "asked_on": "2025-01-31", "document": "函"}
    return asked | days


REVIEWED = consent("agreed", organ="quality_personnel_division", power="reviews")


class TestConsents:
    """Who must be asked, and what was answered."""

    USE = {"use": "others_were_asked", "measure": "fact:measure", "post": "fact:post", "consents": "fact:consents"}  # noqa: RUF012

    def _ask(self, *records: dict[str, str], rules: Rules = TODAY, day: dt.date = DAY, **facts: Any) -> tuple[str, str]:
        given = {"measure": "post_adjustment", "post": MANAGED_TWICE, "consents": [REVIEWED, *records]} | facts
        return now(self.USE, facts=given, rules=rules, day=day)

    @pytest.mark.parametrize(
        ("records", "day", "expected"),
        [
            ((), DAY, ("fail", "consent.missing")),
            ((consent("agreed"),), DAY, ("pass", "others_were_asked.passed")),
            ((consent("objected"),), DAY, ("fail", "consent.objected")),
            ((consent("none"),), dt.date(2025, 2, 28), ("fail", "consent.waiting")),
            ((consent("none"),), dt.date(2025, 3, 1), ("pass", "others_were_asked.passed")),
            ((consent("agreed", answered_on="2025-01-30"),), DAY, ("fail", "consent.dates")),
            ((consent("agreed", asked_on="2025-03-04"),), DAY, ("fail", "consent.dates")),
        ],
    )
    def test_the_co_manager(self, records: tuple[dict[str, str], ...], day: dt.date, expected: tuple[str, str]) -> None:
        """Silence counts from the day after the last day of the limit; a short month ends on its own last day."""
        assert self._ask(*records, day=day) == expected

    def test_no_row_says_when_silence_is_consent(self) -> None:
        """Then silence says nothing."""
        limits = {id: each for id, each in TODAY.rulebook.limits.items() if id != "consultation.silence"}
        assert self._ask(consent("none"), rules=without(limits=limits)) == ("unknown", "consent.no_limit")

    def test_who_reviews_is_never_held_to_agree(self) -> None:
        """Silence is for consultations only."""
        silent = REVIEWED | {"answer": "none"}
        given = {"measure": "post_adjustment", "post": MANAGED_TWICE, "consents": [silent, consent("agreed")]}
        assert now(self.USE, facts=given) == ("fail", "consent.not_agreed")

    def test_leaning_on_silence_is_told(self) -> None:
        """The limit behind it is not verified, and strict mode does not judge on it."""
        facts = {"measure": "post_adjustment", "post": MANAGED_TWICE, "consents": [REVIEWED, consent("none")]}
        verdict = ask(self.USE, facts=facts, rules=TODAY, day=DAY)
        assert not verdict.status.is_settled
        assert any("双重管理" in each for each in verdict.cites)
        assert now(self.USE, facts=facts, strict=True) == ("unknown", "strict.unsettled")

    def test_a_measure_on_a_unit_asks_nobody(self) -> None:
        """The row on units names no such powers."""
        facts = {"measure": "circular_criticism_unit", "post": DEPUTY}
        assert now(self.USE, facts=facts) == ("pass", "others_were_asked.passed")


class TestApproval:
    """Approval gates; whether it is needed is said by the row."""

    @pytest.mark.parametrize(
        ("measure", "needed", "expected"),
        [
            ("admonition", True, "pass"),
            ("admonition", False, "fail"),
            ("post_demotion", False, "pass"),
            ("post_demotion", True, "fail"),
        ],
    )
    def test_both_ways(self, measure: str, needed: bool, expected: str) -> None:  # noqa: FBT001
        """Neither step stands in for the other."""
        use = {"use": "approval_is_settled", "measure": "fact:measure", "post": "fact:post", "needed": needed}
        assert now(use, facts={"measure": measure, "post": DEPUTY})[0] == expected
        assert now(use) == ("unknown", "fact.absent")


class TestPosts:
    """Whose post it is."""

    @pytest.mark.parametrize("use", ["manages_post", "has_discipline_jurisdiction", "fills_post", "start_is_approved"])
    def test_without_the_post_it_cannot_be_said(self, use: str) -> None:
        """Absent, or not there on that day."""
        asked = {"use": use, "post": "fact:post"}
        assert now(asked) == ("unknown", "fact.absent")
        assert now(asked, facts={"post": DEPUTY}, day=dt.date(2009, 1, 1)) == ("unknown", "post.not_then")

    def test_nobody_manages_it(self) -> None:
        """No list and no example names it."""
        for use in ("manages_post", "has_discipline_jurisdiction"):
            asked = {"use": use, "post": "fact:post"}
            rules = without(fallbacks={})
            assert now(asked, facts={"post": "bridge_bureau.officer"}, rules=rules) == ("unknown", "post.no_manager")
        asked = {"use": "start_is_approved", "post": "fact:post"}
        facts = {"post": "bridge_bureau.officer"}
        assert now(asked, facts=facts, rules=without(fallbacks={})) == ("unknown", "start.not_said")
        assert now(asked, facts=facts, rules=without(starting=())) == ("unknown", "start.not_said")

    def test_a_statutory_act(self) -> None:
        """Asked for where the measure changes a post that a law fills; the body is named."""
        use = {
            "use": "statutory_act_is_recorded",
            "measure": "fact:measure",
            "post": "fact:post",
            "act": "field:paper",
            "changed_on": "field:day",
        }
        facts = {"measure": "relief_of_post", "post": "transport_department.director"}
        assert now(use, facts=facts) == ("fail", "fact.missing")
        verdict = ask(use, facts=facts, payload={"day": "2025-03-03"}, rules=TODAY, day=DAY)
        assert said(verdict) == ("fail", "post.no_statutory_act")
        assert [each.id for each in verdict.who_could] == ["provincial_congress"]
        assert now(use, facts=facts, payload={"day": "2025-03-03", "paper": "任免"})[0] == "pass"
        assert now(use, facts=facts | {"measure": "admonition"})[0] == "pass"
        assert now(use) == ("unknown", "fact.absent")


class TestLevels:
    """One level up, or the counterpart in a field that rules name."""

    USE = {  # noqa: RUF012
        "use": "is_next_level",
        "post": "field:post",
        "of": "fact:post",
        "kind": "field:word",
        "field": "field:basis",
    }

    def _ask(self, of: str, post: str, kind: str, field: str | None = None) -> tuple[str, str]:
        payload = {"post": post, "word": kind} | ({"basis": field} if field else {})
        return now(self.USE, facts={"post": of}, payload=payload)

    @pytest.mark.requirement("G17")
    def test_party_and_government(self) -> None:
        """The head of the bureau and the secretary of its committee, both ways, in the fields named only."""
        director, secretary = "expressway_bureau.director", "expressway_party_committee.secretary"
        assert self._ask(director, secretary, "joint", "safety")[0] == "pass"
        assert self._ask(secretary, director, "joint", "safety")[0] == "pass"
        assert self._ask(director, secretary, "joint", "culture") == ("fail", "assessment.no_field")
        assert self._ask(director, secretary, "joint") == ("fail", "assessment.no_field")
        assert self._ask(director, DEPUTY, "joint", "safety") == ("fail", "assessment.other_post")

    @pytest.mark.parametrize(
        ("of", "post", "expected"),
        [
            (DEPUTY, "bridge_bureau.director", "pass"),
            ("bridge_bureau.director", "expressway_bureau.deputy_director", "pass"),
            ("bridge_toll_section.deputy_head", "bridge_toll_section.head", "pass"),
            ("bridge_toll_section.deputy_head", "bridge_bureau.director", "fail"),
            (DEPUTY, DEPUTY, "fail"),
            ("transport_department.director", "provincial_government.deputy_governor", "pass"),
        ],
    )
    def test_one_level(self, of: str, post: str, expected: str) -> None:
        """The head of the own organ; above a head, who is in charge of it."""
        assert self._ask(of, post, "next_level")[0] == expected

    def test_nobody_above(self) -> None:
        """The directory does not say."""
        assert self._ask("provincial_congress.clerk", DEPUTY, "next_level") == ("unknown", "assessment.no_superior")
        assert now(self.USE, payload={"post": DEPUTY, "word": "next_level"}) == ("unknown", "fact.absent")


class TestDuties:
    """By the duties as of the day of the conduct."""

    USE = {"use": "duty_was_held", "findings": "fact:found", "conduct_on": "fact:day"}  # noqa: RUF012

    @staticmethod
    def _found(post: str, duty: str) -> dict[str, Any]:
        return {"found": [{"post": post, "duty": duty}], "day": "2025-02-10"}

    def test_edges(self) -> None:
        """Held, not held, nothing recorded, no such post then, no day."""
        assert now(self.USE, facts=self._found(DEPUTY, "bridge_toll_service"))[0] == "pass"
        assert now(self.USE, facts=self._found(DEPUTY, "window")) == ("fail", "duty.not_held")
        assert now(self.USE, facts=self._found("bridge_bureau.officer", "x")) == ("unknown", "duty.not_recorded")
        old = self._found(DEPUTY, "bridge_toll_service") | {"day": "2009-01-01"}
        assert now(self.USE, facts=old) == ("unknown", "post.not_then")
        assert now(self.USE, facts={"found": []}) == ("unknown", "fact.absent")


class TestChoice:
    """Told, combined, of the right time."""

    def test_nothing_was_told(self) -> None:
        """Then nothing may be proposed; whether it is heavier cannot be said."""
        use = {"use": "no_heavier_than_told", "measure": "field:measure", "told": "fact:told"}
        assert now(use, payload={"measure": "demerit"}) == ("unknown", "fact.absent")
        assert now(use, payload={"measure": "demerit"}, facts={"told": ["major_demerit"]})[0] == "pass"
        told = {"told": ["governmental_warning"]}
        assert now(use, payload={"measure": "demerit"}, facts=told) == ("fail", "told.heavier")
        assert now(use, payload={"measure": "admonition"}, facts=told) == ("fail", "told.other")

    def test_together(self) -> None:
        """A row allows, forbids, or there is none."""
        use = {"use": "combination_is_allowed", "measure": "field:measure", "together_with": "fact:others"}
        live = {("measure", "decided"): 1, ("measure", "refused"): 3}

        def pair(one: str, other: str) -> tuple[str, str]:
            return now(use, payload={"measure": one}, facts={"others": [other]}, children=live)

        assert pair("admonition", "post_demotion")[0] == "pass"
        assert pair("demerit", "institution_demerit") == ("fail", "combination.forbidden")
        assert pair("demerit", "voluntary_resignation") == ("unknown", "combination.not_said")
        assert now(use, payload={"measure": "demerit"}, children=live) == ("fail", "combination.not_named")
        assert now(use, payload={"measure": "demerit"})[0] == "pass"
        assert now(use) == ("unknown", "fact.absent")

    @pytest.mark.requirement("G05")
    def test_grave_conduct_goes_both_ways(self) -> None:
        """An organizational measure may go along with the referral to the discipline organ (GG (三)4)."""
        use = {"use": "combination_is_allowed", "measure": "field:measure", "together_with": "fact:others"}
        facts, live = {"others": ["discipline_referral"]}, {("measure", "decided"): 1}
        assert said(ask(use, payload={"measure": "post_demotion"}, facts=facts, children=live))[0] == "pass"

    def test_a_measure_that_has_another_name_since(self) -> None:
        """The admonition talk of 2005 is the admonition of today; the verdict keeps which rulebook applied."""
        use = {
            "use": "substance_follows_time",
            "measure": "field:measure",
            "conduct_on": "fact:day",
            "lighter": "fact:x",
        }
        verdict = ask(use, payload={"measure": "admonition"}, facts={"day": "2011-10-01"}, rules=TODAY, day=DAY)
        assert verdict.passed
        assert verdict.facts["rulebook"] == "hubei-2011"
        assert verdict.facts["as_measure"] == "admonition_talk"
        today = ask(use, payload={"measure": "admonition"}, facts={"day": "2025-02-01"}, rules=TODAY, day=DAY)
        assert today.facts["rulebook"] == "national-2025"

    def test_a_bar_without_an_end(self) -> None:
        """The length is not known, or no row bears on the act."""
        use = {"use": "bar_is_over", "measure": "fact:measure", "counted_from": "fact:day", "act": "fact:act"}
        facts = {"measure": "institution_demerit", "day": "2020-01-01", "act": "promotion"}
        assert now(use, facts=facts) == ("unknown", "return.no_end")
        assert now(use, facts=facts | {"act": "leading_post"}) == ("unknown", "return.no_effect")
        assert now(use, facts={"measure": "demerit", "act": "promotion"}) == ("unknown", "fact.absent")


class TestNumbers:
    """A number is held against a row; without one nothing is said."""

    @pytest.mark.parametrize(
        ("value", "total", "level", "expected"),
        [
            (12, 60, "members", "pass"),
            (11, 60, "members", "fail"),
            (13, 61, "members", "pass"),
            (12, 61, "members", "fail"),
            (12, None, "members", "unknown"),
            (1, None, "council_of_chairpersons", "pass"),
            (99, 100, "deputies", "unknown"),
            (None, 60, "members", "unknown"),
            (12, 60, None, "unknown"),
        ],
    )
    def test_a_share(self, value: int | None, total: int | None, level: str | None, expected: str) -> None:
        """One fifth of sixty is twelve, of sixty-one it is thirteen; deputies do not move a revocation."""
        use = {
            "use": "threshold_is_met",
            "value": "fact:n",
            "procedure": "revocation_motion",
            "of": "fact:all",
            "level": "fact:level",
        }
        facts = {name: each for name, each in (("n", value), ("all", total), ("level", level)) if each is not None}
        assert now(use, facts=facts)[0] == expected

    def test_half_is_not_more_than_half(self) -> None:
        """Of six sponsors three are not enough to ask again."""
        use = {
            "use": "threshold_is_met",
            "value": "fact:n",
            "procedure": "interpellation_dissatisfied",
            "of": "fact:all",
        }
        assert now(use, facts={"n": 3, "all": 6}) == ("fail", "threshold.not_met")
        assert now(use, facts={"n": 4, "all": 6})[0] == "pass"
        below = use | {"at_most": True}
        assert now(below, facts={"n": 3, "all": 6})[0] == "pass"
        assert now(below, facts={"n": 4, "all": 6}) == ("fail", "threshold.reached")

    def test_lists(self) -> None:
        """Nobody on both, everybody told; what is not known is not guessed."""
        apart = {"use": "people_are_apart", "value": "fact:a", "others": "fact:b"}
        assert now(apart, facts={"a": ["p-1"]}) == ("unknown", "fact.absent")
        assert now(apart, facts={"a": [], "b": []}) == ("fail", "list.empty")
        covers = {"use": "list_covers", "value": "fact:a", "wanted": "fact:b"}
        assert now(covers, facts={"a": ["bridge_bureau"]}) == ("unknown", "fact.absent")
        assert now(covers, facts={"b": ["bridge_bureau"]}) == ("fail", "list.lacks")

    def test_the_kind_of_an_organ(self) -> None:
        """Not given, not of a kind, of a kind."""
        use = {"use": "organ_is_of_kind", "organ": "fact:organ", "catalogue": "supervised_organs"}
        assert now(use) == ("unknown", "fact.absent")
        assert now(use, facts={"organ": "provincial_committee"}) == ("fail", "organ.other_kind")
        assert now(use, facts={"organ": "provincial_court"})[0] == "pass"


class TestMeetings:
    """Quorum and ballot, each by its own row."""

    @pytest.mark.parametrize(
        ("due", "present", "votes", "ballot", "expected"),
        [
            (60, 31, 31, "secret", "meeting"),
            (60, 30, 30, "secret", "meeting.no_quorum"),
            (60, 40, 30, "secret", "meeting.no_majority"),
            (60, 40, 31, "open", "meeting.not_secret"),
        ],
    )
    def test_a_revocation(self, due: int, present: int, votes: int, ballot: str, expected: str) -> None:
        """More than half present, more than half of all for it, by secret ballot."""
        use = {"use": "decided_in_meeting", "meeting": "field:meeting", "rule": "revocation_vote", "required": True}
        record = {
            "body": "provincial_congress",
            "date": "2025-03-03",
            "due": due,
            "present": present,
            "minutes": "1",
            "form": "meeting",
            "ballot": ballot,
            "votes": {"for": votes, "against": 0, "abstain": 0},
        }
        outcome, reason = now(use, payload={"meeting": record})
        assert (outcome, reason) == (
            ("pass", "decided_in_meeting.passed") if expected == "meeting" else ("fail", expected)
        )
        assert now(use) == ("fail", "meeting.none")
        gone = use | {"rule": "no_such_rule"}
        assert now(gone, payload={"meeting": record}) == ("unknown", "meeting.no_rule")


class TestLadder:
    """What the plan lists, and what needs another ground."""

    USE = {"use": "is_in_ladder", "measure": "field:measure", "ground": "field:basis"}  # noqa: RUF012

    @pytest.mark.requirement("G08")
    def test_of_a_plan(self) -> None:
        """The plan of 2011 lists its measures; others need their legal ground (等)."""
        assert said(ask(self.USE, payload={"measure": "post_demotion"}))[0] == "pass"
        assert said(ask(self.USE, payload={"measure": "criticism_education"})) == ("fail", "measure.not_in_plan")
        assert said(ask(self.USE, payload={"measure": "criticism_education", "basis": "公务员法"}))[0] == "pass"
        assert said(ask(self.USE)) == ("unknown", "fact.absent")

    def test_rules_without_a_plan(self) -> None:
        """Ask for nothing."""
        assert now(self.USE, payload={"measure": "admonition"})[0] == "pass"


@pytest.mark.requirement("G12")
def test_repetition_raises_no_rung_by_itself() -> None:
    """The form asks for a reason whatever the number of earlier cases is, and no guard reads that number."""
    machine = Definitions.load().machine("case")
    propose = next(each for each in machine.transitions if each.trigger == "propose")
    assert propose.field("reason").required  # type: ignore[union-attr]
    assert not propose.field("earlier_conduct").required  # type: ignore[union-attr]
    assert not any("earlier_conduct" in str(use.params) for use in propose.guards)


def test_the_probe_s_actors_are_those_of_the_directory() -> None:
    """Who asks in these tests holds a post."""
    for post in (OFFICER, GROUP):
        assert TODAY.directory.post(post, DAY) is not None
