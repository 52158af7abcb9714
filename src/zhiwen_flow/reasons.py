"""
The one catalogue of reasons that officials read (理由目录): text and remedy in both languages, filled with facts.

A reason is a value; a verdict carries it. Templates hold ``{name}`` places and nothing else: no expression is
evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import attrs

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import Label, key

_PLACE = re.compile(r"\{(\w+)\}")


@attrs.frozen(kw_only=True)
class Reason:
    """
    Why a guard answered as it did (理由), with what would change it (补救办法).

    >>> lacks = Reason(id="material.missing", text=Label(zh="缺少材料:{materials}", en="missing: {materials}"))
    >>> lacks.say("zh", {"materials": ["摘要", "交办单"]})
    '缺少材料:摘要、交办单'
    """

    id: str
    text: Label
    remedy: Label | None = None

    def say(self, lang: str, facts: Mapping[str, Any]) -> str:
        """Fill the text with *facts* (说明理由)."""
        return _fill(self.text.text(lang), lang, facts)

    def mend(self, lang: str, facts: Mapping[str, Any]) -> str:
        """Fill the remedy with *facts* (说明补救办法); empty where nothing mends it."""
        return _fill(self.remedy.text(lang), lang, facts) if self.remedy else ""


@attrs.frozen(kw_only=True)
class _Catalogue:
    reasons: tuple[Reason, ...] = attrs.field(metadata=key("reason"))


@cache
def shipped_reasons() -> Mapping[str, Reason]:
    """Give the reasons of the library's own guards, by id (随库理由目录)."""
    return by_id(load(Source.shipped(".", "reasons"), _Catalogue).reasons)


def by_id(reasons: Iterable[Reason]) -> dict[str, Reason]:
    """Index reasons by their id."""
    return {each.id: each for each in reasons}


def shipped_reason(id: str) -> Reason:
    """
    Look up one reason of the library (查一条理由).

    Raises:
        UnknownNameError: the catalogue has no such reason.
    """
    try:
        return shipped_reasons()[id]
    except KeyError:
        raise UnknownNameError("reason", id, shipped_reasons()) from None


def shown(value: Any, lang: str) -> str:
    """
    Show a fact to a reader (显示一个事实).

    >>> shown({"id": "bureau", "zh": "大桥局", "en": "Bridge Bureau"}, "zh")
    '大桥局'
    """
    if value is None or value in ("", []):
        return "(未填)" if lang == "zh" else "(none)"
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[lang][value]
    if isinstance(value, Mapping):
        return str(value.get(lang) or value.get("zh") or value.get("id") or "")
    if isinstance(value, list | tuple):
        return ("、" if lang == "zh" else ", ").join(shown(each, lang) for each in value)
    return str(value)


def _fill(template: str, lang: str, facts: Mapping[str, Any]) -> str:
    return _PLACE.sub(lambda place: shown(facts.get(place[1]), lang), template)
