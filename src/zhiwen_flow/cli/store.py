"""
``zhiwen-flow store``: the tables of a database (存储).
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutOption,
    TenantOption,
    existing,
    print_json,
    progress,
    said,
    write,
)
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import MisuseError, StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import DATA
from zhiwen_flow.model import Actor

app = typer.Typer(no_args_is_help=True, help="存储:建表、升级、数据表定义 / stores: make, migrate and show the tables")
Url = Annotated[str, typer.Argument(help="存储地址,如 sqlite:///flow.db、postgresql://user@host/database / store URL")]


class Dialect(StrEnum):
    """A database whose tables can be written out."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def _migrating() -> ModuleType:
    """Load the migrations for who asks for them: their packages are an extra."""
    try:
        return import_module("zhiwen_flow.stores.sql.migrating")
    except ModuleNotFoundError as error:
        raise StoreError("migrations need their packages; install `zhiwen-flow[sql,postgres]`") from error


@app.command()
def migrate(url: Url, lang: LangOption = Lang.ZH, format: FormatOption = Format.TEXT) -> None:
    """建表,或把数据表升级到本程序的版本 / make the tables, or bring them to this program's revision."""
    before, after = _migrating().migrate(url)
    if format is Format.JSON:
        print_json({"before": before, "after": after})
    elif before == after:
        print(said(lang, f"数据表已是 {after} 版,无须升级", f"the tables are of revision {after} already"))  # noqa: T201
    elif before is None:
        print(said(lang, f"已建表,{after} 版", f"the tables were made, revision {after}"))  # noqa: T201
    else:
        print(said(lang, f"已由 {before} 版升级到 {after} 版", f"brought from revision {before} to {after}"))  # noqa: T201


@app.command()
def schema(
    dialect: Annotated[Dialect, typer.Argument(help="sqlite 或 postgresql / sqlite or postgresql")],
    since: Annotated[str | None, typer.Option("--since", help="自哪一版起 / revision to start from")] = None,
    out: OutOption = None,
) -> None:
    """写出建表语句,供数据库管理员审阅 / write the tables as SQL, for a database administrator."""
    write(_migrating().schema_text(dialect.value, since=since), out)


@app.command()
def archive(  # noqa: PLR0917  options, by name
    url: Url,
    out: Annotated[Path, typer.Option("-o", "--out", help="归档文件 / file of the archive")],
    actor: Annotated[str, typer.Option("--actor", help="决定归档的人,编号 / id of who ordered it")],
    post: Annotated[str, typer.Option("--post", help="其职务 / the post")],
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")] = "",
    before: Annotated[str | None, typer.Option("--before", help="此日之前办结的 / ended before this day")] = None,
    document: Annotated[str | None, typer.Option("--document", help="文号 / document number")] = None,
    sealed: Annotated[Path | None, typer.Option("--sealed", help="封存内容另存 / file for sealed values")] = None,
    resume: Annotated[bool, typer.Option("--finish", help="接着办完该文件的归档 / go on with that file")] = False,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
) -> None:
    """归档:办结多时的卷宗写入文件,移出数据库 / write closed cases into a file and take them out."""
    with Flow(existing(url, tenant), Definitions.load(), actor=Actor(id=actor, post=post), clock=SystemClock()) as flow:
        if resume:
            done = flow.finish_archive(out)
        else:
            with progress(said(lang, "归档", "archiving")) as tell:
                done = flow.archive(_day(before), out, reason=reason, document=document, sealed=sealed, progress=tell)
    told = f"{done.families} 套、{done.streams} 个卷宗、{done.events} 条事件已归档,文件 SHA-256 {done.archive}"
    en = f"{done.families} families, {done.streams} streams, {done.events} events archived; SHA-256 {done.archive}"
    print(said(lang, told, en))  # noqa: T201
    if done.waiting or done.stayed:
        zh = f"另有 {done.waiting} 套尚有事件待发布,{len(done.stayed)} 套其间有变动,都留在库中"
        en = f"{done.waiting} families wait for publication and {len(done.stayed)} were changed meanwhile; they stay"
        print(said(lang, zh, en))  # noqa: T201


def _day(text: str | None) -> dt.date:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        raise MisuseError("`--before` takes a day such as 2012-01-01") from None


@app.command()
def grants(out: OutOption = None) -> None:
    """写出 PostgreSQL 角色与授权语句,供管理员执行 / write PostgreSQL's roles and grants, for its administrator."""
    write((DATA / "schema" / "grants.sql").read_text("utf-8"), out)
