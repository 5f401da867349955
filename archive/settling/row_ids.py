"""The interface through which matching and recording get the ids of a listing's rows.

It has two implementations. `NewIds` mints ids when a crawl is settled for the first time. `FoundIds` (in
`archive.rebuilding`) returns the ids that rows had before when crawls are settled again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.matching.matcher import Doubt, Match
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.identity_rows import Identity
from foreign_eyes.archive.settling.parser_upgrades import OlderRevisions
from foreign_eyes.archive.settling.recognitions import Recognition, Recognitions
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class FoundId:
    """The entry of a row, found without matching.

    `recognition` is the recognition that names the entry, if any. `is_exact` is whether it was stored for exactly this
    row. `doubt` is the doubt about the row that an older parser read in its place.
    """

    entry_id: int
    recognition: Recognition | None = None
    is_exact: bool = False
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The rows whose entries were found without matching: their ids and their matches, by rank."""

    ids: Mapping[int, FoundId]
    matches: Mapping[int, Match]


class RowIds(Protocol):
    """The ids of rows."""

    @property
    def merged(self) -> Mapping[int, int]:
        """The entry that each merged id leads to."""

    @property
    def older(self) -> OlderRevisions:
        """The revisions that older parsers read, to store again as their crawls are settled."""

    def find(self, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]) -> KnownRows:
        """Return the places whose entries need no matching.

        `bodies` are the bodies of the listing's pages.
        """

    def wordings_with_ids(self, crawl_id: int, listed: Iterable[ListedEntry]) -> set[str]:
        """Return the wording digests of the rows in a crawl whose entries are known."""

    def recognitions(self, crawl: Crawl, places: Sequence[Place]) -> Recognitions:
        """Return the recognitions of the rows at these places, including new ones."""

    def minted_elsewhere(self, crawl_id: int, identity_digest: str) -> Identity | None:
        """Return the identity that another archive minted for a new row of its crawl."""

    def draw_entry_id(self, crawl_id: int, identity_digest: str) -> int:
        """Return a free entry id for a new row."""

    def add(self, identity: Identity) -> None:
        """Add the identity of a new entry."""

    def next_revision_id(self) -> int | None:
        """Return the id for the next revision; None lets SQLite assign it."""
