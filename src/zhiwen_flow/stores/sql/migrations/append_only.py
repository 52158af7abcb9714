"""
What keeps a table append-only in the database itself (只增不改): triggers, which no client can forget.
"""

from __future__ import annotations

FUNCTION = """
CREATE OR REPLACE FUNCTION zhiwen_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'integrity_constraint_violation';
END $$
"""


def forbid_changes(table: str, dialect: str) -> list[str]:
    """
    Give the statements that refuse every update and delete of a table (禁止改删).

    >>> forbid_changes("events", "sqlite")[0].split(" BEGIN")[0]
    'CREATE TRIGGER zhiwen_events_no_update BEFORE UPDATE ON zhiwen_events'
    """
    full = f"zhiwen_{table}"
    if dialect == "sqlite":
        said = f"BEGIN SELECT RAISE(ABORT, '{full} is append-only'); END"
        return [
            f"CREATE TRIGGER {full}_no_{each.lower()} BEFORE {each} ON {full} {said}" for each in ("UPDATE", "DELETE")
        ]
    run = "EXECUTE FUNCTION zhiwen_append_only()"
    rows = f"CREATE TRIGGER {full}_no_change BEFORE UPDATE OR DELETE ON {full} FOR EACH ROW {run}"
    return [FUNCTION.strip(), rows, f"CREATE TRIGGER {full}_no_truncate BEFORE TRUNCATE ON {full} {run}"]


def allow_changes(table: str, dialect: str) -> list[str]:
    """Give the statements that lift the ban (解除禁止), for a migration that fills a new column."""
    full = f"zhiwen_{table}"
    if dialect == "sqlite":
        return [f"DROP TRIGGER {full}_no_{each}" for each in ("update", "delete")]
    return [f"DROP TRIGGER {full}_no_{each} ON {full}" for each in ("change", "truncate")]
