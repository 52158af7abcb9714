"""
Who is warned when (到期提醒规则): days ahead and roles, as data.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.loading import Source, load
from zhiwen_flow.terms import Status, key

OWNER = "owner"
"""Stands for whoever must act in the state."""


@attrs.frozen(kw_only=True)
class Reminder:
    """
    A reminder (一条提醒规则).

    Args:
        ahead: From how many days ahead it holds, calendar days; negative for what is overdue by so many.
        to: Roles that are warned; ``owner`` is whoever must act in the state.
        machines: Machines it is for; any when empty.
        source: Where the number comes from.
        status: How sure that is.
    """

    ahead: int
    to: tuple[str, ...]
    machines: tuple[str, ...] = ()
    source: str
    status: Status


@attrs.frozen(kw_only=True)
class ReminderFile:
    """A file of reminders (提醒规则文件)."""

    reminders: tuple[Reminder, ...] = attrs.field(metadata=key("reminder"))


def read_reminders(source: Source, roles: Iterable[str]) -> tuple[Reminder, ...]:
    """
    Read reminders from TOML (读取提醒规则).

    Args:
        roles: Roles of the directory.

    Raises:
        DefinitionError: the file has faults, or names a role that nobody can hold; all are named.
    """
    found = load(source, ReminderFile).reminders
    known = {OWNER, *roles}
    faults = [
        Fault(source.name, f"reminder[{row}].to", f"no role `{role}`", "name a role of the directory, or `owner`")
        for row, each in enumerate(found)
        for role in each.to
        if role not in known
    ]
    if faults:
        raise DefinitionError(*faults)
    return found


def warned(reminders: Iterable[Reminder], machine: str, owner: str | None, days: int) -> tuple[str, ...]:
    """
    Say who is warned of a deadline (提醒对象); nobody where it is too early.

    Args:
        owner: Who must act in the state; None where nobody is named.
        days: Days left; negative once it is overdue.

    >>> rules = read_reminders(Source.shipped("standing", "reminders"), ["leading_group_office"])
    >>> [warned(rules, "task", "unit_liaison", days) for days in (4, 3, 1, -1)]
    [(), ('unit_liaison',), ('unit_liaison', 'leading_group_office'), ('unit_liaison', 'leading_group_office')]
    """
    fitting = [each for each in reminders if days <= each.ahead and (not each.machines or machine in each.machines)]
    named = [owner if role == OWNER else role for each in fitting for role in each.to]
    return tuple(dict.fromkeys(each for each in named if each is not None))
