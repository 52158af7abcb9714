"""Deadlines reckoned anew by a changed calendar: an event with its reason, by who may, once, and never a named day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.services import postgres_schema
from tests.small import label
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import DefinitionError, MisuseError, PayloadError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.loading import Source
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.machine.standing import read_acts
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.recomputing import Recomputed
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.terms import Outcome
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.replay import replay
from zhiwen_flow.workdays import ChinaCalendar

DESK = Actor(id="p-102", post="transport_leading_group_office.clerk")
STRANGER = Actor(id="p-777", post="transport_department.liaison")
FORM = {"reason": "公布放假安排", "calendar_document": "某发1号"}
CLOCK = FixedClock(dt.datetime(2011, 9, 1, 9, tzinfo=ZONE))


def timed() -> Machine:
    """An enquiry to be answered within working days, that may be suspended, and given a day by a document."""
    day = {"name": "due", "label": label("期限"), "type": "date"}

    def step(trigger: str, source: str, target: str, **more: object) -> dict[str, object]:
        named = {"trigger": trigger, "source": [source], "target": target, "label": label(trigger)}
        return {**named, "cites": ["某规定"], **more}

    raw = {
        "id": "enquiry",
        "version": "1",
        "label": label("函询"),
        "source": "某规定",
        "initial": "asked",
        "terms": {"unit_liaison": label("联络")},
        "opening": {"label": label("建立"), "cites": ["某规定"]},
        "state": [
            {
                "id": "asked",
                "label": label("待答复"),
                "owner": "unit_liaison",
                "limit": "letter_inquiry.reply",
                "due": "due",
            },
            {"id": "waiting", "label": label("中止"), "owner": "unit_liaison"},
            {"id": "answered", "label": label("已答复"), "end": "done"},
            {"id": "dropped", "label": label("撤回"), "end": "void"},
        ],
        "transition": [
            step("answer", "asked", "answered"),
            step("drop", "asked", "dropped"),
            step("suspend", "asked", "waiting"),
            step("resume", "waiting", "asked"),
            step("extend", "asked", "asked", field=[day], keep=["due"], restarts=True),
        ],
    }
    return machine_from(raw, LIBRARY, where="enquiry")


@pytest.fixture
def override(tmp_path: Path) -> ChinaCalendar:
    """A year decreed with three more days of rest in September."""
    path = tmp_path / "2011.toml"
    days = "2011-09-12, 2011-10-03, 2011-10-04, 2011-10-05, 2011-10-06, 2011-10-07, 2011-09-05, 2011-09-06, 2011-09-07"
    work = "2011-10-08, 2011-10-09"
    path.write_text(f'[[year]]\nyear = 2011\ndocument = "某发1号"\nrest = [{days}]\nwork = [{work}]\n')
    return ChinaCalendar(path)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a store is opened."""
    if request.param != "postgres":
        yield "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'a.db'}"
        return
    with postgres_schema() as found:
        yield found


def opened(store: Store, calendar: ChinaCalendar | None, actor: Actor = DESK) -> Flow:
    """A flow on *store* with another calendar."""
    found = Definitions.load(machines=[timed()], rulebook=Rulebook.load("national-2025"), calendar=calendar)
    return Flow(store, found, actor=actor, clock=CLOCK)


def recompute(flow: Flow) -> Recomputed:
    """Have all deadlines reckoned anew."""
    return flow.recompute(reason="公布放假安排", document="某发1号")


