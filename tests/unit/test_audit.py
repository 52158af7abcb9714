"""The log: what verification finds, and what the one door shows."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Demonstration
from zhiwen_flow.audit.checkpoint import checkpoint_of, read_checkpoint
from zhiwen_flow.audit.export import export_log
from zhiwen_flow.audit.merkle import MerkleRoot, head_leaf
from zhiwen_flow.audit.verify import Assurance, Report, verify_file, verify_lines, verify_store
from zhiwen_flow.audit.view import PUBLIC, Viewer
from zhiwen_flow.canonical import canonical, digest
from zhiwen_flow.demo import TRANSPORT_DESK
from zhiwen_flow.errors import AuditError
from zhiwen_flow.flow import Flow
from zhiwen_flow.stores.opening import open_store

Lines = list[bytes]


@pytest.fixture(scope="module")
def lines(demonstration: Demonstration) -> Lines:
    """Give the lines of the demonstration's log."""
    return demonstration.log.read_bytes().splitlines(keepends=True)


@pytest.mark.requirement("M02")
class TestLogFile:
    """An exported log, whole and hurt."""

    def test_whole(self, demonstration: Demonstration, lines: Lines) -> None:
        """All of it verifies, up to the trailer."""
        report = verify_file(demonstration.log)
        assert (report.sound, report.assurance) == (True, Assurance.TRAILER)
        assert report.count == len(lines) - 1

    def test_every_removed_line_is_found(self, lines: Lines) -> None:
        """Whichever line is taken out."""
        for number in range(len(lines)):
            assert not verify_lines(lines[:number] + lines[number + 1 :]).sound, number

    def test_every_repeated_line_is_found(self, lines: Lines) -> None:
        """Whichever line stands twice."""
        for number in range(len(lines)):
            assert not verify_lines(lines[: number + 1] + lines[number:]).sound, number

    def test_every_swap_is_found(self, lines: Lines) -> None:
        """Whichever neighbours change places."""
        for number in range(len(lines) - 1):
            one, two = lines[number : number + 2]
            assert not verify_lines([*lines[:number], two, one, *lines[number + 2 :]]).sound, number

    @settings(max_examples=300, deadline=None)
    @given(line=st.integers(0, 2**16), at=st.integers(0, 2**16), by=st.integers(1, 255))
    def test_every_changed_byte_is_found(self, lines: Lines, line: int, at: int, by: int) -> None:
        """Whichever byte is changed into whichever other."""
        number, place = line % len(lines), at % len(lines[line % len(lines)])
        byte = (lines[number][place] + by) % 256
        hurt = lines[number][:place] + bytes([byte]) + lines[number][place + 1 :]
        text = b"".join([*lines[:number], hurt, *lines[number + 1 :]])
        assert not verify_lines(text.splitlines(keepends=True)).sound

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.999])
    def test_a_log_cut_off(self, demonstration: Demonstration, tmp_path: Path, share: float) -> None:
        """Wherever it is cut, also between two lines."""
        whole = demonstration.log.read_bytes()
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert not verify_file(cut).sound

    def test_the_flaw_names_line_and_reason(self, lines: Lines) -> None:
        """The first bad place is told in both languages."""
        text = lines[4].decode()
        hurt = text.replace('"trigger":"', '"trigger":"x', 1).encode()
        flaw = verify_lines([*lines[:4], hurt, *lines[5:]]).flaw
        assert flaw is not None
        assert flaw.place == "line 5"
        assert "哈希" in flaw.zh
        assert "hash" in flaw.en

    @pytest.mark.parametrize(
        "change",
        [
            lambda line: line.replace(b'{"body":', b'{ "body":', 1),
            lambda line: line.replace(b'{"body":', b'{"seq":0,"body":', 1),
            lambda line: json.dumps(json.loads(line), sort_keys=True).encode() + b"\n",
            lambda line: b'{"body":{"position":"1"},"hash":"x","seq":"1"}\n',
            lambda line: b'{"trailer":[]}\n',
            lambda line: b"[]\n",
            lambda line: b"7\n",
            lambda line: b"\xff\xfe\n",
            lambda line: b"[" * 100_000 + b"\n",
            lambda line: b"\n",
        ],
    )
    def test_other_texts_are_no_lines(self, lines: Lines, change: Callable[[bytes], bytes]) -> None:
        """Spaces, escapes, duplicate keys and nonsense are found, without a crash."""
        assert not verify_lines([*lines[:2], change(lines[2]), *lines[3:]]).sound

    def test_a_newer_schema_is_told(self, lines: Lines) -> None:
        """A reader says that it does not know the format rather than guess."""
        found = json.loads(lines[0])
        found["body"]["schema"] = 99
        found["hash"] = digest(canonical(found["body"]))
        flaw = verify_lines([canonical(found) + b"\n", *lines[1:]]).flaw
        assert flaw is not None
        assert "newer" in flaw.en

    def test_no_file(self, tmp_path: Path) -> None:
        """A log that is not there is an error, not a flaw."""
        with pytest.raises(AuditError, match="nowhere"):
            verify_file(tmp_path / "nowhere")


