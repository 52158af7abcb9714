"""
A driver that notes what passes through it, and the bare driver that sends the same again to a twin database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

from zhiwen_flow.stores.sql import postgres
from zhiwen_flow.stores.sql.driver import Driver, Group, Row, Statement, is_group

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

    def write(self, steps: Iterable[Statement | Group]) -> list[list[Row]]:
        """See `Driver.write`."""
        told = list(steps)
        self._note(("write", told, None))
        return self._driver.write(told)

    def send(self, steps: Iterable[Statement | Group]) -> Callable[[], list[list[Row]]]:
        """See `Driver.send`."""
        told = list(steps)
        self._note(("write", told, None))
        return self._driver.send(told)

    def streaming(self) -> AbstractContextManager[None]:
        """See `Driver.streaming`."""
        return self._driver.streaming()

    def conditional(self, group: Group) -> bool:
        """See `Driver.conditional`."""
        self._note(("conditional", group, None))
        return self._driver.conditional(group)

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

    def settle(self) -> None:
        """See `Driver.settle`."""
        self._driver.settle()

    def archive(self) -> None:
        """See `Driver.archive`."""
        self._driver.archive()

    def scrub(self) -> bool:
        """See `Driver.scrub`."""
        return self._driver.scrub()

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
            made.append((None, [postgres._sent(each) for each in first]))  # noqa: SLF001
        elif name == "write":
            made += [each for step in first for each in (step if is_group(step) else (step,))]
        elif kind == "postgresql":
            made.append(postgres._sent(first))  # noqa: SLF001
        else:
            made += [(BEGIN[kind], ()), *first, ("COMMIT", ())]
    if kind == "postgresql":
        made = [postgres._sent(each) if isinstance(each[0], str) else each for each in made]  # noqa: SLF001
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
