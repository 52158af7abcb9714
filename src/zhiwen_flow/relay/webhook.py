"""
Events by HTTP (回调出口): one signed POST for each event, to an address that was checked.

An answer of 2xx confirms. Any other answer, and one that does not come in time, refuses the event, and the relay asks
again later. A receiver that cannot be connected to refuses nothing: everything waits.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urljoin

from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import MisuseError, SinkError
from zhiwen_flow.relay.addresses import ForbiddenError, Target, networks_of, resolve, target_of
from zhiwen_flow.relay.envelope import MEDIA_TYPE, Envelope
from zhiwen_flow.relay.signing import key_of, signed
from zhiwen_flow.relay.sinks import Receipt

ANSWER_BYTES = 64 * 1024
"""How much of an answer is read; nothing in it is needed."""

REDIRECTS = 3
_MOVED = (307, 308)
_FINE = range(200, 300)


class _Unreachable(Exception):
    """No connection, so the event was not sent."""


class _NoAnswer(Exception):
    """The event may have been sent, and no answer came."""


class _Connection(http.client.HTTPConnection):
    """A connection to addresses that were checked, whatever the name says now."""

    def __init__(self, target: Target, addresses: Sequence[str], timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self._addresses = addresses
        self.used = self.late = False

    def connect(self) -> None:
        """Connect to the first address that answers."""
        last = OSError("no address")
        for each in self._addresses:
            try:
                self.sock = socket.create_connection((each, self._target.port), self.timeout)
                break
            except OSError as error:
                last = error
        else:
            raise last
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            name = self._target.host
            tls = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            self.sock = tls
            tls.do_handshake()

    def cut(self) -> None:
        """End whatever is under way; called from another thread."""
        self.late, sock = True, self.sock
        if sock is not None:
            try:
                # The plain socket's own: the TLS one would take its state away under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return


class WebhookSink:
    """
    Events as signed HTTP requests (回调出口).

    Args:
        url: ``https://host/path``.
        key: Signing key, at least 24 random bytes, or base64 after ``whsec_``; the receiver has it too.
        allowed: Networks that may be called although they are not public, such as ``10.1.0.0/16``.
        timeout: Seconds for one request, all told.
        clock: Gives the moment that is signed.

    Raises:
        MisuseError: URL, key or a network cannot be used.
    """

    at_once = 16

    def __init__(
        self,
        url: str,
        key: str | bytes,
        *,
        allowed: Sequence[str] = (),
        timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._url = url
        target_of(url)
        self._key = key_of(key)
        self._allowed = networks_of(allowed)
        self._timeout = timeout
        self._clock = clock or SystemClock()
        self._open: tuple[tuple[str, str, int], _Connection] | None = None

    def __repr__(self) -> str:
        return f"WebhookSink({target_of(self._url).host})"

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """See `Sink.publish`."""
        for each in events:
            try:
                yield Receipt(id=each.id, error=self._deliver(each))
            except _NoAnswer as error:
                # Perhaps this event, perhaps the receiver: the event is refused, and the others wait.
                yield Receipt(id=each.id, error=str(error))
                raise SinkError(f"the webhook did not answer: {error}") from None
            except (_Unreachable, ForbiddenError) as error:
                raise SinkError(f"the webhook cannot be called: {error}") from None

    def close(self) -> None:
        """See `Sink.close`."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _deliver(self, event: Envelope) -> str | None:
        """Send one event, and follow where it is told to go; give why it was refused."""
        url = self._url
        for _ in range(REDIRECTS + 1):
            try:
                status, moved = self._request(target_of(url), event)
            except ForbiddenError as error:
                if url == self._url:
                    raise
                return f"the receiver redirects to where nothing may be sent: {error}"
            if status in _FINE:
                return None
            if status not in _MOVED or not moved:
                return f"the receiver answered {status}"
            secure = url.startswith("https:")
            try:
                url = urljoin(url, moved)
            except ValueError:
                return "the receiver redirects to where nothing can be sent: its `Location` is no URL"
            if fault := _unfit(url, secure=secure):
                return f"the receiver redirects {fault}"
        return f"the receiver redirects more than {REDIRECTS} times"

    def _request(self, target: Target, event: Envelope) -> tuple[int, str | None]:
        connection = self._connection(target)
        again = connection.used
        try:
            return self._exchange(connection, target, event)
        except _NoAnswer:
            self.close()
            if not again or connection.late:
                raise
        # A connection that was kept open may have been closed by the receiver since; a new one tells.
        return self._exchange(self._connection(target), target, event)

    def _connection(self, target: Target) -> _Connection:
        if self._open is not None and self._open[0] == target.origin:
            return self._open[1]
        self.close()
        try:
            made = _Connection(target, resolve(target, self._allowed), self._timeout)
        except OSError as error:
            raise _Unreachable(f"`{target.host}` is not known ({error.strerror})") from None
        self._open = (target.origin, made)
        return made

    def _exchange(self, connection: _Connection, target: Target, event: Envelope) -> tuple[int, str | None]:
        headers = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8", "User-Agent": "zhiwen_flow"}
        headers |= signed(event.id, event.body, self._key, at=self._clock.now())
        with _limited(connection, self._timeout):
            if connection.sock is None:
                self._connect(connection, target)
            try:
                connection.request("POST", target.path, event.body, headers)
                answer = connection.getresponse()
                if connection.late:
                    raise TimeoutError
                answer.read(ANSWER_BYTES)
                whole = answer.isclosed()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise _NoAnswer(_told(error, late=connection.late)) from None
        connection.used = True
        if not whole or answer.will_close:
            self.close()
        return answer.status, answer.getheader("Location")

    def _connect(self, connection: _Connection, target: Target) -> None:
        try:
            connection.connect()
        except OSError as error:
            self.close()
            raise _Unreachable(f"`{target.host}`: {_told(error, late=connection.late)}") from None


@contextmanager
def _limited(connection: _Connection, seconds: float) -> Iterator[None]:
    """Cut the connection when a request takes too long in all: a time limit for each read alone would not end it."""
    timer = threading.Timer(seconds, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _unfit(url: str, *, secure: bool) -> str | None:
    try:
        target = target_of(url)
    except MisuseError as error:
        return f"to where nothing can be sent: {error}"
    return "from https to http; it is not followed" if secure and target.scheme != "https" else None


def _told(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
