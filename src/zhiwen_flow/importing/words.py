"""
Terms that a plan names (方案用语): slogans, channels, the ladder of measures, who leads; posts only, never names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from zhiwen_flow.importing.source import Line
from zhiwen_flow.plan import PlanRole, Rung

Take = Callable[[Line], None]

_CHANNELS = [
    "举报电话",
    "投诉电话",
    "监督电话",
    "专线电话",
    "电子信箱",
    "电子邮箱",
    "举报信箱",
    "举报箱",
    "意见箱",
    "网络投诉邮箱",
    "群众评议",
    "民主评议",
    "问卷调查",
    "网站",
    "政务网",
    "媒体",
    "电子显示屏",
    "党务公开栏",
    "政务公开栏",
    "微信公众号",
    "12345",
    "来信来访",
]
_MEASURES = [
    tuple(each.split("="))
    for each in [
        "信访约谈=petition_interview",
        "约谈=petition_interview",
        "通报批评=unknown",
        "诫勉谈话=admonition_talk",
        "诫勉=admonition",
        "书面检查=unknown",
        "责令检查=ordered_self_criticism",
        "公开道歉=ordered_public_apology",
        "待岗学习=off_post_study",
        "停职检查=suspension_for_self_examination",
        "调离工作岗位=transfer_off_post",
        "调离岗位=transfer_off_post",
        "调整职务=post_adjustment",
        "引咎辞职=resignation_in_blame",
        "责令辞职=ordered_resignation",
        "免职=relief_of_post",
        "降职=post_demotion",
        "降级=grade_reduction",
        "辞退=termination",
        "纪律责任追究=discipline_referral",
        "党纪政纪处分=discipline_referral",
    ]
]
"""Names of measures, longer ones first; a bare 通报批评 does not say whether a unit or a person is meant."""

_POSTS = (
    r"书记|副书记|局长|副局长|厅长|副厅长|主任|副主任|院长|副院长|处长|副处长|科长|副科长|队长|副队长|校长|副校长|市长|副市长|"
    r"县长|副县长|区长|副区长|镇长|乡长|董事长|总经理|经理|秘书长|副秘书长|部长|副部长|主席|副主席|会长|组长|所长|站长|政委|常委|负责人|负责同志|领导"
)
_LEADS = re.compile(
    rf"([\u4e00-\u9fff、()“”]{{0,30}}?(?:{_POSTS}))([\u4e00-\u9fff]{{2,4}}?)?(?:同志)?(?:担任|任|为)(组长|副组长|办公室主任|办公室副主任|总指挥|第一组长|常务副组长)"
)
_BODIES = re.compile(
    r"[省市县区局厅委院处科室部校镇乡站所队团组]|机关|政府|公司|协会|办公|分管|主管|常务|主要|第一|有关|其他|本"
)
"""What stands before a post is kept where it speaks of a body or a kind of post; else it may be a name."""
_SEAT = re.compile(r"(?:领导小组)?(?:下设)?办公室,?(?:办公室)?设在([\u4e00-\u9fff]{2,20}?)(?=[,。;(]|$)")
_SLOGAN = re.compile(r"[“‘]((?:[\u4e00-\u9fff]{4,5}、){2,5}[\u4e00-\u9fff]{4,5})[”’]")
MEASURES_IN_A_LADDER = 3


def slogans(lines: Iterable[Line], take: Take) -> tuple[str, ...]:
    """Find the slogans: three or more phrases of four or five characters in quotes (主题口号)."""
    for line in lines:
        if match := _SLOGAN.search(line.text):
            take(line)
            return tuple(match[1].split("、"))
    return ()


def channels(lines: Iterable[Line], take: Take) -> tuple[str, ...]:
    """Find the channels that a plan opens (受理与公开渠道)."""
    found: dict[str, None] = {}
    for line in lines:
        for word in _CHANNELS:
            if re.search(rf"(?<!\d){word}(?!\d)", line.text):
                found[word] = None
                take(line)
    return tuple(found)


_WAYS = ["直办", "交办", "转办", "督办"]
_INSPECTIONS = [
    "明查暗访",
    "明察暗访",
    "集中检查",
    "突击检查",
    "调查核实",
    "日常考核",
    "群众举报",
    "民主评议",
    "公开承诺",
    "媒体曝光",
    "责任追究",
]
_STRANDS = re.compile(r"把([\u4e00-\u9fff、]{2,60}?)贯穿始终")
_LINKS = re.compile(r"与([\u4e00-\u9fff“”、]{2,24}?)(?:活动)?(?:紧密|有机)?结合起来")


def strands(lines: Iterable[Line], take: Take) -> tuple[str, ...]:
    """Find what runs through all phases (贯穿始终)."""
    for line in lines:
        found = _STRANDS.findall(line.text)
        if found:
            take(line)
            return tuple(dict.fromkeys(part for each in found for part in each.split("、") if part))
    return ()


def named_ways(lines: Iterable[Line], take: Take) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the ways of handling and of inspecting that a plan names (办理方式、督查方式)."""
    ways: dict[str, None] = {}
    inspections: dict[str, None] = {}
    for line in lines:
        for found, words in ((ways, _WAYS), (inspections, _INSPECTIONS)):
            here = [each for each in words if each in line.text]
            if here:
                take(line)
                found.update(dict.fromkeys(here))
    return tuple(ways), tuple(inspections)


