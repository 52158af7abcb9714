"""
Give the codes of a machine the names that staff know (代码对应的名称), from the files that hold them.

A code that no file names is shown as it is: a picture never invents a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import attrs

from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.loading import Source, load
from zhiwen_flow.machine.definition import GuardUse, Machine
from zhiwen_flow.reasons import shown
from zhiwen_flow.rulebook import Moment, Rulebook
from zhiwen_flow.terms import Label, Power, Term, key

_NONE: Mapping[str, Machine] = {}
_QUIET = frozenset(
    {"measure", "post", "unit", "person", "handler", "accusation", "meeting", "basis", "fact", "optional"}
)
"""Parameters of the library's guards that only say where a value is read."""
_YES_NO = {"true": Label(zh="是", en="yes"), "false": Label(zh="否", en="no")}


@attrs.frozen(kw_only=True)
class _Named:
    id: str
    label: Label


@attrs.frozen(kw_only=True)
class _Papers:
    documents: tuple[_Named, ...] = attrs.field(default=(), metadata=key("document"))
    recipients: tuple[_Named, ...] = attrs.field(default=(), metadata=key("recipient"))


@cache
def _papers() -> Mapping[str, Label]:
    """Names of the documents and recipients that the shipped machines speak of (文书与抄送对象名称)."""
    found = load(Source.shipped(".", "documents"), _Papers)
    return {each.id: each.label for each in (*found.documents, *found.recipients)}


@attrs.frozen(kw_only=True)
class Names:
    """
    Where names come from (名称来源); whatever is left out is simply not asked.

    Args:
        rulebook: Limits, measures and catalogues.
        directory: Roles, organs and posts.
        registry: Guards.
        machines: Machines by id, for the names of children and their states.
    """

    rulebook: Rulebook | None = None
    directory: Directory | None = None
    registry: Registry | None = None
    machines: Mapping[str, Machine] = _NONE

    def name(self, code: str, machine: Machine, lang: str) -> str:
        """Give the name of a role, field, organ, post, machine or code; the code itself where no file names it."""
        code = code.partition(":")[2] or code
        found = next((each for each in self._candidates(code, machine) if each is not None), None)
        return found.text(lang) if found is not None else code

    def document(self, code: str, machine: Machine, lang: str) -> str:
        """Give the name of a document or of who gets a copy (文书、抄送对象名称)."""
        catalogues = self.rulebook.catalogues if self.rulebook is not None else {}
        items = (
            item.label
            for id in ("documents", "recipients")
            if id in catalogues
            for item in catalogues[id].items
            if item.code == code
        )
        found = next(items, None) or _papers().get(code)
        return found.text(lang) if found is not None else self.name(code, machine, lang)

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
        label, family = self._guard(use.use)
        said = label.text(lang) if label is not None else use.use
        singles, lists = self._parameters(use, family, machine, lang)
        joint, colon = ("、", ":") if lang == "zh" else (", ", ": ")
        if len(singles) == 1 and lists:
            named = singles[0] + colon + joint.join(lists)
        else:
            named = joint.join(dict.fromkeys((*singles, *lists)))
        if not named:
            return said
        return f"{said}({named})" if lang == "zh" else f"{said} ({named})"

    def _guard(self, id: str) -> tuple[Label | None, str]:
        try:
            found = self.registry.get(id) if self.registry is not None else None
        except UnknownNameError:
            found = None
        return (found.label, found.family) if found is not None else (None, "host")

    def _parameters(self, use: GuardUse, family: str, machine: Machine, lang: str) -> tuple[list[str], list[str]]:
        singles: list[str] = []
        lists: list[str] = []
        coded = self._coded(str(use.params.get("value", "")).partition(":")[2], machine)
        child = self.machines.get(str(use.params.get("machine")), machine)
        for name, value in use.params.items():
            if family != "host" and (name in _QUIET or (family == "authority" and name == "organ")):
                continue
            if isinstance(value, list | tuple):
                lists += [coded[each].text(lang) if each in coded else self._value(each, child, lang) for each in value]
            else:
                singles.append(self._value(value, machine, lang))
        return singles, lists

    def _coded(self, field: str, machine: Machine) -> Mapping[str, Label]:
        """Give the names of the codes that a field may hold."""
        fields = (found for each in machine.all_transitions if (found := each.field(field)) is not None)
        catalogue = next((each.codes for each in fields if each.codes is not None), None)
        if self.rulebook is None or catalogue not in self.rulebook.catalogues:
            return {}
        return {each.code: each.label for each in self.rulebook.catalogues[catalogue].items}

    def _value(self, value: Any, machine: Machine, lang: str) -> str:
        return self.name(value, machine, lang) if isinstance(value, str) else shown(value, lang)

    def _candidates(self, code: str, machine: Machine) -> Iterator[Label | None]:
        yield self._role(code)
        yield next((each.label for each in machine.states if each.id == code), None)
        transitions = machine.all_transitions
        yield next((field.label for each in transitions for field in each.fields if field.name == code), None)
        yield next((owed.label for each in transitions for owed in each.obliges if owed.kind == code), None)
        yield from self._rules(code)
        yield from self._organs(code)
        yield self.machines[code].label if code in self.machines else None
        yield _YES_NO.get(code)
        yield from (_term(each) for kind in (Power, Moment) for each in kind if each == code)

    def _role(self, code: str) -> Label | None:
        role = self.directory.roles.get(code) if self.directory is not None else None
        return role.label if role is not None else None

    def _rules(self, code: str) -> Iterator[Label]:
        if self.rulebook is None:
            return
        if code in self.rulebook.catalogues:
            yield self.rulebook.catalogues[code].label
        yield from (
            item.label for each in self.rulebook.catalogues.values() for item in each.items if item.code == code
        )
        if code in self.rulebook.measures:
            yield self.rulebook.measures[code].label

    def _organs(self, code: str) -> Iterator[Label]:
        if self.directory is None:
            return
        if self.directory.has_organ(code):
            yield self.directory.organ(code).label
        post = self.directory.post(code)
        if post is not None:
            yield post.label


def _term(term: Term) -> Label:
    return Label(zh=term.zh, en=term.en)
