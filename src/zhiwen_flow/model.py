"""
Frozen values that cross every border: who acts, what is asked, what a decision may read, and what it answers.

Nothing here touches a store, a clock or a file. What is made anew for every command has no slots: without them a frozen
value is made a third faster. `Instance`, of which a million may live, has them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from zhiwen_flow.errors import Fault, RefusedError
from zhiwen_flow.reasons import Reason, shown
from zhiwen_flow.terms import Label, Outcome, Status

ZONE = ZoneInfo("Asia/Shanghai")
"""The default time zone (北京时间)."""

EMPTY: Mapping[str, Any] = {}


@attrs.frozen(kw_only=True)
class Actor:
    """
    A person acting in a post (经办人): the host's opaque person id, and the id of the post in the directory.

    >>> Actor(id="p-101", post="bridge_bureau.office.clerk").post
    'bridge_bureau.office.clerk'
    """

    id: str
    post: str


@attrs.frozen(kw_only=True, slots=False)
class Command:
    """
    A request to do one thing (请求).

    Args:
        stream: Id of the instance; None opens a new one of *machine*.
        machine: Id of the machine to open; None when *stream* is given.
        trigger: What to do; ``"open"`` when *stream* is None.
        actor: Who asks.
        payload: The filled fields of the transition.
        key: Idempotency key; the same key and content give the stored answer again. What a client gave is made its own
            by the host first: the keys of `tick` are known beforehand.
        parent: Instance under which a new one is opened.
        business_id: The host's own id of what is opened, such as the row of its document; one instance of a machine
            for each. It is published with every event, so it must not name a person.
        occurred_at: Earlier moment of the act, aware; only where the transition allows `backfill`.
        reason: Written reason; required with *occurred_at*. It is shown and published with the event, but where a step
            about a person was refused, so it must not name one.
        document: Number of the document behind *occurred_at*; shown as the reason is.
        correlation: Id that ties several commands together.
        causation: Id of the event that led to this command.
    """

    actor: Actor
    trigger: str = "open"
    stream: str | None = None
    machine: str | None = None
    payload: Mapping[str, Any] = attrs.field(default=EMPTY, repr=False)
    key: str | None = attrs.field(default=None, repr=False)
    parent: str | None = None
    business_id: str | None = None
    occurred_at: dt.datetime | None = None
    reason: str | None = attrs.field(default=None, repr=False)
    document: str | None = None
    correlation: str | None = None
    causation: str | None = None


LONGEST = 1000
"""Longest text of a command's own parts, in characters; what is longer belongs into the payload or a document."""


def misfits(command: Command) -> list[Fault]:
    """
    Name every part of a command, its payload apart, that could not enter the log (请求本身的差错).

    >>> ask = Command(actor=Actor(id="", post="a.clerk"), stream="c1", trigger="accept", key="k")
    >>> [str(each) for each in misfits(ask)]
    ['command: actor.id: is empty; give text']
    """
    actor = command.actor
    parts = (
        ("actor.id", actor.id),
        ("actor.post", actor.post),
        ("trigger", command.trigger),
        ("stream", command.stream),
        ("machine", command.machine),
        ("key", command.key),
        ("parent", command.parent),
        ("business_id", command.business_id),
        ("reason", command.reason),
        ("document", command.document),
        ("correlation", command.correlation),
        ("causation", command.causation),
    )
    found = [Fault("command", name, what, "give text") for name, each in parts if (what := _misfit(each)) is not None]
    if command.business_id is not None and command.machine is None:
        found.append(Fault("command", "business_id", "is given for a step", "give it where the instance is opened"))
    return found


def _misfit(text: object) -> str | None:
    if text is None:
        return None
    if type(text) is not str:
        return f"is {type(text).__name__}, not text"
    if not text or len(text) > LONGEST:
        return "is empty" if not text else f"is longer than {LONGEST} characters"
    if "\0" in text:
        return "holds a NUL character, which no database keeps in a text"
    if text.isascii():
        return None
    return "holds half a character (a lone surrogate)" if any("\ud800" <= each <= "\udfff" for each in text) else None


