"""Rounds over deadlines as operators run them: by command, by cron, by systemd; and what a round costs."""

from __future__ import annotations

import configparser
import datetime as dt
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.crew import CLERK, flow_on
from tests.small import amount_is_at_most, permit, raises, raw
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StoreError
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "run-deadlines.md"
YESTERDAY = dt.datetime.now(ZONE).date() - dt.timedelta(days=1)
PROGRAM = "/opt/oa/bin/zhiwen-flow"
DATABASE = "sqlite:////var/lib/oa/flow.db"
GUARDS = [amount_is_at_most, raises]
TIMED: dict[str, Any] = {
    "opening": raw()["opening"] | {"keep": ["amount", "on"]},
    "state": [
        {
            "id": "asked",
            "label": {"zh": "已申请", "en": "asked"},
            "owner": "clerk",
            "due": "on",
            "on_overdue": "withdraw",
        },
        {"id": "checked", "label": {"zh": "已核", "en": "checked"}, "owner": "clerk"},
        {"id": "granted", "label": {"zh": "已许可", "en": "granted"}, "end": "done"},
        {"id": "void", "label": {"zh": "作废", "en": "void"}, "end": "void"},
    ],
}


def _slips(url: str, count: int) -> str:
    with flow_on(url) as flow:
        desk: str = flow.start("desk").stream
        for _ in range(count):
            flow.start("slip", {"due": YESTERDAY}, parent=desk)
    return desk


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhiwen_flow.cli", "tick", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _block(language: str, holding: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(next(each for each in found if holding in each))


class TestCommand:
    """``zhiwen-flow tick``."""

    @pytest.mark.requirement("M06")
    def test_both_forms(self, database: str) -> None:
        """What was taken, what waits, how long it is late; a second round finds nothing to do."""
        _slips(database, 3)
        who = ("--actor", "timer", "--post", "clerk")
        first = json.loads(_run(database, *who, "--format", "json").stdout)
        assert [each["trigger"] for each in first["taken"]] == ["withdraw"] * 3
        assert first["waiting"] == first["failed"] == []
        with flow_on(database) as flow:
            desk = flow.start("desk").stream
            flow.start("slip", {"due": YESTERDAY + dt.timedelta(days=3)}, parent=desk)
            assert verify_store(flow.store).sound
        assert "待办0件" in _run(database, *who, "--within", "0").stdout
        for lang, told in (("zh", "还有2天"), ("en", "due in 2 days")):
            done = _run(database, *who, "--within", "5", "--lang", lang)
            assert done.returncode == 0
            assert told in done.stdout

    def test_one_that_fails_does_not_stop_the_others(self, tmp_path: Path) -> None:
        """A machine whose guard this program does not have: told, status 1, and the rest is done."""
        url = f"sqlite:///{tmp_path / 'flow.db'}"
        machines = [*desk_machines(), permit(**TIMED)]
        with Flow.open(url, machines=machines, guards=GUARDS, actor=CLERK) as flow:
            broken = flow.start("permit", {"on": YESTERDAY - dt.timedelta(days=1)}).stream
        _slips(url, 3)
        done = _run(url, "--actor", "timer", "--post", "clerk", "--format", "json")
        assert done.returncode == 1, done.stderr
        found = json.loads(done.stdout)
        assert [each["instance"] for each in found["failed"]] == [broken]
        assert "amount_is_at_most" in found["failed"][0]["error"]
        assert len(found["taken"]) == 3
        text = _run(url, "--actor", "timer", "--post", "clerk")
        assert text.returncode == 1
        assert broken in text.stderr
        assert "失败1件" in text.stdout
        mended = _run(url, "--actor", "timer", "--post", "clerk", "--guards", "tests.test_deadlines:GUARDS")
        assert mended.returncode == 0, mended.stderr

    def test_what_cannot_be_used(self, tmp_path: Path) -> None:
        """Status 2 and one line: no such database, no such calendar, nobody named."""
        url = f"sqlite:///{tmp_path / 'none.db'}"
        for args in (
            (url, "--actor", "t", "--post", "clerk"),
            (url, "--actor", "t"),
            ("mysql://h/d", "--actor", "t", "--post", "p"),
            (url, "--actor", "t", "--post", "clerk", "--calendar", str(tmp_path / "none.toml")),
        ):
            done = _run(*args)
            assert done.returncode == 2, args
            assert "Traceback" not in done.stderr
        assert not (tmp_path / "none.db").exists()


