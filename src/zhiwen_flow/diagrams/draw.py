"""
Draw what is shipped or named by file (出图): the one call behind the command line and the demonstration.
"""

from __future__ import annotations

from zhiwen_flow.diagrams.dot import dot
from zhiwen_flow.diagrams.graph import graph_of
from zhiwen_flow.diagrams.mermaid import mermaid
from zhiwen_flow.diagrams.svg import svg
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.rulebook import Rulebook

FORMATS = ("mermaid", "dot", "svg")


def draw(machine: Machine, format: str, *, rulebook: Rulebook | None = None, lang: str = "zh") -> str:
    """
    Draw a machine (状态机出图).

    Args:
        format: ``"mermaid"``, ``"dot"`` or ``"svg"``.
        rulebook: Where limits are named.
        lang: ``"zh"`` or ``"en"``.

    Raises:
        UnknownNameError: no such format.
    """
    graph = graph_of(machine, rulebook, lang)
    if format == "svg":
        return svg(graph, lang)
    if format == "dot":
        return dot(graph)
    if format == "mermaid":
        return mermaid(graph)
    raise UnknownNameError("format", format, FORMATS)
