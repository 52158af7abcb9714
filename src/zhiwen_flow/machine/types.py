"""
Typed classes for callers of one machine (类型化调用): frozen attrs classes and literals, written as a Python module.
"""

from __future__ import annotations

from collections.abc import Iterator

from zhiwen_flow.machine.definition import Field, Machine, Transition
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import FieldType

_PLAIN = {FieldType.INTEGER: "int", FieldType.BOOLEAN: "bool", FieldType.DATE: "dt.date"}
_OBJECTS = (FieldType.MEETING, FieldType.ASSESSMENT, FieldType.CONSENT, FieldType.FINDING, FieldType.ITEM)


def typed_module(machine: Machine, rulebook: Rulebook) -> str:
    """
    Write the module (生成类型模块); it passes ``mypy --strict`` and holds the machine's hash.

    Args:
        rulebook: Where codes come from.
    """
    lines = [
        f'"""Typed requests of machine `{machine.id}` {machine.version} ({machine.label.zh}).',
        "",
        'Generated; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "import datetime as dt",
        "from typing import Any, ClassVar, Literal",
        "",
        "import attrs",
        "",
        f'MACHINE = "{machine.id}"',
        f'HASH = "{machine.hash}"',
        f"State = Literal[{', '.join(_text(each.id) for each in machine.states)}]",
        f"Trigger = Literal[{', '.join(_text(each) for each in ('open', *machine.triggers))}]",
        "",
        "",
        "@attrs.frozen(kw_only=True)",
        "class Request:",
        '    """What every request has."""',
        "",
        "    trigger: ClassVar[Trigger]",
        "",
        "    def payload(self) -> dict[str, Any]:",
        '        """Give the fields that are filled."""',
        "        parts = ((each.name, getattr(self, each.name)) for each in attrs.fields(type(self)))",
        "        return {name: value for name, value in parts if value is not None}",
    ]
    seen: dict[str, Transition] = {}
    for each in machine.all_transitions:
        if each.trigger not in seen:
            seen[each.trigger] = each
            lines += _class(each, rulebook)
    return "\n".join(lines) + "\n"


def is_current(text: str, machine: Machine) -> bool:
    """Whether a written module belongs to this very definition (是否最新)."""
    return f'HASH = "{machine.hash}"' in text.splitlines()


def _class(transition: Transition, rulebook: Rulebook) -> Iterator[str]:
    name = "".join(part.capitalize() for part in transition.trigger.split("_"))
    yield from ("", "", "@attrs.frozen(kw_only=True)", f"class {name}(Request):")
    yield from (f'    """{transition.label.en} ({transition.label.zh})."""', "")
    yield f'    trigger: ClassVar[Trigger] = "{transition.trigger}"'
    for field in sorted(transition.fields, key=lambda each: not each.required):
        kind = _kind(field, rulebook)
        yield f"    {field.name}: {kind}" if field.required else f"    {field.name}: {kind} | None = None"


def _kind(field: Field, rulebook: Rulebook) -> str:
    one = _PLAIN.get(field.type, "str")
    if field.type is FieldType.CODE:
        codes = sorted(rulebook.codes(field.codes or ""))
        one = f"Literal[{', '.join(_text(each) for each in codes)}]" if codes else "str"
    if field.type in _OBJECTS:
        one = "dict[str, Any]"
    return f"list[{one}]" if field.many else one


def _text(value: str) -> str:
    return f'"{value}"'
