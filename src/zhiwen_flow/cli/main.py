"""
The command line (命令行): every command's exit status is 0 fine, 1 findings, 2 unusable input; never a traceback.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from zhiwen_flow.cli import audit, machine, plan, relay, rulebook, store
from zhiwen_flow.cli.console import Lang, LangOption, said
from zhiwen_flow.cli.tick import tick
from zhiwen_flow.demo import run
from zhiwen_flow.errors import ZhiwenError

USAGE, INTERRUPTED = 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="治庸问责状态机 / state machines for accountability work",
)
app.add_typer(machine.app, name="machine")
app.add_typer(plan.app, name="plan")
app.add_typer(rulebook.app, name="rulebook")
app.add_typer(audit.app, name="audit")
app.add_typer(relay.app, name="relay")
app.add_typer(store.app, name="store")
app.command()(tick)


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option("--out", help="写入数据库、日志和图 / folder for database, log, diagrams")
    ] = None,
    lang: LangOption = Lang.ZH,
) -> None:
    """演示:一项活动、两件投诉、一件组织处理 / the demonstration (told in Chinese)."""
    told = run(out, print)
    if told.files:
        print("\n" + said(lang, "已写入:", "written:"))  # noqa: T201
        for each in told.files[:2]:
            print(f"  {each}")  # noqa: T201
        print(f"  {told.files[-1].parent}{os.sep}")  # noqa: T201
    sound = told.report.sound and told.tables.sound and not told.altered.sound
    raise typer.Exit(0 if sound else 1)


def main() -> None:
    """Run ``zhiwen-flow`` (程序入口)."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding, such as GBK, shows a question mark for what it lacks; that is no error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = app(standalone_mode=False)
    except typer.Exit as leave:
        status = leave.exit_code
    except typer.Abort:
        status = USAGE
    except ZhiwenError as error:
        status = _told(str(error))
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        # The reader went away; that is no error of ours, and flushing again would be one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:  # noqa: BLE001  the last resort: one line, no traceback
        told = getattr(error, "format_message", None)
        status = _told(told() if told is not None else f"{type(error).__name__}: {error}; please report this command")
    sys.exit(status or 0)


def _told(text: str) -> int:
    for line in text.splitlines():
        sys.stderr.write(f"zhiwen-flow: {line}\n")
    return USAGE
