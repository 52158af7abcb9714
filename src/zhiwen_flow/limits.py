"""
When a limit runs out (期限计算). Pure: limit + start + policy + calendar → last day.
"""

from __future__ import annotations

import datetime as dt

import attrs

from zhiwen_flow.calendar import Calendar, add_working_days, months_later, next_working_day
from zhiwen_flow.errors import CalendarError
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.plan import Task
from zhiwen_flow.rulebook import Unit
from zhiwen_flow.rulebook.rows import DeadlinePolicy


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


@attrs.frozen(kw_only=True)
class Reckoning:
    """
    How the day that a plan names is read (期限计算口径): what 前 includes, and what a rest day becomes.

    Args:
        policy: The rulebook's deadline policy; without one the day is read as it stands, and 前 includes it.
        calendar: Where rest days are known; needed where the policy moves deadlines off them.

    >>> import attrs
    >>> from zhiwen_flow.plan import Plan
    >>> from zhiwen_flow.rulebook import Rulebook
    >>> policy = Rulebook.load("hubei-2011").policy.deadline
    >>> task = next(each for each in Plan.load("szjg-2011").all_tasks if each.id == "unit_plan")
    >>> exclusive = attrs.evolve(policy, before_is_inclusive=False)
    >>> task.raw, [str(Reckoning(policy=each).last_day(task)) for each in (policy, exclusive)]
    ('8月25日前', ['2011-08-25', '2011-08-24'])
    """

    policy: DeadlinePolicy | None = None
    calendar: Calendar | None = None

    def last_day(self, task: Task) -> dt.date | None:
        """
        Give the last day of a task, inclusive (任务的最后一日); None where the plan names none.

        Raises:
            CalendarError: the policy moves deadlines off rest days, and no calendar reaches that far.
        """
        day, policy = task.due, self.policy
        if day is None or policy is None:
            return day
        if "前" in (task.raw or "") and not policy.before_is_inclusive:
            day -= dt.timedelta(days=1)
        if policy.rest_day == "next_working_day":
            if self.calendar is None:
                raise CalendarError("the policy moves deadlines off rest days; give a calendar")
            day = next_working_day(self.calendar, day)
        return day

    def after(self, task: Task, happened: dt.date) -> dt.date | None:
        """
        Give the last day of a task that is due within some days of an event (事件触发的期限), such as an approval.

        Args:
            happened: Day of the event; it does not count itself, unless the policy says so.

        Returns:
            None where the plan names no number of days.

        Raises:
            CalendarError: working days are needed, and no calendar reaches that far.

        >>> from zhiwen_flow.workdays import ChinaCalendar
        >>> task = Task(id="x", number="1", name="报方案", clause="—", within=5, working_days=True, trigger="上级批复")
        >>> str(Reckoning(calendar=ChinaCalendar()).after(task, dt.date(2011, 9, 29)))
        '2011-10-11'
        """
        if task.within is None:
            return None
        first = self.policy is not None and self.policy.start_day_counts
        if task.working_days:
            if self.calendar is None:
                raise CalendarError(f"task `{task.id}` counts working days; give a calendar")
            return add_working_days(self.calendar, happened, task.within - first)
        return self.last_day(attrs.evolve(task, due=happened + dt.timedelta(days=task.within - first), raw=None))


AS_WRITTEN = Reckoning()
"""The day as the plan writes it."""
