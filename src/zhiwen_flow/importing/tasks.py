"""
Tasks and deadlines (识别任务与时限): the items of a phase, and what is due elsewhere in a text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from zhiwen_flow.importing.dates import Span, recurrence, spans, within
from zhiwen_flow.importing.grids import Column, is_table, rows
from zhiwen_flow.importing.handing import FARTHEST, handed_in, owner_of, parted, product_of, recipient, sentence_of
from zhiwen_flow.importing.naming import BARE, short, undated
from zhiwen_flow.importing.outline import Node
from zhiwen_flow.importing.source import Line
from zhiwen_flow.plan import Precision, Task

_DUE = re.compile(
    r"报|送|交|签订|完成|结束|到位|上线|建立|召开|落实|公布|公开|整改|办结|出台|印发|提出|启动|做好|形成|"
    r"成立|组织|开展|制定|制订|实现|达到|清理|排查|录入|填|申报|发布|建成|整治|清零|明确|完善|确定|汇总|反馈|返回|备案|归档"
)
_OF_SOMETHING = re.compile(r"[\u4e00-\u9fff、]{1,10}的(?!要求|规定|原则|方式|名义)")
"""前 that tells of something else: 3月1日前立项的项目."""
_DOES_AT_ONCE = re.compile(r"(?:完成|召开|制定|制订|上报|报送|提交|形成|开展)[\u4e00-\u9fff、]{2,}")
_IS_TASKS = re.compile(
    r"^(?!整治(?:重点)?内容)(?:主要|重点|工作|具体|整治|目标|[\u4e00-\u9fff]{2}(?=任务))*"
    r"(?:任务|措施|工作|内容|任务分工|工作内容)(?:及分工|和措施|及要求)?$"
)
"""Items below 整治内容 say what is wrong, not what is to be done."""
_OWNER = re.compile(r"^(?:责任|牵头|承办|主办)(?:单位|部门)\s*:\s*(.{2,60}?)[。;]?$")
_LABEL = re.compile(r"^(?:主要任务|工作任务|主要内容|工作内容|活动内容|具体措施|任务)\s*:\s*")
_HANDS_IN = re.compile(r"(?<!通)报|送|(?<=[日一二三四五六])交")
_LIMIT = re.compile(r"^(?:完成|办结)?(?:时间|时限|期限)\s*:")
_RESULT = re.compile(r"^(?:提交|工作|阶段|活动)?成果(?:形式|资料)?\s*:\s*(.{2,60}?)[。;]?$")


class TaskReader:
    """
    Reads the tasks of one document.

    Args:
        year: Year that holds where the text names none.
        take: Told of every line that went into a task.
        tell: Told of every time that was read, with its line.
        period: What the whole plan spans.
    """

    def __init__(
        self,
        *,
        year: int | None,
        take: Callable[[Line], None],
        tell: Callable[[Span, Line], None],
        period: Span | None = None,
    ) -> None:
        self._year = year
        self._period = period
        self._window = period
        self._open = False
        self._take = take
        self._tell = tell

    def of_phase(self, phase: Node, prefix: str, window: Span | None) -> tuple[Task, ...]:
        """Read the tasks of a phase: its items, and what is due in its own words."""
        found: list[Task] = []
        self._window = window if window is not None and window.start and window.end else self._period
        self._open = window is not None and not window.has_year
        owner = next((match[1] for _, text in _own(phase) if (match := _OWNER.match(text))), None)
        found += self._rows(phase.body, phase.number)
        for line, text in _own(phase):
            if text.startswith("时间") or _OWNER.match(text) or _RESULT.match(text) or is_table(text):
                self._take(line)
                continue
            shown = re.sub(rf"{re.escape(window.raw)}(?!\d)", "", text, count=1) if window is not None else text
            shown = _LABEL.sub("", shown)
            due = list(self._due(shown, line, phase.number))
            found += due
            found += self._handed_in(shown, line, phase.number)
            if not phase.children:
                found += self._points(shown, line, phase.number, {each.raw for each in due})
        for node in phase.children:
            found += self._item(node, phase.number)
        self._window, self._open = self._period, False
        told = (attrs.evolve(each, owner=each.owner or owner) for each in _labelled(found, phase))
        return tuple(attrs.evolve(each, id=f"{prefix}-{number}") for number, each in enumerate(told, start=1))

    def beside(self, nodes: Sequence[Node], root: Node) -> tuple[Task, ...]:
        """Read what is due outside the phases, and the items of a section on tasks; other items there are no tasks."""
        found: list[Task] = list(self._rows(root.body, ""))
        for line in root.body:
            found += self._due(line.text, line, "") if not is_table(line.text) else ()
        listed = {id(each): node for node in nodes if _IS_TASKS.search(node.name) for each in node.children}
        for node in nodes:
            found += self._rows(node.body, node.number)
            if id(node) in listed:
                found += self._item(node, listed[id(node)].number)
                continue
            for line, text in _own(node):
                found += self._due(text, line, node.number) if not is_table(text) else ()
            if not self._period and not node.children and re.search(r"时间|进度|日程", node.name[:12]):
                found += self._windows(node)
        return tuple(attrs.evolve(each, id=f"t-{number}") for number, each in enumerate(found, start=1))

    def _windows(self, node: Node) -> Iterator[Task]:
        """What a section on time says is done from one day to another, where it sets out no phases."""
        for line, text in _own(node):
            for match in re.finditer(r"[^。;]+", text):
                sentence = match[0].strip()
                span = next(iter(self._dated(sentence[:FARTHEST])), None)
                if span is None or span.before or not (span.start and span.end) or span.start == span.end:
                    continue
                name = short(re.sub(r"(?:定于|于)$|^(?:定于|于|从|自)", "", undated(sentence).strip(" ,")))
                self._take(line)
                self._tell(span, line)
                yield Task(
                    id="x",
                    number=node.number or "—",
                    name=name,
                    clause=node.number or "—",
                    start=span.start,
                    end=span.end,
                    precision=span.precision,
                    raw=span.raw,
                    line=line.number,
                )

    def _rows(self, lines: Sequence[Line], clause: str) -> Iterator[Task]:
        """Tasks of a table; a table of phases is read as phases."""
        for row in rows(lines):
            name = row.cells.get(Column.TASK)
            if name is None or Column.PHASE in row.cells:
                continue
            self._take(row.line)
            limit = row.cells.get(Column.TIME, "")
            time = next(iter(self._read(limit, row.line)), None)
            recurs = recurrence(limit) or recurrence(name)
            yield Task(
                id="x",
                number=row.cells.get(Column.NUMBER) or clause or "—",
                name=short(name),
                clause=clause or "—",
                due=time.end if time is not None else None,
                start=time.start if time is not None and time.end != time.start else None,
                precision=time.precision if time is not None else Precision.DAY,
                raw=limit or None,
                owner=row.cells.get(Column.OWNER),
                deliverable=row.cells.get(Column.PRODUCT),
                submit_to=row.cells.get(Column.RECIPIENT) or recipient(name),
                recurs=recurs,
                recurs_day=_month_day(limit),
                line=row.line.number,
            )

    def _points(self, text: str, line: Line, clause: str, dues: set[str | None]) -> Iterator[Task]:
        """一是…二是…: what is to be done, where it stands in the words of a phase."""
        points = re.split(r"(?:^|(?<=[。;,:]))(?=[一二三四五六七八九]是)", text)[1:]
        for point in points if len(points) > 1 else ():
            if any(raw and raw in point for raw in dues):
                continue
            self._take(line)
            name = short(re.sub(r"^[一二三四五六七八九]是要?", "", point))
            yield Task(
                id="x",
                number=point[:2],
                name=name,
                clause=f"{clause}{point[:2]}",
                submit_to=recipient(point),
                line=line.number,
            )

    def _item(self, node: Node, above: str) -> Iterator[Task]:
        """One task for an item; further ones for further deadlines, and for dated items below it."""
        self._take(node.line)
        pieces = list(_own(node))
        times = [time for line, text in pieces for time in self._times(text, line)]
        words = "".join(text for _, text in pieces)
        window = next((each for each in times if not each[0].before), None)
        dues = [each for each in times if each[0].before]
        parts = self._parts(words, node.line, window[0] if window else None, dues[0] if dues else None)
        name = short(node.name)
        yield Task(id="x", number=node.number, name=name, clause=f"{above}{node.number}", **parts)
        for span, line, text in dues[1:]:
            yield self._one(span, line, text, node.number, f"{above}{node.number}")
        for below in node.children:
            for line, text in _own(below):
                yield from self._due(text, line, f"{above}{node.number}{below.number}")

    def _times(self, text: str, line: Line) -> list[tuple[Span, Line, str]]:
        """Every time in some words, with the words parted between deadlines."""
        found = self._read(text, line)
        text = parted(text, [each.place for each in found if each.before])
        return [(each, line, text) for each in found]

    def _due(self, text: str, line: Line, clause: str) -> Iterator[Task]:
        """What is due in some words: one task for each deadline and each recurring report."""
        dated = [each for each in self._read(text, line) if each.before and _is_due(text, each)]
        text = parted(text, [each.place for each in dated])
        for span in dated:
            yield self._one(span, line, text, clause, clause)
        yield from self._recurring(text, line, clause, [each.place[0] for each in dated])

    def _recurring(self, text: str, line: Line, clause: str, dated: list[int]) -> Iterator[Task]:
        """Each recurring report, but where the sentence names a day of its own."""
        for match in re.finditer(r"[^。;]+", text):
            sentence = match[0]
            if bisect_left(dated, match.start()) != bisect_left(dated, match.end()) or not _HANDS_IN.search(sentence):
                continue
            parts = [each for each in sentence.split(",") if recurrence(each) is not None]
            told = (
                parts
                if len(parts) > 1 and all(re.search(r"(?<!通)报|送", each) for each in parts)
                else parts and [sentence]
            )
            for each in told:
                self._take(line)
                yield Task(
                    id="x",
                    number=clause or "—",
                    name=short(each),
                    clause=clause or "—",
                    recurs=recurrence(each),
                    recurs_day=_month_day(each),
                    submit_to=recipient(each) or recipient(sentence),
                    line=line.number,
                )

    def _handed_in(self, text: str, line: Line, clause: str) -> Iterator[Task]:
        """What is handed in by no day that is named: a product and who receives it."""
        for sentence in re.split(r"[。;]", text):
            to, days = recipient(sentence), within(sentence)
            product = handed_in(sentence) if to is not None or days is not None else None
            if product is None or recurrence(sentence) is not None or any(True for _ in spans(sentence, None)):
                continue
            self._take(line)
            yield Task(
                id="x",
                number=clause or "—",
                name=product,
                clause=clause or "—",
                deliverable=product,
                submit_to=to,
                within=days[0] if days is not None else None,
                working_days=days is not None and days[1],
                line=line.number,
            )

    def _one(self, span: Span, line: Line, text: str, number: str, clause: str) -> Task:
        sentence = sentence_of(text, span.place)
        parts = self._parts(sentence, line, None, (span, line, text))
        name = parts.get("deliverable") or short(undated(sentence))
        if BARE.fullmatch(str(name)):
            ahead = re.split(r"[。;!]", _outside(text[max(0, span.place[0] - FARTHEST) : span.place[0]]))[:-1]
            name = short(ahead[-1]) if ahead and ahead[-1].strip() else name
        opened = text.rfind("(", max(0, span.place[0] - FARTHEST), span.place[0])
        starts = opened if opened >= 0 and ")" not in text[opened : span.place[0]] else span.place[0]
        parts["owner"] = parts.get("owner") or owner_of(text[starts : span.place[1] + FARTHEST])
        return Task(id="x", number=number or "—", name=str(name), clause=clause or "—", **parts)

    def _read(self, text: str, line: Line) -> list[Span]:
        found = [each for each in self._dated(text) if not _is_quoted(text, each)]
        for each in found:
            self._take(line)
            self._tell(each, line)
        return found

    def _dated(self, text: str) -> list[Span]:
        """A day without a year lies inside its phase's window, where that window says its own years."""
        window = self._window
        if self._open:
            return list(spans(text, None))
        if window is None or window.start is None or window.end is None:
            return list(spans(text, self._year))
        years = dict.fromkeys((window.start.year, window.end.year))
        tried = [list(spans(text, year)) for year in years]
        return [next((each for each in same if _inside(each, window)), same[0]) for same in zip(*tried, strict=True)]

    def _parts(self, words: str, line: Line, window: Span | None, due: tuple[Span, Line, str] | None) -> dict[str, Any]:
        """Fill in what a task says of itself."""
        parts: dict[str, Any] = {"line": line.number}
        if window is not None:
            parts |= {"start": window.start, "end": window.end, "precision": window.precision, "raw": window.raw}
        if due is not None:
            raw = f"{window.raw};{due[0].raw}" if window is not None else due[0].raw
            precision = due[0].precision if window is None else window.precision
            sentence = sentence_of(due[2], due[0].place)
            product = product_of(due[2], due[0].place)
            parts |= {"due": due[0].end, "precision": precision, "raw": raw, "deliverable": product}
            tail = sentence_of(due[2], due[0].place, starts=due[0].place[0])
            parts["submit_to"] = recipient(tail) or recipient(sentence)
        else:
            parts["submit_to"] = recipient(words)
            if window is not None and window.precision is Precision.MONTH_END and window.start is None:
                parts |= {"due": window.end, "end": None}
        if (recurs := recurrence(words)) is not None:
            parts |= {"recurs": recurs, "recurs_day": _month_day(words)}
        if match := re.search(r"(?:覆盖率|覆盖面|参与率|达到|达)(?:要?达到?)?(\d{1,3}%)", words):
            parts["coverage"] = match[1]
        if match := re.search(r"逾期(?:未|不)[^,。;]{0,12},([^。;]{2,30})", words):
            parts["default"] = match[1]
        if (days := within(words)) is not None:
            parts |= {"within": days[0], "working_days": days[1]}
        if match := re.search(r"(?:经|待|报)([\u4e00-\u9fff]{2,16}?)(?:批准|审定|审批|同意)后", words):
            parts["trigger"] = f"{match[1]}批准"
        return parts


