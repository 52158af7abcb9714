"""
The statements of the SQL store (SQL 语句): constant text with bound parameters, the same for both databases.

A parameter is ``?``; the PostgreSQL driver writes it its own way. Where the databases name one function differently,
the text is filled once, at import, from the constants of a `Dialect`.
"""

from __future__ import annotations

import attrs

_INSTANCE = "s.id, s.pin, s.state, s.version, s.links, s.parent, s.root, s.facts, s.business_id"
_DEADLINE = "SELECT stream, state, limit_id, started, due, calendar FROM zhiwen_deadlines WHERE tenant = ?"
_EVENT = "SELECT seq, hash, raw, recorded_at FROM zhiwen_events WHERE tenant = ?"


@attrs.frozen(kw_only=True)
class Dialect:
    """Where the two databases differ (方言). `later` is the database's own clock, some seconds on."""

    array: str
    group: str
    text: str
    last: str
    any: str
    any_number: str
    later: str
    skip_locked: str


SQLITE = Dialect(
    array="json_array",
    group="json_group_array",
    text="",
    last="last_insert_rowid()",
    any="IN (SELECT value FROM json_each(?))",
    any_number="IN (SELECT value FROM json_each(?))",
    later="strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now', ? || ' seconds')",
    skip_locked="",
)
POSTGRES = Dialect(
    array="json_build_array",
    group="json_agg",
    text="::text",
    last="lastval()",
    any="= ANY(?::text[])",
    any_number="= ANY(?::bigint[])",
    later="""to_char((clock_timestamp() + ? * interval '1 second') AT TIME ZONE 'UTC',
  'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
    skip_locked="FOR UPDATE SKIP LOCKED",
)


def _load(d: Dialect, where: str) -> str:
    return f"""
SELECT {_INSTANCE}, s.position, s.head, s.at,
  (SELECT {d.group}({d.array}(machine, state, count)){d.text} FROM zhiwen_counters
   WHERE tenant = s.tenant AND parent = s.id),
  (SELECT {d.group}({d.array}(id, kind, owed_to, due, opened_by)){d.text} FROM
    (SELECT * FROM zhiwen_obligations WHERE tenant = s.tenant AND stream = s.id ORDER BY id) AS o),
  (SELECT {d.group}({d.array}(name, value)){d.text} FROM
    (SELECT name, value FROM zhiwen_sealed WHERE tenant = s.tenant AND stream = s.id AND fact = 1
     ORDER BY position) AS f),
  {_INSTANCE.replace("s.", "p.")}
FROM zhiwen_streams s LEFT JOIN zhiwen_streams p ON p.tenant = s.tenant AND p.id = s.parent
WHERE s.tenant = ? AND s.id {where} AND s.state IS NOT NULL
"""  # noqa: S608  no value is put into the text


@attrs.frozen(kw_only=True)
class Texts:
    """The statements in which the two databases differ (各库语句)."""

    load: str
    load_many: str
    lock: str
    lock_family: str
    insert_out: str
    answers: str
    spent: str


def _texts(d: Dialect, lock: str) -> Texts:
    return Texts(
        load=_load(d, "= ?"),
        load_many=_load(d, d.any),
        lock=f"""
SELECT id, position, head, at, version, links, state FROM zhiwen_streams
WHERE tenant = ? AND id {d.any} ORDER BY id {lock}
""",  # noqa: S608
        lock_family=f"""
SELECT id, position, head, at, version, links, state FROM zhiwen_streams
WHERE tenant = ? AND (id {d.any} OR id IN (SELECT parent FROM zhiwen_streams WHERE tenant = ? AND id {d.any}))
ORDER BY id {lock}
""",  # noqa: S608
        insert_out=f"INSERT INTO zhiwen_outbox (seq, tenant, lane, stream) VALUES ({d.last}, ?, ?, ?)",  # noqa: S608
        spent=f"SELECT hash, content, event FROM zhiwen_keys WHERE tenant = ? AND hash {d.any}",  # noqa: S608
        answers=f"""
SELECT k.hash, k.content, k.event, k.raw, e.raw FROM zhiwen_keys k
LEFT JOIN zhiwen_events e ON e.tenant = k.tenant AND e.id = k.event WHERE k.tenant = ? AND k.hash {d.any}
""",  # noqa: S608
    )


TEXTS = {"sqlite": _texts(SQLITE, ""), "postgresql": _texts(POSTGRES, "FOR UPDATE")}

PIN = """
SELECT machine, machine_version, machine_hash, rulebook, rulebook_version, rulebook_hash FROM zhiwen_pins WHERE pin = ?
"""
ADD_PIN = """
INSERT INTO zhiwen_pins (machine, machine_version, machine_hash, rulebook, rulebook_version, rulebook_hash)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
PIN_ID = "SELECT pin FROM zhiwen_pins WHERE machine_hash = ? AND rulebook_hash = ?"
SPEND = "INSERT INTO zhiwen_keys (tenant, hash, content, event, raw) VALUES (?, ?, ?, ?, ?)"
INSERT_EVENT = """
INSERT INTO zhiwen_events (tenant, stream, position, id, kind, hash, raw, recorded_at,
  machine, "trigger", post, organ, decided_at, correlation)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq
"""
_UNLESS_ARCHIVED = "WHERE NOT EXISTS (SELECT 1 FROM zhiwen_archived WHERE tenant = ? AND stream = ?)"
"""A chain that left for an archive never begins anew beside it."""
OPEN = f"""
INSERT INTO zhiwen_streams
  (tenant, id, position, head, at, pin, machine, state, version, links, parent, root, facts, business_id)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? {_UNLESS_ARCHIVED}
ON CONFLICT (tenant, id) DO UPDATE SET position = excluded.position, head = excluded.head, at = excluded.at,
  pin = excluded.pin, machine = excluded.machine, state = excluded.state, version = excluded.version,
  links = excluded.links, parent = excluded.parent, root = excluded.root, facts = excluded.facts,
  business_id = excluded.business_id
WHERE zhiwen_streams.state IS NULL AND zhiwen_streams.position = ? RETURNING 1
"""
NEW_STREAM = f"""
INSERT INTO zhiwen_streams (tenant, id, position, head, at, version, links)
SELECT ?, ?, ?, ?, ?, 0, 0 {_UNLESS_ARCHIVED} ON CONFLICT DO NOTHING RETURNING 1
"""
MOVE = """
UPDATE zhiwen_streams SET state = ?, version = ?, links = ?, facts = coalesce(?, facts), position = ?, head = ?, at = ?
WHERE tenant = ? AND id = ?
"""
MOVE_IF = """
UPDATE zhiwen_streams SET state = ?, version = ?, facts = coalesce(?, facts), position = ?, head = ?, at = ?
WHERE tenant = ? AND id = ? AND version = ? AND position = ? AND head = ?
RETURNING 1
"""
MOVE_IF_LINKS = MOVE_IF.replace("RETURNING", "AND links = ? RETURNING")
ADVANCE = "UPDATE zhiwen_streams SET links = ?, position = ?, head = ?, at = ? WHERE tenant = ? AND id = ?"
COUNT = """
INSERT INTO zhiwen_counters (tenant, parent, machine, state, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, parent, machine, state) DO UPDATE SET count = zhiwen_counters.count + excluded.count
"""
DROP_ZERO = """
DELETE FROM zhiwen_counters WHERE tenant = ? AND parent = ? AND machine = ? AND state = ? AND count = 0
"""
COUNTERS = "SELECT machine, state, count FROM zhiwen_counters WHERE tenant = ? AND parent = ?"
DISCHARGE = "DELETE FROM zhiwen_obligations WHERE tenant = ? AND stream = ? AND kind = ?"
OBLIGE = """
INSERT INTO zhiwen_obligations (tenant, id, stream, kind, owed_to, due, opened_by) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
OBLIGATIONS = """
SELECT stream, id, kind, owed_to, due, opened_by FROM zhiwen_obligations WHERE tenant = ? AND id > ?
"""
END_DEADLINE = "DELETE FROM zhiwen_deadlines WHERE tenant = ? AND stream = ?"
START_DEADLINE = """
INSERT INTO zhiwen_deadlines (tenant, stream, state, limit_id, started, due, calendar) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, stream) DO UPDATE SET state = excluded.state, limit_id = excluded.limit_id,
  started = excluded.started, due = excluded.due, calendar = excluded.calendar
