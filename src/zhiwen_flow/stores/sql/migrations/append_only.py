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


ARCHIVIST = "zhiwen_archivist"
"""The role under which alone events may leave, on PostgreSQL."""

_ARCHIVE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION zhiwen_archive_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE archived boolean := false;
BEGIN
  IF current_user = '{ARCHIVIST}' THEN
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
      || '.zhiwen_archived WHERE tenant = $1 AND stream = $2)'
    INTO archived USING OLD.tenant, OLD.stream;
  END IF;
  IF archived THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'integrity_constraint_violation';
END $$
"""  # noqa: S608  constants only


def allow_archiving(dialect: str) -> list[str]:
    """
    Give the statements that let events leave once it is written that they are archived (允许归档).

    On PostgreSQL the role must be `ARCHIVIST` as well; SQLite has no roles.
    """
    if dialect == "sqlite":
        said = "BEGIN SELECT RAISE(ABORT, 'zhiwen_events is append-only'); END"
        known = "SELECT 1 FROM zhiwen_archived WHERE tenant = OLD.tenant AND stream = OLD.stream"
        return [
            "DROP TRIGGER zhiwen_events_no_delete",
            f"CREATE TRIGGER zhiwen_events_no_delete BEFORE DELETE ON zhiwen_events WHEN NOT EXISTS ({known}) {said}",
        ]
    row = "FOR EACH ROW EXECUTE FUNCTION"
    return [
        _ARCHIVE_FUNCTION.strip(),
        "DROP TRIGGER zhiwen_events_no_change ON zhiwen_events",
        f"CREATE TRIGGER zhiwen_events_no_update BEFORE UPDATE ON zhiwen_events {row} zhiwen_append_only()",
        f"CREATE TRIGGER zhiwen_events_no_delete BEFORE DELETE ON zhiwen_events {row} zhiwen_archive_only()",
    ]
