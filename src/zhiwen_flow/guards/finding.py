"""Guards on findings of responsibility (责任认定): per person and fact, by duty as of then, and proved."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import attrs

from zhiwen_flow.directory import Directory, Post
from zhiwen_flow.guards.registry import Request, Rule, guard
from zhiwen_flow.guards.role import named, named_reference
from zhiwen_flow.model import Verdict

TEAM = ("overall_leadership_responsibility", "collective_responsibility")
"""The kinds that a leading group bears as a whole (全面领导责任、集体责任)."""

MORAL = "moral"
"""The one level of liability that may be indirect and needs no proof of its own (道义责任)."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FindingsParams:
    """Findings, by reference (责任认定)."""

    findings: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DutyParams:
    """Findings and the day of the conduct, by reference (责任认定与行为发生日)."""

    findings: str
    conduct_on: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeedsParams:
    """A code and the catalogue that says what must be on record with it (代码与其要求)."""

    value: str
    catalogue: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GroundsParams:
    """
    What is given, by reference, and the catalogue that says whether it is admissible (理由、事项类别).

    Args:
        otherwise: Reason of the catalogue of reasons for what is not.
    """

    value: str
    catalogue: str
    otherwise: str = "ground.inadmissible"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NextLevelParams:
    """
    Whom an assessment is about, and whom it started from, by reference (评估对象与原当事人职务).

    Args:
        kind: Reference to ``next_level`` (上追一级) or ``joint`` (党政同责).
        field: Reference to the field of work, for the second kind.
        catalogue: Catalogue of the fields in which the second kind applies.
    """

    post: str
    of: str
    kind: str
    field: str
    catalogue: str = "joint_fields"


@guard(
    id="findings_are_single",
    zh="责任认定到人到事:一人一事一类,集体责任写明责任人",
    en="one kind for each person and fact, and a team never without named persons",
    family="material",
    params=FindingsParams,
    reads=("facts", "payload"),
)
def findings_are_single(request: Request, rule: Rule[FindingsParams]) -> Verdict:
    """
    Fail where nobody is named, one person has two kinds for one fact, or a team stands alone for a fact.

    Source:
        中国共产党问责条例(2019) 第 6 条.
    """
    findings = request.value(rule.params.findings)
    if not findings:
        return rule.fails("finding.none", fact=named_reference(request, rule.params.findings))
    twice = [fact for (fact, _), count in _by_person(findings).items() if count > 1]
    if twice:
        return rule.fails("finding.two_kinds", facts=sorted(set(twice)))
    named_for = {each["fact"] for each in findings if each["kind"] not in TEAM}
    alone = sorted({each["fact"] for each in findings if each["kind"] in TEAM} - named_for)
    return rule.fails("finding.team_alone", facts=alone) if alone else rule.passed


def _by_person(findings: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((each["fact"], each["person"]) for each in findings)


@guard(
    id="liability_is_proved",
    zh="法律、行政、纪律责任均有证据且为直接责任;道义责任可以是间接的",
    en="criminal, administrative and disciplinary liability is proved and direct; moral liability may be indirect",
    family="material",
    params=FindingsParams,
    reads=("facts", "payload", "rulebook"),
)
def liability_is_proved(request: Request, rule: Rule[FindingsParams]) -> Verdict:
    """Fail where a finding above the moral level has no proof, or is not said to be direct."""
    book = request.rules.rulebook
    for each in request.value(rule.params.findings) or ():
        if each["liability"] == MORAL or (each.get("proof") and each.get("direct")):
            continue
        level = named(book.item("liability_levels", each["liability"]).label, each["liability"])
        return rule.fails("finding.not_proved", level=level, fact=each["fact"])
    return rule.passed


@guard(
    id="duty_was_held",
    zh="行为发生时当事人负有所列职责",
    en="the person had the duty when it happened",
    family="material",
    params=DutyParams,
    reads=("facts", "payload", "directory"),
)
def duty_was_held(request: Request, rule: Rule[DutyParams]) -> Verdict:
    """
    Pass where the directory records each duty for the post, as of the day of the conduct; later changes move no blame.

    Where the directory records no duty of a post at all, it cannot be said.
    """
    conduct = request.value(rule.params.conduct_on)
    if conduct is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.conduct_on))
    day, directory = dt.date.fromisoformat(conduct), request.rules.directory
    documents = []
    for each in request.value(rule.params.findings) or ():
        post = directory.post(each["post"], day)
        if post is None:
            return rule.unknown("post.not_then", post=each["post"], day=conduct)
        facts = {"post": directory.named_post(post), "day": conduct, "duty": each["duty"]}
        known = directory.duties(post.id, day)
        if not known:
            return rule.unknown("duty.not_recorded", **facts)
        found = directory.duty(each["duty"], post.id, day)
        if found is None:
            return rule.fails("duty.not_held", duties=[named(row.label, row.id) for row in known], **facts)
        documents.append(found.document)
    return rule.passes(documents=sorted(set(documents)))


