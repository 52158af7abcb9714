"""
Two small machines that touch each other (测试用状态机): a desk that may not close while a slip is open or unanswered.

The store contract drives them, and so may a host's own tests: they need no organ, post or rulebook row.
"""

from __future__ import annotations

from typing import Any

from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _step(trigger: str, source: list[str], target: str, **parts: Any) -> dict[str, Any]:
    step = {"trigger": trigger, "source": source, "target": target, "label": _label("办理", trigger), "cites": ["test"]}
    return step | parts


def _field(name: str, **parts: Any) -> dict[str, Any]:
    return {"name": name, "label": _label("内容", name), "type": "text"} | parts


_CLOSING = ["no_open_obligations", {"use": "children_are_all_in", "machine": "slip", "states": ["answered", "void"]}]

DESK: dict[str, Any] = {
    "id": "desk",
    "version": "1",
    "label": _label("台", "Desk"),
    "source": "test",
    "initial": "open",
    "terms": {"clerk": _label("经办人", "clerk"), "slip": _label("单", "slip")},
    "opening": {
        "label": _label("建档", "Open"),
        "cites": ["test"],
        "field": [_field("subject"), _field("who", secrecy="sealed")],
        "keep": ["subject", "who"],
    },
    "state": [
        {"id": "open", "label": _label("办理中", "Open"), "owner": "clerk"},
        {"id": "closed", "label": _label("办结", "Closed"), "end": "done"},
        {"id": "void", "label": _label("作废", "Void"), "end": "void"},
    ],
    "child": [{"machine": "slip", "states": ["open"]}],
    "transition": [
        _step("note", ["open"], "open", field=[_field("text"), _field("who", secrecy="sealed")], keep=["text", "who"]),
        _step("promise", ["open"], "open", obliges=[{"kind": "reply", "label": _label("答复", "reply")}]),
        _step("reply", ["open"], "open", discharges=["reply"]),
        _step("close", ["open"], "closed", guards=_CLOSING),
        _step("withdraw", ["open"], "void"),
        _step("seize", ["open"], "void", guards=[{"use": "actor_holds_role", "role": "leading_group_office"}]),
    ],
}
"""A desk: it may promise a reply and have slips, and closes only when nothing is left."""

SLIP: dict[str, Any] = {
    "id": "slip",
    "version": "1",
    "label": _label("单", "Slip"),
    "source": "test",
    "initial": "asked",
    "terms": {"clerk": _label("经办人", "clerk")},
    "opening": {
        "label": _label("建档", "Open"),
        "cites": ["test"],
        "obliges": [{"kind": "answer", "on": "parent", "label": _label("回告", "answer")}],
        "field": [_field("due", type="date")],
        "keep": ["due"],
    },
    "state": [
        {
            "id": "asked",
            "label": _label("待答", "Asked"),
            "owner": "clerk",
            "due": "due",
            "on_overdue": "withdraw",
        },
        {"id": "answered", "label": _label("已答", "Answered"), "end": "done"},
        {"id": "void", "label": _label("作废", "Void"), "end": "void"},
    ],
    "transition": [
        _step("answer", ["asked"], "answered", discharges=[{"kind": "answer", "on": "parent"}]),
        _step("withdraw", ["asked"], "void", discharges=[{"kind": "answer", "on": "parent"}]),
    ],
}
"""A slip under a desk: while it is open, its desk owes an answer; after the day it names it is withdrawn."""


def desk_machines() -> tuple[Machine, Machine]:
    """
    Build both machines (测试用状态机).

    >>> [each.id for each in desk_machines()]
    ['desk', 'slip']
    """
    return machine_from(DESK, LIBRARY, where="desk"), machine_from(SLIP, LIBRARY, where="slip")
