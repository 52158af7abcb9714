"""Guards on material and evidence (材料与证据): what must be on file before a step."""

from __future__ import annotations

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named, named_reference
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MaterialsParams:
    """Materials that must be handed in (须附材料)."""

    materials: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FactsParams:
    """Facts that must be recorded (须有记录)."""

    facts: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FactIsParams:
    """A fact or field and the values it may have (取值要求)."""

    value: str
    values: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListedParams:
    """A list, by reference, that must not be empty (须列明)."""

    value: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AssessmentParams:
    """
    Assessments, by reference, and the catalogue whose every item they must cover (逐项评估).

    Args:
        despite: Reference to the written reason for going on although an item applies.
    """

    value: str
    catalogue: str
    despite: str | None = None


@guard(
    id="materials_are_present",
    zh="材料齐全",
    en="all materials are handed in",
    family="material",
    params=MaterialsParams,
    reads=("payload",),
)
def materials_are_present(request: Request, rule: Rule[MaterialsParams]) -> Verdict:
    """Pass where every material has its document."""
    lacking = [each for each in rule.params.materials if not request.field(each)]
    if not lacking:
        return rule.passed
    return rule.fails("material.missing", materials=[named_reference(request, f"field:{each}") for each in lacking])


@guard(
    id="facts_are_recorded",
    zh="前置事项均有记录",
    en="what must come first is on record",
    family="material",
    params=FactsParams,
    reads=("facts",),
)
def facts_are_recorded(request: Request, rule: Rule[FactsParams]) -> Verdict:
    """Pass where every fact is recorded."""
    lacking = [each for each in rule.params.facts if request.fact(each) in (None, "", [])]
    if not lacking:
        return rule.passed
    return rule.fails("fact.missing", facts=[named_reference(request, f"fact:{each}") for each in lacking])


@guard(
    id="value_is_one_of",
    zh="所填或所记内容符合要求",
    en="the value is one of those allowed here",
    family="material",
    params=FactIsParams,
    reads=("facts", "payload"),
)
def value_is_one_of(request: Request, rule: Rule[FactIsParams]) -> Verdict:
    """Pass where the fact or field has one of the values."""
    found = request.value(rule.params.value)
    name = named_reference(request, rule.params.value)
    if found is None:
        return rule.unknown("fact.absent", fact=name)
    if str(found).lower() in rule.params.values or found in rule.params.values:
        return rule.passed
    return rule.fails(
        "value.other",
        fact=name,
        found=_shown(request, rule.params.value, found),
        allowed=_allowed(request, rule.params),
    )


def _allowed(request: Request, params: FactIsParams) -> list[object]:
    return [_shown(request, params.value, each) for each in params.values]


def _shown(request: Request, reference: str, code: object) -> object:
    """Show a code by its label in the catalogue of the field it came from."""
    name = reference.partition(":")[2]
    for each in request.machine.all_transitions:
        field = each.field(name)
        if field is not None and field.codes is not None and code in request.rules.rulebook.codes(field.codes):
            return named(request.rules.rulebook.item(field.codes, str(code)).label, str(code))
    return _YES_NO.get(str(code).lower(), code)


_YES_NO: dict[str, object] = {"true": {"zh": "是", "en": "yes"}, "false": {"zh": "否", "en": "no"}}


@guard(
    id="list_is_not_empty",
    zh="已逐一列明",
    en="what must be listed is listed",
    family="material",
    params=ListedParams,
    reads=("facts", "payload"),
)
def list_is_not_empty(request: Request, rule: Rule[ListedParams]) -> Verdict:
    """Pass where the list has an entry; a collective is never responsible without named persons."""
    if request.value(rule.params.value):
        return rule.passed
    return rule.fails("list.empty", fact=named_reference(request, rule.params.value))


@guard(
    id="every_item_is_assessed",
    zh="已逐项评估并写明理由",
    en="every item is assessed, with its reason",
    family="material",
    params=AssessmentParams,
    reads=("facts", "payload", "rulebook"),
)
def every_item_is_assessed(request: Request, rule: Rule[AssessmentParams]) -> Verdict:
    """Pass where every item of the catalogue has an answer; an answer of unknown is unknown."""
    book = request.rules.rulebook
    found = {each["item"]: each["answer"] for each in request.value(rule.params.value) or ()}
    wanted = sorted(book.codes(rule.params.catalogue))

    def names(items: list[str]) -> list[dict[str, str]]:
        return [named(book.item(rule.params.catalogue, each).label, each) for each in items]

    if lacking := [each for each in wanted if each not in found]:
        return rule.fails("assessment.missing", items=names(lacking))
    if open_items := [each for each in wanted if found[each] == "unknown"]:
        return rule.unknown("assessment.unknown", items=names(open_items))
    applying = [each for each in wanted if found[each] == "applies"]
    if applying and not (rule.params.despite and request.value(rule.params.despite)):
        return rule.fails("assessment.applies", items=names(applying))
    return rule.passed
