"""
Where the time comes from (时钟): injected, never read elsewhere.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from zhiwen_flow.model import ZONE


class Clock(Protocol):
    """Tells the time (时钟)."""

    def now(self) -> dt.datetime:
        """Give the moment, with a time zone."""


class SystemClock:
    """The system's clock in Beijing time (系统时钟)."""

    def now(self) -> dt.datetime:
        """Give the moment in Asia/Shanghai."""
        return dt.datetime.now(ZONE)
