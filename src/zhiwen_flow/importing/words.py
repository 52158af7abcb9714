"""
Terms that a plan names (方案用语): slogans, channels, the ladder of measures, who leads; posts only, never names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from zhiwen_flow.importing.lexicon import lexicon, measures, one_of
from zhiwen_flow.importing.personal import LEFT_OUT, may_be_a_name
from zhiwen_flow.importing.source import Line
from zhiwen_flow.plan import PlanRole, Rung

Take = Callable[[Line], None]

_SEATS = one_of(lexicon().seats)
_POST = one_of([*lexicon().posts, *lexicon().kinds_of_posts])
_LEADS = re.compile(
    rf"([\u4e00-\u9fff、()“”×]{{0,30}}?{_POST})(?:{LEFT_OUT})?(?:同志)?(?:分别)?(?:担任|兼任|任|为)({_SEATS})"
)
_GIVEN = re.compile(
    rf"({_SEATS})由([\u4e00-\u9fff、()“”×]{{0,30}}?{_POST})(?:{LEFT_OUT})?(?:同志)?(?:分别)?(?:担任|兼任)"
)
_LABELLED = re.compile(rf"(?:^|(?<=[。;,:、\s)]))({_SEATS})\s?:\s?([^。;:]{{1,120}})")
_HELD = re.compile(rf"[\u4e00-\u9fff“”]{{0,14}}{_POST}(?:、[\u4e00-\u9fff]{{0,8}}{_POST})*")
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
        for word, measure in measures():
            at = text.find(word)
            if at >= 0 and not any(start < at + len(word) and at < start + len(other) for start, other, _ in places):
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
    for match in _LABELLED.finditer(text):
        posts = dict.fromkeys(_post_only(each) for each in _HELD.findall(re.split(_SEATS + r"\s?:", match[2])[0]))
        for post in posts:
            yield match[1], post


def _role(number: int, name: str, post: str, *, seat: str | None = None) -> PlanRole:
    return PlanRole(id=f"role-{number}", name=name, held_by=post, clause="—", seat=seat)


def _post_only(text: str) -> str:
    """Cut away what stands before the post: verbs, bodies that were just set up, and what may be a name."""
    post = re.split(rf"领导小组,|成立|由|小组|{LEFT_OUT}", text)[-1].strip("、,“”() ") or text
    held = re.search(rf"{_POST}$", post)
    before = post[: held.start()] if held is not None else ""
    return held[0] if held is not None and may_be_a_name(before) else post


def _sentence_of(text: str, at: int) -> str:
    start = max(text.rfind("。", 0, at), text.rfind(";", 0, at)) + 1
    end = text.find("。", at)
    return text[start : end if end >= 0 else len(text)][:120]
