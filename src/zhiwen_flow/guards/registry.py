"""
What a guard is, what it may read, and the closed registry that resolves the names in machine files.

A guard looks and never touches: ``function(request, rule) -> Verdict``. It is registered with a frozen parameter class,
what it reads, and a revision that enters the hash of every machine that names it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import attrs

from zhiwen_flow.authority import Authority
from zhiwen_flow.calendar import Calendar
from zhiwen_flow.directory import Directory, Post
from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError
from zhiwen_flow.loading import structure
from zhiwen_flow.machine.definition import GuardUse, Machine, Transition
from zhiwen_flow.model import EMPTY, Actor, Holder, Instance, Surroundings, Verdict
from zhiwen_flow.reasons import Reason, by_id, shipped_reason
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Outcome, Status

P = TypeVar("P")


@attrs.frozen(kw_only=True)
class NoParams:
    """Parameters of a guard that takes none (无参数)."""


@attrs.frozen(kw_only=True)
class Rules:
    """
    The rules a decision is judged by (审查所依据的规则): rulebook, directory, calendar.

    Args:
        strict: Whether a row still to be verified makes a verdict unknown.
        earlier: Rulebooks of earlier times, for conduct of those times (从旧兼从轻).
    """

    rulebook: Rulebook
    directory: Directory
    authority: Authority
    calendar: Calendar | None = None
    strict: bool = False
    earlier: tuple[Rulebook, ...] = ()


_UNASKED: Any = object()


class NeedsForm(Exception):
    """A guard asked for a field while only the options are being listed (尚待填报)."""


class ErasedFact(Exception):
    """A guard asked for a sealed fact that was erased (内容已清除); what is not known is not guessed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@attrs.define(eq=False)
class Request:
    """
    One command as the guards see it (审查对象); a throw-away cursor of which only the engine writes `state`.

    Args:
        stream: Id of the instance, or the id it will have.
        state: State of the instance; the engine writes the target here.
        payload: Filled fields; None while options are listed.
        at: Moment of the act, aware.
        today: The day of *at* in Beijing.
        by_parent: Whether the instance is being opened by a transition of its parent.
    """

    stream: str
    state: str
    machine: Machine
    transition: Transition
    actor: Actor
    payload: Mapping[str, Any] | None = attrs.field(repr=False)
    surroundings: Surroundings
    rules: Rules
    at: dt.datetime
    today: dt.date
    by_parent: bool = False
    verdicts: tuple[Verdict, ...] = ()
    _post: Any = attrs.field(default=_UNASKED, init=False)

    @property
    def post(self) -> Post | None:
        """The actor's post as of the day; None where the directory does not know it then."""
        found = self._post
        if found is _UNASKED:
            found = self._post = self.rules.directory.post(self.actor.post, self.today)
        return found  # type: ignore[no-any-return]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the actor's post, with those of vacant posts it stands in for."""
        post = self.post
        return () if post is None else self.rules.directory.roles_of(post, self.today)

    @property
    def instance(self) -> Instance | None:
        """The instance; None while it is being opened."""
        return self.surroundings.instance

    def field(self, name: str) -> Any:
        """
        Read a field of the form; None when it is not filled.

        Raises:
            NeedsForm: only the options are being listed.
        """
        if self.payload is None:
            raise NeedsForm(name)
        return self.payload.get(name)

    def fact(self, name: str) -> Any:
        """
        Read a fact of the instance, sealed ones in clear; None when it is absent.

        Raises:
            ErasedFact: it was there, and was erased.
        """
        surroundings = self.surroundings
        if name in surroundings.opened:
            return surroundings.opened[name]
        found = surroundings.instance.facts.get(name) if surroundings.instance is not None else None
        if isinstance(found, dict) and "sealed" in found:
            raise ErasedFact(name)
        return found

    def value(self, reference: str) -> Any:
        """Read ``field:NAME``, ``fact:NAME`` or ``$id``."""
        kind, name = _PARTS.get(reference) or _parted(reference)
        if kind == "field":
            return self.field(name)
        return self.fact(name) if kind == "fact" else self.stream


