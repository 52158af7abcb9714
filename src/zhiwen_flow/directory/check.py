"""
What must hold of a directory beyond its shape (组织目录检查): every fault at once, with its place and mend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from zhiwen_flow.directory.rows import (
    Dated,
    Delegation,
    DirectoryFile,
    Duty,
    Incumbency,
    Organ,
    PersonFact,
    Post,
    PostListing,
    as_of,
    grouped,
)
from zhiwen_flow.errors import Fault


def faults(file: DirectoryFile, where: str) -> Iterator[Fault]:
    """Name every fault of a file that is well shaped (逐一列出差错)."""
    for rule in (_rows_end_after_they_start, _references, _windows, _cycles, _overlaps):
        for path, what, mend in rule(file):
            yield Fault(where, path, what, mend)


_Found = Iterator[tuple[str, str, str]]


def _all(file: DirectoryFile) -> Iterator[tuple[str, Dated]]:
    tables: dict[str, Sequence[Dated]] = {
        "organ": file.organs,
        "post": file.posts,
        "incumbent": file.incumbencies,
        "post_list": file.listings,
        "person": file.people,
        "delegation": file.delegations,
        "duty": file.duties,
    }
    for name, rows in tables.items():
        for index, each in enumerate(rows):
            yield f"{name}[{index}]", each


def _rows_end_after_they_start(file: DirectoryFile) -> _Found:
    for path, each in _all(file):
        if each.until is not None and each.until < each.since:
            yield f"{path}.until", f"ends on {each.until}, before it starts", "put a later day"


def _references(file: DirectoryFile) -> _Found:
    organs = {each.id for each in file.organs}
    posts = {each.id for each in file.posts}
    known = {
        "rank": {each.id for each in file.ranks},
        "kind": {each.id for each in file.kinds},
        "personnel category": {each.id for each in file.personnel},
        "employer kind": {each.id for each in file.employers},
        "role": {each.id for each in file.roles},
        "organ": organs,
        "post": posts,
    }
    for path, each in _all(file):
        for attribute, kind, id in _named(each):
            if id not in known[kind]:
                yield f"{path}.{attribute}", f"no {kind} `{id}`", f"declare it, or name another {kind}"


def _named(row: object) -> Iterator[tuple[str, str, str]]:
    """List what a row refers to: attribute, kind, id."""
    if isinstance(row, Organ):
        yield "kind", "kind", row.kind
        links = ("parent", "unit", "decided_by", "personnel_organ", "discipline_organ")
        yield from ((name, "organ", id) for name in links if (id := getattr(row, name)) is not None)
        if row.employer is not None:
            yield "employer", "employer kind", row.employer
    if isinstance(row, Post):
        yield "organ", "organ", row.organ
        yield "rank", "rank", row.rank
        yield from (("supervises", "organ", each) for each in row.supervises)
        yield from (("roles", "role", each) for each in row.roles)
        if row.filled_by is not None:
            yield "filled_by", "organ", row.filled_by
        if row.substitute is not None:
            yield "substitute", "post", row.substitute
    yield from _of_people(row)


def _of_people(row: object) -> Iterator[tuple[str, str, str]]:
    """List what rows on persons, their posts and what is delegated refer to."""
    if isinstance(row, PersonFact) and row.deputy_of is not None:
        yield "deputy_of", "organ", row.deputy_of
    if isinstance(row, Delegation):
        yield "by", "organ", row.by
        yield "to", "organ", row.to
    if isinstance(row, Post | PersonFact) and row.personnel is not None:
        yield "personnel", "personnel category", row.personnel
    if isinstance(row, Incumbency | PostListing | Duty):
        yield "post", "post", row.post
    if isinstance(row, PostListing):
        yield "organ", "organ", row.organ


def _windows(file: DirectoryFile) -> _Found:
    """A post lives only while its organ does, a holder only while the post does."""
    organs, posts = grouped((e.id, e) for e in file.organs), grouped((e.id, e) for e in file.posts)
    for path, each in _all(file):
        holder = organs.get(each.organ) if isinstance(each, Post) else None
        if isinstance(each, Incumbency | PostListing | Duty):
            holder = posts.get(each.post)  # type: ignore[assignment]
        if holder and as_of(holder, each.since) is None:
            yield path, f"starts on {each.since}, when what it belongs to does not exist", "correct one of the windows"


def _cycles(file: DirectoryFile) -> _Found:
    above = {each.id: each.parent for each in file.organs}
    sound: set[str] = set()
    for start in above:
        trail: dict[str, None] = {}
        here: str | None = start
        while here is not None and here not in sound and here not in trail:
            trail[here] = None
            here = above.get(here)
        if here is not None and here in trail:
            yield "organ", f"`{here}` stands above itself", "break the cycle of `parent`"
        sound |= set(trail)


def _overlaps(file: DirectoryFile) -> _Found:
    """One row of an id, one holder of a post and one manager of a post at a time; acting holders may stand beside."""
    groups: dict[tuple[str, str], list[tuple[str, Dated]]] = {}
    for path, each in _all(file):
        if isinstance(each, Organ | Post):
            name = (f"row of `{each.id}`", type(each).__name__ + each.id)
        elif isinstance(each, Incumbency) and not each.acting:
            name = (f"holder of post `{each.post}`", "holder" + each.post)
        elif isinstance(each, PostListing):
            name = (f"{each.kind.value} row of post `{each.post}`", "listing" + each.kind + each.post)
        elif isinstance(each, Duty):
            name = (f"duty `{each.id}`", "duty" + each.id)
        elif isinstance(each, PersonFact):
            name = (f"row of person `{each.person}`", "person" + each.person)
        else:
            continue
        groups.setdefault(name, []).append((path, each))
    for (what, _), rows in groups.items():
        if len(rows) > 1:
            yield from _clashes(what, rows)


def _clashes(what: str, rows: list[tuple[str, Dated]]) -> _Found:
    ordered = sorted(rows, key=lambda row: row[1].since)
    for (_, before), (path, after) in pairwise(ordered):
        if before.until is None or after.since <= before.until:
            yield path, f"overlaps another {what}", "end the earlier one the day before"
