"""The arguments and results of matching. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foreign_eyes.archive.matching.keys import excerpt_key
from foreign_eyes.listing.values import ListedEntry

Method = Literal[
    "same wording",
    "earlier wording",
    "merged by an operator",
    "second place",
    "as settled before",
    "same excerpt",
    "title and publication",
    "title and neighbours",
    "near wording",
    "new",
]


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A row of a listing, with the keys by which it is compared.

    `place` is its rank in listing order, from 0. `count` is the number of places in the listing with exactly this wording.
    """

    place: int
    wording_digest: str
    title_key: str | None
    texts: ListedEntry
    count: int = 1

    @property
    def excerpt_key(self) -> str | None:
        """The key of the excerpt, computed on demand: most rows are matched by their wording."""
        return excerpt_key(self.texts.excerpt)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a row might be, with its current texts.

    `rank` is its place in the listing as it was last settled, from 0; None if it was not listed. `earlier` are the
    digests of its earlier wordings. `merged` is whether an operator merged another entry into it, so that two different
    rows can be two places of it. `elsewhere` are its texts at its other places in that listing, such as those of an
    article that was listed twice.
    """

    entry_id: int
    rank: int | None
    wording_digest: str
    earlier: frozenset[str]
    title_key: str | None
    excerpt_key: str | None
    texts: ListedEntry
    merged: bool = False
    elsewhere: tuple[ListedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an operator should review a match.

    `reason` is one of those in `archive.matching.doubt_reasons`.

    `other_entry_id` is the other entry that the row may be, if any.
    """

    reason: str
    other_entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The entry of a row, and how it was found; `entry_id` is None for a new entry.

    `score`, from 0 to 100, is the similarity of the row and the entry's wording before. It is None if the wordings are
    equal or were not compared. `doubt` is why an operator should review the match; None for a match without doubt.
    """

    entry_id: int | None
    method: Method
    score: float | None = None
    doubt: Doubt | None = None
