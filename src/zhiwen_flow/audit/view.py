"""
The only door through which events are shown (查看): what is sealed stays sealed, but for those who may see it.

Command line, exports, reads and integrations all pass through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zhiwen_flow.events import ASKED_WITH, AuditEvent
from zhiwen_flow.terms import Outcome

SEALED = {"sealed": True}
"""What stands where a value is sealed."""


@attrs.frozen(kw_only=True)
class Viewer:
    """
    Who looks at the log (查看人).

    Args:
        auditor: Whether the host vouches that it audits; an auditor sees verdicts and refusals about persons.
        organ: Organ of the viewer; the deciding organ sees what it decided itself.
        unseals: Names of sealed fields that the host has unsealed for this viewer, by its own two-person rule.
    """

    auditor: bool = False
    organ: str | None = None
    unseals: frozenset[str] = frozenset()


PUBLIC = Viewer()
"""Somebody of whom nothing is known."""

_PREJUDICIAL = ("verdicts", "payload", *ASKED_WITH)


def view(event: AuditEvent, viewer: Viewer, *, sealed: Mapping[str, Any]) -> dict[str, Any]:
    """
    Show an event as *viewer* may see it (按权限查看).

    Sealed verdicts and refusals about a person are shown as `sees_persons` says; a sealed field only
    where the host has unsealed it. Commitments themselves are never shown: they help nobody but a guesser. Nor is the
    hash of a request under an idempotency key: it was made of the whole form, sealed fields included.

    Args:
        event: The stored event.
        viewer: Who looks.
        sealed: Sealed values of the event by name; those erased are missing.

    Returns:
        The body with its place in the log; ``{"sealed": true}`` where something is kept back.
    """
    body = event.body
    known = not is_commitment(body["verdicts"]) or "verdicts" in sealed
    trusted = viewer.auditor or (known and sees_persons(viewer, body["actor"]["organ"], refused=_failed(body, sealed)))
    for name in _PREJUDICIAL:
        if is_commitment(body.get(name)):
            body[name] = sealed[name] if trusted and name in sealed else dict(SEALED)
    if not is_commitment(body["payload"]):
        body["payload"] = {name: _field(name, each, viewer, sealed) for name, each in body["payload"].items()}
    if body["key"] is not None:
        body["key"] = {"hash": body["key"]["hash"], "content": dict(SEALED)}
    return {"seq": event.seq, "recorded_at": event.recorded_at.isoformat(), "hash": event.hash, **body}


def sees_persons(viewer: Viewer, organ: str | None, *, refused: Iterable[Mapping[str, Any]] = ()) -> bool:
    """
    Whether *viewer* may see what was judged about a person (能否查看关于个人的判定).

    Auditors may, and the organ that acted; where the step was refused for want of power, the organs that have it
    instead: asking for what one has no right to is no way to learn whom it is about. Where a post has it, not an organ,
    only auditors may.

    Args:
        organ: Organ of the actor who asked for the step.
        refused: Verdicts that did not pass, as the log keeps them.

    >>> sees_persons(Viewer(organ="bridge_bureau"), "bridge_bureau"), sees_persons(PUBLIC, "bridge_bureau")
    (True, False)
    >>> refused = [{"who_could": [{"id": "transport_party_group"}]}]
    >>> viewers = [Viewer(organ=each) for each in ("bridge_bureau", "transport_party_group")]
    >>> [sees_persons(each, "bridge_bureau", refused=refused) for each in viewers]
    [False, True]
    """
    if viewer.auditor or viewer.organ is None:
        return viewer.auditor
    holders = {each["id"] for verdict in refused for each in verdict.get("who_could", ())}
    return viewer.organ in holders if holders else viewer.organ == organ


def _failed(body: Mapping[str, Any], sealed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    verdicts = sealed.get("verdicts", ()) if is_commitment(body["verdicts"]) else body["verdicts"]
    return [each for each in verdicts if each["outcome"] != Outcome.PASS]


def view_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    Show the facts of an instance (查看卷宗事实): what is sealed is named, and read from the events.

    >>> view_facts({"channel": "email", "complainant": {"sealed": "b5bb9d80"}})
    {'channel': 'email', 'complainant': {'sealed': True}}
    """
    return {name: dict(SEALED) if is_commitment(each) else each for name, each in facts.items()}


def is_commitment(value: Any) -> bool:
    """Whether *value* stands for something sealed (是否为封存校验值)."""
    return isinstance(value, dict) and set(value) == {"sealed"}


def _field(name: str, value: Any, viewer: Viewer, sealed: Mapping[str, Any]) -> Any:
    if not is_commitment(value):
        return value
    return sealed[name] if name in viewer.unseals and name in sealed else dict(SEALED)
