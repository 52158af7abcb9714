"""
``zhiwen-flow store``: the tables of a database (存储).
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from zhiwen_flow.cli.console import Format, FormatOption, Lang, LangOption, OutOption, print_json, said, write
from zhiwen_flow.errors import StoreError

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