class TestRecipes:
    """The lines on the page are run as they stand, but for where program and database are."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        """Give a database with something due."""
        found = f"sqlite:///{tmp_path / 'flow.db'}"
        _slips(found, 2)
        return found

    @staticmethod
    def _here(line: str, url: str, folder: Path) -> str:
        line = line.replace(PROGRAM, f"{shlex.quote(sys.executable)} -m zhiwen_flow.cli").replace(DATABASE, url)
        return line.replace("/var/log/oa", str(folder))

    def test_cron(self, url: str, tmp_path: Path) -> None:
        """Five fields, and a command that the shell runs."""
        zone, line = _block("text", "CRON_TZ").strip().splitlines()
        assert zone == "CRON_TZ=Asia/Shanghai"
        fields = re.match(r"(?:[\d*/,-]+ ){5}", line)
        assert fields is not None
        command = self._here(line[fields.end() :], url, tmp_path)
        assert "%" not in command, "a percent sign is a line end to cron"
        subprocess.run(["sh", "-c", command], check=True, timeout=60)
        assert len(json.loads((tmp_path / "tick.log").read_text("utf-8"))["taken"]) == 2

    def test_systemd(self, url: str, tmp_path: Path) -> None:
        """Both units are what systemd reads, and the service's command does it."""
        units = {}
        for name, holding in (("zhiwen-tick.service", "ExecStart"), ("zhiwen-tick.timer", "OnCalendar")):
            text = _block("ini", holding)
            units[name] = configparser.ConfigParser(interpolation=None)
            units[name].optionxform = str  # type: ignore[assignment, method-assign]
            units[name].read_string(text)
            (tmp_path / name).write_text(text.replace(PROGRAM, shutil.which("true") or "/bin/true"), "utf-8")
        start = units["zhiwen-tick.service"]["Service"]["ExecStart"]
        done = subprocess.run(shlex.split(self._here(start, url, tmp_path)), capture_output=True, text=True, check=True)
        assert "办理2件" in done.stdout
        if shutil.which("systemd-analyze") is None:
            pytest.skip("systemd-analyze is not installed")
        _verify_units(tmp_path, units["zhiwen-tick.timer"]["Timer"]["OnCalendar"])


def _verify_units(folder: Path, calendar: str) -> None:
    text = (folder / "zhiwen-tick.service").read_text("utf-8").replace("User=oa\n", "")
    (folder / "zhiwen-tick.service").write_text(text, "utf-8")
    for command in (["verify", *map(str, sorted(folder.glob("zhiwen-tick.*")))], ["calendar", calendar]):
        done = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "zhiwen-tick" not in done.stderr, done.stderr


class TestRound:
    """`Flow.tick` and `Flow.ticks`."""

    def test_a_loop_acts_once_a_run(self, database: str) -> None:
        """A consequence that stays in its state is not taken again for the same deadline: it waits for people."""
        reminding = TIMED["state"][0] | {"on_overdue": "remind"}
        remind = {
            "trigger": "remind",
            "source": ["asked"],
            "target": "asked",
            "label": {"zh": "提醒", "en": "remind"},
            "cites": ["测试规定 二"],
        }
        machine = permit(
            opening=TIMED["opening"], state=[reminding, *TIMED["state"][1:]], transition=[remind, *raw()["transition"]]
        )
        clock = FixedClock(dt.datetime(2031, 1, 1, 9, tzinfo=ZONE))
        with Flow.open(database, machines=[machine], guards=GUARDS, actor=CLERK, clock=clock) as flow:
            asked = flow.start("permit", {"on": dt.date(2030, 12, 1)}).stream
            assert [each.trigger for each in flow.tick().taken] == ["remind"]
            for other in (CLERK, Actor(id="p-77", post="clerk")):
                again = flow.tick(actor=other)
                assert again.taken == ()
                assert [each.deadline.stream for each in again.waiting] == [asked]
            assert len(flow.store.events()) == 2

    def test_a_store_that_is_gone_ends_the_round(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is everybody's trouble, not that of one row."""
        _slips(database, 3)
        with flow_on(database) as flow:

            def gone(_: str) -> None:
                raise StoreError("the server is gone")

            monkeypatch.setattr(flow.store, "running", gone)
            with pytest.raises(StoreError, match="gone"):
                flow.tick()

    def test_a_row_of_a_foreign_error_tells_its_kind_only(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a host's code raises may quote what is sealed."""
        _slips(database, 1)
        with flow_on(database) as flow:

            def broken(*_: object, **__: object) -> None:
                raise RuntimeError("申请人张某")

            monkeypatch.setattr(flow, "machine_of", broken)
            assert [each.told for each in flow.tick().failed] == ["RuntimeError"]

    def test_cost_follows_what_is_due(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of 200,000 open deadlines a round reads those that are due, a page at a time."""
        desk = _slips(database, 5)
        small = _seconds(database)
        _many(database, 200_000)
        large = _seconds(database)
        with flow_on(database) as flow:
            read: list[int] = []
            deadlines = flow.store.deadlines

            def counted(**page: Any) -> Any:
                found = deadlines(**page)
                read.append(len(found))
                return found

            monkeypatch.setattr(flow.store, "deadlines", counted)
            assert len(flow.tick().taken) == 5
            assert sum(read) == 5
            assert flow.store.counters(desk)["slip", "void"] == 5
        assert large < 10 * small, (small, large)


def _seconds(url: str) -> float:
    """Ask what is due, the best of several."""
    store, best = open_store(url), 1.0
    for _ in range(20):
        began = time.perf_counter()
        assert len(store.deadlines(due_by=YESTERDAY, limit=200)) == 5
        best = min(best, time.perf_counter() - began)
    store.close()
    return best


def _many(url: str, count: int) -> None:
    """Lay open deadlines beside, far ahead."""
    into = "INSERT INTO zhiwen_deadlines (tenant, stream, state, limit_id, started, due)"
    if url.startswith("sqlite"):
        rows = f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT "
        db: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
        source = "FROM n"
    else:
        db, rows, source = psycopg.connect(url), "SELECT ", f"FROM generate_series(1, {count}) AS n(n)"
    db.execute(f"{into} {rows} 'default', 'ahead-' || n, 'x', 'x', '2031-01-01', '2999-01-01' {source}")
    db.commit()
    db.close()
