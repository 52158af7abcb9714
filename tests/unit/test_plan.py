"""The plan file: shape, faults, and what a campaign is opened with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhiwen_flow.campaign import issue_of, opening_of
from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.importing.writing import plan_file
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.plan import Plan, Precision

PLAN = Plan.load("szjg-2011")
TEXT = Source.shipped("plans", "szjg-2011").data.decode()


class TestJson:
    """What other services read."""

    def test_keys(self) -> None:
        """The keys that are promised, ISO dates, null where the text gives none."""
        told = json.loads(json.dumps(PLAN.as_json()))
        assert {"id", "organ", "title", "year", "phases", "ladder", "disposal_ways", "roles"} <= set(told)
        phase = told["phases"][0]
        assert {"id", "name", "start", "end", "raw", "tasks"} <= set(phase)
        assert phase["start"] == "2011-08-15"
        task = phase["tasks"][0]
        assert {"id", "name", "due", "window", "raw", "deliverable", "submit_to"} <= set(task)
        assert any(each["due"] is None for phase in told["phases"] for each in phase["tasks"])

    def test_a_window_has_two_ends(self) -> None:
        """Or is null."""
        for _, task in PLAN.tasks:
            window = PLAN.as_json()["phases"][0]["tasks"][0]["window"]
            assert window is None or set(window) == {"start", "end"}
            assert task.name


class TestCompiling:
    """Plan → campaign, phases and tasks."""

    def test_nothing_is_lost_on_the_way(self) -> None:
        """Every phase and task is handed over, with its dates."""
        assert opening_of(PLAN)["title"] == PLAN.title
        phases = issue_of(PLAN)["phases"]
        assert [each["phase"] for each in phases] == [each.id for each in PLAN.phases]
        tasks = [task["task"] for each in phases for task in each["tasks"]]
        assert tasks == [task.id for _, task in PLAN.tasks]


class TestShipped:
    """The plans of the seeds, complete by clause."""

    @pytest.mark.parametrize("id", shipped("plans"))
    def test_reads_back(self, id: str) -> None:
        """Every attribute of every plan survives being written and read."""
        plan = Plan.load(id)
        again = Plan.read(Source(name="p.toml", data=plan_file(plan).encode()))
        assert again.as_json() | {"hash": plan.hash} == plan.as_json()

    @pytest.mark.requirement("A01")
    def test_days_of_issue_and_posting_are_apart(self) -> None:
        """One plan was issued under a number, another is known by the day it was posted."""
        own, above = Plan.load("ggj-2011"), Plan.load("szjg-2011")
        assert (str(own.issued), own.posted, own.number) == ("2011-08-22", None, "鄂高党〔2011〕7号")
        assert (above.issued, str(above.posted), above.number) == (None, "2011-08-26", None)
        assert all((each.organ, each.title, each.year, each.scope) for each in map(Plan.load, shipped("plans")))

    @pytest.mark.requirement("A09")
    def test_dates_keep_their_precision(self) -> None:
        """中旬 is the 11th to the 20th, 起 has no end, 月底 is the last day, 及时 is no day; the words stay beside."""
        tasks = {each.id: each for each in Plan.load("whssjj-2011").all_tasks}
        middle = tasks["p2-4"]
        assert (str(middle.start), str(middle.end), middle.precision) == (
            "2011-06-11",
            "2011-06-20",
            Precision.TEN_DAY_PERIOD,
        )
        assert (tasks["p1-6"].end, tasks["p1-6"].precision, tasks["p1-6"].raw) == (None, Precision.OPEN, "4月12日起")
        assert (str(tasks["p2-2"].due), tasks["p2-2"].precision) == ("2011-05-31", Precision.MONTH_END)
        cases = next(each for each in Plan.load("szjg-2011").all_tasks if each.id == "typical_cases")
        assert (cases.due, cases.raw) == (None, "及时")
        assert Plan.load("jzqzjj-2011").phases[2].raw == "10月11日一l1月30日"

    @pytest.mark.requirement("B07")
    def test_duties_by_organ(self, tmp_path: Path) -> None:
        """Five organs of the province, seven offices of the bureau; an organ without a duty is a fault."""
        assert [len(Plan.load(id).duties) for id in ("szjg-2011", "whssjj-2011")] == [5, 7]
        assert all(each.duties for each in Plan.load("szjg-2011").duties)
        file = tmp_path / "p.toml"
        file.write_text(TEXT + '[[duty]]\norgan = "某处"\nduties = []\nclause = "三"\n', encoding="utf-8")
        with pytest.raises(DefinitionError, match="某处"):
            Plan.load(file)

    @pytest.mark.parametrize(
        ("line", "said"), [("recurs_weekday = 8", "day of the week"), ("recurs_day = 32", "day of a month")]
    )
    def test_days_that_are_none(self, tmp_path: Path, line: str, said: str) -> None:
        """Beside the phases as inside them."""
        task = f'[[task]]\nid = "x"\nnumber = "1"\nname = "报"\nclause = "一"\n{line}\n'
        file = tmp_path / "p.toml"
        for text in (TEXT + task, TEXT.replace('clause = "二(一)1"', f'clause = "二(一)1"\n{line}', 1)):
            file.write_text(text, encoding="utf-8")
            with pytest.raises(DefinitionError, match=said):
                Plan.load(file)


class TestFaults:
    """A broken file is told whole."""

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("year = 2011", "year = 'MMXI'", "year"),
            ('id = "mobilization"', 'id = "宣传发动"', "ASCII"),
            ("start = 2011-08-15", "start = 2012-08-15", "ends before"),
            ('name = "宣传发动"', 'nmae = "宣传发动"', "nmae"),
            ("[[phase]]", "[[phase]", "line"),
        ],
    )
    def test_each_is_named(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        """With its place."""
        assert old in TEXT
        file = tmp_path / "p.toml"
        file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(DefinitionError, match=said):
            Plan.load(file)

    def test_ids_stand_once(self, tmp_path: Path) -> None:
        """Twice is a fault."""
        file = tmp_path / "p.toml"
        file.write_text(TEXT.replace('id = "self_rectification"', 'id = "mobilization"', 1), encoding="utf-8")
        with pytest.raises(DefinitionError, match="declared 2 times"):
            Plan.load(file)
