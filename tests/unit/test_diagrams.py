"""Pictures: valid in every format and language, whatever a label holds."""

from __future__ import annotations

import itertools
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.small import label, permit, raw
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.diagrams.draw import draw
from zhiwen_flow.diagrams.graph import graph_of
from zhiwen_flow.diagrams.svg import PAGE
from zhiwen_flow.diagrams.text import width, wrapped
from zhiwen_flow.diagrams.timeline import draw_plan
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.plan import Plan

pygraphviz = pytest.importorskip("pygraphviz")
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


FORMATS = ("mermaid", "dot", "svg")
HARD = [
    "受理（第１项）：核对、转办",
    "\"甲\"与“乙”、'丙'",
    "a  b   c",
    "<b>粗</b> & <!-- x --> ]]>",
    "第一行\n第二行",
    "尾反斜杠\\",
    "\\N \\L \\G \\n",
    "%% 注释 %%{init}%%",
    "#quot; &lt; #35;",
    "end subgraph --> | ]) }}",
    "𠮷野家、é、表情🙂",
]
LONG = "对履职不力造成不良影响的机关工作人员进行诫勉谈话并限期整改落实情况" * 3


def named(text: str) -> Machine:
    """Build a machine whose first state and every step are called *text*."""
    data = raw(terms={"clerk": label("经办人")})
    data["state"][0]["label"] = label(text)
    for each in (data["opening"], *data["transition"]):
        each["label"] = label(text)
    return permit(**{key: data[key] for key in ("opening", "state", "transition")})


def one_line(text: str) -> str:
    """Give a text as a line of a picture shows it."""
    return " ".join(text.splitlines())


def texts(drawn: str) -> list[str]:
    """Give all texts of an SVG."""
    return [each.text or "" for each in ET.fromstring(drawn).iter(f"{SVG}text")]


def beyond(drawn: str) -> list[str]:
    """Give the texts of an SVG that leave the page at either side."""
    root = ET.fromstring(drawn)
    found = []
    for each in root.iter(f"{SVG}text"):
        x, size = float(each.attrib["x"]), float(each.attrib["font-size"])
        if x < 0 or x + width(each.text or "", size) > PAGE + 1:
            found.append(each.text or "")
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.id)
class TestShipped:
    """Every shipped machine in every format and language."""

    def test_draws_the_same_twice(self, machine: Machine, format: str, lang: str) -> None:
        """Also from definitions that were read anew: nothing hangs on memory addresses or the order of sets."""
        book = DEFINITIONS.rules.rulebook
        again = Definitions.load()
        drawn = draw(machine, format, rulebook=book, lang=lang)
        assert drawn == draw(again.machine(machine.id), format, rulebook=again.rules.rulebook, lang=lang)
        assert drawn.endswith("\n")

    def test_names_every_state_and_step(self, machine: Machine, format: str, lang: str) -> None:
        """In the language asked for; a long row of an SVG is broken, so its lines are joined."""
        drawn = draw(machine, format, rulebook=DEFINITIONS.rules.rulebook, lang=lang)
        if format == "svg":
            drawn = "".join(texts(drawn))
        if format == "mermaid":
            drawn = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), drawn)
        labels = [each.label for each in machine.states] + [each.label for each in machine.all_transitions]
        for each in labels:
            assert each.text(lang) in drawn


class TestDot:
    """Graphviz sees what the machine is."""

    @pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.id)
    def test_edges_join_the_right_states(self, machine: Machine) -> None:
        """Every step leads from its source to its target, counted with multiplicity."""
        graph = pygraphviz.AGraph(string=draw(machine, "dot", lang="en"))
        place = {state.id: f"s{index}" for index, state in enumerate(machine.states)}
        wanted = [(place[source], place[each.target]) for each in machine.transitions for source in each.source]
        assert sorted(graph.edges()) == sorted([*wanted, ("start", place[machine.initial])])

    @pytest.mark.parametrize("text", HARD)
    def test_labels_come_back(self, text: str) -> None:
        """What Graphviz holds as a label is the text, its backslashes doubled so that none is taken as an escape."""
        graph = pygraphviz.AGraph(string=draw(named(text), "dot"))
        held = graph.get_node("s0").attr["label"]
        assert held == "\\n".join([text.replace("\\", "\\\\").replace("\n", "\\n"), "经办人"])
        assert graph.number_of_nodes() == 5

    @pytest.mark.parametrize("id", ["graph", "node", "edge", "strict", "digraph", "subgraph"])
    def test_a_machine_named_by_a_word_of_the_language(self, id: str) -> None:
        """Such an id passes the check of machines, so it must draw."""
        assert pygraphviz.AGraph(string=draw(permit(id=id), "dot")).number_of_nodes() == 5


