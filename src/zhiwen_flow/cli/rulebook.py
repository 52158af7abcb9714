"""
``zhiwen-flow rulebook``: rules, their citations and how sure they are, and the authority matrix (规则库).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhiwen_flow.accountability.matrix import Cell, matrix, shares
from zhiwen_flow.cli.console import Format, FormatOption, Lang, LangOption, print_json, print_table, said, warn
from zhiwen_flow.cli.machine import source_of
from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.loading import shipped
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Power

app = typer.Typer(no_args_is_help=True, help="规则库:查看、检查、权限表 / rulebooks: show, check, matrix")
Name = Annotated[str, typer.Argument(help="编号或 TOML 文件 / id or TOML file")]


Confirmed = Annotated[
    Path | None, typer.Option("--confirmed", help="本单位确认条目的文件 / file of rows that the host has confirmed")
]


def _book(name: str, confirmed: Path | None = None) -> Rulebook:
    book = Rulebook.read(source_of(name, "rulebooks"))
    return book.confirmed(confirmed) if confirmed is not None else book


@app.command("list")
def list_rulebooks(lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """列出随库规则库 / list shipped rulebooks."""
    found = [_book(each) for each in shipped("rulebooks")]
    if format is Format.JSON:
        print_json(
            [{"id": each.id, "version": each.version, **each.label.as_dict(), "hash": each.hash} for each in found]
        )
        return
    rows = [
        (each.id, each.version, each.label.text(lang), f"{each.window.since}—{each.window.until or ''}")
        for each in found
    ]
    heads = ["编号", "版本", "名称", "适用期间"] if lang is Lang.ZH else ["id", "version", "label", "window"]
    print_table(said(lang, "随库规则库", "Shipped rulebooks"), heads, rows)


def _rows(book: Rulebook, lang: Lang, *, open_only: bool = False) -> list[tuple[str, ...]]:
    return [
        (
            table,
            id,
            row.label.text(lang) if hasattr(row, "label") else "",
            book.cite(row),
            row.status.text(lang),
            row.note or "",
        )
        for table, id, row in book.cited_rows()
        if not (open_only and row.status.is_settled)
    ]


_KEYS = ("table", "id", "label", "cite", "status", "note")


def _plain(rows: list[tuple[str, ...]]) -> list[dict[str, str]]:
    return [dict(zip(_KEYS, each, strict=True)) for each in rows]


def _heads(lang: Lang) -> list[str]:
    if lang is Lang.ZH:
        return ["表", "编号", "名称", "依据", "核实情况", "说明"]
    return ["table", "id", "label", "basis", "status", "note"]


@app.command()
def show(
    name: Name, confirmed: Confirmed = None, lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT
) -> None:
    """查看规则库各行的依据与核实情况 / show every row with its citation and how sure it is."""
    book = _book(name, confirmed)
    rows = _rows(book, lang)
    if format is Format.JSON:
        gaps = [each.as_dict() for each in book.gaps]
        print_json({"id": book.id, "version": book.version, "hash": book.hash, "rows": _plain(rows), "gaps": gaps})
        return
    print_table(book.label.text(lang), _heads(lang), rows)
    for gap in book.gaps:
        warn(said(lang, f"缺口:{gap.zh}", f"gap: {gap.en}"))


@app.command()
def check(
    name: Name, confirmed: Confirmed = None, lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT
) -> None:
    """检查规则库,列出依据待核实的各行;有差错时退出码为 1 / check a rulebook; exit 1 on faults."""
    where = source_of(name, "rulebooks").name
    faults: tuple[Fault, ...] = ()
    rows: list[tuple[str, ...]] = []
    try:
        rows = _rows(_book(name, confirmed), lang, open_only=True)
    except DefinitionError as error:
        faults = error.faults
    if format is Format.JSON:
        told = [each.as_dict() for each in faults]
        print_json({"rulebook": where, "faults": told, "to_be_verified": _plain(rows)})
    elif faults:
        for each in faults:
            warn(str(each))
    else:
        print_table(said(lang, "依据待核实的条目", "Rows still to be verified"), _heads(lang), rows)
        print(said(lang, f"检查通过;依据待核实{len(rows)}行", f"sound; {len(rows)} rows still to be verified"))  # noqa: T201
    raise typer.Exit(1 if faults else 0)


@app.command("matrix")
def show_matrix(
    name: Name,
    directory: Annotated[Path | None, typer.Option("--directory", help="组织目录文件 / directory file")] = None,
    confirmed: Confirmed = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """打印权限表 / print the authority matrix."""
    organs = Directory.load(directory if directory is not None else "hubei-transport-2011")
    book = _book(name, confirmed)
    cells = matrix(book, organs)
    counted = {status.value: count for status, count in shares(cells).items()}
    if format is Format.JSON:
        print_json({"rows": [each.as_dict() for each in cells], "shares": counted})
        return
    rows = _merged([_row(each, book, organs, lang) for each in cells], lang)
    heads = ["处理方式", "职级", "单位类别", "决定", "建议", "核实情况", "依据或缺项"]
    if lang is Lang.EN:
        heads = ["measure", "rank", "employer", "decides", "proposes", "status", "basis, or what is missing"]
    print_table(book.label.text(lang), heads, rows)
    total = len(cells)
    share = "、".join(
        f"{status.text(lang)} {count}({count * 100 // total}%)" for status, count in shares(cells).items()
    )
    warn(said(lang, f"共{total}格:{share}", f"{total} cells: {share}"))


def _merged(rows: list[tuple[str, ...]], lang: Lang) -> list[tuple[str, ...]]:
    """Ranks that fare alike stand in one line: the table is read by people."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for measure, rank, *others in rows:
        alike.setdefault((measure, *others), []).append(rank)
    join = "、" if lang is Lang.ZH else "; "
    return [(measure, join.join(ranks), *others) for (measure, *others), ranks in alike.items()]


def _row(cell: Cell, book: Rulebook, organs: Directory, lang: Lang) -> tuple[str, ...]:
    ruling = cell.ruling
    why = ruling.not_applicable or ruling.power(Power.DECIDES).missing
    return (
        book.measure(cell.measure).label.text(lang),
        organs.rank(cell.rank).label.text(lang) if cell.rank else "—",
        organs.employers[cell.employer].label.text(lang),
        "、".join(each.label.text(lang) for each in ruling.who_could()) or "—",
        "、".join(each.label.text(lang) for each in ruling.who_could(Power.PROPOSES)) or "—",
        cell.status.text(lang),
        why.text(lang) if why is not None else "、".join(ruling.cites),
    )
