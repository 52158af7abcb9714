"""
Events over RabbitMQ (消息队列出口), by pika; needs the extra ``amqp``.

Persistent messages to a durable topic exchange, each confirmed by the broker. A thread of its own keeps the connection
alive between batches, so that a whole batch is under way at once and each event is confirmed by itself.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from itertools import takewhile
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.spec import Basic

from zhiwen_flow.errors import MisuseError, SinkError
from zhiwen_flow.relay.envelope import MEDIA_TYPE, Envelope
from zhiwen_flow.relay.sinks import SECRET_VARIABLE, Receipt

_PERSISTENT = 2
_JOIN_SECONDS = 5.0


class AmqpSink:
    """
    Events as messages of RabbitMQ (消息队列出口); the routing key is machine and kind, such as ``complaint.moved``.

    Args:
        url: ``amqp://user@host:port/vhost`` or ``amqps://…``, without a password.
        password: The user's; where the URL names no user, RabbitMQ's ``guest`` is used.
        exchange: Name of the topic exchange; made when it is missing.
        mandatory: Whether an event for which no queue is bound is refused; else it vanishes.
        timeout: Seconds to wait for connection and confirmations.

    Raises:
        MisuseError: the URL cannot be used.
    """

    at_once = 1000

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        exchange: str = "zhiwen",
        mandatory: bool = True,
        timeout: float = 15.0,
    ) -> None:
        self._parameters = _parameters(url, password, timeout)
        self._exchange = exchange
        self._mandatory = mandatory
        self._timeout = timeout
        self._link: _Link | None = None

    def __repr__(self) -> str:
        return f"AmqpSink({self._parameters.host}:{self._parameters.port})"

    def publish(self, events: Sequence[Envelope]) -> Iterator[Receipt]:
        """See `Sink.publish`."""
        link = self._linked()
        answers = link.send(events, mandatory=self._mandatory)
        for _ in events:
            try:
                found = answers.get(timeout=self._timeout)
            except Empty:
                self.close()
                raise SinkError(f"{self}: no confirmation within {self._timeout:g} s; look at the broker") from None
            if not isinstance(found, Receipt):
                self.close()
                raise SinkError(f"{self}: {found}; whatever was not confirmed is published again")
            yield found

    def _linked(self) -> _Link:
        if self._link is not None and self._link.lost is None:
            return self._link
        self.close()
        self._link = link = _Link(self._parameters, self._exchange)
        if not link.ready.wait(self._timeout) or link.lost is not None:
            said = link.lost or f"no answer within {self._timeout:g} s"
            self.close()
            raise SinkError(f"{self} cannot be reached: {said}; check address, user and broker")
        return link

    def close(self) -> None:
        """See `Sink.close`."""
        if self._link is not None:
            self._link.close()
            self._link = None


def _parameters(url: str, password: str | None, timeout: float) -> pika.URLParameters:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise MisuseError("the AMQP URL cannot be read; give `amqp://user@host:port/vhost`") from None
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise MisuseError("the AMQP URL is none; give `amqp://user@host:port/vhost`")
    if parts.password is not None:
        raise MisuseError(
            f"the AMQP URL holds a password; leave it out; give it in `--secret-file` or {SECRET_VARIABLE}"
        )
    if parts.username is not None and password is None:
        raise MisuseError(
            f"the AMQP URL names a user without a password; give it in `--secret-file` or {SECRET_VARIABLE}"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    found = pika.URLParameters(urlunsplit((parts.scheme, place, parts.path or "/%2F", parts.query, "")))
    if parts.username is not None and password is not None:
        found.credentials = pika.PlainCredentials(parts.username, password)
    if parts.scheme == "amqps":
        found.ssl_options = pika.SSLOptions(ssl.create_default_context(), parts.hostname)
    found.socket_timeout = found.stack_timeout = found.blocked_connection_timeout = timeout
    return found


class _Link:
    """One connection and its channel (一条连接); everything but `send` and `close` runs in its own thread."""

    def __init__(self, parameters: pika.URLParameters, exchange: str) -> None:
        self.ready = threading.Event()
        self.lost: str | None = None
        self._exchange = exchange
        self._channel: Channel | None = None
        self._last = 0
        self._open: dict[int, tuple[SimpleQueue[Receipt | str], str, str]] = {}
        self._returned: set[str] = set()
        self._connection = SelectConnection(
            parameters,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )
        self._thread = threading.Thread(target=self._run, name="zhiwen-amqp", daemon=True)
        self._thread.start()

    # --- called by the sink ---

    def send(self, events: Sequence[Envelope], *, mandatory: bool) -> SimpleQueue[Receipt | str]:
        """Publish events; give where their receipts will come, or the reason why no more will."""
        answers: SimpleQueue[Receipt | str] = SimpleQueue()
        self._soon(lambda: self._publish(events, answers, mandatory=mandatory))
        if self.lost is not None:
            answers.put(self.lost)
        return answers

    def close(self) -> None:
        """End the connection and the thread."""
        self._soon(self._shut)
        self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            # A broker that does not answer a good-bye is not waited for.
            self._soon(self._connection.ioloop.stop)
            self._thread.join(_JOIN_SECONDS)
        self._connection.ioloop.close()

    def _soon(self, work: Any) -> None:
        self._connection.ioloop.add_callback_threadsafe(work)

    # --- in the thread ---

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:  # noqa: BLE001  whatever ends the thread is told to who waits
            self._give_up(error)

    def _shut(self) -> None:
        if self._connection.is_closed:
            self._connection.ioloop.stop()
        elif not self._connection.is_closing:
            self._connection.close()

    def _opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_ended)
        channel.add_on_return_callback(self._on_return)
        channel.exchange_declare(
            self._exchange, exchange_type="topic", durable=True, callback=lambda _: self._confirming(channel)
        )

    def _confirming(self, channel: Channel) -> None:
        self._channel = channel
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self.ready.set())

    def _give_up(self, reason: Any) -> None:
        """Tell who waits that no more receipts will come."""
        if self.lost is None:
            self.lost = _reason(reason)
        for answers, _id, _key in self._open.values():
            answers.put(self.lost)
        self._open.clear()
        self.ready.set()

    def _channel_ended(self, _: Any, reason: Any) -> None:
        self._give_up(reason)
        if self._connection.is_open:
            self._connection.close()

    def _ended(self, _: Any, reason: Any) -> None:
        self._give_up(reason)
        self._connection.ioloop.stop()

    def _publish(self, events: Sequence[Envelope], answers: SimpleQueue[Receipt | str], *, mandatory: bool) -> None:
        if self._channel is None or self.lost is not None:
            answers.put(self.lost or "the channel is not open")
            return
        try:
            for each in events:
                key = f"{each.machine}.{each.kind}"
                self._last += 1
                self._open[self._last] = (answers, each.id, key)
                self._channel.basic_publish(self._exchange, key, each.body, _properties(each), mandatory)
        except AMQPError as error:
            self._channel_ended(None, error)

    def _on_return(self, _channel: Channel, _method: Any, properties: pika.BasicProperties, _body: bytes) -> None:
        """Remember that no queue took a message; the confirmation that follows says which it was."""
        self._returned.add(str(properties.message_id))

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        last = method.delivery_tag
        tags = list(takewhile(lambda tag: tag <= last, self._open)) if method.multiple else [last]
        for tag in tags:
            if (found := self._open.pop(tag, None)) is not None:
                answers, id, key = found
                answers.put(Receipt(id=id, error=self._fault(method, id, key)))

    def _fault(self, method: Any, id: str, key: str) -> str | None:
        if id in self._returned:
            self._returned.discard(id)
            return f"no queue is bound to exchange `{self._exchange}` for `{key}`; bind one, or allow unroutable events"
        return None if isinstance(method, Basic.Ack) else "the broker refused the message; look at its queues"


def _properties(event: Envelope) -> pika.BasicProperties:
    return pika.BasicProperties(
        content_type=MEDIA_TYPE, delivery_mode=_PERSISTENT, message_id=event.id, type=event.type, app_id="zhiwen_flow"
    )


def _reason(reason: Any) -> str:
    """Say why a connection ended; pika keeps the cause inside."""
    inner = getattr(reason, "args", None)
    said = inner[0] if inner and isinstance(inner[0], BaseException) else reason
    return repr(said) if not str(said) else f"{type(said).__name__}: {said}"
