"""Reading and checking machine files: every fault is named, a sound file gets a hash."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.small import REGISTRY, label, permit, raw
from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.loading import Source
from zhiwen_flow.machine.definition import NEW
from zhiwen_flow.machine.reading import machine_from, read_machine

Change = Callable[[dict[str, Any]], object]


def faults(change: Change) -> str:
    """Break the small machine and give its faults as text."""
    data = copy.deepcopy(raw())
    change(data)
    with pytest.raises(DefinitionError) as caught:
        machine_from(data, REGISTRY, where="permit.toml")
    return "\n".join(map(str, caught.value.faults))


class TestStructuralCheck:
    """What must hold before anything runs under a machine."""

    @pytest.mark.parametrize(
        ("change", "piece"),
        [
            (lambda m: m["transition"].append(m["transition"][0]), "`check` from `asked` is declared 2 times"),
            (
                lambda m: m["state"].append({"id": "lost", "label": label("x"), "owner": "a"}),
                "`lost` cannot be reached",
            ),
            (lambda m: m["transition"][0].update(target="nowhere"), "no state `nowhere`"),
            (lambda m: m["transition"][0].update(source=["nowhere"]), "no state `nowhere`"),
            (lambda m: m["transition"][0].update(source=[]), "no source"),
            (lambda m: m.update(initial="nowhere"), "no state `nowhere`"),
            (lambda m: m["state"][0].pop("owner"), "nobody must act in `asked`"),
            (lambda m: m["transition"][0].pop("cites"), "`check` cites nothing"),
            (lambda m: m["state"][3].pop("end"), "nothing opened in error can end"),
            (lambda m: m["state"][2].update(end="void"), "no state ends as done"),
            (lambda m: m["transition"][0].update(source=["granted"]), "`granted` is an end"),
            (lambda m: m["transition"][0].update(keep=["colour"]), "no field `colour`"),
            (lambda m: m["transition"][0].update(requires=["note"]), "material `note` needs a field"),
            (lambda m: m["transition"][0].update(trigger="检查"), "is not an identifier"),
            (lambda m: m["transition"][0].update(trigger="open"), "`open` is the opening's trigger"),
            (lambda m: m["transition"][0]["guards"].append("no_such_guard"), "no guard `no_such_guard`"),
            (lambda m: m["transition"][0]["guards"][0].update(limit="high"), "expected a whole number"),
            (lambda m: m["transition"][0]["guards"][0].update(colour=1), "unknown key"),
            (lambda m: m["transition"][0].update(guards=[3]), "a guard is a name or a table"),
            (lambda m: m["transition"][0].update(decides="measure"), "without an authority guard"),
            (
                lambda m: m["transition"][0].update(opens=[{"machine": "a", "each": "note"}]),
                "is not a field that lists",
            ),
            (
                lambda m: m["transition"][0].update(opens=[{"machine": "a", "facts": {"x": "note.title"}}]),
                "is not a reference",
            ),
            (
                lambda m: m["transition"][0].update(obliges=[{"kind": "reply", "label": label("答复")}]),
                'add the guard "no_open_obligations"',
            ),
            (lambda m: m["transition"][0].update(discharges=[3]), "what is discharged is a kind"),
            (lambda m: m["transition"][0].pop("label"), "`label` is missing"),
            (lambda m: m.update(colour="red"), "colour: unknown key"),
            (lambda m: m["transition"][0]["field"][0].update(codes="a"), "`codes` goes with type"),
            *(
                (lambda m, name=each: m["transition"][0]["field"][0].update(name=name), f"`{each}` stands for a part")
                for each in ("verdicts", "payload", "sealed")
            ),
        ],
    )
    def test_each_fault_is_named(self, change: Change, piece: str) -> None:
        """The message says what is wrong."""
        assert piece in faults(change)

    def test_all_faults_come_at_once(self) -> None:
        """A file with three faults tells three."""

        def change(machine: dict[str, Any]) -> None:
            machine["transition"][0].pop("cites")
            machine["state"][0].pop("owner")
            machine["transition"][0]["guards"].append("no_such_guard")

        assert len(faults(change).splitlines()) == 3

    def test_dead_ends_are_found(self) -> None:
        """From every state an end can be reached."""

        def change(machine: dict[str, Any]) -> None:
            machine["state"].append({"id": "trap", "label": label("陷阱"), "owner": "a"})
            machine["transition"][0]["target"] = "trap"

        assert "no end can be reached from `trap`" in faults(change)


class TestHash:
    """The hash stands for content and guards, not for the spelling of the file."""

    def test_same_content_same_hash(self) -> None:
        """Order of keys does not matter."""
        shuffled = dict(reversed(list(raw().items())))
        assert machine_from(shuffled, REGISTRY).hash == permit().hash

    def test_other_content_other_hash(self) -> None:
        """A changed label changes the hash."""
        assert permit(note="x").hash != permit().hash

    def test_a_guards_revision_enters_the_hash(self) -> None:
        """Another judgement under the same name is another machine."""
        revised = Registry(
            attrs.evolve(each, revision=7) if each.id == "amount_is_at_most" else each for each in REGISTRY
        )
        assert permit(revised).hash != permit().hash


class TestMachine:
    """Looking things up in a definition."""

    def test_finding_transitions(self) -> None:
        """By state and trigger; the opening from nowhere."""
        machine = permit()

        assert machine.find("asked", "check") is machine.transitions[0]
        assert machine.find("asked", "grant") is None
        assert machine.find(NEW, "open") is machine.opening
        assert [each.trigger for each in machine.from_state("checked")] == ["grant", "withdraw"]
        assert machine.triggers == ("check", "grant", "withdraw")

    def test_unknown_states_are_an_error(self) -> None:
        """The known ones are told."""
        with pytest.raises(UnknownNameError, match="asked"):
            permit().state("nowhere")

    def test_reading_toml(self) -> None:
        """A file with a syntax fault is told with its line."""
        with pytest.raises(DefinitionError, match="is not TOML"):
            read_machine(Source(name="x.toml", data=b"id = "), REGISTRY)
