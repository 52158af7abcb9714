"""Guards on what a measure (处理方式) itself asks for: its basis, and the act from which it takes effect."""

from __future__ import annotations

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named, named_reference
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BasisParams:
    """The measure and the legal basis named, by reference (措施与依据)."""

    measure: str
    basis: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EffectParams:
    """The measure, by reference, and the acts from which it may take effect here (措施与生效时点)."""

    measure: str
    moments: tuple[str, ...]


@guard(
    id="basis_is_named",
    zh="有多种依据的措施已写明所用依据",
    en="a measure with several bases names the one used",
    family="material",
    params=BasisParams,
    reads=("payload", "facts", "rulebook"),
)
def basis_is_named(request: Request, rule: Rule[BasisParams]) -> Verdict:
    """Pass where the measure has one basis only, or the one used is named."""
    measure = request.value(rule.params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.measure))
    found = request.rules.rulebook.measure(measure)
    if not found.needs_basis or request.value(rule.params.basis) is not None:
        return rule.passed
    return rule.fails("measure.no_basis", measure=named(found.label, measure))


@guard(
    id="takes_effect_by",
    zh="该措施依规定以本环节方式生效",
    en="the measure takes effect in the way of this step",
    family="material",
    params=EffectParams,
    reads=("facts", "rulebook"),
)
def takes_effect_by(request: Request, rule: Rule[EffectParams]) -> Verdict:
    """Pass where the rulebook lets the measure take effect by one of these acts."""
    measure = request.value(rule.params.measure)
    if measure is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.measure))
    found = request.rules.rulebook.measure(measure)
    if found.effective_from.value in rule.params.moments:
        return rule.passed
    moment = {"id": found.effective_from.value, "zh": found.effective_from.zh, "en": found.effective_from.en}
    return rule.fails("measure.other_effect", measure=named(found.label, measure), moment=moment)