"""
RUNNING = f"{_DEADLINE} AND stream = ?"
UNDATED = "~"
"""Stands after every day."""
NEVER_DUE = f"{_DEADLINE} AND due IS NULL AND stream > ? ORDER BY stream LIMIT ?"
DUE = f"{_DEADLINE} AND due <= ? AND (due, stream) > (?, ?) ORDER BY due, stream LIMIT ?"
EVENTS = f"{_EVENT} AND seq > ?"
OF_STREAM = " AND stream = ?"
WANTED = {name: f' AND "{name}" = ?' for name in ("machine", "trigger", "kind", "post", "organ", "correlation")}
SINCE = " AND decided_at >= ?"
BEFORE = " AND decided_at < ?"
BY_SEQ = " ORDER BY seq LIMIT ?"
BY_POSITION = " ORDER BY position LIMIT ?"
EVENT = f"{_EVENT} AND id = ?"
LAST_MOVE = f"{_EVENT} AND stream = ? AND kind IN ('opened', 'moved') ORDER BY position DESC LIMIT 1"
INSTANCES = f"SELECT {_INSTANCE} FROM zhiwen_streams s WHERE s.tenant = ? AND s.id > ? AND s.state IS NOT NULL"  # noqa: S608
NAMED = "SELECT id FROM zhiwen_streams WHERE tenant = ? AND machine = ? AND business_id = ?"
SEALED = "SELECT name, stream, fact, salt, value FROM zhiwen_sealed WHERE tenant = ? AND event = ?"
# Once the latest value of a fact is erased it is unknown: an older one must never stand in for it.
SUPERSEDE = "UPDATE zhiwen_sealed SET fact = 0 WHERE tenant = ? AND stream = ? AND name = ? AND fact = 1"
KEEP_SEALED = """
INSERT INTO zhiwen_sealed (tenant, event, name, stream, position, fact, salt, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
ERASE = "DELETE FROM zhiwen_sealed WHERE tenant = ? AND event = ? AND name = ? RETURNING 1"
COUNT_REFUSAL = """
INSERT INTO zhiwen_refusals (tenant, stream, actor, count) VALUES (?, ?, ?, 1)
ON CONFLICT (tenant, stream, actor) DO UPDATE SET count = zhiwen_refusals.count + 1 RETURNING count
"""
FORGET_REFUSALS = "DELETE FROM zhiwen_refusals WHERE tenant = ? AND stream = ?"
FOLDED = "SELECT actor, count FROM zhiwen_refusals WHERE tenant = ? AND stream = ? AND count > ?"
HEADS = "SELECT id, position, head FROM zhiwen_streams WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
HEADS_UPTO = """
SELECT s.id, e.position, e.hash FROM zhiwen_streams s JOIN zhiwen_events e
ON e.tenant = s.tenant AND e.stream = s.id AND e.position = (
  SELECT position FROM zhiwen_events x WHERE x.tenant = s.tenant AND x.stream = s.id AND x.seq <= ?
  ORDER BY position DESC LIMIT 1)
WHERE s.tenant = ? AND s.id > ? ORDER BY s.id LIMIT ?
"""
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM zhiwen_events WHERE tenant = ?"
COUNT_EVENTS = "SELECT count(*) FROM zhiwen_events WHERE tenant = ?"
COUNT_EVENTS_UPTO = f"{COUNT_EVENTS} AND seq <= ?"
COUNT_KEYS = "SELECT count(*) FROM zhiwen_keys WHERE tenant = ? AND event IS NOT NULL"
LOG = """
SELECT seq, stream, position, id, kind, hash, raw FROM zhiwen_events
WHERE tenant = ? AND (stream, position) > (?, ?) ORDER BY stream, position LIMIT ?
"""
STREAMS = f"""
SELECT {_INSTANCE}, s.position, s.head FROM zhiwen_streams s WHERE s.tenant = ? AND s.id > ? ORDER BY s.id LIMIT ?
"""  # noqa: S608
_BETWEEN = "WHERE tenant = ? AND stream > ? AND stream <= ?"
OWED_BETWEEN = f"SELECT stream, id, kind FROM zhiwen_obligations {_BETWEEN}"  # noqa: S608
DEADLINES_BETWEEN = _DEADLINE.replace("WHERE tenant = ?", _BETWEEN)
SEALED_BETWEEN = f"SELECT event, name, stream, fact, salt, value FROM zhiwen_sealed {_BETWEEN}"  # noqa: S608
_COUNTED = """
SELECT parent, machine, state, count(*) AS count FROM zhiwen_streams
WHERE tenant = ? AND parent IS NOT NULL AND state IS NOT NULL GROUP BY parent, machine, state
"""
_COUNTERS = "SELECT parent, machine, state, count FROM zhiwen_counters WHERE tenant = ?"
MISCOUNTED = (
    f"SELECT parent FROM ({_COUNTED} EXCEPT {_COUNTERS}) AS x ORDER BY parent LIMIT 1",  # noqa: S608
    f"SELECT parent FROM ({_COUNTERS} EXCEPT {_COUNTED}) AS x ORDER BY parent LIMIT 1",  # noqa: S608
)
_ORPHAN = """
SELECT x.stream FROM zhiwen_{} x LEFT JOIN zhiwen_streams s ON s.tenant = x.tenant AND s.id = x.stream
WHERE x.tenant = ? AND s.state IS NULL ORDER BY x.stream LIMIT 1
"""
ORPHANS = {
    "obligations": _ORPHAN.format("obligations"),
    "deadlines": _ORPHAN.format("deadlines"),
    "sealed": """
SELECT x.stream FROM zhiwen_sealed x LEFT JOIN zhiwen_events e ON e.tenant = x.tenant AND e.id = x.event
WHERE x.tenant = ? AND (e.id IS NULL OR e.stream <> x.stream OR e.position <> x.position) ORDER BY x.stream LIMIT 1
""",
}
DEFINE = """
INSERT INTO zhiwen_definitions (hash, kind, id, version, content) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
DEFINED = "SELECT hash FROM zhiwen_definitions WHERE kind = ? AND id = ? AND version = ?"
DEFINITION = "SELECT content FROM zhiwen_definitions WHERE hash = ?"
_TOMBSTONE = 'SELECT stream, root, "first", "last", position, head, archive FROM zhiwen_archived WHERE tenant = ?'
ARCHIVED = f"{_TOMBSTONE} AND stream > ? ORDER BY stream LIMIT ?"
ARCHIVED_STREAM = f"{_TOMBSTONE} AND stream = ?"
CLOSED_ROOTS = """
SELECT id FROM zhiwen_streams
WHERE tenant = ? AND id > ? AND parent IS NULL AND state IS NOT NULL AND at < ? ORDER BY id LIMIT ?
"""
FAMILY = """
SELECT s.id, p.machine_hash, s.state, s.at, s.position, s.head,
  EXISTS (SELECT 1 FROM zhiwen_obligations x WHERE x.tenant = s.tenant AND x.stream = s.id)
  OR EXISTS (SELECT 1 FROM zhiwen_deadlines x WHERE x.tenant = s.tenant AND x.stream = s.id),
  EXISTS (SELECT 1 FROM zhiwen_events e JOIN zhiwen_outbox x ON x.seq = e.seq
    WHERE e.tenant = s.tenant AND e.stream = s.id)
FROM zhiwen_streams s JOIN zhiwen_pins p ON p.pin = s.pin WHERE s.tenant = ? AND s.root = ? ORDER BY s.id
"""
BURY = """
INSERT INTO zhiwen_archived (tenant, stream, root, "first", "last", position, head, archive)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
DETACH = (
    "DELETE FROM zhiwen_events WHERE tenant = ? AND stream = ?",
    "DELETE FROM zhiwen_sealed WHERE tenant = ? AND stream = ?",
    "DELETE FROM zhiwen_refusals WHERE tenant = ? AND stream = ?",
    "DELETE FROM zhiwen_counters WHERE tenant = ? AND parent = ?",
    "DELETE FROM zhiwen_streams WHERE tenant = ? AND id = ?",
)
SPEND_ON_ARCHIVE = "UPDATE zhiwen_keys SET event = NULL, raw = NULL WHERE tenant = ? AND hash = ?"
