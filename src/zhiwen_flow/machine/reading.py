"""
Read a machine file, check it, and give it its hash (读取状态机).

All faults are reported at once. Which guards exist is asked through a small protocol, so that this layer does not know
the guards themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from zhiwen_flow.canonical import faults_of
from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError
from zhiwen_flow.loading import Source, parse, structure
from zhiwen_flow.machine.check import check
from zhiwen_flow.machine.definition import Machine, Transition, sealed


class GuardBook(Protocol):
    """What reading must know of the guards (守卫名录)."""

    def revision(self, id: str) -> int:
        """Give a guard's revision; raises UnknownNameError."""

    def family(self, id: str) -> str:
        """Give a guard's family; raises UnknownNameError."""

    def faults(self, use: Any, where: str, path: str) -> list[Fault]:
        """Name what is wrong with a guard's parameters."""


def read_machine(source: Source, guards: GuardBook) -> Machine:
    """
    Read a machine from TOML (读取状态机文件).

    Raises:
        DefinitionError: the file has faults; all are named.
    """
    return machine_from(parse(source), guards, where=source.name)


def machine_from(raw: Mapping[str, Any], guards: GuardBook, *, where: str = "machine") -> Machine:
    """
    Build a machine from plain data (由数据生成状态机), as TOML would give it.

    Raises:
        DefinitionError: the data have faults; all are named.
    """
    machine = structure(_with_opening(raw), Machine, where=where)
    faults = [*faults_of(dict(raw), where), *check(machine, where)]
    faults += [fault for path, each in paths(machine) for fault in guard_faults(each, guards, where, path)]
    if faults:
        raise DefinitionError(*faults)
    named = {use.use for each in machine.all_transitions for use in each.guards}
    if any(each.requires for each in machine.all_transitions):
        named.add("materials_are_present")
    return sealed(machine, raw, {id: guards.revision(id) for id in sorted(named)})


def paths(machine: Machine) -> Iterator[tuple[str, Transition]]:
    """List the transitions with their table paths (迁移及其位置)."""
    yield "opening", machine.opening
    for index, each in enumerate(machine.transitions):
        yield f"transition[{index}]", each


def _with_opening(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Trigger and target of the opening go without saying."""
    filled = dict(raw)
    if isinstance(raw.get("opening"), dict):
        filled["opening"] = {"trigger": "open", "target": raw.get("initial", ""), **raw["opening"]}
    return filled


def guard_faults(transition: Transition, guards: GuardBook, where: str, path: str) -> Iterator[Fault]:
    """Name what is wrong with the guards of a transition (守卫差错)."""
    families = set()
    for index, use in enumerate(transition.guards):
        place = f"{path}.guards[{index}]"
        try:
            families.add((guards.family(use.use), use.params.get("power", "decides")))
        except UnknownNameError as error:
            yield Fault(where, place, str(error), "name a registered guard, or register this one")
            continue
        yield from guards.faults(use, where, place)
    if transition.decides is not None and ("authority", "decides") not in families:
        what = f"`{transition.trigger}` decides a measure without an authority guard"
        yield Fault(where, f"{path}.guards", what, 'add { use = "has_measure_authority", … }')
