"""The directory and the rulings that stand on it: dated, listed, example or unknown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import attrs
import pytest

from zhiwen_flow.authority import Authority
from zhiwen_flow.directory import Directory, ListKind, Post, PostListing
from zhiwen_flow.errors import DefinitionError, UnknownNameError
from zhiwen_flow.loading import Source
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Power, Status

SHIPPED = Source.shipped("directories", "hubei-transport-2011")
DIRECTORY = Directory.load("hubei-transport-2011")
BOOK = Rulebook.load("hubei-2011")
DAY = dt.date(2011, 9, 1)
SINCE = dt.date(2010, 6, 1)
NAME = Label(zh="某岗", en="Some post")


def listed(*rows: PostListing, post: Post) -> Directory:
    """Add one post and rows of the list of managed posts."""
    return Directory.of(base=DIRECTORY, posts=[post], listings=rows)


POST = Post(
    id="bridge_bureau.extra",
    label=NAME,
    organ="bridge_bureau",
    rank="county_deputy",
    since=SINCE,
    personnel="civil_servant",
)


def row(organ: str, since: dt.date, until: dt.date | None = None) -> PostListing:
    """Make a row that says who manages the post."""
    return PostListing(post=POST.id, organ=organ, kind=ListKind.MANAGED, since=since, until=until, document="表")


class TestDates:
    """Every row holds from a day to a day, both inclusive."""

    def test_a_list_that_changed(self) -> None:
        """Authority is judged by the list of the day, and later changes never rewrite it."""
        change = dt.date(2011, 10, 1)
        before = row("transport_party_group", SINCE, change - dt.timedelta(days=1))
        directory = listed(before, row("expressway_party_committee", change), post=POST)
        authority = Authority(BOOK, directory)
        for day, organ in (
            (change - dt.timedelta(days=1), "transport_party_group"),
            (change, "expressway_party_committee"),
        ):
            ruling = authority.ruling("post_demotion", POST.id, day)
            assert [each.id for each in ruling.who_could()] == [organ]
            assert not ruling.fallback

    def test_before_and_after(self) -> None:
        """A post is there on its first and last day, and not beside them."""
        post = attrs.evolve(POST, until=dt.date(2011, 12, 31))
        directory = listed(post=post)
        for day, there in ((SINCE, True), (post.until, True), (SINCE - dt.timedelta(days=1), False)):
            assert (directory.post(POST.id, day) is not None) is there
        assert directory.post(POST.id, dt.date(2012, 1, 1)) is None
        with pytest.raises(UnknownNameError):
            Authority(BOOK, directory).ruling("post_demotion", POST.id, dt.date(2012, 1, 1))


class TestRulings:
    """List first, example only after it, and unknown rather than a guess."""

    def test_no_list_names_the_post(self) -> None:
        """The example table answers, and says that it is one."""
        ruling = Authority(BOOK, listed(post=POST)).ruling("post_demotion", POST.id, DAY)
        assert ruling.fallback
        assert ruling.status is Status.MODEL
        assert "示例" in ruling.explain("zh")

    def test_a_filing_row_manages_nothing(self) -> None:
        """备案 is not 管理."""
        filing = attrs.evolve(row("provincial_committee", SINCE), kind=ListKind.FILED)
        assert Authority(BOOK, listed(filing, post=POST)).ruling("post_demotion", POST.id, DAY).fallback

    def test_neither_list_nor_example(self) -> None:
        """Then it is unknown, with the clause that is missing."""
        book = Rulebook.load("hubei-2011")
        book.fallbacks.clear()
        ruling = Authority(book, listed(post=POST)).ruling("post_demotion", POST.id, DAY)
        said = ruling.power(Power.DECIDES)
        assert ruling.status is Status.UNKNOWN
        assert said.missing is not None
        assert not said.holders
        assert "未知" in ruling.explain("zh")
        assert "unknown" in ruling.explain("en")

    def test_a_post_filled_by_law(self) -> None:
        """What a congress fills ends only by its act: submitted to it, never decided over its head."""
        post = attrs.evolve(POST, filled_by="provincial_congress")
        ruling = Authority(BOOK, listed(row("provincial_committee", SINCE), post=post)).ruling(
            "relief_of_post", POST.id, DAY
        )
        assert [each.id for each in ruling.who_could(Power.SUBMITS_TO)] == ["provincial_congress"]

    def test_a_measure_for_others(self) -> None:
        """Not applicable is said with its reason."""
        authority = Authority(BOOK, DIRECTORY)
        assert authority.ruling("circular_criticism_unit", "bridge_bureau.director", DAY).not_applicable is not None
        assert authority.ruling_for_unit("post_demotion", "bridge_bureau", DAY).not_applicable is not None

    def test_no_coordinating_body_ever_decides(self) -> None:
        """Over all posts and measures of the directory."""
        authority = Authority(BOOK, DIRECTORY)
        for post in DIRECTORY.posts(DAY):
            for measure in BOOK.measures:
                for holder in authority.ruling(measure, post.id, DAY).who_could():
                    assert not DIRECTORY.is_coordinating(holder.id), (post.id, measure)

    @pytest.mark.requirement("M12")
    def test_nobody_is_named(self) -> None:
        """Posts only; whoever holds one has an opaque id."""
        text = SHIPPED.data.decode()
        assert "[[incumbent]]" not in text or all(
            "p-" in line for line in text.splitlines() if line.startswith("person =")
        )


class TestTree:
    """Organs and their sections."""

    @pytest.mark.parametrize(
        ("organ", "above", "expected"),
        [
            ("bridge_service_hall", "bridge_bureau", True),
            ("bridge_bureau", "expressway_bureau", True),
            ("expressway_bureau", "bridge_bureau", False),
            ("bridge_bureau", "bridge_bureau", True),
        ],
    )
    def test_within(self, organ: str, above: str, *, expected: bool) -> None:
        """Below means anywhere below."""
        assert DIRECTORY.within(organ, above) is expected


class TestFaults:
    """A broken file is told whole."""

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('rank = "county_chief"', 'rank = "emperor"', "emperor"),
            ('organ = "bridge_bureau"', 'organ = "moon"', "moon"),
            ('parent = "expressway_bureau"\nemployer', 'parent = "bridge_bureau"\nemployer', "stands above itself"),
            ("since = 2010-01-01", "since = 2010-13-01", "line"),
            ('roles = ["principal_head"]', 'roles = ["boss"]', "boss"),
        ],
    )
    def test_each_is_named(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        """With its place."""
        text = SHIPPED.data.decode()
        if old not in text:
            pytest.fail(f"the file no longer says {old}")
        file = tmp_path / "d.toml"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(DefinitionError, match=said):
            Directory.load(file)

    def test_rows_that_overlap(self) -> None:
        """Two organs cannot manage one post on one day."""
        with pytest.raises(DefinitionError, match="overlap"):
            listed(row("transport_party_group", SINCE), row("provincial_committee", DAY), post=POST)

    def test_an_end_before_its_start(self) -> None:
        """Is named."""
        with pytest.raises(DefinitionError, match="before it starts"):
            listed(post=attrs.evolve(POST, until=dt.date(2008, 1, 1)))