class TestCheckpoint:
    """What only a checkpoint kept elsewhere can show."""

    def _made_anew(self, lines: Lines, *, drop: str) -> Lines:
        """Make a log anew without one stream, sealed as carefully as the true one."""
        kept = [json.loads(each) for each in lines[:-1]]
        kept = [each for each in kept if each["body"]["stream"] != drop]
        out, heads = [], {}
        for each in kept:
            out.append(canonical(each) + b"\n")
            heads[each["body"]["stream"]] = (each["body"]["position"], each["hash"])
        trailer = json.loads(lines[-1])["trailer"]
        trailer["count"], trailer["streams"] = len(kept), len(heads)
        trailer["merkle_root"] = MerkleRoot(head_leaf(name, *heads[name]) for name in sorted(heads)).hexdigest()
        trailer["last_position"] = kept[-1]["seq"]
        trailer["lines_sha256"] = digest(b"".join(out))
        return [*out, canonical({"trailer": trailer}) + b"\n"]

    def test_a_log_made_anew_is_found_only_here(self, demonstration: Demonstration, lines: Lines) -> None:
        """Without a checkpoint it passes as far as the trailer says; with one it does not."""
        held = json.loads(checkpoint_of(open_store(demonstration.url)))["checkpoint"]
        drop = json.loads(lines[-2])["body"]["stream"]
        anew = self._made_anew(lines, drop=drop)
        assert verify_lines(anew).assurance is Assurance.TRAILER
        flaw = verify_lines(anew, checkpoint=held).flaw
        assert flaw is not None
        assert drop in flaw.zh
        assert verify_lines(lines, checkpoint=held).assurance is Assurance.CHECKPOINT

    def test_a_later_log_still_agrees(self, demonstration: Demonstration, tmp_path: Path) -> None:
        """What came after the checkpoint does not disturb it."""
        copy = _copy(demonstration, tmp_path)
        store = open_store(f"sqlite:///{copy}")
        held = json.loads(checkpoint_of(store))["checkpoint"]
        from_now = Flow.open(f"sqlite:///{copy}")
        from_now.start("complaint", _COMPLAINT, actor=TRANSPORT_DESK)
        assert verify_store(store, checkpoint=held).assurance is Assurance.CHECKPOINT
        assert verify_lines(export_log(store), checkpoint=held).assurance is Assurance.CHECKPOINT

    @pytest.mark.parametrize("text", [b"", b"{}", b'{"checkpoint":{}}', b'{"checkpoint":{"heads":{"a":[1]}}}', b"\xff"])
    def test_what_is_no_checkpoint(self, tmp_path: Path, text: bytes) -> None:
        """It is an error that says how to make one."""
        file = tmp_path / "c.json"
        file.write_bytes(text)
        with pytest.raises(AuditError, match="audit checkpoint"):
            read_checkpoint(file)

    def test_an_altered_checkpoint(self, demonstration: Demonstration, tmp_path: Path) -> None:
        """Its root follows from its heads."""
        found = json.loads(checkpoint_of(open_store(demonstration.url)))
        stream = next(iter(found["checkpoint"]["heads"]))
        found["checkpoint"]["heads"][stream][0] += 1
        file = tmp_path / "c.json"
        file.write_bytes(canonical(found) + b"\n")
        with pytest.raises(AuditError, match="altered"):
            read_checkpoint(file)


def _copy(demonstration: Demonstration, tmp_path: Path) -> Path:
    copy = tmp_path / "flow.db"
    shutil.copy(demonstration.folder / "flow.db", copy)
    return copy


