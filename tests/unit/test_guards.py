"""Guards at their edges; the middle is told by the case files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from zhiwen_flow._engine import Engine
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import Request, Rules
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE, Actor, Instance, Obligation, Pin, Surroundings, Verdict
from zhiwen_flow.terms import Outcome, Status
from zhiwen_flow.testing.clock import FixedClock

DEFINITIONS = Definitions.load()
OFFICER = "bridge_bureau.officer"
GROUP = "transport_party_group.officer"
PIN = Pin(machine="x", machine_version="1", machine_hash="", rulebook="", rulebook_version="", rulebook_hash="")
FIELDS = (
    ("measure", "measure"),
    ("post", "post"),
    ("organ", "organ"),
    ("person", "person"),
    ("day", "date"),
    ("until", "date"),
    ("meeting", "meeting"),
    ("paper", "document"),
    ("basis", "text"),
    ("word", "text"),
    ("covered", "integer"),
    ("total", "integer"),
)


def _probe(use: dict[str, Any]) -> Machine:
    label = {"zh": "某", "en": "some"}
    fields = [{"name": name, "type": kind, "label": {"zh": f"项{name}", "en": name}} for name, kind in FIELDS]
    step = {"source": ["a"], "label": label, "cites": ["乙"]}
    terms = ("unit_liaison", "paper", "complaint", "leading_group_office", use.get("role", "x"))
    raw = {
        "id": "probe",
        "version": "1",
        "label": label,
        "source": "甲",
        "initial": "a",
        "terms": dict.fromkeys(terms, label),
        "opening": {"label": label, "cites": ["甲"], "field": fields, "keep": [name for name, _ in FIELDS]},
        "state": [
            {"id": "a", "label": label, "owner": "unit_liaison"},
            {"id": "b", "label": label, "end": "void"},
            {"id": "c", "label": label, "end": "done"},
        ],
        "transition": [
            step | {"trigger": "go", "target": "b", "guards": [use], "field": fields},
            step | {"trigger": "finish", "target": "c", "guards": ["no_open_obligations"]},
        ],
    }
    return machine_from(raw, DEFINITIONS.registry, where="probe")


def ask(
    use: dict[str, Any],
    *,
    post: str = OFFICER,
    person: str = "p-1",
    payload: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    day: dt.date = dt.date(2011, 10, 25),
    strict: bool = False,
    rules: Rules = DEFINITIONS.rules,
    **around: Any,
) -> Verdict:
    """Ask one guard on a machine of two states."""
    machine = _probe(use)
    engine = Engine(machine, DEFINITIONS.registry, strict=strict)
    instance = Instance(id="i", pin=PIN, state="a", root="i", facts=facts or {})
    transition = engine.step("a", "go")
    assert transition is not None
    request = Request(
        stream="i",
        state="a",
        machine=machine,
        transition=transition,
        actor=Actor(id=person, post=post),
        payload=payload or {},
        surroundings=Surroundings(instance=instance, **around),
        rules=attrs.evolve(rules, strict=strict),
        at=dt.datetime.combine(day, dt.time(9), ZONE),
        today=day,
    )
    allowed = engine.run(request)
    (verdict,) = request.verdicts
    assert allowed is verdict.passed
    assert request.state == ("b" if allowed else "a")
    assert verdict.text("zh")
    assert verdict.text("en")
    return verdict


def said(verdict: Verdict) -> tuple[str, str]:
    """Give outcome and reason."""
    return verdict.outcome.value, verdict.reason.id


class TestTime:
    """Days are inclusive on both sides."""

    @pytest.mark.parametrize(
        ("guard", "day", "expected"),
        [
            ("not_before", "2011-10-24", "pass"),
            ("not_before", "2011-10-25", "pass"),
            ("not_before", "2011-10-26", "fail"),
            ("not_after", "2011-10-24", "fail"),
            ("not_after", "2011-10-25", "pass"),
            ("not_after", "2011-10-26", "pass"),
            ("not_before", None, "unknown"),
            ("not_after", None, "unknown"),
        ],
    )
    def test_edges(self, guard: str, day: str | None, expected: str) -> None:
        """The day itself is in."""
        payload = {"day": day} if day is not None else {}
        assert ask({"use": guard, "date": "field:day"}, payload=payload).outcome.value == expected

    def test_where_a_plan_may_leave_it_open(self) -> None:
        """Nothing to compare with is no reason to refuse."""
        assert ask({"use": "not_after", "date": "field:day", "optional": True}).passed

    @pytest.mark.parametrize(
        ("measure", "until", "expected"),
        [
            ("off_post_study", "2011-10-26", ("pass", "end_date_is_given.passed")),
            ("off_post_study", "2011-10-25", ("fail", "time.end_passed")),
            ("off_post_study", None, ("fail", "time.no_end")),
            ("relief_of_post", None, ("pass", "end_date_is_given.passed")),
            (None, None, ("unknown", "fact.absent")),
        ],
    )
    def test_end_dates(self, measure: str | None, until: str | None, expected: tuple[str, str]) -> None:
        """An end that is not ahead is no end."""
        payload = {name: each for name, each in (("measure", measure), ("until", until)) if each is not None}
        use = {"use": "end_date_is_given", "measure": "field:measure", "date": "field:until"}
        assert said(ask(use, payload=payload)) == expected


class TestChildren:
    """Counters, never loaded children."""

    @pytest.mark.parametrize(("states", "expected"), [({"concluded": 1}, True), ({"accepted": 3}, False), ({}, False)])
    def test_some_child(self, states: dict[str, int], *, expected: bool) -> None:
        """One in the state is enough; none is none."""
        children = {("complaint", state): count for state, count in states.items()}
        use = {"use": "some_child_is_in", "machine": "complaint", "states": ["concluded"]}
        assert ask(use, children=children).passed is expected

    def test_obligations_by_kind(self) -> None:
        """Only the kinds asked for count."""
        owed = (Obligation(id="o", stream="i", kind="reply"),)
        assert ask({"use": "no_open_obligations", "kinds": ["serving"]}, obligations=owed).passed
        refused = ask({"use": "no_open_obligations"}, obligations=owed)
        assert refused.facts["kinds"] == [{"id": "reply", "zh": "reply", "en": "reply"}]


class TestRecusal:
    """Nobody judges himself."""

    def test_two_pairs_of_eyes(self) -> None:
        """Who did the earlier step may not do this one."""
        use = {"use": "actor_differs_from", "fact": "person"}
        assert ask(use, person="p-2", facts={"person": "p-1"}).passed
        assert ask(use, person="p-1", facts={"person": "p-1"}).outcome is Outcome.FAIL

    def test_an_erased_fact_is_not_guessed(self) -> None:
        """Where the person concerned was erased, nobody can say that it is another."""
        use = {"use": "actor_is_not_concerned", "person": "fact:person"}
        verdict = ask(use, facts={"person": {"sealed": "0" * 64}})
        assert said(verdict) == ("unknown", "fact.erased")
        assert ask(use, facts={"person": {"sealed": "0" * 64}}, opened={"person": "p-2"}).passed

    def test_an_actor_without_a_post(self) -> None:
        """Whose post is not in the directory cannot be cleared of belonging to the unit."""
        use = {"use": "actor_is_not_concerned", "unit": "fact:organ"}
        assert said(ask(use, post="nowhere", facts={"organ": "bridge_bureau"})) == ("fail", "actor.no_post")

    @pytest.mark.parametrize(
        ("handler", "accused", "word", "expected"),
        [
            ("bridge_bureau", "bridge_service_hall.clerk", "appeal_for_settlement", "pass"),
            ("bridge_bureau", "bridge_bureau.director", "appeal_for_settlement", "fail"),
            ("bridge_toll_section", "bridge_bureau.director", "appeal_for_settlement", "fail"),
            ("bridge_bureau", "bridge_service_hall.clerk", "accusation", "fail"),
            ("expressway_bureau", "bridge_service_hall.clerk", "accusation", "pass"),
        ],
    )
    def test_whom_a_complaint_reaches(self, handler: str, accused: str, word: str, expected: str) -> None:
        """A head never handles what is said of him; a report of wrongdoing never enters the unit."""
        use = {
            "use": "handler_is_not_concerned",
            "handler": "field:organ",
            "post": "fact:post",
            "unit": "fact:none",
            "accusation": "fact:word",
        }
        facts = {"post": accused, "word": word}
        assert ask(use, payload={"organ": handler}, facts=facts).outcome.value == expected


def meeting(**parts: Any) -> dict[str, Any]:
    """Make a record of a meeting that decided."""
    votes = {"for": 5, "against": 1, "abstain": 0}
    base = {"body": "transport_party_group", "date": "2011-10-25", "due": 9, "present": 6, "minutes": "7"}
    return {**base, "form": "meeting", "votes": votes, **parts}


class TestMeeting:
    """A collective decision is proved by its record."""

    @pytest.mark.parametrize(
        ("record", "expected"),
        [
            (meeting(), "decided_in_meeting.passed"),
            (meeting(present=5), "meeting.sums"),
            (meeting(present=5, votes={"for": 5, "against": 0, "abstain": 0}), "meeting.no_quorum"),
            (meeting(present=9, votes={"for": 5, "against": 4, "abstain": 0}), "decided_in_meeting.passed"),
            (meeting(due=8, votes={"for": 4, "against": 1, "abstain": 0}), "meeting.no_majority"),
            (meeting(form="circulation"), "meeting.circulation"),
            (meeting(present=10), "meeting.sums"),
            (meeting(date="2011-10-26"), "meeting.future"),
        ],
    )
    def test_records(self, record: dict[str, Any], expected: str) -> None:
        """Quorum is two thirds of those due, majority more than half of them; both are named and marked."""
        verdict = ask({"use": "decided_in_meeting", "meeting": "field:meeting"}, payload={"meeting": record})
        assert verdict.reason.id == expected


AUTHORITY = {
    "use": "has_measure_authority",
    "power": "decides",
    "measure": "field:measure",
    "post": "field:post",
    "organ": "field:organ",
    "meeting": "field:meeting",
}
DEMOTE = {"measure": "post_demotion", "post": "bridge_bureau.deputy_director"}


@pytest.mark.requirement("G06")
class TestAuthority:
    """Who may decide what on whom."""

    def test_the_right_organ(self) -> None:
        """With its own meeting's record it passes, and says on which row it leaned."""
        verdict = ask(AUTHORITY, post=GROUP, payload={**DEMOTE, "meeting": meeting()})
        assert verdict.passed
        assert verdict.facts["row"]
        assert "依据待核实" in verdict.text("zh")

    @pytest.mark.parametrize(
        ("post", "payload", "expected"),
        [
            ("bridge_party_committee.officer", DEMOTE, ("fail", "authority.not_held")),
            (GROUP, DEMOTE, ("fail", "meeting.missing")),
            (GROUP, {**DEMOTE, "meeting": meeting(body="bridge_party_committee")}, ("fail", "meeting.other_body")),
            (GROUP, {"post": "bridge_bureau.deputy_director"}, ("unknown", "fact.absent")),
            (GROUP, {"measure": "post_demotion"}, ("unknown", "fact.absent")),
            ("nowhere", DEMOTE, ("fail", "authority.not_held")),
        ],
    )
    def test_refusals(self, post: str, payload: dict[str, Any], expected: tuple[str, str]) -> None:
        """Each says what is wrong."""
        assert said(ask(AUTHORITY, post=post, payload=payload)) == expected

    def test_a_post_that_did_not_exist_then(self) -> None:
        """Authority is judged at the moment of the act."""
        verdict = ask(AUTHORITY, post=GROUP, payload=DEMOTE, day=dt.date(1990, 1, 1))
        assert said(verdict) == ("unknown", "post.not_then")

    def test_a_measure_on_a_unit_looks_at_the_unit(self) -> None:
        """Circulating criticism of a unit hangs on the unit, not on a post."""
        payload = {"measure": "circular_criticism_unit", "organ": "bridge_bureau"}
        verdict = ask(AUTHORITY, post=GROUP, payload=payload)
        assert verdict.facts["target"] in (
            "bridge_bureau",
            {"id": "bridge_bureau", "zh": "大桥局", "en": "Bridge Bureau"},
        )

    def test_strict_mode_leans_on_nothing_unsettled(self) -> None:
        """What leaned on an example row becomes unknown until a host confirms it."""
        verdict = ask(AUTHORITY, post=GROUP, payload={**DEMOTE, "meeting": meeting()}, strict=True)
        assert verdict.outcome is Outcome.UNKNOWN
        assert verdict.status is Status.MODEL

    def test_strict_mode_leaves_settled_verdicts(self) -> None:
        """A role is a role."""
        assert ask({"use": "actor_holds_role", "role": "unit_liaison"}, strict=True).passed


