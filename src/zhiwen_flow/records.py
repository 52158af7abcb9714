"""
What the store holds of a person (个人处理记录): effective measures only, for those who may see cadre records.

A proposal that was refused or withdrawn, and a decision that was rescinded, are no record of the person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.accountability.eligibility import Held
from zhiwen_flow.accountability.register import Entry
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.model import ZONE, Instance, Pin
from zhiwen_flow.progress import Stage, TaskProgress, is_late
from zhiwen_flow.rollup import Handed
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.rows import Moment
from zhiwen_flow.stores.protocol import Store

COUNTED = ("decided", "served", "in_effect", "closed")
"""States of a measure that count; being served late never undoes an effect."""

_NAMED = {"decided_on": Moment.DECIDED, "approved_on": Moment.APPROVED, "served_on": Moment.SERVED}
_MOMENTS = {
    "awaiting_approval": Moment.DECIDED,
    "decided": Moment.DECIDED,
    "served": Moment.SERVED,
    "in_effect": Moment.CARRIED_OUT,
}


@attrs.frozen(kw_only=True)
class PostChange:
    """
    A change of post by an executed measure (任职变动).

    Args:
        on: Day of the change; the statutory one where a law fills the post.
        post: The post that was held; None where it was erased.
        measure: The measure; None where it was erased.
        stream: The measure's instance.
    """

    on: dt.date
    post: str | None
    measure: str | None
    stream: str


def entries_of(store: Store, machines: Iterable[str]) -> Iterator[tuple[Instance, Entry]]:
    """
    Iterate over the instances of some machines, each with its entry for a register (登记簿条目).

    Args:
        store: Of one tenant.
        machines: Ids of machines.
    """
    for machine in machines:
        for instance in _all(store, machine):
            events = list(_events(store, instance))
            steps = [each.body for each in events if each.body["kind"] in ("opened", "moved")]
            first, last = _day(steps[0]), _day(steps[-1])
            cites = tuple(steps[-1].get("cites", ()))
            entry = Entry(
                stream=instance.id,
                machine=machine,
                state=instance.state,
                opened_on=first,
                last_on=last,
                ended=False,
                cites=cites,
            )
            yield instance, entry


def units_under(store: Store, plan: str) -> set[str]:
    """Collect the units whose campaign names a plan as its superior's, and is not withdrawn (已备案的单位)."""
    campaigns = (each for each in _all(store, "campaign") if each.state not in ("draft", "withdrawn"))
    told = ((each.facts.get("unit"), each.facts.get("superior_plan")) for each in campaigns)
    return {unit for unit, superior in told if isinstance(unit, str) and superior == plan}


def progress_of(store: Store, campaign: str, at: dt.date) -> Iterator[TaskProgress]:
    """
    Iterate over the tasks of a campaign, and of those handed down from it, as of a day (任务进展记录).

    Args:
        store: Of one tenant.
        campaign: Its instance.
        at: What happened after this day is not counted.
    """
    above = store.load(campaign).instance
    assert above is not None
    unit = above.facts.get("unit") or above.facts.get("title") or campaign
    for phase in _opened(store, "phase", above):
        for task in _opened(store, "task", phase):
            found = _stage(store, task, at)
            if found is not None:
                stage, due, submitted = found
                yield TaskProgress(
                    unit=str(unit),
                    phase=str(phase.facts.get("name")),
                    task=str(task.facts.get("task")),
                    name=str(task.facts.get("name")),
                    stage=stage,
                    due=due,
                    submitted=submitted,
                    late=is_late(stage, due, submitted, at),
                )
    for below in _all(store, "campaign", parent=campaign):
        yield from progress_of(store, below.id, at)


def _opened(store: Store, machine: str, parent: Instance) -> list[Instance]:
    """The children of an instance in the order in which its steps opened them: that of the plan."""
    order = {id: place for place, id in enumerate(id for each in _events(store, parent) for id in each.body["opens"])}
    found = _all(store, machine, parent=parent.id)
    return sorted(found, key=lambda each: (order.get(each.id, len(order)), each.id))


