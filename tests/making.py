"""Strategies that make payloads, actors and walks for any machine under the shipped rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.machine.definition import Field, Transition
from zhiwen_flow.model import Actor
from zhiwen_flow.terms import FieldType

DEFINITIONS = Definitions.load()
RULES = DEFINITIONS.rules
DAY = dt.date(2011, 9, 1)
POSTS = sorted(each.id for each in RULES.directory.posts(DAY))
ORGANS = sorted(each.id for each in RULES.directory.organs(DAY))
MACHINES = ("complaint", "supervision_order", "case", "measure", "remedy", "referral", "resignation")

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
        FieldType.CODE: st.sampled_from(sorted(book.codes(field.codes))) if field.codes else st.nothing(),
        FieldType.ORGAN: st.sampled_from(ORGANS),
        FieldType.POST: st.sampled_from(POSTS),
        FieldType.PERSON: people,
        FieldType.MEASURE: st.sampled_from(sorted(book.measures)),
        FieldType.MEETING: meetings(),
        FieldType.ASSESSMENT: _assessment(field),
    }
    return made.get(field.type, texts)


def _assessment(field: Field) -> st.SearchStrategy[Any]:
    items = sorted(RULES.rulebook.codes(field.codes)) if field.codes else []
    answers = st.sampled_from(["applies", "does_not_apply", "unknown"])
    build = lambda item, answer, reason: {"item": item, "answer": answer, "reason": reason}  # noqa: E731
    return st.builds(build, st.sampled_from(items), answers, texts) if items else st.nothing()


def payloads(transition: Transition) -> st.SearchStrategy[dict[str, Any]]:
    """Make payloads that fit a transition's form."""
    required = {each.name: values(each) for each in transition.fields if each.required}
    optional = {each.name: values(each) for each in transition.fields if not each.required}
    return st.fixed_dictionaries(required, optional=optional)
