"""
Open a sink by its URL (打开发布出口); a client is loaded for who asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from zhiwen_flow.errors import MisuseError
from zhiwen_flow.relay.sinks import SECRET_VARIABLE, LogSink, Sink
from zhiwen_flow.relay.webhook import WebhookSink


def open_sink(
    url: str,
    *,
    secret: str | None = None,
    exchange: str = "zhiwen",
    mandatory: bool = True,
    allowed: Sequence[str] = (),
) -> Sink:
    """
    Open a sink (打开发布出口).

    Args:
        url: ``amqp://user@host:port/vhost`` or ``amqps://…``, ``https://host/path`` or ``http://…``, or ``log:``.
        secret: The broker's password, or the key that signs webhooks; never part of the URL.
        exchange: Topic exchange of RabbitMQ.
        mandatory: Whether an event for which no queue is bound is refused; for RabbitMQ.
        allowed: Networks that a webhook may be sent to although they are not public.

    Raises:
        MisuseError: the URL names no sink, or the secret is missing.

    >>> type(open_sink("log:")).__name__
    'LogSink'
    """
    scheme = url.partition(":")[0]
    if url == "log:":
        return LogSink()
    if scheme in ("http", "https"):
        if secret is None:
            raise MisuseError(
                "a webhook needs a key that signs its requests: 24 random bytes or more; "
                f"give it in `--secret-file` or {SECRET_VARIABLE}"
            )
        return WebhookSink(url, secret, allowed=allowed)
    if scheme in ("amqp", "amqps"):
        try:
            module = import_module("zhiwen_flow.relay.amqp")
        except ModuleNotFoundError as error:
            raise MisuseError("RabbitMQ needs its client; install `zhiwen-flow[amqp]`") from error
        sink: Sink = module.AmqpSink(url, password=secret, exchange=exchange, mandatory=mandatory)
        return sink
    raise MisuseError(f"`{scheme}:…` is no sink; give `amqp://user@host/vhost`, `https://host/path` or `log:`")
