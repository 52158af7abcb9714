"""
What the relay costs beside the raw publisher: ``python -m benchmarks.relaying [--json FILE] [--quick]``.

The floor sends the same bodies to the same exchange, one after the other, each confirmed by the broker before the next,
as `pika`'s plain connection does it. Rounds are interleaved; the ratios count. It needs RabbitMQ.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pika

from zhiwen_flow.flow import Flow
from zhiwen_flow.model import Actor, Command
from zhiwen_flow.relay.amqp import AmqpSink
from zhiwen_flow.relay.running import Relay
from zhiwen_flow.stores.opening import open_outbox
from zhiwen_flow.testing.desk import desk_machines

RABBITMQ_URL = os.environ.get("ZHIWEN_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")
EXCHANGE = "zhiwen-benchmark"
CLERK = Actor(id="p-1", post="clerk")
GOAL = 0.5


class Pair:
    """
    The relay and the raw publisher on one exchange.

    Args:
        url: The database.
        streams: How many instances the events are spread over.
    """

    def __init__(self, url: str, streams: int) -> None:
        self.url = url
        self.flow = Flow.open(url, machines=desk_machines(), actor=CLERK)
        parts = urlsplit(RABBITMQ_URL)
        place = f"{parts.scheme}://{parts.username}@{parts.hostname}:{parts.port or 5672}{parts.path or '/'}"
        self.sink = AmqpSink(place, password=parts.password, exchange=EXCHANGE, mandatory=False)
        self.connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ_URL))
        self.channel = self.connection.channel()
        self.channel.exchange_declare(EXCHANGE, "topic", durable=True)
        self.channel.confirm_delivery()
        opened = self.flow.handle_many(Command(machine="desk", actor=CLERK) for _ in range(streams))
        self.desks = [each.stream for each in opened]
        self.relay = Relay(open_outbox(url), self.sink)
        self.relay.drain()

    def ours(self, events: int) -> float:
        """Record events, then publish them; give the seconds of the second."""
        for start in range(0, events, 500):
            self.flow.handle_many(
                Command(stream=self.desks[n % len(self.desks)], trigger="note", actor=CLERK, payload={"text": "已联系"})
                for n in range(start, min(start + 500, events))
            )
        begun = time.perf_counter()
        assert self.relay.drain().confirmed == events
        return time.perf_counter() - begun

    def floor(self, events: int) -> float:
        """Publish as many bodies of the same size; give the seconds."""
        body = json.dumps(self.flow.events(self.desks[0], limit=2)[-1], ensure_ascii=False).encode()
        properties = pika.BasicProperties(delivery_mode=2, content_type="application/cloudevents+json")
        begun = time.perf_counter()
        for _ in range(events):
            self.channel.basic_publish(EXCHANGE, "desk.moved", body, properties)
        return time.perf_counter() - begun

    def close(self) -> None:
        """Close both."""
        self.flow.close()
        self.sink.close()
        self.channel.exchange_delete(EXCHANGE)
        self.connection.close()


def measured(streams: int, events: int, rounds: int) -> float:
    """Give how many times faster than the floor the relay is, events spread over some instances."""
    with TemporaryDirectory(prefix="zhiwen-") as folder:
        pair = Pair(f"sqlite:///{folder}/flow.db", streams)
        ratios = []
        for _ in range(rounds):
            first = pair.ours(events)
            ratios.append(pair.floor(events) / first)
        pair.close()
    return statistics.median(ratios)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a trial run; its figures mean nothing")
    asked = parser.parse_args()
    events, rounds = (100, 2) if asked.quick else (1000, 5)
    figures = {f"relay.speed_vs_floor_{n}_instances": measured(n, events, rounds) for n in (5, 500)}
    for name, value in figures.items():
        print(f"{name:<42}{value:>10.2f}  ≥ {GOAL:g}  {'yes' if value >= GOAL else 'NO'}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
