"""
The demonstration (演示): one campaign, two complaints and one case, end to end on the shipped provincial plan.

Told in Chinese as it goes. Every step runs through `Flow`, as a host's would; nothing is scripted but the story.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.findings import Report
from zhiwen_flow.audit.verify import verify_lines, verify_store
from zhiwen_flow.campaign import issue_of, opening_of
from zhiwen_flow.diagrams.draw import draw
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import shipped
from zhiwen_flow.model import ZONE, Actor, Decision
from zhiwen_flow.plan import Plan
from zhiwen_flow.testing.clock import FixedClock

Say = Callable[[str], None]

ORGANIZER = Actor(id="p-001", post="provincial_leading_group_office.director")
PROVINCIAL_CLERK = Actor(id="p-002", post="provincial_leading_group_office.clerk")
LIAISON = Actor(id="p-010", post="transport_department.section_member")
BRIDGE_OFFICER = Actor(id="p-206", post="bridge_bureau.officer")
BRIDGE_PERSONNEL = Actor(id="p-207", post="bridge_personnel.officer")
BRIDGE_COMMITTEE = Actor(id="p-208", post="bridge_party_committee.officer")
BRIDGE_DIRECTOR = Actor(id="p-200", post="bridge_bureau.director")
TRANSPORT_DESK = Actor(id="p-102", post="transport_leading_group_office.clerk")
TRANSPORT_GROUP = Actor(id="p-103", post="transport_party_group.officer")
TRANSPORT_PERSONNEL = Actor(id="p-104", post="transport_personnel.officer")

ASSESSED = [
    {"item": "reform_trial", "answer": "does_not_apply", "reason": "不属于先行先试事项"},
    {"item": "opposed", "answer": "does_not_apply", "reason": "会议记录无反对或保留意见"},
    {"item": "unforeseeable", "answer": "does_not_apply", "reason": "风险已有书面提示"},
]
FOUND = [
    {
        "fact": "重点工程收费系统改造逾期",
        "person": "p-201",
        "post": "bridge_bureau.deputy_director",
        "kind": "principal_leadership_responsibility",
        "liability": "disciplinary",
        "duty": "bridge_toll_service",
        "proof": "证据目录1号",
        "direct": True,
    }
]
ASKED = [
    {"organ": organ, "power": power, "answer": "agreed", "asked_on": "2011-10-24", "document": f"复函{number}号"}
    for number, (organ, power) in enumerate(
        (("transport_personnel_division", "reviews"), ("transport_discipline_group", "consults")), start=1
    )
]


@attrs.frozen(kw_only=True)
class Told:
    """
    What the demonstration did (演示结果).

    Args:
        refusals: Refusals by the name the story gives them.
        report: Verification of the exported log.
        altered: Verification of a copy with one changed character.
        tables: Verification of the database with its tables.
    """

    refusals: dict[str, Decision]
    report: Report
    altered: Report
    tables: Report
    files: tuple[Path, ...]


class _Story:
    """Tells what happens, and moves the clock."""

    def __init__(self, flow: Flow, clock: FixedClock, say: Say) -> None:
        self.flow, self.clock, self.say = flow, clock, say
        self.refusals: dict[str, Decision] = {}

    def on(self, month: int, day: int, text: str) -> None:
        """Set the day and say what it brings."""
        self.clock.set(dt.datetime(2011, month, day, 9, 0, tzinfo=ZONE))
        self.say(f"\n【{month}月{day}日】{text}")

    def do(self, stream: str | Decision, trigger: str, actor: Actor, **payload: Any) -> Decision:
        """Take a step that goes through."""
        decision = self.flow.do(stream, trigger, payload, actor=actor).raise_if_refused()
        self.say(f"  √ {decision.label.zh}")
        return decision

    def refused(self, name: str, stream: str | Decision, trigger: str, actor: Actor, **payload: Any) -> None:
        """Take a step that is refused, and show why."""
        decision = self.flow.do(stream, trigger, payload, actor=actor)
        self.refusals[name] = decision
        self.say("  " + decision.explain("zh").replace("\n", "\n  "))

    def child(self, parent: str | Decision, machine: str) -> str:
        """Give the newest child of a machine."""
        id = parent if isinstance(parent, str) else parent.stream
        return self.flow.instances(machine=machine, parent=id)[-1].id


def run(out: Path | None, say: Say) -> Told:
    """
    Tell the story (讲述演示).

    Args:
        out: Folder for database, log and diagrams; in memory when None.
        say: Takes each line.

    Raises:
        StoreError: the folder already holds a database, or cannot be written.
    """
    clock = FixedClock(dt.datetime(2011, 8, 12, 9, 0, tzinfo=ZONE))
    with Flow.open(_url(out), clock=clock) as flow:
        story = _Story(flow, clock, say)
        say("治庸问责演示:省直机关方案(2011 年)。职务与权限表均为示例。")
        campaign = _campaign(story)
        _next(story, campaign, "self_rectification", (9, 1), (9, 1))
        _substantiated(story)
        _unsubstantiated(story)
        _next(story, campaign, "self_rectification", (9, 1), (10, 15))
        _next(story, campaign, "inspection_accountability", (10, 16), (10, 16))
        _case(story)
        _rectified(story)
        _next(story, campaign, "inspection_accountability", (10, 16), (11, 30))
        _next(story, campaign, "review_improvement", (12, 1), (12, 15))
        _finish(story, campaign)
        lines = list(export_log(flow.store))
        report, altered, tables = verify_lines(lines), verify_lines(_altered(lines)), verify_store(flow.store)
        say(f"\n【日志】共{report.count}条、{report.streams}个卷宗;导出后验证:{report.assurance.zh}。")
        say(f"  数据库与日志比对:{_flaw(tables)}。")
        say(f"  改动一个数字的副本:{_flaw(altered)}。")
        files = _write(flow, out, lines) if out is not None else ()
    return Told(refusals=story.refusals, report=report, altered=altered, tables=tables, files=files)


def _url(out: Path | None) -> str:
    if out is None:
        return "memory:"
    database = out / "flow.db"
    if database.exists():
        raise StoreError(f"`{database}` is there already; name an empty folder, or delete it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"`{out}` cannot be made: {error.strerror}; name another folder") from error
    return f"sqlite:///{database}"


def _campaign(story: _Story) -> str:
    plan = Plan.load("szjg-2011")
    story.on(8, 12, f"拟定并印发《{plan.title}》")
    opened = story.flow.start("campaign", opening_of(plan), actor=ORGANIZER).raise_if_refused()
    story.do(opened, "issue", ORGANIZER, **issue_of(plan))
    phases = story.flow.instances(machine="phase", parent=opened.stream)
    tasks = sum(len(story.flow.instances(machine="task", parent=each.id)) for each in phases)
    story.say(f"  建立{len(phases)}个环节、{tasks}项任务。")
    story.do(opened, "start_campaign", ORGANIZER)
    first = _phase(story, opened.stream, "mobilization")
    story.say("  提前启动“宣传发动”:")
    story.refused("too_early", first, "begin", ORGANIZER)
    story.on(8, 15, "“宣传发动”开始,各项任务办理")
    story.do(first, "begin", ORGANIZER)
    story.on(8, 31, "任务未完,先行结束环节:")
    story.refused("tasks_open", first, "close", ORGANIZER)
    _tasks(story, first)
    story.do(first, "close", ORGANIZER)
    return opened.stream


def _phase(story: _Story, campaign: str, name: str) -> str:
    found = story.flow.instances(machine="phase", parent=campaign)
    return next(each.id for each in found if each.facts["phase"] == name)


def _tasks(story: _Story, phase: str) -> None:
    """Have all tasks of a phase done and checked."""
    found = story.flow.instances(machine="task", parent=phase)
    for number, task in enumerate(found, start=1):
        flow, day = story.flow, story.clock.now().date()
        flow.do(task.id, "begin", actor=LIAISON).raise_if_refused()
        evidence = {"evidence": f"材料{number}号", "submitted_on": day}
        flow.do(task.id, "submit", evidence, actor=LIAISON).raise_if_refused()
        flow.do(task.id, "complete", actor=PROVINCIAL_CLERK).raise_if_refused()
    story.say(f"  √ {len(found)}项任务提交并审核通过")


def _register(story: _Story, content: str, *, anonymous: bool, **more: Any) -> Decision:
    payload = {"channel": "telephone", "content": content, "anonymous": anonymous, "accused_unit": "bridge_bureau"}
    opened = story.flow.start("complaint", {**payload, **more}, actor=TRANSPORT_DESK).raise_if_refused()
    story.say(f"  √ {opened.label.zh}(编号 {opened.stream[-8:]};内容和投诉人已封存)")
    story.do(opened, "classify", TRANSPORT_DESK, lead_class="appeal_for_settlement")
    story.do(opened, "accept", TRANSPORT_DESK)
    return opened


def _substantiated(story: _Story) -> None:
    story.on(9, 5, "群众来电:大桥局服务大厅窗口推诿")
    complaint = _register(
        story, "窗口无人办理", anonymous=False, complainant="(示例投诉人)", accused_post="bridge_service_hall.clerk"
    )
    wrong = {"disposal": "assign_down", "handling_unit": "bridge_service_hall", "abstract": "摘要1号"}
    story.do(complaint, "assign", TRANSPORT_DESK, **{**wrong, "handling_unit": "bridge_bureau"})
    story.say("  由被反映人自己核实:")
    accused = Actor(id="p-301", post="bridge_service_hall.clerk")
    story.refused("recusal", complaint, "begin_verification", accused, verifier="p-301")
    story.do(complaint, "begin_verification", BRIDGE_OFFICER, verifier="p-206")
    story.on(9, 12, "核实结论:属实")
    story.do(
        complaint, "find_substantiated", BRIDGE_OFFICER, conclusion="substantiated", verification_report="核实报告1号"
    )
    person = {"person": "p-301", "post": "bridge_service_hall.clerk", "gravity": "minor", "reason": "初次,情节轻微"}
    story.do(complaint, "educate", BRIDGE_OFFICER, measure="criticism_education", **person)
    measure = story.child(complaint, "measure")
    story.do(measure, "decide", BRIDGE_OFFICER, decision_document="批评教育1号", decided_on="2011-09-12")
    story.do(measure, "carry_out", BRIDGE_OFFICER, talk_record="谈话记录1号")
    story.do(measure, "close", BRIDGE_OFFICER)
    story.say("  尚未答复就办结:")
    story.refused("not_answered", complaint, "conclude", TRANSPORT_DESK, outcome="已批评教育")
    story.do(complaint, "reply", TRANSPORT_DESK, reply_letter="答复函1号")
    story.say("  单位尚未整改就办结:")
    story.refused("not_rectified", complaint, "conclude", TRANSPORT_DESK, outcome="已批评教育")


def _unsubstantiated(story: _Story) -> None:
    story.on(9, 20, "另一件投诉:反映收费管理科多收费")
    complaint = _register(story, "多收费", anonymous=True)
    assigned = {"disposal": "assign_down", "handling_unit": "bridge_bureau", "abstract": "摘要2号"}
    story.do(complaint, "assign", TRANSPORT_DESK, **assigned)
    story.do(complaint, "begin_verification", BRIDGE_OFFICER, verifier="p-206")
    story.do(
        complaint,
        "find_unsubstantiated",
        BRIDGE_OFFICER,
        conclusion="unsubstantiated",
        verification_report="核实报告2号",
    )
    story.do(complaint, "clarify", BRIDGE_OFFICER, clarification="澄清说明1号")
    story.do(complaint, "record_no_reply", TRANSPORT_DESK, reason="匿名,无联系方式")
    story.do(complaint, "conclude", TRANSPORT_DESK, outcome="反映不实,已澄清")


def _case(story: _Story) -> None:
    story.on(10, 18, "重大事项执行不力、后果严重:对大桥局一名县处级副职提起组织处理")
    opening = {
        "initiator": "督查发现",
        "matter": "执行不力",
        "started_by": "superior",
        "conduct_on": "2011-09-20",
        "person": "p-201",
        "post": "bridge_bureau.deputy_director",
    }
    case = story.flow.start("case", {**opening, "unit": "bridge_bureau"}, actor=BRIDGE_PERSONNEL).raise_if_refused()
    story.say(f"  √ {case.label.zh}")
    story.do(case, "approve_start", BRIDGE_DIRECTOR)
    story.do(case, "begin_investigation", BRIDGE_PERSONNEL, investigators=["p-207", "p-209"])
    found = {
        "failure": "executed_weakly",
        "situation": "weak_supervision",
        "findings": FOUND,
        "consequence": "造成严重后果",
    }
    story.do(
        case, "establish", BRIDGE_PERSONNEL, **found, evidence_list="证据目录1号", investigation_report="调查报告1号"
    )
    wanted: dict[str, Any] = {"measure": "post_demotion", "gravity": "serious", "reason": "后果严重"}
    wanted |= {"basis": "organizational", "grounds": ["established_facts", "consequence"]}
    story.say("  未听取陈述申辩、未作评估就提出降职:")
    propose = Actor(id="p-206", post="bridge_bureau.officer")
    story.refused("not_heard", case, "propose", propose, **wanted)
    heard = {"statement_record": "陈述申辩记录1号", "defence_adopted": "部分采纳", "told": ["post_demotion"]}
    story.do(case, "hear", BRIDGE_PERSONNEL, **heard)
    story.do(case, "assess", BRIDGE_PERSONNEL, exemptions=ASSESSED, no_open_filing=True, no_earlier_decision=True)
    story.do(case, "propose", propose, **wanted)
    _decisions(story, case)
    story.do(case, "close", BRIDGE_PERSONNEL, matter_outcome="工程已按要求整改,制度已修订")


def _meeting(body: str, day: str, minutes: str) -> dict[str, Any]:
    votes = {"for": 6, "against": 0, "abstain": 1}
    return {"body": body, "date": day, "due": 7, "present": 7, "minutes": minutes, "form": "meeting", "votes": votes}


def _decisions(story: _Story, case: Decision) -> None:
    measure = story.child(case, "measure")
    story.on(10, 25, "大桥局党委要自行决定降职:")
    decided = {"decision_document": "决定1号", "decided_on": "2011-10-25"}
    own = _meeting("bridge_party_committee", "2011-10-25", "局党委纪要1号")
    story.refused("no_authority", measure, "decide", BRIDGE_COMMITTEE, meeting=own, consents=ASKED, **decided)
    story.say("  治庸办要作决定:")
    story.refused("office_decides", measure, "decide", TRANSPORT_DESK, meeting=own, consents=ASKED, **decided)
    story.say("  有权机关没有会议记录就作决定:")
    story.refused("no_meeting", measure, "decide", TRANSPORT_GROUP, consents=ASKED, **decided)
    story.on(10, 28, "有权机关集体研究决定")
    right = _meeting("transport_party_group", "2011-10-28", "厅党组纪要7号")
    final = {"meeting": right, "decision_document": "鄂交党〔示例〕号", "decided_on": "2011-10-28"}
    story.say("  未经人事机构审核、未征求纪检机构意见:")
    story.refused("not_asked", measure, "decide", TRANSPORT_GROUP, **final)
    decision = story.do(measure, "decide", TRANSPORT_GROUP, consents=ASKED, **final)
    story.say("  " + decision.explain("zh").replace("\n", "\n  "))
    story.on(11, 1, "宣布、送达、执行")
    story.do(measure, "serve", TRANSPORT_PERSONNEL, service_receipt="送达回证1号", served_on="2011-11-01")
    story.do(measure, "execute", BRIDGE_OFFICER, execution_record="任免手续1号", post_changed_on="2011-11-02")


def _next(story: _Story, campaign: str, name: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Open a phase on its first day, have its tasks done, close it on its last day."""
    phase = _phase(story, campaign, name)
    title = story.flow.instance(phase).facts["name"]
    if story.flow.instance(phase).state == "planned":
        story.on(*start, f"“{title}”开始")
        story.do(phase, "begin", ORGANIZER)
    if end == start:
        return
    story.on(*end, f"“{title}”到期")
    _tasks(story, phase)
    story.do(phase, "close", ORGANIZER)


