"""Kill a worker inside its commands, again and again, and see that nothing was lost and nothing done twice."""

from __future__ import annotations

import random
import time
from collections import Counter

import attrs

from tests.crash.asking import Mix, Request
from tests.crash.ledger import Ledger, merged
from tests.crash.phases import TOLD, Phase
from tests.crash.workers import AGAIN, Victim, Walker, flow_on
from zhiwen_flow.model import Actor, Command

DESKS = 4
AIMS = (Phase.READ, Phase.APPEND, Phase.COMMIT, Phase.WRITTEN, *[Phase.ANSWER] * 2, *[Phase.IDLE] * 3)
"""Where a kill is aimed at, in turn; `IDLE` for a random moment."""
CHECK_EVERY = 20


@attrs.define
class Counts:
    """
    What was counted.

    Args:
        kills: By the phase the worker died in.
        written: Of these, how many commands were found written.
        outside: Kills that came when the answer had been sent.
        whats: Kinds of commands that were killed.
        checks: How often ledger and database were held against each other.
    """

    kills: Counter[Phase] = attrs.field(factory=Counter)
    written: Counter[Phase] = attrs.field(factory=Counter)
    outside: int = 0
    whats: Counter[str] = attrs.field(factory=Counter)
    answered: int = 0
    beside: int = 0
    events: int = 0
    checks: int = 0

    def lines(self) -> list[str]:
        """Give the counts as text."""
        rows = [
            f"  {told}: {self.kills[phase]} kills, {self.written[phase]} found written" for phase, told in TOLD.items()
        ]
        what = ", ".join(f"{name} {count}" for name, count in sorted(self.whats.items()))
        return [
            f"{self.kills.total()} kills inside a command ({self.outside} more between two), of {what}",
            *rows,
            f"  {self.answered} commands answered, {self.beside} more by a worker beside; {self.events} events",
            f"  {self.checks} checks: none missing, none twice, chains and tables sound",
        ]


class Killing:
    """
    A run on one database.

    Args:
        url: An empty database.
        seed: Which commands, and when they are killed.
    """

    def __init__(self, url: str, seed: int) -> None:
        self._url, self._draw = url, random.Random(seed)
        self.counts, self._ledger = Counts(), Ledger()
        with flow_on(url) as flow:
            asked = [Command(machine="desk", actor=Actor(id="p-1", post="clerk")) for _ in range(DESKS)]
            desks = [each.stream or "" for each in flow.handle_many(asked)]
        self._mix = Mix("victim", seed, desks)
        self._beside = Walker(url, "beside", seed + 1, desks, pause=0.004)
        self._victim = Victim(url)
        self._typical = 0.001

    def run(self, kills: int) -> Counts:
        """Kill until so many kills have landed inside a command; check on the way, and at the end."""
        turns = 0
        while self.counts.kills.total() < kills:
            for _ in range(self._draw.randint(0, 2)):
                self._ask(self._mix.next())
            self._kill(self._mix.next(), AIMS[turns % len(AIMS)])
            turns += 1
            if turns % CHECK_EVERY == 0:
                self._check()
        self._victim.kill()
        beside, _ = self._beside.end()
        self.counts.answered, self.counts.beside = len(self._ledger.answered), len(beside.answered)
        assert set(self._ledger.asked) == set(self._ledger.answered)
        with flow_on(self._url) as flow:
            self.counts.events = merged([self._ledger, beside]).check(flow.store)
        self.counts.checks += 1
        return self.counts

    def _ask(self, request: Request) -> None:
        self._ledger.asks(request)
        began = time.perf_counter()
        answers = self._victim.ask(request)
        self._typical = 0.9 * self._typical + 0.1 * (time.perf_counter() - began)
        self._ledger.told(request, answers)
        self._mix.learn(request, answers)

    def _kill(self, request: Request, aim: Phase) -> None:
        """Send a command, kill the worker, raise another, and ask twice again with the same key."""
        self._ledger.asks(request)
        victim = self._victim
        while victim.page.phase is not Phase.IDLE:
            """It has sent its last answer, and not yet said that it is idle."""
        victim.page.aim(aim)
        victim.send(request)
        self._wait(victim, aim)
        phase = victim.kill()
        found = victim.receive()
        if found is not None and found != AGAIN:
            assert isinstance(found, tuple), found
            self._ledger.told(request, found)
        self._victim = Victim(self._url)
        self._count(request, phase, answered=found is not None)
        for _ in range(2):
            self._ask(request)

    def _wait(self, victim: Victim, aim: Phase) -> None:
        if aim is Phase.IDLE:
            # Not `sleep`: a command may be over sooner than one wakes.
            end = time.perf_counter() + self._draw.uniform(0, self._typical)
            while time.perf_counter() < end:
                pass
            return
        end = time.monotonic() + 1
        while victim.page.phase is not aim and not victim.has_answered() and time.monotonic() < end:
            pass
        time.sleep(self._draw.uniform(0, 0.001))

    def _count(self, request: Request, phase: Phase, *, answered: bool) -> None:
        if answered or phase is Phase.IDLE:
            self.counts.outside += 1
            return
        phase = Phase.COMMIT if phase is Phase.WRITTEN else phase
        self.counts.kills[phase] += 1
        self.counts.whats[request.what] += 1
        keys = [str(each.key) for each in request.commands]
        with flow_on(self._url) as flow:
            written = {flow.store.answer(each) is not None for each in keys}
        assert len(written) == 1, "half a batch was written"
        self.counts.written[phase] += written == {True}
        if phase in (Phase.READ, Phase.APPEND):
            assert written == {False}, "written before it was appended"
        if phase is Phase.ANSWER:
            assert written == {True}, "committed and not there"

    def _check(self) -> None:
        """Hold the ledger against a database that stands still."""
        with self._beside.turn, flow_on(self._url) as flow:
            self._ledger.check(flow.store, whole=False)
        self.counts.checks += 1
