"""Deadlines that come due, roll-up of submissions, tables: they add up, act once, and cost what is due."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_cases import Case, Run
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.campaign import amended, cascaded, issue_of, opening_of, unit_plans
from zhiwen_flow.changes import Changeset
from zhiwen_flow.errors import CalendarError, DefinitionError, MisuseError, PlanError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.importing.writing import plan_file
from zhiwen_flow.limits import Reckoning
from zhiwen_flow.loading import Source, load, shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE, Actor, Deadline
from zhiwen_flow.overdue import Due
from zhiwen_flow.plan import Plan, Recurrence, Task
from zhiwen_flow.progress import Progress, Stage, TaskProgress
from zhiwen_flow.recurring import occurrences
from zhiwen_flow.rollup import Handed, Standing, roll_up, sources
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.situation import Situation
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.tables import Table, comparison, table
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.workdays import ChinaCalendar

DESK = Actor(id="p-102", post="transport_leading_group_office.clerk")
PLAN = Plan.load("szjg-2011")
CASES = Path(__file__).parents[1] / "cases"
TASKS = [each.id for each in PLAN.all_tasks if each.submit_to or each.deliverable]


def at(month: int, day: int) -> dt.datetime:
    """A morning of 2011."""
    return dt.datetime(2011, month, day, 9, tzinfo=ZONE)


def _named(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _lapsing_steps(day: dict[str, Any], guards: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "trigger": "hand_in",
            "source": ["asked"],
            "target": "handed",
            "label": _named("申报"),
            "cites": ["某方案 二"],
        },
        {
            "trigger": "lapse",
            "source": ["asked"],
            "target": "lapsed",
            "label": _named("撤销"),
            "cites": ["某方案 三"],
            "guards": list(guards),
        },
        {
            "trigger": "prolong",
            "source": ["asked"],
            "target": "asked",
            "label": _named("延期"),
            "cites": ["某方案 四"],
            "field": [day],
            "keep": ["due"],
            "restarts": True,
        },
    ]


def lapsing(*guards: dict[str, str]) -> Machine:
    """A plan to be handed in by a day of its own, or it lapses: the default consequence of some plans."""
    day = {"name": "due", "label": _named("期限"), "type": "date"}
    raw = {
        "id": "lapsing",
        "version": "1",
        "label": _named("申报"),
        "source": "某方案",
        "initial": "asked",
        "terms": {"unit_liaison": _named("联络"), "leading_group_office": _named("办公室")},
        "opening": {"label": _named("建立"), "cites": ["某方案 一"], "field": [day], "keep": ["due"]},
        "state": [
            {"id": "asked", "label": _named("待申报"), "owner": "unit_liaison", "due": "due", "on_overdue": "lapse"},
            {"id": "handed", "label": _named("已申报"), "end": "done"},
            {"id": "lapsed", "label": _named("已撤销"), "end": "void"},
        ],
        "transition": _lapsing_steps(day, guards),
    }
    return machine_from(raw, LIBRARY, where="lapsing")


class TestTick:
    """One round over what is due."""

    @staticmethod
    def _flow() -> tuple[Flow, FixedClock]:
        clock = FixedClock(at(9, 1))
        return Flow.open(clock=clock, actor=DESK, machines=[lapsing()]), clock

    def test_the_default_consequence_is_taken_once(self) -> None:
        """From the day after the last one, by whoever comes first; the log verifies."""
        flow, clock = self._flow()
        one = flow.start("lapsing", {"due": dt.date(2011, 9, 5)})
        other = flow.start("lapsing", {"due": dt.date(2011, 9, 20)})
        clock.set(at(9, 5))
        assert flow.tick().taken == ()
        clock.set(at(9, 6))
        assert [each.stream for each in flow.tick().taken] == [one.stream]
        assert flow.tick().taken == ()
        assert flow.instance(one).state == "lapsed"
        assert flow.instance(other).state == "asked"
        assert verify_store(flow.store).sound

    def test_a_refused_consequence_waits_and_is_tried_again(self) -> None:
        """Nothing is recorded for it, so that it can follow once it is allowed."""
        machine = lapsing({"use": "actor_holds_role", "role": "leading_group_office"})
        clock = FixedClock(at(9, 1))
        flow = Flow.open(clock=clock, actor=DESK, machines=[machine])
        one = flow.start("lapsing", {"due": dt.date(2011, 9, 5)})
        clock.set(at(9, 6))
        before = len(flow.store.events())
        found = flow.tick(actor=Actor(id="p-777", post="transport_department.liaison"))
        assert found.taken == ()
        assert [each.deadline.stream for each in found.waiting] == [one.stream]
        assert len(flow.store.events()) == before
        assert [each.stream for each in flow.tick().taken] == [one.stream]

    def test_an_extension_moves_the_day(self) -> None:
        """The old day no longer counts."""
        flow, clock = self._flow()
        one = flow.start("lapsing", {"due": dt.date(2011, 9, 5)})
        flow.do(one, "prolong", {"due": dt.date(2011, 9, 15)})
        clock.set(at(9, 10))
        assert flow.tick().taken == ()
        clock.set(at(9, 16))
        assert [each.target for each in flow.tick().taken] == ["lapsed"]

    @pytest.mark.requirement("M06")
    def test_who_is_warned(self) -> None:
        """Days ahead, with who must act and what will follow; what asks for a form waits for people."""
        flow, clock = self._flow()
        flow.start("lapsing", {"due": dt.date(2011, 9, 5)})
        complaint = flow.start("complaint", {"channel": "telephone", "content": "无人", "anonymous": True})
        warned = flow.tick(within=4).waiting
        assert [(each.days, each.standing, each.warned) for each in warned] == [(4, Due.SOON, ("unit_liaison",))]
        clock.set(at(10, 1))
        late = [each for each in flow.tick().waiting if each.deadline.stream == complaint.stream]
        assert [(each.standing, each.follows) for each in late] == [(Due.OVERDUE, "supervision_order")]

    @pytest.mark.requirement("M06")
    def test_days_ahead_and_roles_are_data(self, tmp_path: Path) -> None:
        """Three days before whoever must act, later the office too; a host names its own; a wrong role is a fault."""
        flow, clock = self._flow()
        flow.start("lapsing", {"due": dt.date(2011, 9, 20)})
        told: dict[int, Any] = {}
        for day in (16, 17, 20):
            clock.set(at(9, day))
            told[day] = [each.warned for each in flow.tick().waiting]
        assert told == {16: [], 17: [("unit_liaison",)], 20: [("unit_liaison",)]}
        waiting = Flow.open(clock=clock, actor=DESK)
        waiting.start("complaint", {"channel": "telephone", "content": "无人", "anonymous": True})
        clock.set(at(12, 1))
        assert [each.warned[-1] for each in waiting.tick().waiting] == ["leading_group_office"]
        data = Source.shipped("standing", "reminders").data.replace(b"ahead = 3", b"ahead = 10")
        path = tmp_path / "w.toml"
        path.write_bytes(data)
        own = Flow.open(clock=FixedClock(at(9, 10)), actor=DESK, machines=[lapsing()], reminders=path)
        own.start("lapsing", {"due": dt.date(2011, 9, 20)})
        assert [each.days for each in own.tick().waiting] == [10]
        path.write_bytes(data.replace(b'"leading_group_office"', b'"nobody"'))
        with pytest.raises(DefinitionError, match="nobody"):
            Flow.open(reminders=path)

    def test_an_instance_without_a_day_has_no_deadline(self) -> None:
        """Nothing is guessed."""
        flow, _ = self._flow()
        flow.start("lapsing", {})
        assert flow.deadlines() == ()

    def test_tasks_of_a_plan_are_listed(self) -> None:
        """A task that the plan dates is late the day after, without a state of its own."""
        flow, clock = self._flow()
        organizer = Actor(id="p-001", post="provincial_leading_group_office.director")
        campaign = flow.start("campaign", opening_of(PLAN), actor=organizer)
        flow.do(campaign, "issue", issue_of(PLAN), actor=organizer)
        clock.set(at(8, 26))
        names = {flow.instance(each.deadline.stream).facts["name"] for each in flow.tick().waiting}
        assert "制定工作方案" in names

    def test_cost_follows_what_is_due(self) -> None:
        """Of many open deadlines only those due are looked at, in memory as in a database."""
        store = MemoryStore()
        rows = [
            Deadline(
                stream=f"s{number:05}",
                state="x",
                limit="x",
                started=dt.date(2011, 1, 1),
                due=dt.date(2011, 1, 1) + dt.timedelta(days=number % 5000),
                calendar=None,
            )
            for number in range(20_000)
        ]
        for row in rows:
            store._tables(Changeset(started=(row,)))
        found = store.deadlines(due_by=dt.date(2011, 1, 3), limit=100)
        assert len(found) == 12
        assert [each.due for each in found] == sorted(each.due for each in found if each.due)


class TestRollUp:
    """Who is included, late, missing, unknown."""

    @pytest.mark.requirement("B14", "M07")
    def test_each_standing(self) -> None:
        """In time, late, returned, missing, not yet due, unknown."""
        due = next(each for each in PLAN.all_tasks if each.id == "unit_plan")
        assert due.due is not None
        day = due.due + dt.timedelta(days=5)
        handed = [
            Handed(unit="a", task="unit_plan", on=due.due),
            Handed(unit="b", task="unit_plan", on=due.due + dt.timedelta(days=1)),
            Handed(unit="c", task="unit_plan", on=due.due, returned=True),
            Handed(unit="f", task="unit_plan", on=day + dt.timedelta(days=1)),
        ]
        units = {"a": True, "b": True, "c": True, "d": True, "e": False, "f": True}
        found = roll_up(PLAN, units, handed, day)
        assert dict(found.lacking)["unit_plan"] == (
            ("b", Standing.LATE),
            ("c", Standing.RETURNED),
            ("d", Standing.MISSING),
            ("e", Standing.UNKNOWN),
            ("f", Standing.MISSING),
        )
        assert found.by_task["unit_plan"][Standing.IN_TIME] == 1

    def test_sent_back_and_come_again(self) -> None:
        """The one that was not returned counts."""
        handed = [
            Handed(unit="a", task="unit_plan", on=dt.date(2011, 8, 20), returned=True),
            Handed(unit="a", task="unit_plan", on=dt.date(2011, 8, 24)),
        ]
        found = roll_up(PLAN, {"a": True}, handed, dt.date(2011, 9, 1))
        assert found.by_task["unit_plan"][Standing.IN_TIME] == 1

    @settings(max_examples=50, deadline=None)
    @given(data=st.data())
    @pytest.mark.requirement("A23")
    def test_it_adds_up(self, data: st.DataObject) -> None:
        """Whatever was handed in: units × tasks, by task, by unit, and in the CSV."""
        units = {f"u{number}": data.draw(st.booleans()) for number in range(data.draw(st.integers(0, 6)))}
        days = st.dates(dt.date(2011, 8, 1), dt.date(2011, 12, 31))
        one = st.builds(
            lambda unit, task, on, returned: Handed(unit=unit, task=task, on=on, returned=returned),
            st.sampled_from([*units, "stranger"]),
            st.sampled_from([*TASKS, "no_such_task"]),
            days,
            st.booleans(),
        )
        found = roll_up(PLAN, units, data.draw(st.lists(one, max_size=20)), data.draw(days))
        total = len(units) * len(found.tasks)
        assert found.totals.total() == sum(each.total() for each in found.by_unit.values()) == total
        last = list(csv.reader(io.StringIO(found.as_csv())))[-1]
        assert sum(int(each) for each in last[2:]) == total
        register = list(csv.reader(io.StringIO(found.as_csv(units=True))))
        assert [row[0] for row in register[1:]] == list(units)
        cells = Counter(each for row in register[1:] for each in row[1:])
        assert cells == Counter({each.zh: count for each, count in found.totals.items()})
        assert sum(found.as_json()["totals"].values()) == total


class TestTables:
    """Tables of a plan."""

    def test_each_kind(self) -> None:
        """Every task once; by day; only what is late."""
        day = dt.date(2011, 10, 16)
        assignments = list(table(PLAN, Table.ASSIGNMENTS, at=day))
        assert len(assignments) == len(list(PLAN.all_tasks))
        schedule = list(table(PLAN, Table.SCHEDULE, at=day, by=Reckoning(calendar=ChinaCalendar())))
        assert [row[0] for row in schedule] == sorted(row[0] for row in schedule)
        overdue = list(table(PLAN, Table.OVERDUE, at=day))
        assert {row[0] for row in overdue} == {"2011-08-25", "2011-10-15"}
        assert [row[3] for row in overdue if row[0] == "2011-10-15"] == ["1"]

    def test_working_days_left(self) -> None:
        """Known within the calendar's data, and left empty without one."""
        day = dt.date(2011, 12, 1)
        with_one = [
            row
            for row in table(PLAN, Table.SCHEDULE, at=day, by=Reckoning(calendar=ChinaCalendar()))
            if row[0] == "2011-12-12"
        ]
        assert with_one[0][5] == "7"
        without: Any = [row for row in table(PLAN, Table.SCHEDULE, at=day) if row[0] == "2011-12-12"]
        assert without[0][5] == ""

    @pytest.mark.requirement("M08")
    def test_comparison(self) -> None:
        """Line by line: what differs, is the same, is gone, was added; every line of both plans stands once."""
        own, above = Plan.load("dqj-2011"), Plan.load("szjg-2011")
        rows = list(comparison(own, above))
        assert {row[4] for row in rows} == {"相同", "不同", "本方案增加", "上级有、本方案没有"}
        told = {(row[0], row[1]): row[2:] for row in rows}
        assert len(told) == len(rows)
        assert told["任务时限", "形成整改报告"] == ("2011-10-15", "2011-10-20", "不同")
        assert told["权限条款", "按照干部管理权限问责追责"] == ("√", "", "上级有、本方案没有")
        assert told["处理方式", "降级"][2] == "上级有、本方案没有"
        assert {row[1] for row in rows if row[0] == "处理方式"} == {
            each.name for p in (own, above) for each in p.ladder
        }
        assert {row[4] for row in comparison(own, own, "en")} == {"same"}
        with pytest.raises(MisuseError, match="superior"):
            list(table(own, Table.COMPARISON, at=dt.date(2011, 9, 1)))


