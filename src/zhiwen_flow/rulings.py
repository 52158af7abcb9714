"""
What authority rulings say (权限裁定): for each power its holders, or why nobody holds it, or what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from zhiwen_flow.model import EMPTY, Holder
from zhiwen_flow.terms import Label, Power, Status

NO_ROW = Label(zh="规则库没有该措施的权限条款", en="the rulebook has no authority row for the measure")
NO_STARTING = Label(zh="规则库没有启动审批的条款", en="the rulebook has no row on who approves the start")
NO_MANAGER = Label(
    zh="干部职务名称表和示例权限表均未载明该职务由谁管理", en="no list and no example row says who manages the post"
)
NO_PERSONNEL = Label(zh="未载明人员类别,无法确定适用哪一权限条款", en="the personnel category is not recorded")
NO_UNIT_SUPERIOR = Label(zh="组织目录未载明该单位的上级", en="the directory records no superior of the unit")
SILENT = Label(zh="该条款未规定此项权力", en="the row does not speak of this power")
FOR_UNITS = Label(zh="该措施只对单位适用", en="the measure is for units only")
FOR_PERSONS = Label(zh="该措施只对个人适用", en="the measure is for persons only")
NO_MEMBERSHIP = Label(
    zh="未载明是否中共党员,无法确定能否适用党纪措施", en="whether the person is a Party member is not recorded"
)
NOT_A_MEMBER = Label(zh="当事人不是中共党员,不适用该措施", en="the person is not a Party member")
OTHER_PERSONNEL = Label(zh="该措施不适用于此类人员", en="the measure is not for this personnel category")

COORDINATING = Label(
    zh="该职务设在议事协调机构,由其人事关系所在单位按权限办理,组织目录未载明该单位",
    en="the post is in a coordinating body; the unit that employs its holder decides, and the directory lacks it",
)
"""A coordinating body never decides on persons, its own posts included."""


@attrs.frozen(kw_only=True)
class PowerRuling:
    """
    What the rules say of one power (一项权力的归属): holders, or why nobody, or what is missing.
    """

    holders: tuple[Holder, ...] = ()
    absent: Label | None = None
    missing: Label | None = None


@attrs.frozen(kw_only=True)
class Ruling:
    """
    Who holds which power over a measure on the holder of a post (权限裁定).

    Args:
        row: Authority row it rests on; None where there is none.
        cites: Where the row and the manager come from.
        status: The weakest of what it rests on.
        fallback: Whether the manager comes from the example table, not from a list.
        manager: Organ that manages the post.
        collective: Whether a meeting decides; None where nothing is said.
        not_applicable: Why the measure does not apply at all.
        missing: The clause that is missing, where it cannot be said.
    """

    measure: str
    row: str | None = None
    cites: tuple[str, ...] = ()
    status: Status = Status.UNKNOWN
    fallback: bool = False
    manager: str | None = None
    collective: bool | None = None
    not_applicable: Label | None = None
    missing: Label | None = None
    powers: Mapping[Power, PowerRuling] = EMPTY  # type: ignore[assignment]

    def power(self, power: Power) -> PowerRuling:
        """Give what is said of one power."""
        found = self.powers.get(power)
        return found if found is not None else PowerRuling(missing=self.missing or SILENT)

    def who_could(self, power: Power = Power.DECIDES) -> tuple[Holder, ...]:
        """List who holds a power (谁有权)."""
        return self.power(power).holders

    def explain(self, lang: str = "zh") -> str:
        """
        Say who holds each power, and why nobody does where nobody does (权限说明), one line for each.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        if self.not_applicable is not None:
            return self.not_applicable.text(lang)
        colon = ":" if lang == "zh" else ": "
        lines = [f"{power.text(lang)}{colon}{self._told(power, lang)}" for power in self.powers or (Power.DECIDES,)]
        basis = "、".join(self.cites)
        if not self.status.is_settled:
            basis += f"(依据待核实:{self.status.zh})" if lang == "zh" else f" (not verified: {self.status.en})"
        return "\n".join([*lines, ("依据:" if lang == "zh" else "basis: ") + basis])

    def _told(self, power: Power, lang: str) -> str:
        found = self.power(power)
        if found.missing is not None:
            return ("未知——" if lang == "zh" else "unknown: ") + found.missing.text(lang)
        if found.absent is not None:
            return ("无——" if lang == "zh" else "nobody: ") + found.absent.text(lang)
        names = ("、" if lang == "zh" else "; ").join(each.label.text(lang) for each in found.holders)
        if power is Power.DECIDES and self.collective:
            return names + ("(集体研究)" if lang == "zh" else " (in a meeting)")
        return names
