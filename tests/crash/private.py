"""A PostgreSQL server of one's own, that may be stopped in the middle of everything; flushed to disk as in earnest."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

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
    A cluster in a folder of its own; a server refuses to run as root, so that its owner is `postgres` there.

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
