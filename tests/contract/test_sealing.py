"""Opening and erasing what is sealed: two persons, a reason, an event, and nothing left in the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import MisuseError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.sql.spilling import Spill
from zhiwen_flow.testing.desk import desk_machines

CLERK, SECOND = Actor(id="p-1", post="clerk"), Actor(id="p-2", post="clerk")
NAME = "某市民甲乙丙"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def flow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flow]:
    """Give a flow on a store of each kind."""
    if request.param == "postgresql":
        with postgres_schema() as url, Flow.open(url, machines=desk_machines(), actor=CLERK) as found:
            yield found
        return
    url = "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'flow.db'}"
    with Flow.open(url, machines=desk_machines(), actor=CLERK) as found:
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
