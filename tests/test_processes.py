"""Several processes on one database: one winner a version, nothing lost, nothing twice, nobody waits for ever."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

from tests.crew import CLERK, WORKERS, crew, flow_on, insist, winner_of
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import StaleError
from zhiwen_flow.model import ZONE, Actor, Command
from zhiwen_flow.testing.clock import FixedClock

ROUNDS, DESKS = 25, 6
LATER = dt.datetime(2031, 1, 2, 9, tzinfo=ZONE)


def _on_one(number: int, url: str, desk: str) -> int:
    """Note, be refused, and open the one slip; give how often a note lost three times in a row."""
    lost = 0
    with flow_on(url, actor=Actor(id=f"p-{number}", post="clerk")) as flow:
        for each in range(ROUNDS):
            text = f"{number}.{each}"
            while True:
                seen = flow.instance(desk).version
                try:
                    assert flow.do(desk, "note", {"text": text}, key=text).allowed
                    break
                except StaleError as error:
                    lost += 1
                    _beaten(error, desk, seen)
            insist(flow.do, desk, "seize")
            insist(flow.start, "slip", parent=desk, key="the one slip", actor=CLERK)
    return lost


def _beaten(error: StaleError, desk: str, seen: int) -> None:
    """The winner's event is of a version that the loser had not seen."""
    body = winner_of(error).body
    assert body["stream"] == desk
    assert body["version"] > seen


def test_one_winner_a_version(database: str) -> None:
    """Every note is written once, under a version of its own; losers are told the winner's event; one key, one slip."""
    with flow_on(database) as flow:
        desk = flow.start("desk").stream
        crew(_on_one, database, desk)
        assert flow.instance(desk).version == 1 + WORKERS * ROUNDS
        assert len(flow.instances(machine="slip")) == 1
        events = [each.body for each in flow.store.events(stream=desk, limit=10_000)]
        moves = [each for each in events if each["kind"] == "moved"]
        assert [each["version"] for each in moves] == list(range(2, 2 + WORKERS * ROUNDS))
        assert len({each["payload"]["text"] for each in moves}) == WORKERS * ROUNDS
        report = verify_store(flow.store)
        assert report.sound, report.flaw


def _on_many(number: int, url: str, desks: list[str]) -> Counter[str]:
    """Open slips, answer them in batches in an order of one's own, note; all cross at the desks."""
    draw, done = random.Random(number), Counter[str]()
    with flow_on(url, actor=Actor(id=f"p-{number}", post="clerk")) as flow:
        for each in range(ROUNDS):
            order = draw.sample(desks, k=3)
            slips = [insist(flow.start, "slip", parent=desk).stream for desk in order]
            # None of the batch names the desks that it touches, and no two batches touch them in one order.
            draw.shuffle(slips)
            answers = [Command(stream=slip, trigger="answer", actor=CLERK) for slip in slips]
            done["answers"] += sum(one.allowed for one in insist(flow.handle_many, answers))
            notes = [_note(desk, f"{number}.{each}.{desk}") for desk in draw.sample(desks, k=4)]
            done["notes"] += sum(one.allowed for one in insist(flow.handle_many, notes))
    return done


def _note(desk: str, text: str) -> Command:
    return Command(stream=desk, trigger="note", actor=CLERK, payload={"text": text}, key=text)


def test_many_instances_lose_nothing(database: str) -> None:
    """Children and parents crossing, batches in opposite order: no update is lost, and no one is told of a deadlock."""
    with flow_on(database) as flow:
        desks = [flow.start("desk").stream for _ in range(DESKS)]
        done = sum(crew(_on_many, database, desks), Counter[str]())
        assert done == {"answers": WORKERS * ROUNDS * 3, "notes": WORKERS * ROUNDS * 4}
        assert sum(flow.instance(each).version - 1 for each in desks) == done["notes"]
        assert sum(flow.store.counters(each)["slip", "answered"] for each in desks) == done["answers"]
        assert flow.obligations() == ()
        report = verify_store(flow.store)
        assert report.sound, report.flaw


def _same_keys(number: int, url: str, desks: list[str]) -> list[str | None]:
    """Ask for one and the same batch, in an order of one's own."""
    with flow_on(url) as flow:
        found: list[str | None] = []
        for each in range(ROUNDS):
            asked = [_note(desk, f"{each}.{desk}") for desk in desks]
            random.Random(number).shuffle(asked)
            done = insist(flow.handle_many, asked)
            found += [one.event for one in sorted(done, key=lambda one: one.stream)]
        return found


def test_one_batch_asked_by_all_is_done_once(database: str) -> None:
    """Who comes second gets the first one's answers."""
    with flow_on(database) as flow:
        desks = sorted(flow.start("desk").stream for _ in range(3))
        answers = crew(_same_keys, database, desks)
        assert all(each == answers[0] for each in answers)
        assert [flow.instance(each).version for each in desks] == [1 + ROUNDS] * 3
        assert verify_store(flow.store).sound


def _ticking(number: int, url: str) -> tuple[list[str], list[str], int]:
    with flow_on(url, actor=Actor(id=f"timer-{number}", post="clerk"), clock=FixedClock(LATER)) as flow:
        pages = list(flow.ticks(limit=7))
        done = [each.stream for page in pages for each in page.taken]
        left = [each.deadline.stream for page in pages for each in page.waiting]
        return done, left, sum(len(page.failed) for page in pages)


def test_a_round_by_many_workers_does_each_deadline_once(database: str) -> None:
    """Whatever their names: each due slip is withdrawn by one of them, and none is reported waiting that was done."""
    with flow_on(database) as flow:
        desk = flow.start("desk").stream
        slips = [flow.start("slip", {"due": dt.date(2031, 1, 1)}, parent=desk).stream for _ in range(60)]
        ahead = flow.start("slip", {"due": dt.date(2031, 1, 2)}, parent=desk).stream
        found = crew(_ticking, database)
        done = [stream for each in found for stream in each[0]]
        assert sorted(done) == sorted(slips)
        assert {stream for each in found for stream in each[1]} == {ahead}
        assert sum(each[2] for each in found) == 0
        assert dict(flow.store.counters(desk)) == {("slip", "void"): 60, ("slip", "asked"): 1}
        assert verify_store(flow.store).sound


def _opening(number: int, url: str) -> str:
    with flow_on(url) as flow:
        return flow.start("desk", {"subject": str(number)}).stream


def test_an_empty_database_is_opened_by_all_at_once(database: str) -> None:
    """The tables are made once, and nobody is turned away."""
    assert len(set(crew(_opening, database))) == WORKERS
    with flow_on(database) as flow:
        assert len(flow.instances()) == WORKERS
