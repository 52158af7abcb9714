"""Reading plans from their texts: samples of our own with a scorer, the seeds where they are, slips, bad files."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.importing import Imported, import_text
from zhiwen_flow.importing.personal import without_persons
from zhiwen_flow.importing.source import read_lines
from zhiwen_flow.importing.word import word_text
from zhiwen_flow.importing.words import roles
from zhiwen_flow.plan import Plan, Recurrence
from zhiwen_flow.rulebook import Rulebook

PLANS = Path(__file__).parents[1] / "plans"
EXPECTED = tomllib.loads((PLANS / "expected.toml").read_text(encoding="utf-8"))
SEEDS = sorted((Path(__file__).parents[3] / "shared" / "seeds").glob("*.txt"))


def read(name: str) -> Imported:
    """Import a sample."""
    return import_text((PLANS / f"{name}.txt").read_bytes(), name=name, year=EXPECTED[name].get("year"))


def main_plan(found: Imported) -> Plan:
    """The plan with the most phases; a covering notice is a document of its own."""
    return max(found.plans, key=lambda each: len(each.phases))


def facts_of(plan: Plan) -> dict[str, Counter[Any]]:
    """Phases, windows and deadlines, to be counted."""
    windows = [(each.name, each.start, each.end) for each in plan.phases if each.start or each.end]
    dues = [each.due for each in plan.all_tasks if each.due is not None and each.recurs is None]
    return {
        "phases": Counter(each.name for each in plan.phases),
        "windows": Counter(windows),
        "deadlines": Counter(dues),
    }


def expected_of(wanted: dict[str, Any]) -> dict[str, Counter[Any]]:
    """The same of what a reader would find."""
    return {
        "phases": Counter(each[0] for each in wanted["phases"]),
        "windows": Counter(
            (each[0], *((day or None) for day in (*each[1:], None)[:2])) for each in wanted["phases"] if each[1:]
        ),
        "deadlines": Counter(wanted["deadlines"]),
    }


def recipients_of(plan: Plan) -> set[str]:
    """To whom something is handed in."""
    return {each.submit_to for each in plan.all_tasks if each.submit_to is not None}


class TestSamples:
    """Plans of our own in the official style, unlike one another."""

    @pytest.mark.parametrize("name", sorted(EXPECTED))
    def test_is_read_as_a_reader_would(self, name: str) -> None:
        """Nothing missed, nothing invented."""
        plan = main_plan(read(name))
        assert facts_of(plan) == expected_of(EXPECTED[name])
        if "recipients" in EXPECTED[name]:
            assert recipients_of(plan) == set(EXPECTED[name]["recipients"])

    def test_scores(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Precision and recall over all samples, printed."""
        totals: Counter[str] = Counter()
        for name, wanted in EXPECTED.items():
            found, truth = facts_of(main_plan(read(name))), expected_of(wanted)
            for kind in truth:
                totals[f"{kind} hit"] += (found[kind] & truth[kind]).total()
                totals[f"{kind} found"] += found[kind].total()
                totals[f"{kind} true"] += truth[kind].total()
        with capsys.disabled():
            for kind in ("phases", "windows", "deadlines"):
                hit, found_, true = (totals[f"{kind} {part}"] for part in ("hit", "found", "true"))
                print(f"\n{kind}: precision {hit / found_:.2f}, recall {hit / true:.2f} of {true}", end="")  # noqa: T201
                assert hit == found_ == true

    @pytest.mark.requirement("A07")
    def test_parts(self) -> None:
        """Deliverable, recipient, posts without names, recurrences, days within, what must come first."""
        plan = main_plan(read("three_phases"))
        due = {each.due: each for each in plan.all_tasks if each.due}
        listed = due[dt.date(2023, 4, 30)]
        assert (listed.deliverable, listed.submit_to) == ("问题清单", "局作风整顿活动领导小组办公室")
        assert [(each.name, each.held_by) for each in plan.roles] == [("组长", "局党委书记"), ("办公室", "局机关党委")]
        assert [each.name for each in plan.ladder] == ["约谈", "诫勉", "调整职务", "免职"]
        assert plan.scope == "局机关各科室、直属各单位全体工作人员。"
        undated = main_plan(read("undated"))
        kinds = {each.recurs for each in undated.all_tasks}
        assert Recurrence.HALF_YEARLY in kinds
        assert [(each.within, each.working_days) for each in undated.all_tasks if each.within] == [(5, True)]

    @pytest.mark.parametrize(
        ("told", "held"),
        [
            ("杨元胜局长任组长", "局长"),
            ("成立领导小组,常志远副书记任组长", "副书记"),
            ("由市纪委书记任组长", "市纪委书记"),
            ("分管副市长常志远任组长", "分管副市长"),
            ("李建部部长任组长", "部长"),
            ("组长:周区局(局党组书记、局长)", "局党组书记、局长"),
            ("组长由常务副县长王大力担任", "常务副县长"),
            ("由安监局局长任组长", "安监局局长"),
        ],
    )
    def test_a_name_beside_a_post_is_left_out(self, told: str, held: str) -> None:
        """Whichever side it stands on."""
        lines, _ = read_lines(f"{told}。")
        assert [each.held_by for each in roles(lines, lambda line: None)] == [held]

    def test_no_name_and_no_number_is_left_anywhere(self) -> None:
        """Names in lists, beside posts and after labels, telephones, mail: none is given out, and it is said."""
        text = (
            "某局2024年整治方案\n一、组织领导\n成立领导小组,组长:王建国 局长;副组长:李区、欧阳明月;成员:周小平、"
            "办公室、安监局\n"
            "二、工作步骤\n(一)动员阶段(3月1日—3月10日)\n1.由陈志刚同志负责,3月5日前报局办公室主任赵敏处。\n"
            "(二)总结阶段(3月11日—3月20日)\n三、监督\n举报电话:0717-6234567、13812345678,邮箱:zhang_wei@example.cn,"
            "12345热线。\n"
            "联系人:张 伟(办公室),电话6234568\n"
        )
        found = import_text(text.encode())
        given = json.dumps(found.as_json(), ensure_ascii=False, default=str)
        for personal in (
            "建国",
            "李区",
            "明月",
            "小平",
            "志刚",
            "赵敏",
            "张 伟",
            "6234567",
            "138123",
            "zhang_wei",
            "6234568",
        ):
            assert personal not in given
        assert {each.line for each in found.repairs if each.kind == "略去姓名或联系方式"} == {3, 6, 9, 10}
        plan = found.plans[0]
        assert ("组长", "局长") in [(each.name, each.held_by) for each in plan.roles]
        assert {"举报电话", "12345"} <= set(plan.channels)
        _each_line_once(found, text)

    @pytest.mark.parametrize(
        "text",
        [
            "各单位于每月5日前报局长",
            "成立领导小组",
            "投入资金12345678元",
            "编号20240301",
            "吉林市市长任组长",
            "全体同志",
        ],
    )
    def test_what_is_no_person_stays(self, text: str) -> None:
        """A post, a body, a sum, a day, a place."""
        assert without_persons(text) == text

    @pytest.mark.parametrize(
        ("name", "measures"),
        [
            ("posted", ["通报批评", "待岗", "解除聘用合同"]),
            ("articles", ["告诫", "通报批评", "调整岗位", "辞退"]),
            ("conditions", ["提醒谈话", "通报批评", "责令作出书面检查", "停职", "免职"]),
            ("said_in_sentences", ["约谈", "降职", "免职"]),
            ("report_each_week", ["取消评优资格", "警告", "解聘"]),
        ],
    )
    def test_measures_of_a_section_on_accountability(self, name: str, measures: list[str]) -> None:
        """However few a line names; one that was suffered before is a condition, not a rung."""
        assert [each.name for each in main_plan(read(name)).ladder] == measures

    def test_a_sentence_that_says_for_whom(self) -> None:
        """Outside such a section a measure counts where somebody is threatened with it, not where it is told of."""
        text = "某局工作方案\n一、步骤\n(一)自查(3月1日—3月9日)\n(二)总结(3月10日—3月20日)\n二、要求\n"
        for told, names in (("对走过场的,由纪委约谈。", ["约谈"]), ("召开约谈工作会。", []), ("对问题限期整改。", [])):
            found = import_text((text + told).encode(), year=2024).plans[0]
            assert [each.name for each in found.ladder] == names

    @pytest.mark.parametrize(
        ("name", "organ"),
        [
            ("posted", "市第二人民医院"),
            ("articles", "市住房和城乡建设局"),
            ("report_each_week", "某镇中心学校"),
            ("said_in_sentences", "集团公司纪委"),
            ("figures_only", "中共某镇委员会"),
        ],
    )
    def test_an_organ_of_the_title_or_the_signature(self, name: str, organ: str) -> None:
        """Whatever follows it there."""
        assert main_plan(read(name)).organ == organ

    def test_a_phase_named_after_its_days(self) -> None:
        """By the short sentence after the bracket, else by its number; to whom stands after what."""
        text = "某局方案\n第一阶段(3月1日至9日)学习。3月5日前交学习笔记到人事科。\n第二阶段(3月10日至20日)"
        plan = import_text(text.encode(), year=2024).plans[0]
        assert [each.name for each in plan.phases] == ["学习", "第二阶段"]
        assert recipients_of(plan) == {"人事科"}

    def test_the_number_of_another_document(self) -> None:
        """A number in brackets after a title that is quoted is not the plan's own."""
        opening = "根据市纪委《关于治理的通知》(市纪发〔2012〕9号)要求,现提出如下意见:"
        text = f"县纪委工作意见\n{opening}\n(一)动员阶段(3月)\n(二)总结阶段(4月)"
        assert import_text(text.encode(), year=2012).plans[0].number is None

    def test_an_attached_table_belongs_to_its_plan(self) -> None:
        """Its rows are tasks of the plan, with their owners."""
        (plan,) = read("articles").plans
        assert [each.owner for each in plan.beside] == ["行政审批科", "招标办", "各科室"]

    def test_products_and_names(self) -> None:
        """Each deadline of a sentence has its own; a labelled limit has those of the labels beside it."""
        due = {each.due: each for each in main_plan(read("articles")).all_tasks}
        assert due[dt.date(2014, 10, 31)].deliverable == "制度汇编稿"
        assert due[dt.date(2014, 11, 5)].deliverable == "书面总结"
        labelled = {each.due: each for each in main_plan(read("labelled_limits")).all_tasks}
        listed = labelled[dt.date(2015, 10, 20)]
        assert (listed.name, listed.deliverable) == ("开展管理短板排查,编制短板清单", "短板清单")
        weekly = [each for each in main_plan(read("report_each_week")).all_tasks if each.recurs]
        assert [(each.recurs, each.due) for each in weekly] == [(Recurrence.WEEKLY, None)]

    def test_posts_spaced_or_parted(self) -> None:
        """院  长, and two posts with a semicolon between."""
        assert [each.held_by for each in main_plan(read("posted")).roles if each.name == "组长"] == ["院长", "党委书记"]
        (first, second) = roles(read_lines("副组长:镇长;镇纪委书记")[0], lambda _: None)
        assert (first.held_by, second.held_by) == ("镇长", "镇纪委书记")

    def test_measures_are_those_of_the_rulebooks(self) -> None:
        """No name of a measure is in the code."""
        text = "某局2024年方案\n一、处理\n视情节给予批评教育、责令检查、诫勉谈话、待岗学习、免职处理。".encode()
        rungs = [(each.name, each.measure) for each in import_text(text).plans[0].ladder]
        known = {each.id for id in ("hubei-2011", "national-2025") for each in Rulebook.load(id).measures.values()}
        assert [name for name, _ in rungs] == ["批评教育", "责令检查", "诫勉谈话", "待岗学习", "免职"]
        assert {measure for _, measure in rungs} <= known

    def test_a_notice_belongs_to_the_plan_that_it_issues(self) -> None:
        """Its day of issue, its deadline and its recurring reports; it is no document of its own."""
        found = read("whole_years")
        assert found.others == ()
        plan = main_plan(found)
        assert plan.issued == dt.date(2022, 4, 28)
        assert {each.recurs for each in plan.beside} == {None, Recurrence.QUARTERLY, Recurrence.HALF_YEARLY}

    def test_a_section_on_time_without_phases(self) -> None:
        """Gives what is done from one day to another."""
        text = (
            "2013年安全检查方案\n一、时间安排\n5月6日—10日,各镇自查;5月11日—15日,县安委办督查。\n二、要求\n加强领导。"
        )
        plan = import_text(text.encode()).plans[0]
        told = [(each.name, each.start, each.end) for each in plan.beside]
        assert told == [
            ("各镇自查", dt.date(2013, 5, 6), dt.date(2013, 5, 10)),
            ("县安委办督查", dt.date(2013, 5, 11), dt.date(2013, 5, 15)),
        ]

    def test_a_table_of_tasks(self) -> None:
        """Name, responsible unit, limit and product of a row."""
        rows = {each.name: each for each in main_plan(read("tables")).beside}
        made = rows["编制办税指南"]
        assert (made.owner, made.due, made.deliverable) == ("办税服务科", dt.date(2023, 4, 30), "办税指南")
        assert (rows["报送改进情况"].recurs, rows["报送改进情况"].recurs_day) == (Recurrence.MONTHLY, 25)

    def test_a_repair_shows_no_name(self) -> None:
        """Only what changed and two characters beside it."""
        _, repairs = read_lines("领导小组组 长:常志远同志,全面负责作风整顿工作")
        shown = "".join(f"{each.before}{each.after}" for each in repairs)
        assert "长" in shown
        assert "志远" not in shown

    def test_a_recurring_report_is_no_single_deadline(self) -> None:
        """每月25日前 names no month."""
        assert all(each.due is None or each.due.day != 25 for each in main_plan(read("five_stages")).beside)


