"""The façade: it loads, decides, appends; the same answer everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.small import amount_is_at_most, label, permit, raises, raw
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.errors import (
    ClosedError,
    KeyReuseError,
    MisuseError,
    PayloadError,
    RefusedError,
    StaleError,
    StoreError,
    UnknownNameError,
)
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor, Command, Decision, Verdict
from zhiwen_flow.reasons import Reason
from zhiwen_flow.stores.protocol import Conflict
from zhiwen_flow.terms import EventKind, Label, Outcome
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import DESK, desk_machines

ACTOR = Actor(id="p-1", post="nowhere.clerk")
REASON = Reason(id="r", text=Label(zh="理由", en="reason"))
NOW = dt.datetime(2011, 9, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture(name="clock")
def _clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(name="flow", params=["memory:", "sqlite"])
def _flow(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Flow]:
    url = request.param if request.param == "memory:" else f"sqlite:///{tmp_path / 'flow.db'}"
    with Flow.open(url, actor=ACTOR, clock=clock, machines=[permit()], guards=[amount_is_at_most, raises]) as flow:
        yield flow


def ask(flow: Flow, **payload: Any) -> Decision:
    """Open a permit."""
    return flow.start("permit", {"amount": 50, "who": "张某", "scratch": "草稿", **payload}).raise_if_refused()


WITH: dict[str, Any] = {"actor": ACTOR, "guards": [amount_is_at_most, raises]}


class TestStartAndDo:
    """Opening and moving instances."""

    def test_the_short_program(self, flow: Flow) -> None:
        """Open, move, read."""
        opened = ask(flow)
        decision = flow.do(opened, "check", {"amount": 60, "note": "齐全"})

        assert decision.allowed
        assert (decision.source, decision.target) == ("asked", "checked")
        assert flow.instance(opened).state == "checked"
        assert flow.instance(opened).version == 2
        assert flow.instance(opened).facts["note"] == "齐全"

    def test_a_refusal_is_a_value_and_is_recorded(self, flow: Flow) -> None:
        """Nothing moves; the log tells who tried."""
        opened = ask(flow)
        decision = flow.do(opened, "check", {"amount": 600})

        assert not decision.allowed
        assert flow.instance(opened).state == "asked"
        assert [each["kind"] for each in flow.events(opened)] == ["opened", "refused"]
        with pytest.raises(RefusedError, match="数额600超过上限100"):
            decision.raise_if_refused()

    def test_a_trigger_from_another_state_is_a_refusal(self, flow: Flow) -> None:
        """It says from where it starts and what is open now."""
        opened = ask(flow)
        decision = flow.do(opened, "grant")

        assert not decision.allowed
        facts = decision.verdicts[0].facts
        assert [each["id"] for each in facts["starts_from"]] == ["checked"]
        assert [each["id"] for each in facts["open_now"]] == ["check", "withdraw"]

    @pytest.mark.parametrize(
        ("error", "call"),
        [
            (UnknownNameError, lambda flow, it: flow.do(it, "fly")),
            (UnknownNameError, lambda flow, it: flow.do("nobody", "check")),
            (UnknownNameError, lambda flow, it: flow.start("nothing")),
            (UnknownNameError, lambda flow, it: flow.start("permit", parent="nobody")),
            (PayloadError, lambda flow, it: flow.do(it, "check", {"colour": 1})),
            (PayloadError, lambda flow, it: flow.do(it, "check", {"note": "\ud800"})),
            (PayloadError, lambda flow, it: flow.do(it, "check", {"amount": 2**70})),
            (MisuseError, lambda flow, it: flow.handle(Command(actor=ACTOR))),
        ],
    )
    def test_misuse_records_nothing(self, flow: Flow, error: type[Exception], call: Any) -> None:
        """An exception, and the log is as it was."""
        opened = ask(flow)
        before = flow.events()

        with pytest.raises(error):
            call(flow, opened)

        assert flow.events() == before

    def test_nobody_acts(self) -> None:
        """A flow without an actor refuses to act, not to read."""
        with Flow.open(machines=[permit()], guards=[amount_is_at_most, raises]) as flow:
            with pytest.raises(MisuseError, match="nobody acts"):
                flow.start("permit")
            assert flow.start("permit", actor=ACTOR).allowed

    def test_a_body_that_is_too_long(self) -> None:
        """64 KiB is the end; nothing is written."""
        wide: list[dict[str, Any]] = [
            {"name": f"f{n}", "label": label("项"), "type": "text", "longest": 4000} for n in range(6)
        ]
        opening = raw()["opening"]
        with Flow.open(machines=[permit(opening={**opening, "field": [*opening["field"], *wide]})], **WITH) as flow:
            with pytest.raises(PayloadError, match="bytes long"):
                flow.start("permit", {"amount": 1, **{each["name"]: "好" * 4000 for each in wide}})
            assert flow.store.events() == ()


class TestSecrecy:
    """What is sealed or dropped never stands in the log."""

    def test_sealed_and_dropped_fields(self, flow: Flow) -> None:
        """The log holds a commitment; the draft is gone."""
        opened = ask(flow)
        raw = flow.store.events(stream=opened.stream)[0].raw.decode()

        assert "张某" not in raw
        assert "草稿" not in raw
        assert set(flow.store.events()[0].body["payload"]["who"]) == {"sealed"}
        assert "张某" not in repr(flow.instance(opened)) + repr(flow.store.load(opened.stream))

    def test_a_refusal_keeps_plain_fields_only(self, flow: Flow) -> None:
        """Nothing sealed is kept of what was refused."""
        opened = ask(flow)
        flow.do(opened, "check", {"amount": 600, "who": "李某"})

        event = flow.store.events(stream=opened.stream)[1]
        assert event.body["payload"] == {"amount": 600}
        assert flow.store.sealed(event.id) == {}

    @pytest.mark.parametrize("accused", ["bridge_bureau.deputy_director", None])
    def test_who_is_reported_is_not_told_by_a_refusal(self, accused: str | None) -> None:
        """The post reported asks for a step: the log tells nobody whether that is why it was refused."""
        form = {"channel": "email", "content": "x", "anonymous": True} | ({"accused_post": accused} if accused else {})
        with Flow.open(actor=Actor(id="p-102", post="transport_leading_group_office.clerk")) as desk:
            opened = desk.start("complaint", form)
            asker = Actor(id="p-201", post="bridge_bureau.deputy_director")
            asked = desk.do(opened, "classify", {"lead_class": "accusation"}, actor=asker)
            assert ("actor_is_not_concerned" in {each.guard for each in asked.refusals}) is (accused is not None)
            assert desk.events(opened)[-1]["verdicts"] == {"sealed": True}
            assert desk.events(opened)[-1]["payload"] == {"lead_class": "accusation"}
            assert isinstance(desk.events(opened, viewer=Viewer(auditor=True))[-1]["verdicts"], list)

    def test_no_value_shows_what_it_was_asked(self) -> None:
        """A log line of a host, or a traceback with local values, prints them by `repr`."""
        asked = Command(actor=ACTOR, machine="permit", payload={"who": "张某"}, key="张某-1", reason="张某")
        told = Verdict(guard="g", outcome=Outcome.FAIL, reason=REASON, facts={"person": "张某"})
        assert "张某" not in repr([asked, told])

    def test_the_public_sees_that_something_is_sealed(self, flow: Flow) -> None:
        """`events` reads through `view`."""
        opened = ask(flow)
        assert "张某" not in str(flow.events(opened))
        assert "张某" not in str(flow.events(opened, viewer=Viewer()))


class TestKeys:
    """The same key and content give the stored answer again."""

    def test_moves_and_refusals_are_answered_again(self, flow: Flow, clock: FixedClock) -> None:
        """The clock is not part of the content."""
        opened = flow.start("permit", {"amount": 50}, key="k1")
        refused = flow.do(opened, "check", {"amount": 600}, key="k2")
        moved = flow.do(opened, "check", {"amount": 6}, key="k3")
        clock.advance(dt.timedelta(days=3))

        for again, first in (
            (flow.start("permit", {"amount": 50}, key="k1"), opened),
            (flow.do(opened, "check", {"amount": 600}, key="k2"), refused),
            (flow.do(opened, "check", {"amount": 6}, key="k3"), moved),
        ):
            assert again.replayed
            assert attrs.evolve(again, replayed=False, verdicts=()) == attrs.evolve(first, verdicts=())
            assert [each.as_dict() for each in again.verdicts] == [each.as_dict() for each in first.verdicts]
            assert again.explain("zh") == first.explain("zh")
        assert len(flow.events()) == 3

    def test_a_key_for_another_request_is_refused(self, flow: Flow) -> None:
        """Another payload, actor or trigger is another request."""
        opened = flow.start("permit", {"amount": 50}, key="k1")
        calls: tuple[Callable[[], Decision], ...] = (
            lambda: flow.start("permit", {"amount": 51}, key="k1"),
            lambda: flow.start("permit", {"amount": 50}, key="k1", actor=Actor(id="p-2", post="x")),
            lambda: flow.do(opened, "check", {"amount": 50}, key="k1"),
        )
        for call in calls:
            with pytest.raises(KeyReuseError):
                call()

    def test_misuse_spends_no_key(self, flow: Flow) -> None:
        """After a mistake the key is still good."""
        with pytest.raises(PayloadError):
            flow.start("permit", {"colour": 1}, key="k1")
        assert not flow.start("permit", {"amount": 1}, key="k1").replayed


class TestTime:
    """Time is the clock's; an earlier moment only where declared."""

    def test_backdating_where_declared(self, flow: Flow) -> None:
        """With reason and document; both moments stand in the log."""
        opened = ask(flow)
        flow.do(opened, "check", {"amount": 1}).raise_if_refused()
        earlier = NOW - dt.timedelta(days=2)

        flow.do(opened, "grant", occurred_at=earlier, reason="补录", document="〔2011〕9号").raise_if_refused()

        body = flow.store.events(stream=opened.stream)[-1].body
        assert (body["occurred_at"], body["decided_at"]) == (earlier.isoformat(), NOW.isoformat())
        assert (body["reason"], body["document"]) == ("补录", "〔2011〕9号")

    @pytest.mark.parametrize(
        "parts",
        [
            {"occurred_at": NOW - dt.timedelta(days=1)},
            {"occurred_at": NOW + dt.timedelta(days=1), "reason": "补录", "document": "1号"},
            {"occurred_at": NOW.replace(tzinfo=None), "reason": "补录", "document": "1号"},
        ],
    )
    def test_backdating_needs_reason_document_and_a_past_aware_moment(self, flow: Flow, parts: dict[str, Any]) -> None:
        """Otherwise it is misuse."""
        opened = ask(flow)
        flow.do(opened, "check", {"amount": 1})
        with pytest.raises(MisuseError):
            flow.do(opened, "grant", **parts)

    def test_backdating_where_not_declared(self, flow: Flow) -> None:
        """The clock decides."""
        opened = ask(flow)
        with pytest.raises(PayloadError, match="cannot be backdated"):
            flow.do(opened, "check", {"amount": 1}, occurred_at=NOW, reason="x", document="y")

    def test_a_naive_clock_is_misuse(self) -> None:
        """A moment without a zone is no moment."""
        guards = [amount_is_at_most, raises]
        with (
            Flow.open(machines=[permit()], guards=guards, actor=ACTOR, clock=_Naive()) as flow,
            pytest.raises(MisuseError, match="naive"),
        ):
            flow.start("permit", {"amount": 1})