@guard(
    id="needs_are_met",
    zh="该情形所要求的后果等事项已写明",
    en="what the situation asks for, such as its consequence, is on record",
    family="material",
    params=NeedsParams,
    reads=("facts", "payload", "rulebook"),
)
def needs_are_met(request: Request, rule: Rule[NeedsParams]) -> Verdict:
    """Pass where every field that the catalogue asks for with this code is filled; conduct-only items ask for none."""
    code = request.value(rule.params.value)
    if code is None:
        return rule.unknown("fact.absent", fact=named_reference(request, rule.params.value))
    book = request.rules.rulebook
    item = book.item(rule.params.catalogue, code)
    lacking = [each for each in item.needs if request.field(each) is None and request.fact(each) is None]
    if not lacking:
        return rule.passes(status=item.status, cites=(book.cite(item),))
    names = [named_reference(request, f"field:{each}") for each in lacking]
    return rule.fails(
        "situation.needs", status=item.status, cites=(book.cite(item),), situation=named(item.label, code), facts=names
    )


@guard(
    id="grounds_are_admissible",
    zh="所列理由或者事项均属规定允许的范围",
    en="everything given is of a kind that the rules admit",
    family="material",
    params=GroundsParams,
    reads=("facts", "payload", "rulebook"),
)
def grounds_are_admissible(request: Request, rule: Rule[GroundsParams]) -> Verdict:
    """Pass where there is a ground, and none of those given is merely a lead."""
    found = request.value(rule.params.value)
    if not found:
        return rule.fails("list.empty", fact=named_reference(request, rule.params.value))
    book = request.rules.rulebook
    items = {each: book.item(rule.params.catalogue, each) for each in found}
    wrong = [named(item.label, code) for code, item in items.items() if item.admissible is not True]
    return rule.fails(rule.params.otherwise, grounds=wrong) if wrong else rule.passed


@guard(
    id="is_next_level",
    zh="只评估上一级,党政同责只限规定的领域",
    en="only the next level is assessed, and the counterpart only in the fields that rules name",
    family="authority",
    params=NextLevelParams,
    reads=("facts", "payload", "directory", "rulebook"),
)
def is_next_level(request: Request, rule: Rule[NextLevelParams]) -> Verdict:
    """
    Pass where the post assessed is in charge of the first one, or is its counterpart in a field that rules name.
    """
    params, directory, book = rule.params, request.rules.directory, request.rules.rulebook
    kind, about, of = request.value(params.kind), request.value(params.post), request.value(params.of)
    first = directory.post(of, request.today) if of is not None else None
    if first is None or about is None:
        return rule.unknown("fact.absent", fact=named_reference(request, params.of if first is None else params.post))
    if kind == "joint":
        code = request.value(params.field)
        if code is None or code not in book.codes(params.catalogue):
            return rule.fails("assessment.no_field", fact=named_reference(request, params.field))
        item = book.item(params.catalogue, code)
        possible = _counterparts(directory, first, request.today)
        sure: dict[str, Any] = {"status": item.status, "cites": (book.cite(item),)}
    else:
        possible, sure = _superiors(directory, first, request.today), {}
    if not possible:
        return rule.unknown("assessment.no_superior", post=directory.named_post(first), **sure)
    if any(each.id == about for each in possible):
        return rule.passes(**sure)
    names = [directory.named_post(each) for each in possible]
    return rule.fails("assessment.other_post", posts=names, post=directory.named_post(first), **sure)


def _superiors(directory: Directory, post: Post, on: dt.date) -> tuple[Post, ...]:
    """The posts next above: the head of its organ; above a head who is in charge of the organ, else the next head."""
    organ: str | None = post.organ
    own = tuple(each for each in directory.posts_in(post.organ, on) if each.head and each.id != post.id)
    if own and not post.head:
        return own
    while organ is not None:
        in_charge = tuple(each for each in directory.in_charge_of(organ, on) if each.id != post.id)
        if in_charge:
            return in_charge
        organ = directory.organ(organ, on).parent
        heads = tuple(each for each in directory.posts_in(organ, on) if each.head) if organ is not None else ()
        if heads:
            return heads
    return ()


def _counterparts(directory: Directory, post: Post, on: dt.date) -> tuple[Post, ...]:
    """The head of the Party body of the unit, or of the unit where the first is of that body (党政主要负责人)."""
    unit = directory.unit_of(post.organ, on)
    body = directory.organ(unit, on).decided_by
    organs = (unit,) if post.organ == body else (body,) if body is not None else ()
    return tuple(each for organ in organs for each in directory.posts_in(organ, on) if each.head)
