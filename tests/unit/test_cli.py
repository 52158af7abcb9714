"""The command line: every command, both languages, both formats, and bad input without a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import typer

from tests.conftest import Demonstration
from zhiwen_flow.cli import main
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.loading import Source, shipped
from zhiwen_flow.machine.reading import read_machine


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


class TestStore:
    """The tables of a database."""

    def test_made_once(self, run: Runner, tmp_path: Path) -> None:
        """What was made is told, and that there is nothing left to do."""
        url = f"sqlite:///{tmp_path / 'flow.db'}"
        told = run("store", "migrate", url, "--format", "json")
        assert (told.status, json.loads(told.out)["before"]) == (0, None)
        assert "无须升级" in run("store", "migrate", url).out
        assert run("audit", "verify", url).status == 0

    def test_written_out(self, run: Runner, tmp_path: Path) -> None:
        """For an administrator to read; from a revision on, the new part only."""
        whole, part = tmp_path / "whole.sql", tmp_path / "part.sql"
        assert run("store", "schema", "postgresql", "-o", whole).status == 0
        assert run("store", "schema", "postgresql", "--since", "0001", "-o", part).status == 0
        assert "CREATE TABLE zhiwen_events" in whole.read_text()
        assert "CREATE TABLE zhiwen_events" not in part.read_text()

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (("migrate", "mysql://u:secret@h/d"), "postgresql"),
            (("migrate", "postgresql://u:secret@127.0.0.1:1/d"), "as it was"),
            (("schema", "sqlite", "--since", "9"), "0001"),
        ],
    )
    def test_what_cannot_be_done(self, run: Runner, command: tuple[str, ...], said: str) -> None:
        """One line, the mend in it and no password."""
        done = run("store", *command)
        assert done.status == 2
        assert said in done.err
        assert "secret" not in done.err
        assert len(done.err.splitlines()) == 1


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


CJK = re.compile(r"[\u4e00-\u9fff]")
PERMIT = """
id = "permit"
version = "1"
source = "测试规定 一"
label = { zh = "许可", en = "Permit" }
initial = "asked"

[opening]
label = { zh = "申请", en = "Ask" }
cites = ["测试规定 一"]

[terms]
clerk = { zh = "经办人", en = "Clerk" }

[[state]]
id = "asked"
label = { zh = "已申请", en = "Asked" }
owner = "clerk"

[[state]]
id = "granted"
label = { zh = "已许可", en = "Granted" }
end = "done"

[[state]]
id = "void"
label = { zh = "作废", en = "Void" }
end = "void"

[[transition]]
trigger = "grant"
source = ["asked"]
target = "granted"
label = { zh = "许可", en = "Grant" }
guards = [{ use = "amount_is_at_most", limit = 100 }]
cites = ["测试规定 二"]

[[transition]]
trigger = "withdraw"
source = ["asked"]
target = "void"
label = { zh = "撤回", en = "Withdraw" }
cites = ["测试规定 三"]
"""


def overlay(folder: Path) -> Path:
    """Write an overlay with a waiver for the supervision order."""
    base = read_machine(Source.shipped("machines", "supervision_order"), LIBRARY)
    file = folder / "overlay.toml"
    file.write_text(
        f"""
id = "supervision_order_here"
version = "1"
label = {{ zh = "督办单(本单位)", en = "Supervision order here" }}

[base]
id = "supervision_order"
version = "{base.version}"
hash = "{base.hash}"

[[tighten]]
trigger = "close"
cites = ["本单位督办办法 三"]