class TestRoles:
    """Posts hold roles; sections belong to their unit."""

    def test_who_could_is_named(self) -> None:
        """The refusal lists the posts that hold the role."""
        verdict = ask({"use": "actor_holds_role", "role": "leading_group_office"})
        assert "transport_leading_group_office.clerk" in {each.id for each in verdict.who_could}

    @pytest.mark.parametrize(
        ("post", "organ", "expected"),
        [
            ("bridge_service_hall.clerk", "bridge_bureau", True),
            ("bridge_bureau.officer", "expressway_bureau", False),
            ("bridge_bureau.officer", "bridge_service_hall", False),
            ("nowhere", "bridge_bureau", False),
        ],
    )
    def test_belonging(self, post: str, organ: str, *, expected: bool) -> None:
        """A section belongs to its unit; a subordinate unit does not, nor the other way round."""
        use = {"use": "actor_belongs_to", "organ": "fact:organ"}
        assert ask(use, post=post, facts={"organ": organ}).passed is expected

    def test_an_organ_that_is_not_on_record(self) -> None:
        """It cannot be judged."""
        assert said(ask({"use": "actor_belongs_to", "organ": "fact:organ"})) == ("unknown", "fact.absent")


class TestMaterial:
    """What must be on file."""

    def test_yes_and_no_are_chinese(self) -> None:
        """An official reads 是 and 否, not True."""
        flow_step = {"use": "value_is_one_of", "value": "fact:word", "values": ["true"]}
        verdict = ask(flow_step, facts={"word": False})
        assert verdict.text("zh") == "“项word”为“否”,本环节要求为“是”"

    def test_basis_and_effect_of_no_measure(self) -> None:
        """Without the measure nothing can be said."""
        for use in (
            {"use": "basis_is_named", "measure": "field:measure", "basis": "field:basis"},
            {"use": "takes_effect_by", "measure": "field:measure", "moments": ["served"]},
        ):
            assert said(ask(use)) == ("unknown", "fact.absent")

    @pytest.mark.parametrize(
        ("target", "covered", "expected"),
        [
            ("90%", 9, ("pass", "coverage_is_met.passed")),
            ("90%", 8, ("fail", "coverage.not_met")),
            ("90%", None, ("unknown", "fact.absent")),
            ("一半以上", 9, ("unknown", "coverage.unclear")),
        ],
    )
    def test_coverage(self, target: str, covered: int | None, expected: tuple[str, str]) -> None:
        """A share is compared; words that give none are answered with unknown, not with a guess."""
        use = {"use": "coverage_is_met", "target": "fact:word", "covered": "field:covered", "total": "field:total"}
        payload = {"total": 10} | ({"covered": covered} if covered is not None else {})
        assert said(ask(use, facts={"word": target}, payload=payload)) == expected

    @pytest.mark.parametrize(
        ("answers", "word", "expected"),
        [
            ({"opposed": "applies"}, None, "assessment.applies"),
            ({"opposed": "applies"}, "集体决定仍予追究的理由", "every_item_is_assessed.passed"),
            ({"opposed": "unknown"}, None, "assessment.unknown"),
            ({}, None, "every_item_is_assessed.passed"),
        ],
    )
    def test_exemptions(self, answers: dict[str, str], word: str | None, expected: str) -> None:
        """One that applies stops the proposal, unless a written reason stands against it."""
        items = ("opposed", "reform_trial", "unforeseeable")
        found = [{"item": each, "answer": answers.get(each, "does_not_apply"), "reason": "无"} for each in items]
        use = {
            "use": "every_item_is_assessed",
            "value": "fact:found",
            "catalogue": "exemption_items",
            "despite": "field:word",
        }
        payload = {"word": word} if word is not None else {}
        assert ask(use, facts={"found": found}, payload=payload).reason.id == expected


