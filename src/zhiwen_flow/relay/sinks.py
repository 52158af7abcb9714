"""
What a sink must do (发布出口), and the simplest one: the log of the host.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import attrs
import structlog

from zhiwen_flow.relay.envelope import Envelope

SECRET_VARIABLE = "ZHIWEN_SINK_SECRET"  # noqa: S105  the name of a variable
"""Name of the environment variable that may hold a sink's secret; it never stands in a URL."""


@attrs.frozen(kw_only=True)
class Receipt:
    """
    What a sink answered on one event (回执).

    Args:
        id: Id of the event.
        error: Why it was refused; None where it is confirmed. Values of the event never stand in it.
    """

    id: str
    error: str | None = None


class Sink(Protocol):
    """
    Where events are published (发布出口).

    Args:
        at_once: How many events it takes in one call; a relay that is to stop waits for no more than these.
    """

    at_once: int

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """
        Publish events, each of another instance, in any order; give a receipt for each as soon as it is known.

        A receipt without error says that the event will not be lost any more.

        Raises:
            SinkError: the sink cannot be reached; events without a receipt are published again later.
        """

    def close(self) -> None:
        """Release what the sink holds."""


class LogSink:
    """
    Events as entries of a structured log (结构化日志出口).

    Args:
        log: A structlog logger; that of the host's configuration by default.

    >>> entries = structlog.testing.LogCapture()
    >>> sink = LogSink(structlog.wrap_logger(None, processors=[entries]))
    >>> made = Envelope(id="1", source="urn:a", type="t", subject="s", machine="m", kind="moved", body=b'{"id": "1"}')
    >>> [receipt.error for receipt in sink.publish([made])], entries.entries[0]["cloudevent"]
    ([None], {'id': '1'})
    """

    at_once = 1000

    def __init__(self, log: Any = None) -> None:
        self._log = log if log is not None else structlog.get_logger("zhiwen_flow.relay")

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """See `Sink.publish`."""
        for each in events:
            self._log.info("zhiwen_event", cloudevent=json.loads(each.body))
            yield Receipt(id=each.id)

    def close(self) -> None:
        """See `Sink.close`."""