[[waive]]
trigger = "sign_for"
guard = "actor_belongs_to"
reason = "集中办公期间"
document = "某办〔示例〕1号"
until = 2011-09-30
""",
        encoding="utf-8",
    )
    return file


class TestJson:
    """What programs rely on: the keys of every command that prints JSON."""

    @pytest.mark.parametrize(
        ("command", "keys"),
        [
            (("machine", "list"), {"id", "version", "zh", "en", "hash"}),
            (("machine", "guards"), {"id", "zh", "en", "family", "reads", "revision", "params"}),
            (("plan", "list"), {"id", "organ", "title", "year"}),
            (("rulebook", "list"), {"id", "version", "zh", "en", "hash"}),
        ],
        ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
    )
    def test_lists(self, run: Runner, command: tuple[str, ...], keys: set[str]) -> None:
        """An object for each, all with the same keys."""
        told = json.loads(run(*command, "--format", "json").out)
        assert told
        assert all(set(each) == keys for each in told)

    def test_lists_are_whole(self, run: Runner) -> None:
        """Everything shipped is listed, and nothing else."""
        for group, kind in (("machine", "machines"), ("plan", "plans"), ("rulebook", "rulebooks")):
            told = json.loads(run(group, "list", "--format", "json").out)
            assert [each["id"] for each in told] == list(shipped(kind))
        told = json.loads(run("machine", "guards", "--format", "json").out)
        assert {each["id"] for each in told} == {each.id for each in LIBRARY}

    @pytest.mark.parametrize(
        ("command", "keys"),
        [
            (("machine", "show", "task"), {"id", "version", "label", "states", "transitions", "opening", "hash"}),
            (("machine", "check", "task"), {"machine", "faults"}),
            (
                ("plan", "show", "szjg-2011"),
                {"id", "organ", "title", "year", "phases", "ladder", "disposal_ways", "roles"},
            ),
            (("rulebook", "show", "hubei-2011"), {"id", "version", "hash", "rows", "gaps"}),
            (("rulebook", "check", "hubei-2011"), {"rulebook", "faults", "to_be_verified"}),
            (("rulebook", "matrix", "hubei-2011"), {"rows", "shares"}),
        ],
        ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
    )
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_objects(self, run: Runner, command: tuple[str, ...], keys: set[str], lang: str) -> None:
        """One object, with the keys that are promised, in either language."""
        done = run(*command, "--format", "json", "--lang", lang)
        assert keys <= set(json.loads(done.out))
        assert done.status == 0
        assert done.err == ""

    def test_hashes_are_those_of_the_definitions(self, run: Runner) -> None:
        """An overlay's author copies them from here."""
        told = {each["id"]: each["hash"] for each in json.loads(run("machine", "list", "--format", "json").out)}
        for id in shipped("machines"):
            machine = read_machine(Source.shipped("machines", id), LIBRARY)
            assert told[id] == machine.hash == json.loads(run("machine", "show", id, "--format", "json").out)["hash"]

    def test_what_is_to_be_verified(self, run: Runner) -> None:
        """`check` lists the rows of `show` that are not settled, and no others."""
        rows = json.loads(run("rulebook", "show", "hubei-2011", "--format", "json").out)["rows"]
        listed = json.loads(run("rulebook", "check", "hubei-2011", "--format", "json").out)["to_be_verified"]
        settled = {"已核原文", "据方案原文", "本单位已确认", "不适用"}
        assert listed == [each for each in rows if each["status"] not in settled]
        assert all(set(each) == {"table", "id", "label", "cite", "status", "note"} for each in rows)

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_verify(self, run: Runner, demonstration: Demonstration, lang: str) -> None:
        """Sound, with its counts; the store says that its tables were compared."""
        keys = {"sound", "assurance", "count", "streams", "tables_compared", "flaw"}
        file = json.loads(run("audit", "verify", demonstration.log, "--format", "json", "--lang", lang).out)
        store = json.loads(run("audit", "verify", demonstration.url, "--format", "json", "--lang", lang).out)
        assert set(file) == set(store) == keys
        assert (file["assurance"], file["tables_compared"], file["flaw"]) == ("trailer", False, None)
        assert (store["assurance"], store["tables_compared"]) == ("chain", True)
        assert file["count"] == store["count"] == len(demonstration.log.read_bytes().splitlines()) - 1


