"""
Which definitions decide (审查台): the current ones for what is opened, the pinned ones for what is running.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs

from zhiwen_flow.authority import Authority
from zhiwen_flow.deciding import Bench
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Pin
from zhiwen_flow.rulebook import Rulebook


class Benches:
    """
    Benches by what they are built from (审查台), each built once; several threads may share them.

    Args:
        definitions: What new instances are opened under.
    """

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._benches: dict[tuple[str, str], Bench] = {}
        self._current: dict[str, Bench] = {}

    def current(self, machine: str) -> Bench:
        """Give the bench that new instances of *machine* are opened at (当前审查台)."""
        found = self._current.get(machine)
        if found is None:
            found = self._current[machine] = self._bench(self.definitions.machine(machine), self.definitions.rules)
        return found

    def pinned(self, pin: Pin, kept: Callable[[str], bytes]) -> Bench:
        """
        Give the bench that an instance was opened at (卷宗所依据的审查台).

        Args:
            pin: The definitions of the instance.
            kept: Gives the bytes of a definition by its hash, as the store keeps them.

        Raises:
            DefinitionError: a guard that the machine names has another revision now.
        """
        found = self._benches.get((pin.machine_hash, pin.rulebook_hash))
        if found is not None:
            return found
        return self._bench(self.machine(pin.machine, pin.machine_hash, kept), self.rules(pin, kept))

    def machine(self, id: str, hash: str, kept: Callable[[str], bytes]) -> Machine:
        """Give a machine by its hash (状态机); see `pinned`."""
        known = self.definitions.machines.get(id)
        if known is None and id in shipped("machines"):
            known = self.current(id).machine
        if known is not None and known.hash == hash:
            return known
        raw = json.loads(kept(hash))["machine"]
        machine = machine_from(raw, self.definitions.registry, where=f"{id} ({hash[:12]})")
        if machine.hash != hash:
            what = "a guard it names has another revision now"
            raise DefinitionError(Fault(id, "", what, "register the guard of that revision"))
        return machine

    def rules(self, pin: Pin, kept: Callable[[str], bytes]) -> Rules:
        """Give the rules of a pin (规则); see `pinned`."""
        rules = self.definitions.rules
        if rules.rulebook.hash == pin.rulebook_hash:
            return rules
        book = Rulebook.read(Source(name=f"{pin.rulebook}.toml", data=kept(pin.rulebook_hash)))
        return attrs.evolve(rules, rulebook=book, authority=Authority(book, rules.directory))

    def _bench(self, machine: Machine, rules: Rules) -> Bench:
        key = (machine.hash, rules.rulebook.hash)
        found = self._benches.get(key)
        if found is None:
            found = self._benches[key] = Bench(machine, rules, self.definitions.registry, self.definitions.standing)
        return found