class TestPlans:
    """Versions, cascades, recurrences."""

    @pytest.mark.requirement("A27")
    def test_an_amendment_is_a_version(self) -> None:
        """With reason and document; the earlier one stays, and a version is used once; files keep it."""
        later = amended(PLAN, version="2", on=dt.date(2011, 9, 1), reason="顺延", document="某发2号", scope="全局")
        assert (PLAN.version, later.version, len(later.amendments)) == ("1", "2", 1)
        with pytest.raises(PlanError, match="already"):
            amended(later, version="2", on=dt.date(2011, 9, 2), reason="再改", document="某发3号")
        with pytest.raises(PlanError, match="before the amendment"):
            amended(later, version="3", on=dt.date(2011, 8, 1), reason="再改", document="某发3号")
        again = Plan.read(Source(name="p.toml", data=plan_file(later).encode()))
        assert again.as_json() | {"hash": ""} == later.as_json()

    @pytest.mark.requirement("B10")
    def test_a_cascade_hands_down_tasks_and_no_dates(self) -> None:
        """The unit fills in its own; the lint holds it against the superior's then."""
        child = cascaded(PLAN, id="own", organ="某局", title="某局方案")
        assert [each.name for each in child.all_tasks] == [each.name for each in PLAN.all_tasks]
        assert all(each.due is None and each.start is None for each in child.all_tasks)
        assert child.superior == PLAN.id

    @pytest.mark.parametrize(
        ("recurs", "expected"),
        [
            (Recurrence.WEEKLY, 5),
            (Recurrence.TEN_DAYS, 4),
            (Recurrence.MONTHLY, 1),
            (Recurrence.QUARTERLY, 1),
            (Recurrence.HALF_YEARLY, 0),
            (Recurrence.YEARLY, 0),
        ],
    )
    def test_recurrences(self, recurs: Recurrence, expected: int) -> None:
        """From 5 September to 10 October five weeks, four spans of ten days, a month, a quarter; no day is guessed."""
        one = Task(id="x", number="1", name="报送", clause="—", recurs=recurs)
        found = list(occurrences(one, dt.date(2011, 9, 5), dt.date(2011, 10, 10)))
        assert len(found) == expected
        assert [each.end for each in found] == sorted(each.end for each in found)
        assert all(each.due is None and each.start < each.end for each in found)

    def test_a_day_that_the_plan_names(self) -> None:
        """A weekday, or a day of the month; a shorter month ends earlier."""
        weekly = Task(id="x", number="1", name="周报", clause="—", recurs=Recurrence.WEEKLY, recurs_weekday=5)
        found = list(occurrences(weekly, dt.date(2011, 9, 1), dt.date(2011, 9, 15)))
        assert [str(each.due) for each in found] == ["2011-09-02", "2011-09-09"]
        monthly = Task(id="y", number="2", name="月报", clause="—", recurs=Recurrence.MONTHLY, recurs_day=31)
        days = [str(each.due) for each in occurrences(monthly, dt.date(2011, 1, 1), dt.date(2011, 2, 28))]
        assert days == ["2011-01-31", "2011-02-28"]

    def test_a_recurring_task_is_issued_once_for_each_time(self) -> None:
        """In a phase with a window."""
        weekly = Task(id="weekly", number="9", name="周报", clause="—", recurs=Recurrence.WEEKLY)
        phase = attrs.evolve(PLAN.phases[0], tasks=(weekly,))
        issued = issue_of(attrs.evolve(PLAN, phases=(phase,)))
        told = issued["phases"][0]["tasks"]
        assert [each["window_end"] for each in told] == ["2011-08-21", "2011-08-28"]
        assert all("due" not in each for each in told)
        friday = attrs.evolve(phase, tasks=(attrs.evolve(weekly, recurs_weekday=5),))
        issued = issue_of(attrs.evolve(PLAN, phases=(friday,)))
        assert [each["due"] for each in issued["phases"][0]["tasks"]] == ["2011-08-19", "2011-08-26"]

    def test_an_amendment_to_a_closed_campaign_is_refused(self) -> None:
        """While it runs it may be amended; once it is closed the refusal says from where it could."""
        organizer = Actor(id="p-001", post="provincial_leading_group_office.director")
        form = {
            "plan_version": "2",
            "plan_hash": "x",
            "keeps_earlier": True,
            "reason": "顺延",
            "amending_document": "某发2号",
        }
        with Flow.open(clock=FixedClock(at(12, 20)), actor=organizer) as flow:
            campaign = flow.start("campaign", opening_of(PLAN))
            phase = {"phase": "a", "name": "宣传发动"}
            flow.do(campaign, "issue", {"phases": [phase]}).raise_if_refused()
            flow.do(campaign, "start_campaign").raise_if_refused()
            assert flow.do(campaign, "amend", form).allowed
            (child,) = flow.instances(machine="phase")
            flow.do(child.id, "begin").raise_if_refused()
            flow.do(child.id, "close").raise_if_refused()
            flow.do(campaign, "close").raise_if_refused()
            late = flow.do(campaign, "amend", form)
            assert [each.reason.id for each in late.refusals] == ["step.not_from_here"]
            assert "已结束" in late.explain()
            assert flow.instance(campaign).facts["plan_version"] == "2"

    @pytest.mark.requirement("B16")
    def test_receipts_come_from_the_store(self) -> None:
        """What was sent back and came again stays at its first day; what was never sent is missing."""
        found = Run(load(Source.of(CASES / "submission.toml"), Case))
        for each in found.case.steps:
            found.step(each)
        task = Task(
            id="rectification_report",
            number="1",
            name="整改报告",
            clause="—",
            due=dt.date(2011, 10, 9),
            deliverable="报告",
        )
        plan = attrs.evolve(PLAN, phases=(), beside=(task,))
        told = found.flow.reports.receipts(plan, {"transport_department": True, "bridge_bureau": True})
        assert told.lacking["rectification_report"] == (
            ("transport_department", Standing.LATE),
            ("bridge_bureau", Standing.MISSING),
        )


