"""
To whom something is handed in (报送对象): after 报送, 报, 交, or between 向 and the verb.
"""

from __future__ import annotations

import re

_HAN = r"\u4e00-\u9fff“”"
_BODY = (
    r"(?:办公室|领导小组|领导组|工作组|专班|指挥部|委员会|联席会议|管委会|监察室|督查室|党委|党组|纪委|党支部|街道|政府|公司|中心|平台|协会|"
    r"学校|医院|评议团|工作团|[局厅委部处科室股队院办组站所团会])"
)
_NOT_YET = r"(?!报|情况|材料|总结|方案|报告|台账|清单|名单|进展|工作总结|信息)"
_NAME = rf"((?:{_NOT_YET}[{_HAN}、]|\([^()]{{1,10}}\)){{0,36}}?{_BODY})"
_ENDS = (
    r"(?=\s|[,。;:)(]|$|备案|备查|审核|审定|审批|审查|审议|汇总|批准|同意|研究|存档|进行|统一|负责|牵头|邮箱|电子邮箱|信箱|并|各|《)"
)
_VERB = r"(?:报送|上报|呈报|报备|呈送|提交|反馈|送交|移交|报告|交)"
_TO = r"(?:至|到|给|于|往|送)?"
_LEVEL = r"(?=[国省市县区州局厅委院校镇乡街我本各上总集厂矿团分支中自驻]|领导小组|办公室|工作专班|指挥部|联席会议)"
_WAYS = (
    re.compile(rf"向{_NAME}(?:书面)?(?:提交|报送|上报|呈报|报告|汇报|反馈|报备|备案)"),
    re.compile(rf"{_VERB}{_TO}{_NAME}{_ENDS}"),
    re.compile(rf"报{_TO}{_LEVEL}{_NAME}{_ENDS}"),
    re.compile(rf"(?<=[前日底末旬料结告案单表况账并])[,]?(?:一并|统一|及时|分别)?(?:报|送|交){_TO}{_NAME}{_ENDS}"),
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