class TestMermaid:
    """Ids never hold labels, and labels are only ever quoted text."""

    @pytest.mark.parametrize("text", HARD)
    def test_labels_come_back(self, text: str) -> None:
        """Entities undone, the label is the text; nothing of it stands raw that could end the quotes."""
        lines = draw(named(text), "mermaid").splitlines()
        found = re.fullmatch(r'  s0\["([^"]*)"\]', next(line for line in lines if line.startswith("  s0[")))
        assert found
        assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), found[1].replace("<br/>", "\n")) == f"{text}\n经办人"

    @pytest.mark.parametrize("machine", [*ALL, named(HARD[0]), named(HARD[4])], ids=lambda machine: machine.id)
    def test_only_known_lines(self, machine: Machine) -> None:
        """Each line is a comment, a node, an edge or a class over the node ids, and nothing else."""
        known = [
            r"flowchart TB",
            r"  %% [a-z0-9_]+",
            r'  start\(\("●"\)\)',
            r'  s\d+(\["[^"<>]*"\]|\(\["[^"<>]*"\]\))',
            r'  (start|s\d+) -->\|"[^"<>]*"\| s\d+',
            r"  classDef (done|void) [\w#,:\- ]+",
            r"  class s\d+(,s\d+)* (done|void)",
        ]
        for line in draw(machine, "mermaid").replace("<br/>", " ").splitlines():
            assert any(re.fullmatch(each, line) for each in known), line

    def test_ends_are_classed(self) -> None:
        """Done and void ends are told apart; a state that goes on has no class."""
        lines = draw(permit(), "mermaid").splitlines()
        assert "  class s2 done" in lines
        assert "  class s3 void" in lines
        assert not any("class s0" in line for line in lines)


