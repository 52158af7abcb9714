"""
Confirmations (确认文件): a host's own documents that settle rows still to be verified. They add nothing and change no
rule; a confirmed row keeps its source, and says by which document it was confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from zhiwen_flow.errors import Fault
from zhiwen_flow.rulebook.file import Confirm, RulebookFile
from zhiwen_flow.rulebook.rows import Catalogue
from zhiwen_flow.terms import Status, key

TABLES = {
    "category": "categories",
    "measure": "measures",
    "authority": "rows",
    "fallback": "fallbacks",
    "limit": "limits",
    "meeting_rule": "meetings",
    "effect": "effects",
    "remedy": "remedies",
    "combination": "combinations",
    "factor": "factors",
    "form": "forms",
    "threshold": "thresholds",
    "starting": "starting",
}
"""Tables whose rows may be confirmed, and where a file holds them."""


@attrs.frozen(kw_only=True)
class Base:
    """The rulebook that confirmations are made for (所确认的规则库)."""

    id: str
    version: str
    hash: str


@attrs.frozen(kw_only=True)
class ConfirmationFile:
    """A file of confirmations (确认文件)."""

    id: str
    version: str
    base: Base
    confirms: tuple[Confirm, ...] = attrs.field(metadata=key("confirm"))


CATALOGUE = "catalogue"
"""Items of catalogues are confirmed under this table, as ``catalogue/code``."""


def row_id(row: Any) -> str:
    """Give the id under which a row is confirmed (条目编号)."""
    return str(getattr(row, "id", None) or f"{row.rank}/{row.employer}")


def _known(file: RulebookFile) -> dict[str, dict[str, Any]]:
    """Every row that may be confirmed, by table and id."""
    found = {table: {row_id(each): each for each in getattr(file, name)} for table, name in TABLES.items()}
    items = {f"{each.id}/{item.code}": item for each in file.catalogues for item in each.items}
    return found | {CATALOGUE: items}


def misfits(file: RulebookFile, found: ConfirmationFile, hash: str, where: str) -> Iterator[Fault]:
    """Name what does not fit: another base, a row that is not there, a row that needs no confirming (逐一列出差错)."""
    for name, wanted, is_now in (
        ("id", found.base.id, file.id),
        ("version", found.base.version, file.version),
        ("hash", found.base.hash, hash),
    ):
        if wanted != is_now:
            mend = f'look at what changed, then write {name} = "{is_now}"'
            yield Fault(where, f"base.{name}", f"is made for `{wanted}`; this is `{is_now}`", mend)
    known = _known(file)
    for index, each in enumerate(found.confirms):
        path = f"confirm[{index}]"
        if each.table not in known:
            yield Fault(where, f"{path}.table", f"no table `{each.table}`", f"known: {', '.join(known)}")
            continue
        row = known[each.table].get(each.row)
        if row is None:
            yield Fault(where, f"{path}.row", f"`{each.table}` has no row `{each.row}`", "name one it has")
        elif row.status is Status.OPINION:
            what = f"`{each.row}` is an opinion, which no document turns into a rule"
            yield Fault(where, f"{path}.row", what, "write a rulebook row of your own")


def appended(found: ConfirmationFile) -> bytes:
    """Write confirmations as they stand at the end of a rulebook's own text (写入规则库文本)."""
    lines = ["", "[confirmation]", f"id = {_text(found.id)}", f"version = {_text(found.version)}"]
    for each in found.confirms:
        lines += ["", "[[confirmation.row]]", f"table = {_text(each.table)}", f"row = {_text(each.row)}"]
        lines += [f"document = {_text(each.document)}", f"on = {each.on.isoformat()}"]
    return ("\n".join(lines) + "\n").encode()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def settled(file: RulebookFile) -> RulebookFile:
    """Give the file with its confirmed rows settled (落实确认)."""
    if file.confirmation is None:
        return file
    by_row = {(each.table, each.row): each for each in file.confirmation.rows}
    changed: dict[str, Any] = {}
    for table, name in TABLES.items():
        rows = getattr(file, name)
        changed[name] = tuple(_confirmed(row, by_row.get((table, row_id(row)))) for row in rows)
    changed["catalogues"] = tuple(_items_confirmed(each, by_row) for each in file.catalogues)
    return attrs.evolve(file, **changed)


def _items_confirmed(catalogue: Catalogue, by_row: Mapping[tuple[str, str], Confirm]) -> Catalogue:
    items = ((each, by_row.get((CATALOGUE, f"{catalogue.id}/{each.code}"))) for each in catalogue.items)
    return attrs.evolve(catalogue, items=tuple(_confirmed(each, by) for each, by in items))


def _confirmed(row: Any, by: Confirm | None) -> Any:
    if by is None:
        return row
    told = f"{by.document}({by.on.isoformat()})确认"
    return attrs.evolve(row, status=Status.CONFIRMED, note=f"{row.note};{told}" if row.note else told)
