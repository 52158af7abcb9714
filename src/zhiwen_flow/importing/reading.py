"""
Reading plans out of a text (方案导入): documents, phases, tasks, deadlines, roles, ladder, each with its line.

Rules, not a model. What is not read is said so; a date without a year stays a wording until somebody gives the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.importing.dates import Span
from zhiwen_flow.importing.documents import Document, organ_by_signature, organ_by_title, split
from zhiwen_flow.importing.outline import Node
from zhiwen_flow.importing.phases import phases_of
from zhiwen_flow.importing.points import small_number
from zhiwen_flow.importing.source import Line, Repair, decoded, read_lines
from zhiwen_flow.importing.tasks import TaskReader
from zhiwen_flow.importing.words import channels, ladder, named_ways, programmes, roles, slogans, strands
from zhiwen_flow.importing.years import issued_on, named_period, period_of, posted_on, settled, year_of
from zhiwen_flow.plan import Phase, Plan, Precision, Task

EARLIEST, LATEST = 1949, 2099
"""Years that a caller may give."""


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


@attrs.frozen(kw_only=True)
class Imported:
    """
    What was read (导入结果). Every line that is not blank is in exactly one of `read`, `repaired` and `unread`.

    Args:
        plans: Plans, in the order of the text.
        others: Titles of documents that are no plans, with their first lines.
        repairs: Slips that were mended.
        notices: What a reader must settle.
        read: Lines that went into a plan as they stand.
        repaired: Lines that were mended.
        unread: Lines that went nowhere.
        words: Each line as it is read: persons left out.
        starts: Line on which each plan's part of the text begins; the first plan's part begins on line 1.
        encoding: How the file was encoded.
    """

    plans: tuple[Plan, ...]
    others: tuple[tuple[int, str], ...]
    repairs: tuple[Repair, ...]
    notices: tuple[Notice, ...]
    read: tuple[int, ...]
    repaired: tuple[int, ...]
    unread: tuple[int, ...]
    words: dict[int, str] = attrs.field(repr=False)
    starts: tuple[int, ...]
    encoding: str

    def as_json(self) -> dict[str, Any]:
        """Give the result as ``plan import --format json`` prints it; each plan has what is left of its own lines."""
        repairs = [
            {"line": each.line, "raw": each.before, "read_as": each.after, "rule": each.kind} for each in self.repairs
        ]
        unread = [{"line": line, "text": self.words[line]} for line in self.unread]
        parts = zip(self.plans, self.starts, [*self.starts, None][1:], strict=False)
        return {
            "encoding": self.encoding,
            "plans": [
                plan.as_json() | {"repairs": _within(repairs, first, end), "unread": _within(unread, first, end)}
                for plan, first, end in parts
            ],
            "others": [{"line": line, "title": title} for line, title in self.others],
            "repairs": repairs,
            "notices": [attrs.asdict(each) for each in self.notices],
            "lines": {"plan": list(self.read), "repairs": list(self.repaired), "unread": list(self.unread)},
        }


def _within(rows: list[dict[str, Any]], first: int, end: int | None) -> list[dict[str, Any]]:
    return [each for each in rows if first <= each["line"] and (end is None or each["line"] < end)]


def import_text(data: bytes, *, name: str = "text", year: int | None = None) -> Imported:
    r"""
    Read the plans of an official text (导入方案).

    Args:
        data: The file: UTF-8, GB18030 or Word (.docx).
        name: What to call it in faults.
        year: Year of dates for which the text gives none; never guessed.

    Raises:
        DefinitionError: the file is empty, too large, or no text; the year is none.

    >>> found = import_text("某局工作方案\n(一)动员(3月1日—3月10日)\n(二)总结(3月11日—3月20日)".encode(), year=2024)
    >>> [(each.name, str(each.start)) for each in found.plans[0].phases]
    [('动员', '2024-03-01'), ('总结', '2024-03-11')]
    """
    if year is not None and not EARLIEST <= year <= LATEST:
        raise DefinitionError(Fault(name, "--year", f"{year} is no year of a plan", f"give {EARLIEST} to {LATEST}"))
    text, encoding = decoded(data, name)
    lines, repairs = read_lines(text)
    gathered = _Gathered()
    for number, document in enumerate(split(lines), start=1):
        gathered.add(document, number=number, year=year)
    gathered.close()
    words: dict[int, str] = {}
    for each in lines:
        words[each.number] = words.get(each.number, "") + each.text
    repaired = sorted({each.line for each in repairs})
    read = [each for each in words if each in gathered.used and each not in repaired]
    return Imported(
        plans=tuple(gathered.plans),
        others=tuple(gathered.others),
        repairs=tuple(repairs),
        notices=tuple(sorted(gathered.notices, key=lambda each: each.line)),
        read=tuple(read),
        repaired=tuple(repaired),
        unread=tuple(each for each in words if each not in gathered.used and each not in repaired),
        words=words,
        starts=(1, *gathered.starts[1:]) if gathered.starts else (),
        encoding=encoding,
    )


class _Gathered:
    """Plans of a text, with the notices that hand them on and the tables that are attached to them."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.starts: list[int] = []
        self.others: list[tuple[int, str]] = []
        self.notices: list[Notice] = []
        self.used: set[int] = set()
        self._cover: Document | None = None

    def add(self, document: Document, *, number: int, year: int | None) -> None:
        """Read one document: a plan, a cover to the next one, a table of the last one, or something else."""
        reader = _Reader(document, number=number, year=year, cover=self._cover)
        plan = reader.plan()
        if plan is None:
            self.close()
            if _hands_on(document):
                self._cover = document
            else:
                self.others.append((document.title.number, document.title.text))
            return
        if self.plans and self._cover is None and _is_attached(plan):
            beside = (*self.plans[-1].beside, *plan.beside)
            told = tuple(attrs.evolve(each, id=f"t-{place}") for place, each in enumerate(beside, start=1))
            self.plans[-1] = attrs.evolve(self.plans[-1], beside=told)
        else:
            self.plans.append(plan)
            self.starts.append(min(each.number for each in (self._cover or document).head))
        self._cover = None
        self.used |= reader.used
        self.notices += reader.notices

    def close(self) -> None:
        """A cover that nothing follows is a document by itself."""
        if self._cover is not None:
            self.others.append((self._cover.title.number, self._cover.title.text))
        self._cover = None


