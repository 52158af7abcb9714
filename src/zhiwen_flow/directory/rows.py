"""
The rows of a directory file (组织目录条目), all dated; posts, never names of persons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol, TypeVar

import attrs

from zhiwen_flow.terms import Label, Power, Status, Term, key


class ListKind(Term):
    """How a post stands on a list of managed posts (名称表的管理方式)."""

    MANAGED = ("managed", "管理", "managed")
    FILED = ("filed", "备案", "filed")
    CO_MANAGED = ("co_managed", "协管", "co-managed")


class Dated(Protocol):
    """A row that holds from a day to a day, both inclusive (带起止日期的条目)."""

    @property
    def since(self) -> dt.date:
        """First day."""

    @property
    def until(self) -> dt.date | None:
        """Last day; None while it goes on."""


D = TypeVar("D", bound=Dated)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rank:
    """
    A rank (职务层次或职级).

    Args:
        level: Higher is higher; equal levels are not ordered among themselves.
        leading: Whether it is a leading rank (领导职务层次).
    """

    id: str
    label: Label
    level: int
    leading: bool = False
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
        substitute: Post whose holder stands in for it while it is vacant (主持工作、代行职责).
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
    substitute: str | None = None
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
        organ: Organ that manages the post, is consulted as its co-manager (双重管理), or with which it is filed.
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
class Delegation:
    """
    A power that one organ has handed to another by a document (授权、委托); it decides in the other's stead.

    Args:
        by: Organ that holds the power.
        to: Organ that may exercise it.
        measures: Measures it is for; any when empty.
        document: The document that delegates it.
    """

    by: str
    to: str
    powers: tuple[Power, ...]
    measures: tuple[str, ...] = ()
    since: dt.date
    until: dt.date | None = None
    document: str
    status: Status = Status.MODEL


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Duty:
    """A duty of a post (岗位职责), as a document gives it; a finding rests on the duty as of then."""

    id: str
    post: str
    label: Label
    since: dt.date
    until: dt.date | None = None
    document: str
    status: Status = Status.MODEL


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PersonFact:
    """
    What a track depends on (身份信息): personnel category and Party membership; None where it is not known.

    Args:
        deputy_of: Congress or 政协 the person sits in, which must be told of a sanction.
        probation: Whether the person is on probation (试用期).
        democratic_party: Another party the person belongs to (民主党派).
    """

    person: str
    since: dt.date
    until: dt.date | None = None
    personnel: str | None = None
    party_member: bool | None = None
    deputy_of: str | None = None
    probation: bool | None = None
    democratic_party: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DirectoryFile:
    """A directory file as it stands (组织目录文件)."""

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
    delegations: tuple[Delegation, ...] = attrs.field(default=(), metadata=key("delegation"))
    duties: tuple[Duty, ...] = attrs.field(default=(), metadata=key("duty"))


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


def grouped(pairs: Iterable[tuple[str, D]]) -> dict[str, tuple[D, ...]]:
    """Group rows by a name, in their order (分组)."""
    found: dict[str, tuple[D, ...]] = {}
    for name, each in pairs:
        found[name] = (*found[name], each) if name in found else (each,)
    return found


def covers(row: Dated, on: dt.date) -> bool:
    """Whether a row holds on a day, first and last day included (当日是否有效)."""
    return row.since <= on and (row.until is None or on <= row.until)


def as_of(rows: tuple[D, ...], on: dt.date | None) -> D | None:
    """Give the row that holds on a day; the last one where no day is given (当日条目)."""
    if on is None:
        return rows[-1] if rows else None
    for each in rows:
        if each.since <= on and (each.until is None or on <= each.until):
            return each
    return None
