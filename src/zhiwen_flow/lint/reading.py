"""
What reading a text showed (导入所见): slips that were mended, times that are not settled.
"""

from __future__ import annotations

from zhiwen_flow.importing import Imported
from zhiwen_flow.lint.findings import Finding, Severity
from zhiwen_flow.terms import Label


def of_reading(read: Imported) -> tuple[Finding, ...]:
    """Give repairs and notices as findings, by line (修复与待定事项)."""
    repairs = [
        Finding(
            rule="repaired",
            severity=Severity.INFO,
            where=f"第{each.line}行",
            text=Label(
                zh=f"{each.kind}:“{each.before}”读作“{each.after}”", en=f"`{each.before}` read as `{each.after}`"
            ),
            line=each.line,
        )
        for each in read.repairs
    ]
    notices = [
        Finding(
            rule="unsettled",
            severity=Severity.WARNING,
            where=f"第{each.line}行",
            text=Label(zh=each.what, en=each.en),
            line=each.line,
        )
        for each in read.notices
    ]
    return tuple(sorted([*repairs, *notices], key=lambda each: each.line or 0))
