"""Checks of the pages that were read against what is known about the listing.

Each check returns the reason for its doubt, or None. A page that equals a settled one was checked then, or accepted by the
operator, and is not checked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from foreign_eyes.listing.fetch_results import FetchResult
from foreign_eyes.listing.known_listing import KnownListing
from foreign_eyes.listing.quality_gate import (
    most_plausible,
    suspect_count,
    suspect_growth,
    suspect_page,
    suspect_parts,
    suspect_strangers,
    texts_of,
)
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry, ListingPage


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that was read: the response and the listing page parsed from it."""

    result: FetchResult
    listing: ListingPage


@dataclass(frozen=True, slots=True)
class ListingChecks:
    """The checks of one crawl.

    With `accept`, only an empty page is refused. `describe_unknown` returns the reason for refusing a page 1 without the
    column's heading if no crawl of the source has settled.
    """

    known: KnownListing
    accept: bool
    describe_unknown: Callable[[ListingPage], str | None]

    def is_settled(self, page: ReadPage) -> bool:
        """Return whether a page has the bytes of a settled one."""
        return page.result.body_sha256 in (self.known.settled.bodies or ())

    def doubt_page(self, number: int, page: ReadPage) -> str | None:
        """Return why a page looks wrong, or None."""
        if self.is_settled(page):
            return None
        if self.accept:
            return self._doubt_accepted(number, page.listing)
        if doubt := self._doubt_unknown(number, page.listing):
            return doubt
        return suspect_page(
            number,
            page.listing,
            lost_heading=not page.listing.has_heading and self.known.had_heading(),
            before=self.known.counts(),
            new_wordings=self.known.new_wordings,
        )

    def _doubt_unknown(self, number: int, listing: ListingPage) -> str | None:
        """Return why page 1 of a source that never settled is refused without the heading."""
        if number > 1 or listing.has_heading or self.known.has_settled():
            return None
        return self.describe_unknown(listing)

    def _doubt_accepted(self, number: int, listing: ListingPage) -> str | None:
        """Return why even `--accept` refuses an empty page: it would withdraw all entries."""
        if listing.entries or not (before := self.known.counts()) or not before.entries:
            return None
        return (
            f"page {number} lists no entries; {before.entries} are listed now and stay: --accept does not accept an empty"
            " page, because it would withdraw all of them"
        )

    def doubt_growth(self, pages: Sequence[ReadPage]) -> str | None:
        """Return why the pages read so far list too many entries, or None."""
        if self.accept or self._all_settled(pages) or (most := self.known.most_entries()) is None:
            return None
        if sum(len(page.listing.entries) for page in pages) <= most_plausible(most):
            return None
        return suspect_growth(len(pages), entries_of(pages), most, self.known.new_wordings)

    def doubt_repetition(self, pages: Sequence[ReadPage]) -> str | None:
        """Return why the last page is a copy of an earlier one, or None."""
        return None if self.accept else repeats_earlier(pages)

    def doubt_whole(self, pages: Sequence[ReadPage]) -> str | None:
        """Return why a listing that was read to its end looks wrong, or None."""
        if self.accept:
            return None
        count = len(entries_of(pages))
        return suspect_count(count, self.known.settled.entry_count) or self.doubt_entries(pages)

    def doubt_entries(self, pages: Sequence[ReadPage]) -> str | None:
        """Return why the entries of a whole listing do not resemble the known ones, or None."""
        if self.accept or self._all_settled(pages) or (before := self.known.counts()) is None:
            return None
        entries = entries_of(pages)
        if doubt := suspect_parts("the listing", entries, before, self.known.new_wordings):
            return doubt
        return suspect_strangers(len(entries), self.known.count_strangers(entries), before.entries)

    def _all_settled(self, pages: Sequence[ReadPage]) -> bool:
        return all(self.is_settled(page) for page in pages)


def entries_of(pages: Sequence[ReadPage]) -> list[ListedEntry]:
    """Return the entries of the pages in order, each wording once."""
    entries = (entry for page in pages for entry in page.listing.entries)
    return list({wording_digest(entry): entry for entry in entries}.values())


def repeats_earlier(pages: Sequence[ReadPage]) -> str | None:
    """Return which earlier page the last one is a copy of, or None."""
    newest = texts_of(pages[-1].listing)
    for number, page in enumerate(pages[:-1], start=1):
        if texts_of(page.listing) == newest:
            return f"page {len(pages)} ({pages[-1].result.url}) lists the same entries as page {number}"
    return None
