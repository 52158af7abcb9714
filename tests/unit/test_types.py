"""Typed modules: they pass the type checker, and know when they are out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.types import is_current, typed_module

DEFINITIONS = Definitions.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a module for every shipped machine."""
    made = tmp_path_factory.mktemp("typed")
    for id in shipped("machines"):
        text = typed_module(DEFINITIONS.machine(id), DEFINITIONS.rules.rulebook)
        (made / f"{id}.py").write_text(text, encoding="utf-8")
    return made


def test_they_pass_strict_checking(folder: Path) -> None:
    """All of them, as a caller would check them."""
    files = sorted(map(str, folder.glob("*.py")))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / ".cache"), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("id", shipped("machines"))
def test_they_say_what_the_forms_say(folder: Path, id: str) -> None:
    """A class for every form, with its fields; the hash of the machine they were made from."""
    text = (folder / f"{id}.py").read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "typed"}
    exec(compile(text, id, "exec"), names)
    machine = DEFINITIONS.machine(id)
    classes = [each for each in names.values() if isinstance(each, type) and attrs.has(each)]
    forms = {frozenset(field.name for field in each.fields) for each in machine.all_transitions if each.fields}
    assert forms <= {frozenset(attrs.fields_dict(each)) for each in classes}
    assert names["HASH"] == machine.hash
    assert is_current(text, machine)
    assert not is_current(text.replace(machine.hash, "0" * 64), machine)
