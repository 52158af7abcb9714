"""
What all commands share: options, tables, output, progress.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from zhiwen_flow.errors import StoreError


class Lang(StrEnum):
    """Language of the output."""

    ZH = "zh"
    EN = "en"


class Format(StrEnum):
    """Form of printed data."""

    TEXT = "text"
    JSON = "json"


LangOption = Annotated[Lang, typer.Option("--lang", help="zh 或 en / zh or en")]
FormatOption = Annotated[Format, typer.Option("--format", help="text 或 json / text or json")]
UrlArgument = Annotated[str, typer.Argument(help="存储地址,如 sqlite:///flow.db / store URL")]
TenantOption = Annotated[str, typer.Option("--tenant", help="租户 / tenant")]
OutOption = Annotated[Path | None, typer.Option("-o", "--out", help="写入文件 / write to a file")]


def said(lang: Lang, zh: str, en: str) -> str:
    """Choose the language."""
    return zh if lang is Lang.ZH else en


def check_there(url: str) -> None:
    """
    See that a database file is there: a mistyped path must not make a new one.

    Raises:
        StoreError: there is none.
    """
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        raise StoreError(f"`{url}`: there is no such file; name an existing database")


def print_json(data: Any) -> None:
    """Print data for programs."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is as wide as it needs to be when it does not go to a terminal."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def console() -> Console:
    """Give a console; piped output is not cut to a terminal's width, and nothing in data is markup."""
    width = None if sys.stdout.isatty() else 160
    return Console(width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def write(text: str | bytes, out: Path | None) -> None:
    """
    Write to a file, or to standard output.

    Raises:
        StoreError: the file cannot be written.
    """
    data = text.encode() if isinstance(text, str) else text
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise StoreError(f"`{out}` cannot be written: {error.strerror}; name another file") from error


def warn(text: str) -> None:
    """Say something beside the data."""
    sys.stderr.write(text + "\n")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal while something long is done."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done: bar.update(task, completed=done)
