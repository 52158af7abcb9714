"""
The values of a machine definition (状态机定义的各部分), as they stand in its TOML file.

A file names guards and never holds an expression; `$each`, `$id`, `fact:NAME` and `field:NAME` are the only references.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.loading import Strict, structure_hook
from zhiwen_flow.terms import FieldType, Label, Secrecy, Term, key

OPEN = "open"
"""The trigger that opens an instance (建档)."""

NEW = "_new"
"""The state before an instance exists; never stored."""


class End(Term):
    """How an end state ends (终止方式)."""

    DONE = ("done", "办结", "done")
    VOID = ("void", "作废或撤回", "void or withdrawn")


class On(Term):
    """Whose obligation it is (义务归属的卷宗)."""

    SELF = ("self", "本卷宗", "this instance")
    PARENT = ("parent", "上级卷宗", "the parent")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GuardUse:
    """
    A guard as a file names it (守卫引用): an id and its parameters.

    In TOML either ``"evidence_recorded"`` or ``{ use = "actor_holds_role", role = "leading_group_office" }``.
    """

    use: str
    params: Mapping[str, Any] = attrs.field(factory=dict)


@structure_hook(GuardUse)
def _guard_use(raw: Any) -> GuardUse:
    if isinstance(raw, str) and raw:
        return GuardUse(use=raw)
    if isinstance(raw, dict) and isinstance(raw.get("use"), str):
        return GuardUse(use=raw["use"], params={name: each for name, each in raw.items() if name != "use"})
    raise Strict("a guard is a name or a table with `use`", 'write "name" or { use = "name", … }')


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Field:
    """
    A field of a transition's form (填报字段).

    Args:
        codes: Catalogue of the rulebook that its codes come from.
        many: Whether it holds a list.
        secrecy: What the log keeps of it.
        longest: Longest text, in characters.
    """

    name: str
    label: Label
    type: FieldType
    required: bool = False
    many: bool = False
    codes: str | None = None
    secrecy: Secrecy = Secrecy.PLAIN
    longest: int = 4000


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Opens:
    """
    Children that a transition opens in the same change (同时建立的下级卷宗).

    Args:
        machine: Machine of the child.
        each: Field that lists what one child each is opened for; one child when left out.
        spread: Whether each listed object is itself the child's opening payload.
        facts: Payload of the child by reference: ``$each``, ``$id``, ``fact:NAME``, ``field:NAME``.
    """

    machine: str
    each: str | None = None
    spread: bool = False
    facts: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Obliges:
    """An obligation that a transition puts on this instance or its parent (新增待办义务)."""

    kind: str
    label: Label
    to: str | None = None
    limit: str | None = None
    on: On = On.SELF


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Discharges:
    """Open obligations of one kind that a transition settles (了结待办义务)."""

    kind: str
    on: On = On.SELF


@structure_hook(Discharges)
def _discharges(raw: Any) -> Discharges:
    if isinstance(raw, str) and raw:
        return Discharges(kind=raw)
    known = isinstance(raw, dict) and set(raw) <= {"kind", "on"} and isinstance(raw.get("kind"), str)
    if known and raw.get("on", "self") in list(On):
        return Discharges(kind=raw["kind"], on=On(raw.get("on", "self")))
    raise Strict("what is discharged is a kind or a table", 'write "reply" or { kind = "reply", on = "parent" }')


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Child:
    """A machine whose instances may be opened under this one, and from which states (可附下级卷宗)."""

    machine: str
    states: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class State:
    """
    A state (状态).

    Args:
        owner: Role or fact that names who must act next.
        waits_on: What it waits for where nobody here must act.
        limit: Limit of the rulebook; a deadline row on entry, ended on exit.
        due: Fact that names the last day itself, where no limit of the rulebook does.
        on_overdue: Trigger or child machine for what is overdue.
        end: How it ends; None for a state that goes on.
    """

    id: str
    label: Label
    owner: str | None = None
    waits_on: str | None = None
    limit: str | None = None
    due: str | None = None
    on_overdue: str | None = None
    end: End | None = None
    note: str | None = None

    @property
    def has_deadline(self) -> bool:
        """Whether a deadline may run while an instance is in the state."""
        return self.limit is not None or self.due is not None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Transition:
    """
    A transition (迁移): one trigger, from one or more states, to one target.

    Args:
        requires: Materials (材料) that must be handed in; each names a document field.
        produces: Documents (文书) it produces.
        copy_to: Who gets a copy (抄送、备案); never gates.
        keep: Fields that become facts; the others stay in the event.
        restarts: Whether the deadline of the state starts anew although the state stays (延期、恢复计算).
        backfill: Whether an earlier `occurred_at` may be given.
        forced: Whether it sets right by force what went wrong (强制变更); it needs a written reason and a document.
        prejudicial: Whether its facts are prejudicial to a person; verdicts and refusals are then sealed.
        decides: Field or fact that holds the measure it decides; such a transition needs an authority guard.
        waived: Guards that an overlay waived, with reason, document and last day.
    """

    trigger: str
    target: str
    label: Label
    source: tuple[str, ...] = ()
    guards: tuple[GuardUse, ...] = ()
    requires: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    opens: tuple[Opens, ...] = ()
    obliges: tuple[Obliges, ...] = ()
    discharges: tuple[Discharges, ...] = ()
    cites: tuple[str, ...] = ()
    fields: tuple[Field, ...] = attrs.field(default=(), metadata=key("field"))
    restarts: bool = False
    backfill: bool = False
    forced: bool = False
    prejudicial: bool = False
    decides: str | None = None
    note: str | None = None

    def field(self, name: str) -> Field | None:
        """Find a field by name; None when there is no such field."""
        return next((each for each in self.fields if each.name == name), None)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Machine:
    """
    A machine definition (状态机定义): immutable, shared by all its instances.

    Args:
        terms: Names of documents, owners and recipients that are not fields.
        hash: SHA-256 of its canonical content and of the revisions of its guards; set when it is loaded.
        content: The canonical bytes that *hash* covers; a store keeps them.
    """

    id: str
    version: str
    label: Label
    source: str
    initial: str
    opening: Transition
    states: tuple[State, ...] = attrs.field(metadata=key("state"))
    transitions: tuple[Transition, ...] = attrs.field(default=(), metadata=key("transition"))
    children: tuple[Child, ...] = attrs.field(default=(), metadata=key("child"))
    terms: Mapping[str, Label] = attrs.field(factory=dict)
    note: str | None = None
    hash: str = attrs.field(default="", init=False)
    content: bytes = attrs.field(default=b"", init=False, repr=False)
    origin: Mapping[str, str] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    waivers: tuple[Waiver, ...] = attrs.field(default=(), init=False)
    _states: Mapping[str, State] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_states", {each.id: each for each in self.states})

    def state(self, id: str) -> State:
        """
        Find a state.

        Raises:
            UnknownNameError: the machine has no such state.
        """
        try:
            return self._states[id]
        except KeyError:
            raise UnknownNameError(f"state of machine `{self.id}`", id, self._states) from None

    def term(self, name: str) -> Label:
        """Name a document, owner or recipient (文书、岗位名称): by its field, by `terms`, or by its id."""
        for each in self.all_transitions:
            if (found := each.field(name)) is not None:
                return found.label
        return self.terms.get(name) or Label(zh=name, en=name)

    @property
    def triggers(self) -> tuple[str, ...]:
        """All triggers in the order of the file, without ``open``."""
        return tuple(dict.fromkeys(each.trigger for each in self.transitions))

    @property
    def all_transitions(self) -> tuple[Transition, ...]:
        """The opening and all transitions."""
        return (self.opening, *self.transitions)

    def find(self, state: str, trigger: str) -> Transition | None:
        """Find the transition of *trigger* from *state*; None when it does not start there."""
        if state == NEW:
            return self.opening if trigger == OPEN else None
        return next((each for each in self.transitions if each.trigger == trigger and state in each.source), None)

    def telling(self, step: Transition) -> frozenset[str]:
        """Name the guards of *step* whose verdict tells of a sealed fact (判定涉及封存事实的守卫)."""
        hidden = {
            f"fact:{field.name}"
            for each in self.all_transitions
            for field in each.fields
            if field.secrecy is Secrecy.SEALED
        }
        return frozenset(each.use for each in step.guards if hidden & set(map(str, each.params.values())))

    def from_state(self, state: str) -> tuple[Transition, ...]:
        """List the transitions that start from *state*."""
        return tuple(each for each in self.transitions if state in each.source)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Waiver:
    """
    A guard that an overlay lets rest until a day, on a document (豁免).

    Args:
        until: Last day, ISO, inclusive.
    """

    trigger: str
    guard: str
    reason: str
    document: str
    until: str


def sealed(machine: Machine, raw: Mapping[str, Any], revisions: Mapping[str, int]) -> Machine:
    """Give *machine* its content and hash: what the file says, and the revisions of the guards it names."""
    content = canonical({"machine": raw, "guards": dict(revisions)})
    object.__setattr__(machine, "content", content)
    object.__setattr__(machine, "hash", digest(content))
    return machine