def _is_attached(plan: Plan) -> bool:
    """A table without phases that calls itself an attachment (附件)."""
    return not plan.phases and re.match(r"附件?\s?[\d一二三四五六:]*.*(?:表|清单)$", plan.title) is not None


class _Reader:
    """One document on its way to a plan."""

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
            name=_name(node.name, span),
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


def _hands_on(document: Document) -> bool:
    """A notice that only issues what follows it."""
    return re.search(r"(?:印发|下发|转发|发布).*通知$", document.title.text) is not None


def _is_a_plan(document: Document, beside: Iterable[Task]) -> bool:
    """By its title; a notice or a list of measures is one where it sets something to be done by a day."""
    title = document.title.text
    if re.search(r"(?:方案|计划|安排)(?:\([^()]*\))*$", title):
        return True
    asks = re.search(r"(?:通知|意见|要点|措施|制度|办法|清单|分工|任务|[解工排务度]表)(?:\([^()]*\))*$", title)
    return asks is not None and not _hands_on(document) and any(each.due or each.recurs or each.raw for each in beside)


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
    return name.strip(" ():,、。;") or "(未命名)"


def _below(node: Node) -> Iterable[Node]:
    for each in node.children:
        yield each
        yield from _below(each)


def _lines(root: Node) -> Iterable[Line]:
    yield from root.body
    for each in _below(root):
        yield each.line
        yield from each.body
