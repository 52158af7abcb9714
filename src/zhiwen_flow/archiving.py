"""
Detach closed years (归档): families whose every case has ended go into a file that verifies by itself, then leave.

First the file is written, verified and closed; then the families leave the live tables, some at a time, each only where
it still is as it was written. Of every stream one row stays, with the hash of its last event, so that the live log and
the checkpoints made before still verify. The last thing is an event that names the file. What was cut short is gone on
with by `finish`, any number of times.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import attrs

from zhiwen_flow.audit.archives import ARCHIVE_FORMAT, ArchivedEvent, archived_events, header_line
from zhiwen_flow.audit.export import tombstones
from zhiwen_flow.audit.findings import Progress, silent
from zhiwen_flow.audit.lines import line_of, trailer_line
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.verify import verify_file
from zhiwen_flow.canonical import canonical
from zhiwen_flow.errors import AuditError, MisuseError
from zhiwen_flow.events import SCHEMA
from zhiwen_flow.guards.registry import Rules
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.notes import ARCHIVE, Note, has_reason, noted
from zhiwen_flow.stores.protocol import Store, Tombstone
from zhiwen_flow.stores.sql.archive import Leaving, Member, detach, families
from zhiwen_flow.stores.sql.rows import iso_moment
from zhiwen_flow.stores.sql.spilling import Spill
from zhiwen_flow.stores.sql.store import SqlStore
from zhiwen_flow.terms import EventKind

TOGETHER = 50
"""Families that leave in one transaction."""


@attrs.frozen(kw_only=True)
class Ordered:
    """
    Who archives, what, and why (归档指令).

    Args:
        before: Families whose last event is older than this day go, Beijing time.
        actor: Who ordered it.
        reason: Why, in writing.
        document: Number of the document behind it.
        at: Moment, aware.
    """

    before: dt.date
    actor: Actor
    reason: str
    document: str | None = None
    at: dt.datetime


@attrs.frozen(kw_only=True)
class Archived:
    """
    What was archived (归档结果).

    Args:
        archive: SHA-256 of the file.
        families: Families that left.
        streams: Their streams.
        events: Their events.
        stayed: Roots that are in the file and stay, for they were changed meanwhile.
        waiting: Families that were left alone, for events of theirs wait to be published.
    """

    archive: str
    families: int
    streams: int
    events: int
    stayed: tuple[str, ...] = ()
    waiting: int = 0


def archive(
    store: Store,
    rules: Rules,
    ordered: Ordered,
    out: Path,
    *,
    id: str,
    sealed: Path | None = None,
    progress: Progress = silent,
) -> Archived:
    """
    Write closed families into a file, and take them out of the live tables (归档).

    Args:
        store: A SQL store of one tenant; on PostgreSQL its account holds the role ``zhiwen_archivist``.
        rules: The directory says who the actor is.
        ordered: Who, what and why.
        out: The file; nothing there is overwritten.
        id: Id of the event that records it.
        sealed: File for the sealed values; without one they are erased with the rest.
        progress: Told how many events were written.

    Raises:
        MisuseError: the store is none that can be archived, there is no reason, or nothing to archive.
        AuditError: a file cannot be written, or does not verify.
        StoreError: the account does not hold the role.
    """
    has_reason(ordered.reason)
    found = _sql(store)
    waiting = _written(found, ordered, out, sealed, progress)
    return attrs.evolve(finish(store, rules, out, id=id, at=ordered.at), waiting=waiting)


def finish(store: Store, rules: Rules, path: Path, *, id: str, at: dt.datetime) -> Archived:
    """
    Take what an archive file holds out of the live tables (移出并登记); done already, nothing happens.

    Args:
        store: A SQL store of one tenant.
        rules: The directory says who the actor is.
        path: The archive file.
        id: Id of the event that records it.
        at: Moment, aware.

    Raises:
        AuditError: the file does not verify, or is of another tenant.
        StoreError: the account does not hold the role.
    """
    found = _sql(store)
    report = verify_file(path)
    if report.flaw is not None:
        raise AuditError(
            f"`{path}` does not verify ({report.flaw.place}: {report.flaw.en}); nothing was removed from it"
        )
    header, sha = _header(path), _sha256(path)
    if header["tenant"] != store.tenant:
        raise AuditError(f"`{path}` is of tenant `{header['tenant']}`; open the store of that tenant")
    stayed: list[str] = []
    leaving = _leaving(path, sha)
    while some := list(islice(leaving, TOGETHER)):
        stayed += detach(found, some)
    store.scrub()
    return attrs.evolve(_recorded(store, rules, header, sha, id, at), stayed=tuple(stayed))


def _sql(store: Store) -> SqlStore:
    if not isinstance(store, SqlStore):
        raise MisuseError("only a database is archived; open a store on SQLite or PostgreSQL")
    return store


# --- writing the file ---


def _written(store: SqlStore, ordered: Ordered, out: Path, sealed: Path | None, progress: Progress) -> int:
    writing = _Writing(store, ordered)
    with closing(writing), store.snapshot():
        _create(out, writing.lines(progress))
        if writing.count == 0:
            out.unlink()
            if writing.waiting:
                what = f"what ended before {ordered.before} waits for publication ({writing.waiting} families)"
                raise MisuseError(f"{what}; there is nothing to archive until a relay has published it")
            raise MisuseError(
                f"no family has ended before {ordered.before} and is settled; there is nothing to archive"
            )
        if sealed is not None:
            _create(sealed, writing.sealed_lines())
    return writing.waiting


def _create(path: Path, lines: Iterable[bytes]) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AuditError(f"`{path}` cannot be made: {error.strerror}; name another file") from error


class _Writing:
    """Writes the families that may go."""

    def __init__(self, store: SqlStore, ordered: Ordered) -> None:
        self.count = self.waiting = 0
        self._store, self._ordered = store, ordered
        self._before = dt.datetime.combine(ordered.before, dt.time(), ZONE)
        self._heads = Spill()
        self._ends = cache(self._ends_of)

    def close(self) -> None:
        self._heads.close()

    def lines(self, progress: Progress) -> Iterator[bytes]:
        header = header_line(self._store.tenant, self._ordered.before.isoformat(), self._said())
        lines, last = hashlib.sha256(header), 0
        yield header
        for member in self._members():
            for event in self._events(member.stream):
                line = line_of(event.raw, event.hash, event.seq)
                lines.update(line)
                self.count, last = self.count + 1, max(last, event.seq)
                self._heads.put(member.stream, event.position, event.hash)
                if self.count % 1000 == 0:
                    progress(self.count, None)
                yield line
        root = MerkleRoot(head_leaf(each.stream, each.position, each.hash) for each in self._heads)
        trailer = {
            "format": ARCHIVE_FORMAT,
            "schema": SCHEMA,
            "tenant": self._store.tenant,
            "count": self.count,
            "streams": root.count,
            "archived": 0,
            "merkle_root": root.hexdigest(),
            "last_position": last,
            "lines_sha256": lines.hexdigest(),
        }
        yield trailer_line(trailer)

    def _said(self) -> dict[str, Any]:
        told = self._ordered
        return {
            "actor": {"id": told.actor.id, "post": told.actor.post},
            "reason": told.reason,
            "document": told.document,
            "made_at": told.at.isoformat(),
        }

    def _members(self) -> Iterator[Member]:
        for _, members in families(self._store, self._before):
            if not all(self._is_closed(each) for each in members):
                continue
            if any(each.waiting for each in members):
                self.waiting += 1
                continue
            yield from members

    def _is_closed(self, member: Member) -> bool:
        return member.state in self._ends(member.machine) and not member.owing and member.at < iso_moment(self._before)

    def _ends_of(self, machine: str) -> frozenset[str]:
        told = json.loads(self._store.definition(machine))["machine"]
        return frozenset(each["id"] for each in told["state"] if "end" in each)

    def _events(self, stream: str) -> Iterator[Any]:
        after = 0
        while found := self._store.log(after=(stream, after), limit=1000):
            mine = [each for each in found if each.stream == stream]
            yield from mine
            if len(mine) < len(found):
                return
            after = mine[-1].position

    def sealed_lines(self) -> Iterator[bytes]:
        for head in self._heads:
            for event in self._events(head.stream):
                for name, each in self._store.sealed(event.id).items():
                    told = {"event": event.id, "name": name, "salt": each.salt.hex(), "value": each.value}
                    yield canonical(told) + b"\n"


# --- taking out ---


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found: dict[str, Any] = json.loads(file.readline()).get("archive", {})
    if found.get("format") != ARCHIVE_FORMAT:
        raise AuditError(f"`{path}` is not an archive; name what `zhiwen-flow store archive` wrote")
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _leaving(path: Path, sha: str) -> Iterator[Leaving]:
    for root, events in groupby(archived_events(path), key=lambda each: each.root):
        streams: list[Tombstone] = []
        keys: list[str] = []
        for stream, chain in groupby(events, key=lambda each: each.stream):
            streams.append(_tombstone(stream, root, list(_slim(chain, keys)), sha))
        yield Leaving(streams=tuple(streams), keys=tuple(keys))


def _slim(chain: Iterable[ArchivedEvent], keys: list[str]) -> Iterator[tuple[int, str]]:
    for each in chain:
        if each.key is not None:
            keys.append(each.key)
        yield each.seq, each.hash


def _tombstone(stream: str, root: str, chain: list[tuple[int, str]], sha: str) -> Tombstone:
    (first, _), (last, head) = chain[0], chain[-1]
    return Tombstone(stream=stream, root=root, first=first, last=last, position=len(chain), head=head, archive=sha)


def _recorded(store: Store, rules: Rules, header: dict[str, Any], sha: str, id: str, at: dt.datetime) -> Archived:
    root, roots, events = MerkleRoot(), 0, 0
    for each in tombstones(store):
        if each.archive == sha:
            root.add(head_leaf(each.stream, each.position, each.head))
            roots, events = roots + (each.root == each.stream), events + each.position
    done = Archived(archive=sha, families=roots, streams=root.count, events=events)
    if any(each.body["payload"]["archive"] == sha for each in store.events(stream=ARCHIVE, limit=1_000_000)):
        return done
    told = {"archive": sha, "streams": root.count, "events": events, "merkle_root": root.hexdigest()}
    told |= {"before": header["before"], "ordered_at": header["made_at"]}
    actor = Actor(id=header["actor"]["id"], post=header["actor"]["post"])
    note = Note(
        kind=EventKind.ARCHIVED,
        at=at,
        actor=actor,
        reason=header["reason"],
        document=header["document"],
        payload=told,
    )
    store.append(noted(note, id=id, tenant=store.tenant, rules=rules))
    return done