def _rectified(story: _Story) -> None:
    story.on(11, 15, "责任单位报送整改报告,投诉件办结")
    for each in story.flow.instances(machine="complaint", state="replied"):
        story.do(each.id, "record_later_rectification", BRIDGE_OFFICER, rectification_report="整改报告1号")
        story.do(each.id, "conclude", TRANSPORT_DESK, outcome="已批评教育,已整改,已答复")


def _finish(story: _Story, campaign: str) -> None:
    story.on(12, 16, "活动结束,归档")
    story.do(campaign, "close", ORGANIZER)
    story.do(campaign, "archive", ORGANIZER, summary="总结材料1号")


def _flaw(report: Report) -> str:
    return "一致" if report.flaw is None else f"{report.flaw.place} {report.flaw.zh}"


def _altered(lines: list[bytes]) -> list[bytes]:
    """Change one digit in the middle of the log: a year."""
    middle = len(lines) // 2
    changed = lines[middle].replace(b'"decided_at":"2011', b'"decided_at":"2012', 1)
    return [*lines[:middle], changed, *lines[middle + 1 :]]


def _write(flow: Flow, out: Path, lines: list[bytes]) -> tuple[Path, ...]:
    log = out / "audit.jsonl"
    log.write_bytes(b"".join(lines))
    files = [out / "flow.db", log]
    folder = out / "diagrams"
    folder.mkdir(exist_ok=True)
    for id in shipped("machines"):
        machine = flow.current(id).machine
        for format in ("svg", "mermaid", "dot"):
            path = folder / f"{id}.{'mmd' if format == 'mermaid' else format}"
            path.write_text(draw(machine, format, rulebook=flow.definitions.rules.rulebook), encoding="utf-8")
            files.append(path)
    return tuple(files)