class TestSvg:
    """Everything stands on the page."""

    @pytest.mark.parametrize("text", HARD)
    def test_labels_come_back(self, text: str) -> None:
        """As one line, whatever marks it holds."""
        assert one_line(text) in texts(draw(named(text), "svg"))

    @pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.id)
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_lines_that_share_a_lane_never_touch(self, machine: Machine, lang: str) -> None:
        """Two targets in one lane would read as one; and every lane is on the page."""
        lanes: dict[float, list[tuple[float, float]]] = {}
        for x, low, high in re.findall(r'd="M ([\d.]+) ([\d.]+) V ([\d.]+)"', draw(machine, "svg", lang=lang)):
            assert float(x) < PAGE
            lanes.setdefault(float(x), []).append((float(low), float(high)))
        assert lanes
        for spans in lanes.values():
            ordered = sorted(spans)
            assert all(before[1] < after[0] for before, after in itertools.pairwise(ordered))

    def test_texts_of_one_card_do_not_cover_each_other(self) -> None:
        """A state's name ends before what stands at the right begins, on every shipped machine."""
        for machine in MACHINES:
            rows: dict[str, list[tuple[float, float]]] = {}
            drawn = draw(machine, "svg", rulebook=DEFINITIONS.rules.rulebook)
            for each in ET.fromstring(drawn).iter(f"{SVG}text"):
                x, size = float(each.attrib["x"]), float(each.attrib["font-size"])
                rows.setdefault(each.attrib["y"], []).append((x, x + width(each.text or "", size)))
            for spans in rows.values():
                ordered = sorted(spans)
                assert all(before[1] <= after[0] for before, after in itertools.pairwise(ordered))

    def test_more_notes_than_circled_numbers(self) -> None:
        """The twenty-first basis is numbered in plain figures, and the step says the same number."""
        data = raw()
        template = {**data["transition"][2], "source": ["asked"]}
        extra = [{**template, "trigger": f"step_{n}", "cites": [f"规定 {n}"]} for n in range(20)]
        drawn = draw(permit(transition=[*data["transition"], *extra]), "svg")
        assert any(each.endswith("⑳") for each in texts(drawn))
        assert [each for each in texts(drawn) if each.startswith("(21) ")]
        assert [each for each in texts(drawn) if each.endswith(" (21)")]

    @pytest.mark.parametrize(
        "changes",
        [
            {"label": label(LONG)},
            {"source": LONG},
            {"state": [{**each, "label": label(LONG)} for each in raw()["state"]]},
            {"terms": {"clerk": label(LONG)}},
        ],
        ids=["title", "source", "state", "owner"],
    )
    def test_long_names_stay_on_the_page(self, changes: dict[str, Any]) -> None:
        """A host's names may be long."""
        assert beyond(draw(permit(**changes), "svg")) == []

    def test_many_lanes_stay_on_the_page(self) -> None:
        """One state with a step to each of sixteen others."""
        data = raw()
        states = [{"id": f"place_{n}", "label": label("x"), "owner": "clerk"} for n in range(16)]
        step = data["transition"][2]
        steps = [{**step, "trigger": f"to_{n}", "source": ["asked"], "target": f"place_{n}"} for n in range(16)]
        back = {**step, "trigger": "drop", "source": [each["id"] for each in states]}
        machine = permit(state=[*data["state"], *states], transition=[*data["transition"], *steps, back])
        assert all(float(x) < PAGE for x in re.findall(r'd="M ([\d.]+) [\d.]+ V', draw(machine, "svg")))

    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("space", ["\u3000", "\u00a0"])
    def test_wide_spaces_keep_words_apart(self, format: str, space: str) -> None:
        """The full-width space is common in Chinese titles; words may not run together."""
        assert "第一项第二项" not in draw(named(f"第一项{space}第二项"), format)

    def test_control_characters_are_left_out(self) -> None:
        """XML knows none of them."""
        assert "甲乙" in texts(draw(named("甲\x07乙"), "svg"))


