"""
``manage.py zhiwen_relay``: publish what waits in the outbox (发布); any number of them may run at once.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections

from zhiwen_flow.errors import Fault, SettingsError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.django.conf import NAME
from zhiwen_flow.integrations.django.flows import conf
from zhiwen_flow.integrations.django.management.base import TenantCommand
from zhiwen_flow.integrations.django.tables import url_of
from zhiwen_flow.relay.opening import open_sink
from zhiwen_flow.relay.running import Relay
from zhiwen_flow.relay.sinks import SECRET_VARIABLE, Sink
from zhiwen_flow.relay.stopping import stopping
from zhiwen_flow.stores.opening import open_outbox


class Command(TenantCommand):
    """Publish events to a sink until the process is told to stop (持续发布)."""

    help = "发布事件到 SINK;收到 SIGTERM 时发完手头一批再停 / publish; on SIGTERM the batch under way is settled first"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to and how long (参数)."""
        super().add_arguments(parser)
        parser.add_argument("--once", action="store_true", help="发完即止 / stop when nothing is due")
        parser.add_argument(
            "--sink", help=f"发布出口,默认按设置 SINK;口令取环境变量 {SECRET_VARIABLE} / where to publish"
        )
        parser.add_argument("--source", help="来源 URI / source URI")

    def work(self, flow: Flow, **options: Any) -> None:
        """Publish, over a connection of its own: no transaction of the host's holds a lane (执行)."""
        sink = _sink(options["sink"] or conf().sink)
        outbox = open_outbox(url_of(connections[conf().database]), tenant=flow.store.tenant)
        with closing(outbox), closing(sink), stopping() as stop:
            relay = Relay(outbox, sink, source=options["source"])
            done = relay.drain(stop) if options["once"] else relay.run(stop)
        said = f"已发布 {done.confirmed} 条,被退回 {done.refused} 次,其中成为死信 {done.dead} 条"
        if options["once"] and done.unreachable is not None:
            raise CommandError(f"{done.unreachable}({said})", returncode=2)
        if done.refused:
            raise CommandError(said, returncode=1)
        self.stdout.write(said)


def _sink(given: Any) -> Sink:
    if given is None:
        what, mend = "is not set, and no `--sink` is given", "write a URL, or name a function that makes the sink"
        raise SettingsError(Fault(NAME, "SINK", what, mend))
    if isinstance(given, str):
        return open_sink(given, secret=os.environ.get(SECRET_VARIABLE) or None)
    sink: Sink = given() if callable(given) else given
    return sink