@attrs.frozen(kw_only=True)
class Pin:
    """The definitions an instance was opened under (所依据的规则版本); shared by all such instances."""

    machine: str
    machine_version: str
    machine_hash: str
    rulebook: str
    rulebook_version: str
    rulebook_hash: str


@attrs.frozen(kw_only=True)
class Instance:
    """
    One running machine (卷宗).

    `version` counts its own moves; `links` is raised by whatever opens, moves or ends a child or an obligation of it.
    `business_id` is the host's own id of it; None where the host gave none.
    """

    id: str
    pin: Pin
    state: str
    version: int = 1
    links: int = 0
    parent: str | None = None
    root: str
    business_id: str | None = None
    facts: Mapping[str, Any] = EMPTY


@attrs.frozen(kw_only=True)
class Obligation:
    """
    What somebody must settle before the instance may end (待办义务).

    Args:
        id: Its own id.
        stream: The instance that may not end before.
        kind: What is owed, for example ``"reply"``.
        to: Whom it is owed to, a fact name or an organ; never a person's identity.
        due: Last day, inclusive; None when no rule gives one.
    """

    id: str
    stream: str
    kind: str
    to: str | None = None
    due: dt.date | None = None
    opened_by: str | None = None


@attrs.frozen(kw_only=True)
class Deadline:
    """
    Last day for leaving a state (办理期限), stored as a row; `due` is inclusive and None when no rule gives one.
    """

    stream: str
    state: str
    limit: str
    started: dt.date
    due: dt.date | None
    calendar: str | None = None


@attrs.frozen(kw_only=True, slots=False)
class Surroundings:
    """
    All that a decision may read of the store (周边), loaded in one read.

    Args:
        instance: The instance; None while it is being opened.
        children: Number of children by (machine id, state).
        obligations: Obligations still open.
        opened: Sealed facts in clear, for guards only.
        parent: The parent of an instance being opened.
        deadline: The running deadline, where a standing act asks for it.
    """

    instance: Instance | None
    children: Mapping[tuple[str, str], int] = EMPTY  # type: ignore[assignment]
    obligations: tuple[Obligation, ...] = ()
    opened: Mapping[str, Any] = attrs.field(default=EMPTY, repr=False)
    parent: Instance | None = None
    deadline: Deadline | None = None


@attrs.frozen(kw_only=True)
class Holder:
    """
    An organ or post that could do what was refused (有权机关或岗位).

    Args:
        id: Id of the organ or post in the directory.
        label: Its name.
        via: The power or role through which it could.
    """

    id: str
    label: Label
    via: str

    def as_dict(self) -> dict[str, Any]:
        """Give the holder as plain data."""
        return {"id": self.id, "zh": self.label.zh, "en": self.label.en, "via": self.via}


@attrs.frozen(kw_only=True, slots=False)
class Verdict:
    """
    What one guard found (判定), with the reason, the facts used and the rule behind it.

    Args:
        guard: Id of the guard.
        outcome: Pass, fail, unknown or error.
        reason: Reason and remedy, filled with *facts*.
        facts: Facts the guard used.
        cites: Documents and articles behind it.
        status: How sure the rows it leaned on are.
        who_could: Who could do it, where authority failed.
    """

    guard: str
    outcome: Outcome
    reason: Reason
    facts: Mapping[str, Any] = attrs.field(default=EMPTY, repr=False)
    cites: tuple[str, ...] = ()
    status: Status = Status.SEED
    who_could: tuple[Holder, ...] = ()
    wire: Mapping[str, Any] | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def passed(self) -> bool:
        """Whether the guard lets the step through."""
        return self.outcome is Outcome.PASS

    def text(self, lang: str = "zh") -> str:
        """Say why (说明理由); a verdict that leaned on an unsettled row says so (依据待核实)."""
        said = self.reason.say(lang, self._told)
        if self.status.is_settled:
            return said
        kind = "" if self.status is Status.UNVERIFIED else self.status.text(lang)
        if lang == "zh":
            return f"{said}(依据待核实{':' if kind else ''}{kind})"
        return f"{said} (basis not verified{': ' if kind else ''}{kind})"

    def remedy(self, lang: str = "zh") -> str:
        """Say what would change it (补救办法)."""
        return self.reason.mend(lang, self._told)

    @property
    def _told(self) -> Mapping[str, Any]:
        if not self.who_could:
            return self.facts
        return {**self.facts, "who_could": [each.label.as_dict() for each in self.who_could]}

    def as_dict(self) -> dict[str, Any]:
        """Give the verdict as the plain data that the log keeps."""
        if self.wire is not None:
            return dict(self.wire)
        found: dict[str, Any] = {
            "guard": self.guard,
            "outcome": self.outcome.value,
            "reason": self.reason.id,
            "facts": dict(self.facts),
            "cites": list(self.cites),
            "status": self.status.value,
        }
        if self.who_could:
            found["who_could"] = [each.as_dict() for each in self.who_could]
        return found