def _stage(store: Store, task: Instance, at: dt.date) -> tuple[Stage, dt.date | None, dt.date | None] | None:
    """Fold the task's own events up to a day; None where it was not there yet."""
    stage, due, submitted = None, None, None
    for body in (each.body for each in _events(store, task)):
        if body["kind"] not in ("opened", "moved") or _decided(body) > at:
            continue
        stage = Stage(body["target"])
        due = body["payload"].get("due", due) if "due" in body["keep"] else due
        if stage is Stage.SUBMITTED:
            submitted = body["payload"].get("submitted_on", _day(body).isoformat())
    return (stage, _date(due), _date(submitted)) if stage is not None else None


def _date(day: str | None) -> dt.date | None:
    return dt.date.fromisoformat(day) if day is not None else None


def _decided(body: Mapping[str, Any]) -> dt.date:
    return dt.datetime.fromisoformat(body["decided_at"]).astimezone(ZONE).date()


def submissions_of(store: Store) -> Iterator[Handed]:
    """
    Iterate over what units have handed in (报送记录): the first day each was sent, and whether it was sent back.

    Args:
        store: Of one tenant.
    """
    for instance in _all(store, "submission"):
        sent = [_day(each.body) for each in _events(store, instance) if each.body["target"] == "sent"]
        unit, task = instance.facts.get("unit"), instance.facts.get("task")
        if sent and isinstance(unit, str) and isinstance(task, str):
            yield Handed(unit=unit, task=task, on=sent[0], returned=instance.state == "returned")


def post_changes(store: Store, person: str) -> Iterator[PostChange]:
    """Iterate over the changes of post that measures in effect brought to a person (任职变动)."""
    for each, opened in _counted(store):
        day = each.facts.get("post_changed_on")
        if isinstance(day, str) and _fact(each, opened, "person") == person:
            post, measure = _fact(each, opened, "post"), _fact(each, opened, "measure")
            yield PostChange(on=dt.date.fromisoformat(day), post=post, measure=measure, stream=each.id)


def everything_held(store: Store, book_of: Callable[[Pin], Rulebook]) -> Iterator[tuple[str, Held]]:
    """Iterate over all measures in effect, each with its instance, whomever they are about (全部已生效的处理)."""
    for each, opened in _counted(store):
        held = Held(measure=_fact(each, opened, "measure"), book=book_of(each.pin), dates=_dates(store, each))
        yield each.id, held


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
    for each in _all(store, "measure"):
        if each.state in COUNTED:
            yield each, store.load(each.id).opened


def _all(store: Store, machine: str, parent: str | None = None) -> Iterator[Instance]:
    after = ""
    while page := store.instances(machine=machine, parent=parent, after=after, limit=500):
        after = page[-1].id
        yield from page


def _events(store: Store, instance: Instance) -> Iterator[AuditEvent]:
    after = 0
    while page := store.events(stream=instance.id, after=after, limit=100):
        after = page[-1].seq
        yield from page


def _fact(instance: Instance, opened: Mapping[str, Any], name: str) -> str | None:
    """Read a fact in clear; None where it is absent or was erased."""
    found = opened.get(name, instance.facts.get(name))
    return found if isinstance(found, str) else None


def _dates(store: Store, instance: Instance) -> dict[str, dt.date]:
    """The day that the documents name, else the day of the step."""
    named = {moment.value: instance.facts.get(fact) for fact, moment in _NAMED.items()}
    dates = {moment: dt.date.fromisoformat(day) for moment, day in named.items() if isinstance(day, str)}
    for event in _events(store, instance):
        moment = _MOMENTS.get(event.body["target"])
        if event.body["kind"] == "moved" and moment is not None:
            dates.setdefault(moment.value, _day(event.body))
    return dates


def _day(body: Mapping[str, Any]) -> dt.date:
    return dt.datetime.fromisoformat(body["occurred_at"]).astimezone(ZONE).date()
