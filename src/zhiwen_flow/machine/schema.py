"""
JSON Schema of a transition's form (填报表单的 JSON Schema), with Chinese titles, for screens and APIs.
"""

from __future__ import annotations

from typing import Any

from zhiwen_flow.machine.definition import Field, Machine, Transition
from zhiwen_flow.machine.payload import (
    ANSWERS,
    BALLOTS,
    CONSENT_ANSWERS,
    CONSENT_POWERS,
    MAX_ITEMS,
    MEETING_FORMS,
    MEETING_OPTIONAL,
    VOTES,
)
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import FieldType, Secrecy

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_COUNT = {"type": "integer", "minimum": 0, "maximum": 10_000}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}


def form_schema(machine: Machine, transition: Transition, rulebook: Rulebook, lang: str = "zh") -> dict[str, Any]:
    """
    Describe the payload of *transition* (描述填报表单).

    Args:
        rulebook: Where codes and measures come from.
        lang: Language of the titles, ``"zh"`` or ``"en"``.
    """
    return {
        "$schema": DRAFT,
        "$id": f"urn:zhiwen-flow:{machine.id}:{machine.version}:{transition.trigger}",
        "title": transition.label.text(lang),
        "type": "object",
        "properties": {each.name: _property(each, rulebook, lang) for each in transition.fields},
        "required": [each.name for each in transition.fields if each.required],
        "additionalProperties": False,
    }


def _property(field: Field, rulebook: Rulebook, lang: str) -> dict[str, Any]:
    one = _one(field, rulebook, lang)
    title = {"title": field.label.text(lang)}
    if field.secrecy is not Secrecy.PLAIN:
        title["description"] = field.secrecy.text(lang)
    if field.many:
        return {**title, "type": "array", "maxItems": MAX_ITEMS, "items": one}
    return {**title, **one}


def _one(field: Field, rulebook: Rulebook, lang: str) -> dict[str, Any]:
    match field.type:
        case FieldType.INTEGER | FieldType.BOOLEAN:
            return {"type": field.type.value}
        case FieldType.DATE:
            return {"type": "string", "format": "date"}
        case FieldType.CODE:
            codes = _codes(rulebook, field.codes or "", lang)
            return {"oneOf": codes} if codes else {"not": {}}
        case FieldType.MEASURE:
            measures = rulebook.measures.values()
            return {"oneOf": [{"const": each.id, "title": each.label.text(lang)} for each in measures]}
        case FieldType.ASSESSMENT:
            return _assessment(rulebook, field.codes or "", lang)
        case FieldType.MEETING:
            return _meeting()
        case FieldType.CONSENT:
            return _consent()
        case FieldType.FINDING:
            return _finding(rulebook, lang)
        case FieldType.ITEM:
            return {"type": "object"}
        case _:
            return {"type": "string", "minLength": 1, "maxLength": field.longest}


def _codes(rulebook: Rulebook, catalogue: str, lang: str) -> list[dict[str, str]]:
    return [
        {"const": code, "title": rulebook.item(catalogue, code).label.text(lang)}
        for code in sorted(rulebook.codes(catalogue))
    ]


def _assessment(rulebook: Rulebook, catalogue: str, lang: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "item": {"oneOf": _codes(rulebook, catalogue, lang)},
            "answer": {"enum": list(ANSWERS)},
            "reason": {"type": "string", "minLength": 1, "maxLength": 4000},
        },
        "required": ["item", "answer", "reason"],
        "additionalProperties": False,
    }


def _consent() -> dict[str, Any]:
    properties = {
        "organ": _TEXT,
        "power": {"enum": list(CONSENT_POWERS)},
        "answer": {"enum": list(CONSENT_ANSWERS)},
        "asked_on": {"type": "string", "format": "date"},
        "document": _TEXT,
        "answered_on": {"type": "string", "format": "date"},
    }
    required = [each for each in properties if each != "answered_on"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _finding(rulebook: Rulebook, lang: str) -> dict[str, Any]:
    properties = {
        "fact": _TEXT,
        "person": _TEXT,
        "post": _TEXT,
        "kind": {"oneOf": _codes(rulebook, "responsibility_kinds", lang)},
        "liability": {"oneOf": _codes(rulebook, "liability_levels", lang)},
        "duty": _TEXT,
        "proof": {"type": "string", "minLength": 1, "maxLength": 2000},
        "direct": {"type": "boolean"},
    }
    required = [each for each in properties if each not in ("proof", "direct")]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _meeting() -> dict[str, Any]:
    properties = {
        "body": _TEXT,
        "date": {"type": "string", "format": "date"},
        "due": _COUNT,
        "present": _COUNT,
        "minutes": _TEXT,
        "form": {"enum": list(MEETING_FORMS)},
        "votes": {
            "type": "object",
            "properties": dict.fromkeys(VOTES, _COUNT),
            "required": list(VOTES),
            "additionalProperties": False,
        },
        "observers": {"type": "array", "items": _TEXT},
        "recused": {"type": "array", "items": _TEXT},
        "ballot": {"enum": list(BALLOTS)},
    }
    required = [each for each in properties if each not in MEETING_OPTIONAL]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
