"""
When a limit runs out (期限计算). Pure: limit + start + policy + calendar → last day.
"""

from __future__ import annotations

import datetime as dt

from zhiwen_flow.calendar import add_working_days, months_later, next_working_day
from zhiwen_flow.errors import CalendarError
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.rulebook import Unit


def due_date(rules: Rules, limit: str, started: dt.date) -> dt.date | None:
    """
    Give the last day of a limit, inclusive (期限届满之日); None where no text gives its length.

    Args:
        limit: Id of a limit of the rulebook.
        started: Day from which it runs.

    Raises:
        UnknownNameError: the rulebook has no such limit.
        CalendarError: working days are needed and no calendar reaches that far.

    Source:
        The rulebook's deadline policy: whether the first day counts, and what a rest day becomes.
    """
    row = rules.rulebook.limit(limit)
    if row.amount is None:
        return None
    policy = rules.rulebook.policy.deadline
    if row.unit is Unit.WORKING_DAY:
        if rules.calendar is None:
            raise CalendarError(f"limit `{limit}` counts working days; open the flow with a calendar")
        return add_working_days(rules.calendar, started, row.amount - policy.start_day_counts)
    if row.unit is Unit.MONTH:
        due = months_later(started, row.amount)
    else:
        due = started + dt.timedelta(days=row.amount - policy.start_day_counts)
    if policy.rest_day == "next_working_day":
        if rules.calendar is None:
            raise CalendarError("the policy moves deadlines off rest days; open the flow with a calendar")
        return next_working_day(rules.calendar, due)
    return due
