"""Strategies that make payloads, actors and walks for any machine under the shipped rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.machine.definition import Field, Transition
from zhiwen_flow.machine.payload import CONSENT_ANSWERS, CONSENT_POWERS
from zhiwen_flow.model import Actor
from zhiwen_flow.terms import FieldType

DEFINITIONS = Definitions.load()
RULES = DEFINITIONS.rules
DAY = dt.date(2011, 9, 1)
POSTS = sorted(each.id for each in RULES.directory.posts(DAY))
ORGANS = sorted(each.id for each in RULES.directory.organs(DAY))
DUTIES = [(each.id, post) for post in POSTS for each in RULES.directory.duties(post, DAY)]
MACHINES = (
    "complaint",
    "supervision_order",
    "case",
    "measure",
    "remedy",
    "referral",
    "resignation",
    "clearing",
    "return_to_post",
    "interpellation",
    "recall",
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda text: text.strip())
dates = st.dates(dt.date(2011, 1, 1), dt.date(2012, 12, 31)).map(dt.date.isoformat)
people = st.sampled_from(["p-1", "p-2", "p-3"])
actors = st.builds(lambda person, post: Actor(id=person, post=post), people, st.sampled_from(POSTS))


@st.composite
def meetings(draw: st.DrawFn) -> dict[str, Any]:
    """Make a meeting record that is well formed, lawful or not."""
    due = draw(st.integers(0, 15))
    present = draw(st.integers(0, 15))
    votes = {name: draw(st.integers(0, 15)) for name in ("for", "against", "abstain")}
    form = draw(st.sampled_from(["meeting", "circulation"]))
    body, date = draw(st.sampled_from(ORGANS)), draw(dates)
    return {"body": body, "date": date, "due": due, "present": present, "minutes": "1", "form": form, "votes": votes}


def values(field: Field) -> st.SearchStrategy[Any]:
    """Make values that fit a field."""
    one = _one(field)
    return st.lists(one, min_size=1, max_size=3) if field.many else one


def _one(field: Field) -> st.SearchStrategy[Any]:
    book = RULES.rulebook
    made: dict[FieldType, st.SearchStrategy[Any]] = {
        FieldType.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
        FieldType.BOOLEAN: st.booleans(),
        FieldType.DATE: dates,
        FieldType.CODE: _codes(field),
        FieldType.ORGAN: st.sampled_from(ORGANS),
        FieldType.POST: st.sampled_from(POSTS),
        FieldType.PERSON: people,
        FieldType.MEASURE: st.sampled_from(sorted(book.measures)),
        FieldType.MEETING: meetings(),
        FieldType.ASSESSMENT: _assessment(field),
        FieldType.CONSENT: consents(),
        FieldType.FINDING: findings(),
    }
    return made.get(field.type, texts)


def _codes(field: Field) -> st.SearchStrategy[Any]:
    known = sorted(RULES.rulebook.codes(field.codes)) if field.codes else []
    return st.sampled_from(known) if known else st.nothing()


@st.composite
def consents(draw: st.DrawFn) -> dict[str, Any]:
    """Make a record of an opinion asked, of the right organ or not."""
    asked = {"organ": draw(st.sampled_from(ORGANS)), "power": draw(st.sampled_from(CONSENT_POWERS))}
    answer = draw(st.sampled_from(CONSENT_ANSWERS))
    return asked | {"answer": answer, "asked_on": draw(dates), "document": "1"}


@st.composite
def findings(draw: st.DrawFn) -> dict[str, Any]:
    """Make a finding that is well formed; often of a duty that the post has."""
    duty = draw(st.sampled_from([*DUTIES, *DUTIES, ("bridge_all", "bridge_toll_section.head")]))
    book = RULES.rulebook
    kind = draw(st.sampled_from(sorted(book.codes("responsibility_kinds"))))
    level = draw(st.sampled_from(sorted(book.codes("liability_levels"))))
    fact, person = draw(st.sampled_from(["fact 1", "fact 2"])), draw(people)
    found = {"fact": fact, "person": person, "post": duty[1], "kind": kind, "liability": level, "duty": duty[0]}
    return found | ({"proof": "1", "direct": True} if draw(st.integers(0, 4)) else {})


def _assessment(field: Field) -> st.SearchStrategy[Any]:
    items = sorted(RULES.rulebook.codes(field.codes)) if field.codes else []
    answers = st.sampled_from(["applies", "does_not_apply", "unknown"])
    build = lambda item, answer, reason: {"item": item, "answer": answer, "reason": reason}  # noqa: E731
    return st.builds(build, st.sampled_from(items), answers, texts) if items else st.nothing()


def payloads(transition: Transition) -> st.SearchStrategy[dict[str, Any]]:
    """Make payloads that fit a transition's form."""
    required = {each.name: values(each) for each in transition.fields if each.required}
    optional = {
        each.name: made for each in transition.fields if not each.required and not (made := values(each)).is_empty
    }
    return st.fixed_dictionaries(required, optional=optional)
