"""Dual management, delegation, vacancies, membership, duties: dated data that the same guards read."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiwen_flow.accountability.matrix import matrix
from zhiwen_flow.authority import Authority
from zhiwen_flow.directory import Delegation, Directory, Duty, ListKind, PersonFact, Post, PostListing
from zhiwen_flow.directory.rows import Incumbency
from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import Source
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.rulebook import Rulebook, Target
from zhiwen_flow.terms import Label, Power, Status
from zhiwen_flow.testing.clock import FixedClock

BASE = Directory.load("hubei-transport-2011")
BOOK = Rulebook.load("national-2025")
OLD = Rulebook.load("hubei-2011")
DAY = dt.date(2025, 3, 3)
SINCE = dt.date(2024, 1, 1)
DEPUTY = "bridge_bureau.deputy_director"


def holders(directory: Directory, measure: str, power: Power, post: str = DEPUTY, on: dt.date = DAY) -> list[str]:
    """Who holds a power, by id."""
    return [each.id for each in Authority(BOOK, directory).ruling(measure, post, on).who_could(power)]


class TestDualManagement:
    """The managing organ decides, the co-managing one is consulted."""

    def test_the_co_manager_is_consulted(self) -> None:
        """And holds no other power."""
        ruling = Authority(BOOK, BASE).ruling("post_adjustment", "city_quality_bureau.deputy_director", DAY)
        assert [each.id for each in ruling.who_could(Power.CONSULTS)] == ["city_committee"]
        assert [each.id for each in ruling.who_could()] == ["quality_party_group"]

    def test_beside_whom_the_row_names(self) -> None:
        """The 2011 row consults the discipline organ; the co-manager comes on top."""
        ruling = Authority(OLD, BASE).ruling(
            "post_demotion", "city_quality_bureau.deputy_director", dt.date(2011, 9, 1)
        )
        assert [each.id for each in ruling.who_could(Power.CONSULTS)] == ["quality_discipline_group", "city_committee"]

    def test_only_while_the_list_says_so(self) -> None:
        """A co-managing row is dated like any other."""
        row = PostListing(
            post=DEPUTY,
            organ="city_committee",
            kind=ListKind.CO_MANAGED,
            since=SINCE,
            until=dt.date(2024, 12, 31),
            document="表",
        )
        directory = Directory.of(base=BASE, listings=[row])
        assert holders(directory, "post_adjustment", Power.CONSULTS, on=dt.date(2024, 12, 31)) == ["city_committee"]
        assert holders(directory, "post_adjustment", Power.CONSULTS) == []


class TestDelegation:
    """A power handed over by a document."""

    @staticmethod
    def _lent(*powers: Power, to: str = "expressway_party_committee", measures: tuple[str, ...] = ()) -> Directory:
        row = Delegation(
            by="transport_party_group",
            to=to,
            powers=powers,
            measures=measures,
            since=SINCE,
            until=DAY,
            document="鄂交党〔示例〕授权书",
        )
        return Directory.of(base=BASE, delegations=[row])

    def test_the_delegate_stands_beside_the_holder(self) -> None:
        """Named by its document, whose status the ruling leans on."""
        ruling = Authority(BOOK, self._lent(Power.DECIDES)).ruling("post_demotion", DEPUTY, DAY)
        assert [(each.id, each.via) for each in ruling.who_could()] == [
            ("transport_party_group", "decides"),
            ("expressway_party_committee", "delegation"),
        ]
        assert "鄂交党〔示例〕授权书" in ruling.cites
        assert not ruling.status.is_settled

    @pytest.mark.parametrize(
        ("directory", "measure", "on"),
        [
            ("over", "post_demotion", DAY + dt.timedelta(days=1)),
            ("other_measure", "relief_of_post", DAY),
            ("coordinating", "post_demotion", DAY),
        ],
    )
    def test_no_further_than_it_goes(self, directory: str, measure: str, on: dt.date) -> None:
        """Not after its day, not for another measure, and never to a coordinating body."""
        made = {
            "over": self._lent(Power.DECIDES),
            "other_measure": self._lent(Power.DECIDES, measures=("post_demotion",)),
            "coordinating": self._lent(Power.DECIDES, to="transport_leading_group_office"),
        }
        assert holders(made[directory], measure, Power.DECIDES, on=on) == ["transport_party_group"]


class TestVacancy:
    """Who stands in for a vacant post holds its roles, and only then."""

    @staticmethod
    def _flow(until: dt.date | None) -> Flow:
        head = Post(
            id="bridge_leading_group.new_head",
            label=Label(zh="组长", en="Head"),
            organ="bridge_bureau",
            rank="county_chief",
            since=SINCE,
            roles=("case_officer",),
            substitute=DEPUTY,
        )
        held = Incumbency(post=head.id, person="p-900", since=SINCE, until=until)
        directory = Directory.of(base=BASE, posts=[head], incumbencies=[held])
        clock = FixedClock(dt.datetime(2025, 3, 3, 9, tzinfo=ZONE))
        return Flow.open(clock=clock, rulebook="national-2025", directory=directory)

    @pytest.mark.parametrize(("until", "allowed"), [(None, False), (DAY, False), (DAY - dt.timedelta(days=1), True)])
    def test_the_substitute_acts(self, until: dt.date | None, *, allowed: bool) -> None:
        """From the day after the last holder left; the answer to who could names the one who stands in."""
        flow = self._flow(until)
        opening = {"person": "p-301", "post": "bridge_service_hall.clerk", "unit": "bridge_bureau", "initiator": "甲"}
        opening |= {"matter": "乙", "started_by": "superior", "conduct_on": "2025-02-01"}
        decision = flow.start("case", opening, actor=Actor(id="p-201", post=DEPUTY))
        assert decision.allowed is allowed
        who = {each.id for each in flow.definitions.rules.directory.who_hold(("case_officer",), DAY)}
        assert (DEPUTY in who) is allowed

    def test_a_post_that_never_had_a_holder_is_not_known_to_be_vacant(self) -> None:
        """Absent data is no vacancy."""
        assert not BASE.is_vacant("bridge_bureau.officer", DAY)


class TestMembership:
    """Party measures are for members; what is not recorded is not guessed."""

    @staticmethod
    def _ruling(*, member: bool | None) -> object:
        post = Post(
            id="bridge_bureau.x",
            label=Label(zh="岗", en="x"),
            organ="bridge_bureau",
            rank="section_member",
            since=SINCE,
        )
        held = Incumbency(post=post.id, person="p-901", since=SINCE)
        fact = PersonFact(person="p-901", since=SINCE, personnel="civil_servant", party_member=member)
        list_row = PostListing(
            post=post.id, organ="bridge_party_committee", kind=ListKind.MANAGED, since=SINCE, document="表"
        )
        directory = Directory.of(base=BASE, posts=[post], incumbencies=[held], people=[fact], listings=[list_row])
        ruling = Authority(BOOK, directory).ruling("party_warning", post.id, DAY)
        return ruling.not_applicable.en if ruling.not_applicable else ruling.missing.en if ruling.missing else None

    def test_not_a_member(self) -> None:
        """Then the measure does not apply."""
        assert self._ruling(member=False) == "the person is not a Party member"

    def test_not_recorded(self) -> None:
        """Then it cannot be said."""
        assert self._ruling(member=None) == "whether the person is a Party member is not recorded"

    def test_a_person_s_own_category_goes_before_the_post_s(self) -> None:
        """A member of the staff of a hospital on a civil servant's post stays what he is."""
        fact = PersonFact(person="p-201x", since=SINCE, personnel="public_institution")
        post = Post(
            id="bridge_bureau.y",
            label=Label(zh="岗", en="y"),
            organ="bridge_bureau",
            rank="section_member",
            since=SINCE,
            personnel="civil_servant",
        )
        held = Incumbency(post=post.id, person="p-201x", since=SINCE)
        directory = Directory.of(base=BASE, posts=[post], incumbencies=[held], people=[fact])
        assert directory.personnel_of(post, DAY) == "public_institution"
        assert directory.personnel_of(post, SINCE - dt.timedelta(days=1)) == "civil_servant"


