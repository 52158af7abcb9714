"""
Registers (登记簿、情况表): what was opened in a period, where it stands, and counts that add up. Auditors only.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from zhiwen_flow.terms import Label


@attrs.frozen(kw_only=True)
class Entry:
    """
    One instance in a register (登记簿的一行).

    Args:
        stream: Its id.
        machine: Id of its machine.
        state: State it is in, or ended in.
        opened_on: Day it was opened.
        last_on: Day of its last step.
        ended: Whether it has ended.
        cites: Documents and articles of its last step.
    """

    stream: str
    machine: str
    state: str
    opened_on: dt.date
    last_on: dt.date
    ended: bool
    cites: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Register:
    """
    A register of a period (登记簿).

    Args:
        since: First day, inclusive.
        until: Last day, inclusive.
        entries: What was opened then, by day and id.
        labels: Names of machines and states, by ``machine`` and ``machine.state``.
    """

    since: dt.date
    until: dt.date
    entries: tuple[Entry, ...]
    labels: Mapping[str, Label]

    @property
    def by_state(self) -> dict[tuple[str, str], int]:
        """Count by machine and state (按环节)."""
        return dict(sorted(Counter((each.machine, each.state) for each in self.entries).items()))

    @property
    def by_month(self) -> dict[tuple[str, str], int]:
        """Count by month of opening and machine, for example ``("2025-03", "case")`` (按月)."""
        return dict(sorted(Counter((f"{each.opened_on:%Y-%m}", each.machine) for each in self.entries).items()))

    @property
    def total(self) -> int:
        """How many there are; every table adds up to it (合计)."""
        return len(self.entries)

    def text(self, lang: str = "zh") -> str:
        """Give the table by machine and state, one line each, and the total (情况表)."""
        colon = ":" if lang == "zh" else ": "
        lines = []
        for (machine, state), count in self.by_state.items():
            names = [self.labels[machine].text(lang), self.labels[f"{machine}.{state}"].text(lang)]
            lines.append(f"{' · '.join(names)}{colon}{count}")
        return "\n".join([*lines, f"{'合计' if lang == 'zh' else 'total'}{colon}{self.total}"])


def register(entries: Iterable[Entry], since: dt.date, until: dt.date, labels: Mapping[str, Label]) -> Register:
    """Put entries of a period into a register, by day and id (编制登记簿)."""
    kept = (each for each in entries if since <= each.opened_on <= until)
    ordered = tuple(sorted(kept, key=lambda each: (each.opened_on, each.stream)))
    return Register(since=since, until=until, entries=ordered, labels=labels)
