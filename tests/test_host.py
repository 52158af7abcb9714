"""A host brings a machine as one TOML file: it loads, checks, draws and runs without a line of Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor

MACHINE = """
id = "leave_check"
version = "1"
label = { zh = "请销假核查(一)", en = "Leave check" }
source = "某单位考勤办法 二"
initial = "noted"

[terms]
unit_liaison = { zh = "联络员", en = "liaison" }
attendance_sheet = { zh = "考勤表", en = "attendance sheet" }

[opening]
label = { zh = "登记:脱岗", en = "Note" }
guards = [{ use = "actor_holds_role", role = "unit_liaison" }]
keep = ["unit"]
cites = ["某单位考勤办法 二"]

[[opening.field]]
name = "unit"
label = { zh = "单位", en = "Unit" }
type = "organ"
required = true

[[state]]
id = "noted"
label = { zh = "已登记", en = "Noted" }
owner = "unit_liaison"

[[state]]
id = "explained"
label = { zh = "已说明", en = "Explained" }
end = "done"

[[state]]
id = "void"
label = { zh = "误登记", en = "Void" }
end = "void"

[[transition]]
trigger = "explain"
source = ["noted"]
target = "explained"
label = { zh = "说明", en = "Explain" }
guards = [{ use = "actor_belongs_to", organ = "fact:unit" }]
requires = ["attendance_sheet"]
cites = ["某单位考勤办法 三"]

[[transition.field]]
name = "attendance_sheet"
label = { zh = "考勤表", en = "Attendance sheet" }
type = "document"

[[transition]]
trigger = "strike"
source = ["noted"]
target = "void"
label = { zh = "撤销登记", en = "Strike" }
guards = [{ use = "actor_holds_role", role = "unit_liaison" }]
cites = ["某单位考勤办法 三"]
"""

OFFICER = Actor(id="p-206", post="bridge_bureau.officer")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write the file."""
    file = tmp_path / "leave_check.toml"
    file.write_text(MACHINE, encoding="utf-8")
    return file


def _cli(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zhiwen_flow.cli", *args], capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_checks_and_draws(path: Path) -> None:
    """The command line takes the file as it takes a shipped id."""
    assert _cli("machine", "check", str(path)).returncode == 0
    for format in ("mermaid", "dot", "svg"):
        drawn = _cli("machine", "diagram", str(path), "--format", format)
        assert drawn.returncode == 0
        assert "登记" in drawn.stdout


def test_a_fault_is_named_with_its_place(path: Path) -> None:
    """An unknown guard is one readable line, and status 1: the file was read and has faults."""
    path.write_text(MACHINE.replace("actor_belongs_to", "no_such_guard"), encoding="utf-8")
    done = _cli("machine", "check", str(path))
    assert done.returncode in (1, 2)
    assert "no_such_guard" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_runs(path: Path, tmp_path: Path) -> None:
    """And it is driven, refused with reasons, and logged."""
    with Flow.open(f"sqlite:///{tmp_path / 'host.db'}", machines=[path], actor=OFFICER) as flow:
        case = flow.start("leave_check", {"unit": "bridge_bureau"}).raise_if_refused()
        refused = flow.do(case, "explain")
        assert [each.guard for each in refused.refusals] == ["materials_are_present"]
        assert "考勤表" in refused.explain("zh")
        assert flow.do(case, "explain", {"attendance_sheet": "9月考勤表"}).allowed
        assert verify_store(flow.store).sound
