"""
The structural check of a machine (状态机结构检查): what must hold before anything runs under it.

Pure: takes a definition, gives back every fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from zhiwen_flow.errors import Fault
from zhiwen_flow.machine.definition import OPEN, End, Machine, On, Transition
from zhiwen_flow.terms import FieldType

_ID_MEND = "use lower-case ASCII letters, digits and underscores"
_CODED = (FieldType.CODE, FieldType.ASSESSMENT)
_OF_THE_EVENT = ("verdicts", "payload", "sealed")
"""Names under which parts of an event are sealed, or that mark what is."""
REFERENCES = ("$each", "$id", "fact:", "field:")


def check(machine: Machine, where: str = "") -> tuple[Fault, ...]:
    """
    Name every structural fault of *machine* (检查结构).

    Args:
        where: File name for the messages; the machine's id by default.
    """
    report = _Report(where or machine.id)
    for rule in _RULES:
        for path, what, mend in rule(machine):
            report.add(path, what, mend)
    return tuple(report.faults)


class _Report:
    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []

    def add(self, path: str, what: str, mend: str) -> None:
        self.faults.append(Fault(self.where, path, what, mend))


_Found = Iterator[tuple[str, str, str]]


def _is_id(text: str) -> bool:
    return text.isascii() and text.replace("_", "a").isalnum() and text[0].isalpha() and text == text.lower()


def _paths(machine: Machine) -> Iterable[tuple[str, Transition]]:
    yield "opening", machine.opening
    for index, each in enumerate(machine.transitions):
        yield f"transition[{index}]", each


def _ids(machine: Machine) -> _Found:
    named = [("id", machine.id)]
    named += [(f"state[{index}].id", each.id) for index, each in enumerate(machine.states)]
    named += [(f"{path}.trigger", each.trigger) for path, each in _paths(machine)]
    named += [(f"{p}.field[{i}].name", f.name) for p, each in _paths(machine) for i, f in enumerate(each.fields)]
    for path, text in named:
        if not _is_id(text):
            yield path, f"`{text}` is not an identifier", _ID_MEND


def _states_are_known(machine: Machine) -> _Found:
    known = [each.id for each in machine.states]
    for id, count in Counter(known).items():
        if count > 1:
            yield "state", f"state `{id}` is declared {count} times", "keep one"
    if machine.initial not in known:
        yield "initial", f"no state `{machine.initial}`", f"known: {', '.join(known)}"
    for path, each in _paths(machine):
        for name in (*each.source, each.target):
            if name not in known:
                yield path, f"no state `{name}`", f"known: {', '.join(known)}"
    for index, child in enumerate(machine.children):
        for name in set(child.states) - set(known):
            yield f"child[{index}].states", f"no state `{name}`", f"known: {', '.join(known)}"


def _opening(machine: Machine) -> _Found:
    if machine.opening.trigger != OPEN:
        yield "opening.trigger", "the opening's trigger is `open`", 'write trigger = "open"'
    if machine.opening.source:
        yield "opening.source", "the opening has no source", "leave `source` out"
    if machine.opening.target != machine.initial:
        yield "opening.target", "the opening leads to the initial state", f'write target = "{machine.initial}"'
    for index, each in enumerate(machine.transitions):
        if each.trigger == OPEN:
            yield f"transition[{index}].trigger", "`open` is the opening's trigger", "name it otherwise"


def _one_target(machine: Machine) -> _Found:
    pairs = Counter((source, each.trigger) for each in machine.transitions for source in each.source)
    for (source, trigger), count in pairs.items():
        if count > 1:
            yield "transition", f"`{trigger}` from `{source}` is declared {count} times", "a branch is another trigger"
    for index, each in enumerate(machine.transitions):
        if not each.source:
            yield f"transition[{index}].source", "no source", "name at least one state"


def _forced_is_guarded(machine: Machine) -> _Found:
    for index, each in enumerate(machine.transitions):
        if each.forced and not each.guards:
            yield f"transition[{index}].guards", "anybody may force this change", "name a guard on who may"


def _reachable(machine: Machine) -> _Found:
    steps = [(source, each.target) for each in machine.transitions for source in each.source]
    for lost in {each.id for each in machine.states} - _closure({machine.initial}, steps):
        yield "state", f"state `{lost}` cannot be reached", "add a transition to it, or delete it"
    ends = {each.id for each in machine.states if each.end}
    back = [(target, source) for source, target in steps]
    for stuck in {each.id for each in machine.states} - _closure(ends, back):
        yield "state", f"no end can be reached from `{stuck}`", "add a transition towards an end state"


def _closure(start: Collection[str], steps: Collection[tuple[str, str]]) -> set[str]:
    found, front = set(start), set(start)
    while front:
        front = {target for source, target in steps if source in front} - found
        found |= front
    return found


def _ends(machine: Machine) -> _Found:
    ends = {each.id: each.end for each in machine.states if each.end}
    if End.DONE not in ends.values():
        yield "state", "no state ends as done", 'give one state end = "done"'
    if End.VOID not in ends.values():
        yield "state", "nothing opened in error can end", 'add a state with end = "void" (withdrawn or void)'
    for index, each in enumerate(machine.transitions):
        for name in set(each.source) & set(ends):
            yield f"transition[{index}].source", f"`{name}` is an end", "leave it out, or let the state go on"


def _somebody_acts(machine: Machine) -> _Found:
    for index, each in enumerate(machine.states):
        if not each.end and not each.owner and not each.waits_on:
            yield f"state[{index}]", f"nobody must act in `{each.id}`", "name its `owner`, or what it `waits_on`"


def _cited(machine: Machine) -> _Found:
    for path, each in _paths(machine):
        if not each.cites:
            yield f"{path}.cites", f"`{each.trigger}` cites nothing", "name document and clause"


def _names_of_fields(machine: Machine) -> _Found:
    for path, each in _paths(machine):
        for index, field in enumerate(each.fields):
            if field.name in _OF_THE_EVENT:
                what = f"`{field.name}` stands for a part of the event"
                yield f"{path}.field[{index}].name", what, "name it otherwise"


def _fields(machine: Machine) -> _Found:
    for path, each in _paths(machine):
        for name, count in Counter(field.name for field in each.fields).items():
            if count > 1:
                yield f"{path}.field", f"field `{name}` is declared {count} times", "keep one"
        for index, field in enumerate(each.fields):
            if (field.type in _CODED) != (field.codes is not None):
                mend = "name the catalogue, or leave it out"
                yield f"{path}.field[{index}].codes", "`codes` goes with type `code` or `assessment`", mend
        for name in each.keep:
            if each.field(name) is None:
                yield f"{path}.keep", f"no field `{name}`", "declare it, or leave it out"
        for name in each.requires:
            found = each.field(name)
            if found is None or found.type is not FieldType.DOCUMENT or found.required:
                yield (
                    f"{path}.requires",
                    f"material `{name}` needs a field",
                    "add a document field that is not `required`",
                )


def _references(machine: Machine) -> _Found:
    for path, each in _paths(machine):
        for index, opens in enumerate(each.opens):
            if opens.each is not None and ((listed := each.field(opens.each)) is None or not listed.many):
                yield f"{path}.opens[{index}].each", f"`{opens.each}` is not a field that lists", "declare it with many"
            for name, reference in opens.facts.items():
                yield from _reference(f"{path}.opens[{index}].facts.{name}", reference, each)
        for index, obliges in enumerate(each.obliges):
            if obliges.to is not None and obliges.to.startswith(REFERENCES):
                yield from _reference(f"{path}.obliges[{index}].to", obliges.to, each)


def _deadlines(machine: Machine) -> _Found:
    """A state that names its own last day needs a kept date field; only a step inside such a state restarts."""
    kept = {name for each in machine.all_transitions for name in each.keep}
    dates = {field.name for _, each in _paths(machine) for field in each.fields if field.type is FieldType.DATE}
    for index, state in enumerate(machine.states):
        if state.due is not None and state.due not in kept & dates:
            yield f"state[{index}].due", f"`{state.due}` is no date that is kept", "keep a date field of that name"
    timed = {each.id for each in machine.states if each.has_deadline}
    for path, each in _paths(machine):
        if each.restarts and (each.target not in timed or each.source != (each.target,)):
            yield f"{path}.restarts", "there is no deadline to start anew", "use it on a step inside a timed state"


def _reference(path: str, reference: str, transition: Transition) -> _Found:
    if not reference.startswith(REFERENCES):
        yield path, f"`{reference}` is not a reference", "use $each, $id, fact:NAME or field:NAME"
    elif reference.startswith("field:") and transition.field(reference[6:]) is None:
        yield path, f"no field `{reference[6:]}`", "declare it, or refer to another"


def _terms(machine: Machine) -> _Found:
    """Whoever reads the pictures must find a name for every document, owner and recipient."""
    fields = {field.name for each in machine.all_transitions for field in each.fields}
    used = [
        (f"state[{i}]", name) for i, each in enumerate(machine.states) for name in (each.owner, each.waits_on) if name
    ]
    used += [(path, name) for path, each in _paths(machine) for name in (*each.produces, *each.copy_to)]
    for path, name in used:
        if name not in fields and name not in machine.terms:
            yield path, f"`{name}` has no name for readers", f"add it to `terms`: {name} = {{ zh, en }}"


def _obligations_gate_the_end(machine: Machine) -> _Found:
    owing = {obliges.kind for each in machine.all_transitions for obliges in each.obliges if obliges.on is On.SELF}
    if not owing and not machine.children and not any(each.opens for each in machine.all_transitions):
        return
    for index, each in enumerate(machine.transitions):
        if machine.state(each.target).end is not End.DONE if _knows(machine, each.target) else True:
            continue
        if "no_open_obligations" not in {use.use for use in each.guards}:
            what = f"`{each.trigger}` ends an instance that may owe something"
            yield f"transition[{index}].guards", what, 'add the guard "no_open_obligations"'


def _knows(machine: Machine, state: str) -> bool:
    return any(each.id == state for each in machine.states)


_RULES: tuple[Callable[[Machine], _Found], ...] = (
    _ids,
    _states_are_known,
    _opening,
    _one_target,
    _forced_is_guarded,
    _reachable,
    _ends,
    _somebody_acts,
    _cited,
    _names_of_fields,
    _fields,
    _references,
    _deadlines,
    _terms,
    _obligations_gate_the_end,
)