class TestLanguages:
    """Headings follow --lang."""

    @pytest.mark.parametrize(
        ("command", "zh", "en"),
        [
            (("machine", "list"), "随库状态机", "Shipped machines"),
            (("machine", "show", "task"), "须附材料", "produces"),
            (("machine", "show", "task", "--origin"), "各行出处", "Origin"),
            (("machine", "check", "task"), "检查通过", "sound"),
            (("machine", "guards"), "通过的含义", "true when it passes"),
            (("plan", "list"), "发文机关", "organ"),
            (("plan", "show", "szjg-2011"), "职责分工", "the plan lists it under"),
            (("rulebook", "list"), "适用期间", "window"),
            (("rulebook", "show", "hubei-2011"), "核实情况", "basis"),
            (("rulebook", "check", "hubei-2011"), "依据待核实的条目", "rows still to be verified"),
            (("rulebook", "matrix", "hubei-2011"), "依据或缺项", "employer"),
        ],
        ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
    )
    def test_headings(self, run: Runner, command: tuple[str, ...], zh: str, en: str) -> None:
        """Each language has its own, and not the other's."""
        in_zh, in_en = run(*command, "--lang", "zh").out, run(*command, "--lang", "en").out
        assert zh in in_zh
        assert en in in_en
        assert zh not in in_en
        assert en not in in_zh

    def test_what_is_missing_is_warned_of(self, run: Runner) -> None:
        """Gaps of a rulebook and shares of the matrix stand beside the data, in the language asked for."""
        assert "缺口:" in run("rulebook", "show", "hubei-2011").err
        assert "gap: " in run("rulebook", "show", "hubei-2011", "--lang", "en").err
        told = json.loads(run("rulebook", "matrix", "hubei-2011", "--format", "json").out)
        assert run("rulebook", "matrix", "hubei-2011").err.startswith(f"共{len(told['rows'])}格:")
        english = run("rulebook", "matrix", "hubei-2011", "--lang", "en").err
        assert english.startswith(f"{len(told['rows'])} cells: ")
        assert not CJK.search(english)

    @pytest.mark.parametrize("format", ["mermaid", "dot", "svg"])
    def test_diagrams(self, run: Runner, format: str) -> None:
        """A machine is drawn in the language asked for."""
        command = ("machine", "diagram", "task", "--format", format)
        assert "未开始" in run(*command).out
        assert "Not started" in run(*command, "--lang", "en").out

    def test_verification(self, run: Runner, demonstration: Demonstration) -> None:
        """The assurance is told in the language asked for."""
        assert "保证程度:" in run("audit", "verify", demonstration.url).out
        english = run("audit", "verify", demonstration.url, "--lang", "en").out
        assert "assurance: " in english
        assert "the tables agree with the log" in english
        assert not CJK.search(english)


class TestHosts:
    """Files, overlays and guards of a host."""

    def test_an_overlay(self, run: Runner, tmp_path: Path) -> None:
        """Shown resolved, with origin, and with a warning for every waiver."""
        file = overlay(tmp_path)
        told = json.loads(
            run("machine", "show", "supervision_order", "--overlay", file, "--origin", "--format", "json").out
        )
        assert told["id"] == "supervision_order_here"
        assert str(file) in told["origin"].values()
        assert [each["until"] for each in told["waivers"]] == ["2011-09-30"]
        done = run("machine", "show", "supervision_order", "--overlay", file)
        assert "本单位督办办法 三" in done.out
        assert done.err.strip() == "sign_for: actor_belongs_to → 2011-09-30 某办〔示例〕1号 集中办公期间"
        assert "supervision_order_here" in run("machine", "diagram", "supervision_order", "--overlay", file).out

    def test_a_misfitting_overlay(self, run: Runner, tmp_path: Path) -> None:
        """Laid on another machine it is refused."""
        done = run("machine", "show", "task", "--overlay", overlay(tmp_path))
        assert done.status == 2
        assert "base.id" in done.err

    @pytest.mark.parametrize("command", ["check", "types"])
    def test_an_overlay_is_checked_and_typed(self, run: Runner, tmp_path: Path, command: str) -> None:
        """A host whose machine is an overlay needs its check and its types."""
        assert run("machine", command, "supervision_order", "--overlay", overlay(tmp_path)).status == 0

    def test_guards(self, run: Runner, tmp_path: Path) -> None:
        """A host's machine is unknown without its guard, and sound with it."""
        file = tmp_path / "permit.toml"
        file.write_text(PERMIT, encoding="utf-8")
        without = run("machine", "check", file)
        assert without.status == 1
        assert "amount_is_at_most" in without.err
        guards = ("--guards", "tests.small:amount_is_at_most")
        for command in ("check", "show", "diagram", "types"):
            assert run("machine", command, file, *guards).status == 0
        assert "amount_is_at_most" in run("machine", "show", file, *guards).out

    @pytest.mark.parametrize("guards", ["nowhere:x", "json:nothing", "json", ":x", "tests.small:"])
    def test_guards_that_cannot_be_imported(self, run: Runner, guards: str) -> None:
        """It says how to name them."""
        done = run("machine", "show", "task", "--guards", guards)
        assert done.status == 2
        assert "MODULE:NAME" in done.err

    @pytest.mark.parametrize("guards", ["json:dumps", "os:environ", "sys:maxsize"])
    def test_what_is_no_guard(self, run: Runner, guards: str) -> None:
        """The operator mistyped a name; that is to be said, and nothing is to be reported."""
        done = run("machine", "show", "task", "--guards", guards)
        assert done.status == 2
        assert "please report" not in done.err

    def test_a_directory_of_the_host(self, run: Runner, tmp_path: Path) -> None:
        """The matrix takes its organs from there."""
        text = Source.shipped("directories", "hubei-transport-2011").data.decode()
        file = tmp_path / "d.toml"
        file.write_text(text.replace("省级部门", "本级部门"), encoding="utf-8")
        told = run("rulebook", "matrix", "hubei-2011", "--directory", file)
        assert told.status == 0
        assert json.loads(run("rulebook", "matrix", "hubei-2011", "--directory", file, "--format", "json").out)["rows"]


