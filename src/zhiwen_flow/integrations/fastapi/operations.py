"""
What OpenAPI says of the typed operations (接口描述): bodies from the machines' fields, titles in Chinese, enums from
catalogues, so that generated clients are typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from zhiwen_flow.integrations.fastapi.problems import MEDIA, STATUS, Kind
from zhiwen_flow.integrations.fastapi.shapes import FlowDecision, FlowFaults, FlowProblem, FlowRefusal
from zhiwen_flow.machine.definition import Machine, Transition
from zhiwen_flow.machine.schema import form_schema
from zhiwen_flow.model import LONGEST
from zhiwen_flow.rulebook import Rulebook

_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[^\\x00-\\x1f\\x7f]*$"}

_DECISION = f"#/components/schemas/{FlowDecision.__name__}"

_REFUSALS = (
    Kind.NO_ACTOR,
    Kind.NOT_ENTITLED,
    Kind.NOT_FROM_HERE,
    Kind.REFUSED,
    Kind.STALE,
    Kind.BUSINESS_ID_TAKEN,
)
_FAULTS = (Kind.INVALID_PAYLOAD, Kind.KEY_REUSED, Kind.INVALID_PARAMETERS)


def problems(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Describe the problem documents that an operation may answer with (可能的问题详情)."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, Kind.UNAVAILABLE):
        described = found.setdefault(STATUS[kind], {"description": "", "content": {MEDIA: {"schema": _model(kind)}}})
        said = f"{kind.zh} · {kind.en} (`{kind.value}`)"
        described["description"] = "; ".join(filter(None, (described["description"], said)))
    return found


@cache
def _model(kind: Kind) -> dict[str, Any]:
    model = FlowRefusal if kind in _REFUSALS else FlowFaults if kind in _FAULTS else FlowProblem
    return inlined(model.model_json_schema())


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """
    Put the definitions of a schema where they are named (展开引用); FastAPI collects the models of answers only.

    The decision stands among the document's own, because every answer to a command is one.

    >>> inlined({"$defs": {"A": {"type": "string"}}, "items": {"$ref": "#/$defs/A"}})
    {'items': {'type': 'string'}}
    """
    known = schema.get("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, Mapping):
            if "$ref" in value:
                name = str(value["$ref"]).rpartition("/")[2]
                return {"$ref": _DECISION} if name == FlowDecision.__name__ else put(known[name])
            return {name: put(each) for name, each in value.items() if name != "$defs"}
        return [put(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = put(schema)
    return found


def body_schema(machine: Machine, steps: tuple[Transition, ...], book: Rulebook, *, opening: bool) -> dict[str, Any]:
    """
    Describe the body of one machine's trigger (请求体): its form under `payload`, the command's parts beside it.

    Args:
        steps: The transitions of the trigger; their forms are alternatives where they differ.
        opening: Whether it opens an instance.
    """
    forms: list[dict[str, Any]] = []
    for each in steps:
        form = _embedded(form_schema(machine, each, book))
        if form not in forms:
            forms.append(form)
    properties: dict[str, Any] = {"payload": forms[0] if len(forms) == 1 else {"anyOf": forms}}
    if any(each.backfill for each in steps):
        properties["occurred_at"] = {"type": "string", "format": "date-time", "title": "实际办理时间(补录)"}
    properties |= {"reason": {**_TEXT, "title": "书面理由"}, "document": {**_TEXT, "title": "文号"}}
    if opening:
        properties["parent"] = {**_TEXT, "title": "上级卷宗"}
        properties["business_id"] = {**_TEXT, "title": "业务编号(不得含个人信息)"}
    required = ["payload"] if all(each["required"] for each in forms) else []
    if all(each.forced for each in steps):
        required += ["reason", "document"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _embedded(value: Any) -> Any:
    """Fit a form into the document: no identity of its own, codes as an enum whose labels stand beside it."""
    if isinstance(value, list):
        return [_embedded(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _embedded(each) for name, each in value.items() if name not in ("$schema", "$id")}
    if (codes := found.get("oneOf")) and all("const" in each for each in codes):
        del found["oneOf"]
        labels = [each["title"] for each in codes]
        told = "; ".join(f"`{each['const']}` {each['title']}" for each in codes)
        found["description"] = "; ".join(filter(None, (found.get("description"), told)))
        found |= {"type": "string", "enum": [each["const"] for each in codes], "x-enum-descriptions": labels}
    return found


def request_body(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give what stands in an operation for its body (请求体的描述)."""
    body = {"required": bool(schema["required"]), "content": {"application/json": {"schema": dict(schema)}}}
    return {"requestBody": body}