@pytest.mark.requirement("M11")
class TestLines:
    """Every line that is not blank is in exactly one place."""

    @pytest.mark.parametrize("name", sorted(EXPECTED))
    def test_of_a_sample(self, name: str) -> None:
        """Read, repaired, or unread."""
        _each_line_once(read(name), (PLANS / f"{name}.txt").read_text(encoding="utf-8"))

    @settings(max_examples=60, deadline=None)
    @given(text=st.text(st.sampled_from("一二(一)1.、。月日年底前至—报\n第阶段方案2011l "), min_size=1, max_size=400))
    def test_of_anything(self, text: str) -> None:
        """Whatever the text is, nothing is lost and nothing breaks."""
        if text.strip():
            _each_line_once(import_text(text.encode()), text)


def test_json_says_what_is_left_of_each_plan() -> None:
    """Repairs and unread lines of a plan with their wording, persons left out."""
    found = import_text(
        "某局方案\n一、总则\n(一)动员阶段(l月2日—1月9日)\n(二)总结阶段(2月)\n电话:0512-12345678".encode(), year=2024
    )
    (plan,) = found.as_json()["plans"]
    assert plan["unread"] == [{"line": 2, "text": "一、总则"}]
    assert [(each["line"], each["rule"]) for each in plan["repairs"]] == [
        (3, "字母误作数字"),
        (5, "略去姓名或联系方式"),
    ]
    assert (plan["repairs"][0]["raw"], plan["repairs"][0]["read_as"]) == ("段(l月2", "段(1月2")


