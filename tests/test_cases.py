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
from zhiwen_flow.directory import Directory
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import Source, load, shipped
from zhiwen_flow.model import ZONE, Actor, Instance
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.rulebook.confirming import TABLES
from zhiwen_flow.terms import Status, key
from zhiwen_flow.testing.clock import FixedClock

CASES = sorted((Path(__file__).parent / "cases").glob("[!_]*.toml"))
COMMON = Path(__file__).parent / "cases" / "_common.toml"
"""Who is who, and forms that many cases fill in alike."""


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
    form: tuple[str, ...] = ()
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
    earlier: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    people: dict[str, Actor] = attrs.field(factory=dict)
    forms: dict[str, dict[str, Any]] = attrs.field(factory=dict, metadata=key("form"))
    steps: tuple[Step, ...] = attrs.field(metadata=key("step"))


@attrs.frozen(kw_only=True)
class Common:
    """What cases share."""

    people: dict[str, Actor]
    forms: dict[str, dict[str, Any]] = attrs.field(metadata=key("form"))


def confirmed(name: str) -> Rulebook:
    """A rulebook with every row confirmed that a host may confirm, as its organization department would."""
    book = Rulebook.load(name)
    rows = [(table, id, row) for table, id, row in book.cited_rows() if table != "policy"]
    wanted = [
        f'[[confirm]]\ntable = "{table if table in TABLES else "catalogue"}"\n'
        f'row = "{id if table in TABLES else f"{table}/{id}"}"\ndocument = "组发1号"\non = 2011-08-01\n'
        for table, id, row in rows
        if not row.status.is_settled and row.status is not Status.OPINION
    ]
    base = f'id = "own"\nversion = "1"\n[base]\nid = "{name}"\nversion = "{book.version}"\nhash = "{book.hash}"\n'
    return book.confirmed(Source(name="own.toml", data=(base + "\n".join(wanted)).encode()))


def confirmed_directory() -> Directory:
    """The example directory as a host's own would stand: every post and list settled by a document."""
    data = Source.shipped("directories", "hubei-transport-2011").data
    for table in (b"post", b"post_list", b"organ", b"duty"):
        data = data.replace(b"[[" + table + b"]]", b"[[" + table + b']]\nstatus = "confirmed"')
    return Directory.read(Source(name="own.toml", data=data))


class Run:
    """A case under way; strict ones under rules that a host has confirmed."""

    def __init__(self, case: Case, *, strict: bool = False) -> None:
        self.case = case
        common = load(Source.of(COMMON), Common)
        self.people = common.people | case.people
        self.forms = common.forms | case.forms
        self.clock = FixedClock(_morning(case.day))
        given: dict[str, Any] = {"rulebook": case.rulebook, "earlier": case.earlier}
        if strict:
            given = {
                "rulebook": confirmed(case.rulebook),
                "directory": confirmed_directory(),
                "earlier": [confirmed(each) for each in case.earlier],
                "strict": True,
            }
        self.flow = Flow.open(clock=self.clock, optional=case.optional, **given)
        self.named: dict[str, str] = {}
        self.decided: set[tuple[str, str, tuple[str, ...]]] = set()

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
        return next(each.id for each in found if self._fits(each, child))

    def _fits(self, instance: Instance, child: Child) -> bool:
        facts = {**instance.facts, **self.flow.store.load(instance.id).opened}
        return all(facts.get(name) == _plain(value) for name, value in child.where.items())

    def _asked(self, step: Step) -> str:
        actor = self.people[step.by or ""]
        payload = {name: value for form in step.form for name, value in self.forms[form].items()} | step.payload
        under = self.named[step.under] if step.under is not None else None
        if step.start is not None:
            decision = self.flow.start(step.start, payload, actor=actor, parent=under)
        else:
            decision = self.flow.do(self.named[step.on or ""], step.do or "", payload, actor=actor)
        assert [each.guard for each in decision.refusals] == list(step.refused), decision.explain()
        machine = step.start or self.flow.instance(self.named[step.on or ""]).pin.machine
        self.decided.add((machine, step.do or "open", tuple(sorted(step.refused))))
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


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


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


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_in_strict_mode(path: Path) -> None:
    """Under rules that a host has confirmed row by row, strict mode decides each step the same way."""
    run = Run(load(Source.of(path), Case), strict=True)
    for number, step in enumerate(run.case.steps, start=1):
        try:
            run.step(step)
        except Exception as error:
            raise AssertionError(f"{path.name}, step {number} {step.say}: {error}") from error


def test_enough_is_shown_in_strict_mode() -> None:
    """Counting each transition with each set of failing guards once, far more than sixty are decided in strict mode."""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for path in CASES:
        run = Run(load(Source.of(path), Case), strict=True)
        for step in run.case.steps:
            run.step(step)
        seen |= run.decided
    assert sum(1 for each in seen if each[2]) > 200


def _uses() -> Iterator[tuple[str, str]]:
    with Flow.open(optional=shipped("optional")) as flow:
        for id in (*shipped("machines"), *shipped("optional")):
            for transition in flow.current(id).machine.all_transitions:
                yield from ((id, use.use) for use in transition.guards)


def test_both_sides_of_every_article() -> None:
    """In the cases together, something is let through and something refused under each article that a step cites."""
    sides: dict[str, set[bool]] = {}
    for path in CASES:
        run = Run(load(Source.of(path), Case))
        for step in run.case.steps:
            run.step(step)
        for event in run.flow.events(viewer=Viewer(auditor=True), limit=10_000):
            for cite in event.get("cites", ()):
                sides.setdefault(cite, set()).add(event["kind"] != "refused")
    with Flow.open(optional=shipped("optional")) as flow:
        machines = [flow.current(id).machine for id in (*shipped("machines"), *shipped("optional"))]
    cited = {cite for each in machines for transition in each.all_transitions for cite in transition.cites}
    assert {cite: sides.get(cite, set()) for cite in cited if sides.get(cite) != {True, False}} == {}


NEVER_OWES = {
    (id, "no_open_obligations")
    for id in ("campaign", "phase", "case", "congress_supervision", "interpellation", "discipline")
}
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
