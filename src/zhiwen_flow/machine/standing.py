"""
Standing acts (常设程序): what may be done with an instance of any machine, beside that machine's own steps.

They are data as steps are: guards, form, citations. A machine's hash does not cover them; the event tells what was
found.
"""

from __future__ import annotations

from functools import cache

import attrs

from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.machine.definition import Machine, Transition
from zhiwen_flow.machine.reading import GuardBook, guard_faults
from zhiwen_flow.terms import EventKind, key


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Act(Transition):
    """
    A standing act (常设程序的一项); it leaves the instance in the state it is in.

    Args:
        kind: What the event that records it is.
    """

    target: str = ""
    kind: EventKind


@attrs.frozen(kw_only=True)
class ActFile:
    """A file of standing acts (常设程序文件)."""

    acts: tuple[Act, ...] = attrs.field(metadata=key("act"))


def read_acts(source: Source, guards: GuardBook) -> tuple[Act, ...]:
    """
    Read standing acts from TOML (读取常设程序).

    Raises:
        DefinitionError: the file has faults; all are named.
    """
    found = load(source, ActFile).acts
    rows = enumerate(found)
    if faults := [each for row, act in rows for each in guard_faults(act, guards, source.name, f"act[{row}]")]:
        raise DefinitionError(*faults)
    return found


@cache
def act_labels() -> dict[str, Act]:
    """Give the shipped acts by trigger, unchecked, for whoever only names them (随库常设程序)."""
    return {each.trigger: each for each in load(Source.shipped("standing", "deadlines"), ActFile).acts}


def placed(acts: tuple[Act, ...], machine: Machine) -> tuple[Act, ...]:
    """Give the acts as they stand in a machine: one for each state in which a deadline may run (按状态展开)."""
    timed = tuple(each.id for each in machine.states if each.has_deadline)
    return tuple(attrs.evolve(act, source=(state,), target=state) for act in acts for state in timed)
