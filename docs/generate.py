"""
Write the pages that come from data: machines, guards, authority matrix, requirements.

``python docs/generate.py`` writes them; ``python docs/generate.py --check`` says which are not current.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.accountability.matrix import Cell, matrix, shares
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.diagrams.draw import draw
from zhiwen_flow.diagrams.timeline import draw_plan
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.guards.registry import NoParams
from zhiwen_flow.lint import rules
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.definition import Machine, Transition
from zhiwen_flow.plan import Plan
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Power

DOCS = Path(__file__).parent
DEFINITIONS = Definitions.load(optional=shipped("optional"))
BOOK, DIRECTORY = DEFINITIONS.rules.rulebook, DEFINITIONS.rules.directory
NOTE = "<!-- 由数据生成,请勿手改 · generated from data, do not edit -->\n\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Lay out a table."""
    lines = [list(heads), *map(list, rows)]
    width = len(lines[0])
    text = ["| " + " | ".join(each.replace("|", "\\|").replace("\n", " ") for each in line) + " |" for line in lines]
    return "\n".join([text[0], "| " + " | ".join(["---"] * width) + " |", *text[1:]]) + "\n"


def pages() -> Iterator[tuple[str, str]]:
    """Give every generated file with its text."""
    yield "reference/machines.md", machines()
    yield "reference/guards.md", guards()
    yield "reference/matrix.md", authority(BOOK)
    yield "reference/matrix-2025.md", authority(Rulebook.load("national-2025"))
    yield "reference/lint.md", lint_rules()
    yield "reference/requirements.md", requirements()
    for id in (*shipped("machines"), *shipped("optional")):
        yield f"_static/machines/{id}.svg", draw(DEFINITIONS.machine(id), "svg", rulebook=BOOK)
    yield "_static/complaint.svg", draw(DEFINITIONS.machine("complaint"), "svg", rulebook=BOOK)
    yield "_static/szjg-2011.svg", draw_plan(Plan.load("szjg-2011"), "svg")


def machines() -> str:
    """Every machine with its picture and its steps."""
    parts = [NOTE + "# 流程图与环节 · Machines\n"]
    parts.append("每个状态机的图、状态和环节,由随库文件画出;词语以方案和规定为准。*Drawn from the shipped files.*\n")
    for id in (*shipped("machines"), *shipped("optional")):
        machine = DEFINITIONS.machine(id)
        parts.append(f"## {machine.label.zh} · {machine.label.en}\n")
        parts.append(f"`{id}` {machine.version},依据 {machine.source}\n")
        parts.append(f"![{machine.label.zh}](../_static/machines/{id}.svg)\n")
        heads = ["环节", "从", "到", "审查", "须附", "文书", "依据"]
        parts.append(table(heads, (_step(machine, each) for each in machine.all_transitions)))
    plan = Plan.load("szjg-2011")
    parts.append(f"## 方案时间图 · Plan\n\n{plan.title}({plan.organ})\n\n![时间图](../_static/szjg-2011.svg)\n")
    return "\n".join(parts)


def _step(machine: Machine, each: Transition) -> list[str]:
    def names(ids: Iterable[str]) -> str:
        return "、".join(machine.term(id).zh for id in ids) or "—"

    source = "、".join(machine.state(id).label.zh for id in each.source) or "—"
    used = "<br>".join(LIBRARY.get(use.use).label.zh for use in each.guards) or "—"
    target = machine.state(each.target).label.zh
    return [each.label.zh, source, target, used, names(each.requires), names(each.produces), "、".join(each.cites)]


def guards() -> str:
    """Every guard that a machine file may name."""
    parts = [NOTE + "# 守卫 · Guards\n"]
    parts.append(
        "状态机文件只能引用这里的和宿主登记的守卫。*A machine file may name these, and those a host registers.*\n"
    )
    rows = []
    for each in sorted(LIBRARY, key=lambda guard: (guard.family, guard.id)):
        fields = () if each.params is NoParams else attrs.fields(each.params)
        params = "、".join(f"`{field.name}`" + ("" if field.default is attrs.NOTHING else "?") for field in fields)
        rows.append([f"`{each.id}`", each.label.zh, each.label.en, params or "—", str(each.revision)])
    heads = ["id", "通过时为真 · true when it passes", "English", "参数 · parameters(? 可省)", "修订 · revision"]
    return "\n".join([*parts, table(heads, rows)])


