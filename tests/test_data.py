"""Every shipped file, by itself and against the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from zhiwen_flow.accountability.matrix import matrix, shares
from zhiwen_flow.campaign import opening_of
from zhiwen_flow.deciding import Bench
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.directory import Directory
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.plan import Plan
from zhiwen_flow.reasons import shipped_reasons
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Power, Status

DEFINITIONS = Definitions.load()
RULES = DEFINITIONS.rules
MACHINES = [DEFINITIONS.machine(id) for id in shipped("machines")]
BOOK = RULES.rulebook
DIRECTORY = RULES.directory


def _id(machine: Machine) -> str:
    return machine.id


@pytest.mark.parametrize("machine", MACHINES, ids=_id)
class TestMachines:
    """A machine against rulebook, directory and the other machines."""

    def test_can_be_decided(self, machine: Machine) -> None:
        """All its guards and catalogues are there."""
        assert Bench(machine, RULES, DEFINITIONS.registry).pin.machine == machine.id

    def test_what_decides_a_measure_asks_for_authority(self, machine: Machine) -> None:
        """Whatever brings a measure to be decided or approved, and whatever ends a post, asks whose it is."""
        asked = {"has_measure_authority", "manages_post", "fills_post"}
        deciding = {"decided", "awaiting_approval", "appointed", "voted", "agreed"}
        judges = machine.id in ("measure", "resignation", "return_to_post", "recall", "revocation", "appointment_act")
        for each in machine.transitions:
            if each.decides is not None or (judges and each.target in deciding and each.target not in each.source):
                assert asked & {use.use for use in each.guards}, each.trigger

    def test_roles_exist(self, machine: Machine) -> None:
        """A role that nobody can hold would refuse everybody."""
        named = {role for use in _uses(machine) for role in [use.get("role"), *use.get("roles", ())] if role}
        assert named <= set(DIRECTORY.roles)
        for role in named:
            assert DIRECTORY.holders_of(role, dt.date(2011, 9, 1)), role

    def test_limits_exist(self, machine: Machine) -> None:
        """Limits of states and obligations are rows of the rulebook."""
        limits = {each.limit for each in machine.states} | {
            obliges.limit for each in machine.all_transitions for obliges in each.obliges
        }
        assert limits - {None} <= set(BOOK.limits)

    def test_other_machines_exist(self, machine: Machine) -> None:
        """What it opens, admits, counts or falls back to is shipped, with the states it names."""
        known = {each.id: {state.id for state in each.states} for each in MACHINES}
        for each in machine.children:
            assert set(each.states) <= known[machine.id]
            assert each.machine in known
        for transition in machine.all_transitions:
            assert {opens.machine for opens in transition.opens} <= set(known)
        for use in _uses(machine):
            if "machine" in use:
                assert set(use["states"]) <= known[use["machine"]], use
        assert {each.on_overdue for each in machine.states} - {None} <= set(known)

    def test_children_fit_their_opening(self, machine: Machine) -> None:
        """What a parent hands to a child are fields that the child's opening has."""
        for transition in machine.all_transitions:
            for opens in transition.opens:
                fields = {each.name for each in DEFINITIONS.machine(opens.machine).opening.fields}
                assert set(opens.facts) <= fields

    def test_labels_are_in_both_languages(self, machine: Machine) -> None:
        """Chinese has Chinese, English has none."""
        for label in _labels(machine):
            assert _is_chinese(label.zh), label
            assert not _is_chinese(label.en), label


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def _uses(machine: Machine) -> list[dict[str, Any]]:
    return [dict(use.params) for each in machine.all_transitions for use in each.guards]


def _labels(machine: Machine) -> Iterator[Any]:
    yield machine.label
    yield from (each.label for each in machine.states)
    yield from machine.terms.values()
    for each in machine.all_transitions:
        yield each.label
        yield from (field.label for field in each.fields)


class TestReasons:
    """The one catalogue."""

    @pytest.mark.parametrize("id", sorted(shipped_reasons()))
    def test_both_languages_name_the_same_facts(self, id: str) -> None:
        """A fact shown to one reader and kept from another would be a fault."""
        reason = shipped_reasons()[id]
        assert _places(reason.text.zh) >= _places(reason.text.en)
        assert not _is_chinese(reason.text.en)
        if reason.remedy is not None:
            assert reason.remedy.zh
            assert not _is_chinese(reason.remedy.en)


def _places(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize("name", shipped("rulebooks"))
class TestRulebooks:
    """A rulebook by itself and against the directory."""

    def test_has_no_gap_it_does_not_name(self, name: str) -> None:
        """Cited rows lean on instruments in force in the rulebook's window."""
        book = Rulebook.load(name)
        for table, id, row in book.cited_rows():
            instrument = book.instruments[row.instrument]
            assert isinstance(row.status, Status), (table, id)
            assert instrument.label.zh

    @pytest.mark.requirement("G07")
    def test_matrix_is_total(self, name: str) -> None:
        """Every cell is an organ, not applicable with a reason, or unknown with the clause that is missing."""
        book = Rulebook.load(name)
        cells = list(matrix(book, DIRECTORY))
        assert bool(cells) is bool(book.measures)
        for cell in cells:
            decides = cell.ruling.power(Power.DECIDES)
            if cell.status is Status.UNKNOWN:
                assert decides.missing is not None
            elif cell.status is Status.NOT_APPLICABLE:
                assert cell.ruling.not_applicable is not None
            else:
                assert decides.holders
        assert sum(shares(cells).values()) == len(cells)


class TestDirectory:
    """The shipped directory says of itself that it is an example, and names nobody."""

    def test_is_an_example(self) -> None:
        """Its post list is marked."""
        found = Directory.load("hubei-transport-2011")
        day = dt.date(2011, 9, 1)
        assert list(found.posts(day))
        assert all(found.listings(each.id, day) is not None for each in found.posts(day))


@pytest.mark.requirement("A02", "A07")
class TestPlans:
    """The provincial plan."""

    def test_phases(self) -> None:
        """Four phases with their days, eighteen tasks."""
        plan = Plan.load("szjg-2011")
        told = [(each.name, each.start, each.end) for each in plan.phases]
        day = dt.date(2011, 1, 1).replace
        assert told == [
            ("宣传发动", day(month=8, day=15), day(month=8, day=31)),
            ("自查整改", day(month=9, day=1), day(month=10, day=15)),
            ("督查问责", day(month=10, day=16), day(month=11, day=30)),
            ("总结提高", day(month=12, day=1), day(month=12, day=15)),
        ]
        assert opening_of(plan)["plan"] == "szjg-2011"

    def test_its_ladder_is_the_rulebook_s(self) -> None:
        """Every rung of the plan is a measure of the rulebook."""
        plan = Plan.load("szjg-2011")
        assert {each.measure for each in plan.ladder} <= set(BOOK.measures)