class TestReports:
    """The reports that are shipped."""

    @pytest.mark.parametrize("id", shipped("reports"))
    def test_is_whole(self, id: str) -> None:
        """Points with their clauses, what is lacking said, and plain data."""
        found = Situation.load(id)
        assert found.points
        assert all(each.clause and each.done for each in found.points)
        assert found.lacking
        json.dumps(found.as_json())


@pytest.mark.requirement("B15")
def test_what_a_report_was_summed_up_from() -> None:
    """Included, late, missing, unknown; a report sent back is none."""
    day = dt.date(2011, 10, 10)
    handed = [
        Handed(unit="bureau", task="r", on=day),
        Handed(unit="a", task="r", on=day - dt.timedelta(days=1)),
        Handed(unit="b", task="r", on=day + dt.timedelta(days=1)),
        Handed(unit="c", task="r", on=day, returned=True),
        Handed(unit="a", task="other", on=day),
    ]
    below = {"department": ("bureau",), "bureau": ("a", "b", "c", "d")}
    (found,) = sources(below, {"a": True, "b": True, "c": True, "d": False}, handed, "r")
    assert (found.unit, found.included, found.late, found.missing, found.unknown) == (
        "bureau",
        ("a",),
        ("b",),
        ("c",),
        ("d",),
    )


