"""
Rules on what reading a text showed (导入所见): slips that were mended, times that are not settled.
"""

from __future__ import annotations

from zhiwen_flow.lint.findings import Bench, Found


def repaired(bench: Bench) -> Found:
    """Slips of a scanned text that were mended (修复的差错)."""
    for each in bench.read.repairs if bench.read is not None else ():
        zh, en = f"{each.kind}:“{each.before}”读作“{each.after}”", f"`{each.before}` read as `{each.after}`"
        yield f"第{each.line}行\t{each.line}", zh, en


def unsettled(bench: Bench) -> Found:
    """What the text leaves open (未定事项)."""
    for each in bench.read.notices if bench.read is not None else ():
        yield f"第{each.line}行\t{each.line}", each.what, each.en