_PARTS: dict[str, tuple[str, str]] = {}
"""References of machine files, taken apart once; there are as many as the files name."""


def _parted(reference: str) -> tuple[str, str]:
    kind, _, name = reference.partition(":")
    found = _PARTS[reference] = (kind, name)
    return found


class Rule(Generic[P]):
    """
    A guard bound to its parameters and the citations of its transition (已绑定的守卫).

    Args:
        guard: The registered guard.
        params: Its parameters.
        cites: Documents and articles of the transition.
    """

    __slots__ = ("_passing", "_reasons", "_template", "cites", "guard", "params", "passed")

    def __init__(self, guard: Guard, params: P, cites: tuple[str, ...]) -> None:
        self.guard = guard
        self.params = params
        self.cites = cites
        self._reasons: dict[str, Reason] = by_id(guard.reasons)
        self._passing = guard.passing
        plain = Verdict(guard=guard.id, outcome=Outcome.PASS, reason=self._passing, cites=cites)
        self._template = dict(plain.__dict__)
        self.passed: Verdict = attrs.evolve(plain, wire=plain.as_dict())

    def passes(self, *, status: Status = Status.SEED, cites: tuple[str, ...] = (), **facts: Any) -> Verdict:
        """Pass and keep the facts used."""
        return self._verdict(Outcome.PASS, self._passing, status, cites, (), facts)

    def passed_on(self, facts: Mapping[str, Any], status: Status, cites: tuple[str, ...]) -> Verdict:
        """Pass on *facts* that are kept as they are, leaning on rows of *status*."""
        # The hottest value of all: made from a template, past the field by field work of `Verdict.__init__`.
        found = Verdict.__new__(Verdict)
        found.__dict__.update(self._template, facts=facts, cites=cites, status=status)
        return found

    def fails(
        self,
        reason: str,
        *,
        status: Status = Status.SEED,
        cites: tuple[str, ...] = (),
        who_could: tuple[Holder, ...] = (),
        **facts: Any,
    ) -> Verdict:
        """Fail for *reason*, an id of the catalogue."""
        return self._verdict(Outcome.FAIL, self._reason(reason), status, cites, who_could, facts)

    def unknown(
        self,
        reason: str,
        *,
        status: Status = Status.SEED,
        cites: tuple[str, ...] = (),
        who_could: tuple[Holder, ...] = (),
        **facts: Any,
    ) -> Verdict:
        """Say that it cannot be judged, and what to supply."""
        return self._verdict(Outcome.UNKNOWN, self._reason(reason), status, cites, who_could, facts)

    def error(self, error: Exception) -> Verdict:
        """Say that the guard itself went wrong; only the kind of the error is told, never its text."""
        facts = {"guard": self.guard.label.as_dict(), "error": type(error).__name__}
        return self._verdict(Outcome.ERROR, self._reason("guard.raised"), Status.SEED, (), (), facts)

    def _reason(self, id: str) -> Reason:
        found = self._reasons.get(id)
        if found is None:
            found = self._reasons[id] = shipped_reason(id)
        return found

    def _verdict(
        self,
        outcome: Outcome,
        reason: Reason,
        status: Status,
        cites: tuple[str, ...],
        who_could: tuple[Holder, ...],
        facts: dict[str, Any],
    ) -> Verdict:
        return Verdict(
            guard=self.guard.id,
            outcome=outcome,
            reason=reason,
            facts=facts,
            cites=cites or self.cites,
            status=status,
            who_could=who_could,
        )


GuardFunction = Callable[[Request, Rule[Any]], Verdict]


