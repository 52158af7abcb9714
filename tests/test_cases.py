"""Readable cases in TOML, run as they stand; and together they show both sides of every guard of every machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import Source, load, shipped
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.terms import key
from zhiwen_flow.testing.clock import FixedClock

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


@attrs.frozen(kw_only=True)
class Child:
    """Which child a step speaks of."""

    of: str
    machine: str
    where: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Step:
    """One line of a case."""

    say: str = ""
    day: dt.date | None = None
    by: str | None = None
    start: str | None = None
    under: str | None = None
    on: str | None = None
    do: str | None = None
    child: Child | None = None
    name: str | None = None
    payload: dict[str, Any] = attrs.field(factory=dict, metadata=key("with"))
    refused: tuple[str, ...] = ()
    could: tuple[str, ...] = ()
    state: str | None = None
    owes: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Case:
    """A case file."""

    title: str
    requirements: tuple[str, ...] = ()
    rulebook: str = "hubei-2011"
    day: dt.date
    people: dict[str, Actor]
    steps: tuple[Step, ...] = attrs.field(metadata=key("step"))


class Run:
    """A case under way."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.clock = FixedClock(_morning(case.day))
        self.flow = Flow.open(clock=self.clock, rulebook=case.rulebook)
        self.named: dict[str, str] = {}

    def step(self, step: Step) -> None:
        """Take a step and hold it against what the file says."""
        if step.day is not None:
            self.clock.set(_morning(step.day))
        stream = self._child(step.child) if step.child is not None else self._asked(step)
        if step.name is not None:
            self.named[step.name] = stream
        if step.state is not None:
            assert self.flow.instance(stream).state == step.state
        if step.owes is not None:
            assert sorted(each.kind for each in self.flow.obligations(stream)) == sorted(step.owes)

    def _child(self, child: Child) -> str:
        found = self.flow.instances(machine=child.machine, parent=self.named[child.of])
        return next(each.id for each in found if child.where.items() <= each.facts.items())

    def _asked(self, step: Step) -> str:
        actor = self.case.people[step.by or ""]
        under = self.named[step.under] if step.under is not None else None
        if step.start is not None:
            decision = self.flow.start(step.start, step.payload, actor=actor, parent=under)
        else:
            decision = self.flow.do(self.named[step.on or ""], step.do or "", step.payload, actor=actor)
        assert [each.guard for each in decision.refusals] == list(step.refused), decision.explain()
        assert {each.id for each in decision.who_could} >= set(step.could), decision.explain()
        for lang in ("zh", "en"):
            said = decision.explain(lang)
            assert "{" not in said, said
            assert not step.refused or len(said.splitlines()) > len(step.refused), said
        return decision.stream

    def seen(self) -> Iterator[tuple[str, str, bool]]:
        """Tell machine, guard and whether it passed, for every verdict; a child's stand in its parent's answer too."""
        for event in self.flow.events(viewer=Viewer(auditor=True), limit=10_000):
            machine = self.flow.current(event["machine"]["id"]).machine
            brought = {opens.machine for each in machine.all_transitions for opens in each.opens}
            for verdict in event["verdicts"]:
                own = verdict["guard"] in {use.use for each in machine.all_transitions for use in each.guards}
                for id in (machine.id,) if own else brought:
                    yield id, verdict["guard"], verdict["outcome"] == "pass"


def _morning(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), ZONE)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """Every step comes out as the file says, and the log of all of it verifies."""
    run = Run(load(Source.of(path), Case))
    for number, step in enumerate(run.case.steps, start=1):
        try:
            run.step(step)
        except Exception as error:
            place = f"{path.name}, step {number} {step.do or step.start or ''} {step.say}"
            raise AssertionError(f"{place}: {error}") from error
    report = verify_store(run.flow.store)
    assert report.sound, report.flaw


def _uses() -> Iterator[tuple[str, str]]:
    with Flow.open() as flow:
        for id in shipped("machines"):
            for transition in flow.current(id).machine.all_transitions:
                yield from ((id, use.use) for use in transition.guards)


NEVER_OWES = {(id, "no_open_obligations") for id in ("campaign", "phase", "case")}
"""Nothing the library ships leaves these owing at their end; the guard stands for what a host's children may put on."""


def test_both_sides_of_every_guard() -> None:
    """In the cases together, every guard of every machine lets something through and refuses something."""
    seen: dict[tuple[str, str], set[bool]] = {}
    for path in CASES:
        run = Run(load(Source.of(path), Case))
        for step in run.case.steps:
            run.step(step)
        for machine, guard, passed in run.seen():
            seen.setdefault((machine, guard), set()).add(passed)
    lacking = {each: {True, False} - seen.get(each, set()) for each in dict.fromkeys(_uses())}
    assert {each for each, sides in lacking.items() if sides} == NEVER_OWES