def _each_line_once(found: Imported, text: str) -> None:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    assert sorted([*found.read, *found.repaired, *found.unread]) == lines


class TestYears:
    """A year is taken from the text or from the caller, and never guessed."""

    def test_without_a_year(self) -> None:
        """The wording stays, the days stay open, and it is said."""
        found = import_text((PLANS / "no_year.txt").read_bytes())
        first = found.plans[0].phases[0]
        assert (first.start, first.raw) == (None, "2月20日—3月5日")
        assert "没有年份" in found.notices[0].what

    @pytest.mark.requirement("A20")
    def test_a_day_of_posting_is_none(self) -> None:
        """When a site posted a text says nothing of the plan's own year."""
        plan = read("posted").plans[0]
        assert (plan.year, plan.posted) == (None, dt.date(2013, 4, 18))
        assert not any(each.start or each.end for each in plan.phases)
        assert not any(each.due for each in plan.all_tasks)
        given = import_text((PLANS / "posted.txt").read_bytes(), year=2012).plans[0]
        first = given.phases[0]
        assert (first.start, first.end, first.raw) == (None, dt.date(2012, 5, 10), "即日起—5月10日")

    def test_a_day_that_does_not_exist(self) -> None:
        """It is said, and no other day is put in its place."""
        found = import_text("某局方案\n(一)动员阶段(2月1日—2月30日)\n(二)总结阶段(3月1日—3月9日)".encode(), year=2023)
        assert found.plans[0].phases[0].end is None
        assert "不是存在的日期" in found.notices[0].what

    def test_a_window_that_runs_backwards(self) -> None:
        """Across a new year without saying so: both days stay open."""
        found = import_text("某局方案\n(一)动员阶段(11月1日—2月9日)\n(二)总结阶段(3月1日—3月9日)".encode(), year=2023)
        assert (found.plans[0].phases[0].start, found.plans[0].phases[0].end) == (None, None)
        assert found.notices

    @pytest.mark.parametrize(
        ("text", "starts"),
        [
            ("2014年作风方案\n(一)动员阶段(11月1日—11月30日)\n(二)总结阶段(1月1日—1月31日)", ["2014-11-01", "None"]),
            ("作风方案\n2023年12月28日\n(一)动员阶段(1月5日—1月31日)\n(二)总结阶段(2月1日—2月9日)", ["None", "None"]),
            ("作风方案\n时间:2021-08-09\n(一)动员阶段(20××年3月)\n(二)总结阶段(20××年4月)", ["None", "None"]),
            (
                "2012年作风方案\n(一)动员阶段(5月1日—5月31日)\n(二)自查阶段(4月16日—8月31日)",
                ["2012-05-01", "2012-04-16"],
            ),
            ("作风方案\n(一)动员阶段(2014年11月—12月)\n(二)总结阶段(2015年1月—3月)", ["2014-11-01", "2015-01-01"]),
        ],
    )
    def test_a_year_that_is_not_sure_stays_open(self, text: str, starts: list[str]) -> None:
        """After a later phase, far from the day of issue, blanked out; two that overlap are sure."""
        plan = import_text(text.encode()).plans[0]
        assert [str(each.start) for each in plan.phases] == starts

    def test_the_caller_settles_it(self) -> None:
        """A year that is given holds where the text's own is not sure; one out of range is refused."""
        text = "作风方案\n2023年12月28日\n(一)动员阶段(1月5日—1月31日)\n(二)总结阶段(2月1日—2月9日)".encode()
        assert import_text(text, year=2024).plans[0].phases[0].start == dt.date(2024, 1, 5)
        with pytest.raises(DefinitionError, match="no year of a plan"):
            import_text(text, year=0)

    def test_a_window_that_contradicts_itself(self) -> None:
        """With years of its own: said as such."""
        text = "某局方案\n(一)动员阶段(2023年5月1日—2023年4月1日)\n(二)总结阶段(2023年6月1日—6月9日)".encode()
        assert "起止颠倒,请核对" in import_text(text).notices[0].what

    def test_what_lies_in_the_past_is_no_deadline(self) -> None:
        """前 beside what it describes."""
        plan = main_plan(read("list_of_measures"))
        assert dt.date(2020, 12, 31) not in {each.due for each in plan.all_tasks}


