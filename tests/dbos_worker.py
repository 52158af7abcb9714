"""A process that runs rounds on DBOS, for tests that kill it: ``python -m tests.dbos_worker URL SYSTEM_URL [CRON]``."""

from __future__ import annotations

import datetime as dt
import sys
import time

from dbos import DBOS, SetWorkflowID

from tests.crew import DEFINITIONS
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.dbos import configured, durable_tick, every
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.stores.opening import open_store

LATER = dt.datetime(2031, 1, 2, 9, tzinfo=ZONE)
ROUND = "the-round"


class SlowClock:
    """A clock that takes its time, so that a round can be killed in the middle."""

    def now(self) -> dt.datetime:
        """Wait a moment."""
        time.sleep(0.01)
        return LATER


def main(url: str, system_url: str, cron: str = "") -> None:
    """Run one round, begun or taken up; or wait for the schedule's."""
    actor = Actor(id="timer", post="clerk")
    DBOS(config=configured("zhiwen-test", system_url) | {"scheduler_polling_interval_sec": 0.5, "log_level": "ERROR"})
    work = durable_tick(lambda: Flow(open_store(url), DEFINITIONS, actor=actor, clock=SlowClock()), limit=5)
    DBOS.launch()
    if cron:
        every(cron, work)
        sys.stdout.write("scheduled\n")
        sys.stdout.flush()
        time.sleep(60)
    with SetWorkflowID(ROUND):
        handle = DBOS.start_workflow(work, LATER, None)
    sys.stdout.write(f"{handle.get_result()}\n")
    DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
