"""
Checkpoints (检查点): a short text about a log, to be kept where whoever keeps the log cannot reach it.

A chain alone does not show that its end was cut or that all of it was made anew; against a checkpoint both are found.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zhiwen_flow.audit.export import FORMAT, trailer_of
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.canonical import canonical
from zhiwen_flow.clock import Clock, SystemClock
from zhiwen_flow.errors import AuditError
from zhiwen_flow.stores.protocol import Store


def checkpoint_of(store: Store, *, clock: Clock | None = None) -> bytes:
    """
    Make a checkpoint of a store's log (生成检查点): count, last position, and the head of every stream.

    Args:
        store: Whose log; one tenant.
        clock: Gives the moment; the system's by default.
    """
    count = last = 0
    after = 0
    while found := store.events(after=after, limit=1000):
        count, after = count + len(found), found[-1].seq
        last = after
    body = trailer_of(store, count=count, last=last, lines="")
    del body["lines_sha256"]
    heads = {each.stream: [each.position, each.hash] for each in store.heads()}
    made = (clock or SystemClock()).now().isoformat()
    return canonical({"checkpoint": {**body, "made_at": made, "heads": heads}}) + b"\n"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """
    Read a checkpoint file (读取检查点).

    Raises:
        AuditError: it cannot be read, is not a checkpoint, or its own root does not follow from its heads.
    """
    try:
        raw = Path(path).read_bytes()
        found: dict[str, Any] = json.loads(raw)["checkpoint"]
        heads = sorted(found["heads"].items())
        root = MerkleRoot(head_leaf(stream, position, hash) for stream, (position, hash) in heads).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuditError(f"`{path}` is not a checkpoint; make one with `zhiwen-flow audit checkpoint`") from error
    if canonical({"checkpoint": found}) + b"\n" != raw or root != found["merkle_root"] or found["format"] != FORMAT:
        raise AuditError(f"`{path}` was altered: its root does not follow from its heads")
    return found
