"""
Rules on what a plan says (内容规则): what is missing, what does not count up, what stands in the wrong place.
"""

from __future__ import annotations

import re
from itertools import pairwise

from zhiwen_flow.lint.dates import place
from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import UNNUMBERED

_NUMBERS = {each: number for number, each in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def missing_phases(bench: Bench) -> Found:
    """A plan without phases (没有环节)."""
    if not bench.plan.phases:
        yield bench.plan.title, "没有写明环节和步骤", "names no phases"


def missing_ladder(bench: Bench) -> Found:
    """No measures for those who fail (没有处理方式)."""
    if not bench.plan.ladder:
        yield bench.plan.title, "没有写明处理方式", "names no measures"


def missing_time_limit(bench: Bench) -> Found:
    """Nothing is due at all (没有时限)."""
    dated = any(each.due or each.end or each.within or each.raw for each in bench.plan.all_tasks)
    if not dated and not any(each.end or each.raw for each in bench.plan.phases):
        yield bench.plan.title, "全文没有一处时限", "sets no time limit anywhere"


def numbering_gap(bench: Bench) -> Found:
    """Item numbers that jump or repeat (序号不连续)."""
    for phase in bench.plan.phases:
        numbers = [int(found[0]) for each in phase.tasks if (found := re.findall(r"\d+", each.number))]
        for before, after in pairwise(numbers):
            if after not in (before, before + 1):
                zh, en = f"序号由{before}跳到{after}", f"item numbers jump from {before} to {after}"
                yield place(phase), zh, en


def counted_group(bench: Bench) -> Found:
    """A counted group, such as 六个一, that does not count up (数目不符)."""
    for phase in bench.plan.phases:
        if phase.counted is None:
            continue
        wanted = _NUMBERS.get(phase.counted[0])
        found = len({each.number for each in phase.tasks if each.number != UNNUMBERED})
        if wanted is not None and found and found != wanted:
            yield place(phase), f"称“{phase.counted}”,实列{found}项", f"says “{phase.counted}”, lists {found}"


def wrong_category(bench: Bench) -> Found:
    """A measure listed under a heading it does not belong to (处理方式归类不当)."""
    for rung in bench.plan.ladder if bench.rulebook is not None else ():
        measure = bench.rulebook.measures.get(rung.measure) if bench.rulebook is not None else None
        if measure is None or "组织处理" not in rung.plan_says:
            continue
        if measure.category != "organizational" and bench.rulebook is not None:
            category = bench.rulebook.categories[measure.category].label
            zh = f"“{rung.name}”列在“组织处理”之下,属于{category.zh}"
            yield f"{rung.clause} {rung.name}", zh, f"listed under organizational measures, but is of {category.en}"


def unclear_measure(bench: Bench, *, either: list[str]) -> Found:
    """A measure of no rulebook, or one that does not say whether a unit or a person is meant (处理方式或对象不明)."""
    for rung in bench.plan.ladder:
        if rung.measure != "unknown":
            continue
        zh, en = f"“{rung.name}”不是规则库所列的处理方式", "is no measure of a rulebook by this name"
        if any(each in rung.name for each in either):
            zh, en = f"“{rung.name}”没有写明对单位还是对个人", "does not say whether a unit or a person is meant"
        yield f"{rung.clause} {rung.name}", zh, en


def missing_confidentiality(bench: Bench, *, takes: list[str]) -> Found:
    """Reports are taken, and nothing is said of keeping reporters secret (没有保密要求)."""
    opened = any(word in each for each in bench.plan.channels for word in takes)
    if opened and not bench.plan.confidentiality:
        yield (
            bench.plan.title,
            "设有举报渠道,没有写明为举报人保密",
            "takes reports and does not say that reporters are kept secret",
        )


def undefined_phase(bench: Bench) -> Found:
    """Phases that the plan speaks of and does not set out (提到的环节没有写明)."""
    for word in bench.plan.undefined:
        yield bench.plan.title, f"提到“{word}”,没有写明有哪些阶段", f"speaks of “{word}” and sets out no such phase"


def lost_section(bench: Bench) -> Found:
    """Parts of the text that are lost (原文缺失)."""
    for each in bench.plan.lost:
        yield bench.plan.title, f"原文缺失:{each}", f"lost from the text: {each}"


def merged_items(bench: Bench) -> Found:
    """Items that stand in one (条目粘连)."""
    for task in bench.plan.all_tasks:
        if re.search(r"[^\d年月日..]\d{1,2}[..、]\D|[;;]", task.name):
            yield place(task), f"“{task.name}”像是几条连在一起", f"“{task.name}” looks like several items in one"
