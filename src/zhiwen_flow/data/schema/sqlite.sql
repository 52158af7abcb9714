CREATE TABLE zhiwen_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT zhiwen_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE zhiwen_meta (
    name TEXT NOT NULL, 
    value TEXT NOT NULL, 
    PRIMARY KEY (name)
)
 WITHOUT ROWID;

INSERT INTO zhiwen_meta (name, value) VALUES ('product', 'zhiwen_flow');

CREATE TABLE zhiwen_definitions (
    hash TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    id TEXT NOT NULL, 
    version TEXT NOT NULL, 
    content BLOB NOT NULL, 
    PRIMARY KEY (hash), 
    CONSTRAINT zhiwen_definitions_once UNIQUE (kind, id, version)
)
 WITHOUT ROWID;

CREATE TABLE zhiwen_pins (
    pin INTEGER NOT NULL, 
    machine TEXT NOT NULL, 
    machine_version TEXT NOT NULL, 
    machine_hash TEXT NOT NULL, 
    rulebook TEXT NOT NULL, 
    rulebook_version TEXT NOT NULL, 
    rulebook_hash TEXT NOT NULL, 
    PRIMARY KEY (pin), 
    CONSTRAINT zhiwen_pins_once UNIQUE (machine_hash, rulebook_hash)
);

CREATE TABLE zhiwen_streams (
    tenant TEXT NOT NULL, 
    id TEXT NOT NULL, 
    position INTEGER NOT NULL, 
    head TEXT NOT NULL, 
    at TEXT NOT NULL, 
    pin INTEGER, 
    machine TEXT, 
    state TEXT, 
    version INTEGER NOT NULL, 
    links INTEGER NOT NULL, 
    parent TEXT, 
    root TEXT, 
    facts TEXT, 
    PRIMARY KEY (tenant, id), 
    CONSTRAINT zhiwen_streams_pin FOREIGN KEY(pin) REFERENCES zhiwen_pins (pin)
)
 WITHOUT ROWID;

CREATE INDEX zhiwen_streams_by_parent ON zhiwen_streams (tenant, parent, id);

CREATE INDEX zhiwen_streams_by_state ON zhiwen_streams (tenant, machine, state, id);

CREATE TABLE zhiwen_events (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
    tenant TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    position INTEGER NOT NULL, 
    id TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    hash TEXT NOT NULL, 
    raw BLOB NOT NULL, 
    recorded_at TEXT NOT NULL, 
    CONSTRAINT zhiwen_events_in_order UNIQUE (tenant, stream, position), 
    CONSTRAINT zhiwen_events_once UNIQUE (tenant, id)
);

CREATE INDEX zhiwen_events_by_seq ON zhiwen_events (tenant, seq);

CREATE TABLE zhiwen_counters (
    tenant TEXT NOT NULL, 
    parent TEXT NOT NULL, 
    machine TEXT NOT NULL, 
    state TEXT NOT NULL, 
    count INTEGER NOT NULL, 
    PRIMARY KEY (tenant, parent, machine, state)
)
 WITHOUT ROWID;

CREATE TABLE zhiwen_obligations (
    tenant TEXT NOT NULL, 
    id TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    owed_to TEXT, 
    due TEXT, 
    opened_by TEXT, 
    PRIMARY KEY (tenant, id)
)
 WITHOUT ROWID;

CREATE INDEX zhiwen_obligations_by_stream ON zhiwen_obligations (tenant, stream, kind);

CREATE TABLE zhiwen_deadlines (
    tenant TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    state TEXT NOT NULL, 
    limit_id TEXT NOT NULL, 
    started TEXT NOT NULL, 
    due TEXT, 
    calendar TEXT, 
    PRIMARY KEY (tenant, stream)
)
 WITHOUT ROWID;

CREATE INDEX zhiwen_deadlines_by_due ON zhiwen_deadlines (tenant, due, stream);

CREATE TABLE zhiwen_keys (
    tenant TEXT NOT NULL, 
    hash TEXT NOT NULL, 
    content TEXT NOT NULL, 
    event TEXT, 
    raw BLOB, 
    PRIMARY KEY (tenant, hash)
)
 WITHOUT ROWID;

