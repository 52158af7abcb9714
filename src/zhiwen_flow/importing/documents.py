"""
Several documents in one text (一文多篇): where one ends and the next begins, and what stands at its head.
"""

from __future__ import annotations

import re
from itertools import pairwise

import attrs

from zhiwen_flow.importing.grids import is_table
from zhiwen_flow.importing.outline import Node, level_of, outline
from zhiwen_flow.importing.source import Line

_PART = re.compile(r"^第[一二三四五六七八九十]{1,3}篇\s*[:、]?\s*")
_TITLE = re.compile(
    r"(?:方案|计划|意见|通知|工作情况|情况汇报|汇报|总结|报告|办法|工作安排|要点|措施|制度|清单|规定|分解表|分工表|安排表|任务表|进度表)(?:\([^()]{1,16}\)){0,2}$"
)
_ORGAN = (
    r"委员会|党委|党组|局|厅|院|中心|学校|大学|公司|政府|办公室|领导小组|大队|支队|队|处|委|部|街道|管委会|医院|"
    r"法院|检察院|集团|联社|社区|乡|镇|县|区|市|站|所|分局|总队|协会|纪委"
)
_BY_NAME = re.compile(
    r"(?!关于|开展|推进|加强|整治|治理|全[国省市县])"
    r"[\u4e00-\u9fff×xX]{1,20}?(?:委员会|局|厅|医院|学院|大学|公司|政府|街道|(?<![城乡集小])镇|(?<!城)乡(?!镇))"
    r"(?:[\u4e00-\u9fff]{0,6}?(?:学校|中学|小学|卫生院))?"
)
"""A body that a title begins with, whatever follows."""
_AFTER_ORGAN = r"(?=关于|开展|深入|全面|强力|推进|20|治庸|作风|工作|集中|实施)"
LONGEST_TITLE = 60


@attrs.frozen(kw_only=True, eq=False)
class Document:
    """
    One document (一份文件).

    Args:
        title: Its title.
        head: Lines of its head: title, organ, number, day.
        root: Its outline.
        organ: Who issued it.
        reference: Its number (文号).
    """

    title: Line
    head: list[Line]
    root: Node
    organ: str | None
    reference: str | None


def split(lines: list[Line]) -> list[Document]:
    """Part the lines into documents (分篇)."""
    starts = [0, *(index for index in range(1, len(lines)) if _begins(lines, index))]
    kept = [each for each in dict.fromkeys(starts) if lines]
    return [_document(lines[start:end]) for start, end in zip(kept, [*kept[1:], len(lines)], strict=True)]


def _begins(lines: list[Line], index: int) -> bool:
    """A new document begins at a part heading, or at a title after something was said."""
    line = lines[index]
    if _PART.match(line.text):
        return True
    if not _is_title(line.text):
        return _opens_a_title(lines, index)
    return _was_said(lines, index) and not _opens_a_title(lines, index - 1)


def _opens_a_title(lines: list[Line], index: int) -> bool:
    """The first of two lines of one title."""
    if index < 1 or index + 1 >= len(lines):
        return False
    text = lines[index].text
    plain = _is_plain(text) and not _is_title(text)
    return plain and _is_title(lines[index + 1].text) and _was_said(lines, index)


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TITLE and not re.search(r"[。;:!?,]", text) and level_of(text) is None


def _is_title(text: str) -> bool:
    return _is_plain(text) and _TITLE.search(text) is not None


def _was_said(lines: list[Line], index: int) -> bool:
    """Whether the last document has said something: the line before ends a sentence or is an item."""
    before = lines[index - 1].text
    return before.endswith(("。", ";", "!", "”", ")")) or level_of(before) is not None or _is_signature(before)


def _is_signature(text: str) -> bool:
    return re.search(r"(?:19|20)\d\d年\d{1,2}月\d{1,2}日$", text) is not None


def _document(lines: list[Line]) -> Document:
    body = next((i for i, each in enumerate(lines) if i and _is_said(each.text)), len(lines))
    head = lines[: max(body, 1)]
    title = _title(head)
    root = outline(lines[len(head) :], title)
    text = "\n".join(each.text for each in head if not re.search(r"[《》,。:]", each.text))
    reference = re.search(r"[\u4e00-\u9fff]{1,10}〔(?:19|20)\d\d〕\s*\d+\s*号", text)
    return Document(
        title=title, head=head, root=root, organ=_organ(head, title.text), reference=reference[0] if reference else None
    )


def _is_said(text: str) -> bool:
    return level_of(text) is not None or _is_prose(text) or is_table(text)


def _is_prose(text: str) -> bool:
    """A sentence of the body, not a salutation or a line of the head."""
    return text.endswith("。") and len(text) > 30  # noqa: PLR2004


def _title(head: list[Line]) -> Line:
    """The last line of the head that ends like a title; the one before it joins where it is half of it."""
    titles = [i for i, each in enumerate(head) if _is_title(_PART.sub("", each.text))]
    if not titles:
        return attrs.evolve(head[0], text=_PART.sub("", head[0].text))
    index = titles[-1]
    line, text = head[index], _PART.sub("", head[index].text)
    before = head[index - 1].text if index else ""
    if (
        index
        and _is_plain(before)
        and not _is_title(_PART.sub("", before))
        and not re.search(r"号$|文件$|[日:]$|^\(.*\)$", before)
    ):
        own = re.search(rf"(?:{_ORGAN})$", before) is not None and not before.startswith("关于")
        return attrs.evolve(line, text=text if own else before + text)
    return attrs.evolve(line, text=text)


def _organ(head: list[Line], title: str) -> str | None:
    for each in head:
        text = re.sub(r"文件$", "", _PART.sub("", each.text))
        parts = text.split()
        if (
            text != title
            and _is_plain(text)
            and all(re.fullmatch(rf"[\u4e00-\u9fff×xX]{{2,40}}(?:{_ORGAN})", p) for p in parts)
        ):
            return "、".join(parts)
    match = re.match(
        rf"(?:关于印发《?)?((?!关于|在全)[\u4e00-\u9fff×]{{2,20}}?(?:{_ORGAN})){_AFTER_ORGAN}",
        title,
    )
    return match[1] if match else None


def organ_by_title(title: str) -> str | None:
    """
    Give the body that a title begins with, where no line of the head names one (标题所示机关).

    >>> organ_by_title("市第二人民医院“改进服务”主题活动方案"), organ_by_title("治理小城镇环境方案")
    ('市第二人民医院', None)
    """
    match = _BY_NAME.match(title)
    return match[0] if match is not None else None


def organ_by_signature(lines: list[Line]) -> str | None:
    """Give the body that stands alone in a line above the day of issue (落款机关)."""
    for line, below in pairwise(lines):
        if _is_signature(below.text) and len(below.text) < LONGEST_DAY and _BODY_ALONE.fullmatch(line.text):
            return line.text
    return None


LONGEST_DAY = 14
_BODY_ALONE = re.compile(rf"[\u4e00-\u9fff×xX]{{2,40}}(?:{_ORGAN})")
