"""
Official terms of the library's own concepts, each with its Chinese label; no behaviour beside looking them up.

Terms of an institution (measures, ranks, roles, channels) are data in rulebooks and directories, not here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

import attrs


def key(name: str) -> Any:
    """Name the TOML key of an attribute whose Python name differs (数据文件中的键名)."""
    return {"key": name}


@attrs.frozen(kw_only=True)
class Label:
    """
    A name for people, in both languages (名称).

    >>> Label(zh="投诉举报件", en="Complaint").text("zh")
    '投诉举报件'
    """

    zh: str
    en: str

    def text(self, lang: str = "zh") -> str:
        """Give the label in *lang* (``"zh"`` or ``"en"``)."""
        return self.en if lang == "en" else self.zh

    def as_dict(self) -> dict[str, str]:
        """Give both languages as plain data."""
        return {"zh": self.zh, "en": self.en}


class Term(StrEnum):
    """A code with a label in both languages (带中文名称的代码)."""

    zh: str
    en: str

    # A member equals its code, so it hashes as its code; `Enum`'s own way goes through Python each time.
    __hash__ = str.__hash__

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Self:
        """Make a member; see the comment below on the defaults."""
        # The defaults are never used: they let a type checker read `Term("code")` as a look-up.
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member

    def text(self, lang: str = "zh") -> str:
        """Give the label in *lang*."""
        return self.en if lang == "en" else self.zh


class Outcome(Term):
    """What a guard found (守卫判定结果)."""

    PASS = ("pass", "通过", "passes")
    FAIL = ("fail", "不通过", "fails")
    UNKNOWN = ("unknown", "无法判断", "cannot be judged")
    ERROR = ("error", "判定出错", "went wrong")


class Status(Term):
    """How sure a cited row is (依据的核实情况)."""

    READ = ("read", "已核原文", "text read")
    SECONDARY = ("secondary", "据转述", "secondary source")
    SEED = ("seed", "据方案原文", "text of the plan")
    CONFIRMED = ("confirmed", "本单位已确认", "confirmed by the host")
    OPINION = ("opinion", "仅为观点", "an opinion")
    MODEL = ("model", "示例", "example")
    UNVERIFIED = ("unverified", "待核实", "not verified")
    NO_NATIONAL_BASIS = ("no_national_basis", "无全国性依据", "no national basis")
    NOT_APPLICABLE = ("not_applicable", "不适用", "not applicable")
    UNKNOWN = ("unknown", "未知", "unknown")

    @property
    def is_settled(self) -> bool:
        """Whether a decision may lean on such a row without a warning (依据无须再核实)."""
        return self in (Status.READ, Status.SEED, Status.CONFIRMED, Status.NOT_APPLICABLE)


_WEAKNESS = (
    Status.READ,
    Status.SEED,
    Status.CONFIRMED,
    Status.NOT_APPLICABLE,
    Status.SECONDARY,
    Status.NO_NATIONAL_BASIS,
    Status.OPINION,
    Status.MODEL,
    Status.UNVERIFIED,
    Status.UNKNOWN,
)


def weakest(*statuses: Status) -> Status:
    """Give the status that is least sure (取最弱的依据)."""
    return max(statuses, key=_WEAKNESS.index)


class Secrecy(Term):
    """What the log keeps of a field (字段的保密方式)."""

    PLAIN = ("plain", "照录", "kept as it is")
    SEALED = ("sealed", "封存(仅留校验值)", "sealed, only a commitment is kept")
    DROPPED = ("dropped", "不留存", "not kept")


class EventKind(Term):
    """What an audit event records (审计事件种类)."""

    OPENED = ("opened", "建档", "opened")
    MOVED = ("moved", "流转", "moved")
    REFUSED = ("refused", "不予通过", "refused")
    REFUSED_MANY = ("refused_many", "多次不予通过(合并)", "refused many times")
    OBLIGED = ("obliged", "新增待办义务", "obliged")
    DISCHARGED = ("discharged", "义务了结", "discharged")
    RECOMPUTED = ("recomputed", "期限重算", "deadline recomputed")


class Power(Term):
    """A power in the cadre-management authority (干部管理权限中的各项权力)."""

    PROPOSES = ("proposes", "建议", "proposes")
    REVIEWS = ("reviews", "审核", "reviews")
    CONSULTS = ("consults", "征求意见", "is consulted")
    DECIDES = ("decides", "决定", "decides")
    APPROVES = ("approves", "批准", "approves")
    SUBMITS_TO = ("submits_to", "提请", "is submitted to")
    ANNOUNCES = ("announces", "宣布", "announces")
    EXECUTES = ("executes", "执行", "executes")
    FILES_WITH = ("files_with", "备案", "is filed with")
    REPORTS_BEFORE = ("reports_before", "事前报告", "is reported to beforehand")


class FieldType(Term):
    """The type of a payload field (字段类型)."""

    TEXT = ("text", "文字", "text")
    INTEGER = ("integer", "整数", "integer")
    BOOLEAN = ("boolean", "是否", "yes or no")
    DATE = ("date", "日期", "date")
    CODE = ("code", "代码", "code of a catalogue")
    ORGAN = ("organ", "机关", "organ")
    POST = ("post", "职务", "post")
    PERSON = ("person", "人员", "person")
    MEASURE = ("measure", "处理方式", "measure")
    DOCUMENT = ("document", "文书材料", "document reference")
    INSTANCE = ("instance", "卷宗", "instance")
    MEETING = ("meeting", "会议记录", "meeting record")
    ASSESSMENT = ("assessment", "逐项评估", "assessment of one item")
    CONSENT = ("consent", "征求意见记录", "record of an opinion asked")
    FINDING = ("finding", "责任认定", "finding of responsibility")
    ITEM = ("item", "事项", "item of a plan")
