"""Guards on lists and numbers (名单与人数): who must be kept apart, who must be told, how many are needed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import attrs

from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named_reference
from zhiwen_flow.model import Verdict


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApartParams:
    """Two lists of persons, by reference, that may have nobody in common (人员须分开)."""

    value: str
    others: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CoversParams:
    """A list, by reference, and the list it must cover (须全部涵盖)."""

    value: str
    wanted: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ThresholdParams:
    """
    A number or list, by reference, and the rulebook's threshold for it (人数要求).

    Args:
        of: Reference to the number of all, where the threshold is a share.
        level: Reference to the code of the level, where it differs by level.
        at_most: Whether it must stay below the threshold instead.
    """

    value: str
    procedure: str
    of: str | None = None
    level: str | None = None
    at_most: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CoverageParams:
    """The target as a share, and the numbers covered and in all, by reference (覆盖率要求)."""

    target: str
    covered: str
    total: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SignatureParams:
    """Whose signature is wanted, and the paper that bears it, by reference (签批要求)."""

    wanted: str
    given: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KindParams:
    """An organ, by reference, and the catalogue of the kinds it may be of (机关类别)."""

    organ: str
    catalogue: str


@guard(
    id="people_are_apart",
    zh="两个环节的人员没有重合",
    en="nobody is on both lists",
    family="recusal",
    params=ApartParams,
    reads=("facts", "payload"),
)
def people_are_apart(request: Request, rule: Rule[ApartParams]) -> Verdict:
    """
    Fail where a person stands on both lists; the first must name somebody, the second be known (查审分离、回避).

    Source:
        监督执纪工作规则(2019) 第 59 条;监督法(2024) 第 55–59 条.
    """
    first, second = request.value(rule.params.value), request.value(rule.params.others)
    if not first:
        return rule.fails("list.empty", fact=named_reference(request, rule.params.value))
    if second is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.others))
    both = set(first) & set(second)
    names = [named_reference(request, each) for each in (rule.params.value, rule.params.others)]
    return rule.fails("people.on_both", lists=names, count=len(both)) if both else rule.passed


@guard(
    id="list_covers",
    zh="已逐一通知应当通知的各方",
    en="everybody who must be told is on the list",
    family="material",
    params=CoversParams,
    reads=("facts", "payload", "directory"),
)
def list_covers(request: Request, rule: Rule[CoversParams]) -> Verdict:
    """Pass where each entry of the wanted list is on the other."""
    wanted, found = request.value(rule.params.wanted), request.value(rule.params.value) or ()
    if wanted is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.wanted))
    lacking = [each for each in wanted if each not in found]
    if not lacking:
        return rule.passed
    return rule.fails("list.lacks", organs=[request.rules.directory.named_organ(each) for each in lacking])


@guard(
    id="threshold_is_met",
    zh="达到规定的人数",
    en="there are as many as the rules ask for",
    family="material",
    params=ThresholdParams,
    reads=("facts", "payload", "rulebook"),
)
def threshold_is_met(request: Request, rule: Rule[ThresholdParams]) -> Verdict:
    """Hold a number against the rulebook's threshold; without a row, or a number in it, nothing can be said."""
    params, book = rule.params, request.rules.rulebook
    value = request.value(params.value)
    level = request.value(params.level) if params.level is not None else None
    if value is None or (params.level is not None and level is None):
        missing = params.value if value is None else params.level
        return rule.unknown("fact.absent", fact=named_reference(request, missing or ""))
    row = book.threshold(params.procedure, level)
    name = named_reference(request, params.value)
    if row is None or (row.count is None and row.share is None):
        return rule.unknown("threshold.none", fact=name)
    count = value if isinstance(value, int) else len(set(value))
    sure: dict[str, Any] = {"status": row.status, "cites": (book.cite(row),)}
    if row.count is not None:
        least, told = Fraction(row.count), str(row.count)
    else:
        total = request.value(params.of) if params.of is not None else None
        if total is None:
            return rule.unknown("fact.absent", fact=named_reference(request, params.of or params.value))
        least, told = Fraction(row.share or "1") * total, f"{row.share} × {total}"
    reached = count > least if row.more_than else count >= least
    if reached is not params.at_most:
        return rule.passes(**sure, count=count, threshold=row.id)
    reason = "threshold.reached" if params.at_most else "threshold.not_met"
    return rule.fails(reason, **sure, fact=name, count=count, least=told, rule=row.label.as_dict())


@guard(
    id="coverage_is_met",
    zh="达到方案要求的覆盖面",
    en="as many are covered as the plan asks for",
    family="material",
    params=CoverageParams,
    reads=("facts", "payload"),
)
def coverage_is_met(request: Request, rule: Rule[CoverageParams]) -> Verdict:
    """Pass where the plan sets no target, or the share covered reaches it; both counts must be given then."""
    params = rule.params
    target = request.value(params.target)
    if target is None:
        return rule.passed
    share = re.fullmatch(r"(\d{1,3})%", target)
    if share is None:
        return rule.unknown("coverage.unclear", target=target)
    covered, total = request.value(params.covered), request.value(params.total)
    for reference, value in ((params.covered, covered), (params.total, total)):
        if value is None:
            return rule.unknown("fact.absent", fact=named_reference(request, reference))
    if covered * 100 >= int(share[1]) * total and 0 < total >= covered:
        return rule.passes(covered=covered, total=total, target=target)
    return rule.fails("coverage.not_met", covered=covered, total=total, target=target)


@guard(
    id="signature_is_given",
    zh="需要签批的已经签批",
    en="it is signed off where the plan asks for it",
    family="material",
    params=SignatureParams,
    reads=("facts", "payload"),
)
def signature_is_given(request: Request, rule: Rule[SignatureParams]) -> Verdict:
    """Pass where the plan asks for no signature, or the paper that bears it is handed in."""
    wanted = request.value(rule.params.wanted)
    if wanted is None or request.value(rule.params.given) is not None:
        return rule.passed
    return rule.fails("signature.missing", who=wanted)


@guard(
    id="organ_is_of_kind",
    zh="属于规定范围内的机关",
    en="the organ is of a kind that the procedure is for",
    family="material",
    params=KindParams,
    reads=("facts", "payload", "directory", "rulebook"),
)
def organ_is_of_kind(request: Request, rule: Rule[KindParams]) -> Verdict:
    """
    Pass where the organ's kind is in the catalogue.

    Source:
        监督法(2024) on the organs a standing committee supervises.
    """
    organ = request.value(rule.params.organ)
    if organ is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.organ))
    directory, book = request.rules.directory, request.rules.rulebook
    kind = directory.organ(organ).kind
    if kind in book.codes(rule.params.catalogue):
        item = book.item(rule.params.catalogue, kind)
        return rule.passes(status=item.status, cites=(book.cite(item),))
    kinds = [
        book.item(rule.params.catalogue, each).label.as_dict() for each in sorted(book.codes(rule.params.catalogue))
    ]
    return rule.fails("organ.other_kind", organ=directory.named_organ(organ), kinds=kinds)
