"""
``zhiwen-flow audit``: export and verify the log (审计日志).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zhiwen_flow.audit.checkpoint import checkpoint_of, read_checkpoint
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.verify import Report, verify_file, verify_store
from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutOption,
    TenantOption,
    UrlArgument,
    check_there,
    print_json,
    progress,
    said,
    write,
)
from zhiwen_flow.errors import StoreError
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.protocol import Store

app = typer.Typer(no_args_is_help=True, help="审计日志:导出、验证、检查点 / the log: export, verify, checkpoint")


def existing_store(url: str, tenant: str) -> Store:
    """Open a store that is there; a mistyped path must not make a new database."""
    check_there(url)
    return open_store(url, tenant=tenant)


@app.command()
def export(
    url: UrlArgument, out: OutOption = None, tenant: TenantOption = "default", lang: LangOption = Lang.ZH
) -> None:
    """导出日志(JSONL) / export the log as JSON lines."""
    store = existing_store(url, tenant)
    with progress(said(lang, "导出", "exporting")) as tell:
        if out is None:
            for line in export_log(store, progress=tell):
                write(line, None)
            return
        try:
            with out.open("wb") as file:
                file.writelines(export_log(store, progress=tell))
        except OSError as error:
            raise StoreError(f"`{out}` cannot be written: {error.strerror}; name another file") from error


@app.command()
def verify(
    target: Annotated[str, typer.Argument(help="日志文件或存储地址 / log file or store URL")],
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="检查点文件 / checkpoint file")] = None,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """验证日志;发现问题时退出码为 1 / verify a log; exit 1 on a flaw."""
    held = read_checkpoint(checkpoint) if checkpoint is not None else None
    with progress(said(lang, "验证", "verifying")) as tell:
        if target.startswith(("sqlite:", "memory:", "postgres")) and "://" in target:
            report = verify_store(existing_store(target, tenant), checkpoint=held, progress=tell)
        else:
            report = verify_file(target, checkpoint=held, progress=tell)
    if format is Format.JSON:
        print_json(_plain(report))
    else:
        print(report.text(lang))  # noqa: T201
    raise typer.Exit(0 if report.sound else 1)


def _plain(report: Report) -> dict[str, Any]:
    flaw = report.flaw
    return {
        "sound": report.sound,
        "assurance": report.assurance.value,
        "count": report.count,
        "streams": report.streams,
        "tables_compared": report.tables,
        "flaw": {"place": flaw.place, "zh": flaw.zh, "en": flaw.en} if flaw is not None else None,
    }


@app.command()
def checkpoint(
    url: UrlArgument, out: OutOption = None, tenant: TenantOption = "default", lang: LangOption = Lang.ZH
) -> None:
    """生成检查点,另处保存 / make a checkpoint, to be kept elsewhere."""
    write(checkpoint_of(existing_store(url, tenant)), out)
