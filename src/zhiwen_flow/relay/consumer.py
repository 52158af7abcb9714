"""
For services that receive events (消费端): duplicates dropped in their own transaction, gaps in a sequence shown.

Speaks to the consumer's own connection through the calls that every Python driver has; it never commits.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import MisuseError, StoreError
from zhiwen_flow.stores.opening import driver_connection, packages_of

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS zhiwen_inbox (
    source TEXT NOT NULL, id TEXT NOT NULL, received_at TEXT NOT NULL, PRIMARY KEY (source, id))
""",
    "CREATE INDEX IF NOT EXISTS zhiwen_inbox_by_age ON zhiwen_inbox (received_at)",
    """
CREATE TABLE IF NOT EXISTS zhiwen_inbox_subjects (
    source TEXT NOT NULL, subject TEXT NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (source, subject))
""",
)
_TAKE = "INSERT INTO zhiwen_inbox (source, id, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_LAST = "SELECT sequence FROM zhiwen_inbox_subjects WHERE source = ? AND subject = ?"
_ADVANCE = """
INSERT INTO zhiwen_inbox_subjects (source, subject, sequence) VALUES (?, ?, ?)
ON CONFLICT (source, subject) DO UPDATE SET sequence = excluded.sequence
WHERE zhiwen_inbox_subjects.sequence < excluded.sequence
"""
_PRUNE = "DELETE FROM zhiwen_inbox WHERE received_at < ?"
_NEEDED = ("source", "id", "subject", "sequence")


@attrs.frozen(kw_only=True)
class Arrival:
    """
    How an event arrived (到达情况).

    Args:
        new: Whether it is to be handled; False for one that was received before.
        missing: Positions of its instance that never came before it; empty where all did or `gaps` is off.
    """

    new: bool
    missing: range = range(0)


class Inbox:
    """
    Drops events that come twice (收件去重), in the transaction in which the consumer handles them.

    Args:
        connection: The consumer's: of `sqlite3` or psycopg, SQLAlchemy's connection or session, or Django's. The
            consumer commits: what it did and that it was done are then kept together.
        gaps: Whether to keep the position of each instance, and to say what is missing.
        clock: Gives the moment of arrival.

    Raises:
        StoreError: it is none of these.

    >>> import sqlite3
    >>> db = sqlite3.connect(":memory:")
    >>> inbox = Inbox(db)
    >>> inbox.create()
    >>> event = {"source": "urn:zhiwen-flow:a", "id": "1", "subject": "s", "sequence": "000000000001"}
    >>> inbox.receive(event).new, inbox.receive(event).new
    (True, False)
    >>> db.close()
    """

    def __init__(self, connection: Any, *, gaps: bool = False, clock: Clock | None = None) -> None:
        self._connection = connection
        packages = packages_of(driver_connection(connection))
        if not packages & {"sqlite3", "psycopg"}:
            raise StoreError("the inbox needs a connection of sqlite3 or psycopg 3, of SQLAlchemy or of Django on one")
        self._mark = "?" if "sqlite3" in packages else "%s"
        self._gaps = gaps
        self._clock = clock or SystemClock()

    def create(self) -> None:
        """Make the tables where they are missing (建表); run once, or put the same into the consumer's migrations."""
        for each in _TABLES:
            self._run(each)

    def receive(self, event: Mapping[str, Any] | bytes) -> Arrival:
        """
        Say whether an event is to be handled (收件).

        Args:
            event: The CloudEvent, parsed or as bytes.

        Raises:
            MisuseError: it is no event of this library.
        """
        found = _parsed(event)
        source, id = found["source"], found["id"]
        if not self._run(_TAKE, source, id, self._moment()).rowcount:
            return Arrival(new=False)
        return Arrival(new=True, missing=self._missing(found) if self._gaps else range(0))

    def _missing(self, event: Mapping[str, Any]) -> range:
        source, subject, position = event["source"], event["subject"], int(event["sequence"])
        row = self._run(_LAST, source, subject).fetchone()
        last = row[0] if row is not None else 0
        self._run(_ADVANCE, source, subject, position)
        return range(last + 1, position)

    def prune(self, older: dt.timedelta) -> int:
        """
        Forget what came long ago (清理), and give how much that was.

        Args:
            older: Longer than an event can be on its way: dead letters that somebody may still retry included.
        """
        return int(self._run(_PRUNE, self._moment(-older)).rowcount)

    def _moment(self, later: dt.timedelta = dt.timedelta()) -> str:
        return (self._clock.now() + later).astimezone(dt.UTC).isoformat(timespec="microseconds")

    def _run(self, text: str, *values: Any) -> Any:
        # Asked anew each time: after a commit SQLAlchemy must learn that something was begun again.
        cursor = driver_connection(self._connection).cursor()
        cursor.execute(text.replace("?", self._mark), values)
        return cursor


def _parsed(event: Mapping[str, Any] | bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(event) if isinstance(event, bytes) else event
        if all(isinstance(found[name], str) for name in _NEEDED) and found["sequence"].isdecimal():
            return found
    except (KeyError, TypeError, ValueError):
        pass
    raise MisuseError(f"this is no event of zhiwen_flow: one of {', '.join(_NEEDED)} is missing or no text; refuse it")
