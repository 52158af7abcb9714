"""
An event as other services get it (对外事件): CloudEvents 1.0, structured JSON. What is sealed never leaves.

The content is what `view` shows to the viewer that the host configured; by default to one of whom nothing is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import attrs

from zhiwen_flow.audit.view import PUBLIC, Viewer, view
from zhiwen_flow.changes import SealedValue
from zhiwen_flow.events import SCHEMA, AuditEvent
from zhiwen_flow.stores.protocol import shown

MEDIA_TYPE = "application/cloudevents+json"
DATA_SCHEMA = f"urn:zhiwen-flow:event:{SCHEMA}"
SEQUENCE_DIGITS = 12


@attrs.frozen(kw_only=True)
class Envelope:
    """
    An event ready to be published (待发出的事件).

    Args:
        id: Id of the event; with `source` it is the same whenever the event is published again.
        source: Who publishes.
        type: For example ``zhiwen.complaint.moved``.
        subject: The instance.
        machine: Its state machine.
        kind: What the event records.
        body: The CloudEvent as JSON.
    """

    id: str
    source: str
    type: str
    subject: str
    machine: str
    kind: str
    body: bytes = attrs.field(repr=False)


def source_of(tenant: str) -> str:
    """
    Give the source of a tenant's events where the host names none (来源标识).

    >>> source_of("省厅")
    'urn:zhiwen-flow:%E7%9C%81%E5%8E%85'
    """
    return f"urn:zhiwen-flow:{quote(tenant, safe='')}"


@attrs.frozen(kw_only=True)
class Enveloper:
    """
    Makes CloudEvents of stored events (对外封装).

    Args:
        source: A stable URI of the tenant or its host; consumers drop duplicates by it and the id.
        viewer: For whom the content is shown.
        sealed: Gives the sealed values of an event; asked only for a viewer that may see some.
    """

    source: str
    viewer: Viewer = PUBLIC
    sealed: Callable[[str], Mapping[str, SealedValue]]

    def wrap(self, event: AuditEvent) -> Envelope:
        """Make the CloudEvent of *event* (封装)."""
        opened = {} if self.viewer is PUBLIC else shown(self.sealed(event.id))
        data = view(event, self.viewer, sealed=opened)
        machine, kind = data["machine"]["id"], data["kind"]
        made = {
            "specversion": "1.0",
            "id": data["id"],
            "source": self.source,
            "type": f"zhiwen.{machine}.{kind}",
            "subject": data["stream"],
            "time": data["occurred_at"],
            "datacontenttype": "application/json",
            "dataschema": DATA_SCHEMA,
            # Text of one length, so that it sorts as numbers do.
            "sequence": f"{data['position']:0{SEQUENCE_DIGITS}d}",
            **_named(data),
            "data": data,
        }
        return Envelope(
            id=data["id"],
            source=self.source,
            type=made["type"],
            subject=data["stream"],
            machine=machine,
            kind=kind,
            body=json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(),
        )


def _named(data: Mapping[str, Any]) -> dict[str, str]:
    """Give the extension attributes; one that has no value is left out, as CloudEvents asks."""
    asked = {"rootid": data["root"], "correlationid": data["correlation"], "causationid": data["causation"]}
    return {name: value for name, value in asked.items() if value}
