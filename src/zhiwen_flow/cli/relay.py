"""
``zhiwen-flow relay``: publish events, see what waits, deal with dead letters (发布).
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from zhiwen_flow.cli.console import (
    Format,
    FormatOption,
    Lang,
    LangOption,
    TenantOption,
    UrlArgument,
    check_there,
    print_json,
    print_table,
    said,
)
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.errors import MisuseError, SinkError
from zhiwen_flow.relay.opening import open_sink
from zhiwen_flow.relay.running import Pace, Relay, Round
from zhiwen_flow.relay.sinks import SECRET_VARIABLE, LogSink, Sink
from zhiwen_flow.relay.stopping import stopping
from zhiwen_flow.stores.opening import open_outbox
from zhiwen_flow.stores.outbox import Held, Lag, Outbox, Skipped

app = typer.Typer(no_args_is_help=True, help="发布:发出事件、查看积压、处理死信 / publish events, lag, dead letters")
SinkOption = Annotated[
    str, typer.Option("--sink", help="amqp://用户@主机/虚拟主机、https://主机/路径 或 log: / where to publish")
]
SecretOption = Annotated[
    Path | None,
    typer.Option(
        "--secret-file", help=f"口令或签名密钥的文件;缺省取环境变量 {SECRET_VARIABLE} / password or signing key"
    ),
]
Events = Annotated[list[str] | None, typer.Argument(help="事件编号 / event ids")]


def _outbox(url: str, tenant: str) -> Outbox:
    check_there(url)
    return open_outbox(url, tenant=tenant)


@app.command()
def run(
    url: UrlArgument,
    sink: SinkOption,
    *,
    once: Annotated[bool, typer.Option("--once", help="发完即止 / stop when nothing is due")] = False,
    secret_file: SecretOption = None,
    source: Annotated[str | None, typer.Option("--source", help="来源 URI / source URI")] = None,
    exchange: Annotated[str, typer.Option("--exchange", help="RabbitMQ 交换机 / topic exchange")] = "zhiwen",
    allow_unroutable: Annotated[
        bool, typer.Option("--allow-unroutable", help="没有队列接收的事件也算已发 / events that no queue takes")
    ] = False,
    allow: Annotated[
        list[str] | None, typer.Option("--allow", help="允许的内网网段,可多次 / network that is not public")
    ] = None,
    attempts: Annotated[int, typer.Option("--attempts", min=1, help="几次退回后成为死信 / refusals allowed")] = 12,
    lease: Annotated[float, typer.Option("--lease", min=1, help="通道租期(秒)/ seconds of a lease")] = 30.0,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """发布事件,收到 SIGTERM 时发完手头一批再停 / publish; on SIGTERM the batch under way is settled first."""
    # What is wrong with a broker is told by the relay; its client would tell it again with a traceback.
    logging.getLogger("pika").addHandler(logging.NullHandler())
    given = {"exchange": exchange, "mandatory": not allow_unroutable, "allowed": allow or ()}
    outbox = _outbox(url, tenant)
    with closing(outbox), closing(_sink(sink, secret_file, **given)) as to, stopping() as stop:
        relay = Relay(outbox, to, source=source, pace=Pace(attempts=attempts, lease=lease))
        done = relay.drain(stop) if once else relay.run(stop)
    _tell(done, lang, format)
    if once and done.unreachable is not None:
        raise SinkError(done.unreachable)
    raise typer.Exit(1 if done.refused else 0)


def _sink(url: str, secret_file: Path | None, **more: Any) -> Sink:
    if url == "log:":
        lines = structlog.wrap_logger(
            structlog.WriteLogger(sys.stdout), processors=[structlog.processors.JSONRenderer(ensure_ascii=False)]
        )
        return LogSink(lines)
    return open_sink(url, secret=_secret(secret_file), **more)


def _secret(path: Path | None) -> str | None:
    if path is None:
        return os.environ.get(SECRET_VARIABLE) or None
    try:
        return path.read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise MisuseError(f"`{path}` cannot be read ({type(error).__name__}); name a readable text file") from None


def _tell(done: Round, lang: Lang, format: Format) -> None:
    if format is Format.JSON:
        print_json({"confirmed": done.confirmed, "refused": done.refused, "dead": done.dead})
        return
    zh = f"已发布{done.confirmed}条,被退回{done.refused}次,其中成为死信{done.dead}条"
    en = f"{done.confirmed} published, {done.refused} refused, {done.dead} of them dead letters"
    sys.stderr.write(said(lang, zh, en) + "\n")


@app.command()
def status(
    url: UrlArgument,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """查看积压;有死信时退出码为 1 / what waits; exit 1 where there are dead letters."""
    lanes = _outbox(url, tenant).lag()
    now = SystemClock().now()
    found = _summed(lanes, now)
    if format is Format.JSON:
        print_json(found)
    else:
        heads = [said(lang, "通道", "lane"), said(lang, "待发", "waiting"), said(lang, "暂缓卷宗", "held streams")]
        heads += [said(lang, "死信", "dead"), said(lang, "最早(秒前)", "oldest (s)"), said(lang, "经办", "owner")]
        title = said(
            lang,
            f"待发{found['waiting']}条,死信{found['dead']}条",
            f"{found['waiting']} waiting, {found['dead']} dead letters",
        )
        rows = [["" if each is None else str(each) for each in lane.values()] for lane in found["lanes"]]
        print_table(title, heads, rows)
    raise typer.Exit(1 if found["dead"] else 0)


def _summed(lanes: tuple[Lag, ...], now: dt.datetime) -> dict[str, Any]:
    rows = [
        {
            "lane": each.lane,
            "waiting": each.waiting,
            "held": each.held,
            "dead": each.dead,
            "oldest_seconds": round((now - each.oldest).total_seconds()) if each.oldest is not None else None,
            "owner": each.owner,
        }
        for each in lanes
    ]
    sums: dict[str, Any] = {name: sum(row[name] or 0 for row in rows) for name in ("waiting", "held", "dead")}
    ages = [row["oldest_seconds"] for row in rows if row["oldest_seconds"] is not None]
    return {**sums, "oldest_seconds": max(ages, default=None), "lanes": rows}


@app.command()
def dead(
    url: UrlArgument,
    skipped: Annotated[bool, typer.Option("--skipped", help="已放弃的 / those given up")] = False,
    after: Annotated[
        str,
        typer.Option("--after", help="上一页最后的卷宗;--skipped 时为事件 / last stream (or event) of the page before"),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多几条 / how many at most")] = 100,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
    format: FormatOption = Format.TEXT,
) -> None:
    """列出死信 / list dead letters."""
    outbox = _outbox(url, tenant)
    found: list[dict[str, Any]]
    if skipped:
        found = [_gone(each) for each in outbox.skipped(after=after, limit=limit)]
        names = {"event": "事件", "stream": "卷宗", "error": "原因", "reason": "放弃理由", "at": "放弃时间"}
    else:
        found = [_letter(each) for each in outbox.held(dead=True, after=after, limit=limit)]
        names = {"event": "事件", "stream": "卷宗", "attempts": "次数", "error": "原因"}
    if format is Format.JSON:
        print_json(found)
        return
    heads = [said(lang, zh, en) for en, zh in names.items()]
    print_table(said(lang, "死信", "dead letters"), heads, [[str(row[name]) for name in names] for row in found])


def _letter(each: Held) -> dict[str, Any]:
    return {"event": each.event, "stream": each.stream, "attempts": each.attempts, "error": each.error}


def _gone(each: Skipped) -> dict[str, Any]:
    found = {"event": each.event, "stream": each.stream, "error": each.error, "reason": each.reason}
    return {**found, "at": each.at.isoformat()}


@app.command()
def retry(
    url: UrlArgument,
    events: Events = None,
    every: Annotated[bool, typer.Option("--all", help="全部死信 / all dead letters")] = False,
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
) -> None:
    """让死信重新发布 / let dead letters be tried again."""
    if bool(events) is every:
        raise MisuseError("name the events to retry, or give `--all`")
    outbox = _outbox(url, tenant)
    count = outbox.retry() if every else sum(outbox.retry(each) for each in events or ())
    sys.stderr.write(said(lang, f"{count}条死信将重新发布", f"{count} dead letters will be tried again") + "\n")


@app.command()
def skip(
    url: UrlArgument,
    event: Annotated[str, typer.Argument(help="事件编号 / event id")],
    reason: Annotated[str, typer.Option("--reason", help="放弃的理由,留档 / why; it is kept")],
    tenant: TenantOption = "default",
    lang: LangOption = Lang.ZH,
) -> None:
    """放弃一条死信,所在卷宗随后的事件继续发布 / give a dead letter up; its stream goes on."""
    _outbox(url, tenant).skip(event, reason=reason)
    sys.stderr.write(said(lang, "已放弃,理由已留档", "given up; the reason is kept") + "\n")
