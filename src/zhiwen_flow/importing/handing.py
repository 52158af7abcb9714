"""
What is handed in and to whom (报送什么、报给谁): around a day, after 报送, 报, 交, or between 向 and the verb.
"""

from __future__ import annotations

import re
from itertools import pairwise

_HAN = r"\u4e00-\u9fff“”"
_BODY = (
    r"(?:办公室|领导小组|部门|领导组|工作组|专班|指挥部|委员会|联席会议|管委会|机构|监察室|督查室|党委|党组|纪委|党支部|街道|政府|公司|中心|平台|协会|"
    r"学校|医院|评议团|工作团|[局厅委部处科室股队院办组站所团会])"
)
_NOT_YET = r"(?!报|情况|材料|总结|方案|报告|台账|清单|名单|进展|工作总结|信息)"
_NAME = rf"((?:{_NOT_YET}[{_HAN}、]|\([^()]{{1,10}}\)){{0,36}}?{_BODY})"
_ENDS = (
    r"(?=\s|[,。;:)(]|$|备案|备查|审核|审定|审批|审查|审议|汇总|批准|同意|研究|存档|进行|统一|负责|牵头|"
    r"邮箱|电子邮箱|信箱|并|各|《)"
)
_VERB = r"(?:报送|上报|呈报|报备|呈送|提交|反馈|送交|移交|报告|(?<![移送提])交(?![通流叉办警易底]))"
_TO = r"(?:至|到|给|于|往|送)?"
_LEVEL = r"(?=[国省市县区州局厅委院校镇乡街我本各上总集厂矿团分支中自驻党]|领导小组|办公室|工作专班|指挥部|联席会议)"
_WAYS = (
    re.compile(
        rf"向{_NAME}(?:书面)?(?:提交|报送|上报|呈报|报告|汇报|反馈|报备|备案|申报|"
        r"报(?=[\u4e00-\u9fff]{2,10}(?:报告|总结|方案|材料)))"
    ),
    re.compile(rf"(?:上报|报送|提交|上交|(?<![移送提])交)[^,。;到至给]{{2,24}}?(?:到|至|给){_NAME}{_ENDS}"),
    re.compile(rf"{_VERB}{_TO}{_NAME}{_ENDS}"),
    re.compile(rf"报{_TO}{_LEVEL}{_NAME}{_ENDS}"),
    re.compile(
        rf"(?<=[前日底末旬料结告案单表况账并划书稿件得])[,]?(?:一并|统一|及时|分别)?(?:报|送|交){_TO}{_NAME}{_ENDS}"
    ),
)
LONGEST = 400


def recipient(sentence: str) -> str | None:
    """
    Find to whom something is handed in (报送对象).

    >>> recipient("于10月20日前将评议总结报省厅政风行风评议办公室备案")
    '省厅政风行风评议办公室'
    >>> recipient("7月15日前向市政府纠风办和行风评议团提交自评报告")
    '市政府纠风办和行风评议团'
    """
    for way in _WAYS:
        if (found := way.search(sentence[:LONGEST])) is not None:
            name = found[1].strip("、").removeprefix("对口")
            return name.strip("“”") if name.count("“") != name.count("”") else name
    return None


_PRODUCT = re.compile(
    r"([\u4e00-\u9fff“”《》、()]{0,24}?(?:方案|报告|总结|材料|计划|情况|清单|台账|一览表|表|信息|意见|名单|结果|目录|数据|心得|体会|承诺书|小结|制度|文件|草案|汇编|汇编稿)》?)(?:一式[一二两三四五六]份)?$"
)
_LEAD = re.compile(
    r"^(?:公示|公布|并|请|要|须|应|应当|必须|同时|及时|认真|全面|各[单部地县乡街科处][位门区市镇道室]|将|把|形成|撰写|填写|建立|列出|报送|上报|制定出?|制订|完成|提交|编制|汇总|的|于|在|其|、)+"
)
FARTHEST = 400
"""How far around a day its sentence is looked for; a line without a full stop may be a whole text."""


def _starts(text: str, at: int) -> int:
    low = max(0, at - FARTHEST)
    return max((text.rfind(mark, low, at) for mark in "。;!"), default=-1) + 1 or low


def sentence_of(text: str, place: tuple[int, int], *, starts: int | None = None) -> str:
    """
    Give the sentence around a place (所在句), from a later start where one is given.

    >>> sentence_of("一句。3月5日前报送;三句", (3, 8))
    '3月5日前报送'
    """
    high = place[1] + FARTHEST
    ends = [found for mark in "。;!" if (found := text.find(mark, place[1], high)) >= 0]
    return text[_starts(text, place[0]) if starts is None else starts : min(ends, default=high)]


_RECURS = re.compile(r"每(?:周[一二三四五六日末]?|旬|月|个月|季度?)")
_DOES = re.compile(r"报|送|交|完成|召开|印发|公布|公开|审定|汇总|备案|制定|制订|建立|组织|开展|成立")


def parted(text: str, places: list[tuple[int, int]]) -> str:
    """
    End a sentence between two deadlines of its own, each with its own verb (一句多个时限的断句).

    >>> parted("3月5日前召开大会,并于3月10日前报送方案", [(0, 5), (12, 18)])
    '3月5日前召开大会。并于3月10日前报送方案'
    """
    recurring = [each.span() for each in _RECURS.finditer(text)] if places else []
    for one, other in pairwise(sorted([*places, *recurring])):
        comma = text.rfind(",", one[1], other[0])
        if comma >= 0 and _DOES.search(text, one[1], comma) is not None:
            text = f"{text[:comma]}。{text[comma + 1 :]}"
    return text


