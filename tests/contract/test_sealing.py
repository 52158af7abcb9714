"""Opening and erasing what is sealed: two persons, a reason, an event, and nothing left in the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.errors import MisuseError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.sql.spilling import Spill
from zhiwen_flow.testing.desk import DESK, desk_machines
from zhiwen_flow.testing.replay import replay

CLERK, SECOND = Actor(id="p-1", post="clerk"), Actor(id="p-2", post="clerk")
STRANGER = Actor(id="p-9", post="nowhere.director")
NAME = "某市民甲乙丙"


def machines() -> list[Machine]:
    """A desk with a step about a person, which nobody here may take."""
    seize = next(each for each in DESK["transition"] if each["trigger"] == "seize")
    demote = {**seize, "trigger": "demote", "prejudicial": True}
    desk = machine_from({**DESK, "transition": [*DESK["transition"], demote]}, LIBRARY, where="desk")
    return [desk, desk_machines()[1]]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def flow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flow]:
    """Give a flow on a store of each kind."""
    if request.param == "postgresql":
        with postgres_schema() as url, Flow.open(url, machines=machines(), actor=CLERK) as found:
            yield found
        return
    url = "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'flow.db'}"
    with Flow.open(url, machines=machines(), actor=CLERK) as found:
        yield found


def test_a_look_is_recorded_before_it_is_given(flow: Flow) -> None:
    """Who looked, with whom, why, at what; not what was seen."""
    desk = flow.start("desk", {"who": NAME})
    assert flow.unseal(desk.event or "", "who", second=SECOND, reason="核对身份") == NAME
    note = flow.events(desk)[-1]
    assert (note["kind"], note["actor"]["id"], note["reason"]) == ("unsealed", "p-1", "核对身份")
    assert note["payload"]["second"]["id"] == "p-2"
    assert (note["payload"]["event"], note["payload"]["name"]) == (desk.event, "who")
    assert NAME not in json.dumps(flow.events(desk), ensure_ascii=False)
    assert verify_store(flow.store).sound


def test_an_erasure_is_recorded(flow: Flow) -> None:
    """The value is gone for every reader, the chain verifies, and the instance goes on."""
    desk = flow.start("desk", {"who": NAME})
    found = flow.erase(desk.event or "", "who", second=SECOND, reason="本人申请", document="示例〔2011〕1号")
    assert found.found
    note = flow.events(desk)[-1]
    assert (note["kind"], note["id"], note["document"]) == ("erased", found.event, "示例〔2011〕1号")
    again = flow.erase(desk.event or "", "who", second=SECOND, reason="本人申请")
    assert (again.found, again.event) == (False, None)
    with pytest.raises(UnknownNameError, match="sealed value"):
        flow.unseal(desk.event or "", "who", second=SECOND, reason="核对身份")
    assert flow.do(desk, "close").allowed
    assert verify_store(flow.store).sound


@pytest.mark.parametrize(("second", "reason"), [(CLERK, "理由"), (SECOND, ""), (SECOND, "  "), (SECOND, "长" * 1001)])
def test_one_person_or_no_reason_is_not_enough(flow: Flow, second: Actor, reason: str) -> None:
    """Nothing is shown, erased or recorded."""
    desk = flow.start("desk", {"who": NAME})
    for act in (flow.unseal, flow.erase):
        with pytest.raises(MisuseError):
            act(desk.event or "", "who", second=second, reason=reason)
    assert len(flow.events(desk)) == 1
    assert flow.store.load(desk.stream).opened == {"who": NAME}


def test_the_words_of_a_refused_proposal_about_a_person_are_sealed(flow: Flow) -> None:
    """Reason and document tell whom it was about; those who may see the verdicts see them, and they can be erased."""
    desk = flow.start("desk", {"subject": "x"})
    asked: dict[str, Any] = {"reason": f"拟对{NAME}降职", "document": f"{NAME}〔2011〕1号"}
    decided = [flow.do(desk, "demote", actor=STRANGER, **asked) for _ in range(25)]
    flow.do(desk, "withdraw")
    late = flow.do(desk, "demote", actor=STRANGER, **asked)
    assert not any(each.allowed for each in (*decided, late))
    assert NAME not in json.dumps([each.body for each in flow.store.events()], ensure_ascii=False)
    assert NAME not in json.dumps(flow.events(desk), ensure_ascii=False)
    seen = {each["id"]: each for each in flow.events(desk, viewer=Viewer(auditor=True))}
    for each in (decided[0], late):
        assert {name: seen[each.event or ""][name] for name in asked} == asked
    assert "refused_many" in {each["kind"] for each in seen.values()}
    assert flow.unseal(late.event or "", "reason", second=SECOND, reason="核查") == asked["reason"]
    assert verify_store(flow.store).sound
    assert flow.erase(late.event or "", "reason", second=SECOND, reason="期满").found
    seen = {each["id"]: each for each in flow.events(desk, viewer=Viewer(auditor=True))}
    assert seen[late.event or ""]["reason"] == {"sealed": True}
    assert all(each.agrees for each in replay(flow.store, flow.definitions))
    assert verify_store(flow.store).sound


def test_nothing_is_left_in_the_files(tmp_path: Path) -> None:
    """Neither in a free page nor in the write-ahead log, among many others that moved the row about."""
    path = tmp_path / "flow.db"
    with Flow.open(f"sqlite:///{path}", machines=desk_machines(), actor=CLERK) as flow:
        desks = [flow.start("desk", {"who": f"<{number:05d}>", "subject": "甲"}) for number in range(300)]
        assert b"<00007>" in path.read_bytes() + Path(f"{path}-wal").read_bytes()
        for desk in desks[::3]:
            assert flow.erase(desk.event or "", "who", second=SECOND, reason="本人申请").scrubbed
        left = path.read_bytes() + Path(f"{path}-wal").read_bytes()
        assert [number for number in range(300) if f"<{number:05d}>".encode() in left] == [
            number for number in range(300) if number % 3
        ]


def test_others_that_read_are_told_of(tmp_path: Path) -> None:
    """While somebody reads an older state the old pages stay, and the answer says so."""
    url = f"sqlite:///{tmp_path / 'flow.db'}"
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as flow, Flow.open(url) as reader:
        desk = flow.start("desk", {"who": NAME})
        flow.store._driver._db.execute("PRAGMA busy_timeout = 50")  # type: ignore[attr-defined]
        with reader.store.snapshot():
            assert reader.store.totals().events == 1
            assert not flow.erase(desk.event or "", "who", second=SECOND, reason="本人申请").scrubbed
        assert flow.store.scrub()


def test_a_spill_holds_more_than_it_keeps_in_memory() -> None:
    """Heads go to the file and come back, in order."""
    spill = Spill(hot=10)
    for position in (1, 2, 3):
        for number in range(200):
            assert spill.get(f"s{number:03d}") == ((position - 1, f"h{position - 1}") if position > 1 else None)
            spill.put(f"s{number:03d}", position, f"h{position}")
    assert len(spill) == 200
    assert [(each.stream, each.position, each.hash) for each in spill] == [(f"s{n:03d}", 3, "h3") for n in range(200)]
    spill.close()
