"""A small machine of a permit desk, with guards of a host, for tests that need no institution."""

from __future__ import annotations

from typing import Any

import attrs

from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.guards.registry import Registry, Request, Rule, guard
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Verdict
from zhiwen_flow.reasons import Reason
from zhiwen_flow.terms import Label


def label(text: str) -> dict[str, str]:
    """Give a label that is the same in both languages."""
    return {"zh": text, "en": text}


@attrs.frozen(kw_only=True)
class AtMost:
    """Parameters of `amount_is_at_most`."""

    limit: int


@guard(
    id="amount_is_at_most",
    zh="数额不超过上限",
    en="the amount is within the limit",
    params=AtMost,
    reads=("payload",),
    reasons=(
        Reason(
            id="amount.too_high",
            text=Label(zh="数额{amount}超过上限{limit}", en="{amount} is above the limit {limit}"),
            remedy=Label(zh="降低数额", en="lower the amount"),
        ),
    ),
)
def amount_is_at_most(request: Request, rule: Rule[AtMost]) -> Verdict:
    """Compare the field `amount` with the limit."""
    amount = request.field("amount") or 0
    if amount > rule.params.limit:
        return rule.fails("amount.too_high", amount=amount, limit=rule.params.limit)
    return rule.passes(amount=amount)


@guard(id="raises", zh="会出错", en="goes wrong")
def raises(request: Request, rule: Rule[Any]) -> Verdict:
    """Go wrong."""
    raise RuntimeError("a secret text that must not be shown")


REGISTRY: Registry = LIBRARY.extended(amount_is_at_most, raises)

FIELDS = [
    {"name": "amount", "label": label("数额"), "type": "integer"},
    {"name": "note", "label": label("说明"), "type": "text"},
    {"name": "who", "label": label("申请人"), "type": "text", "secrecy": "sealed"},
    {"name": "scratch", "label": label("草稿"), "type": "text", "secrecy": "dropped"},
    {"name": "on", "label": label("日期"), "type": "date"},
]


def _steps() -> list[dict[str, Any]]:
    return [
        {
            "trigger": "check",
            "source": ["asked"],
            "target": "checked",
            "label": label("核对"),
            "guards": [{"use": "amount_is_at_most", "limit": 100}],
            "field": FIELDS,
            "keep": ["note"],
            "cites": ["测试规定 二"],
        },
        {
            "trigger": "grant",
            "source": ["checked"],
            "target": "granted",
            "label": label("许可"),
            "cites": ["测试规定 三"],
            "backfill": True,
        },
        {
            "trigger": "withdraw",
            "source": ["asked", "checked"],
            "target": "void",
            "label": label("撤回"),
            "cites": ["测试规定 四"],
        },
    ]


def raw(**changes: Any) -> dict[str, Any]:
    """Give the machine as plain data, with *changes* at the top."""
    base: dict[str, Any] = {
        "id": "permit",
        "version": "1",
        "label": label("许可"),
        "source": "测试规定 一",
        "initial": "asked",
        "opening": {
            "label": label("申请"),
            "cites": ["测试规定 一"],
            "field": FIELDS,
            "keep": ["amount", "who"],
        },
        "terms": {"clerk": label("经办人")},
        "state": [
            {"id": "asked", "label": label("已申请"), "owner": "clerk"},
            {"id": "checked", "label": label("已核"), "owner": "clerk"},
            {"id": "granted", "label": label("已许可"), "end": "done"},
            {"id": "void", "label": label("作废"), "end": "void"},
        ],
        "transition": _steps(),
    }
    return base | changes


def permit(registry: Registry = REGISTRY, **changes: Any) -> Machine:
    """Build the machine."""
    return machine_from(raw(**changes), registry, where="permit")
