"""
The façade (统一入口): the one object that touches the world.

It loads, decides, appends and logs; it judges nothing itself.

One `Flow` serves one tenant and one thread.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import structlog

from zhiwen_flow.answers import decision_of
from zhiwen_flow.archiving import Archived, Ordered, archive, finish
from zhiwen_flow.audit.findings import Progress, silent
from zhiwen_flow.audit.view import PUBLIC, Viewer, view
from zhiwen_flow.benches import Benches
from zhiwen_flow.campaign import unit_plans, units_of
from zhiwen_flow.clock import Clock, SystemClock, SystemStamps
from zhiwen_flow.deadlines import PAGE, Round, running
from zhiwen_flow.deciding import Bench, Judged, Option, judge, options
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import (
    KeyReuseError,
    MisuseError,
    PayloadError,
    StaleError,
    UnknownNameError,
    ZhiwenError,
)
from zhiwen_flow.events import body_of
from zhiwen_flow.guards.registry import registry_reasons
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import ZONE, Actor, Command, Deadline, Decision, Instance, Obligation, Pin, Surroundings, misfits
from zhiwen_flow.notes import Note, two_persons
from zhiwen_flow.overdue import Tick
from zhiwen_flow.plan import Plan
from zhiwen_flow.recomputing import RECOMPUTE, Recomputed, shifted
from zhiwen_flow.recording import Recorder, content_of
from zhiwen_flow.reports import Reports
from zhiwen_flow.rulings import Ruling
from zhiwen_flow.sealing import Erased, erase, unseal
from zhiwen_flow.stores.opening import open_joined, open_store
from zhiwen_flow.stores.protocol import Answer, Conflict, Store, Wanted, shown
from zhiwen_flow.telemetry import Telemetry
from zhiwen_flow.terms import EventKind

TRIES = 3
"""How often a command is decided again when another one won the race."""

_std = logging.getLogger("zhiwen_flow")
_log = structlog.wrap_logger(_std)


class Flow:
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

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        *,
        actor: Callable[[], Actor] | Actor | None,
        clock: Clock,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.store = store
        self.definitions = definitions
        self._actor = actor
        self._clock = clock
        self._telemetry = telemetry
        self._stamps = SystemStamps(clock)
        self._recorder = Recorder(tenant=store.tenant, stamps=self._stamps)
        self._benches = Benches(definitions)
        self._kept: set[tuple[str, str]] = set()
        self._batching = False
        self._reasons = registry_reasons(definitions.registry)
        self._standing = frozenset(each.trigger for each in definitions.standing)

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
        return self.handle(self._command(stream=_id(instance), trigger=trigger, payload=payload or {}, **command))

    def handle(self, command: Command) -> Decision:
        """
        Decide a command and record the answer (审查并记录); the one primitive behind `start` and `do`.

        Raises:
            UnknownNameError: no such instance, machine or trigger; nothing is recorded.
            PayloadError: the payload does not fit the form; nothing is recorded.
            KeyReuseError: the key was used for another request.
            StaleError: others changed the instance three times meanwhile.
            StoreError: the store cannot be written.
        """
        _check(command)
        if self._telemetry is None:
            return self._handled(command)
        with self._telemetry.command(command, self.store.tenant) as told:
            decision = self._handled(command)
            told(decision)
            return decision

    def _handled(self, command: Command) -> Decision:
        bound = structlog.contextvars.bind_contextvars(stream=command.stream, correlation=command.correlation)
        try:
            stale = ""
            for _ in range(1 if self._batching else TRIES):
                try:
                    judged = self._judged(command)
                except ZhiwenError:
                    # What was answered once is answered again, even where it could no longer be asked.
                    if command.key is None or (answer := self.store.answer(command.key)) is None:
                        raise
                    return self._again(command, answer)
                try:
                    return self._recorded(judged)
                except Conflict as conflict:
                    if self._batching:
                        # The transaction may be broken: the batch begins anew, not the command.
                        raise
                    stale = conflict.stream
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        raise StaleError(stale, self.store.last_move(stale))

    def handle_many(self, commands: Iterable[Command]) -> tuple[Decision, ...]:
        """
        Decide a batch in one transaction (批量办理): all answers are recorded, or on an exception none.

        Raises:
            ZhiwenError: see `handle`; nothing of the batch was recorded.
        """
        asked, stale = tuple(commands), ""
        named = [name for each in asked for name in (each.stream, each.parent) if name is not None]
        keys = [each.key for each in asked if each.key is not None]
        for _ in range(TRIES):
            try:
                with self.store.batch(streams=named, keys=keys):
                    return self._all(asked)
            except Conflict as conflict:
                stale = conflict.stream
                self._kept.clear()
            except BaseException:
                # Definitions that the batch was the first to use were rolled back with it.
                self._kept.clear()
                raise
        raise StaleError(stale, self.store.last_move(stale))

    def _all(self, commands: tuple[Command, ...]) -> tuple[Decision, ...]:
        before, self._batching = self._batching, True
        try:
            return tuple(self.handle(each) for each in commands)
        finally:
            self._batching = before

    def explain(
        self,
        instance: str | Decision | None,
        trigger: str = "open",
        payload: Mapping[str, Any] | None = None,
        **command: Any,
    ) -> Decision:
        """
        Say what `handle` would answer now, and record nothing (试办).

        Args:
            instance: Id or opening decision; None with ``machine=`` to ask about opening one.
        """
        stream = None if instance is None else _id(instance)
        asked = self._command(stream=stream, trigger=trigger, payload=payload or {}, **command)
        _check(asked)
        return self._judged(asked).decision

    def options(self, instance: str | Decision, *, actor: Actor | None = None) -> tuple[Option, ...]:
        """List what can be done with an instance now, with verdicts and forms (可办事项)."""
        surroundings = self.store.load(_id(instance))
        bench = self._bench_of(surroundings)
        return options(bench, surroundings, actor or self._acting(), at=self._now(), stream=_id(instance))

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

    @property
    def reports(self) -> Reports:
        """Reports on accountability (问责情况报告): eligibility, registers, statistics, what ends soon."""
        return Reports(
            store=self.store,
            book=self.definitions.rules.rulebook,
            book_of=lambda pin: self._benches.rules(pin, self.store.definition).rulebook,
            machine_of=self.machine_of,
            today=lambda: self._now().astimezone(ZONE).date(),
            calendar=self.definitions.rules.calendar,
        )

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

    # --- reads ---

    def instance(self, instance: str | Decision) -> Instance:
        """Read an instance; sealed facts are commitments (查卷宗)."""
        found = self.store.load(_id(instance)).instance
        if found is None:
            raise UnknownNameError("instance", _id(instance))
        return found

    def find(self, machine: str, business_id: str) -> Instance | None:
        """
        Find the instance of a machine by the host's own id (按业务编号查卷宗); None where there is none.

        Args:
            machine: Id of the machine.
            business_id: The id that the host gave when it was opened.

        >>> from zhiwen_flow import Actor, Flow
        >>> with Flow.open(actor=Actor(id="p-1", post="transport_leading_group_office.clerk")) as flow:
        ...     form = {"channel": "email", "content": "窗口无人", "anonymous": True}
        ...     opened = flow.start("complaint", form, business_id="XF-2011-17")
        ...     flow.find("complaint", "XF-2011-17").id == opened.stream
        True
        """
        return next(iter(self.store.instances(machine=machine, business_id=business_id, limit=1)), None)

    def instances(self, **where: Any) -> tuple[Instance, ...]:
        """Read instances by page: machine, state, parent, business_id, after, limit (卷宗清单)."""
        return self.store.instances(**where)

    def events(
        self,
        instance: str | Decision | None = None,
        *,
        viewer: Viewer = PUBLIC,
        after: int = 0,
        limit: int = 100,
        **wanted: Any,
    ) -> tuple[dict[str, Any], ...]:
        """
        Read events by page as *viewer* may see them (查日志).

        Args:
            instance: Of one instance, or of all.
            viewer: Who looks; the public by default.
            after: Global position to go on from.
            wanted: Parts of `Wanted`: machine, trigger, kind, post, organ, since, until, correlation.
        """
        stream = None if instance is None else _id(instance)
        asked = Wanted(**wanted) if wanted else None
        found = self.store.events(stream=stream, wanted=asked, after=after, limit=limit)
        return tuple(view(each, viewer, sealed=shown(self.store.sealed(each.id))) for each in found)

    def unseal(self, event: str, name: str, *, second: Actor, reason: str, **more: Any) -> Any:
        """
        Give a sealed value, and record first who looked at it and why (启封查看).

        Two persons act: the one who asks, and *second*. Who may do so is the host's to decide before it calls.

        Args:
            event: Id of the event.
            name: The sealed field; ``"verdicts"`` or ``"payload"`` where all of that is sealed.
            second: The other person.
            reason: Why, in writing; it stands in the log.
            more: `actor`, `document`.

        Raises:
            MisuseError: the two are one, or there is no reason.
            UnknownNameError: no such event, or nothing of that name is sealed there any more.
        """
        note = self._note(EventKind.UNSEALED, event, name, second, reason, **more)
        return unseal(self.store, self.definitions.rules, note, id=self._stamps.id(), name=name)

    def erase(self, event: str, name: str, *, second: Actor, reason: str, **more: Any) -> Erased:
        """
        Erase a sealed value for good, and record who did it and why (清除封存内容); the chain still verifies.

        Args:
            event: Id of the event.
            name: The sealed field; ``"verdicts"`` or ``"payload"`` where all of that is sealed.
            second: The other person.
            reason: Why, in writing; it stands in the log.
            more: `actor`, `document`.

        Raises:
            MisuseError: the two are one, or there is no reason.
            UnknownNameError: no such event.
        """
        note = self._note(EventKind.ERASED, event, name, second, reason, **more)
        return erase(self.store, self.definitions.rules, note, id=self._stamps.id(), name=name)

    def archive(
        self,
        before: dt.date,
        out: str | Path,
        *,
        reason: str,
        actor: Actor | None = None,
        document: str | None = None,
        sealed: str | Path | None = None,
        progress: Progress = silent,
    ) -> Archived:
        """
        Write families that have ended long since into a file, and take them out of the database (归档).

        Only families go whose every case has ended, that owe nothing, and whose events were all published. They can be
        read in the file from then on; their idempotency keys stay spent.

        Args:
            before: Families whose last event is older than this day, Beijing time.
            out: The file; nothing there is overwritten.
            reason: Why, in writing; it stands in the log.
            actor: Who orders it; the host's function by default.
            document: Number of the document behind it.
            sealed: File for the sealed values; without one they are erased.
            progress: Told how many events were written.

        Raises:
            MisuseError: the store is no database, or there is no reason, or nothing to archive.
            AuditError: a file cannot be written.
            StoreError: on PostgreSQL the account does not hold the role ``zhiwen_archivist``.
        """
        by, kept = actor or self._acting(), Path(sealed) if sealed is not None else None
        ordered = Ordered(before=before, actor=by, reason=reason, document=document, at=self._now())
        rules, id = self.definitions.rules, self._stamps.id()
        return archive(self.store, rules, ordered, Path(out), id=id, sealed=kept, progress=progress)

    def finish_archive(self, path: str | Path) -> Archived:
        """
        Go on with an archive that was cut short (续办归档); done already, nothing happens.

        Args:
            path: The archive file.

        Raises:
            AuditError: the file does not verify.
            StoreError: on PostgreSQL the account does not hold the role ``zhiwen_archivist``.
        """
        return finish(self.store, self.definitions.rules, Path(path), id=self._stamps.id(), at=self._now())

    def _note(
        self,
        kind: EventKind,
        event: str,
        name: str,
        second: Actor,
        reason: str,
        *,
        actor: Actor | None = None,
        document: str | None = None,
    ) -> Note:
        first, told = actor or self._acting(), {"event": event, "name": name}
        two_persons(first, second, reason)
        return Note(
            kind=kind, at=self._now(), actor=first, second=second, reason=reason, document=document, payload=told
        )

    def obligations(self, instance: str | Decision | None = None, **page: Any) -> tuple[Obligation, ...]:
        """Read open obligations by page (待办义务)."""
        return self.store.obligations(stream=None if instance is None else _id(instance), **page)

    def deadlines(
        self, *, due_by: dt.date | None = None, after: Deadline | None = None, limit: int = 100
    ) -> tuple[Deadline, ...]:
        """Read running deadlines by page, the earliest first (期限)."""
        return self.store.deadlines(due_by=due_by, after=after, limit=limit)

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

    def organ_of(self, actor: Actor) -> str | None:
        """Give the organ of an actor's post today (经办人所在机关); None where the directory does not know the post."""
        post = self.definitions.rules.directory.post(actor.post, self._now().astimezone(ZONE).date())
        return post.organ if post is not None else None

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

    # --- definitions, for deciding ---

    def current(self, machine: str) -> Bench:
        """Give the bench that new instances of *machine* are opened at (当前裁量台)."""
        return self._benches.current(machine)

    def machine_of(self, pin: Pin) -> Machine:
        """Give the definition that an instance was opened under (卷宗所依据的状态机)."""
        return self.bench_of(pin).machine

    def bench_of(self, pin: Pin) -> Bench:
        """Give the bench that an instance was opened at (卷宗所依据的裁量台)."""
        return self._benches.pinned(pin, self.store.definition)

    # --- inside ---

    def _now(self) -> dt.datetime:
        now = self._clock.now()
        if now.tzinfo is None:
            raise MisuseError("the clock gives a naive datetime; give one with a time zone")
        return now

    def _acting(self) -> Actor:
        found = self._actor() if callable(self._actor) else self._actor
        if found is None:
            raise MisuseError("nobody acts: open the flow with `actor=`, or name the actor of the command")
        return found

    def _command(self, **parts: Any) -> Command:
        if parts.get("actor") is None:
            parts["actor"] = self._acting()
        return Command(**parts)

    def _judged(self, command: Command) -> Judged:
        if command.stream is not None and command.machine is None:
            surroundings = self.store.load(command.stream)
            if command.trigger in self._standing:
                surroundings = attrs.evolve(surroundings, deadline=self.store.running(command.stream))
            return judge(self._bench_of(surroundings), surroundings, command, at=self._now(), definitions=self)
        if command.machine is None:
            raise MisuseError("a command names an instance, or the machine to open")
        bench = self.current(command.machine)
        parent = self.store.load(command.parent).instance if command.parent is not None else None
        command = command if command.stream is not None else attrs.evolve(command, stream=self._stamps.id())
        surroundings = Surroundings(instance=None, parent=parent)
        return judge(bench, surroundings, command, at=self._now(), definitions=self)

    def _recorded(self, judged: Judged) -> Decision:
        self._keep(judged)
        change = self._recorder.record(judged)
        written = self.store.append(change)
        if isinstance(written, Answer):
            return self._again(judged.command, written)
        decision = judged.decision.recorded(change.drafts[0].body["id"])
        if _std.isEnabledFor(logging.DEBUG):
            _log.debug(
                "decided",
                machine=judged.bench.machine.id,
                instance=decision.stream,
                trigger=decision.trigger,
                allowed=decision.allowed,
                refused_by=[each.guard for each in decision.refusals],
            )
        return decision

    def _again(self, command: Command, answer: Answer) -> Decision:
        if answer.content != content_of(command):
            raise KeyReuseError("this key was already used for another request; take a new key")
        body = body_of(answer.raw)
        machine = self._benches.machine(body["machine"]["id"], body["machine"]["hash"], self.store.definition)
        return decision_of(answer.raw, answer.sealed, machine, self._reasons)

    def _answered(self, command: Command) -> bool:
        return command.key is not None and self.store.answer(command.key) is not None

    def _bench_of(self, surroundings: Surroundings) -> Bench:
        if surroundings.instance is None:
            raise MisuseError("there is no instance")
        return self.bench_of(surroundings.instance.pin)

    def _placed(self, stream: str) -> tuple[Instance, Bench]:
        instance = self.instance(stream)
        return instance, self._benches.pinned(instance.pin, self.store.definition)

    def _keep(self, judged: Judged) -> None:
        """Have the store keep the definitions that an event will name, before the event names them."""
        for child in judged.children:
            self._keep(child)
        machine, book = judged.bench.machine, judged.bench.rules.rulebook
        if (machine.hash, book.hash) in self._kept:
            return
        for kind, each in (("machine", machine), ("rulebook", book)):
            self.store.define(kind=kind, id=each.id, version=each.version, hash=each.hash, content=each.content)
        self._kept.add((machine.hash, book.hash))


def _check(command: Command) -> None:
    if faults := misfits(command):
        raise PayloadError(*faults)


def _id(instance: str | Decision) -> str:
    return instance.stream if isinstance(instance, Decision) else instance
