"""
The directory (组织目录): organs, posts, ranks, who holds which post, who manages it; all dated, versioned and hashed.

Persons are the host's opaque ids: no name of a person stands here. Every window is inclusive at both ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import attrs

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.errors import DefinitionError, Fault, UnknownNameError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.model import Holder
from zhiwen_flow.terms import Label, Status, Term, key


class ListKind(Term):
    """How a post stands on a list of managed posts (名称表的管理方式)."""

    MANAGED = ("managed", "管理", "managed")
    FILED = ("filed", "备案", "filed")


class _Dated(Protocol):
    @property
    def since(self) -> dt.date: ...
    @property
    def until(self) -> dt.date | None: ...


REMEMBERED = 1000

D = TypeVar("D", bound=_Dated)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rank:
    """
    A rank (职务层次或职级).

    Args:
        level: Higher is higher; equal levels are not ordered among themselves.
    """

    id: str
    label: Label
    level: int
    status: Status = Status.READ
    note: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OrganKind:
    """
    A kind of organ (机关类别).

    Args:
        coordinating: Whether it coordinates, supervises or inspects only; such a body never decides on persons.
    """

    id: str
    label: Label
    coordinating: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Organ:
    """
    An organ (机关、机构).

    Args:
        parent: Organ it belongs to or is led by.
        unit: Organ that counts as its unit for recusal; itself by default.
        employer: Kind of employer, for the table by rank and employer.
        decided_by: The body that decides on its cadres collectively (党委、党组), where it has one.
        personnel_organ: Who does the personnel work of its managing power (组织人事部门).
        discipline_organ: Who disciplines (纪检监察机构).
    """

    id: str
    label: Label
    kind: str
    since: dt.date
    until: dt.date | None = None
    parent: str | None = None
    unit: str | None = None
    employer: str | None = None
    decided_by: str | None = None
    personnel_organ: str | None = None
    discipline_organ: str | None = None
    status: Status = Status.MODEL
    note: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Post:
    """
    A post (职务、岗位).

    Args:
        head: Whether its holder heads the organ (主要负责人).
        supervises: Organs its holder is in charge of (分管).
        roles: Role codes that guards ask for.
        personnel: Personnel category of whoever holds it, where a person's own is not recorded.
        filled_by: Organ that elects or appoints to it by law, where it is not the managing organ.
    """

    id: str
    label: Label
    organ: str
    rank: str
    since: dt.date
    until: dt.date | None = None
    head: bool = False
    supervises: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    personnel: str | None = None
    filled_by: str | None = None
    status: Status = Status.MODEL


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Incumbency:
    """A person in a post for a time (任职)."""

    post: str
    person: str
    since: dt.date
    until: dt.date | None = None
    acting: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PostListing:
    """
    A row of a list of managed posts (干部职务名称表的一行).

    Args:
        organ: Organ that manages the post, or with which it is filed.
        document: The list, as its number or title.
    """

    post: str
    organ: str
    kind: ListKind
    since: dt.date
    until: dt.date | None = None
    document: str
    status: Status = Status.MODEL


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PersonFact:
    """
    What a track depends on (身份信息): personnel category and Party membership; None where it is not known.
    """

    person: str
    since: dt.date
    until: dt.date | None = None
    personnel: str | None = None
    party_member: bool | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _File:
    id: str
    version: str
    label: Label
    source: str
    status: Status
    ranks: tuple[Rank, ...] = attrs.field(metadata=key("rank"))
    kinds: tuple[OrganKind, ...] = attrs.field(metadata=key("organ_kind"))
    personnel: tuple[PersonnelCategory, ...] = attrs.field(default=(), metadata=key("personnel_category"))
    employers: tuple[EmployerKind, ...] = attrs.field(default=(), metadata=key("employer_kind"))
    roles: tuple[Role, ...] = attrs.field(default=(), metadata=key("role"))
    organs: tuple[Organ, ...] = attrs.field(metadata=key("organ"))
    posts: tuple[Post, ...] = attrs.field(default=(), metadata=key("post"))
    incumbencies: tuple[Incumbency, ...] = attrs.field(default=(), metadata=key("incumbent"))
    listings: tuple[PostListing, ...] = attrs.field(default=(), metadata=key("post_list"))
    people: tuple[PersonFact, ...] = attrs.field(default=(), metadata=key("person"))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PersonnelCategory:
    """A personnel category (人员类别): civil servant, public institution, state enterprise, village …"""

    id: str
    label: Label
    status: Status = Status.READ


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EmployerKind:
    """A kind of employer (单位类别), for the table by rank and employer."""

    id: str
    label: Label
    status: Status = Status.MODEL


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Role:
    """A role that guards ask for (岗位职责), held by posts."""

    id: str
    label: Label


class Directory:
    """
    Who is who and who manages whom, at any day (组织目录).

    Look-ups are by dictionary and do not grow with the number of posts.
    """

    def __init__(self, file: _File, *, hash: str | None = None) -> None:
        self._file = file
        self._hash = hash
        self.id, self.version, self.label, self.status = file.id, file.version, file.label, file.status
        self.ranks = {each.id: each for each in file.ranks}
        self.kinds = {each.id: each for each in file.kinds}
        self.personnel = {each.id: each for each in file.personnel}
        self.employers = {each.id: each for each in file.employers}
        self.roles = {each.id: each for each in file.roles}
        self._organs = _grouped((each.id, each) for each in file.organs)
        self._posts = _grouped((each.id, each) for each in file.posts)
        self.organ_ids: Collection[str] = self._organs.keys()
        self.post_ids: Collection[str] = self._posts.keys()
        self._holders = _grouped((each.post, each) for each in file.incumbencies)
        self._held = _grouped((each.person, each) for each in file.incumbencies)
        self._listed = _grouped((each.post, each) for each in file.listings)
        self._managed = _grouped((each.post, each) for each in file.listings if each.kind is ListKind.MANAGED)
        self._named: dict[str, dict[str, str]] = {}
        self._who: dict[tuple[tuple[str, ...], dt.date], tuple[Holder, ...]] = {}
        self._people = _grouped((each.person, each) for each in file.people)
        self._by_role = _grouped((role, each) for each in file.posts for role in each.roles)
        self._by_organ = _grouped((each.organ, each) for each in file.posts)

    @classmethod
    def load(cls, name: str | Path) -> Directory:
        """
        Load a shipped directory by id, or a file by path (加载组织目录).

        Raises:
            DefinitionError: the file has faults; all are named.

        >>> Directory.load("hubei-transport-2011").organ("bridge_bureau").label.zh
        '大桥局'
        """
        is_file = str(name).endswith(".toml")
        return cls.read(Source.of(name) if is_file else Source.shipped("directories", str(name)))

    @classmethod
    def read(cls, source: Source) -> Directory:
        """Read a directory from TOML; see `load`."""
        file = load(source, _File)
        if faults := tuple(_faults(file, source.name)):
            raise DefinitionError(*faults)
        return cls(file, hash=source.digest)

    @classmethod
    def of(
        cls,
        *,
        base: Directory,
        organs: Iterable[Organ] = (),
        posts: Iterable[Post] = (),
        incumbencies: Iterable[Incumbency] = (),
        listings: Iterable[PostListing] = (),
        people: Iterable[PersonFact] = (),
        id: str | None = None,
        version: str | None = None,
    ) -> Directory:
        """
        Extend a directory by rows that a host made in Python (由宿主数据扩充).

        Raises:
            DefinitionError: the rows have faults; all are named.
        """
        old = base._file
        file = attrs.evolve(
            old,
            id=id or old.id,
            version=version or f"{old.version}+host",
            organs=(*old.organs, *organs),
            posts=(*old.posts, *posts),
            incumbencies=(*old.incumbencies, *incumbencies),
            listings=(*old.listings, *listings),
            people=(*old.people, *people),
        )
        if faults := tuple(_faults(file, file.id)):
            raise DefinitionError(*faults)
        return cls(file)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the file's bytes, or of the rows where they were made in Python."""
        if self._hash is not None:
            return self._hash
        rows = attrs.asdict(
            self._file, value_serializer=lambda _, __, v: v.isoformat() if isinstance(v, dt.date) else v
        )
        return digest(canonical(rows))

    def has_organ(self, id: str) -> bool:
        """Whether there is such an organ at any time."""
        return id in self._organs

    def organ(self, id: str, on: dt.date | None = None) -> Organ:
        """
        Find an organ as of a day; the latest row without one (查机关).

        Raises:
            UnknownNameError: there is none of that id on that day.
        """
        found = _as_of(self._organs.get(id, ()), on)
        if found is None:
            raise UnknownNameError("organ", id, () if id in self._organs else self._organs)
        return found

    def post(self, id: str, on: dt.date | None = None) -> Post | None:
        """Find a post as of a day; None when there is none (查职务)."""
        return _as_of(self._posts.get(id, ()), on)

    def named_organ(self, id: str) -> dict[str, str]:
        """Give an organ as a fact that reads well in both languages (机关名称); an unknown one under its id."""
        found = self._named.get(id)
        if found is None:
            label = self.organ(id).label if self.has_organ(id) else Label(zh=id, en=id)
            found = self._named[id] = {"id": id, **label.as_dict()}
        return found

    def named_post(self, post: Post) -> dict[str, str]:
        """Give a post with its organ as a fact (职务全称)."""
        organ, label = self.named_organ(post.organ), post.label
        return {"id": post.id, "zh": f"{organ['zh']}{label.zh}", "en": f"{label.en}, {organ['en']}"}

    def rank(self, id: str) -> Rank:
        """
        Find a rank.

        Raises:
            UnknownNameError: there is none of that id.
        """
        try:
            return self.ranks[id]
        except KeyError:
            raise UnknownNameError("rank", id, self.ranks) from None

    def incumbents(self, post: str, on: dt.date) -> tuple[Incumbency, ...]:
        """List who holds a post on a day, acting holders included (任职人)."""
        return tuple(each for each in self._holders.get(post, ()) if _covers(each, on))

    def posts_of(self, person: str, on: dt.date) -> tuple[Post, ...]:
        """List the posts a person holds on a day (所任职务)."""
        held = (self.post(each.post, on) for each in self._held.get(person, ()) if _covers(each, on))
        return tuple(each for each in held if each is not None)

    def holds(self, person: str, post: str, on: dt.date) -> bool | None:
        """Whether a person holds a post on a day; None where the directory records no holder of it at all."""
        if post not in self._holders:
            return None
        return any(each.person == person and _covers(each, on) for each in self._holders[post])

    def listings(self, post: str, on: dt.date) -> tuple[PostListing, ...]:
        """List the rows of the lists of managed posts for a post on a day (名称表条目)."""
        return tuple(each for each in self._listed.get(post, ()) if _covers(each, on))

    def managing(self, post: str, on: dt.date) -> PostListing | None:
        """Find the row that says who manages a post on a day; None where no list names it (主管机关)."""
        return _as_of(self._managed.get(post, ()), on)

    def person(self, person: str, on: dt.date) -> PersonFact | None:
        """Find what is known of a person's category on a day; None when nothing is (身份信息)."""
        return _as_of(self._people.get(person, ()), on)

    def unit_of(self, organ: str, on: dt.date | None = None) -> str:
        """Give the unit an organ belongs to, for recusal (所属单位)."""
        return self.organ(organ, on).unit or organ

    def within(self, organ: str, ancestor: str, on: dt.date | None = None) -> bool:
        """Whether *organ* is *ancestor* or stands below it (是否隶属)."""
        here: str | None = organ
        while here is not None:
            if here == ancestor:
                return True
            here = self.organ(here, on).parent
        return False

    def belongs(self, organ: str, to: str, on: dt.date | None = None) -> bool:
        """Whether *organ* is *to* or a section inside it (是否本单位内设机构); a subordinate unit is another."""
        return self.within(organ, to, on) and self.unit_of(organ, on) == self.unit_of(to, on)

    def is_coordinating(self, organ: str) -> bool:
        """Whether an organ only coordinates, supervises or inspects (议事协调、督查机构)."""
        return self.kinds[self.organ(organ).kind].coordinating

    def holders_of(self, role: str, on: dt.date) -> tuple[Post, ...]:
        """List the posts that hold a role on a day (承担该职责的岗位)."""
        return tuple(each for each in self._by_role.get(role, ()) if _covers(each, on))

    def who_hold(self, roles: tuple[str, ...], on: dt.date) -> tuple[Holder, ...]:
        """Name who could act in any of some roles on a day (谁可承办); the last answers are remembered."""
        known = self._who.get((roles, on))
        if known is None:
            posts = [(role, self.named_post(each)) for role in roles for each in self.holders_of(role, on)]
            known = tuple(
                Holder(id=named["id"], label=Label(zh=named["zh"], en=named["en"]), via=role) for role, named in posts
            )
            if len(self._who) >= REMEMBERED:
                self._who.clear()
            self._who[roles, on] = known
        return known

    def posts_in(self, organ: str, on: dt.date) -> tuple[Post, ...]:
        """List the posts of an organ on a day."""
        return tuple(each for each in self._by_organ.get(organ, ()) if _covers(each, on))

    def organs(self, on: dt.date) -> Iterator[Organ]:
        """Iterate over the organs of a day, in the order of the file."""
        return (each for rows in self._organs.values() for each in rows if _covers(each, on))

    def posts(self, on: dt.date) -> Iterator[Post]:
        """Iterate over the posts of a day, in the order of the file."""
        return (each for rows in self._posts.values() for each in rows if _covers(each, on))


