"""
Which items of an outline are phases (识别环节): by their own numbers, by their dates, or by the section they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from zhiwen_flow.importing.dates import Span, across_the_year, spans, whole_years
from zhiwen_flow.importing.grids import Column, rows
from zhiwen_flow.importing.outline import Node
from zhiwen_flow.importing.points import small_number

_STEPS = re.compile(r"步骤|阶段|时间安排|进度安排|工作安排|活动安排|日程|环节|时间节点|工作流程")
_NAMED = re.compile(r"(?:阶段|环节)(?:$|[(:。])")
_KNOWN = re.compile(
    r"^(?:宣传|动员|思想|学习|自查|整改|督查|检查|总结|建立|建章|巩固|集中|查摆|对照|组织|调研|部署|启动|实施|推进|考核|评估|验收|深化|提高)"
)
_ORDER = "一二三四五六七八九十"


def phases_of(root: Node, year: int | None, period: Span | None = None) -> list[tuple[Node, Span | None]]:
    """
    Find the phases of a document, each with its window where it names one (识别环节及起止).

    Args:
        year: Year that holds where the text names none.
        period: What the text says the whole plan spans, with its years.
    """
    for group in map(_one_run, _groups(root)):
        dated = _windows(group, year, period)
        staged = [each.stage or _NAMED.search(each.name) is not None for each in group]
        if len(group) > 1 and (all(staged) or sum(each is not None for each in dated) * 2 > len(group)):
            return list(zip(group, dated, strict=True))
    for section in _sections(root):
        group = _one_run(section.children)
        if len(group) > 1 and all(_KNOWN.match(each.name) for each in group):
            return list(zip(group, _windows(group, year, period), strict=True))
    tabled = list(_tabled(root))
    return list(zip(tabled, _windows(tabled, year, period), strict=True)) if len(tabled) > 1 else []


def _tabled(root: Node) -> Iterator[Node]:
    """Phases that stand in a table, with what its row says of them."""
    for node in _all(root):
        found: dict[str, Node] = {}
        for row in rows(node.body):
            name, time = row.cells.get(Column.PHASE), row.cells.get(Column.TIME)
            if name is None or time is None:
                continue
            stage = found.setdefault(name, Node(level=2, number="", name=f"{name}({time})", line=row.line, stage=True))
            stage.body.append(attrs.evolve(row.line, text=row.cells.get(Column.TASK, "")))
        yield from found.values()
        if found:
            return


def _windows(group: list[Node], year: int | None, period: Span | None) -> list[Span | None]:
    """
    Windows of phases in their order: a year that one names holds for the next; else it lies in the plan's own period.

    A window that would then start before the one ahead of it has no known year; its days stay open.
    """
    found: list[Span | None] = []
    ahead: Span | None = None
    for node in group:
        span = _window(node, year)
        if span is not None and not span.written and period is not None and not found_inside(span, period):
            span = _placed(node, span, period) or span
        if span is not None and not span.written and ahead is not None and _runs_back(span, ahead):
            span = attrs.evolve(span, start=None, end=None, has_year=False)
        if span is not None and (span.start or span.end) is not None:
            ahead = span
            year = span.end.year if span.written and span.end is not None else year
        found.append(span)
    return found


def found_inside(span: Span, period: Span) -> bool:
    """Say whether a time lies inside another (是否在期间内)."""
    days = [each for each in (span.start, span.end) if each is not None]
    first, last = period.start, period.end
    return bool(days) and first is not None and last is not None and all(first <= each <= last for each in days)


def _placed(node: Node, span: Span, period: Span) -> Span | None:
    """The same window in the one year of the plan's period that holds it."""
    if period.start is None or period.end is None:
        return None
    years = range(period.start.year, period.end.year + 1)
    tried = [*(_window(node, each) for each in years), *(across_the_year(span.raw, each) for each in years)]
    held = [each for each in tried if each is not None and found_inside(each, period)]
    return attrs.evolve(held[0], raw=span.raw) if len(held) == 1 else None


def _runs_back(span: Span, ahead: Span) -> bool:
    """Whether it lies wholly before the one ahead; two that overlap do not."""
    last, first = span.end or span.start, ahead.start or ahead.end
    return last is not None and first is not None and last < first


def _one_run(group: list[Node]) -> list[Node]:
    """Cut a group where its numbers start again: what follows lost its own heading."""
    if any(each.stage and each.number for each in group):
        group = [each for each in group if each.number]
    last = 0
    for index, each in enumerate(group):
        number = _place(each.number)
        if number is not None and number <= last:
            return group[:index]
        last = number if number is not None else last
    return group


def _place(number: str) -> int | None:
    """Read the place that a number gives: 一 to 十, or digits."""
    if digits := re.search(r"\d+", number):
        return int(digits[0])
    found = re.search(rf"[{_ORDER}]{{1,3}}", number)
    if found is None:
        return None
    return small_number(found[0] if "十" in found[0] else found[0][0])


def _groups(root: Node) -> Iterator[list[Node]]:
    """Items that stand together, those of a section on steps first."""
    sections = list(_sections(root))
    known = {id(each) for each in sections}
    yield from (each.children for each in sections if len(each.children) > 1)
    for node in _all(root):
        stages = [each for each in node.children if each.stage]
        if len(stages) > 1:
            yield stages
    for node in _all(root):
        if len(node.children) > 1 and id(node) not in known and node.level <= 1:
            yield node.children


def _sections(root: Node) -> Iterator[Node]:
    return (each for each in _all(root) if each.level and _STEPS.search(each.name) and len(each.name) < 20)  # noqa: PLR2004


def _all(node: Node) -> Iterator[Node]:
    yield node
    for each in node.children:
        yield from _all(each)


_OPENS = re.compile(
    r"(?:(?:活动|起止|工作|实施|具体)?时间(?:安排|为|安排为|定为)?|从|自|于|定于|截至|截止|截止到|计划(?:在|于)|拟[在于]|安排在|即日起至|即日起到|从即日起至|自即日起至)?[:]?$"
)


def _window(node: Node, year: int | None) -> Span | None:
    """The window a heading names: in its name, or at the start of what follows, as a range or after 时间."""
    named = [each for each in spans(node.name, year) if not _is_told_of(node.name, each)]
    if named:
        return next((each for each in named if _is_range(each)), named[0])
    for bracket in re.findall(r"\(([^()]{4,24})\)", node.name):
        if (years := whole_years(bracket)) is not None:
            return years
    for text in (node.rest, *(each.text for each in node.body[:2])):
        for span in spans(text[:60], year):
            before = text[: span.place[0]].strip(" (:,。【】")
            opens = _OPENS.match(before) is not None
            ends = re.match(r"[)。;,】]|$|止|结束", text[span.place[1] :])
            if span.before and text[span.place[1] :].startswith(","):
                continue
            if opens and (_is_range(span) or before or ends):
                return span
    return None


def _is_told_of(name: str, span: Span) -> bool:
    """A time of something else that a heading mentions: 2003年以来, 《2011年…》."""
    return re.match(r"以来|以后至今", name[span.place[1] :]) is not None or _quoted(name[: span.place[0]])


def _quoted(ahead: str) -> bool:
    return ahead.rfind("《") > ahead.rfind("》")


def _is_range(span: Span) -> bool:
    return re.search(r"—|-|–|~|至|到", span.raw) is not None
