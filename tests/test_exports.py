"""What a host imports."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.resources import files

import pytest

import zhiwen_flow


def test_names_are_few_sorted_and_there() -> None:
    """`__all__` is the promise."""
    names = zhiwen_flow.__all__
    assert names == sorted(names)
    assert all(hasattr(zhiwen_flow, name) for name in names)
    public = {name for name, value in vars(zhiwen_flow).items() if name[0] != "_" and not inspect.ismodule(value)}
    assert public == set(names)


@pytest.mark.parametrize("name", zhiwen_flow.__all__)
def test_every_name_says_what_it_is(name: str) -> None:
    """A public name has a docstring of its own."""
    assert inspect.getdoc(getattr(zhiwen_flow, name))


def test_importing_loads_no_more_than_it_needs() -> None:
    """The command line's and the calendar's packages wait until they are asked for."""
    script = "import sys, zhiwen_flow; print(*sorted({'holidays', 'typer', 'pytest'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_types_are_shipped() -> None:
    """A host's type checker sees our annotations."""
    assert files("zhiwen_flow").joinpath("py.typed").is_file()
