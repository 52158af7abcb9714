"""
What a picture of a machine shows (图示内容), before any format: nodes, steps and footnotes. Ids never contain labels.
"""

from __future__ import annotations

import attrs

from zhiwen_flow.machine.definition import End, Machine, State, Transition
from zhiwen_flow.rulebook import Rulebook


@attrs.frozen(kw_only=True)
class Step:
    """
    A step out of a state (环节).

    Args:
        target: Node it leads to.
        label: What is done.
        produces: Documents (文书) it produces.
        requires: Materials (材料) it asks for.
        copy_to: Who gets a copy; drawn dashed, for it never gates.
        note: Number of its footnote.
        stays: Whether it leads back to its own node.
        decides: Whether it decides a measure.
    """

    target: str
    label: str
    produces: tuple[str, ...]
    requires: tuple[str, ...]
    copy_to: tuple[str, ...]
    note: int
    stays: bool
    decides: bool


@attrs.frozen(kw_only=True)
class Node:
    """A state as a picture shows it (状态框)."""

    id: str
    label: str
    owner: str | None
    waits: bool
    limit: str | None
    end: End | None
    steps: tuple[Step, ...]


@attrs.frozen(kw_only=True)
class Graph:
    """A machine as a picture shows it (状态机图)."""

    id: str
    title: str
    subtitle: str
    opening: Step
    nodes: tuple[Node, ...]
    notes: tuple[str, ...]


def graph_of(machine: Machine, rulebook: Rulebook | None = None, lang: str = "zh") -> Graph:
    """
    Give what a picture of *machine* shows (生成图示内容).

    Args:
        rulebook: Where limits are named; their ids stand in when it is None.
        lang: ``"zh"`` or ``"en"``.
    """
    notes: dict[str, int] = {}
    opening = _step(machine, machine.opening, "", notes, lang)
    nodes = tuple(
        Node(
            id=f"s{index}",
            label=state.label.text(lang),
            owner=_owner(machine, state, lang),
            waits=state.owner is None,
            limit=_limit(rulebook, state.limit, lang) or _own_day(machine, state, lang),
            end=state.end,
            steps=tuple(_step(machine, each, state.id, notes, lang) for each in machine.from_state(state.id)),
        )
        for index, state in enumerate(machine.states)
    )
    return Graph(
        id=machine.id,
        title=machine.label.text(lang),
        subtitle=f"{machine.id} {machine.version} · {machine.source}",
        opening=opening,
        nodes=nodes,
        notes=tuple(notes),
    )


def _step(machine: Machine, each: Transition, source: str, notes: dict[str, int], lang: str) -> Step:
    basis = ("、" if lang == "zh" else ", ").join(each.cites)
    places = {state.id: f"s{index}" for index, state in enumerate(machine.states)}
    return Step(
        target=places[each.target],
        label=each.label.text(lang) + _forced(each, lang),
        produces=tuple(machine.term(name).text(lang) for name in each.produces),
        requires=tuple(machine.term(name).text(lang) for name in each.requires),
        copy_to=tuple(machine.term(name).text(lang) for name in each.copy_to),
        note=notes.setdefault(basis, len(notes) + 1),
        stays=each.target == source,
        decides=each.decides is not None,
    )


def _forced(each: Transition, lang: str) -> str:
    if not each.forced:
        return ""
    return "〔强制〕" if lang == "zh" else " (forced)"


def _owner(machine: Machine, state: State, lang: str) -> str | None:
    if state.owner is not None:
        return machine.term(state.owner).text(lang)
    if state.waits_on is None:
        return None
    waits = machine.term(state.waits_on).text(lang)
    return f"等待{waits}" if lang == "zh" else f"waits for {waits}"


def _own_day(machine: Machine, state: State, lang: str) -> str | None:
    if state.due is None:
        return None
    name = machine.term(state.due).text(lang)
    return f"按{name}" if lang == "zh" else f"by its “{name}”"


def _limit(rulebook: Rulebook | None, limit: str | None, lang: str) -> str | None:
    if limit is None or rulebook is None or limit not in rulebook.limits:
        return limit
    row = rulebook.limit(limit)
    if row.amount is None:
        return row.label.text(lang) + (":未规定" if lang == "zh" else ": not given")
    return (
        f"{row.label.text(lang)} {row.amount}{row.unit.zh}"
        if lang == "zh"
        else f"{row.label.en} {row.amount} {row.unit.en}"
    )
