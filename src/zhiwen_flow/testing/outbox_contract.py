"""
What every outbox must prove (待发布事项契约测试). A host that writes its own subclasses `OutboxContract` in its tests.

    class TestMyOutbox(OutboxContract):
        def make(self, tenant="default"):
            return MyStore(..., tenant)
        def outbox(self, tenant="default"):
            return MyOutbox(..., tenant)

Both open the same data each time they are called within one test. Leases last for seconds here: nothing waits long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import MisuseError, SinkError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Command
from zhiwen_flow.relay.envelope import Envelope
from zhiwen_flow.relay.running import Pace, Relay
from zhiwen_flow.relay.sinks import Receipt
from zhiwen_flow.stores.outbox import LANES, Failure, Outbox, Waiting, lane_of
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.store_contract import CLERK, NOW

LEASE = 30.0
SHORT = 0.05
PACE = Pace(batch=64, lanes=LANES, attempts=3, base=0.001)


class Collected:
    """
    A sink that keeps what it is given (测试出口).

    Args:
        poison: Subjects whose events it refuses.
        says: Why.
        takes: How many events it takes before it cannot be reached any more; None for all.
    """

    at_once = 64

    def __init__(self, *, poison: Sequence[str] = (), takes: int | None = None, says: str = "poison") -> None:
        self.events: list[Envelope] = []
        self.poison = set(poison)
        self.takes = takes
        self.says = says

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """See `Sink.publish`."""
        assert len({each.subject for each in events}) == len(events), "one event of an instance at a time"
        for each in events:
            if self.takes is not None and len(self.events) >= self.takes:
                raise SinkError("the test's sink takes no more")
            if each.subject in self.poison:
                yield Receipt(id=each.id, error=self.says)
                continue
            self.events.append(each)
            yield Receipt(id=each.id)

    def ids(self) -> list[str]:
        """Give the ids of what came."""
        return [each.id for each in self.events]

    def close(self) -> None:
        """See `Sink.close`."""


class OutboxContract:
    """The suite; give `make` and `outbox`."""

    def make(self, tenant: str = "default") -> Store:
        """Open a store of *tenant* on the data of this test."""
        raise NotImplementedError

    def outbox(self, tenant: str = "default") -> Outbox:
        """Open an outbox of *tenant* on the data of this test."""
        raise NotImplementedError

    @pytest.fixture
    def flow(self) -> Iterator[Flow]:
        """Give a flow on a fresh store."""
        with self.flow_of("default") as flow:
            yield flow

    def flow_of(self, tenant: str) -> Flow:
        """Give a flow of *tenant*."""
        return Flow(self.make(tenant), Definitions.load(machines=desk_machines()), actor=CLERK, clock=FixedClock(NOW))

    def relay(self, sink: Collected, tenant: str = "default", pace: Pace = PACE) -> Relay:
        """Give a relay on an outbox of its own."""
        return Relay(self.outbox(tenant), sink, pace=pace)

    def desks(self, flow: Flow, count: int, notes: int = 0) -> list[str]:
        """Open desks, and write notes on them in turn."""
        found = [flow.start("desk").stream for _ in range(count)]
        for _ in range(notes):
            for each in found:
                assert flow.do(each, "note").allowed
        return found

    # --- what is published ---

    def test_every_event_is_published_once_and_in_order(self, flow: Flow) -> None:
        """Moves, refusals and what happens to a parent: all of it, in the order of each instance."""
        desks = self.desks(flow, 5, notes=4)
        slip = flow.start("slip", parent=desks[0])
        flow.do(slip, "answer")
        sink = Collected()
        done = self.relay(sink).drain()
        stored = flow.store.events(limit=1000)
        assert sorted(sink.ids()) == sorted(each.id for each in stored)
        assert done.confirmed == len(stored)
        for stream in (*desks, slip.stream):
            told = [each.id for each in sink.events if each.subject == stream]
            assert told == [each.id for each in flow.store.events(stream=stream)]
        assert not self.relay(sink).drain().claimed
        assert sum(each.waiting for each in self.outbox().lag()) == 0

    def test_what_is_rolled_back_is_never_published(self, flow: Flow) -> None:
        """The row of an event stands and falls with the event."""
        desk = flow.start("desk").stream
        note = Command(stream=desk, trigger="note", actor=CLERK)
        with pytest.raises(UnknownNameError):
            flow.handle_many([note, Command(stream="nowhere", trigger="note", actor=CLERK)])
        sink = Collected()
        self.relay(sink).drain()
        assert sink.ids() == [each.id for each in flow.store.events()]

    def test_a_read_is_bounded(self, flow: Flow) -> None:
        """However much waits, no more is read than was asked for; a stream never starts in its middle."""
        self.desks(flow, 20, notes=3)
        outbox = self.outbox()
        lanes = outbox.claim("a", seconds=LEASE)
        rows = outbox.read(lanes, limit=20)
        assert len(lanes) <= len(rows) <= 20
        first = {each.stream: each.event.position for each in reversed(rows)}
        assert set(first.values()) == {1}
        assert outbox.read((), limit=20) == ()

    def test_nothing_waits(self) -> None:
        """An empty outbox says so, lane by lane."""
        lanes = self.outbox().lag()
        assert [each.lane for each in lanes] == list(range(LANES))
        assert not any(each.waiting or each.held or each.dead or each.oldest or each.owner for each in lanes)

    def test_tenants_never_meet(self) -> None:
        """A relay publishes one tenant's events, under the tenant's source."""
        with self.flow_of("north") as north, self.flow_of("south") as south:
            self.desks(north, 2)
            theirs = self.desks(south, 1)
            sink = Collected()
            assert self.relay(sink, "south").drain().confirmed == 1
            assert [(each.subject, each.source) for each in sink.events] == [(theirs[0], "urn:zhiwen-flow:south")]
            assert self.outbox("north").claim("a", seconds=LEASE)

    # --- who works on what ---

    def test_a_lane_is_one_relays_at_a_time(self, flow: Flow) -> None:
        """Claimed lanes are not claimed again, until they are given back."""
        lanes = {lane_of(each) for each in self.desks(flow, 40)}
        one, two = self.outbox(), self.outbox()
        first = one.claim("a", seconds=LEASE, limit=3)
        second = two.claim("b", seconds=LEASE)
        assert len(first) == 3
        assert sorted((*first, *second)) == sorted(lanes)
        assert two.claim("c", seconds=LEASE) == ()
        assert {each.lane for each in one.lag() if each.owner == "a"} == set(first)
        assert one.settle("a", seconds=None) == first
        assert two.claim("c", seconds=LEASE) == first

    def test_a_lease_that_ran_out_is_taken_over(self, flow: Flow) -> None:
        """Who lost its lanes neither deletes nor holds back in them, and is told so."""
        self.desks(flow, 1)
        one, two = self.outbox(), self.outbox()
        lanes = one.claim("a", seconds=SHORT)
        (late,) = one.read(lanes, limit=10)
        time.sleep(2 * SHORT)
        assert two.claim("b", seconds=LEASE) == lanes
        failure = Failure(waiting=late, error="x", delay=LEASE, dead=True)
        assert one.settle("a", confirmed=[late], failed=[failure], seconds=LEASE) == ()
        assert two.read(lanes, limit=10) == (late,)
        assert one.held() == ()
        assert two.settle("b", confirmed=[late], seconds=None) == lanes

    def test_a_lease_is_prolonged(self, flow: Flow) -> None:
        """Settling keeps the lanes for another while."""
        self.desks(flow, 1)
        one, two = self.outbox(), self.outbox()
        lanes = one.claim("a", seconds=SHORT)
        assert one.settle("a", seconds=LEASE) == lanes
        time.sleep(2 * SHORT)
        assert two.claim("b", seconds=LEASE) == ()

    def test_relays_take_turns_without_double_work(self, flow: Flow) -> None:
        """Two healthy relays publish each event once."""
        self.desks(flow, 30, notes=3)
        sink = Collected()
        relays = [self.relay(sink, pace=Pace(batch=16, lanes=2)) for _ in range(2)]
        while sum(each.round().claimed for each in relays):
            pass
        assert sorted(sink.ids()) == sorted(each.id for each in flow.store.events(limit=1000))

    def test_a_sink_that_goes_away_loses_nothing(self, flow: Flow) -> None:
        """What was confirmed is gone, the rest waits, and no event is blamed."""
        self.desks(flow, 4, notes=5)
        total = len(flow.store.events(limit=1000))
        sink = Collected(takes=7)
        done = self.relay(sink).drain()
        assert (done.confirmed, done.unreachable) == (7, "the test's sink takes no more")
        assert sum(each.waiting for each in self.outbox().lag()) == total - 7
        assert self.outbox().held() == ()
        sink.takes = None
        assert self.relay(sink).drain().confirmed == total - 7
        assert len(set(sink.ids())) == total

    # --- what is refused ---

    def test_a_refused_event_holds_its_stream_back_and_no_other(self, flow: Flow) -> None:
        """It is tried again after a pause, and becomes a dead letter; others go on meanwhile."""
        bad, good = self.desks(flow, 2, notes=3)
        sink = Collected(poison=[bad])
        relay = self.relay(sink)
        deadline = time.monotonic() + 10
        while not self.outbox().held(dead=True) and time.monotonic() < deadline:
            relay.drain()
        (held,) = self.outbox().held()
        first = flow.store.events(stream=bad)[0].id
        assert (held.stream, held.event, held.attempts, held.dead, held.error) == (bad, first, 3, True, "poison")
        assert [each.subject for each in sink.events] == [good] * 4
        assert sum(each.dead for each in self.outbox().lag()) == 1
        flow.do(bad, "note")
        assert not relay.drain().claimed

    def test_a_refusal_that_no_database_keeps(self, flow: Flow) -> None:
        """Whatever a receiver says, the others of the batch are settled, and once."""
        bad, good = self.desks(flow, 2)
        sink = Collected(poison=[bad], says="a\0b\ud800")
        done = self.relay(sink).round()
        assert (done.confirmed, done.refused) == (1, 1)
        assert [each.error for each in self.outbox().held()] == ["a?b?"]
        assert [each.subject for each in sink.events] == [good]
        assert sum(each.waiting for each in self.outbox().lag()) == 1

    def test_a_pause_is_kept(self, flow: Flow) -> None:
        """Before its time a held stream is neither claimed nor read."""
        waiting = self._held(flow, delay=LEASE, dead=False)
        outbox = self.outbox()
        assert outbox.claim("b", seconds=LEASE) == ()
        assert outbox.read([waiting.lane], limit=10) == ()
        assert [(each.attempts, each.dead) for each in outbox.held()] == [(1, False)]

    def test_a_held_event_that_comes_through_frees_its_stream(self, flow: Flow) -> None:
        """Its attempts are forgotten with it."""
        self._held(flow, delay=0, dead=False)
        sink = Collected()
        assert self.relay(sink).drain().confirmed == len(flow.store.events())
        assert self.outbox().held() == ()

    def test_a_dead_letter_is_retried(self, flow: Flow) -> None:
        """At once, in its old place, with a new count."""
        waiting = self._held(flow, delay=LEASE, dead=True)
        outbox = self.outbox()
        assert outbox.retry(waiting.event.id) == 1
        with pytest.raises(UnknownNameError):
            outbox.retry(waiting.event.id)
        sink = Collected()
        self.relay(sink).drain()
        assert sink.ids() == [each.id for each in flow.store.events(stream=waiting.stream)]

    def test_all_dead_letters_are_retried(self, flow: Flow) -> None:
        """One call after an outage."""
        self._held(flow, delay=LEASE, dead=True)
        self._held(flow, delay=LEASE, dead=True)
        assert self.outbox().retry() == 2
        assert self.outbox().retry() == 0

    def test_a_dead_letter_is_given_up_with_a_reason(self, flow: Flow) -> None:
        """Its stream goes on behind it, and the reason is kept."""
        waiting = self._held(flow, delay=LEASE, dead=True)
        outbox = self.outbox()
        with pytest.raises(MisuseError, match="reason"):
            outbox.skip(waiting.event.id, reason=" ")
        outbox.skip(waiting.event.id, reason="收件方已停用")
        (kept,) = outbox.skipped()
        assert (kept.event, kept.stream, kept.reason) == (waiting.event.id, waiting.stream, "收件方已停用")
        sink = Collected()
        self.relay(sink).drain()
        assert sink.ids() == [each.id for each in flow.store.events(stream=waiting.stream)][1:]
        with pytest.raises(UnknownNameError):
            outbox.skip(waiting.event.id, reason="x")

    def _held(self, flow: Flow, **failure: Any) -> Waiting:
        """Hold back a new desk of two events."""
        (desk,) = self.desks(flow, 1, notes=1)
        outbox = self.outbox()
        lanes = outbox.claim("h", seconds=LEASE)
        first = next(each for each in outbox.read(lanes, limit=100) if each.stream == desk)
        outbox.settle("h", failed=[Failure(waiting=first, error="poison", **failure)], seconds=None)
        return first
