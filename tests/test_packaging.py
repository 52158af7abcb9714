"""The tree stands alone: nothing of one machine, of a registry, or of anybody's name."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOSTS = ("py" + "pi.", "python" + "hosted", "npm" + "js", "mirrors" + ".")
PATHS = re.compile(r"/(?:work|root|home)/\w")


def _files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: the list of files is not known")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_registry_and_no_machine_is_named() -> None:
    """Files work anywhere."""
    for path in _files():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [host for host in HOSTS if host in text], path
        assert path == Path(__file__) or not PATHS.search(text), path


def test_data_are_utf8_without_marks() -> None:
    """Every text file is plain UTF-8 with Unix line ends and one newline at its end."""
    for path in _files():
        if path.suffix in {".toml", ".py", ".md", ".svg", ""} and path.name != "run":
            raw = path.read_bytes()
            raw.decode("utf-8")
            assert b"\r" not in raw, path
            assert not raw.startswith(b"\xef\xbb\xbf"), path
            assert not raw or (raw.endswith(b"\n") and not raw.endswith(b"\n\n")), path


def test_project_file() -> None:
    """What an installer needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"zhiwen-flow": "zhiwen_flow.cli:main"}
    assert {"attrs", "structlog", "transitions"} <= {re.split(r"[\[<>=;]", name)[0] for name in project["dependencies"]}
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
