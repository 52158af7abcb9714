"""
How the golden logs were made: by the code of their time, at fixed moments, with fixed ids and salts.

``python -m tests.golden.making`` writes the folder of today's schema. A released folder is never written again: who
changes the shape of an event raises its schema, adds the upcaster, and makes the next folder.
"""

from __future__ import annotations

import datetime as dt
import gzip
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.small import label
from zhiwen_flow.audit.checkpoint import checkpoint_of, checkpoint_text
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.canonical import digest
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.events import SCHEMA, new_id
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.recording import Recorder
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.stores.opening import open_store
from zhiwen_flow.stores.sql.migrating import migrate
from zhiwen_flow.testing.clock import FixedClock
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.workdays import ChinaCalendar

HERE = Path(__file__).parent
CLERK, SECOND, STRANGER = Actor(id="p-1", post="clerk"), Actor(id="p-2", post="clerk"), Actor(id="p-9", post="nowhere")
DESK_CLERK = Actor(id="p-102", post="transport_leading_group_office.clerk")
_REST = "2011-09-12, 2011-10-03, 2011-10-04, 2011-10-05, 2011-10-06, 2011-10-07, 2011-09-05, 2011-09-06, 2011-09-07"
_YEAR = f'[[year]]\nyear = 2011\ndocument = "某发1号"\nrest = [{_REST}]\nwork = [2011-10-08, 2011-10-09]\n'


class Stamps:
    """Ids and salts that are the same each time."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock, self._count = clock, 0

    def _bytes(self) -> bytes:
        self._count += 1
        return bytes.fromhex(digest(f"golden {self._count}".encode()))

    def id(self) -> str:
        """Give the next id."""
        return new_id(self._clock.now(), self._bytes())

    def salt(self) -> bytes:
        """Give the next salt."""
        return self._bytes()[:16]


def enquiry() -> Machine:
    """Build a machine with a limit in working days."""
    step = {"source": ["asked"], "label": label("办理"), "cites": ["某规定"]}
    raw: dict[str, Any] = {
        "id": "enquiry",
        "version": "1",
        "label": label("函询"),
        "source": "某规定",
        "initial": "asked",
        "terms": {"unit_liaison": label("联络")},
        "opening": {"label": label("建立"), "cites": ["某规定"]},
        "state": [
            {"id": "asked", "label": label("待答复"), "owner": "unit_liaison", "limit": "letter_inquiry.reply"},
            {"id": "answered", "label": label("已答复"), "end": "done"},
            {"id": "dropped", "label": label("撤回"), "end": "void"},
        ],
        "transition": [
            {**step, "trigger": "answer", "target": "answered"},
            {**step, "trigger": "drop", "target": "dropped"},
        ],
    }
    return machine_from(raw, LIBRARY, where="enquiry")


def calendars(folder: Path) -> tuple[ChinaCalendar, ChinaCalendar]:
    """Give the calendar of before, and the one that was decreed."""
    decreed = folder / "2011.toml"
    decreed.write_text(_YEAR)
    return ChinaCalendar(), ChinaCalendar(decreed)


def definitions(calendar: ChinaCalendar) -> Definitions:
    """Give the definitions that everything is decided by."""
    machines = [*desk_machines(), enquiry()]
    return Definitions.load(machines=machines, rulebook=Rulebook.load("national-2025"), calendar=calendar)


def record(folder: Path) -> None:
    """Write a folder: the log, an archive, a checkpoint, and the database at every revision."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        work = Path(name)
        clock = FixedClock(dt.datetime(2011, 9, 1, 9, tzinfo=ZONE))
        url, stamps = f"sqlite:///{work / 'flow.db'}", Stamps(clock)
        before, after = (_flow(url, clock, stamps, definitions(each)) for each in calendars(work))
        _first_year(before, after, clock, business_id="信访〔示例〕1号")
        _dump(work, "0002", folder / "revision-0002.sql.gz")
        held = checkpoint_of(after.store, clock=clock)
        (folder / "checkpoint.json").write_bytes(checkpoint_text(held))
        clock.set(dt.datetime(2012, 3, 1, 9, tzinfo=ZONE))
        after.store._driver.write([("DELETE FROM zhiwen_outbox", ())])  # type: ignore[attr-defined]
        archive = folder / "archive.jsonl"
        archive.unlink(missing_ok=True)
        after.archive(dt.date(2012, 1, 1), archive, reason="年度归档", document="示例〔2012〕2号")
        (folder / "audit.jsonl").write_bytes(b"".join(export_log(after.store)))
        _dump(work, "0003", folder / "revision-0003.sql.gz")
        for flow in (before, after):
            flow.close()
    _first_revision(folder)


def _first_revision(folder: Path) -> None:
    """Write the database of a time that knew no business ids."""
    with TemporaryDirectory() as name:
        work, clock = Path(name), FixedClock(dt.datetime(2011, 9, 1, 9, tzinfo=ZONE))
        url, stamps = f"sqlite:///{work / 'flow.db'}", Stamps(clock)
        before, after = (_flow(url, clock, stamps, definitions(each)) for each in calendars(work))
        _first_year(before, after, clock, business_id=None)
        _dump(work, "0001", folder / "revision-0001.sql.gz")
        for flow in (before, after):
            flow.close()


def _flow(url: str, clock: FixedClock, stamps: Stamps, found: Definitions) -> Flow:
    flow = Flow(open_store(url, clock=clock), found, actor=CLERK, clock=clock)
    flow._stamps, flow._recorder = stamps, Recorder(tenant="default", stamps=stamps)  # type: ignore[assignment]
    return flow


def _first_year(before: Flow, after: Flow, clock: FixedClock, *, business_id: str | None) -> None:
    closed = before.start("desk", {"subject": "甲", "who": "某市民"}, key="k-1", business_id=business_id)
    slip = before.start("slip", parent=closed.stream)
    assert not before.do(closed, "close").allowed
    before.do(slip, "answer", key="k-2")
    before.do(closed, "close", correlation="c-1").raise_if_refused()
    clock.advance(dt.timedelta(hours=1))
    desk = before.start("desk", {"subject": "乙", "who": "某人"})
    before.start("slip", parent=desk.stream)
    before.do(desk, "promise")
    note = before.do(desk, "note", {"text": '带引号的"说明"', "who": "另一人"}).raise_if_refused()
    for number in range(21):
        before.do(desk, "seize", actor=STRANGER, key=f"s-{number}" if number in (3, 20) else None)
    before.start("enquiry", actor=DESK_CLERK)
    clock.advance(dt.timedelta(days=1))
    assert after.recompute(reason="公布放假安排", document="某发1号", actor=DESK_CLERK).taken[0].allowed
    after.unseal(desk.event or "", "who", second=SECOND, reason="核对身份")
    assert after.erase(note.event or "", "who", second=SECOND, reason="本人申请", document="示例〔2011〕1号").found


def _dump(work: Path, revision: str, out: Path) -> None:
    """Write the database as it would be at a revision: its tables, filled with the rows of today's."""
    path = work / f"{revision}.db"
    migrate(f"sqlite:///{path}", to=revision)
    with sqlite3.connect(path) as db:
        db.execute("ATTACH ? AS now", (str(work / "flow.db"),))
        for (table,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
            if table in ("zhiwen_version", "zhiwen_meta") or not table.startswith("zhiwen_"):
                continue
            names = ", ".join(f'"{row[1]}"' for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM now.{table}")
        db.commit()
        db.execute("DETACH now")
        text = "\n".join(db.iterdump())
    db.close()
    out.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    record(HERE / f"schema-{SCHEMA}")