class TestStarting:
    """Who approves that accountability is started."""

    @pytest.mark.parametrize(
        ("post", "organs"),
        [
            ("bridge_bureau.director", ["transport_party_group"]),
            ("city_hospital.president", ["city_committee"]),
        ],
    )
    def test_a_head_is_for_the_organ_that_leads_directly(self, post: str, organs: list[str]) -> None:
        """No unit approves the start against its own head."""
        found = BASE.post(post, DAY)
        assert found is not None
        ruling = Authority(BOOK, BASE).ruling_of_start(found, DAY)
        assert [each.id for each in ruling.who_could(Power.APPROVES)] == organs

    def test_without_a_row_it_cannot_be_said(self) -> None:
        """The essay has no row on it."""
        found = BASE.post(DEPUTY, DAY)
        assert found is not None
        ruling = Authority(Rulebook.load("essay-opinions"), BASE).ruling_of_start(found, DAY)
        assert ruling.missing is not None
        assert not ruling.who_could(Power.APPROVES)


@pytest.mark.requirement("G02", "G10")
class TestTargets:
    """A measure is for a unit or for a person, never for both."""

    @pytest.mark.parametrize("book", [BOOK, OLD], ids=lambda book: book.id)
    def test_no_admonition_for_a_unit(self, book: Rulebook) -> None:
        """The ruling says why."""
        authority = Authority(book, BASE)
        for each in book.measures.values():
            for_unit = authority.ruling_for_unit(each.id, "bridge_bureau", DAY).not_applicable
            for_person = authority.ruling(each.id, DEPUTY, DAY).not_applicable
            if each.target is Target.UNIT:
                assert for_person is not None
                assert for_person.zh == "该措施只对单位适用"
            else:
                assert for_unit is not None
                assert for_unit.zh == "该措施只对个人适用"

    def test_what_is_for_units(self) -> None:
        """Circulars and rectification, no education of persons."""
        units = {each.id for each in BOOK.measures.values() if each.target is Target.UNIT}
        assert units == {"circular_criticism_unit", "written_self_criticism_unit", "reorganization"}


