"""
The spine (基本数据表): streams with their instances, events, definitions, counters, obligations, deadlines, keys.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from zhiwen_flow.stores.sql.migrations.append_only import forbid_changes

revision = "0001"
down_revision = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
_IDENTITY = {"parts": (sa.Identity(),)}


def upgrade() -> None:
    """Make the tables."""
    _create("meta", {"name": WORD}, {"value": WORD})
    op.execute("INSERT INTO zhiwen_meta (name, value) VALUES ('product', 'zhiwen_flow')")
    _definitions()
    _streams()
    _events()
    _create("counters", _keyed("parent", "machine", "state"), {"count": NUMBER})
    owed = {"stream": WORD, "kind": WORD, "owed_to": None, "due": None, "opened_by": None}
    _create("obligations", _keyed("id"), owed)
    op.create_index("zhiwen_obligations_by_stream", "zhiwen_obligations", ["tenant", "stream", "kind"])
    running = {"state": WORD, "limit_id": WORD, "started": WORD, "due": None, "calendar": None}
    _create("deadlines", _keyed("stream"), running)
    op.create_index("zhiwen_deadlines_by_due", "zhiwen_deadlines", ["tenant", "due", "stream"])
    _create("keys", _keyed("hash"), {"content": WORD, "event": None, "raw": BYTES}, optional=("raw",))
    kept = {"stream": WORD, "position": NUMBER, "fact": NUMBER, "salt": BYTES, "value": WORD}
    _create("sealed", _keyed("event", "name"), kept)
    op.create_index("zhiwen_sealed_by_stream", "zhiwen_sealed", ["tenant", "stream", "fact", "position"])
    _create("refusals", _keyed("stream", "actor"), {"count": NUMBER})
    for name in ("events", "definitions"):
        for statement in forbid_changes(name, op.get_context().dialect.name):
            op.execute(statement)


def _definitions() -> None:
    told = {"kind": WORD, "id": WORD, "version": WORD, "content": BYTES}
    once = sa.UniqueConstraint("kind", "id", "version", name="zhiwen_definitions_once")
    _create("definitions", {"hash": WORD}, told, once)
    names = ("machine", "machine_version", "machine_hash", "rulebook", "rulebook_version", "rulebook_hash")
    op.create_table(
        "zhiwen_pins",
        sa.Column("pin", NUMBER, sa.Identity(), primary_key=True),
        *(sa.Column(name, WORD, nullable=False) for name in names),
        sa.UniqueConstraint("machine_hash", "rulebook_hash", name="zhiwen_pins_once"),
    )


def _streams() -> None:
    known = {"position": NUMBER, "head": WORD, "at": WORD, "pin": NUMBER, "machine": None, "state": None}
    known |= {"version": NUMBER, "links": NUMBER, "parent": None, "root": None, "facts": None}
    pinned = sa.ForeignKeyConstraint(["pin"], ["zhiwen_pins.pin"], name="zhiwen_streams_pin")
    _create("streams", _keyed("id"), known, pinned, optional=("pin",))
    op.create_index("zhiwen_streams_by_parent", "zhiwen_streams", ["tenant", "parent", "id"])
    op.create_index("zhiwen_streams_by_state", "zhiwen_streams", ["tenant", "machine", "state", "id"])


def _events() -> None:
    names = ("tenant", "stream", "position", "id", "kind", "hash", "raw", "recorded_at")
    kinds: dict[str, Any] = {"position": NUMBER, "raw": BYTES}
    op.create_table(
        "zhiwen_events",
        sa.Column("seq", NUMBER, sa.Identity(), primary_key=True),
        *(sa.Column(name, kinds.get(name, WORD), nullable=False) for name in names),
        sa.UniqueConstraint("tenant", "stream", "position", name="zhiwen_events_in_order"),
        sa.UniqueConstraint("tenant", "id", name="zhiwen_events_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("zhiwen_events_by_seq", "zhiwen_events", ["tenant", "seq"])


def _keyed(*names: str) -> dict[str, Any]:
    return dict.fromkeys(("tenant", *names), WORD)


def _create(
    name: str, keys: dict[str, Any], others: dict[str, Any], *constraints: Any, optional: tuple[str, ...] = ()
) -> None:
    """Make a table; a column given as None is a text that may be missing."""
    op.create_table(
        f"zhiwen_{name}",
        *(sa.Column(each, kind, primary_key=True, nullable=False) for each, kind in keys.items()),
        *(
            sa.Column(each, kind if kind is not None else WORD, nullable=kind is None or each in optional)
            for each, kind in others.items()
        ),
        *constraints,
        sqlite_with_rowid=False,
    )
