"""Working days: against a second package, at the edges of the data, and by a host's own file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import attrs
import chinese_calendar
import pytest

from zhiwen_flow.calendar import add_working_days, next_working_day
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import CalendarError, DefinitionError
from zhiwen_flow.limits import due_date
from zhiwen_flow.workdays import FIRST_YEAR, ChinaCalendar

CALENDAR = ChinaCalendar()
KNOWN_TO_BOTH = range(2004, min(CALENDAR.horizon.year, max(chinese_calendar.holidays).year) + 1)


def _days(year: int) -> list[dt.date]:
    first = dt.date(year, 1, 1)
    return [first + dt.timedelta(days=number) for number in range((dt.date(year + 1, 1, 1) - first).days)]


class TestAgainstAnother:
    """Two packages, each made from the State Council's yearly notices."""

    @pytest.mark.parametrize("year", KNOWN_TO_BOTH)
    def test_they_agree(self, year: int) -> None:
        """Every day of the year."""
        differing = [day for day in _days(year) if CALENDAR.is_working_day(day) is not chinese_calendar.is_workday(day)]
        assert differing == DIFFERING.get(year, [])


DIFFERING: dict[int, list[dt.date]] = {2005: [dt.date(2005, 12, 31)]}
"""Days on which the two differ, settled for ours: 国办发明电〔2005〕35号 has that Saturday worked."""


class TestEdges:
    """Beyond its data it refuses."""

    @pytest.mark.parametrize("day", [dt.date(FIRST_YEAR - 1, 12, 29), CALENDAR.horizon + dt.timedelta(days=1)])
    def test_no_guess(self, day: dt.date) -> None:
        """And says what to supply."""
        with pytest.raises(CalendarError, match="override"):
            CALENDAR.is_working_day(day)

    def test_a_count_that_runs_beyond(self) -> None:
        """Not even by one day."""
        with pytest.raises(CalendarError):
            add_working_days(CALENDAR, CALENDAR.horizon, 1)


class TestCounting:
    """Working days onward."""

    @pytest.mark.parametrize(
        ("start", "days", "expected"),
        [
            ((2011, 9, 30), 0, (2011, 9, 30)),
            ((2011, 9, 30), 1, (2011, 10, 8)),
            ((2011, 10, 1), 0, (2011, 10, 8)),
            ((2011, 10, 8), 1, (2011, 10, 9)),
            ((2011, 10, 7), 3, (2011, 10, 10)),
        ],
    )
    def test_over_the_national_day(
        self, start: tuple[int, int, int], days: int, expected: tuple[int, int, int]
    ) -> None:
        """In 2011 the 8th and 9th of October, a weekend, were worked."""
        assert add_working_days(CALENDAR, dt.date(*start), days) == dt.date(*expected)

    def test_a_rest_day_moves_on(self) -> None:
        """To the next day worked."""
        assert next_working_day(CALENDAR, dt.date(2011, 10, 15)) == dt.date(2011, 10, 17)


OVERRIDE = """
[[year]]
year = 2099
document = "示例"
rest = [2099-01-01]
work = [2099-01-03]
"""


class TestOverride:
    """A host's own file."""

    def test_a_year_decreed_since(self, tmp_path: Path) -> None:
        """It reaches further, and its hash is in the version that deadlines keep."""
        file = tmp_path / "calendar.toml"
        file.write_text(OVERRIDE)
        calendar = ChinaCalendar(file)
        assert calendar.horizon == dt.date(2099, 12, 31)
        assert not calendar.is_working_day(dt.date(2099, 1, 1))
        assert calendar.is_working_day(dt.date(2099, 1, 3))
        assert not calendar.is_working_day(dt.date(2099, 1, 4))
        assert calendar.version != CALENDAR.version

    def test_a_broken_file(self, tmp_path: Path) -> None:
        """Is named."""
        file = tmp_path / "calendar.toml"
        file.write_text(OVERRIDE.replace("rest", "rset"))
        with pytest.raises(DefinitionError, match="rset"):
            ChinaCalendar(file)


class TestLimits:
    """From a limit to its last day."""

    def test_calendar_days(self) -> None:
        """日 are calendar days unless the row says 工作日."""
        rules = Definitions.load().rules
        assert due_date(rules, "complaint.acceptance", dt.date(2011, 9, 5)) == dt.date(2011, 9, 20)
        assert due_date(rules, "rectification", dt.date(2011, 9, 5)) is None

    @pytest.mark.parametrize(
        ("unit", "amount", "expected"),
        [
            ("working_day", 1, dt.date(2011, 10, 8)),
            ("month", 1, dt.date(2011, 10, 30)),
            ("month", 5, dt.date(2012, 2, 29)),
        ],
    )
    def test_other_units(self, unit: str, amount: int, expected: dt.date) -> None:
        """Working days need a calendar; a month ends on its last day where the day does not exist."""
        rules = Definitions.load(calendar=CALENDAR).rules
        limit = rules.rulebook.limit("complaint.acceptance")
        kind = next(each for each in type(limit.unit) if each.value == unit)
        rules.rulebook.limits["complaint.acceptance"] = attrs.evolve(limit, unit=kind, amount=amount)
        assert due_date(rules, "complaint.acceptance", dt.date(2011, 9, 30)) == expected
        if unit == "working_day":
            with pytest.raises(CalendarError, match="open the flow with a calendar"):
                due_date(attrs.evolve(rules, calendar=None), "complaint.acceptance", dt.date(2011, 9, 30))
