"""
A province of 200,000 posts, and one step that looks at all that matters: form, role, and authority over a post.

`Office` decides it with the library; `PlainOffice` checks the same form and evaluates the same rules to booleans.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container
from typing import Any

from zhiwen_flow.clock import SystemClock, SystemStamps
from zhiwen_flow.deciding import Bench, Judged, judge
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.directory import Directory, ListKind, Organ, Post, PostListing
from zhiwen_flow.flow import Flow
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE, Actor, Command, Instance, Surroundings
from zhiwen_flow.recording import Recorder
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.terms import Label

UNITS, POSTS_IN_UNIT = 1000, 200
SINCE = dt.date(2009, 1, 1)
NOW = dt.datetime(2011, 9, 1, 9, 0, tzinfo=ZONE)
RIGHT = Actor(id="p-1", post="transport_party_group.officer")
WRONG = Actor(id="p-2", post="bridge_party_committee.officer")
MEASURE, ROLE, MANAGER = "post_demotion", "measure_officer", "transport_party_group"


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": _label("项", name), "type": kind, "required": True, **more}


def _raw(*, authority: bool = True) -> dict[str, Any]:
    fields = [
        _field("measure", "measure"),
        _field("post", "post"),
        _field("gravity", "code", codes="gravity"),
        _field("reason", "text", longest=200),
        _field("on", "date"),
    ]
    guards = [
        {"use": "actor_holds_role", "role": ROLE},
        {"use": "has_measure_authority", "power": "decides", "measure": "field:measure", "post": "field:post"},
    ][: 2 if authority else 1]
    step = {"source": ["open"], "label": _label("决定", "Decide"), "cites": ["方案 二"]}
    return {
        "id": "office",
        "version": "1",
        "label": _label("处理", "Office"),
        "source": "方案",
        "initial": "open",
        "terms": {"clerk": _label("经办", "clerk"), ROLE: _label("承办", "officer")},
        "opening": {"label": _label("建档", "Open"), "cites": ["方案 一"]},
        "state": [
            {"id": "open", "label": _label("办理中", "Open"), "owner": "clerk"},
            {"id": "done", "label": _label("办结", "Done"), "end": "done"},
            {"id": "void", "label": _label("作废", "Void"), "end": "void"},
        ],
        "transition": [
            step | {"trigger": "decide", "target": "open", "guards": guards, "field": fields, "keep": ["gravity"]},
            step | {"trigger": "finish", "target": "done"},
            step | {"trigger": "void", "target": "void"},
        ],
    }


def _targets() -> list[str]:
    """Go round all posts in an order that does not come back soon, so that no memory of answers helps."""
    total = UNITS * POSTS_IN_UNIT
    return [f"unit_{n * 77_773 % total // POSTS_IN_UNIT}.post_{n % POSTS_IN_UNIT}" for n in range(total)]


def payload_on(post: str) -> dict[str, Any]:
    """Fill the form for the holder of a post."""
    return {
        "measure": MEASURE,
        "post": post,
        "gravity": "serious",
        "reason": "重大事项执行不力,后果严重",
        "on": "2011-09-01",
    }


def province(base: Directory) -> Directory:
    """Extend a directory by units whose posts are all on one organ's list."""
    organs, posts, listings = [], [], []
    for unit in range(UNITS):
        organ = f"unit_{unit}"
        label = Label(zh=f"第{unit}单位", en=f"Unit {unit}")
        kind, employer = base.organ("bridge_bureau").kind, base.organ("bridge_bureau").employer
        organs.append(
            Organ(id=organ, label=label, kind=kind, since=SINCE, parent="transport_department", employer=employer)
        )
        for number in range(POSTS_IN_UNIT):
            id = f"{organ}.post_{number}"
            posts.append(
                Post(id=id, label=label, organ=organ, rank="county_deputy", since=SINCE, personnel="civil_servant")
            )
            listings.append(
                PostListing(post=id, organ=MANAGER, kind=ListKind.MANAGED, since=SINCE, document="干部职务名称表(示例)")
            )
    return Directory.of(base=base, organs=organs, posts=posts, listings=listings)


