"""
Overlays (叠加文件): a host's own additions to a shipped machine. They add and tighten; what they loosen is a waiver.

A waiver names reason, document and last day; afterwards the guard bites again.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.errors import DefinitionError, Fault
from zhiwen_flow.loading import Source, parse, structure
from zhiwen_flow.machine.definition import Machine, Waiver
from zhiwen_flow.machine.reading import GuardBook, machine_from
from zhiwen_flow.terms import Label, key


@attrs.frozen(kw_only=True)
class Base:
    """The machine an overlay is made for; another version or content is a fault (所叠加的状态机)."""

    id: str
    version: str
    hash: str


@attrs.frozen(kw_only=True)
class Tighten:
    """
    What an overlay adds to a transition (收紧): guards, materials, documents, recipients, citations, fields.

    Args:
        trigger: Whose trigger.
        source: Only the transition from this state; all of the trigger by default.
    """

    trigger: str
    source: str | None = None
    guards: tuple[Any, ...] = ()
    requires: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    fields: tuple[Any, ...] = attrs.field(default=(), metadata=key("field"))


@attrs.frozen(kw_only=True)
class Waive:
    """A guard that rests until a day, on a document (豁免)."""

    trigger: str
    guard: str
    reason: str
    document: str
    until: dt.date


@attrs.frozen(kw_only=True)
class Overlay:
    """An overlay file (叠加文件)."""

    id: str
    version: str
    label: Label
    base: Base
    states: tuple[Any, ...] = attrs.field(default=(), metadata=key("state"))
    transitions: tuple[Any, ...] = attrs.field(default=(), metadata=key("transition"))
    tightens: tuple[Tighten, ...] = attrs.field(default=(), metadata=key("tighten"))
    waives: tuple[Waive, ...] = attrs.field(default=(), metadata=key("waive"))
    terms: Mapping[str, Label] = attrs.field(factory=dict)


_LISTS = ("guards", "requires", "produces", "copy_to", "cites")


def overlaid(base: Source, overlays: Sequence[Source], guards: GuardBook) -> Machine:
    """
    Lay overlays on a machine (叠加).

    Args:
        base: The machine's file.
        overlays: Overlay files in order; two may not touch the same row.
        guards: What is known of the guards.

    Returns:
        A machine with its own id, version and hash; `origin` says which file each row came from.

    Raises:
        DefinitionError: a file has faults, does not fit the base, or two overlays touch one row; all are named.
    """
    raw = parse(base)
    plain = machine_from(raw, guards, where=base.name)
    read = [(source, structure(parse(source), Overlay, where=source.name)) for source in overlays]
    faults = [fault for source, each in read for fault in _misfits(plain, each, source.name)]
    faults += _clashes(read)
    if faults:
        raise DefinitionError(*faults)
    merged, origin = copy.deepcopy(raw), _origin(raw, base.name)
    for source, each in read:
        _merge(merged, each, source, origin)
    merged["id"], merged["version"] = (read[-1][1].id, read[-1][1].version) if read else (raw["id"], raw["version"])
    machine = machine_from(merged, guards, where="+".join([base.name, *(each.name for each in overlays)]))
    return _finished(machine, [each for _, each in read], origin)


def _misfits(machine: Machine, overlay: Overlay, where: str) -> Iterator[Fault]:
    for name in ("id", "version", "hash"):
        wanted, found = getattr(overlay.base, name), getattr(machine, name)
        if wanted != found:
            mend = f'look at what changed, then write {name} = "{found}"'
            yield Fault(where, f"base.{name}", f"is made for `{wanted}`; this is `{found}`", mend)
    known = {(each.trigger, source) for each in machine.transitions for source in each.source} | {("open", None)}
    triggers = {trigger for trigger, _ in known}
    for index, each in enumerate(overlay.tightens):
        if each.trigger not in triggers or (each.source is not None and (each.trigger, each.source) not in known):
            what = f"no transition `{each.trigger}`" + (f" from `{each.source}`" if each.source else "")
            yield Fault(where, f"tighten[{index}]", what, f"known: {', '.join(sorted(triggers))}")
    for index, waive in enumerate(overlay.waives):
        used = {use.use for each in machine.all_transitions if each.trigger == waive.trigger for use in each.guards}
        if waive.guard not in used:
            yield Fault(where, f"waive[{index}]", f"`{waive.trigger}` has no guard `{waive.guard}`", "name one it has")


def _clashes(read: Sequence[tuple[Source, Overlay]]) -> Iterator[Fault]:
    seen: dict[tuple[str, ...], str] = {}
    for source, overlay in read:
        rows: list[tuple[str, ...]] = [("tighten", each.trigger, each.source or "*") for each in overlay.tightens]
        rows += [("waive", each.trigger, each.guard) for each in overlay.waives]
        rows += [("state", str(each.get("id"))) for each in overlay.states]
        for row in rows:
            if row in seen:
                yield Fault(source.name, row[0], f"{' '.join(row[1:])} is already touched by {seen[row]}", "keep one")
            seen[row] = source.name


def _origin(raw: Mapping[str, Any], name: str) -> dict[str, str]:
    found = {"opening": name}
    found |= {f"state[{index}]": name for index in range(len(raw["state"]))}
    return found | {f"transition[{index}]": name for index in range(len(raw["transition"]))}


def _merge(merged: dict[str, Any], overlay: Overlay, source: Source, origin: dict[str, str]) -> None:
    merged["source"] = f"{merged['source']};{overlay.label.zh}"
    for table, rows in (("state", overlay.states), ("transition", overlay.transitions)):
        for each in rows:
            origin[f"{table}[{len(merged[table])}]"] = source.name
            merged[table].append(each)
    merged.setdefault("terms", {}).update({name: each.as_dict() for name, each in overlay.terms.items()})
    for tighten in overlay.tightens:
        for path, row in _rows(merged, tighten):
            for name in _LISTS:
                added = [each for each in getattr(tighten, name) if each not in row.get(name, [])]
                if added:
                    origin[f"{path}.{name}[{len(row.get(name, []))}:]"] = source.name
                    row[name] = [*row.get(name, []), *added]
            if tighten.fields:
                origin[f"{path}.field[{len(row.get('field', []))}:]"] = source.name
                row["field"] = [*row.get("field", []), *tighten.fields]


def _rows(merged: Mapping[str, Any], tighten: Tighten) -> Iterator[tuple[str, dict[str, Any]]]:
    if tighten.trigger == "open":
        yield "opening", merged["opening"]
    for index, row in enumerate(merged["transition"]):
        if row["trigger"] == tighten.trigger and tighten.source in (None, *row["source"]):
            yield f"transition[{index}]", row


def _finished(machine: Machine, overlays: Sequence[Overlay], origin: Mapping[str, str]) -> Machine:
    waivers = tuple(
        Waiver(
            trigger=each.trigger,
            guard=each.guard,
            reason=each.reason,
            document=each.document,
            until=each.until.isoformat(),
        )
        for overlay in overlays
        for each in overlay.waives
    )
    object.__setattr__(machine, "waivers", waivers)
    object.__setattr__(machine, "origin", dict(origin))
    if waivers:
        content = canonical({"base": machine.hash, "waivers": [attrs.asdict(each) for each in waivers]})
        object.__setattr__(machine, "hash", digest(content))
    return machine
