"""
Opening and erasing what is sealed (启封与清除): by two persons, with a reason, recorded before anything is shown.
"""

from __future__ import annotations

from typing import Any

import attrs

from zhiwen_flow.audit.view import Viewer, is_commitment, view
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.notes import Note, noted
from zhiwen_flow.stores.protocol import Store, shown


@attrs.frozen(kw_only=True)
class Erased:
    """
    What an erasure did (清除结果).

    Args:
        found: Whether the value was there.
        event: The event that records it; None where there was nothing to erase.
        scrubbed: Whether nothing is left in the database's own files; backups are the host's to erase.
    """

    found: bool
    event: str | None
    scrubbed: bool


def unseal(store: Store, rules: Rules, note: Note, *, id: str, name: str) -> Any:
    """
    Record that a sealed value is looked at, and give it (启封查看).

    Args:
        store: Where it lies.
        rules: The directory says who the persons are.
        note: Who looks, with whom, and why; its payload names the event.
        id: Id of the event that records it.
        name: The field, ``"verdicts"``, ``"payload"``, ``"reason"`` or ``"document"``.

    Raises:
        UnknownNameError: there is no such event, or nothing of that name is sealed there any more.
    """
    event = store.event(note.payload["event"])
    sealed = shown(store.sealed(event.id))
    if name not in sealed:
        raise UnknownNameError("sealed value", name, sealed)
    _record(store, rules, note, id, event.stream)
    told = view(event, Viewer(auditor=True, unseals=frozenset({name})), sealed=sealed)
    # A field of the form may be named as a part of the event is; only one of the two is sealed.
    return told[name] if is_commitment(event.body.get(name)) else told["payload"][name]


def erase(store: Store, rules: Rules, note: Note, *, id: str, name: str) -> Erased:
    """
    Erase a sealed value with its salt, and record that it was (清除封存内容): both or neither.

    Args:
        store: Where it lies.
        rules: The directory says who the persons are.
        note: Who erases, with whom, and why; its payload names the event.
        id: Id of the event that records it.
        name: The field, ``"verdicts"``, ``"payload"``, ``"reason"`` or ``"document"``.

    Raises:
        UnknownNameError: there is no such event.
    """
    event = store.event(note.payload["event"])
    if name not in store.sealed(event.id):
        return Erased(found=False, event=None, scrubbed=store.scrub())
    with store.batch(streams=[event.stream]):
        _record(store, rules, note, id, event.stream)
        store.erase(event=event.id, name=name)
    return Erased(found=True, event=id, scrubbed=store.scrub())


def _record(store: Store, rules: Rules, note: Note, id: str, stream: str) -> None:
    try:
        instance = store.load(stream).instance
    except UnknownNameError:
        # Only refusals to open it stand there.
        instance = None
    store.append(noted(note, id=id, tenant=store.tenant, rules=rules, instance=instance, stream=stream))
