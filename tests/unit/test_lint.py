"""Rules for plans: each finds its own example and nothing in a sound plan; the seeds' faults are found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.importing import Imported, import_text
from zhiwen_flow.lint import Bench, Finding, Severity, Vintage, lint, rules
from zhiwen_flow.loading import Source
from zhiwen_flow.plan import Duty, Phase, Plan, PlanRole, Precision, ProblemType, Recurrence, Rung, Task
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.workdays import ChinaCalendar

CALENDAR = ChinaCalendar()
BOOK = Rulebook.load("hubei-2011")
BASE: dict[str, Any] = {"number": "1", "clause": "二(一)1"}


def day(month: int, number: int) -> dt.date:
    """A day of 2011."""
    return dt.date(2011, month, number)


SOUND = Plan(
    id="sound",
    version="1",
    organ="某局",
    title="某局作风建设工作方案",
    year=2011,
    issued=day(8, 1),
    slogans=("治庸提能",),
    phases=(
        Phase(
            id="a",
            name="动员",
            clause="二(一)",
            start=day(8, 15),
            end=day(8, 31),
            raw="8月15日—8月31日",
            tasks=(Task(id="a1", name="召开会议", **BASE), Task(id="a2", name="学习", number="2", clause="二(一)2")),
        ),
        Phase(
            id="b",
            name="总结",
            clause="二(二)",
            start=day(9, 1),
            end=day(9, 30),
            raw="9月1日—9月30日",
            tasks=(
                Task(
                    id="b1",
                    name="上报总结",
                    due=day(9, 30),
                    raw="9月30日",
                    deliverable="总结",
                    submit_to="局办公室",
                    **BASE,
                ),
            ),
        ),
    ),
    ladder=(Rung(measure="relief_of_post", name="免职", plan_says="组织处理", clause="三"),),
    roles=(
        PlanRole(id="r1", name="组长", held_by="局长", clause="三"),
        PlanRole(id="r2", name="办公室", held_by="局监察室", clause="三", seat="局监察室"),
        PlanRole(id="r3", name="工作专班", held_by="各科室", clause="三"),
    ),
    duties=(Duty(organ="局监察室", duties=("监督检查",), clause="三"),),
)


def found(
    plan: Plan,
    *superiors: Plan,
    vintage: Vintage = Vintage.THEN,
    calendar: Any = CALENDAR,
    book: Rulebook = BOOK,
    read: Imported | None = None,
) -> tuple[Finding, ...]:
    """Check a plan."""
    return lint(Bench(plan=plan, superiors=superiors, rulebook=book, calendar=calendar, read=read), vintage=vintage)


def task(**parts: Any) -> Task:
    """A task of the first phase."""
    return Task(id="x", name=parts.pop("name", "报送材料"), **{**BASE, "number": "3", **parts})


def with_task(each: Task, index: int = 0) -> Plan:
    """The sound plan with one more task."""
    phases = list(SOUND.phases)
    phases[index] = attrs.evolve(phases[index], tasks=(*phases[index].tasks, each))
    return attrs.evolve(SOUND, phases=tuple(phases))


def phased(**changes: dict[str, Any]) -> Plan:
    """The sound plan with changed phases."""
    return attrs.evolve(SOUND, phases=tuple(attrs.evolve(each, **changes.get(each.id, {})) for each in SOUND.phases))


ABOVE = attrs.evolve(SOUND, id="above", title="上级方案")
EXAMPLES: dict[str, tuple[Plan, tuple[Plan, ...], Vintage]] = {
    "task_before_phase": (with_task(task(due=day(8, 10))), (), Vintage.THEN),
    "due_before_campaign": (attrs.evolve(SOUND, beside=(task(due=day(8, 3)),)), (), Vintage.THEN),
    "due_before_issue": (attrs.evolve(SOUND, issued=day(10, 10)), (), Vintage.THEN),
    "phase_gap": (phased(b={"start": day(9, 11)}), (), Vintage.THEN),
    "phase_overlap": (phased(b={"start": day(8, 20)}), (), Vintage.THEN),
    "phase_order": (phased(b={"start": day(8, 1), "end": day(8, 14)}), (), Vintage.THEN),
    "report_before_end": (with_task(task(name="形成总结", due=day(9, 20), number="2"), 1), (), Vintage.THEN),
    "window_outside_superior": (
        SOUND,
        (attrs.evolve(ABOVE, phases=phased(a={"end": day(8, 20)}).phases),),
        Vintage.THEN,
    ),
    "due_after_superior": (with_task(task(name="上报总结", due=day(10, 8), number="2"), 1), (ABOVE,), Vintage.THEN),
    "no_slack": (SOUND, (ABOVE,), Vintage.THEN),
    "due_on_rest_day": (with_task(task(due=day(8, 20))), (), Vintage.THEN),
    "vague_date": (with_task(task(raw="8月底", due=day(8, 31), precision=Precision.MONTH_END)), (), Vintage.THEN),
    "missing_year": (attrs.evolve(phased(a={"start": None, "end": None}), year=None), (), Vintage.THEN),
    "missing_dates": (phased(a={"start": None, "end": None, "raw": None}), (), Vintage.THEN),
    "missing_phases": (attrs.evolve(SOUND, phases=()), (), Vintage.THEN),
    "missing_office": (attrs.evolve(SOUND, roles=(SOUND.roles[0], SOUND.roles[2])), (), Vintage.THEN),
    "missing_head": (attrs.evolve(SOUND, roles=SOUND.roles[1:]), (), Vintage.THEN),
    "missing_ladder": (attrs.evolve(SOUND, ladder=()), (), Vintage.THEN),
    "missing_time_limit": (attrs.evolve(SOUND, phases=()), (), Vintage.THEN),
    "numbering_gap": (with_task(task(number="5")), (), Vintage.THEN),
    "counted_group": (phased(a={"counted": "六个一"}), (), Vintage.THEN),
    "wrong_category": (
        attrs.evolve(
            SOUND, ladder=(Rung(measure="grade_reduction", name="降级", plan_says="等组织处理", clause="三"),)
        ),
        (),
        Vintage.THEN,
    ),
    "unclear_measure": (
        attrs.evolve(SOUND, ladder=(Rung(measure="unknown", name="通报批评", plan_says="通报批评", clause="三"),)),
        (),
        Vintage.THEN,
    ),
    "dropped_measure": (
        SOUND,
        (attrs.evolve(ABOVE, ladder=(Rung(measure="post_demotion", name="降职", plan_says="组织处理", clause="三"),)),),
        Vintage.THEN,
    ),
    "dropped_slogan": (SOUND, (attrs.evolve(ABOVE, slogans=("治懒提效",)),), Vintage.THEN),
    "too_many_papers": (
        attrs.evolve(SOUND, beside=tuple(task(due=day(9, n), submit_to="局办公室") for n in (5, 6, 7))),
        (),
        Vintage.NOW,
    ),
    "same_paper_twice": (
        attrs.evolve(SOUND, beside=(attrs.evolve(SOUND.phases[1].tasks[0], id="c"),)),
        (),
        Vintage.NOW,
    ),
    "short_notice": (with_task(task(due=day(8, 3))), (), Vintage.NOW),
    "plans_demanded": (with_task(task(name="制定工作方案", due=day(8, 25), owner="各单位")), (), Vintage.NOW),
    "task_force_demanded": (with_task(task(name="成立工作专班")), (), Vintage.NOW),
    "recurring_papers": (with_task(task(name="每周报送", recurs=Recurrence.WEEKLY)), (), Vintage.NOW),
    "dropped_authority": (SOUND, (attrs.evolve(ABOVE, authority_clause="按照干部管理权限"),), Vintage.THEN),
    "missing_confidentiality": (attrs.evolve(SOUND, channels=("举报电话",)), (), Vintage.THEN),
    "superior_cycle": (attrs.evolve(SOUND, superior="above"), (attrs.evolve(ABOVE, superior="sound"),), Vintage.THEN),
    "undefined_phase": (attrs.evolve(SOUND, undefined=("第三阶段",)), (), Vintage.THEN),
    "dropped_problem": (
        attrs.evolve(SOUND, problems=(ProblemType(id="a", name="庸", means="能力平庸"),)),
        (attrs.evolve(ABOVE, problems=(ProblemType(id="b", name="懒", means="思想懒惰"),)),),
        Vintage.THEN,
    ),
    "too_many_meetings": (
        phased(a={"tasks": tuple(task(name=f"召开第{n}次会议", number=str(n)) for n in range(1, 5))}),
        (),
        Vintage.NOW,
    ),
    "task_outside_phase": (with_task(task(due=day(9, 10))), (), Vintage.THEN),
    "same_day": (
        attrs.evolve(SOUND, beside=tuple(task(name=n, start=day(8, 16), end=day(8, 16)) for n in ("推进会", "党课"))),
        (),
        Vintage.THEN,
    ),
    "ambiguous_day": (with_task(task(due=day(8, 25), raw="8月25日前")), (), Vintage.THEN),
    "lost_section": (attrs.evolve(SOUND, lost=("二(二)的任务",)), (), Vintage.THEN),
    "merged_items": (with_task(task(name="召开会议2.组织学习")), (), Vintage.THEN),
    "missing_task_force": (attrs.evolve(SOUND, roles=SOUND.roles[:2]), (), Vintage.THEN),
    "missing_duties": (attrs.evolve(SOUND, duties=()), (), Vintage.THEN),
    "head_is_no_principal": (
        attrs.evolve(SOUND, roles=(attrs.evolve(SOUND.roles[0], held_by="副局长"), *SOUND.roles[1:])),
        (attrs.evolve(ABOVE, roles=(attrs.evolve(SOUND.roles[0], name="各单位领导小组", held_by="主要领导任组长"),)),),
        Vintage.THEN,
    ),
    "undefined_body": (
        attrs.evolve(SOUND, roles=(SOUND.roles[2],), beside=(task(submit_to="局治庸问责工作领导小组办公室"),)),
        (),
        Vintage.THEN,
    ),
    "dropped_condition": (SOUND, (attrs.evolve(ABOVE, conditions=("视其情节轻重",)),), Vintage.THEN),
    "term_drift": (
        with_task(task(name="形成综合报告")),
        (attrs.evolve(ABOVE, beside=(task(name="形成整改报告"),)),),
        Vintage.THEN,
    ),
    "too_many_tables": (
        attrs.evolve(SOUND, beside=tuple(task(name=f"填报台账{n}", due=day(9, n)) for n in (5, 6, 7))),
        (),
        Vintage.NOW,
    ),
    "too_many_inspections": (
        attrs.evolve(SOUND, beside=(task(name="检查进展", recurs=Recurrence.WEEKLY),)),
        (),
        Vintage.NOW,
    ),
    "head_must_attend": (
        with_task(task(name="召开动员会", participants="主要负责人动员部署")),
        (),
        Vintage.NOW,
    ),
    "everybody_must_attend": (with_task(task(name="学习", participants="党员干部全员参与")), (), Vintage.NOW),
    "follow_up_demanded": (with_task(task(name="报送贯彻落实情况", submit_to="局办公室")), (), Vintage.NOW),
    "repaired": (SOUND, (), Vintage.THEN),
    "unsettled": (SOUND, (), Vintage.THEN),
}
READ = import_text("某局工作方案\n(一)动员(3月1日一3月10日)\n(二)总结(3月11日—3月20日)\n".encode())
"""A text with a slip and without a year."""


class TestRules:
    """Each rule."""

    def test_a_sound_plan_has_nothing_above_info(self) -> None:
        """In either vintage."""
        for vintage in (Vintage.THEN, Vintage.NOW):
            assert {each.severity for each in found(SOUND, vintage=vintage)} <= {Severity.INFO}

    def test_every_rule_has_its_example(self) -> None:
        """No rule is left without one, and none is listed twice."""
        assert [each.id for each in rules()] == list(EXAMPLES)

    @pytest.mark.parametrize("name", EXAMPLES)
    @pytest.mark.requirement("A20", "M17")
    def test_finds_its_own_example(self, name: str) -> None:
        """In both languages, with the severity of the rule; and not in the sound plan."""
        plan, superiors, vintage = EXAMPLES[name]
        rule = next(each for each in rules() if each.id == name)
        read = READ if name in ("repaired", "unsettled") else None
        mine = [each for each in found(plan, *superiors, vintage=vintage, read=read) if each.rule == name]
        assert mine
        assert all(each.severity is rule.severity and each.text.zh and each.text.en for each in mine)
        assert not [each for each in found(SOUND, vintage=vintage) if each.rule == name]

    def test_vintages(self) -> None:
        """What was missed in 2011 is demanded too much in 2025."""
        plan = EXAMPLES["plans_demanded"][0]
        assert "plans_demanded" not in {each.rule for each in found(plan)}
        bare = attrs.evolve(SOUND, roles=())
        assert "missing_head" not in {each.rule for each in found(bare, vintage=Vintage.NOW)}

    def test_severities(self) -> None:
        """The caller may see a rule otherwise; a rule that is not there is named."""
        plan = EXAMPLES["phase_gap"][0]
        told = lint(Bench(plan=plan), severities={"phase_gap": Severity.ERROR})
        assert [each.severity for each in told if each.rule == "phase_gap"] == [Severity.ERROR]
        with pytest.raises(UnknownNameError):
            lint(Bench(plan=plan), severities={"no_such": Severity.INFO})

    def test_a_plan_above_itself(self) -> None:
        """Given as its own superior, whatever its id."""
        again = attrs.evolve(SOUND, id="copy")
        assert "superior_cycle" in {each.rule for each in lint(Bench(plan=SOUND, superiors=(again,)))}

    def test_a_meeting_takes_no_reports(self) -> None:
        """Only what reports are sent to asks for secrecy; a measure of persons is not unclear as to whom."""
        met = attrs.evolve(SOUND, channels=("座谈会",), confidentiality=None)
        assert "missing_confidentiality" not in {each.rule for each in lint(Bench(plan=met))}
        rung = Rung(measure="unknown", name="待岗", plan_says="待岗", clause="三")
        (told,) = (e for e in lint(Bench(plan=attrs.evolve(SOUND, ladder=(rung,)))) if e.rule == "unclear_measure")
        assert "对单位还是对个人" not in told.text.zh

    def test_numbers_have_a_source(self) -> None:
        """Whatever a rule goes by says where it comes from, and how sure that is."""
        assert all(each.source and each.status for each in rules() if each.params)
        assert {each.id for each in rules() if each.source and each.status is None} == set()

    @pytest.mark.requirement("A10")
    def test_the_deadline_policy_is_the_rulebooks(self) -> None:
        """What a Saturday becomes, and whether 前 includes the day, follows the policy."""
        plan = with_task(task(due=day(8, 20), raw="8月20日前"))
        written = Source.shipped("rulebooks", "hubei-2011").data.decode()
        moved = written.replace('rest_day = "stays"', 'rest_day = "next_working_day"')
        exclusive = written.replace("before_is_inclusive = true", "before_is_inclusive = false")
        for text, rest, before in (
            (written, "不顺延", "按规则库含当日计算"),
            (moved, "顺延至2011-08-22", "按规则库含当日计算"),
            (exclusive, "不顺延", "不含当日"),
        ):
            book = Rulebook.read(Source(name="own.toml", data=text.encode()))
            told = {each.rule: each.text.zh for each in found(plan, book=book)}
            assert told["due_on_rest_day"].endswith(rest)
            assert before in told["ambiguous_day"]

    def test_a_superiors_body_is_not_its_own(self) -> None:
        """A paper to the department's office asks for no office of the plan's own; one to the plan's own does."""
        bare = attrs.evolve(SOUND, roles=(SOUND.roles[2],))
        above = attrs.evolve(bare, beside=(task(submit_to="厅治庸问责工作领导小组办公室"),))
        assert "undefined_body" not in {each.rule for each in found(above)}

    def test_burdens_are_counted_by_unit_and_month(self) -> None:
        """Four papers of one unit in a month are too many; two each of two units, or over two months, are not."""
        papers = [task(name=f"报表{n}", due=day(9, n), submit_to="局办公室") for n in (5, 6, 7, 8)]
        own = [attrs.evolve(each, id=f"x{n}", owner="甲科" if n < 2 else "乙科") for n, each in enumerate(papers)]
        spread = [attrs.evolve(each, due=day(8 + n % 2, 15)) for n, each in enumerate(papers)]
        for tasks, expected in ((papers, {"2011-09要求各单位报送5件"}), (own, set()), (spread, set())):
            told = found(attrs.evolve(SOUND, beside=tuple(tasks)), vintage=Vintage.NOW)
            assert {each.text.zh for each in told if each.rule == "too_many_papers"} == expected

    def test_a_year_without_a_calendar(self) -> None:
        """What cannot be counted is unknown; nothing breaks."""
        far = with_task(task(due=dt.date(2090, 1, 10)))
        told = found(attrs.evolve(far, issued=dt.date(2090, 1, 9)), vintage=Vintage.NOW)
        assert [each.severity for each in told if each.rule == "short_notice"] == [Severity.UNKNOWN]


