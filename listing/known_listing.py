"""The interface through which the reader asks what is known about a listing. Pure.

The archive implements `KnownListing` in `archive.settling.listed_state`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from foreign_eyes.listing.quality_gate import ListedCounts
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class SettledListing:
    """The listing as last settled, and the counts of the last full crawl that ended well.

    Attributes:
        bodies: the SHA-256 of each page's body, in page order; None if the pages cannot be compared by their bytes.
        urls: the URL requested for each page, in page order.
        page_count: the number of pages; None before the first good crawl.
        entry_count: the number of entries; None before the first good crawl.
    """

    bodies: tuple[str, ...] | None = None
    urls: tuple[str, ...] = ()
    page_count: int | None = None
    entry_count: int | None = None


class KnownListing(Protocol):
    """What is known about the listing of one source.

    The reader reads `settled` in every crawl. It calls the methods only if a page differs from the settled one, so an
    unchanged listing needs no other query.
    """

    @property
    def settled(self) -> SettledListing:
        """The listing as last settled."""

    def has_settled(self) -> bool:
        """Return whether any crawl or import of the source has settled."""

    def had_heading(self) -> bool:
        """Return whether page 1 had the column's heading when it last settled."""

    def counts(self) -> ListedCounts | None:
        """Return the counts of the entries listed now; None if none are known."""

    def most_entries(self) -> int | None:
        """Return the most entries that a settled complete crawl found; None before the first."""

    def new_wordings(self, digests: Collection[str]) -> Collection[str]:
        """Return those wording digests that no entry has now."""

    def count_strangers(self, entries: Collection[ListedEntry]) -> int:
        """Count the entries that share neither wording nor title nor excerpt with any known entry."""

    def describe_effects(self, digests: Collection[str]) -> str:
        """Describe what settling a complete listing of these wordings would change."""
