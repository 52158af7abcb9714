"""Every example in README, docs and docstrings runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run a page's examples in a folder of their own, so that what they write is thrown away."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("examples"))
    yield
    os.chdir(before)


_docstrings = Sybil(parsers=[DocTestParser()], patterns=["src/**/*.py"], fixtures=["_folder"])
_pages = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=0), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    fixtures=["_folder"],
)

pytest_collect_file = (_docstrings + _pages).pytest()