def cut(file: Path, to: Path, share: int = 2) -> Path:
    """Keep the first part of a file, ending inside a line."""
    whole = file.read_bytes()
    kept = whole[: len(whole) // share]
    to.write_bytes(kept.rstrip(b"\n"))
    return to


class TestFindings:
    """Status 1: the thing examined is unsound."""

    def test_a_log_cut_in_half(self, run: Runner, demonstration: Demonstration, tmp_path: Path) -> None:
        """The line where it breaks off is named, in both forms."""
        log = cut(demonstration.log, tmp_path / "half.jsonl")
        line = len(log.read_bytes().splitlines())
        done = run("audit", "verify", log)
        assert done.status == 1
        assert f"line {line}" in done.out
        assert len(done.out.strip().splitlines()) == 1
        found = run("audit", "verify", log, "--format", "json")
        told = json.loads(found.out)
        assert found.status == 1
        assert (told["sound"], told["assurance"], told["flaw"]["place"]) == (False, "none", f"line {line}")
        assert set(told["flaw"]) == {"place", "zh", "en"}

    def test_a_log_without_its_last_lines(self, run: Runner, demonstration: Demonstration, tmp_path: Path) -> None:
        """Cut at the end of a line it is still found out."""
        log = tmp_path / "short.jsonl"
        log.write_bytes(b"".join(demonstration.log.read_bytes().splitlines(keepends=True)[:-2]))
        assert run("audit", "verify", log).status == 1

    def test_another_log_than_the_checkpoint_knows(
        self, run: Runner, demonstration: Demonstration, tmp_path: Path
    ) -> None:
        """A checkpoint catches a log that is sound in itself."""
        held, empty = tmp_path / "c.json", tmp_path / "empty.jsonl"
        assert run("audit", "checkpoint", demonstration.url, "-o", held).status == 0
        assert run("audit", "export", demonstration.url, "--tenant", "other", "-o", empty).status == 0
        assert run("audit", "verify", empty).status == 0
        assert run("audit", "verify", empty, "--checkpoint", held).status == 1
        assert run("audit", "verify", demonstration.url, "--checkpoint", held).status == 0

    @pytest.mark.parametrize("group", ["machine", "rulebook"])
    @pytest.mark.parametrize(
        ("content", "said"), [(b"id = ", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (b"", "missing")]
    )
    def test_broken_files(self, run: Runner, tmp_path: Path, group: str, content: bytes, said: str) -> None:
        """`check` tells faults one a line; what needs the file refuses it."""
        file = tmp_path / "x.toml"
        file.write_bytes(content)
        done = run(group, "check", file)
        assert done.status == 1
        assert said in done.err
        assert all(str(file) in line for line in done.err.splitlines())
        told = json.loads(run(group, "check", file, "--format", "json").out)
        assert len(told["faults"]) == len(done.err.splitlines())
        assert all(set(each) >= {"where", "path", "what", "mend"} for each in told["faults"])
        assert run(group, "show", file).status == 2


class TestRefusals:
    """Status 2: one line on standard error, nothing on standard output."""

    @pytest.mark.parametrize(
        "command",
        [
            ("machine", "show", "nothing"),
            ("machine", "check", "nothing"),
            ("machine", "check", "nowhere.toml"),
            ("machine", "types", "nothing"),
            ("machine", "types", "task", "--check", "nowhere.py"),
            ("machine", "diagram", "nothing"),
            ("machine", "diagram", "task", "--overlay", "nowhere.toml"),
            ("plan", "show", "nowhere.toml"),
            ("plan", "diagram", "nothing"),
            ("plan", "diagram", "szjg-2011", "--format", "png"),
            ("rulebook", "check", "nothing"),
            ("rulebook", "matrix", "nothing"),
            ("rulebook", "show", "hubei-2011", "--confirmed", "nowhere.toml"),
            ("audit", "export", "sqlite:///nowhere.db"),
            ("audit", "checkpoint", "sqlite:///nowhere.db"),
            ("audit", "verify", "/"),
            ("machine", "list", "--format", "xml"),
            ("machine", "show"),
            ("plan", "show", "szjg-2011", "--surprise"),
        ],
        ids=" ".join,
    )
    def test_one_line(self, run: Runner, command: tuple[str, ...]) -> None:
        """It is readable, and names the program."""
        done = run(*command)
        assert done.status == 2
        assert done.out == ""
        assert len(done.err.splitlines()) == 1
        assert done.err.startswith("zhiwen-flow: ")
        assert "please report" not in done.err

    @pytest.mark.parametrize("group", ["machine", "plan", "rulebook"])
    @pytest.mark.parametrize(
        ("content", "said"),
        [(b"id = ", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (b"surprise = 1", "unknown key")],
    )
    def test_broken_files(self, run: Runner, tmp_path: Path, group: str, content: bytes, said: str) -> None:
        """Each fault is a line with the file's name."""
        file = tmp_path / "x.toml"
        file.write_bytes(content)
        done = run(group, "show", file)
        assert done.status == 2
        assert done.out == ""
        assert said in done.err
        assert all(line.startswith(f"zhiwen-flow: {file}") for line in done.err.splitlines())

    @pytest.mark.parametrize("command", ["verify", "export", "checkpoint"])
    def test_what_is_no_database(self, run: Runner, tmp_path: Path, command: str) -> None:
        """No command makes one of it, and nothing is written in its place."""
        file, out = tmp_path / "x.db", tmp_path / "out"
        file.write_text("a text of some length, but no database\n" * 50)
        before = file.read_bytes()
        done = run("audit", command, f"sqlite:///{file}", *(() if command == "verify" else ("-o", out)))
        assert done.status == 2
        assert len(done.err.splitlines()) == 1
        assert "not a database" in done.err
        assert file.read_bytes() == before
        assert not out.exists()

    @pytest.mark.parametrize(
        "command",
        [
            ("machine", "diagram", "task"),
            ("machine", "types", "task"),
            ("plan", "diagram", "szjg-2011"),
            ("audit", "export"),
            ("audit", "checkpoint"),
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_written(
        self, run: Runner, demonstration: Demonstration, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        """A folder stands where a file should."""
        where = (demonstration.url,) if command[0] == "audit" else ()
        done = run(*command, *where, "-o", tmp_path)
        assert done.status == 2
        assert "cannot be written" in done.err
        assert len(done.err.splitlines()) == 1

    @pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b'{"a": 1}', b"\xff"])
    def test_what_is_no_checkpoint(
        self, run: Runner, demonstration: Demonstration, tmp_path: Path, content: bytes
    ) -> None:
        """It says how to make one."""
        file = tmp_path / "c.json"
        file.write_bytes(content)
        done = run("audit", "verify", demonstration.log, "--checkpoint", file)
        assert done.status == 2
        assert "is not a checkpoint" in done.err

    @pytest.mark.parametrize("command", [(), ("machine",), ("audit",)], ids=" ".join)
    def test_help_where_a_command_is_missing(self, run: Runner, command: tuple[str, ...]) -> None:
        """The reader is shown what there is."""
        done = run(*command)
        assert done.status == 2
        assert "--help" in done.out + done.err


def _raise(error: BaseException) -> Callable[..., Any]:
    def program(**_: Any) -> int:
        raise error

    return program


class TestLastResort:
    """What no command foresees."""

    @pytest.mark.parametrize(
        ("error", "status"),
        [(KeyboardInterrupt(), 130), (RuntimeError("odd"), 2), (RecursionError("deep"), 2)],
    )
    def test_ends_in_order(
        self, run: Runner, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
    ) -> None:
        """At most one line, never a traceback."""
        monkeypatch.setattr(sys.modules["zhiwen_flow.cli.main"], "app", _raise(error))
        done = run("machine", "list")
        assert done.status == status
        assert len(done.err.splitlines()) == (1 if status == 2 else 0)
        assert ("please report" in done.err) is (status == 2)

    def test_an_abort_is_no_success(self, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing was done, and nothing is to be reported."""
        monkeypatch.setattr(sys.modules["zhiwen_flow.cli.main"], "app", _raise(typer.Abort()))
        done = run("machine", "list")
        assert (done.status, done.err) == (2, "")

    def test_a_terminal_sees_a_bar(
        self, run: Runner, demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And gets the same answer."""
        plain = run("audit", "verify", demonstration.url).out
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        seen = run("audit", "verify", demonstration.url)
        assert (seen.status, seen.out) == (0, plain)

    def test_a_demonstration_that_keeps_nothing(
        self, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without --out it leaves no file."""
        monkeypatch.chdir(tmp_path)
        done = run("demo", "--lang", "en")
        assert done.status == 0
        assert "written:" not in done.out
        assert list(tmp_path.iterdir()) == []


def program(*command: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "zhiwen_flow.cli", *map(str, command)],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


class TestProgram:
    """As a process of its own."""

    def test_data_and_messages_are_apart(self) -> None:
        """JSON alone on standard output; the gaps of the rulebook on standard error only in text."""
        done = program("rulebook", "show", "hubei-2011", "--format", "json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["gaps"]
        assert done.stderr == b""

    def test_refusal(self, tmp_path: Path) -> None:
        """A broken file: one line, status 2."""
        file = tmp_path / "x.toml"
        file.write_text("id = ")
        done = program("machine", "show", file)
        assert (done.returncode, done.stdout) == (2, b"")
        assert len(done.stderr.splitlines()) == 1

    def test_export_is_bytes(self, demonstration: Demonstration) -> None:
        """The log goes out as it was kept, whatever the terminal's encoding."""
        done = program("audit", "export", demonstration.url, PYTHONIOENCODING="gbk")
        assert done.stdout == demonstration.log.read_bytes()

    def test_a_checkpoint_on_standard_output(self, run: Runner, demonstration: Demonstration, tmp_path: Path) -> None:
        """Redirected into a file it is as good as one written."""
        held = tmp_path / "c.json"
        held.write_bytes(program("audit", "checkpoint", demonstration.url).stdout)
        assert run("audit", "verify", demonstration.log, "--checkpoint", held).status == 0

    def test_verification_on_a_chinese_terminal(self, demonstration: Demonstration) -> None:
        """A sound log is reported as sound, and not as an error of the program."""
        done = program("audit", "verify", demonstration.log, PYTHONIOENCODING="gbk")
        assert done.returncode == 0, done.stderr.decode("gbk")

    @pytest.mark.parametrize(
        "command",
        [("machine", "list"), ("machine", "show", "complaint"), ("plan", "show", "szjg-2011"), ("rulebook", "list")],
        ids=" ".join,
    )
    def test_tables_on_a_chinese_terminal(self, command: tuple[str, ...]) -> None:
        """Everything else prints there."""
        assert program(*command, PYTHONIOENCODING="gbk").returncode == 0


class TestPlanCommands:
    """Import, lint and tables of plans."""

    TEXT = "某局工作方案\n(一)动员(3月1日—3月10日)\n1.制定方案,3月5日前报局办公室。\n(二)总结(3月11日—3月20日)\n"

    def test_import_writes_plans_that_load(self, run: Runner, tmp_path: Path) -> None:
        """The text is read, the plan written, checked and tabled."""
        text = tmp_path / "方案.txt"
        text.write_bytes(self.TEXT.encode("gb18030"))
        told = json.loads(
            run("plan", "import", str(text), "--year", "2024", "--out", str(tmp_path), "--format", "json").out
        )
        assert told["encoding"] == "gb18030"
        assert [each["end"] for each in told["plans"][0]["phases"]] == ["2024-03-10", "2024-03-20"]
        plan = str(tmp_path / "plan-1.toml")
        assert run("plan", "show", plan).status == 0
        assert "2024-03-05" in run("plan", "table", plan, "--kind", "schedule", "--at", "2024-03-01").out
        run("plan", "table", plan, "--csv", str(tmp_path / "t.csv"))
        assert "制定方案" in (tmp_path / "t.csv").read_text(encoding="utf-8")

    def test_lint_ends_with_one_on_errors(self, run: Runner, tmp_path: Path) -> None:
        """Of a plan, and of a text as it stands."""
        assert run("plan", "lint", "dqj-2011", "--superior", "ggj-2011").status == 1
        assert run("plan", "lint", "whssjj-2011").status == 0
        assert run("plan", "lint", "whssjj-2011", "--severity", "phase_overlap=error").status == 1
        text = tmp_path / "方案.txt"
        text.write_text(self.TEXT, encoding="utf-8")
        told = json.loads(run("plan", "lint", str(text), "--format", "json").out)
        assert {"unsettled", "missing_year"} <= {each["rule"] for each in told["findings"]}
        told = json.loads(run("plan", "lint", "dqj-2011", "--format", "json").out)
        found = next(each for each in told["findings"] if each["rule"] == "task_before_phase")
        assert (found["severity"], found["clause"]) == ("error", "二(一)2 制定工作方案")
        assert set(found["message"]) == {"zh", "en"}
        assert found["values"] == {"due": "2011-08-26", "start": "2011-09-09", "days": 14}

    def test_a_comparison_with_the_superior(self, run: Runner, tmp_path: Path) -> None:
        """In words, as data, as CSV; by the plan's own superior, or another."""
        assert "上级有、本方案没有" in run("plan", "table", "dqj-2011", "--kind", "comparison").out
        asked = ("plan", "table", "dqj-2011", "--kind", "comparison", "--superior", "szjg-2011")
        told = json.loads(run(*asked, "--format", "json").out)
        assert {each["difference"] for each in told["rows"]} == {"same", "differs", "added", "not in this plan"}
        run(*asked, "--csv", str(tmp_path / "t.csv"))
        assert (tmp_path / "t.csv").read_text(encoding="utf-8").startswith("方面,事项")

    @pytest.mark.parametrize(
        "asked",
        [
            ("plan", "import", "nowhere.txt"),
            ("plan", "table", "szjg-2011", "--kind", "comparison"),
            ("plan", "lint", "dqj-2011", "--severity", "phase_gap=awful"),
            ("plan", "lint", "dqj-2011", "--severity", "no_such=error"),
            ("plan", "lint", "dqj-2011", "--rules", "1999"),
            ("plan", "table", "dqj-2011", "--kind", "nothing"),
            ("plan", "table", "dqj-2011", "--at", "someday"),
            ("plan", "lint", "no-such-plan"),
        ],
    )
    def test_bad_input(self, run: Runner, asked: tuple[str, ...]) -> None:
        """One line, status 2, no traceback."""
        told = run(*asked)
        assert told.status == 2
        assert "Traceback" not in told.err
