"""
Django forms of what can be done (可办事项的表单), made from the schema that every option carries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms

LONG = 300
"""Longest text that gets one line; more gets a box."""

_YES_NO = (("", "---------"), ("true", "是"), ("false", "否"))


class PayloadForm(forms.Form):
    """A form whose clean values are the payload of a command (填报表单)."""

    def payload(self) -> dict[str, Any]:
        """Give the fields that were filled, as a command takes them (填报内容)."""
        return {name: _plain(value) for name, value in self.cleaned_data.items() if value not in (None, "", [])}


def form_of(schema: Mapping[str, Any]) -> type[PayloadForm]:
    """
    Make the form class of a schema (由 JSON Schema 生成表单): `Option.form`, with its Chinese titles.

    Names are checked when the command is decided; so are lists of organs and posts, which would be long to choose from.

    Args:
        schema: JSON Schema of the payload.
    """
    required = set(schema.get("required", ()))
    fields = {name: _field(each, required=name in required) for name, each in schema["properties"].items()}
    return type("PayloadForm", (PayloadForm,), fields)


def _field(schema: Mapping[str, Any], *, required: bool) -> forms.Field:
    told = {"label": schema.get("title", ""), "help_text": schema.get("description", ""), "required": required}
    if schema.get("type") == "array":
        return _many(schema["items"], told)
    if "oneOf" in schema:
        return forms.ChoiceField(choices=[("", "---------"), *_choices(schema)], **told)
    match schema.get("type"):
        case "string" if schema.get("format") == "date":
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **told)
        case "string":
            longest = schema.get("maxLength")
            box = forms.Textarea(attrs={"rows": 3}) if longest is None or longest > LONG else forms.TextInput()
            return forms.CharField(max_length=longest, widget=box, **told)
        case "integer":
            return forms.IntegerField(min_value=schema.get("minimum"), max_value=schema.get("maximum"), **told)
        case "boolean":
            return forms.TypedChoiceField(choices=_YES_NO, coerce=_yes, empty_value=None, **told)
        case _:
            return forms.JSONField(**told)


def _many(items: Mapping[str, Any], told: Mapping[str, Any]) -> forms.Field:
    if "oneOf" in items:
        return forms.MultipleChoiceField(choices=_choices(items), **told)
    if items.get("type") == "string":
        return _LinesField(widget=forms.Textarea(attrs={"rows": 3}), **told)
    return forms.JSONField(**told)


class _LinesField(forms.CharField):
    """A list, one item a line (每行一项)."""

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


def _choices(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(each["const"], each["title"]) for each in schema["oneOf"]]


def _yes(value: str) -> bool:
    return value == "true"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