@pytest.mark.requirement("G09")
def test_a_grade_reduction_is_a_sanction() -> None:
    """Whatever heading the plan lists it under; its note says so."""
    found = OLD.measure("grade_reduction")
    assert found.category == "administrative_sanction"
    assert found.plan_says == "等组织处理"
    assert OLD.compare("grade_reduction", "post_demotion").value == "not_comparable"


@pytest.mark.requirement("F08")
def test_the_essay_s_situations() -> None:
    """Four groups, nine sub-items beside them, all opinions."""
    items = Rulebook.load("essay-opinions").catalogues["situations"].items
    assert {each.status for each in items} == {Status.OPINION}
    assert len({each.article for each in items}) == 4
    assert len(items) == 9
    assert [each.code for each in items if each.needs] == [
        "carried_out_wrongly",
        "harmful_decision",
        "unresolved",
        "bad_appointment",
    ]


def test_a_grade_is_for_the_lists_alone() -> None:
    """A post of a grade (职级) is managed as its list says; no example row guesses for the others."""
    assert holders(BASE, "post_demotion", Power.DECIDES, "transport_department.researcher") == ["transport_party_group"]
    unlisted = Post(
        id="bridge_bureau.grade",
        label=Label(zh="二级调研员", en="Researcher"),
        organ="bridge_bureau",
        rank="researcher_2",
        since=SINCE,
        personnel="civil_servant",
    )
    ruling = Authority(BOOK, Directory.of(base=BASE, posts=[unlisted])).ruling("post_demotion", unlisted.id, DAY)
    assert ruling.missing is not None
    assert "researcher_1" not in {each.rank for each in matrix(BOOK, BASE)}


class TestBadRows:
    """Faults of the new rows are named when they are loaded, all at once."""

    def test_all_at_once(self) -> None:
        """A delegation to nobody, a duty of no post, a substitute that is none, a deputy of no congress."""
        delegation = Delegation(by="nobody", to="nowhere", powers=(Power.DECIDES,), since=SINCE, document="x")
        duty = Duty(id="d", post="no.post", label=Label(zh="职责", en="duty"), since=SINCE, document="x")
        known = BASE.post(DEPUTY, DAY)
        assert known is not None
        post = attrs.evolve(known, id="bridge_bureau.z", substitute="no.other")
        person = PersonFact(person="p-x", since=SINCE, deputy_of="no_congress")
        with pytest.raises(DefinitionError) as caught:
            Directory.of(base=BASE, delegations=[delegation], duties=[duty], posts=[post], people=[person])
        said = str(caught.value)
        for each in ("nobody", "nowhere", "no.post", "no.other", "no_congress"):
            assert each in said

    def test_a_duty_outside_its_post_s_time(self) -> None:
        """Refused, with its place."""
        duty = Duty(id="d", post=DEPUTY, label=Label(zh="职责", en="duty"), since=dt.date(2001, 1, 1), document="x")
        with pytest.raises(DefinitionError, match="does not exist"):
            Directory.of(base=BASE, duties=[duty])


POSTS = sorted(each.id for each in BASE.posts(DAY))
RANKS = sorted(BASE.ranks)
MEASURES = sorted(each.id for each in BOOK.measures.values() if each.target is Target.PERSON)


@settings(max_examples=150, deadline=None)
@given(
    measure=st.sampled_from(MEASURES),
    post=st.sampled_from(POSTS),
    rank=st.sampled_from(RANKS),
    by_law=st.booleans(),
    said=st.sampled_from(["absent", "missing"]),
)
def test_a_narrower_row_never_allows_more(measure: str, post: str, rank: str, by_law: bool, said: str) -> None:  # noqa: FBT001
    """A row for one rank that names nobody takes powers away or leaves them; it hands none to anybody."""
    extra = f"""
[[authority]]
id = "narrower"
measures = ["{measure}"]
instrument = "example"
article = "甲"
status = "model"
ranks = ["{rank}"]
filled_by_law = {str(by_law).lower()}
decides = {{ {said} = {{ zh = "未知", en = "unknown" }} }}
"""
    narrower = Rulebook.read(Source(name="narrower.toml", data=BOOK.content + extra.encode()))
    before = Authority(BOOK, BASE).ruling(measure, post, DAY)
    after = Authority(narrower, BASE).ruling(measure, post, DAY)
    for power in Power:
        assert set(after.who_could(power)) <= set(before.who_could(power))
