"""The command line: every command, both languages, both formats, and bad input without a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from tests.conftest import Demonstration
from zhiwen_flow.cli import main
from zhiwen_flow.loading import Source, shipped


@attrs.frozen
class Done:
    """What a command did."""

    status: int
    out: str
    err: str


class Runner:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *args: object) -> Done:
        """Run one."""
        self.monkeypatch.setattr(sys, "argv", ["zhiwen-flow", *map(str, args)])
        with pytest.raises(SystemExit) as leave:
            main()
        told = self.capsys.readouterr()
        assert "Traceback" not in told.err
        return Done(int(leave.value.code or 0), told.out, told.err)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Give a runner."""
    return Runner(capsys, monkeypatch)


READS = [
    ("machine", "list"),
    ("machine", "show", "complaint"),
    ("machine", "show", "complaint", "--resolved", "--origin"),
    ("machine", "check", "case"),
    ("machine", "guards"),
    ("plan", "list"),
    ("plan", "show", "szjg-2011"),
    ("rulebook", "list"),
    ("rulebook", "show", "hubei-2011"),
    ("rulebook", "check", "hubei-2011"),
    ("rulebook", "matrix", "hubei-2011"),
]


class TestReads:
    """Commands that read and print."""

    @pytest.mark.parametrize("command", READS, ids=" ".join)
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_text(self, run: Runner, command: tuple[str, ...], lang: str) -> None:
        """Something readable comes out, and status 0."""
        done = run(*command, "--lang", lang)
        assert done.status == 0, done.err
        assert done.out.strip()

    @pytest.mark.parametrize("command", READS, ids=" ".join)
    def test_json(self, run: Runner, command: tuple[str, ...]) -> None:
        """Plain JSON on standard output, nothing else beside it."""
        done = run(*command, "--format", "json")
        assert done.status == 0, done.err
        assert json.loads(done.out)

    def test_the_matrix_keeps_its_promise(self, run: Runner) -> None:
        """Every row has the documented keys, and none is unknown without the missing clause."""
        told = json.loads(run("rulebook", "matrix", "hubei-2011", "--format", "json").out)
        keys = {"rank", "employer", "measure", "decides", "proposes", "reviews", "consults", "approves", "submits_to"}
        keys |= {"announces", "executes", "files_with", "reports_before", "collective", "cites", "status", "missing"}
        assert all(keys <= set(each) for each in told["rows"])
        assert all(each["missing"] for each in told["rows"] if each["status"] == "unknown")
        assert sum(told["shares"].values()) == len(told["rows"])

    @pytest.mark.parametrize("format", ["mermaid", "dot", "svg"])
    def test_diagrams(self, run: Runner, tmp_path: Path, format: str) -> None:
        """To standard output and to a file alike."""
        for kind, id in (("machine", "task"), ("plan", "szjg-2011")):
            shown = run(kind, "diagram", id, "--format", format)
            assert run(kind, "diagram", id, "--format", format, "-o", tmp_path / "d").status == 0
            assert (tmp_path / "d").read_text(encoding="utf-8").strip() == shown.out.strip()

    def test_types(self, run: Runner, tmp_path: Path) -> None:
        """Written, found current, and found stale."""
        file = tmp_path / "typed.py"
        assert run("machine", "types", "task", "-o", file).status == 0
        assert run("machine", "types", "task", "--check", file).status == 0
        assert run("machine", "types", "phase", "--check", file).status == 1


