"""
A driver that notes what passes through it, and the bare driver that sends the same again to a twin database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from zhiwen_flow.stores.sql import postgres
from zhiwen_flow.stores.sql.driver import Driver, Row, Statement

Note = tuple[str, Any, Any]
"""What was called, with what."""


class Noting:
    """Passes everything on to a driver, and notes it."""

    def __init__(self, driver: Driver, noted: list[Note]) -> None:
        self._driver = driver
        self._note = noted.append

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """See `Driver.kind`."""
        return self._driver.kind

    @property
    def joined(self) -> bool:
        """See `Driver.joined`."""
        return self._driver.joined

    @property
    def busy(self) -> bool:
        """See `Driver.busy`."""
        return self._driver.busy

    def query(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """See `Driver.query`."""
        self._note(("query", text, values))
        return self._driver.query(text, values)

    def write(self, statements: Iterable[Statement]) -> list[list[Row]]:
        """See `Driver.write`."""
        told = list(statements)
        self._note(("write", told, None))
        return self._driver.write(told)

    def conditional(self, statements: Sequence[Statement]) -> bool:
        """See `Driver.conditional`."""
        self._note(("conditional", statements, None))
        return self._driver.conditional(statements)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Driver.transaction`."""
        self._note(("begin", None, None))
        with self._driver.transaction():
            yield
        self._note(("end", None, None))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Driver.snapshot`."""
        with self._driver.snapshot():
            yield

    def ids(self, names: Iterable[str] | Iterable[int]) -> Any:
        """See `Driver.ids`."""
        return self._driver.ids(names)

    def close(self) -> None:
        """See `Driver.close`."""
        self._driver.close()


Ready = tuple[Any, Any]
"""A text as the driver takes it, and its values; for a pipeline, ``None`` and what it holds."""


def ready(kind: str, notes: Sequence[Note]) -> list[Ready]:
    """Make what was noted ready to be sent, as a program written by hand would hold it."""
    made: list[Ready] = []
    for name, first, values in notes:
        if name == "query":
            made.append((first, values))
        elif name in ("begin", "end"):
            made.append(("COMMIT" if name == "end" else BEGIN[kind], ()))
        elif name == "write" and kind == "postgresql":
            made.append((None, [(postgres._native(text), each) for text, each in first]))  # noqa: SLF001
        elif name == "write":
            made += first
        elif kind == "postgresql":
            text = postgres._combined(tuple(text for text, _ in first))  # noqa: SLF001
            made.append((text, [value for _, each in first for value in each]))
        else:
            made += [(BEGIN[kind], ()), *first, ("COMMIT", ())]
    if kind == "postgresql":
        made = [(postgres._native(text) if isinstance(text, str) else text, values) for text, values in made]  # noqa: SLF001
    return made


BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}


def send(connection: Any, prepared: Sequence[Ready]) -> None:
    """Send all of it by the bare driver."""
    for text, values in prepared:
        if text is None:
            with connection.pipeline():
                cursors = [connection.execute(each, told) for each, told in values]
            for cursor in cursors:
                _fetched(cursor)
        else:
            _fetched(connection.execute(text, values))


def _fetched(cursor: Any) -> None:
    if cursor.description is not None:
        cursor.fetchall()
