"""
The rules for plans (检查规则目录), as data, and the check of a plan by all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.lint import bodies, burden, content, dates, reading, superior
from zhiwen_flow.lint.findings import Bench, Finding, Rule, Severity, Vintage
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import key

NO_SEVERITIES: Mapping[str, Severity] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class RuleFile:
    """The file of rules (检查规则文件)."""

    rules: tuple[Rule, ...] = attrs.field(metadata=key("rule"))


@cache
def rules() -> tuple[Rule, ...]:
    """
    Give every rule, in the order of a report (全部规则).

    >>> rules()[0].label.zh
    '任务期限早于所在环节'
    """
    found = load(Source.shipped("lint", "rules"), RuleFile).rules
    return tuple(attrs.evolve(each, check=_check(each.id)) for each in found)


_FAMILIES = (dates, content, bodies, superior, burden, reading)


def _check(id: str) -> Any:
    """A rule is judged by the function of its name."""
    return next(getattr(each, id) for each in _FAMILIES if hasattr(each, id))


def lint(
    bench: Bench, *, vintage: Vintage = Vintage.THEN, severities: Mapping[str, Severity] = NO_SEVERITIES
) -> tuple[Finding, ...]:
    """
    Check a plan by every rule of a vintage (检查方案).

    Args:
        vintage: In which years it is judged; what was asked for in 2011 may be a fault today.
        severities: Severity of some rules, where the caller sees them otherwise.

    Raises:
        UnknownNameError: a severity is given for a rule that is not there.
    """
    known = {each.id for each in rules()}
    for name in severities:
        if name not in known:
            raise UnknownNameError("rule", name, known)
    return tuple(_found(bench, vintage, severities))


def _found(bench: Bench, vintage: Vintage, severities: Mapping[str, Severity]) -> Iterator[Finding]:
    for rule in rules():
        if rule.vintage in (Vintage.ALWAYS, vintage):
            yield from rule.findings(bench, severities)
