"""What is known about a listing, without an archive: a `KnownListing` over plain entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from foreign_eyes.listing.known_listing import SettledListing
from foreign_eyes.listing.quality_gate import CHECKED_PARTS, ListedCounts
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(slots=True)
class KnownEntries:
    """A listing whose current entries are `entries`; `calls` records the called methods."""

    settled: SettledListing = field(default_factory=SettledListing)
    entries: Sequence[ListedEntry] = ()
    most: int | None = None
    heading: bool = False
    any_settled: bool = True
    calls: list[str] = field(default_factory=list)

    def has_settled(self) -> bool:
        """Return `any_settled`."""
        self.calls.append("has_settled")
        return self.any_settled

    def had_heading(self) -> bool:
        """Return `heading`."""
        self.calls.append("had_heading")
        return self.heading

    def counts(self) -> ListedCounts | None:
        """Count the entries, and by part those that lack it."""
        self.calls.append("counts")
        lacking = {part: sum(not getattr(entry, part) for entry in self.entries) for part in CHECKED_PARTS}
        return ListedCounts(len(self.entries), lacking) if self.entries else None

    def most_entries(self) -> int | None:
        """Return `most`."""
        self.calls.append("most_entries")
        return self.most

    def new_wordings(self, digests: Collection[str]) -> Collection[str]:
        """Return the digests that are not of an entry."""
        self.calls.append("new_wordings")
        return set(digests) - {wording_digest(entry) for entry in self.entries}

    def count_strangers(self, entries: Collection[ListedEntry]) -> int:
        """Count the entries whose title is not known."""
        self.calls.append("count_strangers")
        titles = {entry.title for entry in self.entries}
        return sum(entry.title not in titles for entry in entries)

    def describe_effects(self, digests: Collection[str]) -> str:
        """Return no description."""
        self.calls.append("describe_effects")
        return ""
