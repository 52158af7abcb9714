"""
The façade (统一入口): the one object that touches the world.

It loads, decides, appends and logs; it judges nothing itself.

One `Flow` serves one tenant and one thread.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import attrs
import structlog

from zhiwen_flow.campaign import unit_plans, units_of
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.deadlines import PAGE, Round, running
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import (
    MisuseError,
)
from zhiwen_flow.handling import id_of
from zhiwen_flow.keeping import Keeping
from zhiwen_flow.model import ZONE, Actor, Deadline, Decision
from zhiwen_flow.overdue import Tick
from zhiwen_flow.plan import Plan
from zhiwen_flow.recomputing import RECOMPUTE, Recomputed, shifted
from zhiwen_flow.rulings import Ruling
from zhiwen_flow.stores.opening import open_joined, open_store
from zhiwen_flow.telemetry import Telemetry

_log = structlog.wrap_logger(logging.getLogger("zhiwen_flow"))


class Flow(Keeping):
    """
    Start and drive instances, ask why, and read the log (办理、解释与查询).

    Args:
        store: Where instances and events are kept.
        definitions: Machines, rulebook, directory and guards.
        actor: The host's function that says who acts; an `Actor` where it is always the same one.
        clock: Where the time comes from.
        telemetry: The host's tracing and metrics; none by default.

    >>> from zhiwen_flow import Actor, Flow
    >>> flow = Flow.open(actor=Actor(id="p-102", post="transport_leading_group_office.clerk"))
    >>> complaint = flow.start("complaint", {"channel": "email", "content": "窗口无人", "anonymous": True})
    >>> flow.do(complaint, "classify", {"lead_class": "inquiry"}).allowed
    True
    >>> [option.trigger for option in flow.options(complaint)]
    ['accept', 'decline', 'forward', 'transfer_clue', 'void']
    >>> form = {"disposal": "assign_down", "handling_unit": "bridge_bureau"}
    >>> print(flow.explain(complaint, "assign", form).explain())
    不予办理:分办
      × [不通过] “分办”须在“已受理”环节办理,现处于“已分类”环节
        依据:省直机关方案 二(三)3
        怎么办:现在可以办理:受理、不予受理(告知去向)、转送有权机关、移送问题线索、登记有误,作废
    >>> flow.instance(complaint).state, [event["kind"] for event in flow.events(complaint)]
    ('classified', ['opened', 'moved'])
    >>> flow.who_could("post_demotion", "bridge_bureau.deputy_director").who_could()[0].label.zh
    '省交通运输厅党组'
    >>> flow.close()
    """

    @classmethod
    def open(
        cls,
        url: str = "memory:",
        *,
        actor: Callable[[], Actor] | Actor | None = None,
        tenant: str = "default",
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
        **definitions: Any,
    ) -> Flow:
        """
        Open a flow on a store (打开).

        Args:
            url: ``memory:``, ``sqlite:///path`` or ``postgresql://user:password@host/database``.
            actor: The host's function that says who acts now; without one every command must name its actor.
            tenant: Whose data; nothing of another tenant is ever read.
            clock: Where the time comes from; the system's by default.
            telemetry: The host's tracing and metrics, such as `zhiwen_flow.integrations.opentelemetry`.
            definitions: See `Definitions.load`: machines, rulebook, directory, guards, calendar, strict,
                earlier, optional, standing, reminders.

        Raises:
            DefinitionError: a definition has faults.
            StoreError: the store cannot be opened.

        >>> from zhiwen_flow import Actor, Flow
        >>> with Flow.open(actor=Actor(id="p-1", post="none")) as flow:
        ...     flow.store.tenant
        'default'
        """
        found = Definitions.load(**definitions)
        store = open_store(url, tenant=tenant)
        return cls(store, found, actor=actor, clock=clock or SystemClock(), telemetry=telemetry)

    def joined(
        self, connection: Any, *, actor: Callable[[], Actor] | Actor | None = None, tenant: str | None = None
    ) -> Flow:
        """
        Give a flow on the host's own connection (并入宿主事务): its rows and ours commit or roll back together.

        What the flow answers is not certain before the host has committed: act on it outside the database only then.
        The host opens, commits and closes; definitions are shared with this flow, so that one is cheap to make for
        every request.

        Args:
            connection: A `sqlite3` or psycopg connection, a SQLAlchemy connection or session, or Django's. The
                database holds our tables already.
            actor: Who acts through it; as in this flow where it is not given.
            tenant: Whose data; as in this flow where it is not given.

        Raises:
            StoreError: it is none of these, or our tables are missing or of another schema.

        >>> import sqlite3
        >>> from zhiwen_flow import Actor, Flow
        >>> Flow.open("sqlite:///own.db").close()  # makes the tables
        >>> with Flow.open(actor=Actor(id="p-1", post="transport_leading_group_office.clerk")) as flow:
        ...     host = sqlite3.connect("own.db")
        ...     _ = flow.joined(host).start("complaint", {"channel": "email", "content": "x", "anonymous": True})
        ...     host.rollback()
        ...     flow.joined(host).instances()
        ()
        """
        store = open_joined(connection, tenant=tenant or self.store.tenant, clock=self._clock)
        found = Flow(store, self.definitions, actor=actor or self._actor, clock=self._clock, telemetry=self._telemetry)
        found._benches = self._benches
        if store.tenant == self.store.tenant:
            found._recorder = self._recorder
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the store (关闭)."""
        self.store.close()

    # --- commands ---

    def start(self, machine: str, payload: Mapping[str, Any] | None = None, **command: Any) -> Decision:
        """
        Open an instance (建档). The decision's `stream` is its id; `do` and the reads take the decision as well.

        Args:
            machine: Id of the machine.
            payload: Fields of the opening.
            command: Further parts of `Command`: key, parent, business_id, actor, correlation …

        Raises:
            UnknownNameError, PayloadError, KeyReuseError, BusinessIdError, StaleError, StoreError.
        """
        return self.handle(self._command(machine=machine, payload=payload or {}, **command))

    def do(
        self, instance: str | Decision, trigger: str, payload: Mapping[str, Any] | None = None, **command: Any
    ) -> Decision:
        """
        Ask for one step of an instance (办理).

        Args:
            instance: Its id, or the decision that opened it.
            trigger: What to do.
            payload: Fields of the transition.
            command: Further parts of `Command`: key, actor, occurred_at, reason, document, correlation …

        Raises:
            UnknownNameError, PayloadError, KeyReuseError, StaleError, StoreError.
        """
        return self.handle(self._command(stream=id_of(instance), trigger=trigger, payload=payload or {}, **command))

    def who_could(self, measure: str, post: str, *, at: dt.datetime | None = None) -> Ruling:
        """
        Say who holds which power over a measure on the holder of a post (谁有权).

        Args:
            measure: Measure of the rulebook.
            post: Post of the directory.
            at: Moment, aware; now by default.

        Raises:
            UnknownNameError: no such measure or post.
        """
        return self.definitions.rules.authority.ruling(measure, post, (at or self._now()).date())

    def cascade(
        self, campaign: str | Decision, plan: Plan, units: Iterable[str] | None = None, *, actor: Actor | None = None
    ) -> tuple[Decision, ...]:
        """
        Open a campaign for each subordinate unit (逐级部署): task templates, no dates, in one transaction.

        A unit whose campaign was opened before gets the same answer again. What the unit's plan holds to be filled in
        gives `campaign.unit_plans`; until a unit issues its own, a roll-up says unknown of it.

        Args:
            campaign: The superior's campaign, issued or running.
            plan: Its plan.
            units: Organs of the directory; those directly below the campaign's own unit by default.
            actor: In whose name they are opened.

        Returns:
            One decision for each unit; where they may not be opened, the one refusal.

        Raises:
            PlanError: the plan is not that of the campaign, or no units are named and none are known.
        """
        above = self.instance(campaign)
        today = self._now().astimezone(ZONE).date()
        found = unit_plans(plan, units_of(above, plan, units, self.definitions.rules.directory, today))
        keys = [f"cascade:{above.id}:{each.unit}" for each in found]
        commands = [
            self._command(machine="campaign", payload=each.opening, parent=above.id, key=key, actor=actor)
            for each, key in zip(found, keys, strict=True)
        ]
        if not self._answered(commands[0]) and not self._judged(commands[0]).decision.allowed:
            return (self.handle(attrs.evolve(commands[0], key=None)),)
        return self.handle_many(commands)

    def tick(self, *, actor: Actor | None = None, within: int | None = None) -> Tick:
        """
        Go once over what is due (到期处理): take the steps that follow by themselves, list the rest for people.

        Nothing is done twice, however often and by however many workers it is called: a step has one key for each run
        of a deadline. A step that is refused today is not recorded; it waits for people, and is tried again in the
        next round. A row that fails is told of, and does not stop the others.

        Args:
            actor: In whose name steps are taken; the host's function by default.
            within: How many days ahead to list, calendar days; by default whatever the reminders ask for.

        Raises:
            StoreError: the store cannot be reached; what was done is recorded.
        """
        pages = tuple(self.ticks(actor=actor, within=within))
        return Tick(
            taken=tuple(each for page in pages for each in page.taken),
            waiting=tuple(each for page in pages for each in page.waiting),
            failed=tuple(each for page in pages for each in page.failed),
        )

    def ticks(
        self, *, actor: Actor | None = None, within: int | None = None, after: Deadline | None = None, limit: int = PAGE
    ) -> Iterator[Tick]:
        """
        Do what `tick` does, page by page (分页到期处理), so that memory stays flat however much is due.

        Args:
            actor: See `tick`.
            within: See `tick`.
            after: Where an earlier round ended (`Tick.last`).
            limit: Deadlines of a page.

        Raises:
            StoreError: see `tick`.
        """
        round = Round(
            desk=self,
            actor=actor or self._acting(),
            today=self._now().astimezone(ZONE).date(),
            within=within,
            reminders=self.definitions.reminders,
        )
        while True:
            page = round.page(after=after, limit=limit)
            for each in page.failed:
                _log.warning("deadline failed", instance=each.deadline.stream, error=each.told)
            yield page
            if page.last is None:
                return
            after = page.last

    def recompute(self, *, reason: str, document: str, actor: Actor | None = None) -> Recomputed:
        """
        Reckon running deadlines anew by the calendar of today (日历变更后期限重算); each new day is an event.

        Nothing is done twice: a deadline that is by this calendar already, or keeps its day, is left alone. A day that
        a document names stays. For one instance ask `do` for ``recompute_deadline``.

        Args:
            reason: Why the calendar changed.
            document: Number of the document that changed it.
            actor: Who has them reckoned anew; the host's function by default.

        Raises:
            MisuseError: the flow has no calendar.
        """
        calendar = self.definitions.rules.calendar
        if calendar is None:
            raise MisuseError("there is no calendar to reckon by: open the flow with `calendar=`")
        rows = (each for each in running(self.store) if each.calendar != calendar.version)
        found = shifted(rows, self._placed)
        form = {"reason": reason, "calendar_document": document}
        taken = [self.do(each.deadline.stream, RECOMPUTE, form, actor=actor) for each in found.shifts]
        return attrs.evolve(found, taken=tuple(taken))
