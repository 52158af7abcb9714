"""
``zhiwen-flow plan``: campaign plans (方案).
"""

from __future__ import annotations

from typing import Annotated

import typer

from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutOption,
    print_json,
    print_table,
    said,
    write,
)
from zhiwen_flow.cli.machine import source_of
from zhiwen_flow.diagrams.timeline import draw_plan
from zhiwen_flow.loading import shipped
from zhiwen_flow.plan import Plan

app = typer.Typer(no_args_is_help=True, help="方案:查看、出图 / plans: show, draw")
Name = Annotated[str, typer.Argument(help="编号或 TOML 文件 / id or TOML file")]


def _plan(name: str) -> Plan:
    return Plan.read(source_of(name, "plans"))


@app.command("list")
def list_plans(lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """列出随库方案 / list shipped plans."""
    found = [_plan(each) for each in shipped("plans")]
    if format is Format.JSON:
        print_json([{"id": each.id, "organ": each.organ, "title": each.title, "year": each.year} for each in found])
        return
    rows = [(each.id, each.organ, each.title, str(each.year or "")) for each in found]
    heads = ["编号", "发文机关", "名称", "年份"] if lang is Lang.ZH else ["id", "organ", "title", "year"]
    print_table(said(lang, "随库方案", "Shipped plans"), heads, rows)


@app.command()
def show(name: Name, lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """查看方案 / show a plan."""
    plan = _plan(name)
    if format is Format.JSON:
        print_json(plan.as_json())
        return
    heads = ["环节", "序号", "任务", "时限", "成果", "报送", "责任单位", "条款"]
    if lang is Lang.EN:
        heads = ["phase", "no.", "task", "due", "deliverable", "to", "responsible", "clause"]
    rows = []
    for phase in plan.phases:
        rows.append((phase.name, "", "", phase.raw or "", "", "", "", phase.clause))
        rows += [
            ("", t.number, t.name, t.raw or "", t.deliverable or "", t.submit_to or "", t.owner or "", t.clause)
            for t in phase.tasks
        ]
    print_table(f"{plan.title} · {plan.organ}", heads, rows)
    ladder = [(each.name, each.plan_says, each.measure, each.clause) for each in plan.ladder]
    zh = lang is Lang.ZH
    heads = ["名称", "方案列于", "编号", "条款"] if zh else ["name", "the plan lists it under", "id", "clause"]
    print_table(said(lang, "处理方式", "Ladder"), heads, ladder)
    duties = [(each.organ, "、".join(each.duties), each.clause) for each in plan.duties]
    heads = ["单位", "职责", "条款"] if zh else ["organ", "duties", "clause"]
    print_table(said(lang, "职责分工", "Duties"), heads, duties)


@app.command()
def diagram(
    name: Name,
    format: Annotated[str, typer.Option("--format", help="mermaid、dot、svg")] = "mermaid",
    out: OutOption = None,
    lang: LangOption = Lang.ZH,
) -> None:
    """方案时间图 / draw a plan as a timeline."""
    write(draw_plan(_plan(name), format), out)
