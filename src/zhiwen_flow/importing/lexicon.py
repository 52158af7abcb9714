"""
Words that the importer knows (词表): channels, ways, posts, surnames from one data file, measures from the rulebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import attrs

from zhiwen_flow.loading import Source, load, shipped
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import key


@attrs.frozen(kw_only=True)
class _Alias:
    names: tuple[str, ...]
    measure: str


@attrs.frozen(kw_only=True)
class Lexicon:
    """
    The words of one language of plans (词表).

    Args:
        channels: What is opened to the public (渠道).
        disposal_ways: Ways of handling (办理方式).
        inspection_ways: Ways of inspecting (督查方式).
        posts: Posts that a person holds (职务).
        kinds_of_posts: Words for a post that name none (负责人…).
        seats: Places in a leading group (组长、副组长…).
        person_labels: Labels that names follow (联系人…).
        surnames: Single surnames (单姓).
        double_surnames: Surnames of two characters (复姓).
        bodies: Bodies whose first character is a surname too (机构用语).
        aliases: Names of measures that no rulebook uses (处理方式的别称).
    """

    channels: tuple[str, ...]
    disposal_ways: tuple[str, ...]
    inspection_ways: tuple[str, ...]
    posts: tuple[str, ...]
    kinds_of_posts: tuple[str, ...]
    seats: tuple[str, ...]
    person_labels: tuple[str, ...]
    surnames: str
    double_surnames: tuple[str, ...]
    bodies: tuple[str, ...]
    aliases: tuple[_Alias, ...] = attrs.field(metadata=key("alias"))


@cache
def lexicon() -> Lexicon:
    """
    Give the shipped words (随库词表).

    >>> "举报电话" in lexicon().channels
    True
    """
    return load(Source.shipped(".", "reading"), Lexicon)


@cache
def measures() -> tuple[tuple[str, str], ...]:
    """
    Give every name of a measure with its id, longer names first (处理方式名称).

    A rulebook's label that needs a qualifier in brackets is no name by itself: a bare 通报批评 does not say whether a
    unit or a person is meant.

    >>> dict(measures())["诫勉谈话"], dict(measures())["通报批评"]
    ('admonition_talk', 'unknown')
    """
    found: dict[str, str] = {}
    for id in shipped("rulebooks"):
        for measure in Rulebook.load(id).measures.values():
            if "(" not in measure.label.zh:
                found.setdefault(measure.label.zh, measure.id)
    for alias in lexicon().aliases:
        found |= {each: alias.measure for each in alias.names if each not in found}
    return tuple(sorted(found.items(), key=lambda each: (-len(each[0]), each[0])))


def one_of(words: Iterable[str]) -> str:
    """
    Give a pattern for any of some words, longer ones first (择一).

    >>> one_of(["主任", "副主任"])
    '(?:副主任|主任)'
    """
    return "(?:" + "|".join(map(re.escape, sorted(words, key=lambda each: (-len(each), each)))) + ")"