class TestSlips:
    """Slips of scanning are mended in sight."""

    @pytest.mark.requirement("A25")
    def test_each_kind(self) -> None:
        """A letter for a digit, 一 for a dash, brackets for a year, items in one line."""
        kinds = {each.kind for name in EXPECTED for each in read(name).repairs}
        assert {"字母误作数字", "“一”误作破折号", "条目未分行"} <= kinds
        found = import_text("某局文件\n某发„2011‟7号\n某局方案\n(一)动员阶段(3月1日—3月9日)".encode())
        assert "年份括号有误" in {each.kind for each in found.repairs}


SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
COPIES = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def word_parts(body: str, lists: str | None = None) -> bytes:
    """Make a Word file of a body and, perhaps, its lists."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        spaces = f'xmlns:w="{SPACE}" xmlns:mc="{COPIES}"'
        parts.writestr("word/document.xml", f"<w:document {spaces}><w:body>{body}</w:body></w:document>")
        if lists is not None:
            parts.writestr("word/numbering.xml", f'<w:numbering xmlns:w="{SPACE}">{lists}</w:numbering>')
    return made.getvalue()


def word_file(*paragraphs: str) -> bytes:
    """Make a Word file of paragraphs."""
    return word_parts("".join(f"<w:p><w:r><w:t>{each}</w:t></w:r></w:p>" for each in paragraphs))


def numbered_word_file(*items: tuple[int, str]) -> bytes:
    """Make a Word file whose numbers are not in its text."""
    shapes = ("%1、", "(%2)")
    kind = '<w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}">{kind}<w:lvlText w:val="{shape}"/></w:lvl>' for depth, shape in enumerate(shapes)
    )
    lists = f'<w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>'
    lists += '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>'
    body = "<w:p><w:r><w:t>某局工作方案</w:t></w:r></w:p>" + "".join(
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="3"/></w:numPr></w:pPr>'
        f"<w:r><w:t>{text}</w:t></w:r></w:p>"
        for depth, text in items
    )
    return word_parts(body, lists)


class TestFiles:
    """UTF-8, GB18030, Word; and what is none of them."""

    def test_encodings(self) -> None:
        """The same plan, and the encoding is said."""
        text = (PLANS / "glued.txt").read_text(encoding="utf-8")
        told = {
            each.encoding: facts_of(main_plan(each))
            for each in (import_text(text.encode()), import_text(text.encode("gb18030")))
        }
        assert set(told) == {"utf-8-sig", "gb18030"}
        assert told["utf-8-sig"] == told["gb18030"]
        assert facts_of(main_plan(import_text(text.encode("utf-16")))) == told["gb18030"]
        assert (
            facts_of(main_plan(import_text(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))) == told["gb18030"]
        )
        word = import_text(word_file(*text.splitlines()))
        assert word.encoding == "docx"
        assert facts_of(main_plan(word)) == told["gb18030"]

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b" \n ", "empty"),
            (b"x" * 5_000_001, "more than"),
            (bytes(range(256)) * 20, "is not text"),
            (b"PK\x03\x04 no archive", "not a Word file"),
            (b"\xef\xbb\xbf \r\n", "empty"),
            (b"\xd0\xcf\x11\xe0 old", "old Word file"),
            (b"%PDF-1.7 x", "is a PDF"),
        ],
    )
    def test_what_cannot_be_read(self, data: bytes, said: str) -> None:
        """A clear error each."""
        with pytest.raises(DefinitionError, match=said):
            import_text(data, name="x")

    def test_numbers_of_a_word_list(self) -> None:
        """They are counted as the file defines them, started anew under the next section."""
        word = numbered_word_file(
            (0, "方法步骤"), (1, "动员阶段(3月1日—3月9日)"), (1, "总结阶段(4月)"), (0, "要求"), (1, "加强领导")
        )
        assert word_text(word, "x").splitlines()[1:] == [
            "一、方法步骤",
            "(一)动员阶段(3月1日—3月9日)",
            "(二)总结阶段(4月)",
            "二、要求",
            "(一)加强领导",
        ]
        assert [each.name for each in import_text(word, year=2024).plans[0].phases] == ["动员阶段", "总结阶段"]

    def test_a_table_and_a_text_box_of_a_word_file(self) -> None:
        """A row is a line; a box is read once, its copy for old programs is not."""
        row = "".join(f"<w:tc><w:p><w:r><w:t>{each}</w:t></w:r></w:p></w:tc>" for each in ("甲", "乙"))
        box = "<w:p><w:r><w:t>框</w:t></w:r></w:p>"
        fallback = "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>旧</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
        held = f"<mc:Choice><w:txbxContent>{box}</w:txbxContent></mc:Choice>{fallback}"
        body = f"<w:tbl><w:tr>{row}</w:tr></w:tbl><w:p><w:r><w:t>文</w:t></w:r>{held}</w:p>"
        assert word_text(word_parts(body), "x").splitlines() == ["甲\t乙", "文", "框"]

    def test_a_word_file_with_entities(self) -> None:
        """Is refused before it is parsed."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as parts:
            parts.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
        with pytest.raises(DefinitionError, match="entities"):
            import_text(made.getvalue())

    def test_a_text_without_a_plan(self) -> None:
        """Is told as such, with its lines unread."""
        found = import_text("今天开会。\n没有别的事。".encode())
        assert found.plans == ()
        assert found.unread == (1, 2)
        json.dumps(found.as_json())


