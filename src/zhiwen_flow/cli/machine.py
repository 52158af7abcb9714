"""
``zhiwen-flow machine``: read, check and draw machines (状态机).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import attrs
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
from zhiwen_flow.diagrams.draw import draw
from zhiwen_flow.errors import DefinitionError, Fault, MisuseError
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.guards.registry import Guard, Registry
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.overlay import overlaid
from zhiwen_flow.machine.reading import read_machine
from zhiwen_flow.machine.types import is_current, typed_module
from zhiwen_flow.rulebook import Rulebook

app = typer.Typer(no_args_is_help=True, help="状态机:查看、检查、出图 / machines: show, check, draw")

Name = Annotated[str, typer.Argument(help="编号或 TOML 文件 / id or TOML file")]
Guards = Annotated[list[str] | None, typer.Option("--guards", help="宿主守卫 MODULE:NAME / a host's guards")]
Overlays = Annotated[list[Path] | None, typer.Option("--overlay", help="叠加文件 / overlay files")]
BOOK = "hubei-2011"


def source_of(name: str, kind: str) -> Source:
    """Find what an argument names: a file, or something shipped."""
    return Source.of(name) if name.endswith(".toml") or "/" in name else Source.shipped(kind, name)


def registry_of(names: list[str] | None) -> Registry:
    """Give the library's guards with those that the operator names."""
    return LIBRARY.extended(*guards_of(names))


def guards_of(names: list[str] | None) -> list[Guard]:
    """Take in a host's guards that the operator names: a `Guard`, or an iterable of them."""
    found: list[Guard] = []
    for each in names or ():
        module, _, attribute = each.partition(":")
        try:
            value = getattr(import_module(module), attribute)
            guards = [value] if isinstance(value, Guard) else list(value) if isinstance(value, list | tuple) else []
            if not guards or not all(isinstance(guard, Guard) for guard in guards):
                raise ValueError("it is neither a Guard nor a list or tuple of them")
        except (ImportError, AttributeError, ValueError) as error:
            raise MisuseError(f"--guards {each}: {error}; write MODULE:NAME of what can be imported") from error
        found += guards
    return found


def machine_of(name: str, guards: list[str] | None = None, overlays: list[Path] | None = None) -> Machine:
    """Read the machine that an argument names, with overlays."""
    registry = registry_of(guards)
    source = source_of(name, "machines")
    if overlays:
        return overlaid(source, [Source.of(each) for each in overlays], registry)
    return read_machine(source, registry)


@app.command("list")
def list_machines(lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """列出随库状态机 / list shipped machines."""
    found = [machine_of(each) for each in shipped("machines")]
    if format is Format.JSON:
        print_json([{"id": m.id, "version": m.version, **m.label.as_dict(), "hash": m.hash} for m in found])
        return
    rows = [(m.id, m.version, m.label.text(lang), str(len(m.states)), str(len(m.transitions)), m.source) for m in found]
    heads = (
        ["编号", "版本", "名称", "状态", "迁移", "出处"]
        if lang is Lang.ZH
        else ["id", "version", "name", "states", "steps", "source"]
    )
    print_table(said(lang, "随库状态机", "Shipped machines"), heads, rows)


@app.command()
def show(
    name: Name,
    overlay: Overlays = None,
    guards: Guards = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="叠加后的结果 / with overlays")] = False,
    origin: Annotated[bool, typer.Option("--origin", help="每行出自哪个文件 / which file each row came from")] = False,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """查看状态机 / show a machine."""
    machine = machine_of(name, guards, overlay if resolved or origin or overlay else None)
    if format is Format.JSON:
        print_json(_plain(machine) | ({"origin": dict(machine.origin)} if origin else {}))
        return
    print_table(
        f"{machine.label.text(lang)} {machine.id} {machine.version} {machine.hash[:12]}",
        _heads(lang),
        _rows(machine, lang),
    )
    if origin:
        print_table(said(lang, "各行出处", "Origin"), ["path", "file"], sorted(machine.origin.items()))
    for waiver in machine.waivers:
        warn(f"{waiver.trigger}: {waiver.guard} → {waiver.until} {waiver.document} {waiver.reason}")


