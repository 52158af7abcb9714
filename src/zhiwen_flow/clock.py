"""
Where the time comes from (时钟): injected, never read elsewhere.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Protocol

from zhiwen_flow.events import new_id
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


class SystemStamps:
    """Ids by the clock and the system's randomness (编号与随机盐)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def id(self) -> str:
        """Give a new time-ordered id."""
        return new_id(self._clock.now(), os.urandom(10))

    def salt(self) -> bytes:
        """Give sixteen random bytes."""
        return os.urandom(16)
