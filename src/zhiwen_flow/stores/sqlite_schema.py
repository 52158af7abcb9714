"""
The tables of the SQLite store (数据表). Events and definitions are append-only, and triggers enforce it.
"""

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE definitions (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, content BLOB NOT NULL,
    UNIQUE (kind, id, version)
) WITHOUT ROWID;
CREATE TABLE pins (
    pin INTEGER PRIMARY KEY, machine TEXT NOT NULL, machine_version TEXT NOT NULL, machine_hash TEXT NOT NULL,
    rulebook TEXT NOT NULL, rulebook_version TEXT NOT NULL, rulebook_hash TEXT NOT NULL,
    UNIQUE (machine_hash, rulebook_hash)
);
CREATE TABLE streams (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, position INTEGER NOT NULL, head TEXT NOT NULL,
    PRIMARY KEY (tenant, stream)
) WITHOUT ROWID;
CREATE TABLE instances (
    tenant TEXT NOT NULL, id TEXT NOT NULL, pin INTEGER NOT NULL REFERENCES pins, state TEXT NOT NULL,
    version INTEGER NOT NULL, links INTEGER NOT NULL, parent TEXT, root TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX instances_by_parent ON instances (tenant, parent, id) WHERE parent IS NOT NULL;
CREATE INDEX instances_by_state ON instances (tenant, pin, state, id);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, stream TEXT NOT NULL, position INTEGER NOT NULL,
    id TEXT NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL, raw BLOB NOT NULL, recorded_at TEXT NOT NULL,
    UNIQUE (tenant, stream, position), UNIQUE (tenant, id)
);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER definitions_stay BEFORE UPDATE ON definitions
BEGIN SELECT RAISE (ABORT, 'definitions are append-only'); END;
CREATE TABLE counters (
    tenant TEXT NOT NULL, parent TEXT NOT NULL, machine TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (tenant, parent, machine, state)
) WITHOUT ROWID;
CREATE TABLE obligations (
    tenant TEXT NOT NULL, id TEXT NOT NULL, stream TEXT NOT NULL, kind TEXT NOT NULL, owed_to TEXT, due TEXT,
    opened_by TEXT, PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX obligations_by_stream ON obligations (tenant, stream, kind);
CREATE TABLE deadlines (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, state TEXT NOT NULL, limit_id TEXT NOT NULL, started TEXT NOT NULL,
    due TEXT, calendar TEXT, PRIMARY KEY (tenant, stream)
) WITHOUT ROWID;
CREATE INDEX deadlines_by_due ON deadlines (tenant, due);
CREATE TABLE keys (
    tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, event TEXT, raw BLOB,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE TABLE sealed (
    tenant TEXT NOT NULL, event TEXT NOT NULL, name TEXT NOT NULL, stream TEXT NOT NULL, fact INTEGER NOT NULL,
    salt BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant, event, name)
) WITHOUT ROWID;
CREATE INDEX sealed_facts ON sealed (tenant, stream) WHERE fact;
CREATE TABLE refusals (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, actor TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (tenant, stream, actor)
) WITHOUT ROWID;
"""
"""The schema of version 1."""
