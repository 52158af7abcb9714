"""A wire that loses an answer: it carries bytes between a client and a server, and cuts when it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Wire:
    """
    Carries connections to a server; daemon threads do it, and end with their sockets.

    Args:
        host: The server's.
        port: The server's.
    """

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._left = -1
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def lose(self, number: int) -> None:
        """Lose the server's answer so many answers from now, and cut that connection; 1 is the next."""
        self._left = number

    @property
    def lost(self) -> bool:
        """Whether what was to be lost was lost."""
        return self._left == 0

    def cut(self) -> None:
        """Cut everything that is open."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Carry nothing any more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for each in self._threads:
            each.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
                server = socket.create_connection(self._to)
            except OSError:
                return
            self._open |= {client, server}
            for source, target in ((client, server), (server, client)):
                carrying = threading.Thread(target=self._carry, args=(source, target, source is server), daemon=True)
                self._threads.append(carrying)
                carrying.start()

    def _carry(self, source: socket.socket, target: socket.socket, back: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if back and self._left > 0:
                    self._left -= 1
                    if self._left == 0:
                        break
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            self._open.discard(each)
            each.close()


@contextlib.contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    """Give a wire, closed at the end."""
    wire = Wire(host, port)
    try:
        yield wire
    finally:
        wire.close()
