"""The table of requirements tells the truth: done is what a marked test or a case proves, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = tomllib.loads((TESTS / "requirements.toml").read_text(encoding="utf-8"))["requirement"]


def _traced() -> set[str]:
    found: set[str] = set()
    for path in TESTS.rglob("*.py"):
        for marked in re.findall(r"mark\.requirement\(([^)]*)\)", path.read_text(encoding="utf-8")):
            found |= set(re.findall(r'"([A-Z]\d\d)"', marked))
    for path in (TESTS / "cases").glob("*.toml"):
        found |= set(tomllib.loads(path.read_text(encoding="utf-8")).get("requirements", ()))
    return found


def test_done_is_what_is_proved() -> None:
    """Every traced id is a row marked done, and every row marked done is traced."""
    assert _traced() == {each["id"] for each in ROWS if each["status"] == "done"}


def test_every_row_is_whole() -> None:
    """Ids are unique and in order; what is left to the host says what the library offers."""
    ids = [each["id"] for each in ROWS]
    assert ids == sorted(set(ids))
    assert {each["status"] for each in ROWS} <= {"done", "host", "open"}
    assert all(each.get("note") for each in ROWS if each["status"] == "host")
