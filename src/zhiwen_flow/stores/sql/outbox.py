"""
The outbox in a SQL database (数据库中的待发布事项): lanes by lease, rows that are deleted once they are confirmed.

Leases and delays are reckoned by the database's clock, so relays on several machines need not agree on the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import attrs

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.stores.outbox import LANES, Failure, Held, Lag, Skipped, Waiting, stated
from zhiwen_flow.stores.sql import statements as sql
from zhiwen_flow.stores.sql.driver import Driver, Row, Statement
from zhiwen_flow.stores.sql.reading import Reading
from zhiwen_flow.stores.sql.rows import decoding, event_of

DELETED_AT_ONCE = 128

_MAKE_LANE = "INSERT INTO zhiwen_lanes (tenant, lane) VALUES (?, ?) ON CONFLICT DO NOTHING"
_HOLD = """
INSERT INTO zhiwen_held (tenant, stream, lane, seq, event, attempts, until, dead, error)
VALUES (?, ?, ?, ?, ?, ?, {later}, ?, ?)
ON CONFLICT (tenant, stream) DO UPDATE SET seq = excluded.seq, event = excluded.event, attempts = excluded.attempts,
  until = excluded.until, dead = excluded.dead, error = excluded.error
"""
_HELD = "SELECT stream, event, attempts, error, until, dead FROM zhiwen_held WHERE tenant = ? AND stream > ?"
_FREE = "DELETE FROM zhiwen_held WHERE tenant = ? AND event = ? AND dead = 1 RETURNING seq, stream, error"
_DROP = "DELETE FROM zhiwen_outbox WHERE seq = ?"
_SKIPPED = """
SELECT event, stream, error, reason, at FROM zhiwen_skipped WHERE tenant = ? AND event > ? ORDER BY event LIMIT ?
"""


@attrs.frozen(kw_only=True)
class _Texts:
    """The statements of one database (语句)."""

    claim: str
    read: str
    keep: str
    forget: str
    release: str
    hold: str
    unhold: str
    retry: str
    skip: str
    lag: str


def _claim_text(d: sql.Dialect, waiting: str, due: str) -> str:
    return f"""
WITH picked AS (
  SELECT lane FROM zhiwen_lanes l WHERE tenant = ? AND (owner IS NULL OR until <= {d.later})
  AND EXISTS (SELECT 1 FROM {waiting} WHERE o.tenant = l.tenant AND o.lane = l.lane AND {due})
  ORDER BY coalesce(until, ''), lane LIMIT ? {d.skip_locked})
UPDATE zhiwen_lanes SET owner = ?, until = {d.later} WHERE tenant = ? AND lane IN (SELECT lane FROM picked)
RETURNING lane
"""  # noqa: S608


def _lag_text(d: sql.Dialect) -> str:
    return f"""
WITH numbers(lane) AS (VALUES {", ".join(f"({lane})" for lane in range(LANES))})
SELECT c.lane, coalesce(n.count, 0), coalesce(h.held, 0), coalesce(h.dead, 0), e.recorded_at,
  CASE WHEN l.until > {d.later} THEN l.owner END FROM numbers c
LEFT JOIN zhiwen_lanes l ON l.tenant = ? AND l.lane = c.lane
LEFT JOIN (SELECT lane, count(*) AS count, min(seq) AS seq FROM zhiwen_outbox WHERE tenant = ? GROUP BY lane) n
  ON n.lane = c.lane
LEFT JOIN (SELECT lane, sum(1 - dead) AS held, sum(dead) AS dead FROM zhiwen_held WHERE tenant = ? GROUP BY lane) h
  ON h.lane = c.lane