class TestGraph:
    """What the picture is made of."""

    def test_limits_are_named_by_the_rulebook(self) -> None:
        """With amount and unit; without a rulebook, or a row, the id stands; without an amount that is said."""
        book = DEFINITIONS.rules.rulebook
        limits = [{**each} for each in raw()["state"]]
        limits[0]["limit"], limits[1]["limit"] = "complaint.handling", "rectification"
        machine = permit(state=limits)
        amount = book.limit("complaint.handling").amount
        assert graph_of(machine).nodes[0].limit == "complaint.handling"
        zh, en = graph_of(machine, book), graph_of(machine, book, "en")
        assert (zh.nodes[0].limit or "").endswith(f"{amount}日")
        assert (en.nodes[0].limit or "").endswith(f"{amount} days")
        assert (zh.nodes[1].limit or "").endswith("未规定")
        assert (en.nodes[1].limit or "").endswith("not given")
        limits[1]["limit"] = "no.such.limit"
        assert graph_of(permit(state=limits), book).nodes[1].limit == "no.such.limit"

    @pytest.mark.parametrize(("lang", "said"), [("zh", "等待上级答复"), ("en", "waits for 上级答复")])
    def test_waiting_is_not_acting(self, lang: str, said: str) -> None:
        """A state that waits names what for, and nobody as its owner."""
        states = [{**each} for each in raw()["state"]]
        states[1] = {"id": "checked", "label": label("已核"), "waits_on": "superior"}
        machine = permit(state=states, terms={"clerk": label("经办人"), "superior": label("上级答复")})
        assert graph_of(machine, lang=lang).nodes[1].owner == said
        assert said in "".join(texts(draw(machine, "svg", lang=lang)))
        assert f"谁办:{said}" not in "".join(texts(draw(machine, "svg", lang=lang)))

    def test_one_footnote_for_one_basis(self) -> None:
        """Steps with the same citations share their number."""
        data = raw()
        for each in data["transition"]:
            each["cites"] = ["同一规定"]
        graph = graph_of(permit(transition=data["transition"]))
        assert graph.notes == ("测试规定 一", "同一规定")
        assert {step.note for node in graph.nodes for step in node.steps} == {2}

    def test_documents_materials_and_copies(self) -> None:
        """Named by their fields or terms, in the language asked for, in every format."""
        data = raw()
        paper = {"name": "paper", "label": {"zh": "材料甲", "en": "paper A"}, "type": "document"}
        more = {"requires": ["paper"], "produces": ["notice"], "copy_to": ["archive"]}
        data["transition"][1] |= {"field": [paper], **more}
        terms = {"clerk": label("经办人"), "notice": {"zh": "通知", "en": "notice"}, "archive": label("档案室")}
        machine = permit(transition=data["transition"], terms=terms)
        step = graph_of(machine, lang="en").nodes[1].steps[0]
        assert (step.requires, step.produces, step.copy_to) == (("paper A",), ("notice",), ("档案室",))
        zh = "".join(texts(draw(machine, "svg")))
        assert "须附:材料甲" in zh
        assert "抄送:档案室" in zh
        assert "copy: 档案室" in "".join(texts(draw(machine, "svg", lang="en")))
        assert "〔通知〕" in draw(machine, "dot")
        assert "〔通知〕" in draw(machine, "mermaid")


class TestText:
    """Widths without a font."""

    def test_breaking(self) -> None:
        """No line is wider than asked, nothing is lost, and one character always fits."""
        lines = wrapped(LONG, 10, 95)
        assert "".join(lines) == LONG
        assert all(width(each, 10) <= 95 for each in lines)
        assert wrapped("一二", 10, 3) == ["一", "二"]
        assert wrapped("", 10, 30) == [""]


def plan_of(span: str = "", when: str = "", **names: str) -> Plan:
    """Build a plan of one phase and one task."""
    told = {"title": "方案", "phase": "阶段", "task": "任务"} | names
    text = (
        f"id='x'\nversion='1'\norgan='某机关'\ntitle='{told['title']}'\n"
        f"[[phase]]\nid='a'\nname='{told['phase']}'\nclause='一'\n{span}\n"
        f"[[phase.task]]\nid='t'\nnumber='1'\nname='{told['task']}'\nclause='一'\n{when}\n"
    )
    return Plan.read(Source(name="p.toml", data=text.encode()))


YEAR = "start=2011-01-01\nend=2011-12-31"
LATE = "due=2011-12-31"