def _heads(lang: Lang) -> list[str]:
    if lang is Lang.ZH:
        return ["状态", "动作", "至", "守卫", "须附材料", "文书", "依据"]
    return ["state", "step", "to", "guards", "needs", "produces", "basis"]


def _rows(machine: Machine, lang: Lang) -> list[tuple[str, ...]]:
    rows = []
    for each in machine.all_transitions:
        source = "、".join(machine.state(name).label.text(lang) for name in each.source) or "●"
        guards = "\n".join(
            LIBRARY.get(use.use).label.text(lang) if use.use in LIBRARY else use.use for use in each.guards
        )
        names = ["、".join(machine.term(name).text(lang) for name in group) for group in (each.requires, each.produces)]
        target = machine.state(each.target).label.text(lang)
        rows.append((source, f"{each.label.text(lang)} {each.trigger}", target, guards, *names, "、".join(each.cites)))
    return rows


def _plain(machine: Machine) -> dict[str, Any]:
    def keep(attribute: Any, _: Any) -> bool:
        return attribute.name not in ("content", "origin", "_states")

    return attrs.asdict(machine, filter=keep)


@app.command()
def check(
    name: Name,
    overlay: Overlays = None,
    guards: Guards = None,
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """检查状态机;有差错时退出码为 1 / check a machine; exit 1 on faults."""
    source = source_of(name, "machines")
    faults: tuple[Fault, ...] = ()
    try:
        machine = machine_of(name, guards, overlay)
        Rulebook.load(BOOK)
    except DefinitionError as error:
        faults = error.faults
    if format is Format.JSON:
        print_json({"machine": source.name, "faults": [each.as_dict() for each in faults]})
    elif faults:
        for each in faults:
            warn(str(each))
    else:
        print(said(lang, f"{machine.label.zh}:检查通过", f"{machine.label.en}: sound"))  # noqa: T201
    raise typer.Exit(1 if faults else 0)


@app.command()
def diagram(
    name: Name,
    format: Annotated[str, typer.Option("--format", help="mermaid、dot、svg")] = "mermaid",
    out: OutOption = None,
    overlay: Overlays = None,
    guards: Guards = None,
    lang: LangOption = Lang.ZH,
) -> None:
    """状态机出图 / draw a machine."""
    machine = machine_of(name, guards, overlay)
    write(draw(machine, format, rulebook=Rulebook.load(BOOK), lang=lang.value), out)


@app.command()
def types(
    name: Name,
    out: OutOption = None,
    check: Annotated[Path | None, typer.Option("--check", help="检查文件是否最新 / whether a file is current")] = None,
    overlay: Overlays = None,
    guards: Guards = None,
    lang: LangOption = Lang.ZH,
) -> None:
    """生成类型模块 / write typed classes."""
    machine = machine_of(name, guards, overlay)
    if check is None:
        write(typed_module(machine, Rulebook.load(BOOK)), out)
        return
    current = is_current(Source.of(check).data.decode("utf-8", "replace"), machine)
    print(said(lang, "最新" if current else "已过期,请重新生成", "current" if current else "stale; write it again"))  # noqa: T201
    raise typer.Exit(0 if current else 1)


@app.command()
def guards(lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """列出守卫 / list the guards."""
    if format is Format.JSON:
        print_json(
            [
                {
                    "id": g.id,
                    **g.label.as_dict(),
                    "family": g.family,
                    "reads": list(g.reads),
                    "revision": g.revision,
                    "params": [each.name for each in attrs.fields(g.params)],
                }
                for g in LIBRARY
            ]
        )
        return
    rows = [
        (g.id, g.label.text(lang), g.family, ", ".join(e.name for e in attrs.fields(g.params)), ", ".join(g.reads))
        for g in LIBRARY
    ]
    print_table(
        said(lang, "守卫", "Guards"),
        ["id", said(lang, "通过的含义", "true when it passes"), "family", "params", "reads"],
        rows,
    )
