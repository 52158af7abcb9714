"""
The Chinese work calendar (工作日历), from the maintained package `holidays`, with make-up days (调休补班).

The package gives years beyond its data without make-up days and without a word; so the horizon is the last year whose
make-up or bridge days it knows, and beyond it this calendar refuses. A file may add a year on the day it is decreed.
"""

from __future__ import annotations

import datetime as dt
from importlib import metadata
from pathlib import Path

import attrs
import holidays
from holidays.countries.china import ChinaStaticHolidays

from zhiwen_flow.errors import CalendarError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import key

FIRST_YEAR = 2001


@attrs.frozen(kw_only=True)
class _Year:
    """A year as decreed: days off besides weekends, and weekends worked."""

    year: int
    document: str
    rest: tuple[dt.date, ...]
    work: tuple[dt.date, ...] = ()


@attrs.frozen(kw_only=True)
class _Override:
    years: tuple[_Year, ...] = attrs.field(metadata=key("year"))


class ChinaCalendar:
    """
    Working days of mainland China (全国工作日历).

    Args:
        override: A TOML file of years decreed since, or of local closures: ``[[year]] year, document, rest, work``.

    Raises:
        DefinitionError: the override file has faults.

    >>> ChinaCalendar().is_working_day(dt.date(2011, 10, 8))  # a Saturday worked for the National Day
    True
    """

    def __init__(self, override: str | Path | None = None) -> None:
        self._data = holidays.country_holidays("CN", years=range(FIRST_YEAR, _last_year() + 1))
        self._years: dict[int, _Year] = {}
        self._version = f"holidays-{metadata.version('holidays')}"
        if override is not None:
            source = Source.of(override)
            self._years = {each.year: each for each in load(source, _Override).years}
            self._version += f"+{source.digest[:12]}"

    @property
    def version(self) -> str:
        """The package's version, and the hash of the override."""
        return self._version

    @property
    def horizon(self) -> dt.date:
        """The last day of the last year there is data for."""
        return dt.date(max(_last_year(), *self._years, FIRST_YEAR), 12, 31)

    def is_working_day(self, day: dt.date) -> bool:
        """
        Whether people work on a day (是否工作日).

        Raises:
            CalendarError: there is no data for that year.
        """
        decreed = self._years.get(day.year)
        if decreed is not None:
            return day in decreed.work or (day.weekday() < SATURDAY and day not in decreed.rest)
        if not FIRST_YEAR <= day.year <= _last_year():
            raise CalendarError(
                f"no calendar data for {day.year} (data reach from {FIRST_YEAR} to {self.horizon.year}); "
                "give `ChinaCalendar` an override file with the decreed days of that year"
            )
        return bool(self._data.is_working_day(day))


SATURDAY = 5


def _last_year() -> int:
    return max(ChinaStaticHolidays.special_public_holidays)
