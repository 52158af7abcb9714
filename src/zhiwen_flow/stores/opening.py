"""
Open a store by its URL (按地址打开存储).
"""

from __future__ import annotations

from zhiwen_flow.clock import Clock
from zhiwen_flow.errors import StoreError
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.protocol import Store
from zhiwen_flow.stores.sqlite import SqliteStore

SQLITE = "sqlite:///"


def open_store(url: str, *, tenant: str = "default", clock: Clock | None = None) -> Store:
    """
    Open the store of one tenant (打开存储).

    Args:
        url: ``memory:``, ``sqlite:///relative/path`` or ``sqlite:////absolute/path``.
        tenant: Whose data.
        clock: Gives `recorded_at`; the system's by default.

    Raises:
        StoreError: the URL is of no kind known here, or the store cannot be opened.
    """
    if url == "memory:":
        return MemoryStore(tenant, clock=clock)
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SqliteStore(url.removeprefix(SQLITE), tenant, clock=clock)
    raise StoreError(f"`{url}` is not a store; give `memory:` or `sqlite:///path/to/file.db`")
