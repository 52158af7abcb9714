"""Pictures: valid in every format and language, whatever a label holds."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pygraphviz
import pytest

from tests.small import label, permit
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.diagrams.draw import draw
from zhiwen_flow.diagrams.text import width
from zhiwen_flow.diagrams.timeline import draw_plan
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.plan import Plan

DEFINITIONS = Definitions.load()
MACHINES = [DEFINITIONS.machine(id) for id in shipped("machines")]
AWKWARD = '办结(一):“甲”、"乙"<b>; [1] {2} --> 1 2\\|#'
SVG = "{http://www.w3.org/2000/svg}"


def awkward() -> Machine:
    """Build a machine whose every label is awkward."""
    base = permit()
    return permit(
        label=label(AWKWARD),
        source=AWKWARD,
        state=[
            {"id": each.id, "label": label(AWKWARD), **({"end": each.end.value} if each.end else {"owner": "clerk"})}
            for each in base.states
        ],
        terms={"clerk": label(AWKWARD)},
    )


ALL = [*MACHINES, awkward()]


@pytest.mark.parametrize("machine", ALL, ids=lambda machine: machine.id)
class TestMachines:
    """Every machine, shipped or awkward."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_svg(self, machine: Machine, lang: str) -> None:
        """Valid XML, the same each time, its title told to a screen reader, and no text beyond the page."""
        drawn = draw(machine, "svg", rulebook=DEFINITIONS.rules.rulebook, lang=lang)
        assert drawn == draw(machine, "svg", rulebook=DEFINITIONS.rules.rulebook, lang=lang)
        root = ET.fromstring(drawn)
        page, height = (float(root.attrib[name]) for name in ("width", "height"))
        assert root.find(f"{SVG}title") is not None
        for text in root.iter(f"{SVG}text"):
            x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
            assert 0 <= y <= height
            assert x + width(text.text or "", size) <= page + 1, text.text
        assert "<script" not in drawn

    def test_dot(self, machine: Machine) -> None:
        """Graphviz reads it: a node for each state and one to start from, an edge for each step."""
        graph = pygraphviz.AGraph(string=draw(machine, "dot"))
        assert graph.number_of_nodes() == len(machine.states) + 1
        steps = {(source, each.trigger) for each in machine.transitions for source in each.source}
        assert graph.number_of_edges() == len(steps) + 1

    def test_mermaid(self, machine: Machine) -> None:
        """Ids are plain, labels are quoted away, and every line is one that the language knows."""
        lines = draw(machine, "mermaid").splitlines()
        assert lines[0].startswith("flowchart")
        arrows = [line for line in lines if re.match(r"\s*\w+ --", line) or re.match(r"\s*\w+ -\.", line)]
        assert len(arrows) >= len(machine.transitions)
        for line in arrows:
            found = re.match(r'\s*\w+ (?:-->|-\.->)\|"([^"]*)"\| \w+$', line)
            assert found, line
            assert "<" not in found[1].replace("<br/>", "")

    def test_formats_are_known(self, machine: Machine) -> None:
        """Another format is a usage error that lists them."""
        with pytest.raises(UnknownNameError, match="svg"):
            draw(machine, "png")


class TestContents:
    """What a reader looks for."""

    def test_who_how_long_what_and_to_whom(self) -> None:
        """Owner, limit, material, document and basis stand in the picture."""
        drawn = draw(DEFINITIONS.machine("complaint"), "svg", rulebook=DEFINITIONS.rules.rulebook)
        for each in ("谁办:", "60日", "须附:", "〔", "依据", "省直机关方案"):
            assert each in drawn, each


class TestPlan:
    """The plan's timeline."""

    @pytest.mark.parametrize("format", ["svg", "mermaid", "dot"])
    def test_shows_every_phase(self, format: str) -> None:
        """All four phases, in every format."""
        plan = Plan.load("szjg-2011")
        drawn = draw_plan(plan, format)
        assert all(each.name in drawn for each in plan.phases)
        if format == "svg":
            ET.fromstring(drawn)
        if format == "dot":
            pygraphviz.AGraph(string=drawn)

    def test_unknown_format(self) -> None:
        """It lists the formats."""
        with pytest.raises(UnknownNameError, match="svg"):
            draw_plan(Plan.load("szjg-2011"), "png")
