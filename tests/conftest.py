"""What tests share: the demonstration, run once on a database, and services that must be there in CI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.services import postgres_schema
from zhiwen_flow.demo import Told, run


@attrs.frozen
class Demonstration:
    """The demonstration's folder, what it returned, and what it said."""

    folder: Path
    told: Told
    said: str

    @property
    def url(self) -> str:
        """Where its database is."""
        return f"sqlite:///{self.folder / 'flow.db'}"

    @property
    def log(self) -> Path:
        """Where its log is."""
        return self.folder / "audit.jsonl"


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """Run the demonstration once; tests that change its files work on a copy."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    lines: list[str] = []
    told = run(folder, lines.append)
    return Demonstration(folder, told, "\n".join(lines))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'flow.db'}"
        return
    with postgres_schema() as url:
        yield url