class _Naive:
    def now(self) -> dt.datetime:
        return dt.datetime(2011, 9, 1)  # noqa: DTZ001


class TestRaces:
    """A stale decision is made again; a hopeless one says who won."""

    def test_decided_again_after_a_conflict(self, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        """One conflict is invisible to the caller."""
        opened = ask(flow)
        append, tries = flow.store.append, []

        def losing(change: Any) -> Any:
            tries.append(change)
            if len(tries) == 1:
                raise Conflict(opened.stream)
            return append(change)

        monkeypatch.setattr(flow.store, "append", losing)
        assert flow.do(opened, "check", {"amount": 1}).allowed
        assert len(tries) == 2

    def test_three_conflicts_are_stale(self, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error holds the winner's event."""
        opened = ask(flow)

        def losing(change: Any) -> Any:
            raise Conflict(opened.stream)

        monkeypatch.setattr(flow.store, "append", losing)
        with pytest.raises(StaleError) as caught:
            flow.do(opened, "check", {"amount": 1})
        assert caught.value.winner.kind is EventKind.OPENED


class TestManyAndReads:
    """Batches and pages."""

    def test_a_batch_is_whole_or_nothing(self, flow: Flow) -> None:
        """An exception in the middle takes all back; refusals are answers."""
        opened = ask(flow)
        good = Command(actor=ACTOR, stream=opened.stream, trigger="check", payload={"amount": 600})
        bad = Command(actor=ACTOR, stream=opened.stream, trigger="check", payload={"colour": 1})
        before = len(flow.events())

        with pytest.raises(PayloadError):
            flow.handle_many([good, bad])
        assert len(flow.events()) == before

        assert [each.allowed for each in flow.handle_many([good, attrs.evolve(good, payload={"amount": 1})])] == [
            False,
            True,
        ]

    def test_explain_records_nothing_and_answers_alike(self, flow: Flow) -> None:
        """What `explain` says, `do` does."""
        opened = ask(flow)
        for amount in (1, 600):
            before = len(flow.events())
            told = flow.explain(opened, "check", {"amount": amount})
            assert len(flow.events()) == before
            done = flow.do(opened, "check", {"amount": amount})
            assert attrs.evolve(done, event=None) == told
            if done.allowed:
                break

    def test_explain_an_opening(self, flow: Flow) -> None:
        """Asking about what does not exist yet."""
        assert flow.explain(None, machine="permit", payload={"amount": 1}).allowed
        assert flow.instances() == ()

    def test_options(self, flow: Flow) -> None:
        """Every trigger open now, with its form."""
        opened = ask(flow)
        found = {each.trigger: each for each in flow.options(opened)}

        assert set(found) == {"check", "withdraw"}
        assert found["check"].allowed is None
        assert found["withdraw"].allowed is True
        assert found["check"].form["properties"]["amount"]["type"] == "integer"
        assert found["check"].form["title"] == "核对"

    def test_pages(self, flow: Flow) -> None:
        """Reads go on from where they stopped."""
        for _ in range(5):
            ask(flow)
        first = flow.instances(machine="permit", limit=3)
        rest = flow.instances(machine="permit", limit=3, after=first[-1].id)
        assert (len(first), len(rest)) == (3, 2)
        assert len(flow.events(limit=2)) == 2

    def test_a_known_version_with_another_hash(self, tmp_path: Path) -> None:
        """A definition may not change behind its version."""
        url = f"sqlite:///{tmp_path / 'a.db'}"
        guards = [amount_is_at_most, raises]
        with Flow.open(url, actor=ACTOR, machines=[permit()], guards=guards) as flow:
            flow.start("permit", {"amount": 1})
        with (
            Flow.open(url, actor=ACTOR, machines=[permit(note="x")], guards=guards) as flow,
            pytest.raises(StoreError, match="permit"),
        ):
            flow.start("permit", {"amount": 1})

    def test_an_instance_stays_on_its_version(self, tmp_path: Path) -> None:
        """A newer machine does not touch what was opened under the older one."""
        url = f"sqlite:///{tmp_path / 'a.db'}"
        guards = [amount_is_at_most, raises]
        with Flow.open(url, actor=ACTOR, machines=[permit()], guards=guards) as flow:
            old = flow.start("permit", {"amount": 1})
        with Flow.open(url, actor=ACTOR, machines=[permit(version="2", note="x")], guards=guards) as flow:
            new = flow.start("permit", {"amount": 1})
            assert flow.do(old, "check", {"amount": 1}).allowed
            assert flow.instance(old).pin.machine_version == "1"
            assert flow.instance(new).pin.machine_version == "2"


class TestFamily:
    """What a step opens stands in its parent's chain too."""

    @pytest.mark.parametrize("url", ["memory:", "sqlite"])
    def test_children_opened_with_their_parent_oblige_it(self, tmp_path: Path, url: str) -> None:
        """Two slips that open with their board owe it an answer each: in its log as in its tables."""
        opens = {"opens": [{"machine": "slip"}, {"machine": "slip"}]}
        opening: Any = DESK["opening"]
        board = machine_from(DESK | {"id": "board", "opening": opening | opens}, LIBRARY, where="board")
        url = url if url == "memory:" else f"sqlite:///{tmp_path / 'flow.db'}"
        with Flow.open(url, actor=ACTOR, machines=[*desk_machines(), board]) as flow:
            opened = flow.start("board")
            assert [each.kind for each in flow.store.events(stream=opened.stream)] == ["opened", "obliged", "obliged"]
            assert len(flow.obligations(opened)) == 2
            assert verify_store(flow.store).sound


class TestParts:
    """The parts of a command beside its payload are checked too, all at once."""

    @pytest.mark.parametrize(
        "parts",
        [
            {"key": "\ud800"},
            {"correlation": "\ud800"},
            {"key": ""},
            {"key": "x" * 1001},
            {"causation": 7},
            {"actor": Actor(id="\ud800", post="x")},
            {"actor": Actor(id="", post="x")},
        ],
    )
    def test_each_is_named_and_nothing_is_written(self, flow: Flow, parts: dict[str, Any]) -> None:
        """One clear error, from `start` and from `explain`."""
        for call in (
            flow.start,
            lambda *given, **named: flow.explain(None, "open", given[1], machine=given[0], **named),
        ):
            with pytest.raises(PayloadError, match="command: "):
                call("permit", {"amount": 1}, **parts)
        assert flow.store.events() == ()

    def test_a_closed_store(self, tmp_path: Path) -> None:
        """Says that it was closed."""
        guards = [amount_is_at_most, raises]
        flow = Flow.open(f"sqlite:///{tmp_path / 'f.db'}", actor=ACTOR, machines=[permit()], guards=guards)
        opened = flow.start("permit", {"amount": 1})
        flow.close()
        with pytest.raises(ClosedError, match="open it again"):
            flow.instance(opened)


class TestDefinitions:
    """What an event names, the store keeps; asking alone writes nothing."""

    def test_a_batch_that_failed_takes_its_definitions_back(self, tmp_path: Path) -> None:
        """The next command keeps them again, and another flow reads the instance by them."""
        url = f"sqlite:///{tmp_path / 'f.db'}"
        good = Command(machine="permit", payload={"amount": 1}, actor=ACTOR)
        with Flow.open(url, machines=[permit()], **WITH) as flow:
            with pytest.raises(PayloadError):
                flow.handle_many([good, Command(machine="permit", payload={"nonsense": 1}, actor=ACTOR)])
            opened = flow.start("permit", {"amount": 1})
        with Flow.open(url, **WITH) as later:
            assert later.do(opened, "withdraw").allowed

    def test_asking_writes_nothing(self, tmp_path: Path) -> None:
        """Not even the bytes of a machine that was never used."""
        file = tmp_path / "f.db"
        with Flow.open(f"sqlite:///{file}", machines=[permit()], **WITH) as flow:
            before = flow.store.events(), flow.instances()
            asked = flow.explain(None, "open", {"amount": 1}, machine="permit")
            assert asked.allowed
            assert (flow.store.events(), flow.instances()) == before
            with pytest.raises(UnknownNameError):
                flow.store.definition(flow.current("permit").machine.hash)