def programmes(lines: Iterable[Line], take: Take) -> tuple[str, ...]:
    """Find the programmes that it is joined with (与…结合起来)."""
    found: dict[str, None] = {}
    for line in lines:
        for match in _LINKS.finditer(line.text):
            found[match[1].removeprefix("深入开展").removeprefix("创建")] = None
            take(line)
    return tuple(found)


def ladder(lines: Iterable[Line], take: Take) -> tuple[Rung, ...]:
    """Find the ladder of measures where one line names three or more of them, in the order of the text (处理方式)."""
    for line in lines:
        text = line.text
        places: list[tuple[int, str, str]] = []
        for word, measure in _MEASURES:
            at = text.find(word)
            if at >= 0 and not any(start <= at < start + len(other) for start, other, _ in places):
                places.append((at, word, measure))
        if len(places) >= MEASURES_IN_A_LADDER:
            take(line)
            clause = _sentence_of(text, places[0][0])
            return tuple(Rung(measure=m, name=w, plan_says=clause, clause="—") for _, w, m in sorted(places))
    return ()


def roles(lines: Iterable[Line], take: Take) -> tuple[PlanRole, ...]:
    """Find who leads: the post that a person holds, never the person (组织领导)."""
    found: dict[tuple[str, str], PlanRole] = {}
    for line in lines:
        if "组长" not in line.text and "办公室" not in line.text and "总指挥" not in line.text:
            continue
        for match in _LEADS.finditer(line.text):
            post = _post_only(match[1])
            found.setdefault((match[3], post), _role(len(found) + 1, match[3], post))
            take(line)
        if seat := _SEAT.search(line.text):
            found.setdefault(("办公室", seat[1]), _role(len(found) + 1, "办公室", seat[1], seat=seat[1]))
            take(line)
    return tuple(found.values())


def _role(number: int, name: str, post: str, *, seat: str | None = None) -> PlanRole:
    return PlanRole(id=f"role-{number}", name=name, held_by=post, clause="—", seat=seat)


def _post_only(text: str) -> str:
    """Cut away what stands before the post: verbs, bodies that were just set up."""
    post = re.split(r"领导小组,|成立|由|小组", text)[-1].strip("、,“”()") or text
    held = re.search(rf"(?:{_POSTS})$", post)
    before = post[: held.start()] if held else ""
    return post if held is None or _BODIES.search(before) else held[0]


def _sentence_of(text: str, at: int) -> str:
    start = max(text.rfind("。", 0, at), text.rfind(";", 0, at)) + 1
    end = text.find("。", at)
    return text[start : end if end >= 0 else len(text)][:120]
