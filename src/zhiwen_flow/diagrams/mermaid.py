"""
Draw a graph as Mermaid text (Mermaid 图). Labels are quoted and escaped by entity, so that no character breaks a line.
"""

from __future__ import annotations

from zhiwen_flow.diagrams.graph import Graph
from zhiwen_flow.diagrams.text import printable
from zhiwen_flow.machine.definition import End

_ENTITIES = {each: f"#{ord(each)};" for each in '"#;<>&`\\{}[]()|'}


def mermaid(graph: Graph) -> str:
    """Give the Mermaid text of a machine (生成 Mermaid)."""
    lines = ["flowchart TB", f"  %% {graph.id}", '  start(("●"))']
    for node in graph.nodes:
        left, right = ("([", "])") if node.end else ("[", "]")
        lines.append(f'  {node.id}{left}"{_quoted(_title(node.label, node.owner, node.limit))}"{right}')
    lines.append(
        f'  start -->|"{_quoted(_label(graph.opening.label, graph.opening.produces, graph.opening.note))}"| s0'
    )
    for node in graph.nodes:
        for step in node.steps:
            label = _quoted(_label(step.label, step.produces, step.note))
            lines.append(f'  {node.id} -->|"{label}"| {step.target}')
    lines += [
        "  classDef done fill:#e6f4ea,stroke:#1e7e34",
        "  classDef void fill:#fdecea,stroke:#b02a37,stroke-dasharray:4 3",
    ]
    for end in End:
        if ids := [node.id for node in graph.nodes if node.end is end]:
            lines.append(f"  class {','.join(ids)} {end.value}")
    return "\n".join(lines) + "\n"


def _title(label: str, owner: str | None, limit: str | None) -> str:
    return "\n".join(part for part in (label, owner, limit) if part)


def _label(label: str, produces: tuple[str, ...], note: int) -> str:
    return label + (f" 〔{'、'.join(produces)}〕" if produces else "") + f" {note}"


def _quoted(text: str) -> str:
    flat = "<br/>".join("".join(_ENTITIES.get(each, each) for each in line) for line in text.splitlines())
    return printable(flat)
