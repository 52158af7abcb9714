"""Registers, reminders, post history: read from the log, for auditors, and they add up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.test_cases import Case, Run
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.model import ZONE

AUDITOR = Viewer(auditor=True)
CASES = Path(__file__).parents[1] / "cases"
YEAR = {"since": dt.date(2025, 1, 1), "until": dt.date(2025, 12, 31)}
CONGRESS = ("congress_supervision", "interpellation", "special_inquiry", "recall", "revocation", "appointment_act")


def run(name: str) -> Run:
    """Run a case file to its end."""
    found = Run(load(Source.of(CASES / f"{name}.toml"), Case))
    for each in found.case.steps:
        found.step(each)
    return found


class TestRegister:
    """What was opened in a period, and where it stands."""

    @pytest.mark.requirement("H12")
    def test_the_year_of_a_congress(self) -> None:
        """Counts by kind add up to the total; a month before it there is nothing."""
        reports = run("congress").flow.reports
        found = reports.register(*CONGRESS, viewer=AUDITOR, **YEAR)
        assert sum(found.by_state.values()) == sum(found.by_month.values()) == found.total
        assert found.by_state["interpellation", "closed"] == 1
        assert found.by_month["2025-03", "recall"] == 2
        assert "罢免案 · 已公告:1" in found.text()
        assert found.text("en").endswith(f"total: {found.total}")
        before = reports.register(*CONGRESS, since=dt.date(2025, 2, 1), until=dt.date(2025, 3, 2), viewer=AUDITOR)
        assert before.total == 0

    @pytest.mark.requirement("F16")
    def test_cases_by_stage(self) -> None:
        """The case register sums by stage, measures beside it."""
        found = run("three_measures").flow.reports.register("case", "measure", viewer=AUDITOR, **YEAR)
        assert found.by_state == {("case", "closed"): 1, ("measure", "in_effect"): 3}
        assert [each.ended for each in found.entries if each.machine == "case"] == [True]

    @pytest.mark.requirement("G34")
    def test_returns(self) -> None:
        """With their days and the articles they rest on."""
        found = run("return_to_post").flow.reports.register(
            "return_to_post", since=dt.date(2012, 1, 1), until=dt.date(2012, 12, 31), viewer=AUDITOR
        )
        appointed = [each for each in found.entries if each.state == "appointed"]
        assert [(each.opened_on.isoformat(), each.last_on.isoformat()) for each in appointed] == [
            ("2012-10-28", "2012-11-05")
        ]
        assert appointed[0].cites == ("关于实行党政领导干部问责的暂行规定 第 10 条",)


class TestExpiring:
    """Who must be looked at before an effect ends."""

    def test_by_their_last_day(self) -> None:
        """Admonition: six months from the day it was carried out."""
        reports = run("three_measures").flow.reports
        last = dt.date(2025, 9, 3)
        found = reports.expiring(30, viewer=AUDITOR, at=last - dt.timedelta(days=30))
        assert {each.bar.until for each in found} == {last}
        assert reports.expiring(29, viewer=AUDITOR, at=last - dt.timedelta(days=30)) == ()

    def test_what_was_rescinded_ends_nothing(self) -> None:
        """A wrong measure leaves no reminder."""
        assert run("wrong_accountability").flow.reports.expiring(3650, viewer=AUDITOR) == ()


@pytest.mark.requirement("G37")
class TestPostHistory:
    """An executed measure changes the post history, on the day the documents name."""

    def test_a_demotion(self) -> None:
        """And nothing but what was executed."""
        reports = run("three_measures").flow.reports
        found = list(reports.post_history("p-201", viewer=AUDITOR))
        assert [(each.on.isoformat(), each.post, each.measure) for each in found] == [
            ("2025-03-10", "bridge_bureau.deputy_director", "post_demotion")
        ]
        assert list(reports.post_history("p-999", viewer=AUDITOR)) == []

    def test_a_wrong_one_is_gone(self) -> None:
        """Once it is rescinded."""
        assert list(run("wrong_accountability").flow.reports.post_history("p-201", viewer=AUDITOR)) == []


def test_auditors_only() -> None:
    """A small count can name a person."""
    reports = run("study").flow.reports
    for ask in (
        lambda: reports.register("case", viewer=Viewer(), **YEAR),
        lambda: reports.expiring(10, viewer=Viewer()),
        lambda: reports.post_history("p-201", viewer=Viewer()),
    ):
        with pytest.raises(MisuseError, match="auditors"):
            ask()


@pytest.mark.requirement("F15")
def test_stages_have_limits() -> None:
    """The stage that is late is listed; a suspension stops its clock, an extension starts it anew."""
    found = Run(load(Source.of(CASES / "discipline.toml"), Case))
    seen: dict[str, list[str]] = {}
    for each in found.case.steps:
        found.step(each)
        if each.on == "线索" and not each.refused and each.do is not None:
            own = found.named["线索"]
            due = [str(row.due) for row in found.flow.deadlines() if row.stream == own]
            seen.setdefault(each.do, due)
    assert seen["suspend"] == []
    assert seen["resume"] == ["2025-04-03"]
    assert seen["talk"] == []
    assert found.flow.deadlines() == ()
    assert seen["verify"] == ["None"]


@pytest.mark.requirement("F15")
def test_an_extension_starts_the_limit_anew() -> None:
    """From the day it was approved; the log says so, and verifies."""
    found = Run(load(Source.of(CASES / "discipline.toml"), Case))
    for each in found.case.steps:
        if each.do == "extend" and not each.refused:
            found.clock.set(dt.datetime(2025, 3, 20, 9, tzinfo=ZONE))
            found.step(each)
            break
        found.step(each)
    own = found.named["线索"]
    assert [row.due for row in found.flow.deadlines() if row.stream == own] == [dt.date(2025, 4, 20)]
    late = found.flow.deadlines(due_by=dt.date(2025, 4, 20))
    assert [row.stream for row in late] == [own]
    assert verify_store(found.flow.store).sound


@pytest.mark.requirement("H02")
def test_a_reply_that_is_late_is_listed() -> None:
    """The council of chairpersons names the day; after it the interpellation stands among the late ones."""
    found = Run(load(Source.of(CASES / "congress.toml"), Case))
    for each in found.case.steps:
        found.step(each)
        if each.do == "deliver" and not each.refused:
            break
    own = found.named["质询"]
    assert [row.stream for row in found.flow.deadlines(due_by=dt.date(2025, 3, 20))] == [own]
    assert found.flow.deadlines(due_by=dt.date(2025, 3, 19)) == ()
