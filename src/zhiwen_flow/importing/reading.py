"""
Reading plans out of a text (方案导入): documents, phases, tasks, deadlines, roles, ladder, each with its line.

Rules, not a model. What is not read is said so; a date without a year stays a wording until somebody gives the year.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.importing.documents import Document, split
from zhiwen_flow.importing.single import Notice, Reader, hands_on
from zhiwen_flow.importing.source import Repair, decoded, read_lines
from zhiwen_flow.plan import Plan

EARLIEST, LATEST = 1949, 2099
"""Years that a caller may give."""


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
    mended = {each.line for each in repairs}
    return Imported(
        plans=tuple(gathered.plans),
        others=tuple(gathered.others),
        repairs=tuple(repairs),
        notices=tuple(sorted(gathered.notices, key=lambda each: each.line)),
        read=tuple(each for each in words if each in gathered.used and each not in mended),
        repaired=tuple(sorted(mended)),
        unread=tuple(each for each in words if each not in gathered.used and each not in mended),
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
        reader = Reader(document, number=number, year=year, cover=self._cover)
        plan = reader.plan()
        if plan is None:
            self.close()
            if hands_on(document):
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
