"""What is known of crawls that are settled again: the entries of their rows, and what older parsers read.

A crawl that is settled for the first time has no past: its rows are matched, and a row that matches nothing gets a new id.
When it is settled again, each row gets the entry that it had before. If this parser settled the crawl, its recognitions
name that entry; if an older parser did, its sightings name it. If there is neither, the identity that was minted for
the row names it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.matching.matcher import Candidate, Doubt, match
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.minted_ids import Identity, born_in
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.settling.parser_upgrades import OlderRevision, Sighting, older_sightings, take_older_revisions
from foreign_eyes.archive.settling.recognitions import Recognition, RecognitionKey, Recognitions, load_recognitions
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True)
class FoundId:
    """The entry that a row had before.

    `recognition` is the recognition that says so, if there is one; `is_exact` is whether it was made for exactly this row.
    `doubt` is the doubt of the row that an older parser read in its place.
    """

    entry_id: int
    recognition: Recognition | None = None
    is_exact: bool = False
    doubt: Doubt | None = None


@dataclass(slots=True)
class FoundIds:
    """The past of crawls that are settled in order; a crawl that is settled for the first time has an empty one."""

    merged: dict[int, int] = field(default_factory=dict)
    parser_version: int = 0
    # by crawl, the revisions that older parsers read: a different reading now is a technical revision
    older: dict[int, list[OlderRevision]] = field(default_factory=dict)
    read_before: frozenset[int] = frozenset()
    # entries of which something was restored already
    met: set[int] = field(default_factory=set)
    # minted in this run; until its end, an existing identity may turn out to be theirs
    nameless: dict[int, Identity] = field(default_factory=dict)
    next_revision: int | None = None
    texts: dict[int, ListedEntry] = field(default_factory=dict)
    # by identity digest, the entries that were minted for rows of this crawl and have not been met yet
    births: dict[str, int] = field(default_factory=dict)
    # crawls that are settled for the first time
    added: frozenset[int] = frozenset()
    # as stored before this run, and with those that it adds
    recognitions: Recognitions = field(default_factory=Recognitions)
    written: Recognitions = field(default_factory=Recognitions)
    # recognitions of nameless entries, by entry
    of_nameless: dict[int, list[Recognition]] = field(default_factory=dict)
    # whether the rules are newer than those that settled the archive
    has_new_rules: bool = False

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

    def claim(
        self, db: Database, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]
    ) -> dict[int, FoundId]:
        """Return by rank the entries that places had before, if known; `bodies` are the listing's pages."""
        if self.is_empty:
            return {}
        found = {}
        for place in places:
            key = self.key_of(crawl, place)
            one = None if crawl.crawl_id in self.added else self.recognitions.find(key, crawl.crawl_id, pass_number)
            if one is not None and one.entry_id is not None:
                is_exact = one.since == (crawl.crawl_id, pass_number)
                found[place.rank] = FoundId(self.survivor(one.entry_id), one, is_exact)
        if self.was_read_by_older(crawl):
            for rank, claim in self._claim_older(db, crawl, pass_number, places, bodies).items():
                found.setdefault(rank, claim)
        for place in places:
            born = self.births.pop(place.identity, None)
            if born is not None:
                found.setdefault(place.rank, FoundId(born))
        return found

    def only_entry(self, crawl: Crawl, place: Place) -> int | None:
        """Return the only entry that ever had a place's wording, in any crawl; None if none or several had it."""
        entries = {self.survivor(one) for one in self.recognitions.entries_of(self.key_of(crawl, place))}
        return entries.pop() if len(entries) == 1 else None

    def key_of(self, crawl: Crawl, place: Place) -> RecognitionKey:
        """Return the lookup key of a place's recognitions."""
        return RecognitionKey(crawl.source_id, self.parser_version, place.identity, place.wording)

    def survivor(self, entry_id: int) -> int:
        """Return the entry that an id leads to."""
        return self.merged.get(entry_id, entry_id)

    def names(self, crawl_id: int, identity: str) -> bool:
        """Return whether a row with this identity digest in a crawl has a known entry."""
        return identity in self.births or identity in self.recognitions.wordings_of(crawl_id)

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
        self, db: Database, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]
    ) -> dict[int, FoundId]:
        """Match places with the rows that an older parser read on the same pages.

        Unmatched rows between two matched ones are paired in order, if there are as many rows as sightings.
        """
        sightings = older_sightings(db, crawl.source_id, bodies, self.parser_version, self.texts)
        candidates = [
            _candidate(number, sighting.wording, sighting.listed) for number, sighting in enumerate(sightings)
        ]
        matches = match([place.row for place in places], candidates)
        numbers = {rank: one.entry_id for rank, one in matches.items() if one.entry_id is not None}
        numbers |= pair_in_order([place.rank for place in places], len(sightings), numbers)
        return {rank: self._claim_of(crawl, pass_number, sightings[number]) for rank, number in numbers.items()}

    def _claim_of(self, crawl: Crawl, pass_number: int, sighting: Sighting) -> FoundId:
        """Return the claim of an older parser's row: its recognition in this crawl, else its sighting on the page."""
        key = RecognitionKey(
            crawl.source_id, sighting.parser_version, identity_digest(sighting.listed), sighting.wording
        )
        one = self.recognitions.find(key, crawl.crawl_id, pass_number)
        if one is None or one.entry_id is None:
            return FoundId(self.survivor(sighting.entry_id))
        is_exact = one.since == (crawl.crawl_id, pass_number)
        return FoundId(self.survivor(one.entry_id), doubt=one.match.doubt if is_exact else None)


def take_past(
    db: Database, parser_version: int, added: frozenset[int] = frozenset(), *, has_new_rules: bool = False
) -> FoundIds:
    """Return the past of an archive that is about to be derived again by a parser of that version.

    `added` are crawls that were never settled; `has_new_rules` is whether older rules settled the others.
    """
    older, next_revision = take_older_revisions(db, parser_version)
    recognitions = load_recognitions(db)
    return FoundIds(
        added=added,
        recognitions=recognitions,
        written=recognitions.copy(),
        has_new_rules=has_new_rules,
        merged=merged_ids(db),
        parser_version=parser_version,
        older=older,
        read_before=frozenset(row.entry_id for rows in older.values() for row in rows),
        next_revision=next_revision,
        texts={row.revision_id: row.listed for rows in older.values() for row in rows},
    )


def pair_in_order(ranks: Sequence[int], count: int, paired: Mapping[int, int]) -> dict[int, int]:
    """Pair ranks with the numbers below `count` that are between the same `paired` ones, if they are as many. Pure.

    `paired` are numbers by rank; pairs that are out of order do not count as bounds.
    """
    rising: list[tuple[int, int]] = []
    for rank in sorted(paired):
        while rising and rising[-1][1] > paired[rank]:
            rising.pop()
        rising.append((rank, paired[rank]))
    taken = set(paired.values())
    found: dict[int, int] = {}
    bounds = [(min(ranks, default=0) - 1, -1), *rising, (max(ranks, default=0) + 1, count)]
    for (low, first), (high, last) in pairwise(bounds):
        rows = [rank for rank in ranks if low < rank < high and rank not in paired]
        numbers = [number for number in range(first + 1, last) if number not in taken]
        if len(rows) == len(numbers):
            found |= dict(zip(rows, numbers, strict=True))
    return found


def _candidate(rank: int, wording: str, listed: ListedEntry) -> Candidate:
    """Return a row that an older parser read as a candidate, under its number for an id."""
    return Candidate(rank, rank, wording, frozenset(), title_key(listed), excerpt_key(listed.excerpt), listed)