@attrs.frozen(kw_only=True, slots=False)
class Decision:
    """
    The answer to a command (审查结论): allowed or not, every verdict, and where the step leads.

    Args:
        allowed: Whether the step goes through.
        stream: Id of the instance.
        trigger: What was asked.
        source: State it starts from; empty when opening.
        target: State after the step; equal to *source* when refused.
        verdicts: Every guard's verdict, in the order of the machine file.
        at: Moment of the decision, aware.
        cites: Documents and articles behind the transition itself.
        event: Id of the event that records it; None when it was only explained.
        replayed: Whether it is the stored answer to an idempotency key used before.
    """

    allowed: bool
    stream: str
    trigger: str
    source: str
    target: str
    verdicts: tuple[Verdict, ...]
    at: dt.datetime
    label: Label
    cites: tuple[str, ...] = ()
    event: str | None = None
    replayed: bool = False

    def recorded(self, event: str) -> Decision:
        """Give the same decision with the event that records it (已入档的审查结论)."""
        found = object.__new__(Decision)
        # A frozen value made field by field takes longer than all else that recording adds.
        found.__dict__.update(self.__dict__, event=event)
        return found

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The verdicts that do not pass (未通过的判定)."""
        return tuple(each for each in self.verdicts if each.outcome is not Outcome.PASS)

    @property
    def who_could(self) -> tuple[Holder, ...]:
        """Who could do it instead (谁有权办理), without repetition."""
        return tuple(dict.fromkeys(holder for each in self.refusals for holder in each.who_could))

    @property
    def unsettled(self) -> tuple[Verdict, ...]:
        """The verdicts that leaned on a row still to be verified (依据待核实)."""
        return tuple(each for each in self.verdicts if not each.status.is_settled)

    def explain(self, lang: str = "zh") -> str:
        """
        Explain the answer to an official (说明), one line for each reason.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        head = self.label.text(lang)
        if self.allowed:
            lines = [f"准予办理:{head}" if lang == "zh" else f"Allowed: {head}"]
            lines += [line for each in self.unsettled for line in _lines(each, lang, mark="·")]
        else:
            lines = [f"不予办理:{head}" if lang == "zh" else f"Refused: {head}"]
            lines += [line for each in self.refusals for line in _lines(each, lang)]
        lines += _who(self.who_could, lang)
        return "\n".join(lines)

    def raise_if_refused(self) -> Decision:
        """
        Give the decision back when it is allowed (不通过则报错).

        Raises:
            RefusedError: it is not; the message is the explanation in Chinese.
        """
        if self.allowed:
            return self
        raise RefusedError(self, self.explain("zh"))


def _lines(verdict: Verdict, lang: str, mark: str = "×") -> Iterable[str]:
    yield f"  {mark} [{verdict.outcome.text(lang)}] {verdict.text(lang)}"
    if verdict.cites:
        yield ("    依据:" if lang == "zh" else "    Basis: ") + shown(list(verdict.cites), lang)
    if remedy := verdict.remedy(lang):
        yield ("    怎么办:" if lang == "zh" else "    Remedy: ") + remedy


def _who(holders: tuple[Holder, ...], lang: str) -> list[str]:
    if not holders:
        return []
    names = ("、" if lang == "zh" else "; ").join(dict.fromkeys(each.label.text(lang) for each in holders))
    return [("  有权办理:" if lang == "zh" else "  Who could: ") + names]
