"""
The directory (组织目录): organs, posts, ranks, who holds which post, who manages it; all dated, versioned and hashed.

Persons are the host's opaque ids: no name of a person stands here. Every window is inclusive at both ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import attrs

from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.directory.check import faults
from zhiwen_flow.directory.rows import (
    Delegation,
    DirectoryFile,
    Duty,
    Incumbency,
    Organ,
    PersonFact,
    Post,
    PostListing,
    Rank,
    as_of,
    covers,
    grouped,
)
from zhiwen_flow.directory.standing import NOTHING, Standing, standings
from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.loading import Source, load
from zhiwen_flow.model import Holder
from zhiwen_flow.terms import Label, Power

REMEMBERED = 1000


class Directory:
    """
    Who is who and who manages whom, at any day (组织目录).

    Look-ups are by dictionary and do not grow with the number of posts.
    """

    def __init__(self, file: DirectoryFile, *, hash: str | None = None) -> None:
        self._file = file
        self._hash = hash
        self.id, self.version, self.label, self.status = file.id, file.version, file.label, file.status
        self.ranks = {each.id: each for each in file.ranks}
        self.kinds = {each.id: each for each in file.kinds}
        self.personnel = {each.id: each for each in file.personnel}
        self.employers = {each.id: each for each in file.employers}
        self.roles = {each.id: each for each in file.roles}
        self._organs = grouped((each.id, each) for each in file.organs)
        self._posts = standings(file)
        self.organ_ids: Collection[str] = self._organs.keys()
        self.post_ids: Collection[str] = self._posts.keys()
        self._stands_in = grouped((each.substitute, each) for each in file.posts if each.substitute is not None)
        self._delegated = grouped((each.by, each) for each in file.delegations)
        self._duties = grouped((each.post, each) for each in file.duties)
        self._named: dict[str, dict[str, str]] = {}
        self._who: dict[tuple[tuple[str, ...], dt.date], tuple[Holder, ...]] = {}
        self._people = grouped((each.person, each) for each in file.people)
        self._by_role = grouped((role, each) for each in file.posts for role in each.roles)
        self._in_charge = grouped((organ, each) for each in file.posts for organ in each.supervises)
        self._by_organ = grouped((each.organ, each) for each in file.posts)

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
        file = load(source, DirectoryFile)
        if found := tuple(faults(file, source.name)):
            raise DefinitionError(*found)
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
        delegations: Iterable[Delegation] = (),
        duties: Iterable[Duty] = (),
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
            delegations=(*old.delegations, *delegations),
            duties=(*old.duties, *duties),
        )
        if found := tuple(faults(file, file.id)):
            raise DefinitionError(*found)
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

        >>> Directory.load("hubei-transport-2011").organ("bridge_service_hall").parent
        'bridge_bureau'

        Raises:
            UnknownNameError: there is none of that id on that day.
        """
        found = as_of(self._organs.get(id, ()), on)
        if found is None:
            raise UnknownNameError("organ", id, () if id in self._organs else self._organs)
        return found

    def post(self, id: str, on: dt.date | None = None) -> Post | None:
        """Find a post as of a day; None when there is none (查职务)."""
        return as_of(self.standing(id).rows, on)

    def standing(self, post: str) -> Standing:
        """Give all rows of a post together (职务条目); an empty one for what is not known."""
        return self._posts.get(post, NOTHING)

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
        return tuple(each for each in self.standing(post).held if covers(each, on))

    def listings(self, post: str, on: dt.date) -> tuple[PostListing, ...]:
        """List the rows of the lists of managed posts for a post on a day (名称表条目)."""
        return tuple(each for each in self.standing(post).listed if covers(each, on))

    def managing(self, post: str, on: dt.date) -> PostListing | None:
        """Find the row that says who manages a post on a day; None where no list names it (主管机关)."""
        return self.standing(post).manager(on)

    def co_managing(self, post: str, on: dt.date) -> PostListing | None:
        """Find the row that says who co-manages a post on a day; None where nobody does (协管机关)."""
        return self.standing(post).co_manager(on)

    def delegated(self, organ: str, power: Power, measure: str, on: dt.date) -> Iterator[Delegation]:
        """Iterate over what an organ has delegated of a power over a measure on a day (授权、委托)."""
        for each in self._delegated.get(organ, ()):
            if power in each.powers and measure in (each.measures or (measure,)) and covers(each, on):
                yield each

    def duties(self, post: str, on: dt.date) -> tuple[Duty, ...]:
        """List the duties of a post on a day (岗位职责)."""
        return tuple(each for each in self._duties.get(post, ()) if covers(each, on))

    def duty(self, id: str, post: str, on: dt.date) -> Duty | None:
        """Find a duty of a post as of a day; None where the post did not have it then."""
        return next((each for each in self.duties(post, on) if each.id == id), None)

    def is_vacant(self, post: str, on: dt.date) -> bool:
        """Whether a post that has had holders has none on a day, acting ones included (空缺)."""
        return bool(self.standing(post).held) and not self.incumbents(post, on)

    def roles_of(self, post: Post, on: dt.date) -> tuple[str, ...]:
        """List a post's roles, and those of the vacant posts its holder stands in for (所承担的岗位职责)."""
        others = self._stands_in.get(post.id)
        if others is None:
            return post.roles
        vacant = (each for each in others if covers(each, on) and self.is_vacant(each.id, on))
        return (*post.roles, *(role for each in vacant for role in each.roles))

    def member_of_party(self, post: str, on: dt.date) -> bool | None:
        """Whether the one holder of a post is a Party member; None where it is not known (政治面貌)."""
        fact = self._holder_fact(post, on)
        return fact.party_member if fact is not None else None

    def personnel_of(self, post: Post, on: dt.date, *, standing: Standing | None = None) -> str | None:
        """Give the personnel category of a post's one holder, and else of the post (人员类别)."""
        if standing is not None and not standing.held:
            return post.personnel
        fact = self._holder_fact(post.id, on)
        return fact.personnel if fact is not None and fact.personnel is not None else post.personnel

    def _holder_fact(self, post: str, on: dt.date) -> PersonFact | None:
        """What is known of the one holder of a post who is not acting; None where there is none, or more than one."""
        rows = self.standing(post).held
        if not rows:
            return None
        held = [each for each in rows if not each.acting and covers(each, on)]
        return as_of(self._people.get(held[0].person, ()), on) if len(held) == 1 else None

    def person(self, person: str, on: dt.date) -> PersonFact | None:
        """Find what is known of a person's category on a day; None when nothing is (身份信息)."""
        return as_of(self._people.get(person, ()), on)

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
        """List the posts that hold a role on a day; for a vacant one the post that stands in (承担该职责的岗位)."""
        own = [each for each in self._by_role.get(role, ()) if covers(each, on)]
        asked = ((each, each.substitute) for each in own)
        held = (self.post(other, on) if other and self.is_vacant(each.id, on) else each for each, other in asked)
        return tuple(each for each in held if each is not None)

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
        return tuple(each for each in self._by_organ.get(organ, ()) if covers(each, on))

    def in_charge_of(self, organ: str, on: dt.date) -> tuple[Post, ...]:
        """List the posts whose holders are in charge of an organ on a day (分管)."""
        return tuple(each for each in self._in_charge.get(organ, ()) if covers(each, on))

    def organs(self, on: dt.date) -> Iterator[Organ]:
        """Iterate over the organs of a day, in the order of the file."""
        return (each for rows in self._organs.values() for each in rows if covers(each, on))

    def posts(self, on: dt.date) -> Iterator[Post]:
        """Iterate over the posts of a day, in the order of the file."""
        return (each for standing in self._posts.values() for each in standing.rows if covers(each, on))
