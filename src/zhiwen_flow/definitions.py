"""
The definitions that a flow works under (所用的定义): loaded by id or file, resolved once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from zhiwen_flow.authority import Authority
from zhiwen_flow.calendar import Calendar
from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.guards.registry import Guard, Registry, Rules
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import read_machine
from zhiwen_flow.machine.standing import Act, read_acts
from zhiwen_flow.reminders import Reminder, read_reminders
from zhiwen_flow.rulebook import Rulebook


@attrs.frozen(kw_only=True)
class Definitions:
    """
    The definitions a flow works under (所用的定义).

    Args:
        machines: A host's machines by id; shipped ones need not be named.
        standing: Acts beside the steps of the machines.
        reminders: Who is warned when.
    """

    rules: Rules
    registry: Registry
    machines: Mapping[str, Machine]
    standing: tuple[Act, ...] = ()
    reminders: tuple[Reminder, ...] = ()

    @classmethod
    def load(
        cls,
        *,
        machines: Iterable[Machine | str | Path] = (),
        rulebook: Rulebook | str | Path = "hubei-2011",
        directory: Directory | str | Path = "hubei-transport-2011",
        guards: Iterable[Guard] = (),
        calendar: Calendar | None = None,
        strict: bool = False,
        earlier: Iterable[Rulebook | str | Path] = (),
        optional: Iterable[str] = (),
        standing: str | Path | None = None,
        reminders: str | Path | None = None,
    ) -> Definitions:
        """
        Load what is named by id or by file (加载定义); see `Flow.open`.

        Args:
            machines: A host's machines, as objects or files.
            rulebook: The rules of today.
            directory: Who is who.
            guards: A host's guards.
            calendar: Needed where limits count working days.
            strict: Whether a row still to be verified makes a verdict unknown.
            earlier: Rulebooks of earlier times, for conduct of those times (从旧兼从轻).
            optional: Shipped machines that must be asked for, such as ``discipline``.
            standing: A host's own file of standing acts, in place of the shipped one.
            reminders: A host's own file of who is warned when, in place of the shipped one.

        Raises:
            DefinitionError: a file has faults; all are named.
        """
        registry = LIBRARY.extended(*guards)
        book = rulebook if isinstance(rulebook, Rulebook) else Rulebook.load(rulebook)
        organs = directory if isinstance(directory, Directory) else Directory.load(directory)
        given = [each if isinstance(each, Machine) else read_machine(Source.of(each), registry) for each in machines]
        given += [read_machine(Source.shipped("optional", each), registry) for each in optional]
        rules = Rules(
            rulebook=book,
            directory=organs,
            authority=Authority(book, organs),
            calendar=calendar,
            strict=strict,
            earlier=tuple(each if isinstance(each, Rulebook) else Rulebook.load(each) for each in earlier),
        )
        warned = Source.of(reminders) if reminders is not None else Source.shipped("standing", "reminders")
        acts = Source.of(standing) if standing is not None else Source.shipped("standing", "deadlines")
        return cls(
            rules=rules,
            registry=registry,
            machines={each.id: each for each in given},
            standing=read_acts(acts, registry),
            reminders=read_reminders(warned, organs.roles),
        )

    def machine(self, id: str) -> Machine:
        """
        Give the current definition of a machine (当前状态机).

        Raises:
            UnknownNameError: neither the host nor the library has it.
        """
        if id in self.machines:
            return self.machines[id]
        if id not in shipped("machines"):
            raise UnknownNameError("machine", id, {*shipped("machines"), *self.machines})
        return read_machine(Source.shipped("machines", id), self.registry)
