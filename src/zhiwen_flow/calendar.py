"""
What the library asks of a work calendar (工作日历).
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from typing import Protocol


class Calendar(Protocol):
    """A calendar that knows working days up to a horizon, and refuses beyond (工作日历)."""

    @property
    def version(self) -> str:
        """Which data it speaks from; stored with every deadline."""

    @property
    def horizon(self) -> dt.date:
        """The last day it has data for."""

    def is_working_day(self, day: dt.date) -> bool:
        """
        Whether people work on a day.

        Raises:
            CalendarError: there is no data for that day.
        """


def add_working_days(calendar: Calendar, start: dt.date, days: int) -> dt.date:
    """
    Count working days onward from a day that does not count itself (顺延工作日).

    >>> class Weekdays:
    ...     version, horizon = "weekdays", dt.date.max
    ...     def is_working_day(self, day):
    ...         return day.weekday() < 5
    >>> add_working_days(Weekdays(), dt.date(2011, 9, 2), 1)
    datetime.date(2011, 9, 5)

    Args:
        days: Working days, at least 0; with 0 the day itself, or the next working day.

    Raises:
        CalendarError: the count runs beyond the calendar's data.
    """
    day, left = start, days
    while left > 0:
        day += dt.timedelta(days=1)
        left -= calendar.is_working_day(day)
    return next_working_day(calendar, day)


def next_working_day(calendar: Calendar, day: dt.date) -> dt.date:
    """
    Give the day itself, or the first working day after it (遇休顺延).

    Raises:
        CalendarError: there is no data that far.
    """
    while not calendar.is_working_day(day):
        day += dt.timedelta(days=1)
    return day


def working_days_between(calendar: Calendar, first: dt.date, last: dt.date) -> int:
    """
    Count the working days after *first* up to and with *last* (工作日数), negative where it is earlier.

    Raises:
        CalendarError: there is no data that far.
    """
    if last < first:
        return -working_days_between(calendar, last, first)
    days = (first + dt.timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sum(1 for each in days if calendar.is_working_day(each))


def months_later(start: dt.date, count: int) -> dt.date:
    """
    Give the corresponding day some months on (对应日), or the last day of a shorter month.

    Source:
        民法典 第 202 条.

    >>> months_later(dt.date(2011, 8, 31), 6)
    datetime.date(2012, 2, 29)
    """
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return dt.date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1]))
