"""Reading plans from their texts: samples of our own with a scorer, the seeds where they are, slips, bad files."""

from __future__ import annotations

import datetime as dt
import io
import json
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
from zhiwen_flow.importing.source import read_lines
from zhiwen_flow.importing.words import roles
from zhiwen_flow.plan import Plan, Recurrence

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
        "windows": Counter((*each, None)[:3] for each in wanted["phases"] if len(each) > 1),
        "deadlines": Counter(wanted["deadlines"]),
    }


class TestSamples:
    """Twelve plans of our own in the official style, unlike one another."""

    @pytest.mark.parametrize("name", sorted(EXPECTED))
    def test_is_read_as_a_reader_would(self, name: str) -> None:
        """Nothing missed, nothing invented."""
        assert facts_of(main_plan(read(name))) == expected_of(EXPECTED[name])

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
        ],
    )
    def test_a_name_beside_a_post_is_left_out(self, told: str, held: str) -> None:
        """Whichever side it stands on."""
        lines, _ = read_lines(f"{told}。")
        assert [each.held_by for each in roles(lines, lambda line: None)] == [held]

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


class TestSlips:
    """Slips of scanning are mended in sight."""

    @pytest.mark.requirement("A25")
    def test_each_kind(self) -> None:
        """A letter for a digit, 一 for a dash, brackets for a year, items in one line."""
        kinds = {each.kind for name in EXPECTED for each in read(name).repairs}
        assert {"字母误作数字", "“一”误作破折号", "条目未分行"} <= kinds
        found = import_text("某局文件\n某发„2011‟7号\n某局方案\n(一)动员阶段(3月1日—3月9日)".encode())
        assert "年份括号有误" in {each.kind for each in found.repairs}


def word_file(*paragraphs: str) -> bytes:
    """Make a Word file of paragraphs."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{each}</w:t></w:r></w:p>" for each in paragraphs)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        parts.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')
    return made.getvalue()


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
        ],
    )
    def test_what_cannot_be_read(self, data: bytes, said: str) -> None:
        """A clear error each."""
        with pytest.raises(DefinitionError, match=said):
            import_text(data, name="x")

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
