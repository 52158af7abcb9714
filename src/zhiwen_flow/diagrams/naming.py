"""
Give the codes of a machine the names that staff know (代码对应的名称), from the files that hold them.

A code that no file names is shown as it is: a picture never invents a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.machine.definition import GuardUse, Machine
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Power

_NONE: Mapping[str, Label] = {}


@attrs.frozen(kw_only=True)
class Names:
    """
    Where names come from (名称来源); whatever is left out is simply not asked.

    Args:
        rulebook: Limits, measures and catalogues.
        directory: Roles, organs and posts.
        registry: Guards.
        machines: Labels of machines by id.
    """

    rulebook: Rulebook | None = None
    directory: Directory | None = None
    registry: Registry | None = None
    machines: Mapping[str, Label] = _NONE

    def find(self, code: str, machine: Machine) -> Label | None:
        """Find the name of a role, field, document, organ, post, machine or code; None where no file names it."""
        return next((each for each in self._candidates(code, machine) if each is not None), None)

    def name(self, code: str, machine: Machine, lang: str) -> str:
        """Give the name of a code, or the code itself (名称)."""
        code = code.partition(":")[2] or code
        found = self.find(code, machine)
        return found.text(lang) if found is not None else code

    def _candidates(self, code: str, machine: Machine) -> Iterator[Label | None]:
        if self.directory is not None:
            role = self.directory.roles.get(code)
            yield role.label if role is not None else None
        yield next((field.label for each in machine.all_transitions for field in each.fields if field.name == code), None)
        yield next((obliges.label for each in machine.all_transitions for obliges in each.obliges if obliges.kind == code), None)
        if self.rulebook is not None:
            yield from (item.label for each in self.rulebook.catalogues.values() for item in each.items if item.code == code)
            measure = self.rulebook.measures.get(code)
            yield measure.label if measure is not None else None
        if self.directory is not None and self.directory.has_organ(code):
            yield self.directory.organ(code).label
        if self.directory is not None and (post := self.directory.post(code)) is not None:
            yield post.label
        yield self.machines.get(code)
        yield Power(code) if code in tuple(Power) else None  # type: ignore[misc]
        yield next((each.label for each in machine.states if each.id == code), None)

    def limit(self, id: str, lang: str) -> str:
        """
        Say how long a limit is (期限); a limit that the text leaves open says so, an unknown one is shown by its id.
        """
        row = self.rulebook.limits.get(id) if self.rulebook is not None else None
        if row is None:
            return id
        if row.amount is None:
            return {"zh": "原文未定期限", "en": "no limit in the text"}[lang]
        return f"{row.amount}{row.unit.zh}" if lang == "zh" else f"{row.amount} {row.unit.en}"

    def condition(self, use: GuardUse, machine: Machine, lang: str) -> str:
        """Say in one phrase what a guard asks, with what its parameters name (办理条件)."""
        said = self._guard(use.use, lang)
        named = list(dict.fromkeys(self._parameters(use, machine, lang)))
        if not named:
            return said
        return f"{said}({'、'.join(named)})" if lang == "zh" else f"{said} ({', '.join(named)})"

    def _guard(self, id: str, lang: str) -> str:
        if self.registry is None:
            return id
        try:
            return self.registry.get(id).label.text(lang)
        except UnknownNameError:
            return id

    def _parameters(self, use: GuardUse, machine: Machine, lang: str) -> Iterator[str]:
        for value in use.params.values():
            for each in value if isinstance(value, list | tuple) else (value,):
                if isinstance(each, bool) or each is None:
                    continue
                yield self.name(each, machine, lang) if isinstance(each, str) else _plain(each)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, int) else ""
