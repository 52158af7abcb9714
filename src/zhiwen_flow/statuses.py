"""
Status maps (状态对照): what a host's own status column says of an instance, both ways.

An office system keeps one column of words (``draft``, ``waiting``, ``finish``) or numbers. Several states may share a
status; every state has exactly one. The column follows the instance; the way back names steps, never a state to set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError
from zhiwen_flow.loading import Source, parse, structure
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.terms import key

Status = str | int
"""A host's status: a word or a number."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StatusRow:
    """One status of the host's and the states that it stands for (状态对照行)."""

    host: Any
    states: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StatusMap:
    """
    A two-way map between a host's statuses and a machine's states (状态对照表).

    Args:
        id: Its id.
        machine: Id of the machine.
        rows: One for each status of the host's.

    >>> from zhiwen_flow.guards.library import LIBRARY
    >>> from zhiwen_flow.machine.reading import read_machine
    >>> order = read_machine(Source.shipped("machines", "supervision_order"), LIBRARY)
    >>> found = StatusMap.of(order, {1: ("issued", "signed_for", "reported"), 2: ("closed",), 4: ("void",)})
    >>> found.status_of("reported"), found.states_of(2)
    (1, ('closed',))
    >>> found.steps_to(order, "reported", 2), found.steps_to(order, "issued", 4)
    (('close',), ('withdraw',))
    """

    id: str
    machine: str
    rows: tuple[StatusRow, ...] = attrs.field(default=(), metadata=key("status"))

    @cached_property
    def _by_state(self) -> dict[str, Status]:
        return {state: row.host for row in self.rows for state in row.states}

    @classmethod
    def of(cls, machine: Machine, rows: Mapping[str, Iterable[str]] | Mapping[int, Iterable[str]]) -> StatusMap:
        """
        Make a map in Python (编制状态对照表); see `read`.

        Args:
            machine: The machine, in the version that the host runs.
            rows: The states that each status of the host's stands for.

        Raises:
            DefinitionError: see `read`.
        """
        made = tuple(StatusRow(host=host, states=tuple(states)) for host, states in rows.items())
        return _checked(cls(id=f"{machine.id}_statuses", machine=machine.id, rows=made), machine, "status map")

    @classmethod
    def read(cls, source: Source | str | Path, machine: Machine) -> StatusMap:
        """
        Read a map and hold it against its machine (读取状态对照表).

        Args:
            source: A TOML file.
            machine: The machine, in the version that the host runs.

        Raises:
            DefinitionError: a state is missing, unknown or named twice, or a status is neither word nor number.
        """
        source = source if isinstance(source, Source) else Source.of(source)
        return _checked(structure(parse(source), cls, where=source.name), machine, source.name)

    def status_of(self, state: str) -> Status:
        """
        Give the host's status for a state (卷宗状态对应的业务状态).

        Raises:
            UnknownNameError: the machine has no such state.
        """
        if state not in self._by_state:
            raise UnknownNameError("state", state, self._by_state)
        return self._by_state[state]

    def states_of(self, host: Status) -> tuple[str, ...]:
        """
        Give the states that a status of the host's stands for (业务状态对应的卷宗状态).

        Raises:
            UnknownNameError: the map has no such status.
        """
        found = next((row.states for row in self.rows if row.host == host), None)
        if found is None:
            raise UnknownNameError("status", str(host), {str(row.host) for row in self.rows})
        return found

    def steps_to(self, machine: Machine, state: str, host: Status) -> tuple[str, ...]:
        """
        Name the steps from a state that lead to a status of the host's (可到达该业务状态的动作).

        A host that wants to *set* a status asks for one of them: it is judged and recorded like any other step.

        Args:
            machine: The machine.
            state: Where the instance stands.
            host: The status wanted.

        Raises:
            UnknownNameError: the map has no such status.
        """
        wanted = self.states_of(host)
        return tuple(each.trigger for each in machine.from_state(state) if each.target in wanted)


def _checked(found: StatusMap, machine: Machine, where: str) -> StatusMap:
    told = [*_row_faults(found), *_state_faults(found, machine)]
    if found.machine != machine.id:
        told = [("machine", f"is made for `{found.machine}`, not for `{machine.id}`", "name the right machine")]
    if told:
        raise DefinitionError(*(Fault(where, path, what, mend) for path, what, mend in told))
    return found


def _row_faults(found: StatusMap) -> Iterator[tuple[str, str, str]]:
    plain = [row.host for row in found.rows if type(row.host) in (str, int)]
    if len(plain) < len(found.rows):
        yield "status", "a status is neither a word nor a number", "write the values of the host's column"
    if len({type(host) for host in plain}) > 1:
        yield "status", "words and numbers are mixed", "write all as the host's column holds them"
    for host, count in Counter(plain).items():
        if count > 1:
            yield "status", f"status {host!r} stands {count} times", "list its states in one row"


def _state_faults(found: StatusMap, machine: Machine) -> Iterator[tuple[str, str, str]]:
    known = {each.id for each in machine.states}
    mapped = Counter(state for row in found.rows for state in row.states)
    for state in sorted(set(mapped) - known):
        yield "status", f"no state `{state}`", f"known: {', '.join(sorted(known))}"
    for state in sorted(known - set(mapped)):
        yield "status", f"state `{state}` has no status", "give it one"
    for state, count in mapped.items():
        if count > 1:
            yield "status", f"state `{state}` has {count} statuses", "keep one"
