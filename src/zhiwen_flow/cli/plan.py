"""
``zhiwen-flow plan``: campaign plans (方案).
"""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from csv import writer as csv_writer
from pathlib import Path
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
    warn,
    write,
)
from zhiwen_flow.cli.machine import source_of
from zhiwen_flow.diagrams.timeline import draw_plan
from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.importing import Imported, import_text
from zhiwen_flow.importing.writing import plan_file
from zhiwen_flow.limits import Reckoning
from zhiwen_flow.lint import Bench, Severity, Vintage, lint
from zhiwen_flow.loading import shipped
from zhiwen_flow.model import ZONE
from zhiwen_flow.plan import Plan
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.tables import HEADS, Table, comparison, table
from zhiwen_flow.workdays import ChinaCalendar

app = typer.Typer(no_args_is_help=True, help="方案:查看、导入、检查、出图 / plans: show, import, lint, draw")
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
    _print_plan(plan, lang)


def _print_plan(plan: Plan, lang: Lang) -> None:
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
    rows += [
        ("", t.number, t.name, t.raw or "", t.deliverable or "", t.submit_to or "", t.owner or "", t.clause)
        for t in plan.beside
    ]
    print_table(f"{plan.title} · {plan.organ}", heads, rows)
    ladder = [(each.name, each.plan_says, each.measure, each.clause) for each in plan.ladder]
    zh = lang is Lang.ZH
    heads = ["名称", "方案列于", "编号", "条款"] if zh else ["name", "the plan lists it under", "id", "clause"]
    print_table(said(lang, "处理方式", "Ladder"), heads, ladder)
    duties = [(each.organ, "、".join(each.duties), each.clause) for each in plan.duties]
    heads = ["单位", "职责", "条款"] if zh else ["organ", "duties", "clause"]
    print_table(said(lang, "职责分工", "Duties"), heads, duties)


@app.command("import")
def import_plan(
    text: Annotated[Path, typer.Argument(help="方案原文:文本或 .docx / the text of a plan")],
    year: Annotated[int | None, typer.Option("--year", help="原文没有年份时指明 / where the text gives none")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="写出方案文件的目录 / directory for plan files")] = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """从原文导入方案 / read plans from an official text."""
    found = import_text(_bytes(text), name=text.name, year=year)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for plan in found.plans:
            write(plan_file(plan), out / f"{plan.id}.toml")
    if format is Format.JSON:
        print_json(found.as_json())
        return
    for plan in found.plans:
        _print_plan(plan, lang)
    repairs = [(str(each.line), each.kind, each.before, each.after) for each in found.repairs]
    heads = ["行", "差错", "原文", "读作"] if lang is Lang.ZH else ["line", "slip", "text", "read as"]
    if repairs:
        print_table(said(lang, "修复", "Repairs"), heads, repairs)
    for notice in found.notices:
        warn(said(lang, f"第{notice.line}行:{notice.what}", f"line {notice.line}: {notice.en}"))
    counts = (len(found.plans), len(found.read), len(found.repaired), len(found.unread), found.encoding)
    zh = "方案{}份;读入{}行,修复{}行,未读{}行;编码{}".format(*counts)
    warn(said(lang, zh, "{} plans; {} lines read, {} repaired, {} unread; encoding {}".format(*counts)))


def _severities(given: Iterable[str]) -> dict[str, Severity]:
    told = {}
    for each in given:
        name, _, level = each.partition("=")
        if level not in list(Severity):
            raise typer.BadParameter(f"{each}: {'、'.join(Severity)}", param_hint="--severity")
        told[name] = Severity(level)
    return told


def _plan_or_text(name: str, year: int | None) -> tuple[Plan, Imported | None]:
    """A plan by id or file; a text is read first, and what its reading showed is found as well."""
    path = Path(name)
    if path.suffix.lower() not in (".txt", ".docx", ".md"):
        return _plan(name), None
    read = import_text(_bytes(path), name=path.name, year=year)
    if not read.plans:
        raise DefinitionError(Fault(path.name, "", "holds no plan", "give the text of a plan"))
    plan = max(read.plans, key=lambda each: (len(each.phases), len(list(each.all_tasks))))
    return plan, read


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fault = Fault(path.name, "", f"cannot be read: {error.strerror}", "give the path of a text or .docx file")
        raise DefinitionError(fault) from None


