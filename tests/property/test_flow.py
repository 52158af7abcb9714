"""What holds for every walk through every shipped machine, whoever asks for whatever."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.making import DEFINITIONS, MACHINES, RULES, actors, payloads
from zhiwen_flow.answers import decision_of
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.deciding import Bench, judge
from zhiwen_flow.errors import PayloadError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import registry_reasons
from zhiwen_flow.machine.definition import End, Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE, Actor, Command, Decision, Surroundings
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.protocol import shown
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.replay import replay

NOW = dt.datetime(2011, 9, 6, 9, tzinfo=ZONE)
POSTS = (
    "transport_leading_group_office.clerk",
    "bridge_bureau.officer",
    "bridge_personnel.officer",
    "bridge_bureau.director",
    "transport_party_group.officer",
    "transport_personnel.officer",
)
RIGHT = tuple(Actor(id=f"q-{number}", post=post) for number, post in enumerate(POSTS))
WALKS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Walk:
    """A flow in memory that is driven by whatever is drawn."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.clock = FixedClock(NOW)
        self.flow = Flow(MemoryStore(clock=self.clock), DEFINITIONS, actor=None, clock=self.clock)
        self.streams: list[str] = []

    def command(self) -> Command:
        """Draw the next command: opening something, or a step of something that is open; mostly by who may."""
        command = self._opening() if not self.streams or self.data.draw(st.integers(0, 9)) == 0 else self._step()
        if self.data.draw(st.integers(0, 9)) == 0:
            return attrs.evolve(command, actor=self.data.draw(actors))
        asked = (attrs.evolve(command, actor=each) for each in RIGHT)
        return next((each for each in asked if self.explained(each).allowed), command)

    def _opening(self) -> Command:
        id = self.data.draw(st.sampled_from(MACHINES))
        payload = self.data.draw(payloads(DEFINITIONS.machine(id).opening))
        parent = self.data.draw(st.sampled_from([None, *self.streams]))
        stream = f"s{len(self.flow.store.events(limit=1000))}"
        return Command(stream=stream, machine=id, payload=payload, actor=RIGHT[0], parent=parent)

    def _step(self) -> Command:
        stream = self.data.draw(st.sampled_from(self.streams))
        instance = self.flow.instance(stream)
        machine = self.flow.machine_of(instance.pin)
        here = [each for each in machine.from_state(instance.state) if each.trigger not in ("void", "withdraw")]
        anywhere = not here or self.data.draw(st.integers(0, 9)) == 0
        steps = list(machine.transitions) if anywhere else here
        step = self.data.draw(st.sampled_from(steps))
        found = machine.find(instance.state, step.trigger) or step
        payload = self.data.draw(payloads(found))
        return Command(stream=stream, trigger=step.trigger, payload=payload, actor=RIGHT[0])

    def note(self) -> None:
        """Take note of what was opened along the way."""
        self.streams = [each.id for each in self.flow.instances(limit=1000)]

    def explained(self, command: Command) -> Decision:
        """Ask what would be answered."""
        named = attrs.asdict(command, recurse=False)
        stream, trigger, payload = named.pop("stream"), named.pop("trigger"), named.pop("payload")
        return self.flow.explain(stream, trigger, payload, **named)


def essence(decision: Decision) -> Any:
    """Give all of a decision but the id of its event."""
    return attrs.evolve(decision, event=None, replayed=False)


