"""
What every store must prove (存储契约测试). A host that writes its own store subclasses `StoreContract` in its tests.

    class TestMyStore(StoreContract):
        def make(self, tenant="default"):
            return MyStore(..., tenant)

`make` opens the same data each time it is called within one test: two stores of one test see each other's writes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.canonical import digest
from zhiwen_flow.changes import REFUSALS_KEPT
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import (
    BusinessIdError,
    ClockError,
    CorruptStoreError,
    KeyReuseError,
    PayloadError,
    UnknownNameError,
)
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import ZONE, Actor, Command, Deadline, Decision
from zhiwen_flow.overdue import key_of
from zhiwen_flow.stores.protocol import Kept, Logged, Store, Wanted
from zhiwen_flow.terms import EventKind
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.interleaving import run_interleaved, stepwise

NOW = dt.datetime(2011, 9, 1, 9, tzinfo=ZONE)
CLERK = Actor(id="p-1", post="clerk")
STRANGER = Actor(id="p-9", post="nowhere")
INTERLEAVINGS = 1000


class StoreContract:
    """The suite; give `make`."""

    def make(self, tenant: str = "default") -> Store:
        """Open a store of *tenant* on the data of this test."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FixedClock:
        """Give a clock that stands."""
        return FixedClock(NOW)

    @pytest.fixture
    def flow(self, clock: FixedClock) -> Iterator[Flow]:
        """Give a flow on a fresh store."""
        with self.flow_on(self.make(), clock) as flow:
            yield flow

    def flow_on(self, store: Store, clock: FixedClock) -> Flow:
        """Give a flow on *store*."""
        return Flow(store, Definitions.load(machines=desk_machines()), actor=CLERK, clock=clock)

    # --- races ---

    def test_never_closed_with_an_obligation_open(self, clock: FixedClock, request: Any) -> None:
        """However "close" and "promise" or "open a slip" interleave, nothing is owed where the desk is closed."""
        total = request.config.getoption("--interleavings", default=INTERLEAVINGS)
        outcomes = set()
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            for seed in range(total):
                desk = one.start("desk", {"subject": str(seed)}).stream
                rival = _rival(seed, desk)
                closing = Command(stream=desk, trigger="close", actor=CLERK)
                refused = Command(stream=desk, trigger="seize", actor=STRANGER)
                tasks = (
                    stepwise(one, clock, closing),
                    stepwise(two, clock, rival),
                    stepwise(two, clock, refused, tries=1),
                )
                ended = run_interleaved(tasks, seed)
                assert all(isinstance(each, Decision) for each in ended), f"seed {seed}: {ended}"
                found = one.store.load(desk)
                assert found.instance is not None
                closed = found.instance.state == "closed"
                assert not (closed and (found.obligations or found.children)), f"seed {seed}"
                outcomes.add(closed)
            assert verify_store(one.store).sound
        assert outcomes == {True, False}

    def test_a_strangers_refusals_never_make_honest_work_fail(self, clock: FixedClock) -> None:
        """Between the load and the append of the right command, others are refused again and again."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            desk = one.start("desk").stream
            task = stepwise(one, clock, Command(stream=desk, trigger="note", actor=CLERK), tries=1)
            for _ in range(2):
                next(task)
                for number in range(2 * REFUSALS_KEPT):
                    stranger = Actor(id=f"p-{number % 3}", post="nowhere")
                    assert not two.do(desk, "seize", actor=stranger).allowed
            with pytest.raises(StopIteration) as stop:
                next(task)
            assert stop.value.value is not None
            assert stop.value.value.allowed
            assert verify_store(one.store).sound

    def test_one_winner_a_version(self, clock: FixedClock) -> None:
        """Of commands decided on the same version one is written; the others decide again."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            for seed in range(50):
                desk = one.start("desk").stream
                end = [Command(stream=desk, trigger=each, actor=CLERK) for each in ("close", "withdraw")]
                ended = run_interleaved([stepwise(one, clock, end[0]), stepwise(two, clock, end[1])], seed)
                assert [each.allowed for each in ended if isinstance(each, Decision)].count(True) == 1

    # --- appending ---

    def test_what_is_written_is_read(self, flow: Flow) -> None:
        """State, facts, counters, obligations and chain follow a command."""
        desk = flow.start("desk", {"subject": "甲"})
        slip = flow.start("slip", parent=desk.stream)
        flow.do(desk, "note", {"text": "乙"})
        found = flow.store.load(desk.stream)
        assert found.instance is not None
        assert found.instance.facts == {"subject": "甲", "text": "乙"}
        assert found.instance.version == 2
        assert dict(found.children) == {("slip", "asked"): 1}
        assert [each.kind for each in found.obligations] == ["answer"]
        assert flow.instance(slip).root == desk.stream
        flow.do(slip, "answer")
        assert dict(flow.store.counters(desk.stream)) == {("slip", "answered"): 1}
        assert flow.obligations() == ()
        assert flow.do(desk, "close").allowed
        kinds = [each.kind for each in flow.store.events(stream=desk.stream)]
        assert kinds == ["opened", "obliged", "moved", "discharged", "moved"]
        assert verify_store(flow.store).sound

    def test_a_refusal_moves_nothing(self, flow: Flow) -> None:
        """A refusal raises the position and no version, no link, no fact."""
        desk = flow.start("desk")
        before = flow.store.load(desk.stream)
        assert not flow.do(desk, "seize", actor=STRANGER).allowed
        assert flow.store.load(desk.stream) == before
        last = flow.store.events(stream=desk.stream)[-1]
        assert (last.kind, last.position, last.body["version"]) == (EventKind.REFUSED, 2, 1)

    def test_repeated_refusals_are_folded(self, flow: Flow) -> None:
        """Beyond a limit the refusals of one actor are counted; another actor's are kept; a move starts anew."""
        desk = flow.start("desk")
        for _ in range(4 * REFUSALS_KEPT):
            flow.do(desk, "seize", actor=STRANGER)
        flow.do(desk, "seize", actor=Actor(id="p-8", post="nowhere"))
        kinds = [each.kind for each in flow.store.events(stream=desk.stream, limit=1000)]
        assert kinds.count(EventKind.REFUSED) == REFUSALS_KEPT + 1
        assert kinds.count(EventKind.REFUSED_MANY) == 2
        assert flow.store.folded(desk.stream) == {STRANGER.id: 3 * REFUSALS_KEPT}
        flow.do(desk, "note")
        assert flow.store.folded(desk.stream) == {}
        assert verify_store(flow.store).sound

    def test_a_batch_is_whole_or_not_at_all(self, flow: Flow) -> None:
        """A fault in the middle undoes what came before, keys included."""
        desk = flow.start("desk").stream
        before = flow.store.load(desk), flow.store.events()
        good = Command(stream=desk, trigger="note", actor=CLERK, payload={"text": "x"}, key="k")
        with pytest.raises(PayloadError):
            flow.handle_many([good, Command(stream=desk, trigger="note", actor=CLERK, payload={"nonsense": 1})])
        assert (flow.store.load(desk), flow.store.events()) == before
        assert flow.store.answer("k") is None
        assert [each.allowed for each in flow.handle_many([good, good])] == [True, True]
        assert len(flow.store.events()) == len(before[1]) + 1

    def test_definitions_go_with_a_batch_that_was_undone(self, flow: Flow) -> None:
        """The flow that used them first in it has them kept again."""
        with pytest.raises(PayloadError), flow.store.batch():
            _ = [flow.start("desk", each) for each in ({}, {"nonsense": 1})]
        pin = flow.instance(flow.start("desk").stream).pin
        assert flow.store.definition(pin.machine_hash)
        assert flow.store.definition(pin.rulebook_hash)

    def test_what_a_child_saw_of_its_parent_moves_on_in_a_batch(self, flow: Flow) -> None:
        """What it puts on its parent names the state that the batch itself led to."""
        desk = flow.start("desk").stream
        slip = flow.start("slip", parent=desk).stream
        steps = ((desk, "withdraw"), (slip, "answer"))
        flow.handle_many(Command(stream=stream, trigger=trigger, actor=CLERK) for stream, trigger in steps)
        last = flow.store.events(stream=desk)[-1].body
        assert (last["kind"], last["source"], last["target"]) == ("discharged", "void", "void")

    @pytest.mark.parametrize("part", ["stream", "business_id", "correlation", "key"])
    def test_a_text_that_no_database_keeps(self, flow: Flow, part: str) -> None:
        """It is refused before it comes to the store, in every one alike; what is odd and lawful is kept."""

        def ask(text: str) -> Command:
            asked: dict[str, Any] = {part: text}
            return Command(machine="desk", actor=CLERK, **asked)

        for text in ("a\0b", "\ud800"):
            with pytest.raises(PayloadError, match=f"{part}: holds"):
                flow.handle(ask(text))
        for text in ("'; --", "%s ?", "\U0001f600" * 300, "\x01", "卷 宗"):
            found = flow.handle(ask(text))
            assert flow.do(found, "note").allowed
        assert verify_store(flow.store).sound

    def test_a_clock_set_back_records_nothing(self, flow: Flow, clock: FixedClock) -> None:
        """Neither a move nor a refusal; clocks of two machines may differ a little; set right, the same key works."""
        desk = flow.start("desk").stream
        for by in (30, -20):
            clock.set(NOW + dt.timedelta(seconds=by))
            assert flow.do(desk, "note").allowed
        clock.set(NOW - dt.timedelta(minutes=10))
        before = flow.store.load(desk), flow.store.events()
        for trigger, actor in (("note", CLERK), ("seize", STRANGER)):
            with pytest.raises(ClockError, match="set the clock right"):
                flow.do(desk, trigger, actor=actor, key=trigger)
            with pytest.raises(ClockError):
                flow.handle_many([Command(stream=desk, trigger=trigger, actor=actor, key=trigger)])
        assert (flow.store.load(desk), flow.store.events()) == before
        clock.set(NOW + dt.timedelta(seconds=31))
        assert flow.do(desk, "note", key="note").allowed
        assert not flow.do(desk, "seize", actor=STRANGER, key="seize").replayed
        assert verify_store(flow.store).sound

    # --- keys ---

    def test_a_key_gives_the_stored_answer(self, flow: Flow) -> None:
        """The same request with the same key is not done twice, refused or not."""
        desk = flow.start("desk", key="a")
        again = flow.start("desk", key="a")
        assert (again.stream, again.event, again.replayed) == (desk.stream, desk.event, True)
        for _ in range(REFUSALS_KEPT + 1):
            flow.do(desk, "seize", actor=STRANGER)
        folded = flow.do(desk, "seize", actor=STRANGER, key="b")
        assert flow.do(desk, "seize", actor=STRANGER, key="b").explain() == folded.explain()
        hashes = [digest(each) for each in (b"a", b"b", b"c")]
        assert sorted(flow.store.spent(hashes)) == sorted(hashes[:2])

    def test_a_key_is_spent_on_one_request(self, flow: Flow) -> None:
        """Another request with a spent key is misuse."""
        desk = flow.start("desk", key="a")
        with pytest.raises(KeyReuseError):
            flow.do(desk, "note", key="a")

    def test_a_key_is_checked_inside_the_append(self, clock: FixedClock) -> None:
        """Two copies of one request that both found the key free are done once."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            desk = one.start("desk").stream
            note = Command(stream=desk, trigger="note", actor=CLERK, key="k")
            for seed in range(20):
                run_interleaved([stepwise(one, clock, note), stepwise(two, clock, note)], seed)
            assert [each.kind for each in one.store.events()] == ["opened", "moved"]

    # --- the host's own ids ---

    def test_a_business_id_names_one_instance(self, flow: Flow) -> None:
        """It is found again, given once for a machine, and stands in every event."""
        desk = flow.start("desk", business_id="OA-17", key="k")
        flow.do(desk, "note")
        found = flow.find("desk", "OA-17")
        assert found is not None
        assert (found.id, found.business_id) == (desk.stream, "OA-17")
        assert flow.find("desk", "OA-18") is flow.find("slip", "OA-17") is None
        assert {each.body["business_id"] for each in flow.store.events(stream=desk.stream)} == {"OA-17"}
        with pytest.raises(BusinessIdError, match=desk.stream):
            flow.start("desk", business_id="OA-17")
        with pytest.raises(BusinessIdError):
            flow.handle_many([Command(machine="desk", business_id="OA-19", actor=CLERK)] * 2)
        assert flow.find("desk", "OA-19") is None
        assert flow.start("desk", business_id="OA-17", key="k").replayed
        slip = flow.start("slip", parent=desk.stream, business_id="OA-17")
        assert flow.instance(slip).business_id == "OA-17"
        assert verify_store(flow.store).sound

    def test_two_that_race_for_a_business_id(self, clock: FixedClock) -> None:
        """One opens the instance, the other is told which one it is."""
        with self.flow_on(self.make(), clock) as one, self.flow_on(self.make(), clock) as two:
            for seed in range(20):
                name = f"OA-{seed}"
                asked = [
                    Command(machine="desk", stream=f"{each}-{seed}", business_id=name, actor=CLERK) for each in "ab"
                ]
                ended = run_interleaved([stepwise(one, clock, asked[0]), stepwise(two, clock, asked[1])], seed)
                kinds = sorted(type(each).__name__ for each in ended)
                assert kinds == ["BusinessIdError", "Decision"], f"seed {seed}: {ended}"

    # --- verification ---

    def test_heads_of_every_moment(self, flow: Flow) -> None:
        """Heads up to a position are those that the log had when it ended there; so are the totals."""
        desk = flow.start("desk", {"who": "某人"}, key="a")
        slip = flow.start("slip", parent=desk.stream, key="b")
        flow.do(slip, "answer")
        flow.start("desk")
        flow.do(desk, "seize", actor=STRANGER)
        store, heads = flow.store, dict[str, tuple[int, str]]()
        events = store.events()
        for number, event in enumerate(events, start=1):
            heads[event.stream] = event.position, event.hash
            found = {each.stream: (each.position, each.hash) for each in store.heads(upto=event.seq)}
            assert found == heads
            assert store.totals(upto=event.seq).events == number
        assert store.settled() == events[-1].seq
        assert (store.totals().events, store.totals().keys) == (len(events), 2)
        assert [each.stream for each in store.heads()] == sorted(heads)

    def test_everything_is_read_once_stream_by_stream(self, flow: Flow) -> None:
        """Whatever the size of a page: every event in the order of (stream, position), every stream beside it."""
        for _ in range(3):
            desk = flow.start("desk", {"who": "某人"})
            flow.start("slip", parent=desk.stream)
            flow.do(desk, "promise")
        store = flow.store
        events = {each.id: each for each in store.events()}
        with store.snapshot():
            for limit in (1, 2, 5, 100):
                log: list[Logged] = []
                after = ("", 0)
                while page := store.log(after=after, limit=limit):
                    log += page
                    after = page[-1].stream, page[-1].position
                assert [(each.stream, each.position) for each in log] == sorted((e.stream, e.position) for e in log)
                assert {each.id: (each.seq, each.hash, each.raw) for each in log} == {
                    id: (each.seq, each.hash, each.raw) for id, each in events.items()
                }
                kept: list[Kept] = []
                last = ""
                while rows := store.kept(after=last, limit=limit):
                    kept += rows
                    last = rows[-1].head.stream
                assert [each.head for each in kept] == list(store.heads())
                assert all(each.instance == store.load(each.head.stream).instance for each in kept)
                owed = sorted(kind for each in kept for kind in each.owed.values())
                assert owed == ["answer"] * 3 + ["reply"] * 3
                assert sum(len(each.sealed) for each in kept) == 3
            assert list(store.strays()) == []
            assert list(store.archived()) == []

    # --- sealed values ---

    def test_sealed_values_lie_apart_and_are_erased_for_good(self, flow: Flow) -> None:
        """The log holds a commitment; guards read the value; after the erasure the chain still verifies."""
        identity = "投诉人甲乙丙"
        desk = flow.start("desk", {"who": identity})
        flow.do(desk, "note", {"who": identity + "二"})
        assert flow.store.load(desk.stream).opened == {"who": identity + "二"}
        assert all(identity not in str(each.body) for each in flow.store.events())
        unsealed = flow.events(desk, viewer=Viewer(unseals=frozenset({"who"})))
        assert unsealed[0]["payload"]["who"] == identity
        for each in reversed(flow.store.events()):
            assert flow.store.erase(event=each.id, name="who")
            assert not flow.store.erase(event=each.id, name="who")
            # The earlier value must not come back where the latest is gone.
            assert flow.store.load(desk.stream).opened == {}
        assert verify_store(flow.store).sound

    # --- tenants, pages, definitions ---

    def test_tenants_never_meet(self, clock: FixedClock) -> None:
        """Nothing of one tenant is read, changed or spent by another."""
        with self.flow_on(self.make("north"), clock) as north, self.flow_on(self.make("south"), clock) as south:
            desk = north.start("desk", {"who": "x"}, key="k")
            event = north.store.events()[0]
            assert not south.start("desk", key="k").replayed
            with pytest.raises(UnknownNameError):
                south.do(desk, "note")
            with pytest.raises(UnknownNameError):
                south.start("slip", parent=desk.stream)
            with pytest.raises(UnknownNameError):
                south.store.event(event.id)
            assert not south.store.erase(event=event.id, name="who")
            assert len(south.store.events()) == len(tuple(south.store.heads())) == len(south.instances()) == 1
            assert verify_store(north.store).sound
            assert verify_store(south.store).sound

    def test_pages(self, flow: Flow) -> None:
        """Pages join without gap or repetition."""
        desks = sorted(flow.start("desk").stream for _ in range(7))
        for desk in desks:
            flow.do(desk, "promise")
        assert [each.id for each in flow.instances(limit=3)] == desks[:3]
        assert [each.id for each in flow.instances(after=desks[2], limit=9)] == desks[3:]
        assert flow.instances(machine="slip") == flow.instances(state="closed") == flow.instances(parent="x") == ()
        first = flow.store.events(limit=5)
        rest = flow.store.events(after=first[-1].seq, limit=100)
        assert [*first, *rest] == list(flow.store.events(limit=100))
        owed = flow.obligations(limit=4)
        assert [*owed, *flow.obligations(after=owed[-1].id)] == list(flow.obligations())
        assert flow.store.last_move(desks[0]) == flow.store.events(stream=desks[0])[-1]

    def test_deadlines_by_page(self, flow: Flow) -> None:
        """The earliest first, those of one day by id, undated ones not among what is due."""
        desk, days = flow.start("desk").stream, [3, 1, 2, 1, 3, 2, 9]
        for day in days:
            flow.start("slip", {"due": dt.date(2011, 9, day)}, parent=desk)
        flow.start("slip", parent=desk)
        whole = flow.deadlines()
        assert [each.due.day for each in whole if each.due] == sorted(days)
        assert list(whole) == sorted(whole, key=lambda each: (each.due, each.stream))
        for due_by, count in ((None, 7), (dt.date(2011, 9, 3), 6)):
            pages: list[Deadline] = []
            after = None
            while page := flow.deadlines(due_by=due_by, after=after, limit=2):
                after = page[-1]
                pages += page
            assert pages == list(whole[:count])

    def test_a_round_does_what_is_due_once(self, flow: Flow, clock: FixedClock) -> None:
        """By pages; what was done between the page and its row is in nobody's list, and neither done twice."""
        desk = flow.start("desk").stream
        slips = [flow.start("slip", {"due": NOW.date()}, parent=desk).stream for _ in range(5)]
        clock.advance(dt.timedelta(days=1))
        with self.flow_on(self.make(), clock) as other:
            pages = flow.ticks(limit=2)
            first = next(pages)
            assert len(other.tick(actor=Actor(id="p-2", post="clerk")).taken) == 3
            rest = list(pages)
        assert [each.stream for each in first.taken] == sorted(slips)[:2]
        assert not any(each.taken or each.waiting or each.failed for each in rest)
        assert dict(flow.store.counters(desk)) == {("slip", "void"): 5}
        assert not flow.obligations()
        assert not flow.deadlines()
        assert verify_store(flow.store).sound

    @pytest.mark.parametrize("refused", [True, False])
    def test_a_round_whose_key_was_spent(self, flow: Flow, clock: FixedClock, *, refused: bool) -> None:
        """On a refusal, or on something else: the step is taken all the same, and once."""
        desk = flow.start("desk").stream
        slip = flow.start("slip", {"due": NOW.date()}, parent=desk).stream
        row = flow.store.running(slip)
        assert row is not None
        spent = flow.do(desk, "seize" if refused else "note", key=key_of(row))
        assert spent.allowed is not refused
        clock.advance(dt.timedelta(days=1))
        assert [each.stream for each in flow.tick().taken] == [slip]
        assert not flow.tick().taken
        assert verify_store(flow.store).sound

    def test_histories(self, flow: Flow, clock: FixedClock) -> None:
        """Each condition narrows, conditions join, and pages of what is wanted join too."""
        desk = flow.start("desk", correlation="c-1").stream
        slip = flow.start("slip", parent=desk)
        flow.do(desk, "seize", actor=STRANGER)
        clock.advance(dt.timedelta(days=1))
        flow.do(slip, "answer", correlation="c-1")
        flow.do(desk, "note")

        def told(stream: str | None = None, **wanted: Any) -> list[tuple[str, str]]:
            found = flow.store.events(stream=stream, wanted=Wanted(**wanted))
            return [(each.body["machine"]["id"], each.body["trigger"]) for each in found]

        assert told(machine="slip") == [("slip", "open"), ("slip", "answer")]
        assert told(machine="slip", trigger="answer") == [("slip", "answer")]
        assert told(kind="refused") == told(post="nowhere") == [("desk", "seize")]
        assert told(correlation="c-1", stream=desk) == [("desk", "open"), ("desk", "answer")]
        assert told(since=NOW.date(), until=NOW.date(), stream=desk, kind="moved") == []
        assert told(since=NOW.date() + dt.timedelta(days=1), kind="moved") == [("slip", "answer"), ("desk", "note")]
        assert told(until=NOW.date() - dt.timedelta(days=1)) == told(organ="none") == []
        first = flow.store.events(wanted=Wanted(kind="moved"), limit=1)
        rest = flow.store.events(wanted=Wanted(kind="moved"), after=first[-1].seq)
        assert [each.body["trigger"] for each in (*first, *rest)] == ["answer", "note"]

    def test_definitions_are_kept_by_hash(self, flow: Flow) -> None:
        """The bytes come back; one version never means two contents."""
        flow.store.define(kind="plan", id="p", version="1", hash="h1", content=b"one")
        flow.store.define(kind="plan", id="p", version="1", hash="h1", content=b"one")
        assert flow.store.definition("h1") == b"one"
        with pytest.raises(CorruptStoreError, match="new version"):
            flow.store.define(kind="plan", id="p", version="1", hash="h2", content=b"two")
        with pytest.raises(UnknownNameError):
            flow.store.definition("h2")


def _rival(seed: int, desk: str) -> Command:
    if seed % 2:
        return Command(stream=desk, trigger="promise", actor=CLERK)
    return Command(stream=f"{desk}s", machine="slip", parent=desk, actor=CLERK)
