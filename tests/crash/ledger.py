"""The client's own ledger of what it asked and what it was told, held against the database."""

from __future__ import annotations

import json
from collections import Counter

import attrs

from tests.crash.asking import Answered, Request
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.canonical import digest
from zhiwen_flow.stores.protocol import Store


@attrs.define
class Ledger:
    """
    What was asked, before asking; what was answered, after the answer.

    The client is never killed: what stands here is what a user would remember.
    """

    asked: dict[str, Request] = attrs.field(factory=dict)
    answered: dict[str, Answered] = attrs.field(factory=dict)

    def asks(self, request: Request) -> None:
        """Note a request before it is sent."""
        self.asked.update({str(each.key): request for each in request.commands})

    def told(self, request: Request, answers: tuple[Answered, ...]) -> None:
        """
        Note an answer.

        Raises:
            AssertionError: the same key was answered otherwise before.
        """
        for command, answer in zip(request.commands, answers, strict=True):
            before = self.answered.setdefault(str(command.key), answer)
            assert before == answer, f"{command.key} was answered {before}, and now {answer}"

    def check(self, store: Store, *, whole: bool = True) -> int:
        """
        Hold the ledger against the database.

        Args:
            store: A database that stands still.
            whole: Whether nobody else has asked anything.

        Returns:
            How many events there are.

        Raises:
            AssertionError: a command is missing or is there twice, a chain is broken, or a table differs from the log.
        """
        report = verify_store(store)
        assert report.sound, report.flaw
        assert report.tables
        events = _events_by_key(store)
        mine = {digest(key.encode()): key for key in self.asked}
        assert not whole or set(events) <= set(mine), "an event has a key that nobody asked with"
        twice = [mine.get(hash, hash) for hash, ids in events.items() if len(ids) > 1]
        assert not twice, f"done twice: {twice}"
        for key, told in self.answered.items():
            found = store.answer(key)
            assert found is not None, f"{key} was answered and is missing"
            body = json.loads(found.raw)
            assert (body["id"], body["stream"]) == (told.event, told.stream), f"{key} is another event now"
            written = events.get(digest(key.encode()))
            assert written == [told.event] or (written is None and not told.allowed), f"{key}: no event"
        return report.count


def _events_by_key(store: Store) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    after = 0
    while page := store.events(after=after, limit=1000):
        after = page[-1].seq
        for each in page:
            key = each.body["key"]
            if key is not None:
                found.setdefault(key["hash"], []).append(each.id)
    return found


def merged(ledgers: list[Ledger]) -> Ledger:
    """Give several clients' ledgers as one."""
    whole = Ledger()
    keys = Counter(key for each in ledgers for key in each.asked)
    assert all(count == 1 for count in keys.values())
    for each in ledgers:
        whole.asked |= each.asked
        whole.answered |= each.answered
    return whole
