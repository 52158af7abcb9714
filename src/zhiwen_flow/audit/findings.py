"""
What a verification says (验证结果): which assurance was reached, or the first place that is wrong, and why.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from zhiwen_flow.errors import AuditError
from zhiwen_flow.terms import Term

Progress = Callable[[int, int | None], None]
"""Told now and then how much was done, and of how much where that is known."""


def silent(_done: int, _total: int | None) -> None:
    """Tell nobody (不显示进度)."""


class Assurance(Term):
    """What a verification vouches for (保证程度)."""

    NONE = ("none", "无", "none")
    CHAIN = ("chain", "链完整:已有各条未被改动", "chain: what is there was not altered")
    TRAILER = ("trailer", "尾记录相符:自导出后无缺失", "trailer: nothing is missing since the export")
    CHECKPOINT = ("checkpoint", "检查点相符:检查点之前未被重做", "checkpoint: nothing before it was made anew")
    SIGNED = (
        "signed checkpoint",
        "检查点相符,且签名有效:检查点出自持钥人,之前未被重做",
        "signed checkpoint: the holder of the key vouches for it, and nothing before it was made anew",
    )


@attrs.frozen(kw_only=True)
class Flaw:
    """The first thing found wrong (发现的问题): where, and why."""

    place: str
    zh: str
    en: str


@attrs.frozen(kw_only=True)
class Report:
    """
    What a verification found (验证结果).

    Args:
        assurance: What holds; none where there is a flaw.
        count: Events read.
        streams: Streams seen.
        flaw: The first flaw; None where all is well.
        tables: Whether a database's tables were compared with the log.
        archived: Streams whose events were detached into archives.
    """

    assurance: Assurance
    count: int
    streams: int
    flaw: Flaw | None = None
    tables: bool = False
    archived: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing wrong was found."""
        return self.flaw is None

    def text(self, lang: str = "zh") -> str:
        """
        Say what was found (说明验证结果).

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        zh = lang == "zh"
        if self.flaw is not None:
            return f"× {self.flaw.place}:{self.flaw.zh}" if zh else f"× {self.flaw.place}: {self.flaw.en}"
        head = f"√ 共{self.count}条、{self.streams}个卷宗" if zh else f"√ {self.count} events, {self.streams} streams"
        if self.archived:
            head += f",另有{self.archived}个已归档" if zh else f", {self.archived} archived"
        if self.tables:
            head += ";数据库与日志一致" if zh else "; the tables agree with the log"
        return f"{head}\n" + (f"保证程度:{self.assurance.zh}" if zh else f"assurance: {self.assurance.en}")


class BadError(AuditError):
    """Something is wrong here (发现问题): the flaw that ends a verification, which reports it."""

    def __init__(self, place: str, zh: str, en: str) -> None:
        self.flaw = Flaw(place=place, zh=zh, en=en)
        super().__init__(en)