@app.command("lint")
def lint_plan(
    name: Name,
    superior: Annotated[list[str] | None, typer.Option("--superior", help="上级方案,由近到远 / nearest first")] = None,
    year: Annotated[int | None, typer.Option("--year", help="原文没有年份时指明 / where the text gives none")] = None,
    rules: Annotated[str, typer.Option("--rules", help="2011、2025")] = "2011",
    severity: Annotated[list[str] | None, typer.Option("--severity", help="规则=程度 / rule=severity")] = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """检查方案;有差错时退出码为 1 / check a plan; exit 1 on errors."""
    if rules not in (Vintage.THEN.value, Vintage.NOW.value):
        raise typer.BadParameter(said(lang, "写 2011 或 2025", "write 2011 or 2025"), param_hint="--rules")
    plan, read = _plan_or_text(name, year)
    book = Rulebook.load("hubei-2011" if rules == Vintage.THEN.value else "national-2025")
    above = tuple(_plan_or_text(each, year)[0] for each in superior or ())
    bench = Bench(plan=plan, superiors=above, rulebook=book, calendar=ChinaCalendar(), read=read)
    found = lint(bench, vintage=Vintage(rules), severities=_severities(severity or ()))
    counts = Counter(each.severity for each in found)
    if format is Format.JSON:
        told = {each.value: counts[each] for each in Severity}
        print_json({"plan": plan.id, "findings": [each.as_dict() for each in found], "counts": told})
    else:
        heads = ["程度", "位置", "所见", "规则"] if lang is Lang.ZH else ["severity", "where", "finding", "rule"]
        rows = [(each.severity.text(lang.value), each.where, each.text.text(lang.value), each.rule) for each in found]
        print_table(plan.title, heads, rows)
        warn("、".join(f"{each.text(lang.value)} {counts[each]}" for each in Severity))
    raise typer.Exit(1 if counts[Severity.ERROR] else 0)


def _reckoning(plan: Plan) -> Reckoning:
    """A plan's days are read as its rulebook says; where it names none that is known, as they stand."""
    named = plan.rulebook if plan.rulebook in shipped("rulebooks") else None
    policy = Rulebook.load(named).policy.deadline if named is not None else None
    return Reckoning(policy=policy, calendar=ChinaCalendar())


def _rows(plan: Plan, wanted: Table, day: dt.date, superior: str | None, lang: Lang) -> Iterator[tuple[str, ...]]:
    if wanted is not Table.COMPARISON:
        return table(plan, wanted, at=day, by=_reckoning(plan))
    named = superior or plan.superior
    if named is None:
        raise typer.BadParameter(said(lang, "写明上级方案", "name the superior's plan"), param_hint="--superior")
    return comparison(plan, _plan(named), lang.value)


@app.command("table")
def print_plan_table(
    name: Name,
    kind: Annotated[str, typer.Option("--kind", help="assignments、schedule、overdue、comparison")] = "assignments",
    superior: Annotated[str | None, typer.Option("--superior", help="对照表:上级方案 / for a comparison")] = None,
    at: Annotated[str | None, typer.Option("--at", help="截至日期 YYYY-MM-DD / as of")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="写成 CSV 文件 / write a CSV file")] = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """任务分解表、倒排工期表、逾期清单、方案对照表 / tables of a plan."""
    if kind not in list(Table):
        raise typer.BadParameter("、".join(Table), param_hint="--kind")
    try:
        day = dt.date.fromisoformat(at) if at is not None else dt.datetime.now(ZONE).date()
    except ValueError:
        raise typer.BadParameter("YYYY-MM-DD", param_hint="--at") from None
    plan, wanted = _plan(name), Table(kind)
    heads = HEADS[wanted][0 if lang is Lang.ZH else 1]
    rows = list(_rows(plan, wanted, day, superior, lang if format is Format.TEXT or csv is not None else Lang.EN))
    if csv is not None:
        made = io.StringIO()
        csv_writer(made, lineterminator="\n").writerows([heads, *rows])
        write(made.getvalue(), csv)
    elif format is Format.JSON:
        english = HEADS[wanted][1]
        told = [dict(zip(english, each, strict=True)) for each in rows]
        print_json({"plan": plan.id, "table": wanted.value, "at": day.isoformat(), "rows": told})
    else:
        print_table(f"{plan.title} · {wanted.text(lang.value)}", list(heads), rows)


@app.command()
def diagram(
    name: Name,
    format: Annotated[str, typer.Option("--format", help="mermaid、dot、svg")] = "mermaid",
    out: OutOption = None,
    lang: LangOption = Lang.ZH,
) -> None:
    """方案时间图 / draw a plan as a timeline."""
    write(draw_plan(_plan(name), format), out)