def _inside(span: Span, window: Span) -> bool:
    day = span.end or span.start
    return day is not None and window.start is not None and window.end is not None and window.start <= day <= window.end


def _own(node: Node) -> Iterator[tuple[Line, str]]:
    """The words of an item itself, line by line."""
    yield node.line, f"{node.name}。{node.rest}" if node.rest else node.name
    for each in node.body:
        yield each, each.text


def _labelled(found: Sequence[Task], phase: Node) -> Iterator[Task]:
    """A limit that stands after its own label is that of the content and the product that other labels name."""
    content = next((short(text[match.end() :]) for _, text in _own(phase) if (match := _LABEL.match(text))), None)
    product = next((match[1] for _, text in _own(phase) if (match := _RESULT.match(text))), None)
    for each in found:
        if _LIMIT.match(f"{each.name}:") is None and not each.name.startswith(("完成时间:", "完成时限:")):
            yield each
        else:
            yield attrs.evolve(each, name=content or each.name, deliverable=each.deliverable or product)


def _outside(text: str) -> str:
    """Leave out a bracket that is still open: a label with the limit stands in it."""
    opened = text.rfind("(")
    return text[:opened] + "。" if opened > text.rfind(")") else text


def _month_day(text: str) -> int | None:
    """The day of a monthly report (每月25日前)."""
    match = re.search(r"每月(?:的)?(\d{1,2})[日号]", text)
    return int(match[1]) if match is not None and 1 <= int(match[1]) <= 31 else None  # noqa: PLR2004


def _is_due(text: str, span: Span) -> bool:
    """Whether something is to be done by then; 3月1日前立项的项目 tells of the past."""
    if _DOES_AT_ONCE.match(text, span.place[1]) is None and (
        span.raw.endswith("以前") or _OF_SOMETHING.match(text, span.place[1]) is not None
    ):
        return False
    return _DUE.search(sentence_of(text, span.place)) is not None


def _is_quoted(text: str, span: Span) -> bool:
    """A day inside the title of a document is no time of this one."""
    before = text[max(0, span.place[0] - FARTHEST) : span.place[0]]
    return before.rfind("《") > before.rfind("》")
