"""
Heads of chains that do not fit into memory (链头暂存): kept in a temporary file of SQLite's, gone when it is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from zhiwen_flow.stores.protocol import Head

HOT = 10_000
"""How many heads are held in memory at a time."""

_NEW = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4000;
CREATE TABLE heads (stream TEXT PRIMARY KEY, position INTEGER, hash TEXT) WITHOUT ROWID;
"""


class Spill:
    """
    A table of heads by stream, in memory that does not grow with their number (链头表).

    >>> spill = Spill()
    >>> spill.put("a", 1, "h")
    >>> spill.get("a"), spill.get("b"), len(spill)
    ((1, 'h'), None, 1)
    >>> [each.stream for each in spill]
    ['a']
    >>> spill.close()
    """

    def __init__(self, *, hot: int = HOT) -> None:
        self._hot: dict[str, tuple[int, str]] = {}
        self._limit = hot
        self._count = 0
        # An empty name is a file of its own that SQLite removes.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_NEW)

    def __len__(self) -> int:
        return self._count

    def get(self, stream: str) -> tuple[int, str] | None:
        """Give the position and the hash of a stream's head; None where it has none yet."""
        found = self._hot.get(stream)
        if found is None and self._count > len(self._hot):
            row = self._db.execute("SELECT position, hash FROM heads WHERE stream = ?", (stream,)).fetchone()
            found = (row[0], row[1]) if row is not None else None
        return found

    def put(self, stream: str, position: int, hash: str) -> None:
        """Set the head of a stream; its first has position 1."""
        self._count += position == 1
        self._hot[stream] = position, hash
        if len(self._hot) > self._limit:
            self._flush()

    def _flush(self) -> None:
        rows = ((stream, position, hash) for stream, (position, hash) in sorted(self._hot.items()))
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")
        self._hot.clear()

    def __iter__(self) -> Iterator[Head]:
        """Iterate over all heads in the order of their streams."""
        self._flush()
        for stream, position, hash in self._db.execute("SELECT stream, position, hash FROM heads ORDER BY stream"):
            yield Head(stream=stream, position=position, hash=hash)

    def close(self) -> None:
        """Remove the file (关闭)."""
        self._db.close()
