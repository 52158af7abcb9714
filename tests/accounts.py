"""Accounts of PostgreSQL that hold one role each, for tests of what the grants let them do."""

from __future__ import annotations

from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

from zhiwen_flow.loading import DATA
from zhiwen_flow.stores.sql.postgres import PostgresStore

ROLES = ("app", "relay", "reader", "archivist")
GRANTS = (DATA / "schema" / "grants.sql").read_bytes()


class Accounts:
    """Accounts that hold one role each, on tables of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._suffix = uuid4().hex[:8]
        PostgresStore(url).close()
        with psycopg.connect(url, autocommit=True) as admin:
            for _ in range(2):
                admin.execute(GRANTS)
            for role in ROLES:
                admin.execute(f"CREATE ROLE {self.name(role)} LOGIN IN ROLE zhiwen_{role}")

    def name(self, role: str) -> str:
        """Name the account of a role."""
        return f"zhiwen_test_{role}_{self._suffix}"

    def url_of(self, role: str) -> str:
        """Give the URL under which the account of a role connects."""
        parts = {**conninfo_to_dict(self.url), "user": self.name(role)}
        return "postgresql://?" + "&".join(f"{name}={_quoted(str(value))}" for name, value in parts.items())

    def connected(self, role: str) -> psycopg.Connection:
        """Connect as the account of a role."""
        return psycopg.connect(self.url_of(role), autocommit=True)

    def close(self) -> None:
        """Drop the accounts."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            for role in ROLES:
                admin.execute(f"DROP OWNED BY {self.name(role)}")
                admin.execute(f"DROP ROLE {self.name(role)}")


def _quoted(text: str) -> str:
    return text.replace("%", "%25").replace(" ", "%20").replace("=", "%3D").replace("/", "%2F")