def test_units_whose_campaign_is_known() -> None:
    """A campaign of a unit under the superior's plan, once it is issued."""
    organizer = Actor(id="p-001", post="provincial_leading_group_office.director")
    with Flow.open(clock=FixedClock(at(8, 20)), actor=organizer) as flow:
        own = Plan.load("ggj-2011")
        campaign = flow.start("campaign", opening_of(own, unit="expressway_bureau"))
        units = ("expressway_bureau", "bridge_bureau")
        assert flow.reports.known_units("szjg-2011", units) == dict.fromkeys(units, False)
        flow.do(campaign, "issue", issue_of(own))
        assert flow.reports.known_units("szjg-2011", units) == {"expressway_bureau": True, "bridge_bureau": False}


class TestPolicy:
    """What 前 includes, and what a rest day becomes, is one policy of the rulebook (A10)."""

    @staticmethod
    def _by(**changes: Any) -> Reckoning:
        policy = attrs.evolve(Rulebook.load("hubei-2011").policy.deadline, **changes)
        return Reckoning(policy=policy, calendar=ChinaCalendar())

    @pytest.mark.requirement("A10")
    def test_overdue_flips_by_a_day(self) -> None:
        """15 October 2011 was a Saturday: a report of the 15th is late or not as the policy says, everywhere alike."""
        day = dt.date(2011, 10, 15)
        handed = [Handed(unit="a", task="rectification_report", on=day)]
        for changes, last, standing in (
            ({}, "2011-10-15", Standing.IN_TIME),
            ({"before_is_inclusive": False}, "2011-10-14", Standing.LATE),
            ({"rest_day": "next_working_day"}, "2011-10-17", Standing.IN_TIME),
        ):
            by = self._by(**changes)
            found = roll_up(PLAN, {"a": True}, handed, dt.date(2011, 10, 20), by=by)
            assert found.by_task["rectification_report"][standing] == 1
            schedule = {row[1]: row[0] for row in table(PLAN, Table.SCHEDULE, at=day, by=by)}
            assert schedule["形成整改报告"] == last
            tasks = issue_of(PLAN, by=by)["phases"][1]["tasks"]
            assert [each["due"] for each in tasks if "due" in each] == [last]

    def test_days_after_an_event(self) -> None:
        """Working days over the National Day, calendar days, the policy on rest days; without a number none."""
        happened = dt.date(2011, 9, 29)
        working = Task(id="x", number="1", name="报方案", clause="—", within=5, working_days=True, trigger="上级批复")
        plain = attrs.evolve(working, within=2, working_days=False)
        by = self._by()
        assert str(by.after(working, happened)) == "2011-10-11"
        assert str(by.after(plain, happened)) == "2011-10-01"
        assert str(self._by(rest_day="next_working_day").after(plain, happened)) == "2011-10-08"
        assert str(self._by(start_day_counts=True).after(plain, happened)) == "2011-09-30"
        assert by.after(attrs.evolve(plain, within=None), happened) is None
        with pytest.raises(CalendarError, match="working days"):
            Reckoning().after(working, happened)

    def test_a_policy_that_needs_a_calendar(self) -> None:
        """Refuses without one."""
        by = attrs.evolve(self._by(rest_day="next_working_day"), calendar=None)
        with pytest.raises(CalendarError, match="calendar"):
            issue_of(PLAN, by=by)


