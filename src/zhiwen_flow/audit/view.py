"""
The only door through which events are shown (查看): what is sealed stays sealed, but for those who may see it.

Command line, exports, reads and integrations all pass through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.events import AuditEvent

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

_PREJUDICIAL = ("verdicts", "payload")


def view(event: AuditEvent, viewer: Viewer, *, sealed: Mapping[str, Any]) -> dict[str, Any]:
    """
    Show an event as *viewer* may see it (按权限查看).

    Sealed verdicts and refusals about a person are shown to auditors and to the organ that acted; a sealed field only
    where the host has unsealed it. Commitments themselves are never shown: they help nobody but a guesser. Nor is the
    hash of a request under an idempotency key: it was made of the whole form, sealed fields included, without a salt.

    Args:
        event: The stored event.
        viewer: Who looks.
        sealed: Sealed values of the event by name; those erased are missing.

    Returns:
        The body with its place in the log; ``{"sealed": true}`` where something is kept back.
    """
    body = event.body
    trusted = viewer.auditor or (viewer.organ is not None and viewer.organ == body["actor"]["organ"])
    for name in _PREJUDICIAL:
        if is_commitment(body[name]):
            body[name] = sealed[name] if trusted and name in sealed else dict(SEALED)
    if not is_commitment(body["payload"]):
        body["payload"] = {name: _field(name, each, viewer, sealed) for name, each in body["payload"].items()}
    if body["key"] is not None:
        body["key"] = {"hash": body["key"]["hash"], "content": dict(SEALED)}
    return {"seq": event.seq, "recorded_at": event.recorded_at.isoformat(), "hash": event.hash, **body}


def is_commitment(value: Any) -> bool:
    """Whether *value* stands for something sealed (是否为封存校验值)."""
    return isinstance(value, dict) and set(value) == {"sealed"}


def _field(name: str, value: Any, viewer: Viewer, sealed: Mapping[str, Any]) -> Any:
    if not is_commitment(value):
        return value
    return sealed[name] if name in viewer.unseals and name in sealed else dict(SEALED)
