"""Storing the recognitions of one state of a listing, except those that follow from what is stored already.

A match follows if settling the crawl again would find exactly the same match without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.known_rows import match_as_new, match_to_entries
from foreign_eyes.archive.settling.recognitions import RecognitionKey, insert_recognition, recognition_key
from foreign_eyes.archive.settling.record_rows import Settling
from foreign_eyes.archive.settling.row_ids import FoundId


class Ledger:
    """The recognitions of the wordings in one state, including those that this run stored."""

    def __init__(self, work: Settling, places: Sequence[Place], pass_number: int):
        """Load the recognitions of `places` in a pass of the crawl that is being settled."""
        self._work = work
        self._places = places
        self._since = (work.crawl.crawl_id, pass_number)
        self._recognitions = work.ids.recognitions(work.crawl, places)

    def find_stored(
        self, matches: Mapping[int, Match], found: Mapping[int, int | None], settled: Mapping[int, FoundId]
    ) -> set[int]:
        """Return the ranks of the places whose matches follow; `found` are their entries, `settled` rows always follow.

        Call it before any of the places is recorded.
        """
        claims = dict(settled)
        for place in self._places:
            if place.rank not in settled and (claim := self._claim(place)) and claim.entry_id == found[place.rank]:
                claims[place.rank] = claim
        while True:
            expected = match_to_entries(self._work.db, self._places, claims, set(self._work.ids.merged.values()))
            wrong = {
                rank
                for rank, claim in claims.items()
                if rank not in settled and expected.get(rank, match_as_new(claim)) != matches[rank]
            }
            if not wrong:
                return set(claims)
            # these need recognitions of their own, which can change what follows for other rows of their entries
            claims = {rank: claim for rank, claim in claims.items() if rank not in wrong}

    def remember(
        self, matches: Mapping[int, Match], stored: Collection[int], seen: Mapping[int, tuple[int, int]]
    ) -> None:
        """Store the matches of the places that are not in `stored`; `seen` are entries and revisions by rank."""
        shared = Counter(place.identity for place in self._places)
        for place in self._places:
            if place.rank in stored:
                continue
            entry_id = seen[place.rank][0]
            key = self._key(place)._replace(spelling=place.wording if shared[place.identity] > 1 else "")
            self._keep_later_crawls(key, entry_id)
            one = insert_recognition(self._work.db, key, self._since, entry_id, matches[place.rank])
            self._recognitions.add(key, one)

    def _claim(self, place: Place) -> FoundId | None:
        one = self._recognitions.find(self._key(place), *self._since)
        if one is None or one.entry_id is None:
            return None
        return FoundId(self._work.ids.merged.get(one.entry_id, one.entry_id), one, one.since == self._since)

    def _key(self, place: Place) -> RecognitionKey:
        return recognition_key(self._work.crawl, self._work.parser_version, place)

    def _keep_later_crawls(self, key: RecognitionKey, entry_id: int) -> None:
        """Before a recognition is stored, keep the valid one for crawls that came to the archive after this crawl."""
        before = self._recognitions.find(key, *self._since)
        if before is None or before.entry_id in (None, entry_id):
            return
        (next_crawl,) = self._work.db.execute(
            "SELECT min(crawl_id) FROM crawls WHERE source_id = ? AND settled = 1 AND crawl_id > ?",
            (self._work.crawl.source_id, self._work.crawl.crawl_id),
        ).fetchone()
        following = self._recognitions.following(key, *self._since)
        if next_crawl is not None and (following is None or next_crawl < following):
            kept = Match(before.entry_id, "as settled before")
            one = insert_recognition(self._work.db, key, (next_crawl, 0), before.entry_id, kept)
            self._recognitions.add(key, one)