class TestCascade:
    """A superior's campaign handed down to its units."""

    ORGANIZER = Actor(id="p-001", post="provincial_leading_group_office.director")
    UNITS = ("transport_department", "expressway_bureau", "bridge_bureau")

    def _flow(self) -> tuple[Flow, str]:
        flow = Flow.open(clock=FixedClock(at(8, 20)), actor=self.ORGANIZER)
        return flow, flow.start("campaign", opening_of(PLAN)).stream

    @pytest.mark.requirement("B10")
    def test_one_campaign_for_each_unit(self) -> None:
        """Under the superior's, counted there, once; the templates have its tasks and none of its dates."""
        flow, campaign = self._flow()
        flow.do(campaign, "issue", issue_of(PLAN))
        opened = flow.cascade(campaign, PLAN, self.UNITS)
        assert [each.allowed for each in opened] == [True, True, True]
        found = flow.instances(machine="campaign", parent=campaign)
        assert {each.facts["unit"] for each in found} == set(self.UNITS)
        assert {(each.state, each.facts["superior_plan"]) for each in found} == {("draft", "szjg-2011")}
        assert flow.store.counters(campaign)["campaign", "draft"] == 3
        again = flow.cascade(campaign, PLAN, self.UNITS)
        assert [each.stream for each in again] == [each.stream for each in opened]
        assert all(each.replayed for each in again)
        for each in unit_plans(PLAN, dict.fromkeys(self.UNITS, "某局")):
            assert [task.name for task in each.plan.all_tasks] == [task.name for task in PLAN.all_tasks]
            assert all(task.due is None and task.start is None for task in each.plan.all_tasks)
        assert verify_store(flow.store).sound

    @pytest.mark.requirement("B14")
    def test_a_unit_is_unknown_until_it_issues_its_own(self) -> None:
        """Then it is missing, late or in time like any other."""
        flow, campaign = self._flow()
        flow.do(campaign, "issue", issue_of(PLAN))
        opened = flow.cascade(campaign, PLAN, self.UNITS)
        day = dt.date(2011, 9, 1)
        known = flow.reports.known_units(PLAN.id, self.UNITS)
        told = flow.reports.receipts(PLAN, known, at=day)
        assert {standing for _, standing in told.lacking["unit_plan"]} == {Standing.UNKNOWN}
        own = unit_plans(PLAN, {"expressway_bureau": "省高管局"})[0].plan
        flow.do(opened[1], "issue", issue_of(own)).raise_if_refused()
        known = flow.reports.known_units(PLAN.id, self.UNITS)
        told = flow.reports.receipts(PLAN, known, at=day)
        assert dict(told.lacking["unit_plan"]) == {
            "transport_department": Standing.UNKNOWN,
            "expressway_bureau": Standing.MISSING,
            "bridge_bureau": Standing.UNKNOWN,
        }

    def test_only_once_it_is_issued_and_by_who_may(self) -> None:
        """One refusal with its reason, and nothing opened."""
        flow, campaign = self._flow()
        (early,) = flow.cascade(campaign, PLAN, self.UNITS)
        assert [each.reason.id for each in early.refusals] == ["parent.not_allowed"]
        flow.do(campaign, "issue", issue_of(PLAN))
        stranger = Actor(id="p-302", post="bridge_service_hall.contract_clerk")
        (refused,) = flow.cascade(campaign, PLAN, self.UNITS, actor=stranger)
        assert [each.guard for each in refused.refusals] == ["actor_holds_role"]
        assert flow.instances(machine="campaign", parent=campaign) == ()
        assert len(flow.cascade(campaign, PLAN, self.UNITS)) == 3

    def test_the_units_of_the_directory(self) -> None:
        """Those directly below the campaign's own unit; without any, or under another plan, a clear error."""
        flow, provincial = self._flow()
        own = Plan.load("ggj-2011")
        campaign = flow.start("campaign", opening_of(own, unit="transport_department"))
        flow.do(campaign, "issue", issue_of(own))
        flow.cascade(campaign, own)
        found = {each.facts["unit"] for each in flow.instances(machine="campaign", parent=campaign.stream)}
        directory = flow.definitions.rules.directory
        day = dt.date(2011, 8, 20)
        assert found
        assert found == {each.id for each in directory.organs(day) if each.parent == "transport_department"}
        with pytest.raises(PlanError, match="no subordinate unit"):
            flow.cascade(provincial, PLAN)
        with pytest.raises(PlanError, match="runs under plan"):
            flow.cascade(provincial, own, self.UNITS)
        with pytest.raises(UnknownNameError, match="no_such"):
            flow.cascade(provincial, PLAN, ["no_such"])


