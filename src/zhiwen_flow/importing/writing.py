"""
Writing a plan as a plan file (写出方案文件): what was read from a text, ready to be corrected by hand and loaded.
"""

from __future__ import annotations

import datetime as dt
import json
from enum import Enum
from typing import Any

import attrs

from zhiwen_flow.plan import Plan

_TABLES = {
    "phases": "phase",
    "beside": "task",
    "ladder": "rung",
    "roles": "role",
    "duties": "duty",
    "problems": "problem",
    "amendments": "amendment",
}


def plan_file(plan: Plan) -> str:
    """
    Give a plan as TOML (方案文件内容); reading it back gives the same plan.

    >>> print(plan_file(Plan(id="p", version="1", organ="某局", title="某局工作方案", year=2024)).splitlines()[3])
    title = "某局工作方案"
    """
    lines = [f"{name} = {_text(value)}" for name, value in _plain(plan).items() if name not in _TABLES]
    for name, table in _TABLES.items():
        for row in getattr(plan, name):
            lines += _row(row, table)
    return "\n".join(lines) + "\n"


def _row(row: Any, table: str) -> list[str]:
    plain = _plain(row)
    inner = plain.pop("tasks", ())
    lines = ["", f"[[{table}]]", *(f"{name} = {_text(value)}" for name, value in plain.items())]
    for each in inner:
        lines += _row(each, f"{table}.task")
    return lines


def _plain(row: Any) -> dict[str, Any]:
    """What a row says, in the order of its class; what is as by default is left out."""
    fields = [each for each in attrs.fields(type(row)) if each.init]
    return {each.name: value for each in fields if (value := getattr(row, each.name)) != each.default}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return json.dumps(str(value.value), ensure_ascii=False)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)
