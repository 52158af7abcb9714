"""
Tables in a text (表格): rows with tabs or bars under a row of heads, as tables of tasks and of phases are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

import attrs

from zhiwen_flow.importing.source import Line


class Column(StrEnum):
    """What a column holds (栏目)."""

    PHASE = "phase"
    TASK = "task"
    TIME = "time"
    OWNER = "owner"
    PRODUCT = "product"
    RECIPIENT = "recipient"
    NUMBER = "number"


_HEADS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    (Column.NUMBER, re.compile(r"^(?:序号|编号|号)$")),
    (Column.TIME, re.compile(r"(?:时限|时间|期限|日期|节点|进度)(?:要求|安排|节点)?$")),
    (Column.OWNER, re.compile(r"^(?:责任|牵头|承办|主办|落实|负责|实施)(?:责任)?(?:单位|部门|处室|科室|股室)$")),
    (Column.RECIPIENT, re.compile(r"^(?:报送|上报|提交|接收)(?:对象|单位|部门)$")),
    (Column.PRODUCT, re.compile(r"^(?:成果|完成标志|成果形式|报送材料|提交材料|材料名称|工作成果)$")),
    (Column.PHASE, re.compile(r"^(?:工作|实施|整治|活动)?(?:阶段|步骤|环节)(?:名称)?$")),
    (Column.TASK, re.compile(r"(?:任务|内容|事项|措施|工作要点|项目|举措)(?:名称)?$")),
)
FEWEST_HEADS = 2


@attrs.frozen(kw_only=True)
class Row:
    """
    A row of a table (一行).

    Args:
        line: Where it stands.
        cells: Its cells by what they hold; an empty cell of a phase or owner takes what stands above it.
    """

    line: Line
    cells: dict[Column, str]


def rows(lines: Iterable[Line]) -> Iterator[Row]:
    r"""
    Read the rows of the tables among some lines (识别表格各行).

    >>> texts = ["序号\t任务\t完成时限", "1\t清理台账\t3月底前"]
    >>> given = [Line(number=number, raw=text, text=text) for number, text in enumerate(texts, start=1)]
    >>> [each.cells[Column.TASK] for each in rows(given)]
    ['清理台账']
    """
    heads: tuple[Column | None, ...] | None = None
    above: dict[Column, str] = {}
    for line in lines:
        cells = cells_of(line.text)
        if len(cells) < FEWEST_HEADS:
            heads, above = None, {}
            continue
        found = _heads(cells)
        if found is not None:
            heads, above = found, {}
            continue
        if heads is None or set("".join(cells)) <= set("-: "):
            continue
        told = {head: cell for head, cell in zip(heads, cells, strict=False) if head is not None and cell}
        kept = {column: above[column] for column in (Column.PHASE, Column.OWNER) if column in above}
        above = kept | told
        yield Row(line=line, cells=kept | told)


def is_table(text: str) -> bool:
    """Say whether a line is a row of a table (是否表格行)."""
    return len(cells_of(text)) >= FEWEST_HEADS


def cells_of(text: str) -> list[str]:
    """Part a row into its cells (分列); a line that is no row has one."""
    if "|" in text:
        return [each.strip() for each in text.strip(" |").split("|")]
    return [each.strip() for each in text.split("\t")]


def _heads(cells: list[str]) -> tuple[Column | None, ...] | None:
    named = [next((kind for kind, way in _HEADS if way.search(re.sub(r"\s", "", cell))), None) for cell in cells]
    useful = [each for each in named if each not in (None, Column.NUMBER)]
    if len(useful) < FEWEST_HEADS or any(len(each) > 10 for each in cells):  # noqa: PLR2004
        return None
    seen: set[Column] = set()
    kept: list[Column | None] = []
    for each in named:
        kept.append(None if each in seen else each)
        seen |= {each} if each is not None else set()
    return tuple(kept)
