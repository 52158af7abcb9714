"""
Rules on what a plan says (内容规则): what is missing, what drifted from the superior's, what burdens the grass roots.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from zhiwen_flow.lint.dates import kind_of, place
from zhiwen_flow.lint.findings import Bench, Found
from zhiwen_flow.plan import Task

FEW_DAYS = 3
"""Working days' notice under which a demand is a burden."""

PAPERS_A_MONTH = 3
MEETINGS_A_PHASE = 3
_NUMBERS = {each: number for number, each in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def missing_phases(bench: Bench) -> Found:
    """A plan without phases (没有环节)."""
    if not bench.plan.phases:
        yield bench.plan.title, "没有写明环节和步骤", "names no phases"


def missing_office(bench: Bench) -> Found:
    """No office that does the work (没有办事机构)."""
    if not any("办公室" in each.name or each.seat for each in bench.plan.roles):
        yield bench.plan.title, "没有写明领导小组办公室设在哪里", "does not say where the office is"


def missing_head(bench: Bench) -> Found:
    """Nobody heads it (没有组长)."""
    if not any(each.name in ("组长", "第一组长", "总指挥") for each in bench.plan.roles):
        yield bench.plan.title, "没有写明由哪一职务任组长", "does not say which post heads it"


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
        found = len({each.number for each in phase.tasks})
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


def unclear_measure(bench: Bench) -> Found:
    """A measure that does not say whether a unit or a person is meant (对象不明)."""
    for rung in bench.plan.ladder:
        if rung.measure == "unknown":
            zh, en = f"“{rung.name}”没有写明对单位还是对个人", "does not say whether a unit or a person is meant"
            yield f"{rung.clause} {rung.name}", zh, en


def dropped_measure(bench: Bench) -> Found:
    """A rung of the superior's ladder that is gone (少了上级方案所列的处理方式)."""
    own = {each.measure for each in bench.plan.ladder}
    for superior in bench.superiors[:1]:
        lacking = [each.name for each in superior.ladder if each.measure not in own and each.measure != "unknown"]
        if own and lacking:
            names = "、".join(lacking)
            yield bench.plan.title, f"“{superior.title}”列有{names},本方案没有", f"the superior's plan has {names}"


def dropped_slogan(bench: Bench) -> Found:
    """Themes that differ from the superior's (主题与上级不一致)."""
    for superior in bench.superiors[:1]:
        own, above = set(bench.plan.slogans), set(superior.slogans)
        if own and above and own != above:
            names = "、".join(sorted(above ^ own))
            yield (
                bench.plan.title,
                f"主题与“{superior.title}”不一致:{names}",
                f"themes differ from the superior's: {names}",
            )


def dropped_authority(bench: Bench) -> Found:
    """The clause on cadre-management authority that the superior has is gone (少了干部管理权限的要求)."""
    for superior in bench.superiors:
        if superior.authority_clause and bench.plan.ladder and not bench.plan.authority_clause:
            zh = f"“{superior.title}”写明“{superior.authority_clause}”,本方案没有"
            yield bench.plan.title, zh, "the superior's clause on cadre-management authority is gone"
            return


def missing_confidentiality(bench: Bench) -> Found:
    """Reports are taken, and nothing is said of keeping reporters secret (没有保密要求)."""
    if bench.plan.channels and not bench.plan.confidentiality:
        yield (
            bench.plan.title,
            "设有举报渠道,没有写明为举报人保密",
            "takes reports and does not say that reporters are kept secret",
        )


def superior_cycle(bench: Bench) -> Found:
    """A plan that is its own superior, at once or by others (上下级方案成环)."""
    above = {each.id: each.superior for each in (bench.plan, *bench.superiors)}
    trail, here = [bench.plan.id], bench.plan.superior
    while here is not None and here not in trail:
        trail.append(here)
        here = above.get(here)
    if here is not None:
        names = " → ".join([*trail, here])
        yield bench.plan.title, f"上级方案成环:{names}", f"its superiors form a circle: {names}"


def undefined_phase(bench: Bench) -> Found:
    """Phases that the plan speaks of and does not set out (提到的环节没有写明)."""
    for word in bench.plan.undefined:
        yield bench.plan.title, f"提到“{word}”,没有写明有哪些阶段", f"speaks of “{word}” and sets out no such phase"


def dropped_problem(bench: Bench) -> Found:
    """Types of problems that differ from the superior's (问题类型与上级不一致)."""
    for superior in bench.superiors[:1]:
        own, above = {each.name for each in bench.plan.problems}, {each.name for each in superior.problems}
        if own and above and own != above:
            names = "、".join(sorted(own ^ above))
            yield bench.plan.title, f"问题类型与“{superior.title}”不一致:{names}", f"types of problems differ: {names}"


def too_many_meetings(bench: Bench) -> Found:
    """How many meetings and inspections one phase asks for (会议、检查过多)."""
    for phase in bench.plan.phases:
        asked = [each for each in phase.tasks if re.search(r"会议|大会|座谈|动员会|推进会|检查|督查|评比", each.name)]
        if len(asked) > MEETINGS_A_PHASE:
            yield place(phase), f"要求会议、检查{len(asked)}次", f"asks for {len(asked)} meetings and inspections"


def too_many_papers(bench: Bench) -> Found:
    """How many papers each unit hands in within one month (基层负担:每月报送件数)."""
    months = Counter(f"{each.due:%Y-%m}" for each in bench.plan.all_tasks if each.due and each.submit_to)
    monthly = sum(1 for each in bench.plan.all_tasks if each.recurs in ("weekly", "ten_days", "monthly"))
    for month, count in sorted(months.items()):
        if count + monthly > PAPERS_A_MONTH:
            total = count + monthly
            yield bench.plan.title, f"{month}要求报送{total}件", f"asks for {total} papers in {month}"


def same_paper_twice(bench: Bench) -> Found:
    """The same paper asked for twice (重复报送)."""
    seen: dict[tuple[str, str | None], Task] = {}
    for task in bench.plan.all_tasks:
        if task.deliverable is None or task.submit_to is None:
            continue
        key = (task.deliverable, task.submit_to)
        if key in seen and task.due == seen[key].due:
            zh = f"“{task.deliverable}”已在“{seen[key].name}”中要求报送"
            yield place(task), zh, f"`{task.deliverable}` is asked for twice"
        seen.setdefault(key, task)


def short_notice(bench: Bench) -> Found:
    """Less than three working days between the plan and a deadline (通知时间过短)."""
    issued = bench.plan.issued or bench.plan.posted
    for task in bench.plan.all_tasks:
        if task.due is None or issued is None or task.due < issued:
            continue
        days = bench.working_days(issued, task.due)
        if days is None:
            yield place(task), "无法判断通知时间:没有工作日历", "the notice cannot be judged without a calendar"
            return
        if days < FEW_DAYS:
            zh = f"印发(发布)后只有{days}个工作日"
            yield place(task), zh, f"{days} working days after the plan's own day"


def plans_demanded(bench: Bench) -> Found:
    """A plan of its own demanded from each unit (要求层层制定方案)."""
    for task in bench.plan.all_tasks:
        if kind_of(task) == "方案":
            yield place(task), "要求下级另行制定方案", "asks each unit for a plan of its own"


def task_force_demanded(bench: Bench) -> Found:
    """A task force or leading group demanded from each unit (要求层层设专班)."""
    for task in bench.plan.all_tasks:
        if "专班" in (task.deliverable or "") or "专班" in task.name:
            yield place(task), "要求下级设立专班", "asks each unit for a task force"


def recurring_papers(bench: Bench) -> Found:
    """Reports that recur weekly or every ten days (周报、旬报)."""
    for task in bench.plan.all_tasks:
        if task.recurs in ("weekly", "ten_days"):
            zh = f"要求{task.recurs.zh}报送" if task.recurs else ""
            yield place(task), zh, "asks for a report that often"
