"""
What a task is called (任务名称): a sentence without its days, cut to what a table can show.
"""

from __future__ import annotations

import re

from zhiwen_flow.importing.dates import spans

LONGEST_NAME = 36
FURTHEST_NAMED = 160
"""How much of a sentence is looked at for its name."""
BARE = re.compile(
    r"(?:完成|办结|整改)?(?:时间|时限|期限)[:)]*|(?:全部|全面|基本|必须|务必)?(?:完成|落实|报送|上报|提交|办结|到位|落实到位|整改到位|\(未命名\))"
)
"""A name that says nothing without what stands before it."""


def short(text: str) -> str:
    """Cut a sentence to a name (名称)."""
    text = re.split(r"[。;]", text.strip(" ,、:。"))[0]
    if len(text) > LONGEST_NAME:
        text = re.split(r"[,,]", text)[0][:LONGEST_NAME]
    text = re.sub(r"\([^()]*\d[^()]*\)", "", text)
    return text.strip(" ,、:。") or "(未命名)"


def undated(sentence: str) -> str:
    """
    Leave out every time that a sentence names, and what joined them (去掉日期).

    >>> undated("分别于7月底和9月底报送小结")
    '报送小结'
    """
    sentence = sentence[:FURTHEST_NAMED]
    for each in spans(sentence, None):
        sentence = sentence.replace(each.raw, "\0")
    sentence = re.sub(r"(?:并)?(?:分别)?(?:定于|[于在])?\0(?:[、和及与,]*\0)*", "", sentence)
    return sentence.replace("\0", "")
