"""
One round over the deadlines (到期处理): by pages, by as many workers at once as there are, each row for itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import count
from typing import Protocol

import attrs

from zhiwen_flow.errors import ClockError, CorruptStoreError, KeyReuseError, StoreError
from zhiwen_flow.events import body_of
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Actor, Deadline, Decision, Instance, Pin
from zhiwen_flow.overdue import Failed, Late, Tick, is_warned, key_of, late, step_of
from zhiwen_flow.reminders import Reminder
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.terms import EventKind

NO_STEP = (EventKind.REFUSED, EventKind.REFUSED_MANY)
PAGE = 200
"""How many deadlines are read at a time."""


class Desk(Protocol):
    """What a round asks of a flow (办理入口)."""

    store: Store

    def instance(self, instance: str, /) -> Instance:
        """Read an instance."""

    def machine_of(self, pin: Pin, /) -> Machine:
        """Give the definition that an instance was opened under."""

    def explain(self, instance: str, trigger: str, /, *, actor: Actor) -> Decision:
        """Say what would be answered, and record nothing."""

    def do(self, instance: str, trigger: str, /, *, actor: Actor, key: str) -> Decision:
        """Ask for one step."""


@attrs.frozen(kw_only=True)
class Round:
    """
    A round over what is due on a day (到期处理).

    Workers need no lock against each other: a step has one key for each run of a deadline, so that whoever comes
    second finds it done. What somebody else has dealt with meanwhile is in nobody's list.

    Args:
        desk: The flow.
        actor: In whose name steps are taken.
        today: Day of the round.
        within: How many days ahead to list, calendar days; None for what the reminders ask for.
        reminders: Who is warned when.
    """

    desk: Desk
    actor: Actor
    today: dt.date
    within: int | None = None
    reminders: tuple[Reminder, ...] = ()

    def page(self, *, after: Deadline | None = None, limit: int = PAGE) -> Tick:
        """
        Deal with one page of what is due (处理一页).

        Raises:
            StoreError: the store cannot be reached; what was done is recorded, and the next round goes on from there.
        """
        due_by = self.today + dt.timedelta(days=self._ahead())
        rows = self.desk.store.deadlines(due_by=due_by, after=after, limit=limit)
        found = [each for row in rows if (each := self._tried(row)) is not None]
        return Tick(
            taken=tuple(each for each in found if isinstance(each, Decision)),
            waiting=tuple(each for each in found if isinstance(each, Late) and self._runs(each.deadline)),
            failed=tuple(each for each in found if isinstance(each, Failed) and self._runs(each.deadline)),
            last=rows[-1] if len(rows) == limit else None,
        )

    def _ahead(self) -> int:
        if self.within is not None:
            return self.within
        return max((0, *(each.ahead for each in self.reminders)))

    def _runs(self, row: Deadline) -> bool:
        return self.desk.store.running(row.stream) == row

    def _tried(self, row: Deadline) -> Decision | Late | Failed | None:
        """One row that goes wrong stands in nobody's way; a store that is gone stands in everybody's."""
        try:
            return self._seen_to(row) if self._runs(row) else None
        except (ClockError, CorruptStoreError) as error:
            return Failed(deadline=row, error=error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  a host's guard or definition may raise anything
            return Failed(deadline=row, error=error)

    def _seen_to(self, row: Deadline) -> Decision | Late | None:
        machine = self.desk.machine_of(self.desk.instance(row.stream).pin)
        found = late(row, machine, self.today, self.reminders)
        trigger = step_of(found, machine) if found is not None else None
        done = self._step(row, trigger) if trigger is not None else None
        return done if done is not None or found is None else self._told(found)

    def _told(self, found: Late) -> Late | None:
        """Whether it is time to tell people."""
        asked = self.within is not None or found.days <= 0
        return found if asked or is_warned(found, self.reminders) else None

    def _step(self, row: Deadline, trigger: str) -> Decision | None:
        """Take what follows, where it may be taken and nobody has taken it."""
        key = self._free_key(row, trigger)
        if key is None:
            return None
        if not self.desk.explain(row.stream, trigger, actor=self.actor).allowed:
            return None
        try:
            decision = self.desk.do(row.stream, trigger, actor=self.actor, key=key)
        except KeyReuseError:
            # Another worker, who acts in another name, was first.
            return None
        return decision if decision.allowed and not decision.replayed else None

    def _free_key(self, row: Deadline, trigger: str) -> str | None:
        """
        Give the key of the step; None where the step was taken under it.

        Spent on anything else, on a refusal or by somebody else, it must not keep the step from ever being taken.
        """
        key = key_of(row)
        for number in count(1):
            answer = self.desk.store.answer(key)
            if answer is None:
                break
            body = body_of(answer.raw)
            if (body["stream"], body["trigger"]) == (row.stream, trigger) and body["kind"] not in NO_STEP:
                return None
            key = f"{key_of(row)}:{number}"
        return key


def running(store: Store) -> Iterator[Deadline]:
    """Iterate over all running deadlines, page by page (全部期限); one that ends meanwhile may be among them."""
    after = None
    while page := store.deadlines(after=after, limit=PAGE):
        yield from page
        after = page[-1]