def authority(book: Rulebook) -> str:
    """Who decides each measure, by rank and kind of employer."""
    cells = list(matrix(book, DIRECTORY))
    counted = "、".join(f"{status.zh} {count}" for status, count in shares(cells).items())
    years = f"{book.window.since.year} 年"
    parts = [NOTE + f"# 权限表({years})· Authority matrix\n"]
    parts.append(
        f"{book.label.zh};组织目录:{DIRECTORY.label.zh}。共 {len(cells)} 格:{counted}。\n\n"
        "此表按**职级与单位类别**推定,只在干部职务名称表没有列名时参照;凡标“示例”的,依据待核实。"
        "全部权力(建议、审核、征求意见、决定、批准、提请、宣布、执行、备案、事前报告)见 "
        f"`zhiwen-flow rulebook matrix {book.id} --format json`。"
        "*By rank and employer; it applies only where no list of managed posts names the post, and says so.*\n"
    )
    employers = list(dict.fromkeys(each.employer for each in cells))
    for measure in dict.fromkeys(each.measure for each in cells):
        found = [each for each in cells if each.measure == measure]
        label = book.measure(measure).label
        parts.append(f"## {label.zh} · {label.en}\n\n决定机关(*who decides*):\n")
        heads = ["职级", *(DIRECTORY.employers[each].label.zh for each in employers)]
        ranks = list(dict.fromkeys(each.rank for each in found))
        parts.append(table(heads, (_row(found, rank, employers) for rank in ranks)))
        cites = dict.fromkeys(cite for each in found for cite in each.ruling.cites)
        parts.append(f"依据:{'、'.join(cites) or '—'}\n")
    return "\n".join(parts)


def _row(cells: list[Cell], rank: str, employers: list[str]) -> list[str]:
    by_employer = {each.employer: each for each in cells if each.rank == rank}
    name = DIRECTORY.rank(rank).label.zh if rank else "(单位)"
    return [name, *(_cell(by_employer.get(each)) for each in employers)]


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "—"
    if cell.ruling.not_applicable is not None:
        return f"不适用:{cell.ruling.not_applicable.zh}"
    said = cell.ruling.power(Power.DECIDES)
    if said.missing is not None:
        return f"未知:{said.missing.zh}"
    names = "、".join(each.label.zh for each in said.holders)
    return names + ("" if cell.status.is_settled else f"({cell.status.zh})")


def lint_rules() -> str:
    """Every rule for plans, with what it finds fault with and why."""
    parts = [NOTE + "# 方案检查规则 · Rules for plans\n"]
    parts.append(
        "`zhiwen-flow plan lint` 逐条检查。程度可用 `--severity 规则=程度` 改写;年代分“各年”“2011 年”“2025 年”,"
        "用 `--rules` 选择。*Each with an example; severities can be overridden, vintages chosen.*\n"
    )
    rows = [
        [f"`{each.id}`", each.label.zh, each.label.en, each.severity.zh, each.vintage.zh, each.example, each.why.zh]
        for each in rules()
    ]
    heads = ["规则 · rule", "查什么", "what it finds", "程度", "年代", "举例", "理由"]
    parts.append(table(heads, rows))
    compared = "、".join(f"`{each.id}`" for each in rules() if each.compares)
    parts.append(
        f"与上级方案对照的规则:{compared}。上级方案(或上级的上级)没有给出的,一律答“无法判断”。"
        "*Rules that compare answer unknown where a superior's plan is missing.*\n"
    )
    parts.append(
        "基层负担按单位、按月计:写明日期的计入当月,周期任务计入各次所在的月,没有日期的计入其环节开始的月。"
        "*Burdens are counted by unit and month; a task without a day counts in the month in which its phase starts.*\n"
    )
    parts.append("## 所用的数目和词语 · Numbers and words\n")
    parts.append("写在 `data/lint/rules.toml`,逐条注明出处。*Kept as data, each with its source.*\n")
    sourced = [
        [f"`{each.id}`", _params(each.params), each.source, each.status.zh]
        for each in rules()
        if each.source is not None and each.status is not None
    ]
    return "\n".join([*parts, table(["规则", "数目和词语", "出处", "核实情况"], sourced)])


def _params(params: Mapping[str, Any]) -> str:
    return "<br>".join(f"{name} `{_shown(value)}`" for name, value in params.items()) or "—"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ";".join("=".join(each) if isinstance(each, list) else each for each in value)
    return str(value).replace("|", "、")


def requirements() -> str:
    """Every requirement with its state."""
    rows = tomllib.loads((DOCS.parent / "tests" / "requirements.toml").read_text(encoding="utf-8"))["requirement"]
    words = {"done": "已有测试", "host": "由宿主提供", "open": "未做"}
    counted = Counter(each["status"] for each in rows)
    parts = [NOTE + "# 需求对照 · Requirements\n"]
    parts.append(
        "、".join(f"{words[status]} {count}" for status, count in counted.items())
        + f",共 {len(rows)}。“已有测试”由带标记的测试证明。"
        "*Done: a marked test proves it; host: the field or hook is there.*\n"
    )
    lines = ([each["id"], words[each["status"]], each["text"], each.get("note", "")] for each in rows)
    parts.append(table(["id", "状态", "内容", "说明"], lines))
    return "\n".join(parts)


def main() -> int:
    """Write the pages, or say which are not current."""
    stale = []
    for name, text in pages():
        path = DOCS / name
        whole = text.rstrip("\n") + "\n"
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != whole:
                stale.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(whole, encoding="utf-8")
    for name in stale:
        print(f"not current: docs/{name}; run python docs/generate.py")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
