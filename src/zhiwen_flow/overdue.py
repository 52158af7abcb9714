"""
What is due and what follows from it (期限到期处理): pure; `Flow.tick` acts on it.
"""

from __future__ import annotations

import datetime as dt

import attrs

from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Deadline, Decision
from zhiwen_flow.reminders import OWNER, Reminder, warned
from zhiwen_flow.terms import Label, Term


class Due(Term):
    """How a deadline stands (期限状况)."""

    SOON = ("soon", "即将到期", "soon due")
    OVERDUE = ("overdue", "已逾期", "overdue")


@attrs.frozen(kw_only=True)
class Late:
    """
    A deadline that is soon due, or overdue (到期事项), with what the machine says should follow.

    Args:
        machine: Id of the machine of the instance.
        label: Its name.
        days: Days left; negative once it is overdue.
        follows: Trigger to take, or machine to open, as the state says; None where nothing is said.
        warned: Who is warned, by role, fact or organ: whoever must act, and whom the reminders name.
    """

    deadline: Deadline
    machine: str
    label: Label
    standing: Due
    days: int
    follows: str | None = None
    warned: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Failed:
    """A deadline that could not be looked at, or acted on (处理失败的期限), and why; the others went on."""

    deadline: Deadline
    error: Exception

    @property
    def told(self) -> str:
        """The error in one line; of an error that is not ours only its kind, for it may quote what is sealed."""
        kind = type(self.error).__name__
        return f"{kind}: {self.error}".splitlines()[0] if isinstance(self.error, ZhiwenError) else kind


@attrs.frozen(kw_only=True)
class Tick:
    """
    What one round over the deadlines, or one page of it, did (一次到期处理).

    Args:
        taken: Steps that were taken by themselves, each recorded once.
        waiting: What people must see to, the earliest first.
        failed: What could not be dealt with; it is tried again in the next round.
        last: Where the next page goes on; None at the end.
    """

    taken: tuple[Decision, ...] = ()
    waiting: tuple[Late, ...] = ()
    failed: tuple[Failed, ...] = ()
    last: Deadline | None = None


def late(row: Deadline, machine: Machine, today: dt.date, reminders: tuple[Reminder, ...] = ()) -> Late | None:
    """
    Say how a deadline stands on a day (判断期限状况); None for one without a day.

    Args:
        reminders: Who is warned when; whoever must act is told in any case.
    """
    if row.due is None:
        return None
    state = machine.state(row.state)
    days, owner = (row.due - today).days, state.owner or state.waits_on
    also = warned(reminders, machine.id, owner, days)
    return Late(
        deadline=row,
        machine=machine.id,
        label=state.label,
        standing=Due.OVERDUE if days < 0 else Due.SOON,
        days=days,
        follows=state.on_overdue if days < 0 else None,
        warned=tuple(dict.fromkeys([*([owner] if owner is not None else []), *also])),
    )


def step_of(found: Late, machine: Machine) -> str | None:
    """Give the trigger that follows by itself (默认后果): one of the machine's own, whose form asks for nothing."""
    if found.follows is None:
        return None
    step = machine.find(found.deadline.state, found.follows)
    asks = step is None or step.requires or any(each.required for each in step.fields)
    return None if asks else found.follows


def key_of(row: Deadline) -> str:
    """
    Give the idempotency key of what follows from a deadline (到期处理的幂等键): one for each run of it.

    >>> day = dt.date(2011, 9, 5)
    >>> key_of(Deadline(stream="a1", state="asked", limit="l", started=day, due=day, calendar=None))
    'tick:a1:asked:2011-09-05:2011-09-05'
    """
    return f"tick:{row.stream}:{row.state}:{row.started}:{row.due}"


def is_warned(found: Late, reminders: tuple[Reminder, ...]) -> bool:
    """Whether the reminders speak of a deadline already (是否已到提醒之日)."""
    return bool(warned(reminders, found.machine, OWNER, found.days))
