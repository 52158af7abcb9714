"""
The outline of an official text (公文层次): 一、(一)1.(1)①, and 第一阶段; what stands between belongs to the item above.
"""

from __future__ import annotations

import re

import attrs

from zhiwen_flow.importing.source import Line

_NUMBER = "一二三四五六七八九十"
_LEVELS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"^第[{_NUMBER}]{{1,3}}(?:章|部分)\s*[:、]?\s*")),
    (1, re.compile(rf"^[{_NUMBER}]{{1,3}}\s*[、.]\s*")),
    (2, re.compile(rf"^\(\s*[{_NUMBER}]{{1,3}}\s*\)\s*[、.]?\s*")),
    (3, re.compile(r"^\d{1,2}\s*[.、](?:(?!\d)|(?=\d{1,2}月\d{1,2}日))\s*")),
    (4, re.compile(r"^\(\s*\d{1,2}\s*\)\s*[、.]?\s*")),
    (5, re.compile(r"^[①-⑳]\s*")),
)
STAGE = re.compile(
    rf"^[【〔\[]?(?:第[{_NUMBER}]{{1,2}}(?:个)?(?:阶段|步|环节)|阶段[{_NUMBER}])(?![\u4e00-\u9fff])[】〕\]]?\s*[:、,]?\s*"
    rf"|^第[{_NUMBER}]{{1,2}}(?:个)?阶段(?=[从自为是]|[\u4e00-\u9fff、]{{2,16}}(?:[。:(]|$))"
    rf"|^[【〔\[](?:第[{_NUMBER}]{{1,2}}(?:个)?(?:阶段|步|环节))[】〕\]]\s*[:、,]?\s*"
)
"""Headings that number phases by themselves."""
_NAMED_STAGE = re.compile(
    r"^(?!各|每|本|该|两|[三四五]个|[上下前后][一个]|第[一二三四五六]|[\u4e00-\u9fff、]{0,16}[两三四五六几]个?(?:阶段|环节))[\u4e00-\u9fff、和与“”]{2,18}(?:阶段|环节)\s?(?=\([^()]{2,40}\)|[:。]|$)"
)
"""Headings without a number that name a phase."""
_SPOKEN = re.compile(rf"^(第[{_NUMBER}]{{1,2}}|首先|其次|再次|最后)[,、:]\s?")
_DATED_STAGE = re.compile(
    r"^(?:从|自)?(?P<when>[^,。;:是为\u3400-\u4dff]{3,40}?),?(?:是|为)(?P<name>[\u4e00-\u9fff、]{2,14}(?:阶段|环节))[,。;:]?"
)
"""Sentences that name a time and then its phase."""
_DATED_STEP = re.compile(
    r"^(?P<when>\d{1,2}月[^,。;:是为前日]{0,12}),(?P<name>(?!召开|举行|报送|上报)[\u4e00-\u9fff、]{4,8})。(?=.)"
)
"""A month or part of one, then a short name that is a sentence by itself."""
_MARKED = re.compile(r"^(#{1,6})\s*(?=\S)")


@attrs.define(kw_only=True, eq=False)
class Node:
    """
    An item of the outline (条目).

    Args:
        level: Depth, 0 for a document.
        number: Its number as written.
        name: First sentence, without its date in brackets.
        rest: What follows on the same line.
        body: Lines without a number that follow.
        stage: Whether its own number says that it is a phase.
    """

    level: int
    number: str
    name: str
    line: Line
    rest: str = ""
    stage: bool = False
    body: list[Line] = attrs.field(factory=list)
    children: list[Node] = attrs.field(factory=list)

    @property
    def words(self) -> str:
        """All words of the item itself, its number left out."""
        return "".join([self.name, self.rest, *(each.text for each in self.body)])


def level_of(text: str, *, inside: int = 1) -> tuple[int, str, str, bool] | None:
    """
    Read the number of a line (序号): level, number, the rest, and whether it numbers a phase.

    Args:
        inside: Level of the item that the line stands in, for phases that are numbered by themselves.
    """
    marked = _MARKED.match(text)
    text = text[marked.end() :] if marked is not None else text
    if (match := STAGE.match(text)) is not None and len(text) < LONGEST_STAGE:
        return min(inside + 1, 2), match[0].strip(" :、,【】〔〕[]"), text[match.end() :], True
    for level, pattern in _LEVELS:
        match = pattern.match(text)
        if match is not None:
            rest = text[match.end() :]
            staged = STAGE.match(rest) if len(text) < LONGEST_STAGE else None
            named = rest[staged.end() :] if staged is not None else ""
            return level, match[0].strip(" 、.:"), named or rest, bool(named)
    spoken = _SPOKEN.match(text)
    rest = text[spoken.end() :] if spoken is not None else text
    if _NAMED_STAGE.match(rest) is not None:
        return min(inside + 1, 2), spoken[1] if spoken is not None else "", rest, True
    if (match := _DATED_STAGE.match(text)) is not None and re.search(r"[\d上下]", match["when"]):
        return min(inside + 1, 2), "", f"{match['name']}({match['when'].strip('从自')})。{text[match.end() :]}", True
    if (match := _DATED_STEP.match(text)) is not None:
        return min(inside + 1, 2), "", f"{match['name']}({match['when']})。{text[match.end() :]}", True
    return (max(1, len(marked[1]) - 1), "", text, False) if marked is not None else None


LONGEST_STAGE = 2000
"""Longest line that is still taken for the heading of a phase with its words."""


def outline(lines: list[Line], title: Line) -> Node:
    """Build the tree of items of one document (编排层次)."""
    root = Node(level=0, number="", name=title.text, line=title)
    trail = [root]
    for line in lines:
        section = next((each.level for each in reversed(trail) if not each.stage), 0)
        found = level_of(line.text, inside=section)
        if found is None:
            trail[-1].body.append(line)
            continue
        level, number, text, stage = found
        while trail[-1].level >= level:
            trail.pop()
        name, rest = _headed(text)
        node = Node(level=level, number=number, name=name, rest=rest, line=line, stage=stage)
        trail[-1].children.append(node)
        trail.append(node)
    return root


_TIME = r"\([^()]*(?:[\d年月旬底末]|季度)[^()]*\)"
_STOP = re.compile(r"。|(?<!\d):|:(?!\d)|(?<=\))(?=[^\s,、;。的和及])|(?<=\))\s(?=\S)")
_OPENS_WITH_A_TIME = re.compile(rf"^{_TIME}\s?[:,、为是]{{0,2}}\s?")


def _headed(text: str) -> tuple[str, str]:
    """Part a heading from what is said on the same line; a time in brackets before the name stays with it."""
    opening = _OPENS_WITH_A_TIME.match(text)
    start = opening.end() if opening is not None else 0
    match = _STOP.search(text, start)
    if match is None:
        return text.strip(), ""
    return text[: match.end()].strip(" 。:"), text[match.end() :].strip()
