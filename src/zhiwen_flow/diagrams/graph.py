"""
A machine as a picture wants it (流程图的中性描述): nodes, edges, footnotes; no format and no measure.

Ids are `s0`, `s1` … in the order of the file and never hold a label.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import attrs

from zhiwen_flow.diagrams.naming import Names
from zhiwen_flow.diagrams.text import clean
from zhiwen_flow.machine.definition import End, Machine, State, Transition

START = "s0"
"""Id of the node before an instance exists (起点)."""

_DECLINES = ("decline", "refuse", "reject", "return")


class Kind(StrEnum):
    """What a node stands for (节点种类)."""

    START = "start"
    STEP = "step"
    DONE = "done"
    VOID = "void"


class Tone(StrEnum):
    """How an edge is told apart (迁移种类): going on, or declining, returning and voiding."""

    PLAIN = "plain"
    STOP = "stop"


@attrs.frozen(kw_only=True)
class Node:
    """
    A state (节点).

    Args:
        id: ASCII, never a label.
        state: Id of the state in the machine; empty for the start.
        owner: Who must act next; empty where nobody must.
        lines: What it waits for, the limit, what follows when overdue.
    """

    id: str
    state: str
    label: str
    kind: Kind
    owner: str = ""
    lines: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Edge:
    """
    A transition (连线), from one or more nodes.

    Args:
        materials: What must be handed in (材料).
        documents: What it produces (文书).
        copies: Who gets a copy or keeps a record (抄送、备案); drawn dashed, never gates.
        opens: Children that it opens.
        conditions: What its guards ask, one phrase each.
        notes: Numbers of the footnotes it cites.
        waived: Conditions that rest for now, with the document and the last day.
    """

    sources: tuple[str, ...]
    target: str
    trigger: str
    label: str
    tone: Tone = Tone.PLAIN
    materials: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()
    waived: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Graph:
    """
    A picture without a format (图).

    Args:
        id: Id of the machine.
        notes: The documents and clauses cited, footnote 1 first.
        lang: Language of all texts, ``"zh"`` or ``"en"``.
        hash: Hash of the machine, so that a print-out can be matched.
    """

    id: str
    version: str
    title: str
    source: str
    lang: str
    hash: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...]

    def node(self, id: str) -> Node:
        """Find a node by its id."""
        return next(each for each in self.nodes if each.id == id)


def graph_of(machine: Machine, *, names: Names | None = None, lang: str = "zh") -> Graph:
    """
    Turn a machine into a picture without a format (生成流程图数据).

    Args:
        names: Where the names of roles, limits, documents and guards come from.
        lang: ``"zh"`` or ``"en"``.
    """
    return _Reader(machine, names or Names(), lang).graph()


_WORDS = {
    "waits": {"zh": "等待:{}", "en": "waits for: {}"},
    "limit": {"zh": "限 {}", "en": "within {}"},
    "overdue": {"zh": "逾期:{}", "en": "if overdue: {}"},
    "start": {"zh": "开始", "en": "start"},
    "waived": {"zh": "{}:暂不适用至 {}({})", "en": "{}: rests until {} ({})"},
}


class _Reader:
    def __init__(self, machine: Machine, names: Names, lang: str) -> None:
        self._machine, self._names, self._lang = machine, names, lang
        self._ids = {each.id: f"s{number}" for number, each in enumerate(machine.states, start=1)}
        cites = (cite for each in machine.all_transitions for cite in each.cites)
        self._notes = {clean(cite): number for number, cite in enumerate(dict.fromkeys(map(clean, cites)), start=1)}

    def graph(self) -> Graph:
        machine = self._machine
        start = Node(id=START, state="", label=self._say("start"), kind=Kind.START)
        return Graph(
            id=machine.id,
            version=clean(machine.version),
            title=clean(machine.label.text(self._lang)),
            source=clean(machine.source),
            lang=self._lang,
            hash=machine.hash,
            nodes=(start, *map(self._node, machine.states)),
            edges=tuple(map(self._edge, machine.all_transitions)),
            notes=tuple(self._notes),
        )

    def _say(self, word: str, *values: str) -> str:
        return _WORDS[word][self._lang].format(*values)

    def _name(self, code: str) -> str:
        return clean(self._names.name(code, self._machine, self._lang))

    def _node(self, state: State) -> Node:
        kind = {End.DONE: Kind.DONE, End.VOID: Kind.VOID, None: Kind.STEP}[state.end]
        label = clean(state.label.text(self._lang))
        return Node(
            id=self._ids[state.id],
            state=state.id,
            label=label,
            kind=kind,
            owner=self._name(state.owner) if state.owner is not None else "",
            lines=tuple(self._lines(state)),
        )

    def _lines(self, state: State) -> Iterator[str]:
        if state.waits_on is not None:
            yield self._say("waits", self._name(state.waits_on))
        if state.limit is not None:
            yield self._say("limit", clean(self._names.limit(state.limit, self._lang)))
        if state.on_overdue is not None:
            yield self._say("overdue", self._trigger(state.on_overdue))

    def _trigger(self, id: str) -> str:
        label = next((each.label for each in self._machine.transitions if each.trigger == id), None)
        return clean(label.text(self._lang)) if label is not None else self._name(id)

    def _edge(self, transition: Transition) -> Edge:
        return Edge(
            sources=tuple(self._ids[each] for each in transition.source) or (START,),
            target=self._ids[transition.target],
            trigger=transition.trigger,
            label=clean(transition.label.text(self._lang)),
            tone=self._tone(transition),
            materials=tuple(map(self._name, transition.requires)),
            documents=tuple(map(self._name, transition.produces)),
            copies=tuple(map(self._name, transition.copy_to)),
            opens=tuple(dict.fromkeys(self._name(each.machine) for each in transition.opens)),
            conditions=tuple(
                clean(self._names.condition(each, self._machine, self._lang)) for each in transition.guards
            ),
            notes=tuple(dict.fromkeys(self._notes[clean(each)] for each in transition.cites)),
            waived=tuple(self._waived(transition)),
        )

    def _tone(self, transition: Transition) -> Tone:
        """Red is what ends as void, and what by its English name declines, refuses, rejects or returns."""
        if self._machine.state(transition.target).end is End.VOID or transition.trigger.startswith(_DECLINES):
            return Tone.STOP
        return Tone.PLAIN

    def _waived(self, transition: Transition) -> Iterator[str]:
        for each in self._machine.waivers:
            if each.trigger == transition.trigger:
                use = next((use for use in transition.guards if use.use == each.guard), None)
                said = self._names.condition(use, self._machine, self._lang) if use is not None else each.guard
                yield clean(self._say("waived", said, each.until, each.document))
