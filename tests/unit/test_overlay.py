"""Overlays add and tighten; what they loosen is a waiver with an end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from zhiwen_flow._engine import Engine
from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.loading import Source
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.overlay import overlaid
from zhiwen_flow.machine.reading import read_machine
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.testing.clock import FixedClock

BASE = Source.shipped("machines", "supervision_order")
PLAIN = read_machine(BASE, LIBRARY)

HEAD = f"""
id = "supervision_order_host"
version = "1"
label = {{ zh = "督办单(本单位)", en = "Supervision order here" }}

[base]
id = "supervision_order"
version = "{PLAIN.version}"
hash = "{PLAIN.hash}"

[terms]
office_slip = {{ zh = "批办单", en = "office slip" }}
"""

TIGHTEN = """
[[tighten]]
trigger = "close"
source = "reported"
requires = ["office_slip"]
cites = ["本单位督办办法 三"]

[[tighten.field]]
name = "office_slip"
label = { zh = "批办单", en = "Office slip" }
type = "document"
"""

WAIVE = """
[[waive]]
trigger = "sign_for"
guard = "actor_belongs_to"
reason = "集中办公期间"
document = "某办〔示例〕1号"
until = 2011-09-30
"""


def lay(*texts: str, **changes: str) -> Machine:
    """Lay overlays on the supervision order."""
    sources = []
    for number, text in enumerate(texts):
        whole = HEAD + text
        for old, new in changes.items():
            whole = whole.replace(old, new)
        sources.append(Source(name=f"o{number}.toml", data=whole.encode()))
    return overlaid(BASE, sources, LIBRARY)


class TestAdding:
    """What an overlay adds."""

    def test_a_tightened_step(self) -> None:
        """Material, field and citation come on top of what was there."""
        machine = lay(TIGHTEN)
        step = machine.find("reported", "close")
        before = PLAIN.find("reported", "close")
        assert step is not None
        assert before is not None
        assert step.requires == (*before.requires, "office_slip")
        assert step.cites == (*before.cites, "本单位督办办法 三")
        assert step.field("office_slip") is not None
        assert (machine.id, machine.version) == ("supervision_order_host", "1")
        assert machine.hash != PLAIN.hash

    def test_origin_says_which_file(self) -> None:
        """Rows of the base and of the overlay are told apart."""
        assert set(lay(TIGHTEN).origin.values()) == {"supervision_order.toml", "o0.toml"}

    def test_no_overlay_is_the_base(self) -> None:
        """Nothing laid on is the machine itself."""
        assert overlaid(BASE, [], LIBRARY).hash == PLAIN.hash


class TestWaiving:
    """What an overlay lets rest."""

    @pytest.mark.parametrize(("day", "allowed"), [(29, True), (30, True), (31, False)])
    def test_until_its_last_day(self, tmp_path: Path, day: int, *, allowed: bool) -> None:
        """Its last day is in; afterwards the guard bites again, and while it rests the verdict says why."""
        machine = lay(WAIVE)
        clock = FixedClock(dt.datetime(2011, 9, 1, 9, tzinfo=ZONE))
        desk = Actor(id="p-1", post="transport_leading_group_office.clerk")
        order = {"grade": "key", "number": "1", "supervised_unit": "bridge_bureau", "matter": "整改"}
        with Flow.open(machines=[machine], clock=clock, actor=desk) as flow:
            opened = flow.start(machine.id, {**order, "due": "2011-12-01"}).raise_if_refused()
            clock.advance(dt.timedelta(days=day - 1))
            decision = flow.do(opened, "sign_for")
        assert decision.allowed is allowed
        if allowed:
            assert "集中办公期间" in decision.verdicts[0].text("zh")

    def test_the_engine_keeps_the_guard(self) -> None:
        """A waived guard is asked by nobody, yet stands in the machine."""
        assert Engine(lay(WAIVE), LIBRARY).step("issued", "sign_for") is not None


class TestFaults:
    """What does not fit is named."""

    @pytest.mark.parametrize(
        ("texts", "said"),
        [
            (("[[tighten]]\ntrigger = 'fly'\n",), "no transition `fly`"),
            (("[[tighten]]\ntrigger = 'close'\nsource = 'issued'\n",), "from `issued`"),
            ((WAIVE.replace("actor_belongs_to", "not_before"),), "has no guard `not_before`"),
            (("[[tighten]]\ntrigger = 'close'\nguards = ['no_such_guard']\n",), "no_such_guard"),
            ((TIGHTEN, TIGHTEN), "already touched by o0.toml"),
            ((WAIVE, WAIVE), "already touched by o0.toml"),
            (("[[waive]]\ntrigger = 'sign_for'\nguard = 'actor_belongs_to'\n",), "reason"),
            (("[[loosen]]\ntrigger = 'close'\n",), "loosen"),
        ],
    )
    def test_rows(self, texts: tuple[str, ...], said: str) -> None:
        """Each fault says where and how to mend it."""
        with pytest.raises(DefinitionError, match=said):
            lay(*texts)

    @pytest.mark.parametrize("name", ["version", "hash", "id"])
    def test_another_base(self, name: str) -> None:
        """Who made the overlay has not seen this machine."""
        old = {"version": f'"{PLAIN.version}"', "hash": f'"{PLAIN.hash}"', "id": 'id = "supervision_order"\n'}[name]
        new = {"version": '"0"', "hash": '"0"', "id": 'id = "complaint"\n'}[name]
        with pytest.raises(DefinitionError, match=f"base.{name}"):
            lay(TIGHTEN, **{old: new})


def test_a_change_by_force_as_the_guide_writes_it() -> None:
    """The row of `docs/how-to/oa-hosts.md` loads, and is the overlay's own."""
    page = Path(__file__).parents[2] / "docs" / "how-to" / "oa-hosts.md"
    (row,) = [each for each in page.read_text("utf-8").split("```toml\n")[1:] if each.startswith("[[transition]]")]
    found = lay(row.partition("```")[0]).find("issued", "strike_off")
    assert found is not None
    assert (found.forced, found.target) == (True, "void")
