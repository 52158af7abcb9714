"""
Publishing and asking (发布与查询): the outbox with its lanes, what histories ask for, and the host's own ids.
"""

from __future__ import annotations

import datetime as dt
import json

import sqlalchemy as sa
from alembic import op

from zhiwen_flow.stores.sql.migrations.append_only import allow_changes, forbid_changes

revision = "0002"
down_revision = "0001"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ASKED = ("machine", "trigger", "post", "organ", "decided_at", "correlation")
PAGE = 1000


def upgrade() -> None:
    """Add tables and columns, and fill the new columns of events from their bodies."""
    op.add_column("zhiwen_streams", sa.Column("business_id", WORD))
    ids = ["tenant", "machine", "business_id"]
    op.create_index("zhiwen_streams_by_business_id", "zhiwen_streams", ids, unique=True)
    for name in ASKED:
        op.add_column("zhiwen_events", sa.Column(name, WORD))
    if not op.get_context().as_sql:
        _fill()
    op.create_index("zhiwen_events_by_post", "zhiwen_events", ["tenant", "post", "seq"])
    _publishing()


def _publishing() -> None:
    """Add what a relay reads: events that wait, streams that are held back, what was given up, and who reads."""
    op.create_table(
        "zhiwen_outbox",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        *_words("tenant"),
        sa.Column("lane", NUMBER, nullable=False),
        *_words("stream"),
    )
    op.create_index("zhiwen_outbox_by_lane", "zhiwen_outbox", ["tenant", "lane", "seq"])
    op.create_table(
        "zhiwen_held",
        _tenant(),
        sa.Column("stream", WORD, primary_key=True, nullable=False),
        sa.Column("lane", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        *_words("event"),
        sa.Column("attempts", NUMBER, nullable=False),
        *_words("until"),
        sa.Column("dead", NUMBER, nullable=False),
        *_words("error"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "zhiwen_skipped",
        _tenant(),
        sa.Column("event", WORD, primary_key=True, nullable=False),
        *_words("stream", "error", "reason", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "zhiwen_lanes",
        _tenant(),
        sa.Column("lane", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("owner", WORD),
        sa.Column("until", WORD),
        sqlite_with_rowid=False,
    )


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", WORD, primary_key=True, nullable=False)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, WORD, nullable=False) for name in names]


def _fill() -> None:
    """Fill page by page; what is written is what the event says, so a run that was cut short may be repeated."""
    connection, dialect, after = op.get_bind(), op.get_context().dialect.name, 0
    for statement in allow_changes("events", dialect):
        op.execute(statement)
    read = sa.text("SELECT seq, raw FROM zhiwen_events WHERE seq > :after ORDER BY seq LIMIT :page")
    names = ", ".join(f'"{name}" = :{name}' for name in ASKED)
    write = sa.text(f"UPDATE zhiwen_events SET {names} WHERE seq = :seq")  # noqa: S608  names are constants above
    while rows := connection.execute(read, {"after": after, "page": PAGE}).all():
        connection.execute(write, [{"seq": seq, **_asked(json.loads(bytes(raw)))} for seq, raw in rows])
        after = rows[-1][0]
    for statement in forbid_changes("events", dialect):
        op.execute(statement)


def _asked(body: dict[str, object]) -> dict[str, object]:
    actor, machine = body["actor"], body["machine"]
    assert isinstance(actor, dict)
    assert isinstance(machine, dict)
    decided = dt.datetime.fromisoformat(str(body["decided_at"])).astimezone(dt.UTC)
    return {
        "machine": machine["id"],
        "trigger": body["trigger"],
        "post": actor["post"],
        "organ": actor["organ"],
        "decided_at": decided.isoformat(timespec="microseconds"),
        "correlation": body["correlation"],
    }