CREATE TABLE zhiwen_sealed (
    tenant TEXT NOT NULL, 
    event TEXT NOT NULL, 
    name TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    position INTEGER NOT NULL, 
    fact INTEGER NOT NULL, 
    salt BLOB NOT NULL, 
    value TEXT NOT NULL, 
    PRIMARY KEY (tenant, event, name)
)
 WITHOUT ROWID;

CREATE INDEX zhiwen_sealed_by_stream ON zhiwen_sealed (tenant, stream, fact, position);

CREATE TABLE zhiwen_refusals (
    tenant TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    actor TEXT NOT NULL, 
    count INTEGER NOT NULL, 
    PRIMARY KEY (tenant, stream, actor)
)
 WITHOUT ROWID;

CREATE TRIGGER zhiwen_events_no_update BEFORE UPDATE ON zhiwen_events BEGIN SELECT RAISE(ABORT, 'zhiwen_events is append-only'); END;

CREATE TRIGGER zhiwen_events_no_delete BEFORE DELETE ON zhiwen_events BEGIN SELECT RAISE(ABORT, 'zhiwen_events is append-only'); END;

CREATE TRIGGER zhiwen_definitions_no_update BEFORE UPDATE ON zhiwen_definitions BEGIN SELECT RAISE(ABORT, 'zhiwen_definitions is append-only'); END;

CREATE TRIGGER zhiwen_definitions_no_delete BEFORE DELETE ON zhiwen_definitions BEGIN SELECT RAISE(ABORT, 'zhiwen_definitions is append-only'); END;

INSERT INTO zhiwen_version (version_num) VALUES ('0001') RETURNING version_num;

-- Running upgrade 0001 -> 0002

ALTER TABLE zhiwen_streams ADD COLUMN business_id TEXT;

CREATE UNIQUE INDEX zhiwen_streams_by_business_id ON zhiwen_streams (tenant, machine, business_id);

ALTER TABLE zhiwen_events ADD COLUMN machine TEXT;

ALTER TABLE zhiwen_events ADD COLUMN "trigger" TEXT;

ALTER TABLE zhiwen_events ADD COLUMN post TEXT;

ALTER TABLE zhiwen_events ADD COLUMN organ TEXT;

ALTER TABLE zhiwen_events ADD COLUMN decided_at TEXT;

ALTER TABLE zhiwen_events ADD COLUMN correlation TEXT;

CREATE INDEX zhiwen_events_by_post ON zhiwen_events (tenant, post, seq);

CREATE TABLE zhiwen_outbox (
    seq INTEGER NOT NULL, 
    tenant TEXT NOT NULL, 
    lane INTEGER NOT NULL, 
    stream TEXT NOT NULL, 
    PRIMARY KEY (seq)
);

CREATE INDEX zhiwen_outbox_by_lane ON zhiwen_outbox (tenant, lane, seq);

CREATE TABLE zhiwen_held (
    tenant TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    lane INTEGER NOT NULL, 
    seq INTEGER NOT NULL, 
    event TEXT NOT NULL, 
    attempts INTEGER NOT NULL, 
    until TEXT NOT NULL, 
    dead INTEGER NOT NULL, 
    error TEXT NOT NULL, 
    PRIMARY KEY (tenant, stream)
)
 WITHOUT ROWID;

CREATE TABLE zhiwen_skipped (
    tenant TEXT NOT NULL, 
    event TEXT NOT NULL, 
    stream TEXT NOT NULL, 
    error TEXT NOT NULL, 
    reason TEXT NOT NULL, 
    at TEXT NOT NULL, 
    PRIMARY KEY (tenant, event)
)
 WITHOUT ROWID;

CREATE TABLE zhiwen_lanes (
    tenant TEXT NOT NULL, 
    lane INTEGER NOT NULL, 
    owner TEXT, 
    until TEXT, 
    PRIMARY KEY (tenant, lane)
)
 WITHOUT ROWID;

UPDATE zhiwen_version SET version_num='0002' WHERE zhiwen_version.version_num = '0001';
