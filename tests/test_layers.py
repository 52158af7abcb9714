"""The shape of the code: layers, imports, and functions that fit a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "src").rglob("*.py"))
LONGEST = 40


def test_imports_point_down() -> None:
    """The contracts of `pyproject.toml` hold."""
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
class TestModules:
    """Each module."""

    def test_imports_stand_at_the_top(self, path: Path) -> None:
        """No import hides in a function or behind `TYPE_CHECKING`."""
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = [node for part in tree.body for node in ast.walk(part) if part is not node and _imports(node)]
        assert not [ast.unparse(node) for node in inner]

    def test_functions_fit_a_screen(self, path: Path) -> None:
        """Their bodies, without docstring and signature, are no longer than a screen."""
        long = {name: size for name, size in _functions(path) if size > LONGEST}
        assert not long


def _imports(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1