def _grouped(pairs: Iterable[tuple[str, D]]) -> dict[str, tuple[D, ...]]:
    found: dict[str, tuple[D, ...]] = {}
    for name, each in pairs:
        found[name] = (*found[name], each) if name in found else (each,)
    return found


def _covers(row: _Dated, on: dt.date) -> bool:
    return row.since <= on and (row.until is None or on <= row.until)


def _as_of(rows: tuple[D, ...], on: dt.date | None) -> D | None:
    if on is None:
        return rows[-1] if rows else None
    for each in rows:
        if each.since <= on and (each.until is None or on <= each.until):
            return each
    return None


def _faults(file: _File, where: str) -> Iterator[Fault]:
    for rule in (_rows_end_after_they_start, _references, _windows, _cycles, _overlaps):
        for path, what, mend in rule(file):
            yield Fault(where, path, what, mend)


_Found = Iterator[tuple[str, str, str]]


def _all(file: _File) -> Iterator[tuple[str, _Dated]]:
    tables: dict[str, Sequence[_Dated]] = {
        "organ": file.organs,
        "post": file.posts,
        "incumbent": file.incumbencies,
        "post_list": file.listings,
        "person": file.people,
    }
    for name, rows in tables.items():
        for index, each in enumerate(rows):
            yield f"{name}[{index}]", each