class TestErasure:
    """What was erased is not guessed, through a whole flow."""

    def test_a_measure_on_an_erased_person_is_refused(self) -> None:
        """A step that opens a child with an erased fact says so, and does not crash."""
        clock = FixedClock(dt.datetime(2011, 10, 18, 9, tzinfo=ZONE))
        officer = Actor(id="p-207", post="bridge_personnel.officer")
        opening = {"initiator": "督查", "matter": "不执行", "person": "p-301", "unit": "bridge_bureau"}
        opening |= {"started_by": "superior", "conduct_on": "2011-09-20"}
        with Flow.open(clock=clock, actor=officer) as flow:
            case = flow.start("case", {**opening, "post": "bridge_service_hall.clerk"}).raise_if_refused()
            assert flow.store.erase(event=case.event or "", name="person")
            refused = flow.do(case, "approve_start", actor=Actor(id="p-200", post="bridge_bureau.director"))
            assert [(each.outcome.value, each.reason.id) for each in refused.refusals] == [("unknown", "fact.erased")]
            assert "已按规定清除" in refused.explain("zh")


GIVEN = {"use": "remedy_is_given", "remedy": "field:word", "measure": "field:measure"}
TERM = {**GIVEN, "use": "within_remedy_term", "counted_from": "field:day"}


class TestRemedy:
    """Remedies are rows; what no row gives is not guessed."""

    @pytest.mark.parametrize(
        ("payload", "expected"),
        [
            ({"measure": "relief_of_post", "word": "appeal.accountability"}, ("pass", "remedy_is_given.passed")),
            ({"measure": "relief_of_post", "word": "review.petition"}, ("fail", "remedy.other")),
            ({"measure": "off_post_study", "word": "appeal.accountability"}, ("unknown", "remedy.none_known")),
            ({"measure": "relief_of_post"}, ("unknown", "fact.absent")),
        ],
    )
    def test_given(self, payload: dict[str, Any], expected: tuple[str, str]) -> None:
        """A measure without a known remedy is unknown, not without one."""
        assert said(ask(GIVEN, payload=payload)) == expected

    @pytest.mark.parametrize(
        ("day", "expected"),
        [("2011-10-10", "pass"), ("2011-10-09", "fail"), (None, "unknown")],
    )
    def test_term(self, day: str | None, expected: str) -> None:
        """Fifteen days from receipt; the fifteenth is in."""
        payload = {"measure": "relief_of_post", "word": "appeal.accountability"}
        if day is not None:
            payload["day"] = day
        assert ask(TERM, payload=payload).outcome.value == expected
