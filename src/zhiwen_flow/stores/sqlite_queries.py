"""
The statements of the SQLite store (SQL 语句), constant text with bound parameters.
"""

_INSTANCE = "i.id, i.pin, i.state, i.version, i.links, i.parent, i.root, i.facts"

LOAD = f"""
SELECT {_INSTANCE},
  (SELECT json_group_array(json_array(machine, state, count)) FROM counters WHERE tenant = i.tenant AND parent = i.id),
  (SELECT json_group_array(json_array(id, kind, owed_to, due, opened_by)) FROM
    (SELECT * FROM obligations WHERE tenant = i.tenant AND stream = i.id ORDER BY id)),
  (SELECT json_group_array(json_array(name, value)) FROM
    (SELECT s.name, s.value FROM sealed s JOIN events e ON e.tenant = s.tenant AND e.id = s.event
     WHERE s.tenant = i.tenant AND s.stream = i.id AND s.fact ORDER BY e.seq)),
  {_INSTANCE.replace("i.", "p.")}
FROM instances i LEFT JOIN instances p ON p.tenant = i.tenant AND p.id = i.parent
WHERE i.tenant = ? AND i.id = ?
"""  # noqa: S608  no value is put into the text
PIN = """
SELECT machine, machine_version, machine_hash, rulebook, rulebook_version, rulebook_hash FROM pins WHERE pin = ?
"""
ADD_PIN = """
INSERT INTO pins (machine, machine_version, machine_hash, rulebook, rulebook_version, rulebook_hash)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
PIN_ID = "SELECT pin FROM pins WHERE machine_hash = ? AND rulebook_hash = ?"
ANSWER = """
SELECT k.content, k.event, k.raw, e.raw FROM keys k
LEFT JOIN events e ON e.tenant = k.tenant AND e.id = k.event WHERE k.tenant = ? AND k.key = ?
"""
SPEND = "INSERT INTO keys (tenant, key, content, event, raw) VALUES (?, ?, ?, ?, ?)"
VERSION = "SELECT version, links FROM instances WHERE tenant = ? AND id = ?"
HEAD = """
SELECT s.position, s.head, (SELECT version FROM instances WHERE tenant = ? AND id = ?)
FROM (SELECT 1) LEFT JOIN streams s ON s.tenant = ? AND s.stream = ?
"""
SET_HEAD = """
INSERT INTO streams (tenant, stream, position, head) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, stream) DO UPDATE SET position = excluded.position, head = excluded.head
"""
INSERT_EVENT = """
INSERT INTO events (tenant, stream, position, id, kind, hash, raw, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
OPEN = """
INSERT INTO instances (tenant, id, pin, state, version, links, parent, root, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
MOVE = """
UPDATE instances SET state = ?, version = version + 1, facts = ifnull(?, facts) WHERE tenant = ? AND id = ?
"""
TOUCH = "UPDATE instances SET links = links + 1 WHERE tenant = ? AND id = ?"
COUNT = """
INSERT INTO counters (tenant, parent, machine, state, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, parent, machine, state) DO UPDATE SET count = count + excluded.count
"""
DROP_ZERO = "DELETE FROM counters WHERE tenant = ? AND parent = ? AND machine = ? AND state = ? AND count = 0"
COUNTERS = "SELECT machine, state, count FROM counters WHERE tenant = ? AND parent = ?"
DISCHARGE = "DELETE FROM obligations WHERE tenant = ? AND stream = ? AND kind = ?"
OBLIGE = """
INSERT INTO obligations (tenant, id, stream, kind, owed_to, due, opened_by) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
OBLIGATIONS = """
SELECT stream, id, kind, owed_to, due, opened_by FROM obligations
WHERE tenant = ? AND id > ? AND (? IS NULL OR stream = ?) ORDER BY id LIMIT ?
"""
END_DEADLINE = "DELETE FROM deadlines WHERE tenant = ? AND stream = ?"
START_DEADLINE = """
INSERT INTO deadlines (tenant, stream, state, limit_id, started, due, calendar) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_DEADLINE = "SELECT stream, state, limit_id, started, due, calendar FROM deadlines WHERE tenant = ?"
RUNNING = f"{_DEADLINE} AND stream = ?"
DEADLINES = f"{_DEADLINE} ORDER BY due IS NULL, due, stream LIMIT ?"
DUE = f"{_DEADLINE} AND due <= ? ORDER BY due, stream LIMIT ?"
_EVENT = "SELECT seq, hash, raw, recorded_at FROM events WHERE tenant = ?"
EVENTS = f"{_EVENT} AND seq > ? ORDER BY seq LIMIT ?"
STREAM_EVENTS = f"{_EVENT} AND stream = ? AND seq > ? ORDER BY position LIMIT ?"
EVENT = f"{_EVENT} AND id = ?"
LAST_MOVE = f"{_EVENT} AND stream = ? AND kind IN ('opened', 'moved') ORDER BY position DESC LIMIT 1"
INSTANCES = f"""
SELECT {_INSTANCE} FROM instances i JOIN pins ON pins.pin = i.pin
WHERE i.tenant = :tenant AND i.id > :after AND (:machine IS NULL OR pins.machine = :machine)
  AND (:state IS NULL OR i.state = :state) AND (:parent IS NULL OR i.parent = :parent)
ORDER BY i.id LIMIT :limit
"""  # noqa: S608  no value is put into the text
SEALED = "SELECT name, stream, fact, salt, value FROM sealed WHERE tenant = ? AND event = ?"
KEEP_SEALED = """
INSERT INTO sealed (tenant, event, name, stream, fact, salt, value) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
ERASE = "DELETE FROM sealed WHERE tenant = ? AND event = ? AND name = ?"
COUNT_REFUSAL = """
INSERT INTO refusals (tenant, stream, actor, count) VALUES (?, ?, ?, 1)
ON CONFLICT (tenant, stream, actor) DO UPDATE SET count = count + 1 RETURNING count
"""
FORGET_REFUSALS = "DELETE FROM refusals WHERE tenant = ? AND stream = ?"
FOLDED = "SELECT actor, count FROM refusals WHERE tenant = ? AND stream = ? AND count > ?"
HEADS = "SELECT stream, position, head FROM streams WHERE tenant = ? ORDER BY stream"
DEFINE = "INSERT INTO definitions (hash, kind, id, version, content) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