class TestUnknown:
    """What is not there never passes."""

    @pytest.mark.requirement("B19")
    def test_a_superior_whose_plan_is_missing(self) -> None:
        """Unknown under every rule that compares, also where the superior's own superior is missing."""
        plan = attrs.evolve(SOUND, superior="above")
        comparing = {each.id for each in rules() if each.compares}
        assert {"window_outside_superior", "due_after_superior", "no_slack", "dropped_measure"} <= comparing
        assert {each.rule for each in found(plan) if each.severity is Severity.UNKNOWN} == comparing
        assert not [each for each in found(plan, ABOVE) if each.severity is Severity.UNKNOWN]
        higher = attrs.evolve(ABOVE, superior="top")
        assert {each.rule for each in found(plan, higher) if each.severity is Severity.UNKNOWN} == comparing

    def test_without_a_calendar(self) -> None:
        """Working days cannot be counted."""
        told = found(SOUND, ABOVE, calendar=None)
        assert {each.rule for each in told if each.severity is Severity.UNKNOWN} == {"no_slack"}


class TestSeeds:
    """The plans that are shipped."""

    @pytest.mark.requirement("A05", "A08", "A26", "B11", "B12", "B13", "M08")
    def test_the_bridge_bureau(self) -> None:
        """Fourteen days before its phase, ten days between phases, windows outside, a report after the superior's."""
        told = found(Plan.load("dqj-2011"), Plan.load("ggj-2011"), Plan.load("szjg-2011"))
        by_rule = {each.rule: each.text.zh for each in told}
        assert "早14天" in by_rule["task_before_phase"]
        assert "中间空10天" in by_rule["phase_gap"]
        windows = [each for each in told if each.rule == "window_outside_superior"]
        assert len(windows) == 4
        slack = [each.text.zh for each in told if each.rule == "no_slack" and "2011-12-12" in each.text.zh]
        assert slack == ["与“关于强力推进治庸问责工作的实施方案”的期限2011-12-12之间只有0个工作日"]
        assert "dropped_authority" in by_rule
        late = [each.text.zh for each in told if each.rule == "due_after_superior"]
        assert any("2011-10-20" in each and "2011-10-15" in each for each in late)

    @pytest.mark.requirement("A04", "A06")
    def test_the_audit_bureau_overlaps_by_design(self) -> None:
        """Its third phase runs beside the first two; six and five items count up."""
        told = found(Plan.load("whssjj-2011"))
        assert {each.rule for each in told if each.severity is Severity.ERROR} == set()
        assert "phase_overlap" in {each.rule for each in told}
        assert {"counted_group", "phase_gap"} & {each.rule for each in told} == set()
        days = [each.text.zh for each in told if each.rule == "phase_overlap"]
        assert [each.split("重叠")[1] for each in days] == ["15天", "61天"]
        assert [each.name for each in Plan.load("whssjj-2011").current(dt.date(2011, 5, 10))] == [
            "自查整改",
            "检查追责",
        ]

    @pytest.mark.requirement("A19")
    def test_a_plan_without_phases(self) -> None:
        """The hospital's has measures instead, and speaks of an inspection office that it never sets up."""
        told = {each.rule: each.text.zh for each in found(Plan.load("jzszxyy-2011"))}
        assert {"missing_phases", "undefined_phase"} <= set(told)
        assert "督导检查办公室" in told["undefined_body"]

    @pytest.mark.requirement("A17", "B09")
    def test_events_on_one_day_and_duties_of_nobody(self) -> None:
        """A lecture on the day of the meeting; a division of duties that names no organ."""
        told = [each.text.zh for each in found(Plan.load("whssjj-2011")) if each.rule == "same_day"]
        assert told == ["2011-04-15同一天安排:召开一个工作推进会、局领导讲一次党课"]
        rules_of = {id: {each.rule for each in found(Plan.load(id))} for id in ("dqj-2011", "szjg-2011", "whssjj-2011")}
        assert [id for id, found_rules in rules_of.items() if "missing_duties" in found_rules] == ["dqj-2011"]

    def test_words_drift_from_plan_to_plan(self) -> None:
        """The bureau asks for a summary report where the province asks for one on rectification."""
        told = found(Plan.load("dqj-2011"), Plan.load("szjg-2011"))
        words = [each.text.zh for each in told if each.rule == "term_drift"]
        assert "上级用“情节严重”,本方案用“情况严重”" in words

    @pytest.mark.requirement("B03")
    def test_who_must_head_it(self) -> None:
        """The province asks for the principal leader: the bureau's head is one, a deputy is not."""
        own = Plan.load("dqj-2011")
        above = Plan.load("szjg-2011")
        assert "head_is_no_principal" not in {each.rule for each in found(own, Plan.load("ggj-2011"), above)}
        deputy = attrs.evolve(own, roles=(attrs.evolve(own.roles[0], held_by="副局长"), *own.roles[1:]))
        assert "head_is_no_principal" in {each.rule for each in found(deputy, above)}