class TestRecompute:
    """One round after the calendar changed."""

    def test_the_day_moves_with_its_reason(self, url: str, override: ChinaCalendar) -> None:
        """In the chain of the instance: both days, both calendars, reason, document; once; log and tables agree."""
        store = open_store(url)
        one = opened(store, ChinaCalendar()).start("enquiry")
        before = store.running(one.stream)
        assert before is not None
        assert str(before.due) == "2011-09-23"
        flow = opened(store, override)
        found = recompute(flow)
        assert [(str(each.deadline.due), str(each.due)) for each in found.shifts] == [("2011-09-23", "2011-09-28")]
        assert [each.allowed for each in found.taken] == [True]
        event = flow.events(one)[-1]
        assert (event["kind"], event["trigger"], event["payload"]) == ("recomputed", "recompute_deadline", FORM)
        assert (event["source"], event["target"], event["version"]) == ("asked", "asked", 2)
        assert event["deadline"] == {
            "limit": "letter_inquiry.reply",
            "started": "2011-09-01",
            "due": "2011-09-28",
            "calendar": override.version,
            "was": {"due": "2011-09-23", "calendar": ChinaCalendar().version},
        }
        assert store.running(one.stream) == attrs.evolve(before, due=dt.date(2011, 9, 28), calendar=override.version)
        again = recompute(flow)
        assert (again.taken, again.shifts, again.unchanged) == ((), (), 0)
        assert verify_store(store).sound
        store.close()

    def test_the_log_replays(self, override: ChinaCalendar) -> None:
        """By the calendars of then every answer comes out again; by today's alone there is nothing to reckon anew."""
        store = MemoryStore()
        opened(store, ChinaCalendar()).start("enquiry")
        flow = opened(store, override)
        recompute(flow)
        earlier = {each.version: each for each in (ChinaCalendar(), override)}
        told = list(replay(store, flow.definitions, calendars=earlier))
        assert [(each.recorded.trigger, each.agrees) for each in told] == [("open", True), ("recompute_deadline", True)]
        alone = list(replay(store, flow.definitions))[1].again
        assert alone is not None
        assert [each.reason.id for each in alone.refusals] == ["deadline.same_calendar"]

    def test_who_may_not_is_refused(self, override: ChinaCalendar) -> None:
        """With the reason and who could; the day stays, and the refusal is recorded."""
        store = MemoryStore()
        one = opened(store, ChinaCalendar()).start("enquiry")
        flow = opened(store, override, STRANGER)
        (refusal,) = recompute(flow).taken
        assert [each.guard for each in refusal.refusals] == ["actor_holds_role"]
        assert refusal.who_could
        assert "期限重算" in refusal.explain()
        assert flow.events(one)[-1]["kind"] == "refused"
        assert [str(each.due) for each in flow.deadlines()] == ["2011-09-23"]
        assert verify_store(store).sound

    def test_a_day_named_by_a_document_stays(self, override: ChinaCalendar) -> None:
        """An extension to a day is not reckoned anew; asking for it is refused with the reason."""
        store = MemoryStore()
        first = opened(store, ChinaCalendar())
        one = first.start("enquiry")
        first.do(one, "extend", {"due": dt.date(2011, 10, 10)})
        flow = opened(store, override)
        assert recompute(flow).shifts == ()
        refusal = flow.do(one, "recompute_deadline", FORM)
        assert [each.reason.id for each in refusal.refusals] == ["deadline.named_by_document"]

    def test_a_suspended_limit_does_not_run(self, override: ChinaCalendar) -> None:
        """Nothing to reckon while it waits; it starts by the new calendar when it is resumed."""
        store = MemoryStore()
        first = opened(store, ChinaCalendar())
        one = first.start("enquiry")
        first.do(one, "suspend")
        flow = opened(store, override)
        assert recompute(flow).shifts == ()
        flow.do(one, "resume")
        assert [str(each.due) for each in flow.deadlines()] == ["2011-09-28"]
        assert recompute(flow).shifts == ()

    def test_what_needs_no_working_days_is_left_alone(self, override: ChinaCalendar) -> None:
        """Its day is the same by any calendar."""
        store = MemoryStore()
        clue = {"channel": "email", "content": "窗口无人", "anonymous": True}
        first = opened(store, ChinaCalendar())
        one = first.start("complaint", clue)
        assert store.running(one.stream) is not None
        found = recompute(opened(store, override))
        assert (found.shifts, found.unchanged) == ((), 1)

    def test_beyond_the_data_it_is_unsettled(self, override: ChinaCalendar) -> None:
        """What cannot be reckoned keeps its day and is told."""

        class Short(ChinaCalendar):
            version = "short"

            def is_working_day(self, day: dt.date) -> bool:
                return override.is_working_day(dt.date(1999, 1, 1))

        store = MemoryStore()
        opened(store, ChinaCalendar()).start("enquiry")
        found = recompute(opened(store, Short()))
        assert found.shifts == ()
        assert [(row.limit, "1999" in why) for row, why in found.unsettled] == [("letter_inquiry.reply", True)]

    def test_misuse(self) -> None:
        """No calendar, no form, a machine without deadlines, nothing that runs."""
        store = MemoryStore()
        one = opened(store, ChinaCalendar()).start("enquiry")
        with pytest.raises(MisuseError, match="calendar="):
            recompute(opened(store, None))
        flow = opened(store, ChinaCalendar())
        with pytest.raises(PayloadError, match="reason"):
            flow.do(one, "recompute_deadline", {})
        lacking = flow.do(one, "recompute_deadline", {"reason": "公布放假安排"})
        assert "materials_are_present" in {each.guard for each in lacking.refusals}
        unknown = opened(store, None).explain(one, "recompute_deadline", FORM)
        assert [each.outcome for each in unknown.refusals] == [Outcome.UNKNOWN]
        flow.do(one, "suspend")
        waiting = flow.do(one, "recompute_deadline", FORM)
        assert [each.reason.id for each in waiting.refusals] == ["step.not_from_here"]
        assert waiting.label.zh == "期限重算"
        campaign = flow.start("look_back", {"unit": "bridge_bureau", "items": ["一"]})
        with pytest.raises(UnknownNameError, match="recompute_deadline"):
            flow.do(campaign, "recompute_deadline", FORM)


def test_a_hosts_own_acts(tmp_path: Path) -> None:
    """A host names another role; a guard that is not registered is a fault of the file."""
    data = Source.shipped("standing", "deadlines").data
    path = tmp_path / "acts.toml"
    path.write_bytes(data.replace(b"leading_group_office", b"unit_liaison"))
    assert Definitions.load(standing=path).standing[0].guards[0].params == {"role": "unit_liaison"}
    wrong = Source(name="acts.toml", data=data.replace(b"actor_holds_role", b"no_such_guard"))
    with pytest.raises(DefinitionError, match=r"act\[0\]\.guards\[0\]"):
        read_acts(wrong, LIBRARY)
