"""
What the spine costs beside its floors: ``python -m benchmarks.engine [--json FILE] [--rounds N] [--quick]``.

Every layer is interleaved with its floor in one run; the ratios count, the µs are only this machine's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from benchmarks import cases, starting
from benchmarks.agreeing import agree
from benchmarks.events import Body, PlainBody
from benchmarks.harness import Result, interleave
from benchmarks.office import WRONG, Office, PlainOffice
from benchmarks.ring import Denied, Floor, Ours, Stock
from zhiwen_flow.directory import Directory

GOALS: Mapping[str, tuple[str, float]] = {
    "engine.ours_vs_floor": ("≤", 4.0),
    "engine.ours_vs_transitions": ("≥", 7.0),
    "decide.ours_vs_floor": ("≤", 2.5),
    "guard.authority_us": ("≤", 3.0),
    "guard.posts_200k_vs_50": ("≤", 1.3),
    "event.ours_vs_floor": ("≤", 1.25),
    "refusal.vs_stock_denial": ("≤", 2.0),
    "refusal.recorded_vs_move": ("≤", 1.15),
    "memory.bytes_per_case": ("≤", 200.0),
    "memory.micros_per_case": ("≤", 1.0),
    "growth.states_1000_vs_10": ("≤", 1.15),
    "import.vs_dependencies": ("≤", 1.5),
}

SHOWN = ("growth.cases_1m_vs_1k", "growth.floor_1m_vs_1k", "growth.flow_1m_vs_1k")
"""Printed without a goal: the first two wait for memory, the third is a whole move."""


@attrs.frozen(kw_only=True)
class Scale:
    """How much is measured."""

    units: int
    rounds: int
    cases: int


def micros(result: Result) -> dict[str, float]:
    """Give the µs beside the ratios."""
    return {f"{name}_us": round(value, 3) for name, value in result.micros.items()}


def engine(scale: Scale) -> dict[str, float]:
    """Cursor, guards and verdicts, with trivial guards."""
    runs = {"floor": Floor(10).run, "ours": Ours(10).run, "transitions": Stock(10).run}
    found = interleave(runs, units=scale.units, rounds=scale.rounds)
    return {
        "ours_vs_floor": found.ratio("ours", "floor"),
        "ours_vs_transitions": found.ratio("transitions", "ours"),
        **micros(found),
    }


def decide(scale: Scale, office: Office) -> dict[str, float]:
    """Form, surroundings, role and authority over 200,000 posts, and the decision."""
    runs = {"floor": PlainOffice(office).run, "ours": office.run}
    found = interleave(runs, units=scale.units // 4, rounds=scale.rounds)
    return {"ours_vs_floor": found.ratio("ours", "floor"), **micros(found)}


def event(scale: Scale, office: Office) -> dict[str, float]:
    """The real body, sealed and chained, against the same bytes built by hand."""
    ours, floor = Body(office), PlainBody(office)
    if ours.sealed() != floor.sealed():
        raise SystemExit("the floor does not write the same bytes")
    found = interleave({"floor": floor.run, "ours": ours.run}, units=scale.units // 4, rounds=scale.rounds)
    return {"ours_vs_floor": found.ratio("ours", "floor"), "bytes": len(ours.sealed()), **micros(found)}


def refusal(scale: Scale, office: Office) -> dict[str, float]:
    """A refusal with its reasons against a stock denial of the same guards; recorded, against a recorded move."""
    refused = Office(WRONG, office.directory)
    runs = {
        "stock_denial": Stock(10, allowed=False).run,
        "decided": Denied(10).run,
        "decided_real": refused.run,
        "recorded_move": Body(office).decide_and_record,
        "recorded_refusal": Body(refused).decide_and_record,
    }
    found = interleave(runs, units=scale.units // 4, rounds=scale.rounds)
    return {
        "vs_stock_denial": found.ratio("decided", "stock_denial"),
        "recorded_vs_move": found.ratio("recorded_refusal", "recorded_move"),
        **micros(found),
    }


def guard(scale: Scale, office: Office) -> dict[str, float]:
    """What the authority guard adds to a decision, and whether it grows with the directory."""
    few = Directory.load("hubei-transport-2011")
    runs = {
        "with": office.run,
        "without": Office(directory=office.directory, authority=False).run,
        "few_posts": Office(directory=few, few=True).run,
    }
    found = interleave(runs, units=scale.units // 4, rounds=scale.rounds)
    added = found.micros["with"] - found.micros["without"]
    return {"authority_us": added, "posts_200k_vs_50": found.ratio("with", "few_posts"), **micros(found)}


def growth(scale: Scale) -> dict[str, float]:
    """A move among many states, and among many live cases: of the engine, of the floor, and through `Flow`."""
    states = interleave({"ten": Ours(10).run, "thousand": Ours(1000).run}, units=scale.units, rounds=scale.rounds)
    found = {"states_1000_vs_10": states.ratio("thousand", "ten"), **micros(states)}
    for name, kind, units in (
        ("cases_", cases.Among, scale.units),
        ("floor_", cases.PlainAmong, scale.units),
        ("flow_", cases.Kept, scale.units // 40),
    ):
        runs = {f"{name}1k": kind(1000).run, f"{name}1m": kind(scale.cases).run}
        live = interleave(runs, units=units, rounds=scale.rounds)
        found[f"{name}1m_vs_1k"] = live.ratio(f"{name}1m", f"{name}1k")
        found |= micros(live)
    return found | {"cases": scale.cases}


def measure(scale: Scale, say: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Measure all layers, one after another."""
    say("building a directory of 200,000 posts …")
    office = Office()
    agree(office)
    layers: dict[str, Callable[[], dict[str, float]]] = {
        "engine": lambda: engine(scale),
        "decide": lambda: decide(scale, office),
        "guard": lambda: guard(scale, office),
        "event": lambda: event(scale, office),
        "refusal": lambda: refusal(scale, office),
        "memory": lambda: cases.memory(scale.cases),
        "growth": lambda: growth(scale),
        "import": lambda: starting.imports(scale.rounds),
    }
    found = {}
    for name, layer in layers.items():
        say(f"{name} …")
        found[name] = {key: round(value, 3) for key, value in layer().items()}
    return found


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """Lay the figures beside the goals."""
    lines = [f"{'figure':28}{'goal':>8}{'value':>10}  reached"]
    for name, (sign, goal) in GOALS.items():
        layer, key = name.split(".")
        value = found[layer][key]
        reached = value <= goal if sign == "≤" else value >= goal
        lines.append(f"{name:28}{sign + format(goal, 'g'):>8}{value:>10.2f}  {'yes' if reached else 'NO'}")
    return "\n".join([*lines, *(f"{name:28}{'-':>8}{found['growth'][name.split('.')[1]]:>10.2f}" for name in SHOWN)])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--rounds", type=int, help="how many rounds each contestant runs (9; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="few rounds, a tenth of the cases: a smoke test")
    asked = parser.parse_args()
    scale = (
        Scale(units=2_000, rounds=2, cases=100_000) if asked.quick else Scale(units=40_000, rounds=9, cases=1_000_000)
    )
    if asked.rounds is not None:
        scale = attrs.evolve(scale, rounds=max(1, asked.rounds))
    found: dict[str, Any] = measure(scale, lambda text: print(text, flush=True))
    print(table(found))
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