_GIVE = r"(?:对口|一并|及时|统一|书面)*(?:上报|报送|报(?![告表道名销纸])|送|提交|交)"
_AFTER = re.compile(
    r"[,]?(?:书面|及时|统一)?[^,。;()将把报送交]{0,14}?(?:将|把)([^,。;()]{2,40}?(?:《[^》]{1,60}》[^,。;()]{0,20}?)?)"
    rf"(?:\([^()]{{1,20}}\))?(?:,[^,。;报]{{2,16}})?,?{_GIVE}"
)
_MADE_KINDS = r"(?:方案|报告|总结|材料|计划|清单|台账|名单|心得|体会|承诺书|表)"
_DIRECT = re.compile(
    rf"[,]?(?:[^,。;将把报送交]{{0,14}}?)(?:向[^,。;]{{2,20}}?)?(?:报送|上报|上交|提交|完成|形成|制定|制订|报)"
    rf"([^,。;到至]{{0,24}}?{_MADE_KINDS}(?!{_MADE_KINDS}))"
)
_NAMED_LAST = re.compile(
    rf"[,]?(?:各(?:[\u4e00-\u9fff、]{{0,6}}(?:单位|部门|科室|股室|乡镇|街道|学校)|[地校村镇县区])|每人)?(?:撰写|写出|填写)?[一二三]?[份篇]?((?:书面|年度|活动|工作|全面)?[\u4e00-\u9fff]{{0,6}}?{_MADE_KINDS}){_GIVE}"
)
"""What is handed in stands right before the verb: 11月5日前各单位书面总结报…"""


def product_of(text: str, place: tuple[int, int]) -> str | None:
    """What is handed in: between the day and the verb, or named before the day."""
    tail = text[place[1] : place[1] + FARTHEST]
    if (after := _AFTER.match(tail)) is not None:
        return _noun(after[1])
    if (last := _NAMED_LAST.match(tail)) is not None:
        return _noun(last[1])
    sentence_start = _starts(text, place[0])
    before = re.sub(r"(?:务必|必须|统一)?(?:于|在|要在|须于|,)*$", "", text[sentence_start : place[0]])
    for part in reversed(re.split(r"[,;:]", before)):
        if match := _PRODUCT.search(re.sub(r"\([^()]{1,12}\)$", "", part.strip())):
            return _noun(match[1])
    if (direct := _DIRECT.match(tail)) is not None:
        return _noun(direct[1])
    if not before.strip(" ,") and sentence_start:
        earlier = re.split(r"[。;!]", text[max(0, sentence_start - FARTHEST) : sentence_start - 1])[-1]
        earlier = re.sub(r"^.*[日底旬末月]前", "", re.split(r"[,:]", earlier)[-1])
        if match := _PRODUCT.search(earlier.strip()):
            return _noun(match[1])
    return None


def handed_in(sentence: str) -> str | None:
    """A product that is said to be handed in: 将…报送, or named right before the verb."""
    if match := re.search(
        r"(?:将|把)([^,。;]{2,40}?)(?:一并|及时|统一|书面)*(?:上报|报送|提交|报(?![告表道名销纸])|交)",
        sentence[:FARTHEST],
    ):
        return _noun(match[1])
    ahead = re.split(r",?并?(?:上报|报送|提交|报(?![告表道名销纸]))", sentence[:FARTHEST])[0]
    ahead = re.sub(r"(?:\([^()]*\))?,?(?:由[^,。]{2,30}?)?向[^,。]{2,40}$", "", ahead)
    ahead = re.split(r"(?:形成|撰写|写出|提出)(?:全面的|完整的|书面)?", ahead.split(",")[-1])[-1]
    if match := _PRODUCT.search(ahead.strip()):
        return _noun(match[1])
    named = re.search(rf"(?:向[^,。;]{{2,40}}?|[日天]以?内)(?:报送|提交|上报)({_PRODUCTS})", sentence[:FARTHEST])
    return named[1] if named is not None else None


_PRODUCTS = r"[^,。;]{2,24}?(?:方案|报告|总结|材料|计划|清单|台账|表)"


def _noun(text: str) -> str:
    """Leave out who does it and what is done with it."""
    text = re.sub(r"^字的?|一式[一二两三四五六]份$", "", text.strip("、,“” "))
    text = re.split(r"(?:要|应|须|应当|必须)(?:将|把)", text)[-1]
    made = _MADE.search(text)
    return made[1] if made is not None else _LEAD.sub("", text) or text


_MADE = re.compile(
    r".(?:制定出?|制订|拟定|拟订|撰写|写出|形成|填写|填报|编制|建立|列出)(?:全面的|完整的|书面|相应的?)?([^,。的]{2,20}|《[^》]+》)$"
)
"""A product after what was done to make it; where nothing stands before the verb, it is left as it is."""
_OWNER = re.compile(
    r"[(〔\[;](?:责任单位|责任部门|牵头单位|牵头部门)\s?:\s?([^()〔〕\[\];]{2,80})[)〕\];]"
    r"|[(〔\[]([^()〔〕\[\],;]{2,40})(?:牵头|负责)"
)


def owner_of(text: str) -> str | None:
    """
    Find who is responsible, where brackets say so (责任单位).

    >>> owner_of("9月底前完成。(县司法局牵头,各单位负责)")
    '县司法局'
    """
    match = _OWNER.search(text)
    return (match[1] or match[2]) if match is not None else None
