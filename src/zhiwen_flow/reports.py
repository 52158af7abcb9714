"""
Reports on accountability (问责情况报告): who is barred from what, what ends soon, registers, statistics. Read only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from zhiwen_flow.accountability.eligibility import Bar, Eligibility, asked, eligibility, ending
from zhiwen_flow.accountability.forms import FormTable, four_forms
from zhiwen_flow.accountability.register import Entry, Register, register
from zhiwen_flow.audit.view import PUBLIC, Viewer
from zhiwen_flow.calendar import Calendar
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.limits import Reckoning
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Decision, Pin
from zhiwen_flow.plan import Plan
from zhiwen_flow.progress import Progress
from zhiwen_flow.records import (
    PostChange,
    decided_between,
    entries_of,
    everything_held,
    held_by,
    post_changes,
    progress_of,
    submissions_of,
    units_under,
)
from zhiwen_flow.rollup import RollUp, roll_up
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.consequences import Act
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.terms import Label


@attrs.frozen(kw_only=True)
class Expiring:
    """
    An effect that ends soon (即将期满的影响期).

    Args:
        stream: The measure.
        bar: What it bars, and its last day.
    """

    stream: str
    bar: Bar


@attrs.frozen(kw_only=True)
class Reports:
    """
    Reports of one flow (报告); see `Flow.reports`.

    Args:
        store: Of one tenant.
        book: Rulebook in force now.
        book_of: Gives the rulebook that an instance was opened under.
        machine_of: Gives the machine of an instance.
        today: Gives the day in Beijing.
        calendar: Where rest days are known.
    """

    store: Store
    book: Rulebook
    book_of: Callable[[Pin], Rulebook]
    machine_of: Callable[[Pin], Machine]
    today: Callable[[], dt.date]
    calendar: Calendar | None = None

    def eligibility(
        self,
        person: str,
        act: Act | str,
        *,
        viewer: Viewer = PUBLIC,
        at: dt.date | None = None,
        filed: Iterable[dt.date] = (),
    ) -> Eligibility:
        """
        Say whether an act may be done for a person (资格审查), by effective measures and notified filings only.

        Args:
            person: The host's opaque id.
            act: For example ``"promotion"``; see `Act`.
            viewer: Who asks; for anybody but an auditor the answer is the same whatever there is.
            at: On which day; today by default.
            filed: Days on which a filing was formally notified and is still open, as the host knows them.
        """
        day = at or self.today()
        if not viewer.auditor:
            return asked(Act(act), day)
        held = tuple(held_by(self.store, person, self.book_of))
        return eligibility(held, Act(act), day, book=self.book, filed=filed)

    def four_forms(self, since: dt.date, until: dt.date, *, viewer: Viewer) -> FormTable:
        """
        Count the measures decided in a period under the four forms (四种形态统计), by the rulebook's own rows.

        Args:
            since: First day, inclusive.
            until: Last day, inclusive.
            viewer: Who asks; auditors only, because a small count can name a person.

        Raises:
            MisuseError: the viewer is no auditor.
        """
        _auditors_only(viewer, "the table of the four forms")
        return four_forms(self.book, (each or "erased" for each in decided_between(self.store, since, until)))

    def register(self, *machines: str, since: dt.date, until: dt.date, viewer: Viewer) -> Register:
        """
        List what was opened in a period with where it stands (登记簿、情况表).

        Args:
            machines: Ids of machines, for example ``"case"``, or all those of the people's congress.
            since: First day, inclusive.
            until: Last day, inclusive.
            viewer: Who asks; auditors only.

        Raises:
            MisuseError: the viewer is no auditor.
        """
        _auditors_only(viewer, "a register")
        found: list[Entry] = []
        labels: dict[str, Label] = {}
        for instance, entry in entries_of(self.store, machines):
            machine = self.machine_of(instance.pin)
            state = machine.state(instance.state)
            labels |= {machine.id: machine.label, f"{machine.id}.{state.id}": state.label}
            found.append(attrs.evolve(entry, ended=state.end is not None))
        return register(found, since, until, labels)

    def known_units(self, plan: str, units: Iterable[str]) -> dict[str, bool]:
        """
        Say of which units a campaign under a plan is known (下级方案备案情况); for `receipts`.

        Args:
            plan: Id of the superior's plan.
            units: Organs of the directory.
        """
        known = units_under(self.store, plan)
        return {each: each in known for each in units}

    def receipts(self, plan: Plan, units: Mapping[str, bool], *, at: dt.date | None = None) -> RollUp:
        """
        Roll up what units have handed in under a plan (报送情况一览), from the submissions in the store.

        Args:
            units: Every unit, with whether its own plan is known; of the others nothing is said.
            at: As of which day; today by default.
        """
        by = Reckoning(policy=self.book.policy.deadline, calendar=self.calendar)
        return roll_up(plan, units, submissions_of(self.store), at or self.today(), by=by)

    def progress(self, campaign: str | Decision, *, at: dt.date | None = None) -> Progress:
        """
        Say how a campaign goes (工作进展情况): by unit, phase and task, with those handed down from it.

        Args:
            campaign: Its instance, or the decision that opened it.
            at: As of which day; what was recorded later is not counted. Today by default.

        Raises:
            UnknownNameError: there is no such campaign.
        """
        stream = campaign.stream if isinstance(campaign, Decision) else campaign
        day = at or self.today()
        return Progress(at=day, rows=tuple(progress_of(self.store, stream, day)))

    def expiring(self, within: int, *, viewer: Viewer, at: dt.date | None = None) -> tuple[Expiring, ...]:
        """
        List the effects that end soon, by their last day (影响期到期提醒).

        Args:
            within: Days ahead, calendar days, the last one inclusive.
            viewer: Who asks; auditors only.
            at: From which day; today by default.

        Raises:
            MisuseError: the viewer is no auditor.
        """
        _auditors_only(viewer, "the list of effects that end")
        day = at or self.today()
        until = day + dt.timedelta(days=within)
        found = (
            Expiring(stream=stream, bar=bar)
            for stream, held in everything_held(self.store, self.book_of)
            for bar in ending(held, day, until)
        )
        return tuple(sorted(found, key=lambda each: (each.bar.until or until, each.stream)))

    def post_history(self, person: str, *, viewer: Viewer) -> Iterator[PostChange]:
        """
        Iterate over the changes of post that executed measures brought to a person (任职变动记录).

        Raises:
            MisuseError: the viewer is no auditor.
        """
        _auditors_only(viewer, "the post history")
        return post_changes(self.store, person)


def _auditors_only(viewer: Viewer, what: str) -> None:
    if not viewer.auditor:
        raise MisuseError(f"{what} is for auditors; give `viewer=Viewer(auditor=True)`")
