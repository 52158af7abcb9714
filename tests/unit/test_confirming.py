"""Confirmations settle rows by a document; they add nothing, and opinions stay opinions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from zhiwen_flow.authority import Authority
from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import DefinitionError
from zhiwen_flow.flow import Flow
from zhiwen_flow.loading import Source
from zhiwen_flow.model import Actor
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Status

BOOK = Rulebook.load("national-2025")
DAY = dt.date(2025, 3, 3)


def confirmation(*rows: tuple[str, str], base: Rulebook = BOOK, change: tuple[str, str] = ("", "")) -> Source:
    """Write a file of confirmations."""
    text = f'id = "host"\nversion = "1"\n[base]\nid = "{base.id}"\nversion = "{base.version}"\nhash = "{base.hash}"\n'
    for table, row in rows:
        text += f'[[confirm]]\ntable = "{table}"\nrow = "{row}"\ndocument = "某党组〔示例〕3号"\non = 2025-02-01\n'
    return Source(name="host.toml", data=text.replace(*change).encode() if change[0] else text.encode())


class TestConfirming:
    """A confirmed row is settled, and says by what."""

    def test_a_row(self) -> None:
        """Its source stays; its status and note tell the document; version and hash are others."""
        book = BOOK.confirmed(confirmation(("authority", "organizational")))
        row = next(each for each in book.rows if each.id == "organizational")
        before = next(each for each in BOOK.rows if each.id == "organizational")
        assert (row.status, before.status) == (Status.CONFIRMED, Status.UNVERIFIED)
        assert "某党组〔示例〕3号" in (row.note or "")
        assert (row.instrument, row.article, row.decides) == (before.instrument, before.article, row.decides)
        assert book.version == "2025.1+host.1"
        assert book.hash != BOOK.hash

    def test_the_kept_bytes_read_back_the_same(self) -> None:
        """A store keeps the confirmed rulebook whole."""
        book = BOOK.confirmed(confirmation(("measure", "admonition"), ("meeting_rule", "collective_decision")))
        again = Rulebook.read(Source(name="kept.toml", data=book.content))
        assert (again.hash, again.version) == (book.hash, book.version)
        assert again.meetings["collective_decision"].status is Status.CONFIRMED

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            (confirmation(("authority", "no_such_row")), "has no row `no_such_row`"),
            (confirmation(("catalogue", "channels")), "has no row `channels`"),
            (confirmation(("policy", "deadline")), "no table `policy`"),
            (confirmation(("measure", "admonition"), change=(BOOK.hash, "0")), "base.hash"),
            (confirmation(("measure", "admonition"), change=("document", "dokument")), "dokument"),
        ],
    )
    def test_faults(self, source: Source, said: str) -> None:
        """Each is named."""
        with pytest.raises(DefinitionError, match=said):
            BOOK.confirmed(source)

    def test_all_powers_of_a_ruling_lean_on_it(self) -> None:
        """With row, measure and list settled, the ruling is settled."""
        example = Source.shipped("directories", "hubei-transport-2011").data
        own = example.replace(b"[[post_list]]", b'[[post_list]]\nstatus = "read"')
        directory = Directory.read(Source(name="own.toml", data=own))
        plain = Authority(BOOK, directory).ruling("post_demotion", "bridge_bureau.deputy_director", DAY)
        book = BOOK.confirmed(confirmation(("authority", "organizational")))
        settled = Authority(book, directory).ruling("post_demotion", "bridge_bureau.deputy_director", DAY)
        assert not plain.status.is_settled
        assert settled.status.is_settled
        assert "依据待核实" not in settled.explain("zh")


class TestOpinions:
    """The essay may be shown; it never refuses."""

    def test_every_row_is_an_opinion(self) -> None:
        """And there is no measure and no authority in it."""
        book = Rulebook.load("essay-opinions")
        assert {row.status for _, _, row in book.cited_rows()} == {Status.OPINION, Status.UNKNOWN}
        assert not book.measures
        assert not book.rows

    def test_no_presumption_of_guilt(self) -> None:
        """In no file, and under no name."""
        for name in ("essay-opinions", "hubei-2011", "national-2025"):
            text = Source.shipped("rulebooks", name).data.decode()
            assert "有罪推定" not in text
            assert "presum" not in text


class TestFlow:
    """A flow runs on a confirmed rulebook in strict mode."""

    def test_strict(self, tmp_path: Path) -> None:
        """What was unknown is decided once the host has confirmed it; the event names the confirmed version."""
        url = f"sqlite:///{tmp_path / 'f.db'}"
        clerk = Actor(id="p-102", post="transport_leading_group_office.clerk")
        book = Rulebook.load("hubei-2011")
        own = book.confirmed(confirmation(("authority", "education_by_unit"), base=book))
        with Flow.open(url, actor=clerk, rulebook=own, strict=True) as flow:
            opened = flow.start("complaint", {"channel": "email", "content": "x", "anonymous": True})
            assert opened.allowed
            assert flow.events(opened)[0]["rulebook"]["version"] == own.version
