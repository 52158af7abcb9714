"""
Notes in the log (记事): what was done to the log itself, or seen of what is sealed, as events of their own. Pure.

A note moves nothing. It stands in the chain of the instance that it is about: whoever reads one reads the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.changes import Changeset, Draft
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.events import SCHEMA
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.model import LONGEST, ZONE, Actor, Instance
from zhiwen_flow.terms import EventKind

ARCHIVE = "archive"
"""The stream in which archives are recorded; it is no instance."""


@attrs.frozen(kw_only=True)
class Note:
    """
    What is to be noted (记事内容).

    Args:
        kind: What was done.
        at: When, aware.
        actor: Who did it.
        second: Who did it together with the actor; another person.
        reason: Why, in writing.
        document: Number of the document behind it.
        payload: What it was done to, plain data without anything sealed.
    """

    kind: EventKind
    at: dt.datetime
    actor: Actor
    second: Actor | None = None
    reason: str
    document: str | None = None
    payload: Mapping[str, Any]


def two_persons(actor: Actor, second: Actor, reason: str) -> None:
    """
    See that two persons act, and say why (双人与理由).

    Raises:
        MisuseError: they are one and the same, or there is no reason.
    """
    if actor.id == second.id:
        raise MisuseError("a second person must act with the first; name another `second`")
    has_reason(reason)


def has_reason(reason: str) -> None:
    """
    See that a reason was written (书面理由).

    Raises:
        MisuseError: there is none, or it is too long.
    """
    if not reason.strip() or len(reason) > LONGEST:
        raise MisuseError(f"write a reason, of at most {LONGEST} characters")


def noted(
    note: Note, *, id: str, tenant: str, rules: Rules, instance: Instance | None = None, stream: str = ARCHIVE
) -> Changeset:
    """
    Give the changeset that records a note (记入日志).

    Args:
        note: What to note.
        id: Of the event.
        tenant: Whose log.
        rules: The directory says who the persons were on that day.
        instance: What it is about; None where there is none, as of the archive.
        stream: The stream where there is no instance.
    """
    directory, calendar, at = rules.directory, rules.calendar, note.at.isoformat()
    second = {"second": _person(note.second, note.at, rules)} if note.second is not None else {}
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "id": id,
        "tenant": tenant,
        **_place(instance, stream, rules),
        "kind": note.kind.value,
        "directory": {"id": directory.id, "version": directory.version, "hash": directory.hash},
        "calendar": calendar.version if calendar is not None else None,
        "trigger": note.kind.value,
        "actor": _person(note.actor, note.at, rules),
        "occurred_at": at,
        "decided_at": at,
        "payload": {**note.payload, **second},
        "keep": [],
        "verdicts": [],
        "cites": [],
        "reason": note.reason,
        "document": note.document,
        "opens": [],
        "obliges": [],
        "discharges": [],
        "deadline": None,
        "key": None,
        "correlation": None,
        "causation": None,
    }
    return Changeset(drafts=(Draft(stream=body["stream"], body=body),))


def _place(instance: Instance | None, stream: str, rules: Rules) -> dict[str, Any]:
    if instance is None:
        book = rules.rulebook
        return {
            "stream": stream,
            "root": stream,
            "parent": None,
            "business_id": None,
            "machine": {"id": ARCHIVE, "version": "", "hash": ""},
            "rulebook": {"id": book.id, "version": book.version, "hash": book.hash},
            "source": "",
            "target": "",
        }
    pin = instance.pin
    return {
        "stream": instance.id,
        "root": instance.root,
        "parent": instance.parent,
        "business_id": instance.business_id,
        "machine": {"id": pin.machine, "version": pin.machine_version, "hash": pin.machine_hash},
        "rulebook": {"id": pin.rulebook, "version": pin.rulebook_version, "hash": pin.rulebook_hash},
        "source": instance.state,
        "target": instance.state,
    }


def _person(actor: Actor, at: dt.datetime, rules: Rules) -> dict[str, Any]:
    post = rules.directory.post(actor.post, at.astimezone(ZONE).date())
    organ, rank = (post.organ, post.rank) if post is not None else (None, None)
    return {"id": actor.id, "post": actor.post, "organ": organ, "rank": rank}
