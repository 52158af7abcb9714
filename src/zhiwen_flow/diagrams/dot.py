"""
Draw a graph as DOT text (DOT 图), with widths reckoned for full-width characters.
"""

from __future__ import annotations

from zhiwen_flow.diagrams.graph import Graph
from zhiwen_flow.diagrams.text import FONTS, printable, width
from zhiwen_flow.machine.definition import End

_FILL = {End.DONE: "#e6f4ea", End.VOID: "#fdecea", None: "#ffffff"}


def dot(graph: Graph) -> str:
    """Give the DOT text of a machine (生成 DOT)."""
    font = f'fontname="{FONTS}"'
    lines = [
        f"digraph {quoted(graph.id)} {{",
        f"  graph [rankdir=TB, label={quoted(graph.title)}, labelloc=t, {font}];",
        f"  node [shape=box, style=filled, {font}];",
        f"  edge [{font}, fontsize=10];",
        "  start [shape=point, width=0.2];",
    ]
    for node in graph.nodes:
        text = "\n".join(part for part in (node.label, node.owner, node.limit) if part)
        inches = max(width(line, 14) for line in text.splitlines()) / 72 + 0.4
        style = "dashed,filled" if node.end is End.VOID else ("rounded,filled" if node.end else "filled")
        lines.append(
            f"  {node.id} [label={quoted(text)}, width={inches:.2f}, fillcolor={quoted(_FILL[node.end])}, "
            f"style={quoted(style)}];"
        )
    for source, step in [("start", graph.opening), *((node.id, step) for node in graph.nodes for step in node.steps)]:
        produced = f"\n〔{'、'.join(step.produces)}〕" if step.produces else ""
        lines.append(f"  {source} -> {step.target} [label={quoted(f'{step.label}{produced} {step.note}')}];")
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """Quote a label for DOT (转义)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + printable(escaped) + '"'