class TestTimeline:
    """The plan of 2011, and plans of a host."""

    PLAN = Plan.load("szjg-2011")

    @pytest.mark.parametrize("format", FORMATS)
    def test_the_same_twice(self, format: str) -> None:
        """Also when read anew."""
        assert draw_plan(self.PLAN, format) == draw_plan(Plan.load("szjg-2011"), format)

    def test_dot(self) -> None:
        """A box for each phase, joined in order."""
        graph = pygraphviz.AGraph(string=draw_plan(self.PLAN, "dot"))
        count = len(self.PLAN.phases)
        assert graph.number_of_nodes() == count
        assert sorted(graph.edges()) == [(f"p{n}", f"p{n + 1}") for n in range(count - 1)]

    def test_mermaid(self) -> None:
        """A section for each phase; a bar and a milestone for every date, the last day of a bar included."""
        lines = [each.strip() for each in draw_plan(self.PLAN, "mermaid").splitlines()]
        assert lines[0] == "gantt"
        assert sum(each.startswith("section ") for each in lines) == len(self.PLAN.phases)
        assert "宣传发动 :p0, 2011-08-15, 2011-09-01" in lines
        due = [task for _, task in self.PLAN.tasks if task.due is not None]
        assert due
        assert sum(":milestone" in each for each in lines) == len(due)

    def test_svg(self) -> None:
        """Every phase and task is named, every deadline marked, and all of it on the page."""
        drawn = draw_plan(self.PLAN, "svg")
        said = "".join(texts(drawn))
        assert beyond(drawn) == []
        assert all(f"{task.number}. {task.name}" in said for _, task in self.PLAN.tasks)
        marks = re.findall(r'l 5 5 l -5 5 l -5 -5 z"', drawn)
        assert len(marks) == sum(task.due is not None for _, task in self.PLAN.tasks)

    @pytest.mark.parametrize("format", FORMATS)
    def test_no_date_at_all(self, format: str) -> None:
        """Nothing is made up: the raw wording stands where there is one, and no date stands anywhere."""
        drawn = draw_plan(plan_of(when="raw='迅速'"), format)
        assert "阶段" in drawn
        assert not re.search(r"\d{4}-\d\d-\d\d|\d+月\d+日", drawn)
        if format == "svg":
            assert {"(未注明时间)", "(迅速)"} <= set(texts(drawn))

    def test_one_day(self) -> None:
        """A plan of a single day has a bar that can be seen."""
        drawn = draw_plan(plan_of("start=2011-09-01\nend=2011-09-01", "due=2011-09-01"), "svg")
        bar = next(each for each in ET.fromstring(drawn).iter(f"{SVG}rect") if each.attrib.get("rx") == "3")
        assert float(bar.attrib["width"]) > 1
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) <= PAGE

    def test_marks_that_mermaid_reads(self) -> None:
        """Colons, semicolons, hashes and commas in names become full-width ones."""
        lines = draw_plan(plan_of(YEAR, LATE, phase="一:二;三#四,五", task="甲:乙"), "mermaid").splitlines()
        assert "  一：二；三＃四，五 :p0, 2011-01-01, 2012-01-01" in lines
        assert "  甲：乙 :milestone, p0t0, 2011-12-31, 0d" in lines

    @pytest.mark.parametrize("text", [each for each in HARD if "\n" not in each and "'" not in each])
    def test_hard_names(self, text: str) -> None:
        """Valid in XML and in DOT."""
        plan = plan_of(YEAR, LATE, phase=text, task=text)
        assert text in "".join(texts(draw_plan(plan, "svg")))
        assert pygraphviz.AGraph(string=draw_plan(plan, "dot")).number_of_nodes() == 1

    @pytest.mark.parametrize("format", ["svg", "mermaid"])
    def test_a_window_is_drawn(self, format: str) -> None:
        """A task with first and last day looks different from one without."""
        window = "start=2011-03-01\nend=2011-03-20"
        assert draw_plan(plan_of(YEAR, window), format) != draw_plan(plan_of(YEAR), format)

    @pytest.mark.parametrize(
        ("task", "said"),
        [(LATE, "2011-12-31"), (f"{LATE}\nraw='12月31日前'\ndeliverable='总结报告'", "总结报告")],
        ids=["date", "deliverable"],
    )
    def test_a_late_deadline_says_what_an_early_one_says(self, task: str, said: str) -> None:
        """Its date, and what is handed in."""
        early = draw_plan(plan_of(YEAR, task.replace("2011-12-31", "2011-02-01")), "svg")
        assert said.replace("2011-12-31", "2011-02-01") in "".join(texts(early))
        assert said in "".join(texts(draw_plan(plan_of(YEAR, task), "svg")))

    @pytest.mark.parametrize(
        "plan",
        [
            plan_of(YEAR, LATE, title=LONG),
            plan_of(YEAR, LATE, phase=LONG),
            plan_of(YEAR, f"{LATE}\nraw='12月31日前完成并报送省直机关治庸问责工作领导小组办公室'"),
        ],
        ids=["title", "phase", "raw"],
    )
    def test_long_names_stay_on_the_page(self, plan: Plan) -> None:
        """A host's plan may be wordy."""
        assert beyond(draw_plan(plan, "svg")) == []
