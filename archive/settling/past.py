"""What is known already of crawls that are settled again: the ids they minted, and what older parsers read in them.

A crawl that is settled for the first time has no past: every row that is nobody's gets a new id, at once and for good. One
that is settled again must arrive at the ids it had. Each identity tells which wording of which crawl it was minted for; the
row of that wording, or the one that a newer parser makes of it, is its entry again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from archive.identity.keys import excerpt_key, title_key
from archive.identity.matching import Candidate, match
from archive.settling.decisions import merged_ids
from archive.settling.entries import Place
from archive.settling.identities import Identity, born_in
from archive.settling.older import OlderRevision, take_older_revisions
from archive.values import ListedEntry


@dataclass(frozen=True, slots=True)
class Birth:
    """An identity, the entry that it leads to today, and the row it was minted for, if an older parser read that."""

    identity: Identity
    entry_id: int
    older: OlderRevision | None


@dataclass(slots=True)
class Past:
    """The past of the crawls that are settled one after the other; the empty one is that of a crawl of today."""

    merged: dict[int, int] = field(default_factory=dict)
    older: dict[int, list[OlderRevision]] = field(default_factory=dict)
    # entries that an older parser has read: what differs in them now is a technical revision
    read_before: frozenset[int] = frozenset()
    # minted since; until the end an older identity may turn out to be theirs
    nameless: dict[int, Identity] = field(default_factory=dict)
    next_revision: int | None = None
    waiting: list[Birth] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether all this is settled for the first time."""
        return self.next_revision is None

    def begin(self, db: Database, crawl_id: int) -> None:
        """Look up what is known of the crawl that is settled next."""
        if self.is_empty:
            return
        read = {(row.entry_id, row.wording): row for row in self.older.get(crawl_id, ())}
        births = []
        for born in born_in(db, crawl_id):
            entry_id = self.merged.get(born.entry_id, born.entry_id)
            births.append(Birth(born, entry_id, read.get((entry_id, born.wording))))
        self.waiting = sorted(
            births, key=lambda birth: (birth.older.page, birth.older.position) if birth.older else (0, 0)
        )

    def claim(self, places: Sequence[Place]) -> dict[int, Birth]:
        """Return by rank which places are births, each birth once: by their wording, else by what an older parser read."""
        if not self.waiting:
            return {}
        births = {birth.identity.entry_id: birth for birth in self.waiting}
        candidates = [_candidate(rank, birth) for rank, birth in enumerate(self.waiting)]
        matches = match([place.row for place in places], candidates)
        found = {rank: births[one.entry_id] for rank, one in matches.items() if one.entry_id is not None}
        claimed = {birth.identity.entry_id for birth in found.values()}
        self.waiting = [birth for birth in self.waiting if birth.identity.entry_id not in claimed]
        return found

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


def take_past(db: Database, parser_version: int) -> Past:
    """Return the past of an archive that is about to be derived again by a parser of that version."""
    older, next_revision = take_older_revisions(db, parser_version)
    return Past(
        merged=merged_ids(db),
        older=older,
        read_before=frozenset(row.entry_id for rows in older.values() for row in rows),
        next_revision=next_revision,
    )


def _candidate(rank: int, birth: Birth) -> Candidate:
    """Return a birth as a candidate; one that this parser read is known by its wording and by nothing else."""
    listed = birth.older.listed if birth.older else ListedEntry("", "", None, None, "")
    key = excerpt_key(listed.excerpt)
    return Candidate(birth.identity.entry_id, rank, birth.identity.wording, frozenset(), title_key(listed), key, listed)
