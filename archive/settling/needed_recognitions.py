"""Storing the recognitions of one state of a listing that stored ones do not imply.

A match is implied if settling the crawl again would give exactly the same match without a recognition of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from foreign_eyes.archive.matching.matcher import Match
from foreign_eyes.archive.settling.entry_rows import Place
from foreign_eyes.archive.settling.known_rows import match_as_new, match_to_entries
from foreign_eyes.archive.settling.operator_decisions import merged_by_operator
from foreign_eyes.archive.settling.recognitions import RecognitionKey, insert_recognition, recognition_key
from foreign_eyes.archive.settling.row_ids import FoundId
from foreign_eyes.archive.settling.settling_state import Settling


class Ledger:
    """The recognitions of the rows in one state of a listing."""

    def __init__(self, work: Settling, places: Sequence[Place], pass_number: int):
        """Load the recognitions of `places` in a pass of the crawl that is being settled."""
        self._work = work
        self._places = places
        self._since = (work.crawl.crawl_id, pass_number)
        self._recognitions = work.ids.recognitions(work.crawl, places)

    def find_stored(
        self, matches: Mapping[int, Match], entry_ids: Mapping[int, int | None], settled: Mapping[int, FoundId]
    ) -> set[int]:
        """Return the ranks of the places whose matches are implied; `settled` places always are.

        `entry_ids` are the entries of all places by rank. Call this before any of the places is recorded.
        """
        implied, merged = dict(settled), merged_by_operator(self._work.db)
        for place in self._places:
            if place.rank in settled:
                continue
            found_id = self._find(place)
            if found_id is not None and found_id.entry_id == entry_ids[place.rank]:
                implied[place.rank] = found_id
        while True:
            expected = match_to_entries(self._work.db, self._places, implied, merged)
            wrong = {
                rank
                for rank, found_id in implied.items()
                if rank not in settled and expected.get(rank, match_as_new(found_id)) != matches[rank]
            }
            if not wrong:
                return set(implied)
            # these get recognitions of their own, which can change the implied matches of other rows of their entries
            implied = {rank: found_id for rank, found_id in implied.items() if rank not in wrong}

    def remember(
        self, matches: Mapping[int, Match], stored: Collection[int], seen: Mapping[int, tuple[int, int]]
    ) -> None:
        """Store the matches of places that are not in `stored`.

        `seen` are entries and revisions by rank.
        """
        shared = Counter(place.identity_digest for place in self._places)
        for place in self._places:
            if place.rank in stored:
                continue
            entry_id = seen[place.rank][0]
            key = self._key(place)._replace(spelling=place.wording_digest if shared[place.identity_digest] > 1 else "")
            self._keep_later_crawls(key, entry_id)
            recognition = insert_recognition(self._work.db, key, self._since, entry_id, matches[place.rank])
            self._recognitions.add(key, recognition)

    def _find(self, place: Place) -> FoundId | None:
        recognition = self._recognitions.find(self._key(place), *self._since)
        if recognition is None or recognition.entry_id is None:
            return None
        entry_id = self._work.ids.merged.get(recognition.entry_id, recognition.entry_id)
        return FoundId(entry_id, recognition, recognition.since == self._since)

    def _key(self, place: Place) -> RecognitionKey:
        return recognition_key(self._work.crawl, self._work.parser_version, place)

    def _keep_later_crawls(self, key: RecognitionKey, entry_id: int) -> None:
        """Repeat the recognition that a new one replaces for crawls that were added later."""
        before = self._recognitions.find(key, *self._since)
        if before is None or before.entry_id in (None, entry_id):
            return
        (next_crawl,) = self._work.db.execute(
            "SELECT min(crawl_id) FROM crawls WHERE source_id = ? AND settled = 1 AND crawl_id > ?",
            (self._work.crawl.source_id, self._work.crawl.crawl_id),
        ).fetchone()
        next_recognised = self._recognitions.next_crawl(key, *self._since)
        if next_crawl is not None and (next_recognised is None or next_crawl < next_recognised):
            kept = Match(before.entry_id, "as settled before")
            recognition = insert_recognition(self._work.db, key, (next_crawl, 0), before.entry_id, kept)
            self._recognitions.add(key, recognition)
