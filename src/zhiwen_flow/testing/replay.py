"""
Replay a log (重演日志): decide every recorded command again, in its order, and compare the answers.

A host replays its own log before it changes a rule or a guard, and sees which past answers would come out otherwise.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import attrs

from zhiwen_flow.answers import decision_of
from zhiwen_flow.audit.export import pages
from zhiwen_flow.calendar import Calendar
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.events import ASKED_WITH, body_of
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import registry_reasons
from zhiwen_flow.model import Actor, Command, Decision
from zhiwen_flow.stores.protocol import Store, shown
from zhiwen_flow.stores.sql.sqlite import SqliteStore
from zhiwen_flow.terms import EventKind, Secrecy
from zhiwen_flow.testing.clock import FixedClock

EMPTY_CALENDARS: Mapping[str, Calendar] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Replayed:
    """
    One command decided again (重演结果).

    Args:
        recorded: What was answered then.
        again: What is answered now; None where the command can no longer be put, see *problem*.
        problem: Why it could not be decided again.
    """

    recorded: Decision
    again: Decision | None
    problem: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether both answers are the same: outcome, way, every verdict with its facts."""
        return self.again is not None and _essence(self.recorded) == _essence(self.again)


def replay(
    store: Store, definitions: Definitions, *, calendars: Mapping[str, Calendar] = EMPTY_CALENDARS
) -> Iterator[Replayed]:
    """
    Decide every recorded command again on an empty store (重演), under *definitions*.

    The store lies in a temporary file: memory does not grow with the log.

    Commands whose payload the log does not keep whole (a refusal with sealed or dropped fields, an erased value) cannot
    be put again and are left out; so are refusals that were folded into a count.

    Args:
        store: Whose log; one tenant.
        definitions: The rules to decide by.
        calendars: Earlier calendars by version, where deadlines were reckoned anew; each command is decided by the
            calendar of its event where that is given, else by that of *definitions*.
    """
    with TemporaryDirectory(prefix="zhiwen-replay-") as folder:
        clock = FixedClock(dt.datetime.min.replace(tzinfo=dt.UTC))
        with closing(SqliteStore(Path(folder) / "again.db", store.tenant)) as again:
            flow = Flow(again, definitions, actor=None, clock=clock)
            flows = {
                version: Flow(again, _by(definitions, calendar), actor=None, clock=clock)
                for version, calendar in calendars.items()
            }
            asked = _asked(store, flow)
            while some := list(islice(asked, PAGE)):
                # One commit for many: what is decided again is thrown away.
                with again.batch():
                    done = [_decided(flows.get(version or "", flow), clock, each) for version, *each in some]
                yield from done


def _asked(store: Store, flow: Flow) -> Iterator[tuple[str | None, Decision, Command]]:
    """Give what was answered and asked, and the calendar it was decided by."""
    reasons = registry_reasons(flow.definitions.registry)
    brought: set[str] = set()
    for event in pages(store):
        body, sealed = event.body, shown(store.sealed(event.id))
        brought |= set(body["opens"])
        if body["source"] == "" and body["stream"] in brought:
            brought.discard(body["stream"])
            continue
        if body["kind"] not in _ANSWERS:
            continue
        machine = flow.current(body["machine"]["id"]).machine
        recorded = decision_of(event.raw, sealed, machine, reasons, replayed=False)
        command = command_of(event.raw, sealed)
        if _is_whole(body, command, machine.find(body["source"] or "_new", body["trigger"])):
            yield body["calendar"], recorded, command


PAGE = 500
"""How many commands are decided again in one transaction."""

_ANSWERS = (EventKind.OPENED, EventKind.MOVED, EventKind.RECOMPUTED, EventKind.REFUSED)


def _by(definitions: Definitions, calendar: Calendar) -> Definitions:
    return attrs.evolve(definitions, rules=attrs.evolve(definitions.rules, calendar=calendar))


def _decided(flow: Flow, clock: FixedClock, asked: list[Any]) -> Replayed:
    recorded, command = asked
    clock.set(recorded.at)
    try:
        return Replayed(recorded=recorded, again=flow.handle(command))
    except ZhiwenError as error:
        return Replayed(recorded=recorded, again=None, problem=str(error))


def _is_whole(body: Mapping[str, Any], command: Command, transition: Any) -> bool:
    if any(map(_is_sealed, command.payload.values())) or (_is_sealed(body["payload"]) and not command.payload):
        return False
    if any(_is_sealed(body[name]) and getattr(command, name) is None for name in ASKED_WITH):
        return False
    secret = transition is not None and any(each.secrecy is not Secrecy.PLAIN for each in transition.fields)
    dropped = transition is not None and any(each.secrecy is Secrecy.DROPPED for each in transition.fields)
    return not dropped and not (secret and body["kind"] == EventKind.REFUSED)


def _essence(decision: Decision) -> Any:
    plain = [each.as_dict() for each in decision.verdicts]
    told = json.loads(json.dumps(plain))
    return decision.allowed, decision.stream, decision.source, decision.target, told, decision.cites


def command_of(raw: bytes, sealed: Mapping[str, Any]) -> Command:
    """
    Rebuild the command that an event answered (还原请求); its moment is the event's own.

    Args:
        raw: Canonical bytes of the event body.
        sealed: Sealed values of the event by name.
    """
    body = body_of(raw)
    payload = body["payload"]
    if "sealed" in payload and set(payload) == {"sealed"}:
        payload = sealed.get("payload", {})
    opening = body["source"] == ""
    return Command(
        actor=Actor(id=body["actor"]["id"], post=body["actor"]["post"]),
        trigger=body["trigger"],
        stream=body["stream"],
        machine=body["machine"]["id"] if opening else None,
        payload={name: sealed.get(name, value) if _is_sealed(value) else value for name, value in payload.items()},
        parent=body["parent"] if opening else None,
        business_id=body["business_id"] if opening else None,
        occurred_at=_earlier(body),
        reason=sealed.get("reason") if _is_sealed(body["reason"]) else body["reason"],
        document=sealed.get("document") if _is_sealed(body["document"]) else body["document"],
        correlation=body["correlation"],
        causation=body["causation"],
    )


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}


def _earlier(body: Mapping[str, Any]) -> dt.datetime | None:
    if body["occurred_at"] == body["decided_at"]:
        return None
    return dt.datetime.fromisoformat(body["occurred_at"])