class Office:
    """The library on the step, as `Flow` drives it."""

    def __init__(
        self, actor: Actor = RIGHT, directory: Directory | None = None, *, authority: bool = True, few: bool = False
    ) -> None:
        self.directory = directory or province(Directory.load("hubei-transport-2011"))
        definitions = Definitions.load(directory=self.directory)
        machine = machine_from(_raw(authority=authority), definitions.registry, where="office")
        self.bench = Bench(machine, definitions.rules, definitions.registry)
        self.flow = Flow(MemoryStore(), definitions, actor=actor, clock=SystemClock())
        self.recorder = Recorder(tenant="default", stamps=SystemStamps(SystemClock()))
        self.actor = actor
        self.instance = Instance(id="c1", pin=self.bench.pin, state="open", root="c1")
        self.posts = ["bridge_bureau.deputy_director"] if few else _targets()

    def judged(self, number: int) -> Judged:
        """Make command and surroundings, and judge."""
        payload = payload_on(self.posts[number % len(self.posts)])
        command = Command(stream="c1", trigger="decide", actor=self.actor, payload=payload)
        return judge(self.bench, Surroundings(instance=self.instance), command, at=NOW, definitions=self.flow)

    def run(self, times: int) -> None:
        """Decide *times*."""
        judged = self.judged
        for number in range(times):
            judged(number)


class PlainOffice:
    """The same form and rules, evaluated to booleans over plain dictionaries: the floor."""

    def __init__(self, office: Office, actor: Actor = RIGHT) -> None:
        directory, book, day = office.directory, office.bench.rules.rulebook, NOW.date()
        listed = {each.id: directory.managing(each.id, day) for each in directory.posts(day)}
        self.posts = {each.id: [_plain_post(each, directory)] for each in directory.posts(day)}
        self.managers = {
            id: [{"organ": each.organ, "since": each.since, "until": each.until}]
            for id, each in listed.items()
            if each is not None
        }
        self.rows = {
            measure: [
                (row.filled_by_law, row.ranks, row.employers, row.personnel)
                for row in book.rows
                if measure in row.measures
            ]
            for measure in book.measures
        }
        self.instance = {"id": "c1", "state": "open", "version": 1}
        self.actor = {"id": actor.id, "post": actor.post}
        self.names = _targets()
        self.checks: dict[str, Callable[[Any], bool]] = {
            "measure": _is_in(self.rows),
            "post": _is_in(self.posts),
            "gravity": _is_in(book.codes("gravity")),
            "reason": _is_text,
            "on": _is_date,
        }
        self.required = frozenset(self.checks)

    def allowed(self, number: int) -> bool:
        """Make command and surroundings, and evaluate."""
        payload = payload_on(self.names[number % len(self.names)])
        command = {"stream": "c1", "trigger": "decide", "actor": self.actor, "payload": payload}
        return self.instance["state"] == "open" and self.fits(payload) and self._may(command, NOW.date())

    def fits(self, payload: dict[str, Any]) -> bool:
        """Check the form."""
        checks = self.checks
        for name, value in payload.items():
            check = checks.get(name)
            if check is None or not check(value):
                return False
        return self.required <= payload.keys()

    def _may(self, command: dict[str, Any], day: dt.date) -> bool:
        actor = _as_of(self.posts.get(command["actor"]["post"]), day)
        if actor is None or ROLE not in actor["roles"]:
            return False
        payload = command["payload"]
        target = _as_of(self.posts.get(payload["post"]), day)
        manager = _as_of(self.managers.get(payload["post"]), day)
        if target is None or manager is None:
            return False
        by_law, rank, employer, personnel = target["by_law"], target["rank"], target["employer"], target["personnel"]
        for law, ranks, employers, categories in self.rows[payload["measure"]]:
            if law is not by_law or (ranks and rank not in ranks) or (employers and employer not in employers):
                continue
            if not categories or personnel in categories:
                return bool(manager["organ"] == actor["organ"])
        return False

    def run(self, times: int) -> None:
        """Evaluate *times*."""
        allowed = self.allowed
        for number in range(times):
            allowed(number)


def _plain_post(post: Post, directory: Directory) -> dict[str, Any]:
    organ = directory.organ(post.organ)
    while organ.employer is None and organ.parent is not None:
        organ = directory.organ(organ.parent)
    return {
        "organ": post.organ,
        "rank": post.rank,
        "roles": set(post.roles),
        "personnel": post.personnel,
        "by_law": post.filled_by is not None,
        "employer": organ.employer,
        "since": post.since,
        "until": post.until,
    }


def _as_of(rows: list[dict[str, Any]] | None, day: dt.date) -> dict[str, Any] | None:
    for each in rows or ():
        if each["since"] <= day and (each["until"] is None or day <= each["until"]):
            return each
    return None


def _is_in(known: Container[str]) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and value in known


def _is_text(value: Any) -> bool:
    if type(value) is not str or not value or len(value) > 200 or value.isspace():
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_date(value: Any) -> bool:
    try:
        return type(value) is str and len(value) == 10 and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False
