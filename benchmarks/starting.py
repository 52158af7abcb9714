"""
What importing the library costs, beside importing what it stands on.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

LINES = {
    "bare": "pass",
    "dependencies": "import transitions, attrs, structlog",
    "ours": "import zhiwen_flow",
}


def _taken(line: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", line], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def imports(rounds: int) -> dict[str, float]:
    """CPU ms of each import over bare Python, interleaved, medians."""
    taken: dict[str, list[float]] = {name: [] for name in LINES}
    for number in range(rounds + 1):
        for name, line in LINES.items():
            spent = _taken(line)
            if number:
                taken[name].append(spent)
    bare, below, ours = (statistics.median(taken[name]) for name in ("bare", "dependencies", "ours"))
    return {"vs_dependencies": (ours - bare) / (below - bare), "dependencies_ms": below - bare, "ours_ms": ours - bare}
