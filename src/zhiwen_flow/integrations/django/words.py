"""
What screens show instead of codes (界面用语): Chinese names of machines, states, steps, posts and values.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

from zhiwen_flow.audit.view import SEALED
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.definition import Field, Machine, Transition
from zhiwen_flow.model import ZONE
from zhiwen_flow.terms import FieldType

KEPT_BACK = "(封存)"


def machines(flow: Flow) -> Iterable[Machine]:
    """List the machines that the host may open (可建档的状态机), as of now."""
    ids = sorted({*shipped("machines"), *flow.definitions.machines})
    return [flow.current(id).machine for id in ids]


def machine_name(flow: Flow, id: str | None) -> str:
    """Name a machine (事项名称); by its id where its definition is gone."""
    try:
        return flow.current(id or "").machine.label.zh
    except UnknownNameError:
        return id or ""


def state_name(flow: Flow, machine: str | None, state: str | None) -> str:
    """Name a state as its machine does now (环节名称); by its id where it is gone."""
    try:
        return flow.current(machine or "").machine.state(state or "").label.zh
    except UnknownNameError:
        return state or ""


def _steps(flow: Flow, machine: Machine) -> Iterator[Transition]:
    """Go through a machine's steps, and those that may be taken with an instance of any machine."""
    yield from machine.all_transitions
    yield from flow.definitions.standing


def step_name(flow: Flow, machine: Machine, trigger: str) -> str:
    """Name a step (办理名称); by its trigger where it is gone."""
    return next((each.label.zh for each in _steps(flow, machine) if each.trigger == trigger), trigger)


def post_name(flow: Flow, id: str) -> str:
    """Name a post with its organ (职务全称); by its id where the directory does not know it."""
    directory = flow.definitions.rules.directory
    found = directory.post(id)
    return directory.named_post(found)["zh"] if found is not None else id


def organ_name(flow: Flow, id: str | None) -> str:
    """Name an organ (机关名称)."""
    return flow.definitions.rules.directory.named_organ(id)["zh"] if id else ""


def moment(text: str | None) -> str:
    """
    Write a stored moment as people read it (时间), in Beijing time.

    >>> moment("2011-09-05T01:30:00+00:00")
    '2011-09-05 09:30'
    """
    return f"{dt.datetime.fromisoformat(text).astimezone(ZONE):%Y-%m-%d %H:%M}" if text else ""


def field_of(flow: Flow, machine: Machine, name: str, trigger: str | None = None) -> Field | None:
    """Find a field by name (填报字段): of one step, or of any where no step is named."""
    steps = (each for each in _steps(flow, machine) if trigger in (None, each.trigger))
    return next((found for each in steps if (found := each.field(name)) is not None), None)


def value_text(flow: Flow, field: Field | None, value: Any) -> str:
    """Write a value as people read it (内容): codes by their names; what is sealed stays so."""
    if value == SEALED:
        return KEPT_BACK
    if isinstance(value, list):
        return "、".join(value_text(flow, field, each) for each in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return _named(flow, field, str(value)) if field is not None else str(value)


def _named(flow: Flow, field: Field, value: str) -> str:
    book = flow.definitions.rules.rulebook
    match field.type:
        case FieldType.CODE if value in book.codes(field.codes or ""):
            return book.item(field.codes or "", value).label.zh
        case FieldType.MEASURE if value in book.measures:
            return book.measures[value].label.zh
        case FieldType.ORGAN:
            return organ_name(flow, value)
        case FieldType.POST:
            return post_name(flow, value)
        case _:
            return value


def limit_name(flow: Flow, id: str) -> str:
    """Name a limit (期限名称); a campaign's own days have none."""
    found = flow.definitions.rules.rulebook.limits.get(id)
    return found.label.zh if found is not None else id