@pytest.mark.requirement("M03", "G35")
class TestWalks:
    """Random walks."""

    @WALKS
    @given(data=st.data())
    def test_explain_handle_and_replay_agree_and_the_tables_are_the_fold(self, data: st.DataObject) -> None:
        """One Surroundings, one answer; a refusal moves nothing; the log adds up to the tables."""
        walk = Walk(data)
        for _ in range(data.draw(st.integers(8, 20))):
            command = walk.command()
            try:
                told = walk.explained(command)
            except PayloadError:
                with pytest.raises(PayloadError):
                    walk.flow.handle(command)
                continue
            before = None if command.machine else walk.flow.store.load(command.stream or "")
            events = len(walk.flow.store.events(limit=1000))
            done = walk.flow.handle(command)
            event(f"{'allowed' if done.allowed else 'refused'}: {done.trigger}")
            assert essence(done) == essence(told)
            if not done.allowed:
                assert done.refusals
                assert done.target == done.source
                if before is not None:
                    assert walk.flow.store.load(command.stream or "") == before
                assert len(walk.flow.store.events(limit=1000)) <= events + 1
            walk.note()
        report = verify_store(walk.flow.store)
        assert report.sound, report.flaw
        for each in replay(walk.flow.store, DEFINITIONS):
            assert each.agrees, each
        _order_holds(walk.flow)

    @WALKS
    @given(data=st.data())
    def test_a_stored_answer_comes_back_word_for_word(self, data: st.DataObject) -> None:
        """Decision → event → decision loses nothing that an official reads."""
        walk = Walk(data)
        command = attrs.evolve(walk.command(), key="k")
        done = walk.flow.handle(command)
        again = walk.flow.handle(command)
        assert again.replayed
        assert (again.explain("zh"), again.explain("en")) == (done.explain("zh"), done.explain("en"))
        assert [each.as_dict() for each in again.verdicts] == json.loads(
            json.dumps([each.as_dict() for each in done.verdicts])
        )
        kept = walk.flow.store.event(done.event or "")
        machine = DEFINITIONS.machine(kept.body["machine"]["id"])
        reasons = registry_reasons(DEFINITIONS.registry)
        read = decision_of(kept.raw, shown(walk.flow.store.sealed(kept.id)), machine, reasons)
        assert read == again

    @WALKS
    @given(data=st.data())
    def test_one_more_guard_never_allows_more(self, data: st.DataObject) -> None:
        """Under the same surroundings a machine with another guard allows only what the machine allowed."""
        walk = Walk(data)
        for _ in range(data.draw(st.integers(1, 6))):
            command = walk.command()
            extra = data.draw(st.sampled_from(_EXTRA))
            machine = _current(walk, command)
            tighter = _tightened(machine, command.trigger, extra)
            surroundings = (
                walk.flow.store.load(command.stream or "") if not command.machine else _opening(walk, command)
            )
            at = walk.clock.now()
            plain = judge(walk.flow.current(machine.id), surroundings, command, at=at, definitions=walk.flow).decision
            bench = Bench(tighter, RULES, DEFINITIONS.registry)
            tight = judge(bench, surroundings, command, at=at, definitions=walk.flow).decision
            assert plain.allowed or not tight.allowed
            if extra is _NEVER:
                assert not tight.allowed
            walk.flow.handle(command)
            walk.note()


def _order_holds(flow: Flow) -> None:
    """Nothing ends owing; nobody unheard is proposed for a measure; who only coordinates decides nothing."""
    for each in flow.instances(limit=1000):
        machine = flow.machine_of(each.pin)
        if machine.state(each.state).end is End.DONE:
            assert not flow.obligations(each.id), each
        if machine.id == "measure" and each.parent is not None and flow.instance(each.parent).pin.machine == "case":
            assert {"failure", "statement_record", "exemptions"} <= set(flow.instance(each.parent).facts)
    for told in flow.events(viewer=Viewer(auditor=True), limit=10_000):
        if told["machine"]["id"] == "measure" and told["trigger"] == "decide" and told["kind"] == "moved":
            assert not RULES.directory.is_coordinating(told["actor"]["organ"])


_NEVER: Any = {"use": "actor_holds_role", "role": "no_such_role"}
_EXTRA: tuple[Any, ...] = (
    _NEVER,
    {"use": "actor_holds_role", "role": "leading_group_office"},
    "no_open_obligations",
    "opened_by_parent",
)


def _current(walk: Walk, command: Command) -> Machine:
    if command.machine is not None:
        return DEFINITIONS.machine(command.machine)
    return walk.flow.machine_of(walk.flow.instance(command.stream or "").pin)


def _opening(walk: Walk, command: Command) -> Surroundings:
    parent = walk.flow.instance(command.parent) if command.parent is not None else None
    return Surroundings(instance=None, parent=parent)


def _tightened(machine: Machine, trigger: str, extra: Any) -> Machine:
    raw = json.loads(machine.content)["machine"]
    raw["terms"] = {**raw.get("terms", {}), "no_such_role": {"zh": "无", "en": "none"}}
    raw["terms"].setdefault("leading_group_office", {"zh": "办", "en": "office"})
    rows = [raw["opening"]] if trigger == "open" else [each for each in raw["transition"] if each["trigger"] == trigger]
    for each in rows:
        each["guards"] = [*each.get("guards", []), extra]
    return machine_from(raw, DEFINITIONS.registry, where=machine.id)
