"""
Watching commands from outside (运行监测): a host's tracing and metrics, beside the log.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from zhiwen_flow.model import Command, Decision

Told = Callable[[Decision], None]
"""Takes the decision of the command that is watched."""


class Telemetry(Protocol):
    """
    Stands around every command (监测接口); it sees and never decides.

    What it passes on must not hold a payload, a reason or an actor: they are the log's to keep and `view`'s to show.
    """

    def command(self, command: Command, tenant: str) -> AbstractContextManager[Told]:
        """Stand around a command; the value is called with its decision, and not at all where an error is raised."""
