"""
All rows of one post together (一个职务的全部条目): one look-up gives its own rows, who manages it and who holds it.
"""

from __future__ import annotations

import datetime as dt

from zhiwen_flow.directory.rows import Dated, DirectoryFile, Incumbency, ListKind, Post, PostListing, as_of


class Standing:
    """
    The rows of one post, each kind in the order of the file (职务条目).

    Most posts have one row, one manager and nothing else that ever ends: those are put into groups of posts that are
    alike in all that authority hangs on. `group` is the number of the group, and `settled` the day from which it holds.
    """

    __slots__ = ("co_managed", "group", "held", "listed", "managed", "rows", "settled")

    def __init__(self) -> None:
        self.group: int | None = None
        self.settled: dt.date | None = None
        self.rows: tuple[Post, ...] = ()
        self.listed: tuple[PostListing, ...] = ()
        self.managed: tuple[PostListing, ...] = ()
        self.co_managed: tuple[PostListing, ...] = ()
        self.held: tuple[Incumbency, ...] = ()

    def settle(self, groups: dict[object, int]) -> None:
        """Find the group of posts alike, for a post that never changes (同类职务归组)."""
        lasting: tuple[Dated, ...] = (*self.rows, *self.managed)
        if self.held or self.co_managed or len(self.rows) != 1 or len(self.managed) > 1:
            return
        if any(each.until is not None for each in lasting):
            return
        post = self.rows[0]
        by = tuple((each.organ, each.document, each.status) for each in self.managed)
        alike = (post.organ, post.rank, post.personnel, post.filled_by, by)
        self.group = groups.setdefault(alike, len(groups))
        self.settled = max(each.since for each in lasting)

    def manager(self, on: dt.date) -> PostListing | None:
        """Find the row that says who manages the post on a day (主管机关)."""
        return as_of(self.managed, on)

    def co_manager(self, on: dt.date) -> PostListing | None:
        """Find the row that says who co-manages the post on a day (协管机关)."""
        return as_of(self.co_managed, on) if self.co_managed else None


NOTHING = Standing()
"""A post that the directory does not know."""


def standings(file: DirectoryFile) -> dict[str, Standing]:
    """Put the rows of each post together (汇集职务条目)."""
    found: dict[str, Standing] = {}
    for post in file.posts:
        found.setdefault(post.id, Standing()).rows += (post,)
    for held in file.incumbencies:
        found.setdefault(held.post, Standing()).held += (held,)
    for listing in file.listings:
        standing = found.setdefault(listing.post, Standing())
        standing.listed += (listing,)
        if listing.kind is ListKind.MANAGED:
            standing.managed += (listing,)
        if listing.kind is ListKind.CO_MANAGED:
            standing.co_managed += (listing,)
    groups: dict[object, int] = {}
    for each in found.values():
        each.settle(groups)
    return found
