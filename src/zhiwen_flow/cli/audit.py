"""
``zhiwen-flow audit``: export, verify and sign for the log (审计日志).
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from zhiwen_flow.audit.checkpoint import Checkpoint, checkpoint_of, checkpoint_text, read_checkpoint
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.findings import Assurance, BadError, Report
from zhiwen_flow.audit.signing import make_key, read_signer, read_verifier
from zhiwen_flow.audit.verify import verify_file, verify_store
from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutOption,
    TenantOption,
    UrlArgument,
    existing,
    print_json,
    progress,
    said,
    write,
)
from zhiwen_flow.errors import MisuseError, StoreError

app = typer.Typer(
    no_args_is_help=True, help="审计日志:导出、验证、检查点、密钥 / the log: export, verify, checkpoint, keys"
)
Heads = Annotated[Path | None, typer.Option("--heads", help="检查点的链头文件 / file of the checkpoint's heads")]


@app.command()
def export(
    url: UrlArgument, out: OutOption = None, tenant: TenantOption = "default", lang: LangOption = Lang.ZH
) -> None:
    """导出日志(JSONL) / export the log as JSON lines."""
    with closing(existing(url, tenant)) as store, progress(said(lang, "导出", "exporting")) as tell:
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
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="检查点须由此公钥验签 / the key that must have signed it")
    ] = None,
    heads: Heads = None,
    archive: Annotated[list[Path] | None, typer.Option("--archive", help="归档文件,可多次给出 / archive files")] = None,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """验证日志;发现问题时退出码为 1 / verify a log; exit 1 on a flaw."""
    if checkpoint is None and (public_key is not None or heads is not None):
        raise MisuseError("`--public-key` and `--heads` go with `--checkpoint`; name the checkpoint file")
    try:
        held = _held(checkpoint, public_key)
    except BadError as bad:
        report = Report(assurance=Assurance.NONE, count=0, streams=0, flaw=bad.flaw)
    else:
        with progress(said(lang, "验证", "verifying")) as tell:
            if target.startswith(("sqlite:", "memory:", "postgres")) and "://" in target:
                with closing(existing(target, tenant)) as store:
                    files = archive or ()
                    report = verify_store(store, checkpoint=held, heads=heads, archives=files, progress=tell)
            else:
                report = verify_file(target, checkpoint=held, heads=heads, progress=tell)
    if format is Format.JSON:
        print_json(_plain(report))
    else:
        print(report.text(lang))  # noqa: T201
    raise typer.Exit(0 if report.sound else 1)


def _held(checkpoint: Path | None, public_key: Path | None) -> Checkpoint | None:
    if checkpoint is None:
        return None
    return read_checkpoint(checkpoint, verifier=read_verifier(public_key) if public_key is not None else None)


def _plain(report: Report) -> dict[str, Any]:
    flaw = report.flaw
    return {
        "sound": report.sound,
        "assurance": report.assurance.value,
        "count": report.count,
        "streams": report.streams,
        "tables_compared": report.tables,
        "archived": report.archived,
        "flaw": {"place": flaw.place, "zh": flaw.zh, "en": flaw.en} if flaw is not None else None,
    }


@app.command()
def checkpoint(
    url: UrlArgument,
    out: OutOption = None,
    heads: Heads = None,
    sign: Annotated[Path | None, typer.Option("--sign", help="以此私钥签名 / sign with this private key")] = None,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
) -> None:
    """生成检查点,另处保存 / make a checkpoint, to be kept elsewhere."""
    signer = read_signer(sign) if sign is not None else None
    with closing(existing(url, tenant)) as store:
        write(checkpoint_text(checkpoint_of(store, heads=heads), signer=signer), out)


@app.command()
def key(
    out: Annotated[Path, typer.Option("-o", "--out", help="私钥文件,公钥在旁边的 .pub / file of the private key")],
    lang: LangOption = Lang.ZH,
) -> None:
    """生成一对 Ed25519 密钥,私钥只有本人可读 / make a pair of Ed25519 keys."""
    beside, fingerprint = make_key(out)
    print(said(lang, f"公钥 {beside},指纹 {fingerprint}", f"public key {beside}, fingerprint {fingerprint}"))  # noqa: T201