def test_a_plan_without_phases_runs() -> None:
    """Its tasks stand in one phase without a window, which begins and is closed like any other."""
    organizer = Actor(id="p-001", post="provincial_leading_group_office.director")
    plan = Plan.load("jzszxyy-2011")
    with Flow.open(clock=FixedClock(at(10, 20)), actor=organizer) as flow:
        campaign = flow.start("campaign", opening_of(plan))
        flow.do(campaign, "issue", issue_of(plan)).raise_if_refused()
        found = flow.reports.progress(campaign)
        assert [row.name for row in found.rows] == [each.name for each in plan.all_tasks]
        assert set(found.by_phase) == {"不属于某一环节的任务"}
        assert verify_store(flow.store).sound


class TestProgress:
    """How a campaign goes, by unit, phase and task, as of a day."""

    ORGANIZER = Actor(id="p-001", post="provincial_leading_group_office.director")
    OFFICE = Actor(id="p-002", post="provincial_leading_group_office.clerk")

    @pytest.mark.requirement("A11", "A23")
    def test_done_late_stays_late_and_any_day_comes_again(self) -> None:
        """In progress, overdue, submitted late, done late: each as of its day, also when asked afterwards."""
        clock = FixedClock(at(8, 20))
        with Flow.open(clock=clock, actor=self.ORGANIZER) as flow:
            campaign = flow.start("campaign", opening_of(PLAN))
            flow.do(campaign, "issue", issue_of(PLAN))
            task = next(each for each in flow.instances(machine="task") if each.facts["task"] == "unit_plan").id
            clock.set(at(8, 24))
            flow.do(task, "begin").raise_if_refused()
            clock.set(at(8, 27))
            flow.do(task, "submit", {"evidence": "方案", "submitted_on": dt.date(2011, 8, 27)}).raise_if_refused()
            clock.set(at(8, 30))
            flow.do(task, "complete", actor=self.OFFICE).raise_if_refused()
            told = {}
            for day in (20, 24, 26, 27, 30):
                found = flow.reports.progress(campaign, at=dt.date(2011, 8, day))
                row = next(each for each in found.rows if each.task == "unit_plan")
                told[day] = (row.stage, row.late)
            assert told == {
                20: (Stage.NOT_STARTED, False),
                24: (Stage.IN_PROGRESS, False),
                26: (Stage.IN_PROGRESS, True),
                27: (Stage.SUBMITTED, True),
                30: (Stage.DONE, True),
            }
            found = flow.reports.progress(campaign)
            assert found.by_phase["宣传发动"]["done"] == 1
            assert found.totals["late"] == 1
            assert flow.reports.progress(campaign, at=dt.date(2011, 8, 19)).rows == ()
            with pytest.raises(UnknownNameError):
                flow.reports.progress("no-such")

    def test_units_below_are_told_apart(self) -> None:
        """The superior's own tasks, and those of a unit's campaign under it."""
        with Flow.open(clock=FixedClock(at(8, 20)), actor=self.ORGANIZER) as flow:
            campaign = flow.start("campaign", opening_of(PLAN))
            flow.do(campaign, "issue", issue_of(PLAN))
            (below,) = flow.cascade(campaign, PLAN, ["bridge_bureau"])
            own = unit_plans(PLAN, {"bridge_bureau": "大桥局"})[0].plan
            flow.do(below, "issue", issue_of(own)).raise_if_refused()
            found = flow.reports.progress(campaign)
            tasks = len(list(PLAN.tasks))
            assert {unit: each["not_started"] for unit, each in found.by_unit.items()} == {
                PLAN.title: tasks,
                "bridge_bureau": tasks,
            }
            json.dumps(found.as_json())

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.builds(
                lambda unit, phase, name, stage, late: TaskProgress(
                    unit=unit, phase=phase, task=name, name=name, stage=stage, late=late
                ),
                st.sampled_from(["a", "b"]),
                st.sampled_from(["p", "q"]),
                st.sampled_from(["x", "y", "z"]),
                st.sampled_from(list(Stage)),
                st.booleans(),
            )
        )
    )
    def test_it_adds_up(self, rows: list[TaskProgress]) -> None:
        """By unit, by phase, by task, in the tables and in the data: the same totals."""
        found = Progress(at=dt.date(2011, 9, 1), rows=tuple(rows))
        for by in ("unit", "phase", "task"):
            for lang in ("zh", "en"):
                lines = list(csv.reader(io.StringIO(found.as_csv(by, lang))))
                columns = list(zip(*(map(int, line[1:]) for line in lines[1:-1]), strict=True))
                total = [int(each) for each in lines[-1][1:]]
                assert not columns or [sum(each) for each in columns] == total
                assert sum(total[:-1]) == len(rows)
        assert sum(found.as_json()["totals"].values()) == len(rows) + sum(each.late for each in rows)
