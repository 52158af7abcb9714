"""
Cadre-management authority (干部管理权限): which organ holds which power over a measure on the holder of a post.

One function answers the guard, `who_could` and the matrix. Authority hangs on the post: first the list of managed
posts, and only where no list names the post the example table by rank and employer, which is marked so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.directory import Directory, Post
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.model import EMPTY, Holder
from zhiwen_flow.rulebook import AuthorityRow, Measure, PowerRow, Rulebook, Target
from zhiwen_flow.terms import Label, Power, Status, weakest

CACHED = 50_000
"""Rulings kept by one `Authority`."""

NO_ROW = Label(zh="规则库没有该措施的权限条款", en="the rulebook has no authority row for the measure")
NO_MANAGER = Label(
    zh="干部职务名称表和示例权限表均未载明该职务由谁管理", en="no list and no example row says who manages the post"
)
NO_PERSONNEL = Label(zh="未载明人员类别,无法确定适用哪一权限条款", en="the personnel category is not recorded")
NO_UNIT_SUPERIOR = Label(zh="组织目录未载明该单位的上级", en="the directory records no superior of the unit")
SILENT = Label(zh="该条款未规定此项权力", en="the row does not speak of this power")
FOR_UNITS = Label(zh="该措施只对单位适用", en="the measure is for units only")
FOR_PERSONS = Label(zh="该措施只对个人适用", en="the measure is for persons only")
OTHER_PERSONNEL = Label(zh="该措施不适用于此类人员", en="the measure is not for this personnel category")


@attrs.frozen(kw_only=True)
class PowerRuling:
    """
    What the rules say of one power (一项权力的归属): holders, or why nobody, or what is missing.
    """

    holders: tuple[Holder, ...] = ()
    absent: Label | None = None
    missing: Label | None = None


@attrs.frozen(kw_only=True)
class Ruling:
    """
    Who holds which power over a measure on the holder of a post (权限裁定).

    Args:
        row: Authority row it rests on; None where there is none.
        cites: Where the row and the manager come from.
        status: The weakest of what it rests on.
        fallback: Whether the manager comes from the example table, not from a list.
        manager: Organ that manages the post.
        collective: Whether a meeting decides; None where nothing is said.
        not_applicable: Why the measure does not apply at all.
        missing: The clause that is missing, where it cannot be said.
    """

    measure: str
    row: str | None = None
    cites: tuple[str, ...] = ()
    status: Status = Status.UNKNOWN
    fallback: bool = False
    manager: str | None = None
    collective: bool | None = None
    not_applicable: Label | None = None
    missing: Label | None = None
    powers: Mapping[Power, PowerRuling] = EMPTY  # type: ignore[assignment]

    def power(self, power: Power) -> PowerRuling:
        """Give what is said of one power."""
        found = self.powers.get(power)
        return found if found is not None else PowerRuling(missing=self.missing or SILENT)

    def who_could(self, power: Power = Power.DECIDES) -> tuple[Holder, ...]:
        """List who holds a power (谁有权)."""
        return self.power(power).holders

    def explain(self, lang: str = "zh") -> str:
        """
        Say who holds each power, and why nobody does where nobody does (权限说明), one line for each.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        if self.not_applicable is not None:
            return self.not_applicable.text(lang)
        colon = ":" if lang == "zh" else ": "
        lines = [f"{power.text(lang)}{colon}{self._told(power, lang)}" for power in self.powers or (Power.DECIDES,)]
        basis = "、".join(self.cites)
        if not self.status.is_settled:
            basis += f"(依据待核实:{self.status.zh})" if lang == "zh" else f" (not verified: {self.status.en})"
        return "\n".join([*lines, ("依据:" if lang == "zh" else "basis: ") + basis])

    def _told(self, power: Power, lang: str) -> str:
        found = self.power(power)
        if found.missing is not None:
            return ("未知——" if lang == "zh" else "unknown: ") + found.missing.text(lang)
        if found.absent is not None:
            return ("无——" if lang == "zh" else "nobody: ") + found.absent.text(lang)
        names = ("、" if lang == "zh" else "; ").join(each.label.text(lang) for each in found.holders)
        if power is Power.DECIDES and self.collective:
            return names + ("(集体研究)" if lang == "zh" else " (in a meeting)")
        return names


@attrs.frozen(kw_only=True)
class _Person:
    """Whom a ruling is about: a post as of a day, or a rank with an employer where the matrix asks."""

    rank: str
    employer: str | None
    personnel: str | None
    organ: str
    post: Post | None
    on: dt.date


class Authority:
    """
    Rulings under one rulebook and one directory (权限裁定器); answers are remembered.
    """

    def __init__(self, rulebook: Rulebook, directory: Directory) -> None:
        self.rulebook = rulebook
        self.directory = directory
        self._known: dict[Any, Ruling] = {}
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

    def ruling_of(self, measure: str, post: Post, on: dt.date) -> Ruling:
        """Rule on the holder of a post at hand (权限裁定); posts alike in all that matters share a ruling."""
        listing = self.directory.managing(post.id, on)
        by = (listing.organ, listing.document, listing.status) if listing is not None else ()
        alike = (measure, post.organ, post.rank, post.personnel, post.filled_by, on, *by)
        known = self._known.get(alike)
        if known is not None:
            return known
        employer = self._employer(post.organ, on)
        person = _Person(
            rank=post.rank, employer=employer, personnel=post.personnel, organ=post.organ, post=post, on=on
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

    def _power(self, row: PowerRow | None, power: Power, person: _Person, manager: str) -> PowerRuling:
        if row is None:
            return PowerRuling(absent=SILENT)
        if row.holder is None:
            return PowerRuling(absent=row.absent, missing=row.missing)
        organ = self._holder(row.holder, person, manager)
        if organ is None:
            missing = Label(zh=f"组织目录未载明“{row.holder}”", en=f"the directory does not record `{row.holder}`")
            return PowerRuling(missing=missing)
        if power in (Power.DECIDES, Power.APPROVES) and self.directory.is_coordinating(organ):
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


COORDINATING = Label(
    zh="该职务设在议事协调机构,由其人事关系所在单位按权限办理,组织目录未载明该单位",
    en="the post is in a coordinating body; the unit that employs its holder decides, and the directory lacks it",
)
"""A coordinating body never decides on persons, its own posts included."""

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