@pytest.mark.requirement("M01", "M02")
class TestDatabase:
    """A database whose tables or events were changed behind the library's back."""

    def _verified(self, path: Path, *statements: str) -> Report:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA writable_schema = ON")
            for each in statements:
                assert db.execute(each).rowcount != 0, each
        db.close()
        return verify_store(open_store(f"sqlite:///{path}"))

    def test_untouched(self, demonstration: Demonstration, tmp_path: Path) -> None:
        """The demonstration's database is sound."""
        report = verify_store(open_store(f"sqlite:///{_copy(demonstration, tmp_path)}"))
        assert report.sound
        assert report.tables

    def test_events_cannot_be_changed_or_removed(self, demonstration: Demonstration, tmp_path: Path) -> None:
        """The database itself refuses."""
        with sqlite3.connect(_copy(demonstration, tmp_path)) as db:
            for each in (
                "DELETE FROM zhiwen_events WHERE seq = 3",
                "UPDATE zhiwen_events SET kind = 'moved' WHERE seq = 3",
            ):
                with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                    db.execute(each)

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE zhiwen_streams SET state = 'void' WHERE state = 'closed'", "state"),
            ("UPDATE zhiwen_streams SET version = version + 1 WHERE parent IS NULL", "version"),
            ("UPDATE zhiwen_streams SET root = 'x' WHERE parent IS NOT NULL", "root"),
            ("UPDATE zhiwen_streams SET facts = '{}' WHERE facts != '{}'", "facts"),
            ("UPDATE zhiwen_counters SET count = count + 1", "counters"),
            (
                (
                    "INSERT INTO zhiwen_obligations SELECT tenant, 'x', id, 'reply', NULL, NULL, NULL "
                    "FROM zhiwen_streams LIMIT 1"
                ),
                "obligations",
            ),
            (
                (
                    "INSERT INTO zhiwen_deadlines SELECT tenant, id, 'x', 'x', '2011-01-01', NULL, NULL "
                    "FROM zhiwen_streams LIMIT 1"
                ),
                "deadline",
            ),
            ("UPDATE zhiwen_streams SET state = NULL WHERE parent IS NOT NULL", "lacks"),
            ("UPDATE zhiwen_streams SET position = position - 1", "head"),
            ("UPDATE zhiwen_sealed SET value = '\"x\"'", "sealed value"),
        ],
    )
    def test_tables_are_held_against_the_log(
        self, demonstration: Demonstration, tmp_path: Path, statement: str, said: str
    ) -> None:
        """Whatever table was changed is named."""
        flaw = self._verified(_copy(demonstration, tmp_path), statement).flaw
        assert flaw is not None
        assert said in flaw.en

    def test_the_end_of_a_stream_is_gone(self, demonstration: Demonstration, tmp_path: Path) -> None:
        """Who drops the trigger and the last events is found by the heads."""
        statements = (
            "DROP TRIGGER zhiwen_events_no_delete",
            "DELETE FROM zhiwen_events WHERE seq = (SELECT MAX (seq) FROM zhiwen_events)",
        )
        flaw = self._verified(_copy(demonstration, tmp_path), *statements).flaw
        assert flaw is not None
        assert "gone" in flaw.en

    @pytest.mark.parametrize(
        "statement", ["UPDATE zhiwen_deadlines SET due = '2030-01-01'", "DELETE FROM zhiwen_deadlines"]
    )
    def test_a_running_deadline(self, tmp_path: Path, statement: str) -> None:
        """A last day may not be put off, nor forgotten."""
        path = tmp_path / "flow.db"
        with Flow.open(f"sqlite:///{path}", actor=TRANSPORT_DESK) as flow:
            flow.start("complaint", _COMPLAINT).raise_if_refused()
        flaw = self._verified(path, statement).flaw
        assert flaw is not None
        assert "deadline" in flaw.en

    def test_a_key_that_the_log_knows_is_gone(self, tmp_path: Path) -> None:
        """An idempotency key may not be forgotten: a request could be done twice."""
        path = tmp_path / "flow.db"
        with Flow.open(f"sqlite:///{path}", actor=TRANSPORT_DESK) as flow:
            flow.start("complaint", _COMPLAINT, key="k").raise_if_refused()
        flaw = self._verified(path, "DELETE FROM zhiwen_keys").flaw
        assert flaw is not None
        assert "keys" in flaw.en


