"""Stop a database in the middle of everything, while workers go on asking, and start it again."""

from __future__ import annotations

import time

import attrs

from tests.crash.killing import DESKS
from tests.crash.ledger import merged
from tests.crash.private import PrivatePostgres
from tests.crash.workers import Walker, flow_on
from zhiwen_flow.model import Actor, Command

WALKERS = 3
UP_SECONDS = 0.5


@attrs.frozen(kw_only=True)
class Stopped:
    """
    What was counted.

    Args:
        stops: How often the server was stopped.
        answered: Commands that were answered.
        lost: How often a worker was told that the database was not there.
        events: How many events there are.
    """

    stops: int
    answered: int
    lost: int
    events: int

    def line(self) -> str:
        """Give the counts as text."""
        return (
            f"{self.stops} immediate stops under load: {self.answered} commands answered, {self.lost} times without "
            f"a database, {self.events} events; none missing, none twice, chains and tables sound"
        )


def stopped(server: PrivatePostgres, stops: int, seed: int) -> Stopped:
    """Stop and start a server so many times under load, then hold every worker's ledger against it."""
    with flow_on(server.url) as flow:
        asked = [Command(machine="desk", actor=Actor(id="p-1", post="clerk")) for _ in range(DESKS)]
        desks = [each.stream or "" for each in flow.handle_many(asked)]
    walkers = [Walker(server.url, f"w{number}", seed + number, list(desks)) for number in range(WALKERS)]
    for _ in range(stops):
        time.sleep(UP_SECONDS)
        server.stop("immediate")
        server.start()
    time.sleep(UP_SECONDS)
    ended = [each.end() for each in walkers]
    whole = merged([ledger for ledger, _ in ended])
    assert set(whole.asked) == set(whole.answered)
    with flow_on(server.url) as flow:
        events = whole.check(flow.store)
    lost = sum(each for _, each in ended)
    assert lost >= stops, "the stops hit nobody"
    return Stopped(stops=stops, answered=len(whole.answered), lost=lost, events=events)
