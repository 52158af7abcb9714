"""
Terms that a plan names (方案用语): slogans, channels, the ladder of measures, who leads; posts only, never names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from zhiwen_flow.importing.lexicon import lexicon, measures, one_of
from zhiwen_flow.importing.outline import level_of
from zhiwen_flow.importing.personal import LEFT_OUT, may_be_a_name
from zhiwen_flow.importing.source import Line
from zhiwen_flow.plan import PlanRole, Rung

Take = Callable[[Line], None]

_SEATS = one_of(lexicon().seats)
_POST = one_of([*lexicon().posts, *lexicon().kinds_of_posts])
_LEADS = re.compile(
    rf"([\u4e00-\u9fff、()“”×]{{0,30}}?{_POST})(?:{LEFT_OUT})?(?:同志)?(?:分别)?(?:担任|兼任|任|为)(?:[\u4e00-\u9fff]{{0,12}}领导小组)?({_SEATS})"
)
_GIVEN = re.compile(
    rf"({_SEATS})由([\u4e00-\u9fff、()“”×]{{0,30}}?{_POST})(?:{LEFT_OUT})?(?:同志)?(?:分别)?(?:担任|兼任)"
)
_LABELLED = re.compile(
    rf"(?:^|(?<=[。;,:、\s)]))({_SEATS})\s?:\s?([^。;:]{{1,120}}(?:;[\u4e00-\u9fff、]{{1,24}}?{_POST}(?=[;。]|$))*)"
)
_SPACED = re.compile(r"(?<=[:、,;\s][院局校厂站所处科镇乡县市区])\s(?=长(?:[\s、,;。]|$))")
"""A post of two characters, spaced to the width of four."""
_HELD = re.compile(rf"[\u4e00-\u9fff“”]{{0,14}}{_POST}(?:、[\u4e00-\u9fff]{{0,8}}{_POST})*")
_SEAT = re.compile(
    r"(?:领导小组)?(?:下设)?办公室(?:\([^()]{1,20}\))?,?(?:办公室)?(?:设在|设于|办公地点(?:设?在))([\u4e00-\u9fff]{2,20}?)(?=[,。;(]|$)"
)
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
        for word in lexicon().channels:
            if word in line.text and re.search(rf"(?<!\d){word}(?!\d)", line.text):
                found[word] = None
                take(line)
    return tuple(found)


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
        for found, words in ((ways, lexicon().disposal_ways), (inspections, lexicon().inspection_ways)):
            here = [each for each in words if re.search(rf"{each}(?!公室)", line.text)]
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
    """
    Find the ladder of measures in the order of the text (处理方式).

    Measures stand in a section on accountability, three or more in one line, or in a sentence that says for whom.
    """
    found: dict[str, Rung] = {}
    section: int | None = None
    for line in lines:
        text = re.sub(r"《[^《》]{1,60}》", lambda match: "×" * len(match[0]), line.text)
        item = level_of(text)
        if item is not None and (section is None or item[0] <= section):
            section = item[0] if _ACCOUNTS.match(re.split(r"[。:]", item[2])[0]) else None
        places = _measures_in(text)
        if section is None and len(places) < MEASURES_IN_A_LADDER:
            places = [each for each in places if _imposed(text, each)]
        for at, word, measure in places:
            take(line)
            found.setdefault(word, Rung(measure=measure, name=word, plan_says=_sentence_of(text, at), clause="—"))
    return tuple(found.values())


_ACCOUNTS = re.compile(r"[\u4e00-\u9fff、]{0,12}(?:问责|追究|处理|惩|处罚|纪律)[\u4e00-\u9fff]{0,8}$")
"""Headings of sections on accountability."""
_FOR_WHOM = re.compile(r"(?:^|[,:.、)\s])(?:对|凡|如)[^。;]{2,60}?(?:的|者|人员|一律)|有下列|情节")


def _measures_in(text: str) -> list[tuple[int, str, str]]:
    """Measures that a line names, longer names first where they overlap; one suffered before is a condition."""
    places: list[tuple[int, str, str]] = []
    for word, measure in measures():
        at = text.find(word)
        if (
            at >= 0
            and not any(start < at + len(word) and at < start + len(other) for start, other, _ in places)
            and not text[:at].endswith(("被", "受到", "受过"))
        ):
            places.append((at, word, measure))
    return sorted(places)


def _imposed(text: str, place: tuple[int, str, str]) -> bool:
    """Whether the sentence says for whom the measure is; to mend within a time is asked of everybody."""
    start = max(text.rfind(mark, 0, place[0]) for mark in "。;") + 1
    return place[1] != "限期整改" and _FOR_WHOM.search(text[start : place[0]]) is not None


def roles(lines: Iterable[Line], take: Take) -> tuple[PlanRole, ...]:
    """Find who leads: the post that a person holds, never the person (组织领导)."""
    found: dict[tuple[str, str], PlanRole] = {}
    for line in lines:
        if re.search(r"组长|办公室|指挥|召集人", line.text) is None:
            continue
        for seat, post in (*_led(line.text), *_labelled(line.text)):
            found.setdefault((seat, post), _role(len(found) + 1, seat, post))
            take(line)
        if place := _SEAT.search(line.text):
            found.setdefault(("办公室", place[1]), _role(len(found) + 1, "办公室", place[1], seat=place[1]))
            take(line)
    return tuple(found.values())


def _led(text: str) -> Iterator[tuple[str, str]]:
    for match in _LEADS.finditer(text):
        yield match[2], _post_only(match[1])
    for match in _GIVEN.finditer(text):
        yield match[1], _post_only(match[2])


def _labelled(text: str) -> Iterator[tuple[str, str]]:
    """组长: and who holds it, where a post is named."""
    for match in _LABELLED.finditer(_SPACED.sub("", text)):
        posts = dict.fromkeys(_post_only(each) for each in _HELD.findall(re.split(_SEATS + r"\s?:", match[2])[0]))
        for post in posts:
            yield match[1], post


def _role(number: int, name: str, post: str, *, seat: str | None = None) -> PlanRole:
    return PlanRole(id=f"role-{number}", name=name, held_by=post, clause="—", seat=seat)


def _post_only(text: str) -> str:
    """Cut away what stands before the post: verbs, bodies that were just set up, and what may be a name."""
    post = re.split(rf"领导小组,|成立|由|小组|{LEFT_OUT}", text)[-1]
    post = re.sub(r"^\(?[一二三四五六七八九十\d]{1,3}\)", "", post).strip("、,“”() ") or text
    held = re.search(rf"{_POST}$", post)
    before = post[: held.start()] if held is not None else ""
    return held[0] if held is not None and may_be_a_name(before) else post


def _sentence_of(text: str, at: int) -> str:
    start = max(text.rfind("。", 0, at), text.rfind(";", 0, at)) + 1
    end = text.find("。", at)
    return text[start : end if end >= 0 else len(text)][:120]