def _rows_end_after_they_start(file: _File) -> _Found:
    for path, each in _all(file):
        if each.until is not None and each.until < each.since:
            yield f"{path}.until", f"ends on {each.until}, before it starts", "put a later day"


def _references(file: _File) -> _Found:
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
    if isinstance(row, Post | PersonFact) and row.personnel is not None:
        yield "personnel", "personnel category", row.personnel
    if isinstance(row, Incumbency | PostListing):
        yield "post", "post", row.post
    if isinstance(row, PostListing):
        yield "organ", "organ", row.organ


def _windows(file: _File) -> _Found:
    """A post lives only while its organ does, a holder only while the post does."""
    organs, posts = _grouped((e.id, e) for e in file.organs), _grouped((e.id, e) for e in file.posts)
    for path, each in _all(file):
        holder = organs.get(each.organ) if isinstance(each, Post) else None
        if isinstance(each, Incumbency | PostListing):
            holder = posts.get(each.post)  # type: ignore[assignment]
        if holder and _as_of(holder, each.since) is None:
            yield path, f"starts on {each.since}, when what it belongs to does not exist", "correct one of the windows"


def _cycles(file: _File) -> _Found:
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


def _overlaps(file: _File) -> _Found:
    """One row of an id, one holder of a post and one manager of a post at a time; acting holders may stand beside."""
    groups: dict[tuple[str, str], list[tuple[str, _Dated]]] = {}
    for path, each in _all(file):
        if isinstance(each, Organ | Post):
            name = (f"row of `{each.id}`", type(each).__name__ + each.id)
        elif isinstance(each, Incumbency) and not each.acting:
            name = (f"holder of post `{each.post}`", "holder" + each.post)
        elif isinstance(each, PostListing):
            name = (f"{each.kind.value} row of post `{each.post}`", "listing" + each.kind + each.post)
        elif isinstance(each, PersonFact):
            name = (f"row of person `{each.person}`", "person" + each.person)
        else:
            continue
        groups.setdefault(name, []).append((path, each))
    for (what, _), rows in groups.items():
        if len(rows) > 1:
            yield from _clashes(what, rows)


def _clashes(what: str, rows: list[tuple[str, _Dated]]) -> _Found:
    ordered = sorted(rows, key=lambda row: row[1].since)
    for (_, before), (path, after) in pairwise(ordered):
        if before.until is None or after.since <= before.until:
            yield path, f"overlaps another {what}", "end the earlier one the day before"