@attrs.frozen(kw_only=True)
class Guard:
    """
    A registered guard (守卫).

    Args:
        id: Its name in machine files.
        label: A sentence that is true when it passes.
        family: Role, authority, recusal, material, time, children, step or host.
        params: Frozen class of its parameters.
        reads: What it looks at: actor, payload, facts, children, obligations, directory, rulebook, time.
        revision: Raised whenever its answer may change; enters the machine's hash.
        function: The judgement.
        reasons: Reasons of a host's guard; the library's are in the catalogue.
    """

    id: str
    label: Label
    family: str
    params: type[Any] = NoParams
    reads: tuple[str, ...] = ()
    revision: int = 1
    function: GuardFunction
    reasons: tuple[Reason, ...] = ()

    @property
    def passing(self) -> Reason:
        """The reason of a passing verdict."""
        return Reason(id=f"{self.id}.passed", text=self.label)


def guard(
    *,
    id: str,
    zh: str,
    en: str,
    family: str = "host",
    params: type[Any] = NoParams,
    reads: tuple[str, ...] = (),
    revision: int = 1,
    reasons: tuple[Reason, ...] = (),
) -> Callable[[GuardFunction], Guard]:
    """
    Register a judgement as a guard (登记守卫).

    Args:
        zh: A Chinese sentence that is true when the guard passes.
        en: The same in English.

    >>> @guard(id="is_named", zh="已写明事由", en="the matter is named", reads=("payload",))
    ... def is_named(request, rule):
    ...     return rule.passed if request.field("matter") else rule.fails("fact.missing", fact="matter")
    >>> is_named.family
    'host'
    """

    def register(function: GuardFunction) -> Guard:
        return Guard(
            id=id,
            label=Label(zh=zh, en=en),
            family=family,
            params=params,
            reads=reads,
            revision=revision,
            function=function,
            reasons=reasons,
        )

    return register


class Registry:
    """
    The closed set of guards that machine files may name (守卫登记簿).

    >>> from zhiwen_flow.guards.library import LIBRARY
    >>> LIBRARY.get("no_open_obligations").label.zh
    '待办义务均已了结'
    """

    def __init__(self, guards: Iterable[Guard] = ()) -> None:
        self._guards: dict[str, Guard] = {}
        for each in guards:
            if each.id in self._guards:
                mend = "give the host's guard another id"
                raise DefinitionError(Fault("guards", each.id, "this id is registered twice", mend))
            self._guards[each.id] = each

    def __iter__(self) -> Iterator[Guard]:
        return iter(self._guards.values())

    def __contains__(self, id: object) -> bool:
        return id in self._guards

    def extended(self, *guards: Guard) -> Registry:
        """Give a registry with a host's guards beside these (加入宿主守卫)."""
        return Registry((*self, *guards))

    def get(self, id: str) -> Guard:
        """
        Find a guard.

        Raises:
            UnknownNameError: nothing of that id is registered.
        """
        try:
            return self._guards[id]
        except KeyError:
            raise UnknownNameError("guard", id, self._guards) from None

    def revision(self, id: str) -> int:
        """Give a guard's revision; it enters the hash of machines."""
        return self.get(id).revision

    def family(self, id: str) -> str:
        """Give a guard's family."""
        return self.get(id).family

    def faults(self, use: GuardUse, where: str, path: str) -> list[Fault]:
        """Name what is wrong with the parameters of a guard (参数差错)."""
        try:
            self.bind(use, where=where, path=path)
        except DefinitionError as error:
            return list(error.faults)
        return []

    def bind(self, use: GuardUse, *, cites: tuple[str, ...] = (), where: str = "machine", path: str = "") -> Rule[Any]:
        """
        Bind a guard to the parameters of a file (绑定参数).

        Raises:
            UnknownNameError: nothing of that id is registered.
            DefinitionError: the parameters do not fit.
        """
        found = self.get(use.use)
        return Rule(found, structure(dict(use.params), found.params, where=where, path=path), cites)


def registry_reasons(registry: Registry) -> Mapping[str, Reason]:
    """Collect the reasons of a host's guards, and every guard's passing reason, by id (理由索引)."""
    found = {each.passing.id: each.passing for each in registry}
    return found | {reason.id: reason for each in registry for reason in each.reasons} if found else EMPTY
