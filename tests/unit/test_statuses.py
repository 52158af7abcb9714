"""A host's own status column, and changes by force."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from zhiwen_flow.diagrams.graph import graph_of
from zhiwen_flow.errors import DefinitionError, PayloadError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.loading import Source
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor
from zhiwen_flow.statuses import StatusMap
from zhiwen_flow.testing.desk import DESK, desk_machines

CLERK = Actor(id="p-1", post="clerk")
MACHINE = desk_machines()[0]
WORDS = {"waiting": ("open",), "finish": ("closed",), "cancel": ("void",)}


def _source(text: str) -> Source:
    return Source(name="oa.toml", data=text.encode())


class TestStatusMap:
    """Both ways, and never a guess."""

    @pytest.mark.parametrize(
        "rows", [WORDS, {1: ("open",), 2: ("closed",), 4: ("void",)}, {0: ("open",), -1: ("closed", "void")}]
    )
    def test_there_and_back(self, rows: dict[Any, tuple[str, ...]]) -> None:
        """Every state has one status, and every status leads back to its states."""
        found = StatusMap.of(MACHINE, rows)
        for host, states in rows.items():
            assert found.states_of(host) == states
            assert {found.status_of(each) for each in states} == {host}

    def test_from_a_file(self) -> None:
        """A file gives what Python gives."""
        rows = "".join(f'[[status]]\nhost = "{host}"\nstates = ["{state}"]\n' for host, (state,) in WORDS.items())
        found = StatusMap.read(_source(f'id = "oa"\nmachine = "desk"\n{rows}'), MACHINE)
        assert [found.status_of(each.id) for each in MACHINE.states] == list(WORDS)

    def test_a_wanted_status_is_a_step_to_ask_for(self) -> None:
        """The host asks for the step, and it is judged as any other."""
        found = StatusMap.of(MACHINE, WORDS)
        with Flow.open(machines=desk_machines(), actor=CLERK) as flow:
            desk = flow.start("desk").stream
            flow.do(desk, "promise")
            (step,) = found.steps_to(MACHINE, "open", "finish")
            assert not flow.do(desk, step).allowed
            assert found.status_of(flow.instance(desk).state) == "waiting"
        assert found.steps_to(MACHINE, "open", "cancel") == ("withdraw", "seize")
        assert found.steps_to(MACHINE, "closed", "waiting") == ()

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ({"waiting": ("open",), "finish": ("closed",)}, "`void` has no status"),
            (WORDS | {"back": ("open",)}, "`open` has 2 statuses"),
            (WORDS | {"back": ("gone",)}, "no state `gone`"),
            ({"waiting": ("open",), 2: ("closed", "void")}, "mixed"),
            ({True: ("open", "closed", "void")}, "neither a word nor a number"),
        ],
    )
    def test_a_map_with_faults(self, rows: dict[Any, tuple[str, ...]], said: str) -> None:
        """Each is named before anything is mapped."""
        with pytest.raises(DefinitionError, match=said):
            StatusMap.of(MACHINE, rows)

    def test_faults_of_a_file(self) -> None:
        """Another machine, one status twice, an unknown key."""
        row = '[[status]]\nhost = "a"\nstates = ["open", "closed", "void"]\n'
        for text, said in (
            (f'id = "oa"\nmachine = "slip"\n{row}', "made for `slip`"),
            (f'id = "oa"\nmachine = "desk"\n{row}{row}', "stands 2 times"),
            (f'id = "oa"\nmachine = "desk"\ncolour = "red"\n{row}', "colour"),
        ):
            with pytest.raises(DefinitionError, match=said):
                StatusMap.read(_source(text), MACHINE)

    def test_unknown_names(self) -> None:
        """No default stands in for what the map does not say."""
        found = StatusMap.of(MACHINE, WORDS)
        for call in (lambda: found.status_of("gone"), lambda: found.states_of("draft"), lambda: found.states_of(1)):
            with pytest.raises(UnknownNameError):
                call()


def _forcing(**parts: Any) -> Machine:
    raw = copy.deepcopy(DESK)
    step = {"trigger": "strike_off", "source": ["open"], "target": "void", "cites": ["本单位规定 三"], "forced": True}
    step["label"] = {"zh": "强制撤销", "en": "Strike off"}
    raw["transition"].append(step | {"guards": [{"use": "actor_holds_role", "role": "leading_group_office"}]} | parts)
    return machine_from(raw, LIBRARY, where="desk")


class TestForced:
    """A change by force is a transition like any other: guarded, reasoned, recorded."""

    def test_it_needs_a_reason_and_a_document(self) -> None:
        """Without them nothing is judged; with them it is judged, and the log says who, why and on what."""
        officer = Actor(id="p-2", post="transport_leading_group_office.clerk")
        with Flow.open(machines=[_forcing(), desk_machines()[1]], actor=CLERK) as flow:
            desk = flow.start("desk").stream
            incomplete: tuple[dict[str, Any], ...] = ({}, {"reason": "重复登记"}, {"document": "某办〔示例〕3号"})
            for parts in incomplete:
                with pytest.raises(PayloadError, match="reason and a document"):
                    flow.do(desk, "strike_off", actor=officer, **parts)
            said: dict[str, Any] = {"reason": "重复登记", "document": "某办〔示例〕3号"}
            assert not flow.do(desk, "strike_off", **said).allowed
            assert flow.do(desk, "strike_off", actor=officer, **said).allowed
            last = flow.events(desk)[-1]
            assert (last["trigger"], last["reason"], last["document"]) == ("strike_off", *said.values())
            assert (flow.instance(desk).state, last["source"]) == ("void", "open")

    def test_somebody_must_be_named_who_may(self) -> None:
        """A change that anybody may force is a fault of the file."""
        with pytest.raises(DefinitionError, match="anybody may force"):
            _forcing(guards=[])

    def test_the_picture_shows_it(self) -> None:
        """Marked in words, in both languages."""
        for lang, mark in (("zh", "〔强制〕"), ("en", "(forced)")):
            steps = [each.label for node in graph_of(_forcing(), lang=lang).nodes for each in node.steps]
            assert [each for each in steps if mark in each]
