"""
The revisions of the schema (数据表版本), oldest first; the last is the one that this program reads and writes.
"""

from __future__ import annotations

from collections.abc import Callable

from zhiwen_flow.errors import StoreError

REVISIONS = ("0001", "0002", "0003")
HEAD_REVISION = REVISIONS[-1]
VERSION_TABLE = "zhiwen_version"
UNMARKED = ""
HALF_MADE = (
    "has tables of zhiwen_flow and no version of them: a script was cut short; restore it from the backup, "
    "or drop the tables named zhiwen_… if they were being made, and run `zhiwen-flow store migrate URL`"
)


def check_revision(found: str | None, where: str, create: Callable[[], None] | None) -> None:
    """
    See that a database has the schema of this program (核对数据表版本); make the tables where there are none.

    Args:
        found: The revision that the database names; None where it has no tables of ours, `UNMARKED` where it has, and
            names none.
        where: The database, without its password.
        create: Makes the tables; None where that is the host's to do.

    Raises:
        StoreError: it is older or newer, or there are no tables and none are made.
    """
    if found is None and create is None:
        raise StoreError(f"{where} has no tables of zhiwen_flow; run `zhiwen-flow store migrate URL` once")
    if found is None and create is not None:
        create()
    elif found == UNMARKED:
        raise StoreError(f"{where} {HALF_MADE}")
    elif found not in REVISIONS:
        raise StoreError(
            f"{where} has schema {found}, newer than {HEAD_REVISION}; update zhiwen_flow before opening it"
        )
    elif found != HEAD_REVISION:
        mend = "back it up, then run `zhiwen-flow store migrate URL`"
        raise StoreError(f"{where} has schema {found}, older than {HEAD_REVISION}; {mend}")
