"""
The tables of the SQL store (数据表), as SQLAlchemy knows them: for hosts that join them, and to check migrations by.

Every text compares by bytes, so that both databases put ids in one order. Days and moments are ISO text, moments in
UTC: they sort, and no driver setting of a host changes how they are read.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

PREFIX = "zhiwen_"
"""Stands before every table, so that they may lie in a host's own database."""

Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData()


def _table(name: str, *parts: Any, **more: Any) -> sa.Table:
    return sa.Table(PREFIX + name, metadata, *parts, **more)


def _column(name: str, kind: Any = Word, *parts: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *parts, nullable=more.pop("nullable", False), **more)


def _tenant() -> sa.Column[Any]:
    return _column("tenant", Word, primary_key=True)


meta = _table("meta", _column("name", Word, primary_key=True), _column("value", Word), sqlite_with_rowid=False)
definitions = _table(
    "definitions",
    _column("hash", Word, primary_key=True),
    _column("kind"),
    _column("id"),
    _column("version"),
    _column("content", sa.LargeBinary()),
    sa.UniqueConstraint("kind", "id", "version", name="zhiwen_definitions_once"),
    sqlite_with_rowid=False,
)
pins = _table(
    "pins",
    _column("pin", Number, sa.Identity(), primary_key=True),
    _column("machine"),
    _column("machine_version"),
    _column("machine_hash"),
    _column("rulebook"),
    _column("rulebook_version"),
    _column("rulebook_hash"),
    sa.UniqueConstraint("machine_hash", "rulebook_hash", name="zhiwen_pins_once"),
)
streams = _table(
    "streams",
    _tenant(),
    _column("id", Word, primary_key=True),
    _column("position", Number),
    _column("head"),
    _column("at"),
    _column("pin", Number, sa.ForeignKey("zhiwen_pins.pin", name="zhiwen_streams_pin"), nullable=True),
    _column("machine", Word, nullable=True),
    _column("state", Word, nullable=True),
    _column("version", Number),
    _column("links", Number),
    _column("parent", Word, nullable=True),
    _column("root", Word, nullable=True),
    _column("facts", Word, nullable=True),
    _column("business_id", Word, nullable=True),
    sa.Index("zhiwen_streams_by_parent", "tenant", "parent", "id"),
    sa.Index("zhiwen_streams_by_state", "tenant", "machine", "state", "id"),
    sa.Index("zhiwen_streams_by_business_id", "tenant", "machine", "business_id", unique=True),
    sqlite_with_rowid=False,
)
events = _table(
    "events",
    _column("seq", Number, sa.Identity(), primary_key=True),
    _column("tenant"),
    _column("stream"),
    _column("position", Number),
    _column("id"),
    _column("kind"),
    _column("hash"),
    _column("raw", sa.LargeBinary()),
    _column("recorded_at"),
    _column("machine", Word, nullable=True),
    _column("trigger", Word, nullable=True),
    _column("post", Word, nullable=True),
    _column("organ", Word, nullable=True),
    _column("decided_at", Word, nullable=True),
    _column("correlation", Word, nullable=True),
    sa.UniqueConstraint("tenant", "stream", "position", name="zhiwen_events_in_order"),
    sa.UniqueConstraint("tenant", "id", name="zhiwen_events_once"),
    sa.Index("zhiwen_events_by_seq", "tenant", "seq"),
    sa.Index("zhiwen_events_by_post", "tenant", "post", "seq"),
    sqlite_autoincrement=True,
)
counters = _table(
    "counters",
    _tenant(),
    _column("parent", Word, primary_key=True),
    _column("machine", Word, primary_key=True),
    _column("state", Word, primary_key=True),
    _column("count", Number),
    sqlite_with_rowid=False,
)
obligations = _table(
    "obligations",
    _tenant(),
    _column("id", Word, primary_key=True),
    _column("stream"),
    _column("kind"),
    _column("owed_to", Word, nullable=True),
    _column("due", Word, nullable=True),
    _column("opened_by", Word, nullable=True),
    sa.Index("zhiwen_obligations_by_stream", "tenant", "stream", "kind"),
    sqlite_with_rowid=False,
)
deadlines = _table(
    "deadlines",
    _tenant(),
    _column("stream", Word, primary_key=True),
    _column("state"),
    _column("limit_id"),
    _column("started"),
    _column("due", Word, nullable=True),
    _column("calendar", Word, nullable=True),
    sa.Index("zhiwen_deadlines_by_due", "tenant", "due", "stream"),
    sqlite_with_rowid=False,
)
keys = _table(
    "keys",
    _tenant(),
    _column("hash", Word, primary_key=True),
    _column("content"),
    _column("event", Word, nullable=True),
    _column("raw", sa.LargeBinary(), nullable=True),
    sqlite_with_rowid=False,
)
sealed = _table(
    "sealed",
    _tenant(),
    _column("event", Word, primary_key=True),
    _column("name", Word, primary_key=True),
    _column("stream"),
    _column("position", Number),
    _column("fact", Number),
    _column("salt", sa.LargeBinary()),
    _column("value"),
    sa.Index("zhiwen_sealed_by_stream", "tenant", "stream", "fact", "position"),
    sqlite_with_rowid=False,
)
refusals = _table(
    "refusals",
    _tenant(),
    _column("stream", Word, primary_key=True),
    _column("actor", Word, primary_key=True),
    _column("count", Number),
    sqlite_with_rowid=False,
)
outbox = _table(
    "outbox",
    _column("seq", Number, primary_key=True, autoincrement=False),
    _column("tenant"),
    _column("lane", Number),
    _column("stream"),
    sa.Index("zhiwen_outbox_by_lane", "tenant", "lane", "seq"),
)
held = _table(
    "held",
    _tenant(),
    _column("stream", Word, primary_key=True),
    _column("lane", Number),
    _column("seq", Number),
    _column("event"),
    _column("attempts", Number),
    _column("until"),
    _column("dead", Number),
    _column("error"),
    sqlite_with_rowid=False,
)
skipped = _table(
    "skipped",
    _tenant(),
    _column("event", Word, primary_key=True),
    _column("stream"),
    _column("error"),
    _column("reason"),
    _column("at"),
    sqlite_with_rowid=False,
)
lanes = _table(
    "lanes",
    _tenant(),
    _column("lane", Number, primary_key=True, autoincrement=False),
    _column("owner", Word, nullable=True),
    _column("until", Word, nullable=True),
    sqlite_with_rowid=False,
)
