"""Servers of one's own, PostgreSQL and RabbitMQ, that may be stopped in the middle of everything."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import pika

from tests.services import missing

OWNER = "postgres"


def binaries() -> Path:
    """Find the server's programs; the newest version where there are several."""
    on_path = shutil.which("pg_ctl")
    found = [Path(on_path)] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    if not found:
        missing("no PostgreSQL server programs (initdb, pg_ctl)")
    return found[0].parent


class PrivatePostgres:
    """
    A cluster in a folder of its own, flushed to disk as in earnest.

    A server refuses to run as root; its owner is `postgres` there.

    Args:
        folder: Where it is kept; empty.
    """

    def __init__(self, folder: Path) -> None:
        self._bin, self._data = binaries(), folder / "data"
        self.port = free_port()
        self._folder, self._log = folder, folder / "log"
        self._options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=on"
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        self._run("initdb", "-D", self._data, "-U", OWNER, "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    @property
    def url(self) -> str:
        """Its one database."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it answers; after a crash it recovers first."""
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self._log, "-o", self._options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is as if the power failed."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def _run(self, program: str, *args: object) -> None:
        command = [str(self._bin / program), *map(str, args)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", OWNER, "--", *command]
        done = subprocess.run(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """Give a server, stopped and thrown away at the end."""
    binaries()
    folder = Path(mkdtemp(prefix="zhiwen-pg-"))
    server = PrivatePostgres(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


class PrivateRabbit:
    """
    A RabbitMQ node of one's own: own name, ports and folder; queues and messages outlive its death.

    Args:
        folder: Where it is kept; empty.
    """

    SCRIPTS = Path("/usr/lib/rabbitmq/bin")
    OWNER = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        if not (self.SCRIPTS / "rabbitmq-server").exists():
            missing("no RabbitMQ server programs")
        self.port = free_port()
        self._folder = folder
        self._pid = folder / "pid"
        # The folder's name is unique on this machine, and so is the node's.
        self._environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "RABBITMQ_NODENAME": f"{folder.name}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_PID_FILE": str(self._pid),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "config"),
        }
        (folder / "plugins").write_text("[].")
        (folder / "config.conf").write_text("disk_free_limit.absolute = 1MB\n")
        if os.geteuid() == 0:
            for each in (folder, *folder.iterdir()):
                shutil.chown(each, self.OWNER)
        self.start()

    @property
    def url(self) -> str:
        """Its address, without the password."""
        return f"amqp://guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            self._command("rabbitmq-server"), env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        end = time.monotonic() + 90
        while time.monotonic() < end:
            with suppress(pika.exceptions.AMQPError, OSError):
                pika.BlockingConnection(pika.URLParameters(self.url.replace("guest@", "guest:guest@"))).close()
                return
            assert self._process.poll() is None, "the broker did not start"
            time.sleep(0.2)
        raise AssertionError("the broker does not answer")

    def kill(self) -> None:
        """Kill the node as if the power failed."""
        os.kill(int(self._pid.read_text()), signal.SIGKILL)
        self._process.wait(30)

    def _command(self, script: str) -> list[str]:
        command = [str(self.SCRIPTS / script)]
        if os.geteuid() == 0:
            command = ["runuser", "--preserve-environment", "-u", self.OWNER, "--", *command]
        return command


@contextmanager
def private_rabbit() -> Iterator[PrivateRabbit]:
    """Give a broker, killed and thrown away at the end."""
    folder = Path(mkdtemp(prefix="zhiwen-mq-"))
    try:
        broker = PrivateRabbit(folder)
        try:
            yield broker
        finally:
            broker.kill()
    finally:
        shutil.rmtree(folder)
