"""The ids of rows in a crawl that is settled for the first time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.entry_ids import mint_entry_id
from foreign_eyes.archive.redaction.masking import redacted_places
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.identity_rows import Identity, insert_identity, is_id_taken
from foreign_eyes.archive.settling.known_rows import match_known_rows
from foreign_eyes.archive.settling.operator_decisions import merged_by_operator, merged_ids
from foreign_eyes.archive.settling.parser_upgrades import OlderRevisions
from foreign_eyes.archive.settling.recognitions import Recognitions, load_recognitions
from foreign_eyes.archive.settling.row_ids import FoundId, KnownRows
from foreign_eyes.listing.values import ListedEntry


class NewIds:
    """Mints the ids of new rows and stores them at once."""

    def __init__(self, db: Database):
        """Mint ids in `db`, inside the caller's transaction."""
        self._db = db
        self.older = OlderRevisions()

    @cached_property
    def merged(self) -> Mapping[int, int]:
        """The entry that each merged id leads to."""
        return merged_ids(self._db)

    def find(self, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]) -> KnownRows:
        """Return the places with notices of redacted entries: a notice names its entry."""
        ids = {rank: FoundId(entry_id) for rank, entry_id in redacted_places(self._db, places).items()}
        return KnownRows(ids, match_known_rows(self._db, places, ids, merged_by_operator(self._db)))

    def wordings_with_ids(self, crawl_id: int, listed: Iterable[ListedEntry]) -> set[str]:
        """Return no wordings: no row was settled before."""
        return set()

    def recognitions(self, crawl: Crawl, places: Sequence[Place]) -> Recognitions:
        """Return the stored recognitions of the wordings at these places."""
        return load_recognitions(self._db, crawl.source_id, [place.identity_digest for place in places])

    def minted_elsewhere(self, crawl_id: int, identity_digest: str) -> None:
        """Return None: this archive made the crawl."""

    def draw_entry_id(self, crawl_id: int, identity_digest: str) -> int:
        """Return a random free entry id."""
        return mint_entry_id(lambda drawn: is_id_taken(self._db, drawn))

    def add(self, identity: Identity) -> None:
        """Store the identity of a new entry."""
        insert_identity(self._db, identity)

    def next_revision_id(self) -> None:
        """Return None: SQLite assigns the ids of revisions."""