LEFT JOIN zhiwen_events e ON e.seq = n.seq ORDER BY c.lane
"""  # noqa: S608


def _texts(d: sql.Dialect) -> _Texts:
    due = f"(h.stream IS NULL OR (h.dead = 0 AND h.until <= {d.later}))"
    waiting = "zhiwen_outbox o LEFT JOIN zhiwen_held h ON h.tenant = o.tenant AND h.stream = o.stream"
    owned = "tenant = ? AND owner = ?"
    return _Texts(
        claim=_claim_text(d, waiting, due),
        read=f"""
SELECT e.id, o.lane, o.stream, o.attempts, e.seq, e.hash, e.raw, e.recorded_at FROM (
  SELECT o.seq, o.lane, o.stream, CASE WHEN h.seq = o.seq THEN h.attempts ELSE 0 END AS attempts
  FROM {waiting} WHERE o.tenant = ? AND o.lane = ? AND {due} ORDER BY o.seq LIMIT ?) AS o
JOIN zhiwen_events e ON e.seq = o.seq ORDER BY o.seq
""",  # noqa: S608
        keep=f"UPDATE zhiwen_lanes SET until = {d.later} WHERE {owned} RETURNING lane",  # noqa: S608
        forget=f"DELETE FROM zhiwen_outbox WHERE seq {d.any_number}",  # noqa: S608
        release=f"UPDATE zhiwen_lanes SET owner = NULL, until = {d.later} WHERE {owned}",  # noqa: S608
        hold=_HOLD.format(later=d.later),
        unhold=f"DELETE FROM zhiwen_held WHERE tenant = ? AND stream {d.any}",  # noqa: S608
        retry=f"""
UPDATE zhiwen_held SET dead = 0, attempts = 0, until = {d.later}
WHERE tenant = ? AND dead = 1 AND (event = ? OR CAST(? AS INTEGER) = 1) RETURNING stream
""",  # noqa: S608
        skip=f"""
