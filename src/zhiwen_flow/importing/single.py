"""
One document on its way to a plan (单篇读法): its year, phases, tasks and terms, and what a reader must settle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from zhiwen_flow.importing.dates import Span
from zhiwen_flow.importing.documents import Document, organ_by_signature, organ_by_title
from zhiwen_flow.importing.outline import Node
from zhiwen_flow.importing.phases import phases_of
from zhiwen_flow.importing.points import small_number
from zhiwen_flow.importing.source import Line
from zhiwen_flow.importing.tasks import TaskReader
from zhiwen_flow.importing.words import channels, ladder, named_ways, programmes, roles, slogans, strands
from zhiwen_flow.importing.years import issued_on, named_period, period_of, posted_on, settled, year_of
from zhiwen_flow.plan import Phase, Plan, Precision, Task

NAMELESS = "(未命名)"


@attrs.frozen(kw_only=True)
class Notice:
    """
    What a reader must settle (待定事项): a year that is missing, a day that does not exist.

    Args:
        line: Number of the line, from 1.
        what: In Chinese.
        en: In English.
    """

    line: int
    what: str
    en: str


class Reader:
    """
    Reads one document (单篇).

    Args:
        document: The document.
        number: Its place in the text, from 1.
        year: Year that the caller gives.
        cover: The notice that hands it on.
    """

    def __init__(self, document: Document, *, number: int, year: int | None, cover: Document | None = None) -> None:
        self.document = document
        self.cover = cover
        self.id = f"plan-{number}"
        self.used: set[int] = set()
        self.notices: list[Notice] = []
        parts = [document, cover] if cover is not None else [document]
        dated = (issued_on([*each.head, *_lines(each.root)]) for each in parts)
        self.issued = next((each for each in dated if each is not None), None)
        self.posted = posted_on(document.head)
        self.given = year
        self.reference = next((each.reference for each in parts if each.reference), None)
        self.year = year_of(document, self.reference, self.issued, year)

    def plan(self) -> Plan | None:
        """Read the document; None where it is no plan."""
        root = self.document.root
        found = self._found()
        period = period_of(self.document, [span for _, span in found])
        tasks = TaskReader(year=self.year, take=self._take, tell=self._tell, period=period)
        phases = tuple(self._phase(index, node, span, tasks) for index, (node, span) in enumerate(found, start=1))
        beside = self._beside(tasks, [node for node, _ in found])
        if not found and not _is_a_plan(self.document, beside):
            return None
        self.used |= {each.number for each in self.document.head}
        words = list(_lines(root))
        ways, inspections = named_ways(words, self._take)
        return Plan(
            id=self.id,
            version="1",
            organ=self._organ(),
            title=self.document.title.text,
            year=self.year,
            number=self.reference,
            issued=self.issued,
            posted=self.posted,
            slogans=slogans(words, self._take),
            authority_clause=self._named(words, "干部管理权限"),
            confidentiality=self._named(words, "保密"),
            scope=self._section(root, r"范围|参加对象|活动对象"),
            channels=channels(words, self._take),
            strands=strands(words, self._take),
            disposal_ways=ways,
            inspection_ways=inspections,
            programmes=programmes(words, self._take),
            undefined=self._undefined(words, len(phases)),
            phases=phases,
            beside=beside,
            ladder=ladder(words, self._take),
            roles=roles(words, self._take),
        )

    def _organ(self) -> str:
        cover = self.cover.organ if self.cover is not None else None
        signed = organ_by_signature([*self.document.head, *_lines(self.document.root)])
        return self.document.organ or cover or signed or organ_by_title(self.document.title.text) or "(未载明)"

    def _found(self) -> list[tuple[Node, Span | None]]:
        """Phases and windows; where the text's own year is not sure the caller's holds, or none."""
        root = self.document.root
        read = phases_of(root, self.year, named_period(self.document))
        sure = settled(read, self.document, self.issued)
        if sure is read:
            return read
        self.year = self.given
        return phases_of(root, self.given, None) if self.given is not None else sure

    def _beside(self, tasks: TaskReader, phases: list[Node]) -> tuple[Task, ...]:
        """Tasks outside the phases, those of the covering notice first."""
        root = self.document.root
        inside = {id(each) for node in phases for each in (node, *_below(node))}
        found = tasks.beside([each for each in _below(root) if id(each) not in inside], root)
        if self.cover is None:
            return found
        self.used |= {each.number for each in self.cover.head}
        found = (*tasks.beside(list(_below(self.cover.root)), self.cover.root), *found)
        return tuple(attrs.evolve(each, id=f"t-{number}") for number, each in enumerate(found, start=1))

    def _phase(self, index: int, node: Node, span: Span | None, tasks: TaskReader) -> Phase:
        self._take(node.line)
        if span is not None:
            self._tell(span, node.line)
        inner = tasks.of_phase(node, f"p{index}", span)
        return Phase(
            id=f"p{index}",
            name=_named(node, span),
            clause=f"{node.number}",
            start=span.start if span is not None else None,
            end=span.end if span is not None else None,
            precision=span.precision if span is not None else Precision.DAY,
            raw=span.raw if span is not None else None,
            counted=_counted(node),
            line=node.line.number,
            tasks=inner,
        )

    def _take(self, line: Line) -> None:
        self.used.add(line.number)

    def _tell(self, span: Span, line: Line) -> None:
        if not span.exists:
            what = f"“{span.raw}”不是存在的日期"
            self.notices.append(Notice(line=line.number, what=what, en=f"there is no such day: {span.raw}"))
        elif span.written and not span.has_year:
            what = f"“{span.raw}”起止颠倒,请核对原文"
            self.notices.append(Notice(line=line.number, what=what, en=f"{span.raw} ends before it starts"))
        elif not span.has_year:
            what = f"“{span.raw}”没有年份,或者起止颠倒,请用 --year 指明"
            self.notices.append(
                Notice(
                    line=line.number, what=what, en=f"no year for {span.raw}, or it ends before it starts; give --year"
                )
            )

    def _undefined(self, lines: list[Line], phases: int) -> tuple[str, ...]:
        """Phases that the text speaks of and does not set out."""
        found: dict[str, None] = {}
        for line in lines:
            for word in re.findall(r"第[一二三四五六]阶段|每个阶段|各个?阶段", line.text):
                number = small_number(word[1]) if word.startswith("第") else 1
                if number > phases:
                    found[word] = None
                    self._take(line)
        return tuple(found)

    def _named(self, lines: list[Line], word: str) -> str | None:
        """The clause in which a word stands, shortened."""
        for line in lines:
            if (at := line.text.find(word)) >= 0:
                self._take(line)
                return re.split(r"[。;,]", line.text[:at])[-1] + re.split(r"[。;,]", line.text[at:])[0]
        return None

    def _section(self, root: Node, title: str) -> str | None:
        for each in root.children:
            if re.search(title, each.name) and len(each.name) < 12 and (each.rest or each.body):  # noqa: PLR2004
                self._take(each.line)
                for line in each.body:
                    self._take(line)
                return "".join([each.rest, *(line.text for line in each.body)])
        return None


def _is_a_plan(document: Document, beside: Iterable[Task]) -> bool:
    """By its title; a notice or a list of measures is one where it sets something to be done by a day."""
    title = document.title.text
    if re.search(r"(?:方案|计划|安排)(?:\([^()]*\))*$", title):
        return True
    asks = re.search(r"(?:通知|意见|要点|措施|制度|办法|清单|分工|任务|[解工排务度]表)(?:\([^()]*\))*$", title)
    return asks is not None and not hands_on(document) and any(each.due or each.recurs or each.raw for each in beside)


def _counted(node: Node) -> str | None:
    """A group that says how many it has: 主要抓好“六个一”."""
    match = re.search(r"[“‘]([二三四五六七八九十两][个件项种大条][\u4e00-\u9fff]{1,4})[”’]", node.words)
    return match[1] if match is not None else None


def _name(name: str, span: Span | None) -> str:
    """Leave the date, its brackets and its label out of a phase's name."""
    if span is not None:
        raw = re.escape(span.raw)
        name = re.sub(rf"[(\[【〔][^()\[\]【】〔〕]*{raw}[^()\[\]【】〔〕]*[)\]】〕]?", "", name).replace(span.raw, "")
    name = re.sub(r"\([^()]*[\d年月旬][^()]*\)", "", name)
    name = re.sub(r"\([:,、\s]*(?:时间)?[:,、\s]*\)", "", name)
    name = re.sub(
        r"[:,、\s(]*(?:(?:起止|活动|实施|工作)?时间(?:安排)?)?(?:为|是)?[:,、\s]*(?:从|自|于|截至|截止)?$", "", name
    )
    name = re.split(r",(?=,|主要|重点|各|组织)|[。;]", re.sub(r"^是(?=[\u4e00-\u9fff]{2})", "", name))[0]
    name = re.sub(r"^(?:[从自](?=[,、:为是止结]))?(?:止|结束)?[,、:]*(?:为|是)?(?=[\u4e00-\u9fff]{2})", "", name)
    return name.strip(" ():,、。;") or NAMELESS


def _named(node: Node, span: Span | None) -> str:
    """The name in the heading; else the short sentence after it, else its number."""
    name = _name(node.name, span)
    if name != NAMELESS:
        return name
    after = re.match(r"[\u4e00-\u9fff、]{2,10}(?=[。,;:])", node.rest)
    return after[0] if after is not None else node.number or name


def _below(node: Node) -> Iterable[Node]:
    for each in node.children:
        yield each
        yield from _below(each)


def _lines(root: Node) -> Iterable[Line]:
    yield from root.body
    for each in _below(root):
        yield each.line
        yield from each.body


def hands_on(document: Document) -> bool:
    """Say whether it is a notice that only issues what follows it (印发通知)."""
    return re.search(r"(?:印发|下发|转发|发布).*通知$", document.title.text) is not None