@pytest.mark.skipif(not SEEDS, reason="the seed documents are not beside the project")
class TestSeeds:
    """The documents that the library encodes."""

    @pytest.mark.requirement("A24")
    def test_every_phase_and_window(self) -> None:
        """Five dated plans, twenty phases; the hospital's has none, two documents are reports."""
        found = import_text(SEEDS[0].read_bytes())
        assert [len(each.phases) for each in found.plans] == [4, 4, 0, 4, 4, 4]
        first = [(each.phases[0].raw, each.phases[-1].raw) for each in found.plans if each.phases]
        assert first == [
            ("8月22日—8月31日", "12月1日—12月15日"),
            ("9月9日—9月19日", "12月1日—12月15日"),
            ("8月23日—8月31日", "12月1日—12月15日"),
            ("8月15日—8月31日", "12月1日—12月15日"),
            ("4月11日—4月30日", "9月1日—12月底"),
        ]
        assert [line for line, _ in found.others] == [104, 152]
        _each_line_once(found, SEEDS[0].read_text(encoding="utf-8"))

    @pytest.mark.parametrize(
        ("number", "id"),
        [(0, "ggj-2011"), (1, "dqj-2011"), (2, "jzszxyy-2011"), (3, "jzqzjj-2011"), (5, "whssjj-2011")],
    )
    def test_agrees_with_the_others(self, number: int, id: str) -> None:
        """The year that a text lacks was given by hand, and so were tasks that stand in running text (number —)."""
        found = import_text(SEEDS[0].read_bytes(), year=2011).plans[number]
        shipped = Plan.load(id)
        assert facts_of(found) == facts_of(shipped)
        assert [each.name for each in found.all_tasks] == [
            each.name for each in shipped.all_tasks if each.number != "—"
        ]
        assert not set("0123456789") & set("".join(each.held_by for each in shipped.roles))

    def test_agrees_with_the_shipped_plan(self) -> None:
        """Phases, windows and deadlines of the provincial plan are those of the file that was made by hand."""
        found = next(each for each in import_text(SEEDS[0].read_bytes()).plans if "省直机关" in each.organ)
        shipped = Plan.load("szjg-2011")
        assert facts_of(found) == facts_of(shipped)


class TestTime:
    """Reading takes time in proportion to the length, whatever the text."""

    @pytest.mark.parametrize(
        "unit",
        [
            "3月1日—3月5日,每月5日前报局办公室,于5月底前报送。",
            "1.制定方案。3月5日前报送。\n",
            "(一)动员(3月1日—3月5日)\n",
            "a\tb\n",
            "组长:王建国局长、",
            "20××年",
            "—",
            "一",
            "1",
        ],
    )
    def test_grows_with_the_length(self, unit: str) -> None:
        """Four times the text takes less than ten times as long."""
        head = "某局2011年工作方案\n一、方法步骤\n(一)动员(3月1日—3月5日)\n(二)总结(3月6日—3月9日)\n"

        def spent(length: int) -> float:
            text = (head + unit * (length // len(unit))).encode()
            began = time.process_time()
            import_text(text)
            return time.process_time() - began

        spent(1_000)
        assert spent(40_000) < 10 * spent(10_000) + 0.2
