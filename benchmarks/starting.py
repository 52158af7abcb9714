"""
What importing the library costs, beside importing what it stands on.

Both sides start from bytecode, as an installed package does: a temporary cache is filled by the first round, so that it
makes no difference whether the tree was ever compiled.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

LINES = {
    "bare": "pass",
    "dependencies": "import transitions, attrs, structlog",
    "ours": "import zhiwen_flow",
    "flow": "from zhiwen_flow import Flow; Flow.open().close()",
}
"""The last is no import: what it takes until a flow is open, rulebook and directory read."""


def _taken(line: str, cache: str) -> float:
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", line], check=True, env=settings | {"PYTHONPYCACHEPREFIX": cache})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def imports(rounds: int) -> dict[str, float]:
    """CPU ms of each import over bare Python, interleaved, medians."""
    taken: dict[str, list[float]] = {name: [] for name in LINES}
    with tempfile.TemporaryDirectory() as cache:
        for number in range(rounds + 1):
            for name, line in LINES.items():
                spent = _taken(line, cache)
                if number:
                    taken[name].append(spent)
    bare, below, ours, flow = (statistics.median(taken[name]) for name in LINES)
    return {
        "vs_dependencies": (ours - bare) / (below - bare),
        "dependencies_ms": below - bare,
        "ours_ms": ours - bare,
        "first_flow_ms": flow - bare,
    }