class TestAudit:
    """Export, verify, checkpoint."""

    def test_round(self, run: Runner, demonstration: Demonstration, tmp_path: Path) -> None:
        """What is exported verifies, also against a checkpoint; JSON says which assurance was reached."""
        log, held = tmp_path / "log.jsonl", tmp_path / "c.json"
        assert run("audit", "export", demonstration.url, "-o", log).status == 0
        assert log.read_bytes() == demonstration.log.read_bytes()
        assert run("audit", "export", demonstration.url).out.encode() == log.read_bytes()
        assert run("audit", "checkpoint", demonstration.url, "-o", held).status == 0
        told = json.loads(run("audit", "verify", log, "--checkpoint", held, "--format", "json").out)
        assert (told["sound"], told["assurance"]) == (True, "checkpoint")
        assert run("audit", "verify", demonstration.url).status == 0

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_a_flaw(self, run: Runner, demonstration: Demonstration, tmp_path: Path, lang: str) -> None:
        """Status 1, with the line."""
        lines = demonstration.log.read_bytes().splitlines(keepends=True)
        log = tmp_path / "log.jsonl"
        log.write_bytes(b"".join([*lines[:5], lines[5].replace(b"2011", b"2012", 1), *lines[6:]]))
        done = run("audit", "verify", log, "--lang", lang)
        assert done.status == 1
        assert "line 6" in done.out

    def test_demo(self, run: Runner, tmp_path: Path) -> None:
        """It leaves log, database and diagrams, and says where."""
        done = run("demo", "--out", tmp_path / "out")
        assert done.status == 0
        assert "有权办理:省交通运输厅党组" in done.out
        assert run("audit", "verify", tmp_path / "out" / "audit.jsonl").status == 0
        assert run("demo", "--out", tmp_path / "out").status == 2


class TestBadInput:
    """One readable line, status 2, nothing written."""

    @pytest.mark.parametrize(
        "command",
        [
            ("machine", "show", "no_such_machine"),
            ("machine", "diagram", "task", "--format", "png"),
            ("machine", "show", "nowhere.toml"),
            ("plan", "show", "no-such-plan"),
            ("rulebook", "show", "no-such-book"),
            ("rulebook", "matrix", "hubei-2011", "--directory", "nowhere.toml"),
            ("audit", "verify", "nowhere.jsonl"),
            ("audit", "verify", "sqlite:///nowhere.db"),
            ("audit", "export", "carrier-pigeon:"),
            ("audit", "verify", "x", "--checkpoint", "nowhere"),
            ("machine", "fly"),
            ("machine", "list", "--lang", "la"),
            ("demo", "--out", "/dev/null/x"),
        ],
        ids=" ".join,
    )
    def test_usage(self, run: Runner, command: tuple[str, ...]) -> None:
        """It says what is wrong."""
        done = run(*command)
        assert done.status == 2
        assert done.err.strip()
        assert not Path("nowhere.db").exists()

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('id = "task"', 'id = "task', "line"),
            ('initial = "not_started"', 'initial = "nowhere"', "nowhere"),
            ('version = "2011.1"', 'version = "2011.1"\nsurprise = true', "surprise"),
            ("actor_holds_role", "no_such_guard", "no_such_guard"),
            ('label = { zh = "任务", en = "Task" }', 'label = { zh = "任务" }', "en"),
        ],
    )
    def test_a_broken_machine(self, run: Runner, tmp_path: Path, old: str, new: str, said: str) -> None:
        """`check` finds it (status 1); what needs the machine refuses it (status 2)."""
        text = Source.shipped("machines", "task").data.decode()
        assert old in text
        file = tmp_path / "task.toml"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        checked = run("machine", "check", file)
        assert checked.status == 1
        assert said in checked.err
        told = json.loads(run("machine", "check", file, "--format", "json").out)
        assert told["faults"]
        assert run("machine", "show", file).status == 2

    def test_what_is_no_database(self, run: Runner, tmp_path: Path) -> None:
        """A file of something else is named as such, and left alone."""
        file = tmp_path / "x.db"
        file.write_bytes(b"not a database at all, but a text of some length" * 40)
        before = file.read_bytes()
        assert run("audit", "verify", f"sqlite:///{file}").status == 2
        assert file.read_bytes() == before

    def test_a_database_cut_in_half(self, run: Runner, demonstration: Demonstration, tmp_path: Path) -> None:
        """Is found to be broken, with what to do."""
        file = tmp_path / "x.db"
        shutil.copy(demonstration.folder / "flow.db", file)
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        done = run("audit", "verify", f"sqlite:///{file}")
        assert done.status in (1, 2)

    def test_every_shipped_machine_passes_check(self, run: Runner) -> None:
        """As a host would see it."""
        assert all(run("machine", "check", id).status == 0 for id in shipped("machines"))


def test_as_a_program() -> None:
    """Help is Chinese first, and a closed pipe is no error."""
    command = [sys.executable, "-m", "zhiwen_flow.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0
    assert "治庸问责" in done.stdout
    piped = subprocess.run(
        f"{sys.executable} -m zhiwen_flow.cli rulebook matrix hubei-2011 --format json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.stderr == ""
