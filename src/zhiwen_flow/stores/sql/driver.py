"""
What the SQL store asks of a database driver (数据库驱动接口): a few calls that SQLite and PostgreSQL both answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeGuard

from zhiwen_flow.errors import StoreError

Statement = tuple[str, tuple[Any, ...]]
"""Constant text, and the values bound to it."""

Group = tuple[Statement, ...]
"""Statements of which the first must give a row, or none of the others does anything."""

Row = tuple[Any, ...]

NO_TEXT = "a text holds a NUL or half a character (a lone surrogate), which no database keeps; give text"


_UNREADABLE = "the PostgreSQL URL cannot be read; write what is special in user and password as %XX, such as %40 for @"
_HALF_ESCAPED = re.compile(r"%(?![0-9A-Fa-f]{2})|\s")


def check_url(url: str) -> None:
    """
    See that a PostgreSQL URL can be read in one way only (检查数据库地址).

    Where a password is not escaped, part of it is taken for the host, the port or the database, and every message of
    the driver would quote it.

    Args:
        url: ``postgresql://user:password@host:port/database``.

    Raises:
        StoreError: it cannot; nothing of it is quoted.

    >>> check_url("postgresql://clerk:a%40b@127.0.0.1:5432/office")
    >>> check_url("postgresql://clerk:a@b@127.0.0.1:5432/office")
    Traceback (most recent call last):
    zhiwen_flow.errors.StoreError: the PostgreSQL URL cannot be read; \
write what is special in user and password as %XX, such as %40 for @
    """
    authority, _, rest = url.partition("://")[2].partition("/")
    hosts = authority.rpartition("@")[2].partition("?")[0].split(",")
    ports = [each.rpartition("]")[2].partition(":")[2] for each in hosts]
    astray = authority.count("@") > 1 or "@" in rest.partition("?")[0]
    if astray or _HALF_ESCAPED.search(url) or any(each and not each.isdecimal() for each in ports):
        raise unreadable_url()


def unreadable_url() -> StoreError:
    """Give the error of a URL that cannot be read (地址无法读取); it quotes nothing."""
    return StoreError(_UNREADABLE)


class Taken(Exception):
    """A row that must be unique is there already (唯一行已存在); nothing was written."""


class Crossed(StoreError):
    """Two transactions waited for each other (互相等待); this one was undone whole, and may begin anew."""


def is_group(step: Statement | Group) -> TypeGuard[Group]:
    """Whether it is a group (是否为语句组)."""
    return not isinstance(step[0], str)


class Guard:
    """
    Turns a driver's errors into the library's (错误转换); one object guards every call.

    Args:
        told: Gives the library's error for a driver's; None where it is to pass as it is.
        chained: Whether the driver's error may follow in a traceback; it may quote values.
    """

    __slots__ = ("_chained", "_told")

    def __init__(self, told: Callable[[BaseException], Exception | None], *, chained: bool) -> None:
        self._told = told
        self._chained = chained

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None and (found := self._told(error)) is not None:
            raise found from (error if self._chained else None)


class Driver(Protocol):
    """
    One connection (数据库连接), of ours or of the host's.

    `joined` says that the connection is the host's: it commits and rolls back, we never do.
    """

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which database it is."""

    @property
    def joined(self) -> bool:
        """Whether the connection is the host's."""

    @property
    def busy(self) -> bool:
        """Whether a transaction is open on the connection."""

    def query(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and give its rows."""

    def write(self, steps: Iterable[Statement | Group]) -> list[list[Row]]:
        """Run statements and groups in order, sent together where the database can, and give the rows of each."""

    def send(self, steps: Iterable[Statement | Group]) -> Callable[[], list[list[Row]]]:
        """Send statements and groups without waiting for them, where `streaming` lets it; what is given waits."""

    def streaming(self) -> AbstractContextManager[None]:
        """Let the database work on what was sent while more is made ready; everything is done at the end."""

    def conditional(self, group: Group) -> bool:
        """
        Run a group in one transaction, whole or not at all; False where its first statement gives no row.

        Raises:
            Taken: one of them makes a row that is there already; nothing was written.
            Crossed: another transaction waited for this one; nothing was written.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """
        Make everything inside one transaction; inside another one, a savepoint of it.

        Raises:
            Crossed: it was undone for another one's sake; never on a connection of the host's.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all reads inside see one state of the database."""

    def settle(self) -> None:
        """
        Wait until every transaction that may have taken a number for an event by now has ended.

        Raises:
            StoreError: one of them was open for too long.
        """

    def archive(self) -> None:
        """
        Act as the archivist until the transaction ends, where the database has roles.

        Raises:
            StoreError: the account does not hold the role, or there is none.
        """

    def scrub(self) -> bool:
        """Remove what deleted rows left in the database's files; False where that is not in this connection's power."""

    def ids(self, names: Iterable[str] | Iterable[int]) -> Any:
        """Give *names* as the one value that an ``any`` clause takes."""

    def close(self) -> None:
        """Release a connection of ours; leave the host's alone."""
