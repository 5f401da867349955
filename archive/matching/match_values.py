"""What matching is given and what it returns. Pure."""

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
    """A row of a listing, by what it is compared with.

    `place` is its rank in listing order, from 0; `count` the number of places in the listing with this very wording.
    """

    place: int
    wording: str
    title_key: str | None
    texts: ListedEntry
    count: int = 1

    @property
    def excerpt_key(self) -> str | None:
        """The key of its excerpt, made when it is asked for: most rows are known by their wording."""
        return excerpt_key(self.texts.excerpt)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a row might be, with its current texts.

    `rank` is its place in the listing as it was last settled, from 0; None if it was not in it. `merged` tells that an
    operator merged another entry into it, so that two different rows can be two places of it. `elsewhere` are its texts
    at the other places at which it was last listed: those of an article that stood there twice, too.
    """

    entry_id: int
    rank: int | None
    wording: str
    earlier: frozenset[str]
    title_key: str | None
    excerpt_key: str | None
    texts: ListedEntry
    merged: bool = False
    elsewhere: tuple[ListedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an operator should look at a match: one of the reasons in `archive.matching.doubt_reasons`.

    `other_entry_id` is the entry that the row may be instead, if there is one.
    """

    reason: str
    other_entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a row turned out to be. `entry_id` is None for a new entry.

    `score`, from 0 to 100, is how near the row is to the entry's wording before; None where whole wordings are equal, or
    none was compared. `doubt` says why an operator should look at the match; None for a plain one.
    """

    entry_id: int | None
    method: Method
    score: float | None = None
    doubt: Doubt | None = None