_COMPLAINT = {
    "channel": "telephone",
    "anonymous": False,
    "complainant": "某市民",
    "content": "窗口无人值守",
    "accused_unit": "bridge_bureau",
}


class TestView:
    """The one door."""

    def test_sealed_things_stay_sealed(self, demonstration: Demonstration) -> None:
        """The public sees neither what a person is accused of nor who complained, not even a commitment."""
        with Flow.open(demonstration.url) as flow:
            seen = json.dumps(flow.events(viewer=PUBLIC, limit=1000), ensure_ascii=False)
            told = json.dumps(flow.events(viewer=Viewer(auditor=True), limit=1000), ensure_ascii=False)
        raw = demonstration.log.read_text()
        assert '"sealed":"' in raw
        assert '{"sealed": true}' in seen
        assert '"sealed": "' not in seen
        assert len(told) > len(seen)

    def test_who_has_the_power_sees_who_tried(self, demonstration: Demonstration) -> None:
        """Of a refusal for want of power the organs that have it see the reasons; who tried, and others, do not."""
        refusals = demonstration.told.refusals.values()
        refusal = next(each for each in refusals if each.who_could and _is_sealed(demonstration, each.event or ""))
        with Flow.open(demonstration.url) as flow:
            found = next(each for each in flow.events(refusal.stream) if each["id"] == refusal.event)
            assert found["verdicts"] == {"sealed": True}
            holders = {each.id for each in refusal.who_could}
            for organ in (*holders, found["actor"]["organ"], "elsewhere"):
                shown = flow.events(refusal.stream, viewer=Viewer(organ=organ))
                verdicts = next(each["verdicts"] for each in shown if each["id"] == refusal.event)
                assert isinstance(verdicts, list) is (organ in holders)

    def test_the_organ_that_acted_sees_its_own(self, demonstration: Demonstration) -> None:
        """What an organ did about a person by its own power it reads again; others do not."""
        with Flow.open(demonstration.url) as flow:
            done = [each for each in flow.events(kind="moved", limit=1000) if each["verdicts"] == {"sealed": True}]
            assert done
            for each in done:
                for organ, sees in ((each["actor"]["organ"], True), ("elsewhere", False)):
                    found = flow.events(each["stream"], viewer=Viewer(organ=organ), after=each["seq"] - 1, limit=1)
                    assert isinstance(found[0]["verdicts"], list) is sees

    def test_a_name_is_unsealed_only_where_the_host_says_so(self, tmp_path: Path) -> None:
        """Being an auditor opens no identity."""
        with Flow.open(actor=TRANSPORT_DESK) as flow:
            flow.start("complaint", _COMPLAINT).raise_if_refused()
            assert "某市民" not in json.dumps(flow.events(viewer=Viewer(auditor=True)), ensure_ascii=False)
            opened = flow.events(viewer=Viewer(unseals=frozenset({"complainant"})))
            assert opened[0]["payload"]["complainant"] == "某市民"


def _is_sealed(demonstration: Demonstration, event: str) -> bool:
    with Flow.open(demonstration.url) as flow:
        return "sealed" in flow.store.event(event).body["verdicts"]


class TestMerkle:
    """RFC 6962 hashing."""

    def test_known_roots(self) -> None:
        """Against a plain recursive definition, for every size up to 40."""

        def plain(leaves: list[bytes]) -> bytes:
            if not leaves:
                return hashlib.sha256(b"").digest()
            if len(leaves) == 1:
                return hashlib.sha256(b"\0" + leaves[0]).digest()
            split = 1
            while split * 2 < len(leaves):
                split *= 2
            return hashlib.sha256(b"\1" + plain(leaves[:split]) + plain(leaves[split:])).digest()

        for size in range(40):
            leaves = [bytes([each]) * 3 for each in range(size)]
            assert MerkleRoot(leaves).hexdigest() == plain(leaves).hex()

    def test_leaves_of_heads_differ(self) -> None:
        """Stream, position and hash each enter the leaf."""
        told = {head_leaf("a", 1, "h"), head_leaf("b", 1, "h"), head_leaf("a", 2, "h"), head_leaf("a", 1, "g")}
        assert len(told) == 4
