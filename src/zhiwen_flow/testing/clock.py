"""
A clock that stands until it is moved (固定时钟).
"""

from __future__ import annotations

import datetime as dt


class FixedClock:
    """
    A clock for tests and demonstrations.

    >>> clock = FixedClock(dt.datetime(2011, 8, 15, 9, tzinfo=dt.timezone.utc))
    >>> clock.advance(dt.timedelta(days=1))
    >>> clock.now().day
    16
    """

    def __init__(self, now: dt.datetime) -> None:
        self._now = now

    def now(self) -> dt.datetime:
        """Give the moment it was set to."""
        return self._now

    def set(self, now: dt.datetime) -> None:
        """Set the moment."""
        self._now = now

    def advance(self, by: dt.timedelta) -> None:
        """Move on."""
        self._now += by
