"""The ids that rows had before, for crawls that are settled again.

If this parser settled the crawl, its recognitions name the entry of a row. If an older parser did, the rows that it
read on the same pages name it. Otherwise the identity that was minted for the row names it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from sqlite_utils import Database

from foreign_eyes.archive.crawls import Crawl
from foreign_eyes.archive.entry_ids import mint_entry_id
from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.matching.matcher import Candidate, Match, match
from foreign_eyes.archive.rebuilding.added_crawls import AddedCrawls
from foreign_eyes.archive.rebuilding.other_rules import add_doubts
from foreign_eyes.archive.redaction.masking import redacted_places
from foreign_eyes.archive.settling import entry_rows
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.identity_rows import (
    Identity,
    identities_minted_in,
    is_id_taken,
    is_identity_free,
    load_identity,
)
from foreign_eyes.archive.settling.journal import Change, rename_changes
from foreign_eyes.archive.settling.known_rows import match_as_new, match_to_entries
from foreign_eyes.archive.settling.match_beside import match_beside
from foreign_eyes.archive.settling.operator_decisions import merged_by_operator, merged_ids
from foreign_eyes.archive.settling.parser_upgrades import (
    Sighting,
    load_older_revisions,
    older_sightings,
    was_read_by_older,
)
from foreign_eyes.archive.settling.recognitions import (
    RecognitionKey,
    Recognitions,
    load_recognitions,
    recognition_key,
    rename_recognised,
)
from foreign_eyes.archive.settling.row_ids import FoundId, KnownRows
from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry


class FoundIds:
    """Finds the ids of rows again.

    New rows get provisional ids, and `provisional` has their identities.

    A provisional id ends if a settled row turns out to be the same entry. The caller stores the other identities when
    all crawls are settled. Recognitions are looked up as they were stored before this rebuild.
    """

    def __init__(
        self,
        db: Database,
        parser_version: int,
        added: AddedCrawls,
        *,
        has_new_rules: bool = False,
    ):
        """Load the ids of an archive before its derived rows are deleted.

        The crawls of `added` were never settled; `has_new_rules` is whether older rules settled the others.
        """
        self.added_crawls = added.crawls
        self.from_nodes = added.from_nodes
        self._minted_elsewhere = added.minted
        self.merged: Mapping[int, int] = merged_ids(db)
        self._merged_by_operator = merged_by_operator(db)
        self.older = load_older_revisions(db, parser_version)
        self.provisional: dict[int, Identity] = {}
        # provisional ids that ended, with the ids that replaced them
        self._ended: dict[int, int] = {}
        self._db = db
        self._parser_version = parser_version
        self._has_new_rules = has_new_rules
        self._last_revision_id = self.older.last_id
        self._stored = load_recognitions(db)
        self._with_added = self._stored.copy()
        # by identity digest, the entries that were minted for rows of this crawl and not found yet
        self._minted_here: dict[str, int] = {}

    def begin(self, crawl: Crawl) -> None:
        """Load the identities that were minted for rows of the crawl that is settled next."""
        minted = identities_minted_in(self._db, crawl.crawl_id)
        self._minted_here = {identity.identity_digest: self._survivor(identity.entry_id) for identity in minted}

    def find(self, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]) -> KnownRows:
        """Return the places that were settled before, or whose wording only one entry had."""
        ids = self._find_settled(crawl, pass_number, places, bodies)
        # notices of redacted entries name their entries
        ids = {rank: FoundId(entry_id) for rank, entry_id in redacted_places(self._db, places).items()} | ids
        if crawl.crawl_id in self.added_crawls:
            ids |= self._find_by_wording(crawl, places, ids)
        merged = self._merged_by_operator
        matches = match_to_entries(self._db, places, ids, merged)
        if len(matches) < len(ids) and self.provisional:
            self._end_provisional(crawl, places, ids, matches)
            matches = match_to_entries(self._db, places, ids, merged)
        matches = {rank: match_as_new(found_id) for rank, found_id in ids.items()} | matches
        if self._has_new_rules:
            add_doubts(
                *(self._db, crawl, places, ids, matches),
                parser_version=self._parser_version,
                provisional=self.provisional,
            )
        return KnownRows(ids, matches)

    def wordings_with_ids(self, crawl_id: int, listed: Iterable[ListedEntry]) -> set[str]:
        """Return the wording digests of the rows in a crawl that were settled before."""
        recognised = self._stored.wordings_of(crawl_id)
        return {
            wording_digest(entry)
            for entry in listed
            if (identity := identity_digest(entry)) in self._minted_here or identity in recognised
        }

    def recognitions(self, crawl: Crawl, places: Sequence[Place]) -> Recognitions:
        """Return all recognitions, including those that this rebuild added."""
        return self._with_added

    def minted_elsewhere(self, crawl_id: int, identity_digest: str) -> Identity | None:
        """Return the identity that the archive of an added crawl minted for a row, if its values are free here."""
        identity = self._minted_elsewhere.get((crawl_id, identity_digest))
        return identity if identity is not None and is_identity_free(self._db, identity) else None

    def draw_entry_id(self, crawl_id: int, identity_digest: str) -> int:
        """Return a free entry id that depends only on the row, the same in each rebuild."""
        generator = random.Random(f"{crawl_id} {identity_digest}")  # noqa: S311 - ids are not secrets
        return mint_entry_id(lambda drawn: is_id_taken(self._db, drawn), generator.randrange)

    def add(self, identity: Identity) -> None:
        """Keep the identity of a new entry as provisional."""
        self.provisional[identity.entry_id] = identity

    def with_final_ids(self, changes: Iterable[Change]) -> list[Change]:
        """Return changes with the final ids of entries whose provisional ids ended.

        A pass of a crawl can change an entry under its provisional id, and a later pass of that crawl can end the id.
        """
        return [
            replace(change, entry_id=self._ended[change.entry_id]) if change.entry_id in self._ended else change
            for change in changes
        ]

    def next_revision_id(self) -> int:
        """Return the id of the next revision, after those of older parsers."""
        self._last_revision_id += 1
        return self._last_revision_id

    def _survivor(self, entry_id: int) -> int:
        return self.merged.get(entry_id, entry_id)

    def _find_settled(
        self, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]
    ) -> dict[int, FoundId]:
        ids = {} if crawl.crawl_id in self.added_crawls else self._find_recognised(crawl, pass_number, places)
        if was_read_by_older(crawl, self._parser_version):
            for rank, found_id in self._find_read_by_older(crawl, pass_number, places, bodies).items():
                ids.setdefault(rank, found_id)
        for place in places:
            entry_id = self._minted_here.pop(place.identity_digest, None)
            if entry_id is not None:
                ids.setdefault(place.rank, FoundId(entry_id))
        return ids

    def _find_recognised(self, crawl: Crawl, pass_number: int, places: Sequence[Place]) -> dict[int, FoundId]:
        ids = {}
        for place in places:
            key = recognition_key(crawl, self._parser_version, place)
            recognition = self._stored.find(key, crawl.crawl_id, pass_number)
            if recognition is not None and recognition.entry_id is not None:
                is_exact = recognition.since == (crawl.crawl_id, pass_number)
                ids[place.rank] = FoundId(self._survivor(recognition.entry_id), recognition, is_exact)
        return ids

    def _find_read_by_older(
        self, crawl: Crawl, pass_number: int, places: Sequence[Place], bodies: Collection[str]
    ) -> dict[int, FoundId]:
        """Match places with the rows that an older parser read on the same pages.

        Unmatched rows between two matched ones are paired in order if both parsers read equally many.
        """
        sightings = older_sightings(self._db, crawl.source_id, bodies, self._parser_version, self.older)
        candidates = [_candidate(number, sighting) for number, sighting in enumerate(sightings)]
        matches = match([place.row for place in places], candidates)
        numbers = {rank: found.entry_id for rank, found in matches.items() if found.entry_id is not None}
        numbers |= pair_in_order([place.rank for place in places], len(sightings), numbers)
        return {rank: self._id_of(crawl, pass_number, sightings[number]) for rank, number in numbers.items()}

    def _id_of(self, crawl: Crawl, pass_number: int, sighting: Sighting) -> FoundId:
        """Return the id of an older parser's row.

        Its recognition in this crawl has it; otherwise the id stored with the page is returned.
        """
        key = RecognitionKey(
            crawl.source_id, sighting.parser_version, identity_digest(sighting.listed), sighting.wording_digest
        )
        recognition = self._stored.find(key, crawl.crawl_id, pass_number)
        if recognition is None or recognition.entry_id is None:
            return FoundId(self._survivor(sighting.entry_id))
        is_exact = recognition.since == (crawl.crawl_id, pass_number)
        return FoundId(self._survivor(recognition.entry_id), doubt=recognition.match.doubt if is_exact else None)

    def _find_by_wording(self, crawl: Crawl, places: Sequence[Place], ids: Mapping[int, FoundId]) -> dict[int, FoundId]:
        """Return ids of new rows whose wording only one entry had in all other crawls.

        So a row of an older capture with a wording that an entry had later is that entry, whatever else it resembles.
        """
        taken = {found_id.entry_id for found_id in ids.values()}
        merged = self._merged_by_operator
        by_entry: dict[int, list[Place]] = {}
        for place in places:
            entry_id = None if place.rank in ids else self._only_entry(crawl, place)
            if entry_id is not None and (entry_id not in taken or entry_id in merged):
                by_entry.setdefault(entry_id, []).append(place)
        current = entry_rows.load_stored(self._db, by_entry)
        found: dict[int, FoundId] = {}
        for entry_id, group in by_entry.items():
            wording = current[entry_id].wording_digest if entry_id in current else None
            ordered = sorted(group, key=lambda place: (place.wording_digest != wording, place.rank))
            found |= {place.rank: FoundId(entry_id) for place in (ordered if entry_id in merged else ordered[:1])}
        return found

    def _only_entry(self, crawl: Crawl, place: Place) -> int | None:
        """Return the only entry that ever had a place's wording, in any crawl.

        Return None if none or several had it.
        """
        key = recognition_key(crawl, self._parser_version, place)
        entries = {self._survivor(entry_id) for entry_id in self._stored.entries_of(key)}
        return entries.pop() if len(entries) == 1 else None

    def _end_provisional(
        self, crawl: Crawl, places: Sequence[Place], ids: Mapping[int, FoundId], matches: Mapping[int, Match]
    ) -> None:
        """Replace provisional ids with the ids of settled rows that turn out to be the same entries.

        So an entry that an added, older capture showed first gets the id that a later crawl minted for it.
        """
        without_entry = [place for place in places if place.rank in ids and place.rank not in matches]
        found = match_beside(self._db, crawl, places, without_entry, matches, self.provisional.__contains__)
        for rank, match_ in found.items():
            entry_id, provisional_id = ids[rank].entry_id, match_.entry_id
            if provisional_id is None or provisional_id not in self.provisional:
                continue
            if entry_rows.load_stored(self._db, [entry_id]):
                continue
            del self.provisional[provisional_id]
            self._ended[provisional_id] = entry_id
            entry_rows.rename_entry(self._db, provisional_id, load_identity(self._db, entry_id))
            rename_changes(self._db, provisional_id, entry_id)
            rename_recognised(self._db, provisional_id, entry_id)
            self._with_added.rename(provisional_id, entry_id)


def pair_in_order(ranks: Sequence[int], count: int, paired: Mapping[int, int]) -> dict[int, int]:
    """Pair the unpaired `ranks` and numbers below `count` in order. Pure.

    Those between two pairs are paired if there are equally many ranks and numbers.

    `paired` are numbers by rank. Pairs that are out of order do not count as bounds.
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


def _candidate(number: int, sighting: Sighting) -> Candidate:
    """Return a row that an older parser read as a candidate, with its number as the id."""
    listed = sighting.listed
    keys = title_key(listed), excerpt_key(listed.excerpt)
    return Candidate(number, number, sighting.wording_digest, frozenset(), *keys, listed)
