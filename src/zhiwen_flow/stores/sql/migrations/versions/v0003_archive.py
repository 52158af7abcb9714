"""
The archive (归档): what was detached, and who alone may detach it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from zhiwen_flow.stores.sql.migrations.append_only import allow_archiving, forbid_changes

revision = "0003"
down_revision = "0002"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of what was archived; let events leave only for it."""
    dialect = op.get_context().dialect.name
    op.create_table(
        "zhiwen_archived",
        sa.Column("tenant", WORD, primary_key=True, nullable=False),
        sa.Column("stream", WORD, primary_key=True, nullable=False),
        sa.Column("root", WORD, nullable=False),
        sa.Column("first", NUMBER, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("head", WORD, nullable=False),
        sa.Column("archive", WORD, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("zhiwen_streams_by_root", "zhiwen_streams", ["tenant", "root", "id"])
    for statement in (*forbid_changes("archived", dialect), *allow_archiving(dialect)):
        op.execute(statement)