INSERT INTO zhiwen_skipped (tenant, event, stream, error, reason, at) VALUES (?, ?, ?, ?, ?, {d.later})
""",  # noqa: S608
        lag=_lag_text(d),
    )


_TEXTS = {"sqlite": _texts(sql.SQLITE), "postgresql": _texts(sql.POSTGRES)}


class SqlOutbox(Reading):
    """
    The outbox of one tenant in a SQL database (数据库中的待发布事项); one object serves one thread.

    Args:
        driver: A connection of its own, so that no transaction of a host holds a lane.
        tenant: Whose events.
    """

    def __init__(self, driver: Driver, tenant: str = "default") -> None:
        super().__init__(driver, tenant)
        self._out = _TEXTS[driver.kind]
        self._made = False

    def claim(self, owner: str, *, seconds: float, limit: int = LANES) -> tuple[int, ...]:
        """See `Outbox.claim`."""
        if not self._made:
            self._driver.write([(_MAKE_LANE, (self.tenant, lane)) for lane in range(LANES)])
            self._made = True
        values = (self.tenant, 0, 0, limit, owner, seconds, self.tenant)
        return tuple(sorted(lane for (lane,) in self._driver.query(self._out.claim, values)))

    def read(self, lanes: Sequence[int], *, limit: int) -> tuple[Waiting, ...]:
        """See `Outbox.read`."""
        if not lanes:
            return ()
        # Each lane by itself, along its index: a backlog of any length is never sorted.
        each = max(1, limit // len(lanes))
        found = self._driver.write([(self._out.read, (self.tenant, lane, 0, each)) for lane in lanes])
        return tuple(_waiting(row) for rows in found for row in rows)

    def settle(
        self, owner: str, *, confirmed: Sequence[Waiting] = (), failed: Sequence[Failure] = (), seconds: float | None
    ) -> tuple[int, ...]:
        """See `Outbox.settle`."""
        with self._driver.transaction():
            # Locks the lanes that are still the owner's: nobody takes them over before this is committed.
            rows = self._driver.query(self._out.keep, (seconds or 0, self.tenant, owner))
            kept = sorted(lane for (lane,) in rows)
            todo = [*self._forgetting(confirmed, kept), *self._holding(failed, kept)]
            if seconds is None:
                todo.append((self._out.release, (0, self.tenant, owner)))
            self._driver.write(todo)
        return tuple(kept)

    def _forgetting(self, confirmed: Sequence[Waiting], kept: Sequence[int]) -> Iterator[Statement]:
        seqs = [each.event.seq for each in confirmed if each.lane in kept]
        # A few at a time: then the index is used, whatever the planner believes of a table that grows and shrinks.
        for start in range(0, len(seqs), DELETED_AT_ONCE):
            yield self._out.forget, (self._driver.ids(seqs[start : start + DELETED_AT_ONCE]),)
        if tried := [each.stream for each in confirmed if each.attempts and each.lane in kept]:
            yield self._out.unhold, (self.tenant, self._driver.ids(tried))

    def _holding(self, failed: Sequence[Failure], kept: Sequence[int]) -> Iterator[Statement]:
        for each in failed:
            waiting = each.waiting
            if waiting.lane in kept:
                row = (self.tenant, waiting.stream, waiting.lane, waiting.event.seq, waiting.id, waiting.attempts + 1)
                yield self._out.hold, (*row, each.delay, int(each.dead), each.error)

    def lag(self) -> tuple[Lag, ...]:
        """See `Outbox.lag`."""
        rows = self._driver.query(self._out.lag, (0, self.tenant, self.tenant, self.tenant))
        return tuple(map(_lag, rows))

    def held(self, *, dead: bool | None = None, after: str = "", limit: int = 100) -> tuple[Held, ...]:
        """See `Outbox.held`."""
        text, values = _HELD, [self.tenant, after]
        if dead is not None:
            text += f" AND dead = {int(dead)}"
        return tuple(map(_held, self._driver.query(f"{text} ORDER BY stream LIMIT ?", (*values, limit))))

    def retry(self, event: str | None = None) -> int:
        """See `Outbox.retry`."""
        found = self._driver.query(self._out.retry, (0, self.tenant, event or "", int(event is None)))
        if event is not None and not found:
            raise UnknownNameError("dead letter", event, self._dead())
        return len(found)

    def skip(self, event: str, *, reason: str) -> None:
        """See `Outbox.skip`."""
        with self._driver.transaction():
            found = self._driver.query(_FREE, (self.tenant, event))
            if not found:
                raise UnknownNameError("dead letter", event, self._dead())
            seq, stream, error = found[0]
            kept = (self.tenant, event, stream, error, stated(reason), 0)
            self._driver.write([(_DROP, (seq,)), (self._out.skip, kept)])

    def _dead(self) -> Iterable[str]:
        return [each.event for each in self.held(dead=True)]

    def skipped(self, *, after: str = "", limit: int = 100) -> tuple[Skipped, ...]:
        """See `Outbox.skipped`."""
        return tuple(map(_skipped, self._driver.query(_SKIPPED, (self.tenant, after, limit))))


@decoding
def _waiting(row: Row) -> Waiting:
    id, lane, stream, attempts, *event = row
    return Waiting(id=id, lane=lane, stream=stream, attempts=attempts, event=event_of(event))


@decoding
def _held(row: Row) -> Held:
    stream, event, attempts, error, until, dead = row
    until = dt.datetime.fromisoformat(until)
    return Held(stream=stream, event=event, attempts=attempts, error=error, until=until, dead=bool(dead))


@decoding
def _skipped(row: Row) -> Skipped:
    event, stream, error, reason, at = row
    return Skipped(event=event, stream=stream, error=error, reason=reason, at=dt.datetime.fromisoformat(at))


@decoding
def _lag(row: Row) -> Lag:
    lane, waiting, held, dead, oldest, owner = row
    first = dt.datetime.fromisoformat(oldest) if oldest is not None else None
    return Lag(lane=lane, waiting=waiting, held=int(held), dead=int(dead), oldest=first, owner=owner)
