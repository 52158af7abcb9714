"""
What is not taken into a plan (个人信息略去): names beside a post or after a label, telephone numbers, mail.

It is left out before anything is read, so that nothing read later can hold it. In doubt a word is left out.
"""

from __future__ import annotations

import datetime as dt
import re

from zhiwen_flow.importing.lexicon import lexicon, one_of

LEFT_OUT = "×××"
"""What stands in the place of what is left out."""

_HAN = r"[\u4e00-\u9fff]"
_SURNAME = rf"(?:{one_of(lexicon().double_surnames)}|[{lexicon().surnames}])"
_NO_NAME = one_of(lexicon().bodies)
_NAME = rf"(?!{_NO_NAME}){_SURNAME}(?:[ \t]{{0,2}}{_HAN}){{1,2}}?"
_POST = one_of(lexicon().posts)
_OPENING = r"(?:^|(?<=[^\u4e00-\u9fff])|(?<=[由请经以是组和与及]))"
_CONTACT = (
    re.compile(r"[\w.+-]{1,64}[@＠][\w-]{1,64}(?:\.[\w-]{1,32}){1,5}"),
    re.compile(r"(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])"),
    re.compile(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),
    re.compile(r"(?<!\d)\(?0\d{2,3}\)?\s?[-—–]?\s?\d{7,8}(?:[-转]\d{1,5})?(?!\d)"),
    re.compile(r"(?:QQ|微信)群?号?[:\s]{0,2}[A-Za-z0-9_-]{5,20}"),
)
_NUMBER = re.compile(r"(?<![\d.A-Za-z/〔-])\d{7,8}(?![\d.A-Za-z元万亿人户个件吨平米%年月号-])")
_BESIDE = (
    re.compile(rf"{_OPENING}(?!\S{{1,2}}([市县省镇乡])\1长){_NAME}(?=(?:同志)?{_POST})"),
    re.compile(rf"{_OPENING}{_NAME}(?=同志)"),
    re.compile(
        rf"(?<=[长任记员委人导政师]){_NAME}(?=同志|担任|兼任|处[、,;。)]|等[、,;。)\d]|(?:担任|兼任|任|为)(?:{one_of(lexicon().seats)})|[、,;。)]|带队|牵头|主持|负责|$)"
    ),
)
_LISTED = re.compile(rf"{LEFT_OUT}(?:[、 ]{_NAME}(?=[、,。;) ]|$))+")
_LABELS = one_of([*lexicon().person_labels, *lexicon().seats])
_LABEL = re.compile(rf"{_LABELS}\s?:\s?((?:(?!{_LABELS}\s?:)[^。;:]){{1,400}})")
_PART = re.compile(r"[^、,/()\s]+(?:\s\S(?=[、,/()\s]|$))?")
_WHOLE = re.compile(rf"{_SURNAME}[ \t]{{0,2}}{_HAN}(?:{_HAN}{{0,2}})|{_HAN}{{2,8}}·{_HAN}{{2,8}}")
_ENDS_LIKE_A_BODY = re.compile(r"[局委办厅处科室站队所院校]$|街道$|中心$|公司$")
_HELD = re.compile(rf"(.{{2,4}}?)((?:副)?{_POST})")


def without_persons(text: str) -> str:
    """
    Leave out names, telephone numbers and addresses of mail (略去姓名、电话、邮箱).

    >>> without_persons("组长:李建部(局长) 联系人:王小明,电话:0512-12345678")
    '组长:×××(局长) 联系人:×××,电话:×××'
    """
    if text.isascii() and not any(each.isdigit() or each == "@" for each in text):
        return text
    for pattern in _CONTACT:
        text = pattern.sub(LEFT_OUT, text)
    text = _NUMBER.sub(lambda match: match[0] if _is_day(match[0]) else LEFT_OUT, text)
    text = _LABEL.sub(_labelled, text)
    for pattern in _BESIDE:
        text = pattern.sub(LEFT_OUT, text)
    return _LISTED.sub(lambda match: re.sub(rf"(?<=[、 ]){_NAME}(?=[、 ]|$)", LEFT_OUT, match[0]), text)


def may_be_a_name(text: str) -> bool:
    """
    Say whether some characters before a post may be a name (是否可能是姓名); in doubt they are one.

    >>> may_be_a_name("李建部"), may_be_a_name("高新区"), may_be_a_name("市住建局")
    (True, False, False)
    """
    return re.match(_NO_NAME, text) is None and re.fullmatch(rf"{_SURNAME}{_HAN}{{0,3}}", text) is not None


def _labelled(match: re.Match[str]) -> str:
    start = match.start(1) - match.start()
    return match[0][:start] + _PART.sub(_without_a_name, match[1])


def _without_a_name(match: re.Match[str]) -> str:
    part = match[0]
    if _ENDS_LIKE_A_BODY.search(part) or re.match(_NO_NAME, part):
        return part
    if _WHOLE.fullmatch(part):
        return LEFT_OUT
    held = _HELD.fullmatch(part)
    return LEFT_OUT + held[2] if held is not None and _WHOLE.fullmatch(held[1]) else part


def _is_day(digits: str) -> bool:
    try:
        dt.datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007 - only whether such a day exists
    except ValueError:
        return False
    return True
