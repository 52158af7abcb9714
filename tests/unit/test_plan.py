"""The plan file: shape, faults, and what a campaign is opened with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhiwen_flow.campaign import issue_of, opening_of
from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.loading import Source
from zhiwen_flow.plan import Plan

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
