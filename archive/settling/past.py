"""What is known already of crawls that are settled again: the ids they minted, and what older parsers read in them.

A crawl that is settled for the first time has no past: every row that is nobody's gets a new id, at once and for good. One
that is settled again must arrive at the ids it had. Where this very parser settled it before, each identity tells which
wording of which crawl it was minted for, and the row of that wording is its entry again. Where an older parser did, its
sightings tell of every row whose it is, and what this parser makes of the row is that entry's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from archive.crawls import Crawl
from archive.identity.keys import excerpt_key, title_key
from archive.identity.matching import Candidate, Match, match
from archive.settling.decisions import merged_ids
from archive.settling.entries import Place
from archive.settling.identities import Identity, born_in
from archive.settling.older import OlderRevision, older_sightings, take_older_revisions
from archive.values import ListedEntry


@dataclass(slots=True)
class Past:
    """The past of the crawls that are settled one after the other; the empty one is that of a crawl of today."""

    merged: dict[int, int] = field(default_factory=dict)
    parser_version: int = 0
    # by crawl what older parsers read, and the entries of it: what differs in them now is a technical revision
    older: dict[int, list[OlderRevision]] = field(default_factory=dict)
    read_before: frozenset[int] = frozenset()
    # entries of which something was restored already
    met: set[int] = field(default_factory=set)
    # minted since; until the end an older identity may turn out to be theirs
    nameless: dict[int, Identity] = field(default_factory=dict)
    next_revision: int | None = None
    texts: dict[int, ListedEntry] = field(default_factory=dict)
    # by identity digest the entries that this crawl's rows were minted for, as long as they have not come
    births: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether all this is settled for the first time."""
        return self.next_revision is None

    def begin(self, db: Database, crawl: Crawl) -> None:
        """Look up what is known of the crawl that is settled next."""
        if not self.is_empty:
            born = born_in(db, crawl.crawl_id)
            self.births = {one.wording: self.merged.get(one.entry_id, one.entry_id) for one in born}

    def was_read_by_older(self, crawl: Crawl) -> bool:
        """Tell whether an older parser was the first to settle a crawl."""
        return crawl.parser_version is not None and crawl.parser_version < self.parser_version

    def claim(self, db: Database, crawl: Crawl, places: Sequence[Place], bodies: Collection[str]) -> dict[int, int]:
        """Return by rank the entries that places were before, where that is known; `bodies` are the listing's pages."""
        if self.is_empty:
            return {}
        found = self._claim_older(db, crawl, places, bodies) if self.was_read_by_older(crawl) else {}
        for place in places:
            entry_id = self.births.pop(place.identity, None)
            if entry_id is not None:
                found.setdefault(place.rank, entry_id)
        return found

    def strangers(self, matches: Mapping[int, Match], known: Mapping[int, int]) -> set[int]:
        """Return the places that were matched with another entry than theirs, or whose entry another place was."""
        found = {rank: one.entry_id for rank, one in matches.items()}
        given = set(found.values()) - set(self.merged.values())
        return {
            rank
            for rank, entry_id in known.items()
            if found[rank] != entry_id and (found[rank] not in {None, *self.nameless} or entry_id in given)
        }

    def take_older(self, crawl_id: int, entry_id: int) -> list[OlderRevision]:
        """Return, once, the revisions of an entry that an older parser read in this crawl."""
        rows = self.older.get(crawl_id, [])
        taken = [row for row in rows if row.entry_id == entry_id]
        if taken:
            self.older[crawl_id] = [row for row in rows if row.entry_id != entry_id]
        return taken

    def new_revision_id(self) -> int | None:
        """Return the id of the next revision, or None to take the archive's next."""
        if self.next_revision is None:
            return None
        self.next_revision += 1
        return self.next_revision - 1

    def _claim_older(
        self, db: Database, crawl: Crawl, places: Sequence[Place], bodies: Collection[str]
    ) -> dict[int, int]:
        """Match places with what an older parser read on the very same pages."""
        sightings = older_sightings(db, crawl.source_id, bodies, self.parser_version, self.texts)
        candidates = [
            _candidate(number, sighting.wording, sighting.listed) for number, sighting in enumerate(sightings)
        ]
        matches = match([place.row() for place in places], candidates)
        return {
            rank: self.merged.get(sightings[one.entry_id].entry_id, sightings[one.entry_id].entry_id)
            for rank, one in matches.items()
            if one.entry_id is not None
        }


def take_past(db: Database, parser_version: int) -> Past:
    """Return the past of an archive that is about to be derived again by a parser of that version."""
    older, next_revision = take_older_revisions(db, parser_version)
    return Past(
        merged=merged_ids(db),
        parser_version=parser_version,
        older=older,
        read_before=frozenset(row.entry_id for rows in older.values() for row in rows),
        next_revision=next_revision,
        texts={row.revision_id: row.listed for rows in older.values() for row in rows},
    )


def _candidate(rank: int, wording: str, listed: ListedEntry) -> Candidate:
    """Return a row that an older parser read as a candidate, under its number for an id."""
    return Candidate(rank, rank, wording, frozenset(), title_key(listed), excerpt_key(listed.excerpt), listed)
