"""
Cadre-management authority (干部管理权限): which organ holds which power over a measure on the holder of a post.

One function answers the guard, `who_could` and the matrix. Authority hangs on the post: first the list of managed
posts, and only where no list names the post the example table by rank and employer, which is marked so.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from zhiwen_flow.directory import Delegation, Directory, Post
from zhiwen_flow.directory.rows import as_of
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.model import Holder
from zhiwen_flow.rulebook import AuthorityRow, Measure, PowerRow, Rulebook, Target
from zhiwen_flow.rulings import (
    COORDINATING,
    FOR_PERSONS,
    FOR_UNITS,
    NO_MANAGER,
    NO_MEMBERSHIP,
    NO_PERSONNEL,
    NO_ROW,
    NO_STARTING,
    NO_UNIT_SUPERIOR,
    NOT_A_MEMBER,
    OTHER_PERSONNEL,
    SILENT,
    PowerRuling,
    Ruling,
)
from zhiwen_flow.terms import Label, Power, Status, weakest

CACHED = 50_000
"""Rulings kept by one `Authority`."""


@attrs.frozen(kw_only=True)
class _Person:
    """Whom a ruling is about: a post as of a day, or a rank with an employer where the matrix asks."""

    rank: str
    employer: str | None
    personnel: str | None
    organ: str
    post: Post | None
    on: dt.date
    member: bool | None = None


class Authority:
    """
    Rulings under one rulebook and one directory (权限裁定器); answers are remembered.
    """

    def __init__(self, rulebook: Rulebook, directory: Directory) -> None:
        self.rulebook = rulebook
        self.directory = directory
        self._known: dict[Any, Ruling] = {}
        self._grouped: dict[Any, Ruling] = {}
        self.for_units = frozenset(each.id for each in rulebook.measures.values() if each.target is Target.UNIT)
        self._members_only = {each.id for each in rulebook.measures.values() if each.members_only}
        self._rows: dict[str, list[AuthorityRow]] = {}
        for row in rulebook.rows:
            for measure in row.measures:
                self._rows.setdefault(measure, []).append(row)

    def ruling(self, measure: str, post: str, on: dt.date) -> Ruling:
        """
        Say who holds which power over *measure* on the holder of *post* on a day (权限裁定).

        Raises:
            UnknownNameError: no such measure, or no such post on that day.

        Source:
            省直机关方案 二(三)4 (按照干部管理权限); the lists of managed posts in the directory.
        """
        found = self.directory.post(post, on)
        if found is None:
            raise UnknownNameError("post", f"{post}` on `{on}")
        return self.ruling_of(measure, found, on)

    def at_post(self, measure: str, post: str, on: dt.date) -> tuple[Post, Ruling] | None:
        """Rule on the holder of a post by its id (权限裁定), with the post as of the day; None without it."""
        standing = self.directory.standing(post)
        asked = (measure, standing.group, on)
        settled = standing.settled is not None and on >= standing.settled
        if settled and (known := self._grouped.get(asked)) is not None:
            return standing.rows[0], known
        found = as_of(standing.rows, on)
        if found is None:
            return None
        ruling = self.ruling_of(measure, found, on)
        if settled:
            if len(self._grouped) >= CACHED:
                self._grouped.clear()
            self._grouped[asked] = ruling
        return found, ruling

    def ruling_of(self, measure: str, post: Post, on: dt.date) -> Ruling:
        """Rule on the holder of a post at hand (权限裁定); posts alike in all that matters share a ruling."""
        standing = self.directory.standing(post.id)
        listing, co = standing.manager(on), standing.co_manager(on)
        by = (listing.organ, listing.document, listing.status) if listing is not None else ()
        personnel = self.directory.personnel_of(post, on, standing=standing)
        member = self.directory.member_of_party(post.id, on) if measure in self._members_only else None
        alike = (measure, post.organ, post.rank, personnel, post.filled_by, on, member, co, *by)
        known = self._known.get(alike)
        if known is not None:
            return known
        employer = self._employer(post.organ, on)
        person = _Person(
            rank=post.rank, employer=employer, personnel=personnel, organ=post.organ, post=post, on=on, member=member
        )
        ruling = self._rule(self.rulebook.measure(measure), person)
        if len(self._known) >= CACHED:
            self._known.clear()
        self._known[alike] = ruling
        return ruling

    def ruling_for_unit(self, measure: str, organ: str, on: dt.date) -> Ruling:
        """
        Say who holds which power over *measure* on a unit (对单位措施的权限裁定).

        Raises:
            UnknownNameError: no such measure or organ.
        """
        found = self.rulebook.measure(measure)
        if found.target is not Target.UNIT:
            return Ruling(measure=measure, status=Status.NOT_APPLICABLE, not_applicable=FOR_PERSONS)
        unit = self.directory.organ(self.directory.unit_of(organ, on), on)
        row = next(iter(self._rows.get(measure, ())), None)
        if row is None:
            return Ruling(measure=measure, missing=NO_ROW)
        if unit.parent is None:
            return Ruling(measure=measure, row=row.id, missing=NO_UNIT_SUPERIOR)
        person = _Person(rank="", employer=unit.employer, personnel=None, organ=unit.id, post=None, on=on)
        return self._ruling(found, row, person, unit.parent, fallback=False, extra=())

    def ruling_of_start(self, post: Post, on: dt.date) -> Ruling:
        """
        Say who approves that accountability of the holder of a post is started (启动审批).

        Source:
            中国共产党问责条例(2019) 第 9 条; see the rulebook's `starting` rows.
        """
        row = next((each for each in self.rulebook.starting if each.heads is post.head), None)
        if row is None:
            return Ruling(measure="", missing=NO_STARTING)
        employer = self._employer(post.organ, on)
        person = _Person(rank=post.rank, employer=employer, personnel=None, organ=post.organ, post=post, on=on)
        manager, cite, status, fallback = self._manager(person)
        if manager is None:
            return Ruling(measure="", cites=(self.rulebook.cite(row),), missing=NO_MANAGER)
        organs = dict.fromkeys(self._holder(each, person, manager) for each in row.approvers)
        holders = tuple(
            Holder(id=each, label=self.directory.organ(each).label, via=row.id)
            for each in organs
            if each is not None and not self.directory.is_coordinating(each)
        )
        return Ruling(
            measure="",
            row=row.id,
            cites=(self.rulebook.cite(row), *((cite,) if cite is not None else ())),
            status=weakest(row.status, status),
            fallback=fallback,
            manager=manager,
            powers={Power.APPROVES: PowerRuling(holders=holders)},
        )

    def managing(self, post: Post, on: dt.date) -> Ruling:
        """Say which organ manages a post, with where that is written (主管机关); it has no powers of its own."""
        employer = self._employer(post.organ, on)
        person = _Person(rank=post.rank, employer=employer, personnel=None, organ=post.organ, post=post, on=on)
        manager, cite, status, fallback = self._manager(person)
        missing = NO_MANAGER if manager is None else None
        cites = (cite,) if cite is not None else ()
        return Ruling(measure="", manager=manager, cites=cites, status=status, fallback=fallback, missing=missing)

    def ruling_for_rank(self, measure: str, rank: str, organ: str, on: dt.date) -> Ruling:
        """Say what the example table gives for a rank in an organ (按职级推定), as the matrix prints it."""
        employer = self._employer(organ, on)
        person = _Person(rank=rank, employer=employer, personnel="civil_servant", organ=organ, post=None, on=on)
        return self._rule(self.rulebook.measure(measure), person)

    def _employer(self, organ: str, on: dt.date) -> str | None:
        here: str | None = organ
        while here is not None:
            found = self.directory.organ(here, on)
            if found.employer is not None:
                return found.employer
            here = found.parent
        return None

    def _rule(self, measure: Measure, person: _Person) -> Ruling:
        if measure.target is Target.UNIT:
            return Ruling(measure=measure.id, status=Status.NOT_APPLICABLE, not_applicable=FOR_UNITS)
        if measure.personnel and person.personnel is None:
            return Ruling(measure=measure.id, missing=NO_PERSONNEL)
        if measure.personnel and person.personnel not in measure.personnel:
            cites = (self.rulebook.cite(measure),)
            return Ruling(measure=measure.id, status=Status.NOT_APPLICABLE, not_applicable=OTHER_PERSONNEL, cites=cites)
        if measure.members_only and person.post is not None and person.member is not True:
            return self._not_a_member(measure, person)
        row, missing = self._row(measure.id, person)
        if row is None:
            return Ruling(measure=measure.id, missing=missing)
        if row.not_applicable is not None:
            cites = (self.rulebook.cite(row),)
            return Ruling(
                measure=measure.id,
                row=row.id,
                status=Status.NOT_APPLICABLE,
                not_applicable=row.not_applicable,
                cites=cites,
            )
        if (none := self._no_such_post(person)) is not None:
            return Ruling(measure=measure.id, row=row.id, status=Status.NOT_APPLICABLE, not_applicable=none)
        manager, cite, status, fallback = self._manager(person)
        if manager is None:
            return Ruling(measure=measure.id, row=row.id, cites=(self.rulebook.cite(row),), missing=NO_MANAGER)
        extra = ((cite, status),) if cite is not None else ()
        return self._ruling(measure, row, person, manager, fallback=fallback, extra=extra)

    def _not_a_member(self, measure: Measure, person: _Person) -> Ruling:
        if person.member is None:
            return Ruling(measure=measure.id, missing=NO_MEMBERSHIP)
        cites = (self.rulebook.cite(measure),)
        return Ruling(measure=measure.id, status=Status.NOT_APPLICABLE, not_applicable=NOT_A_MEMBER, cites=cites)

    def _row(self, measure: str, person: _Person) -> tuple[AuthorityRow | None, Label]:
        by_law = person.post is not None and person.post.filled_by is not None
        rows = [each for each in self._rows.get(measure, ()) if each.filled_by_law is by_law]
        if by_law and not rows:
            return None, NO_ROW
        if person.personnel is None and any(each.personnel for each in rows):
            return None, NO_PERSONNEL
        fitting = [each for each in rows if _fits(each, person)]
        narrowest = max(
            fitting, key=lambda each: sum(map(bool, (each.ranks, each.employers, each.personnel))), default=None
        )
        return narrowest, NO_ROW

    def _no_such_post(self, person: _Person) -> Label | None:
        """The example table says where a rank does not occur; asked for ranks only, never for posts that exist."""
        example = self.rulebook.fallbacks.get((person.rank, person.employer or ""))
        return example.not_applicable if example is not None and person.post is None else None

    def _manager(self, person: _Person) -> tuple[str | None, str | None, Status, bool]:
        """Find the managing organ: by the list of managed posts first, by the example table only after it."""
        listing = self.directory.managing(person.post.id, person.on) if person.post is not None else None
        if listing is not None:
            return listing.organ, listing.document, listing.status, False
        example = self.rulebook.fallbacks.get((person.rank, person.employer or ""))
        if example is None or example.manager is None:
            return None, None, Status.UNKNOWN, True
        organ = self._example(example.manager, person)
        return organ, self.rulebook.cite(example), example.status, True

    def _example(self, manager: str, person: _Person) -> str | None:
        """Find the organ that an example row means: the body of the person's own unit, or of a unit above it."""
        unit = self.directory.unit_of(person.organ, person.on)
        if manager == "employer_body":
            return self.directory.organ(unit, person.on).decided_by
        if manager == "parent_body":
            above = self.directory.organ(unit, person.on).parent
            return self.directory.organ(above, person.on).decided_by if above is not None else None
        return manager if self.directory.has_organ(manager) else None

    def _ruling(
        self,
        measure: Measure,
        row: AuthorityRow,
        person: _Person,
        manager: str,
        *,
        fallback: bool,
        extra: tuple[tuple[str, Status], ...],
    ) -> Ruling:
        powers = {power: self._power(row.power(power), power, person, manager) for power in Power}
        if (co := self._co_manager(person, powers[Power.CONSULTS])) is not None:
            powers[Power.CONSULTS] = co
        lent = [found for power in Power for found in self._lend(powers, power, measure.id, person.on)]
        extra = (*extra, *((each.document, each.status) for each in lent))
        return Ruling(
            measure=measure.id,
            row=row.id,
            cites=(self.rulebook.cite(row), *(cite for cite, _ in extra)),
            status=weakest(row.status, measure.status, *(status for _, status in extra)),
            fallback=fallback,
            manager=manager,
            collective=row.collective,
            missing=powers[Power.DECIDES].missing,
            powers=powers,
        )

    def _co_manager(self, person: _Person, named: PowerRuling | None) -> PowerRuling | None:
        """The co-managing organ is consulted wherever a post has one, beside whom the row names (双重管理)."""
        if person.post is None:
            return None
        listing = self.directory.co_managing(person.post.id, person.on)
        if listing is None:
            return None
        label = self.directory.organ(listing.organ).label
        others = () if named is None else named.holders
        return PowerRuling(holders=(*others, Holder(id=listing.organ, label=label, via=Power.CONSULTS.value)))

    def _lend(
        self, powers: dict[Power, PowerRuling], power: Power, measure: str, on: dt.date
    ) -> tuple[Delegation, ...]:
        """Let those to whom a holder has delegated a power stand beside it; give the documents (授权、委托)."""
        said = powers[power]
        if power not in _LENDABLE:
            return ()
        found = tuple(
            each for holder in said.holders for each in self.directory.delegated(holder.id, power, measure, on)
        )
        found = tuple(each for each in found if not (power in _JUDGING and self.directory.is_coordinating(each.to)))
        lent = (Holder(id=each.to, label=self.directory.organ(each.to).label, via="delegation") for each in found)
        powers[power] = attrs.evolve(said, holders=(*said.holders, *lent)) if found else said
        return found

    def _power(self, row: PowerRow | None, power: Power, person: _Person, manager: str) -> PowerRuling:
        if row is None:
            return PowerRuling(absent=SILENT)
        if row.holder is None:
            return PowerRuling(absent=row.absent, missing=row.missing)
        organ = self._holder(row.holder, person, manager)
        if organ is None:
            missing = Label(zh=f"组织目录未载明“{row.holder}”", en=f"the directory does not record `{row.holder}`")
            return PowerRuling(missing=missing)
        if power in _JUDGING and self.directory.is_coordinating(organ):
            return PowerRuling(missing=COORDINATING)
        return PowerRuling(holders=(Holder(id=organ, label=self.directory.organ(organ).label, via=power.value),))

    def _holder(self, holder: str, person: _Person, manager: str) -> str | None:
        """Find the organ that a holder's code means, seen from the person and the organ that manages the post."""
        directory = self.directory
        unit = directory.organ(directory.unit_of(person.organ, person.on), person.on)
        match holder:
            case "managing_organ":
                return manager
            case "managing_personnel":
                return directory.organ(manager).personnel_organ
            case "managing_discipline":
                return directory.organ(manager).discipline_organ
            case "unit":
                return unit.id
            case "unit_body":
                return unit.decided_by
            case "filled_by":
                return person.post.filled_by if person.post is not None else None
            case "superior_unit":
                return unit.parent
            case "superior_body":
                return directory.organ(unit.parent).decided_by if unit.parent is not None else None
            case _:
                return holder if directory.has_organ(holder) else None


_JUDGING = (Power.DECIDES, Power.APPROVES)
_LENDABLE = (Power.PROPOSES, *_JUDGING, Power.ANNOUNCES, Power.EXECUTES)

HOLDERS = (
    "managing_organ",
    "managing_personnel",
    "managing_discipline",
    "unit",
    "unit_body",
    "filled_by",
    "superior_unit",
    "superior_body",
)
"""Codes of holders in authority rows; any other text must be the id of an organ of the directory."""


def _fits(row: AuthorityRow, person: _Person) -> bool:
    return (
        (not row.ranks or person.rank in row.ranks)
        and (not row.employers or person.employer in row.employers)
        and (not row.personnel or person.personnel in row.personnel)
    )
