"""
What the store holds of a person (个人处理记录): effective measures only, for those who may see cadre records.

A proposal that was refused or withdrawn, and a decision that was rescinded, are no record of the person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zhiwen_flow.accountability.eligibility import Held
from zhiwen_flow.model import ZONE, Instance, Pin
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.rows import Moment
from zhiwen_flow.stores.protocol import Store

COUNTED = ("decided", "served", "in_effect", "closed")
"""States of a measure that count; being served late never undoes an effect."""

_MOMENTS = {"decided": Moment.DECIDED, "served": Moment.SERVED, "in_effect": Moment.CARRIED_OUT}
_NAMED = {"decided": "decided_on", "served": "served_on"}


def held_by(store: Store, person: str, book_of: Callable[[Pin], Rulebook]) -> Iterator[Held]:
    """
    Iterate over the measures in effect, or once in effect, on a person (已生效的处理).

    Args:
        store: Of one tenant.
        person: The host's opaque id.
        book_of: Gives the rulebook that an instance was opened under.
    """
    for each, opened in _counted(store):
        if _fact(each, opened, "person") == person:
            book, dates = book_of(each.pin), _dates(store, each)
            yield Held(measure=_fact(each, opened, "measure"), book=book, dates=dates)


def decided_between(store: Store, since: dt.date, until: dt.date) -> Iterator[str | None]:
    """
    Iterate over the measures decided in a period, whomever they are about (期间内决定的处理); None where it was erased.

    Args:
        store: Of one tenant.
        since: First day, inclusive.
        until: Last day, inclusive.
    """
    for each, opened in _counted(store):
        day = _dates(store, each).get(Moment.DECIDED.value)
        if day is not None and since <= day <= until:
            yield _fact(each, opened, "measure")


def _counted(store: Store) -> Iterator[tuple[Instance, Mapping[str, Any]]]:
    after = ""
    while page := store.instances(machine="measure", after=after, limit=500):
        after = page[-1].id
        for each in page:
            if each.state in COUNTED:
                yield each, store.load(each.id).opened


def _fact(instance: Instance, opened: Mapping[str, Any], name: str) -> str | None:
    """Read a fact in clear; None where it is absent or was erased."""
    found = opened.get(name, instance.facts.get(name))
    return found if isinstance(found, str) else None


def _dates(store: Store, instance: Instance) -> dict[str, dt.date]:
    """The day that the documents name, else the day of the step."""
    dates: dict[str, dt.date] = {}
    after = 0
    while page := store.events(stream=instance.id, after=after, limit=100):
        after = page[-1].seq
        for event in page:
            body = event.body
            moment = _MOMENTS.get(body["target"])
            if body["kind"] != "moved" or moment is None or moment.value in dates:
                continue
            named = instance.facts.get(_NAMED.get(body["target"], ""))
            taken = dt.datetime.fromisoformat(body["occurred_at"]).astimezone(ZONE).date()
            dates[moment.value] = dt.date.fromisoformat(named) if isinstance(named, str) else taken
    return dates
