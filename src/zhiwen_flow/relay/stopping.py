"""How a relay that runs by itself is asked to end (停止发布)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give what is set when the process is asked to end, by SIGTERM or SIGINT (停止信号); for the main thread."""
    stop = threading.Event()
    asked = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: stop.set()) for each in asked]
    try:
        yield stop
    finally:
        for each, handler in zip(asked, before, strict=True):
            signal.signal(each, handler)
