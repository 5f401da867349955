"""Counting the other entries that share the texts of a row. Pure.

Text that is shared in the archive or in the listing is not evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from foreign_eyes.archive.matching.keys import commentary_key, excerpt_key, title_key
from foreign_eyes.archive.matching.match_values import Candidate, ListingRow
from foreign_eyes.archive.matching.rarity import Rarity, distinctive_words
from foreign_eyes.archive.matching.slots import Slot
from foreign_eyes.listing.values import ListedEntry

# a title that this many other entries have is known to recur, so one more raises no doubt
RECURRING = 3


class SharedTexts:
    """Counts the other entries and rows that share the texts of a row and a slot."""

    def __init__(self, rows: Sequence[ListingRow], candidates: Sequence[Candidate], rarity: Rarity | None):
        """Count in the rows, the candidates and the archive.

        Without `rarity` the candidates are the whole archive.
        """
        self._rarity = rarity or Rarity()
        self._titles = _Holders(rows, candidates, title_key, self._rarity.titles)
        self._excerpts = _Holders(rows, candidates, lambda texts: excerpt_key(texts.excerpt), self._rarity.excerpts)
        self._commentaries = _Holders(
            rows, candidates, lambda texts: commentary_key(texts.commentary), self._rarity.commentaries
        )
        self._words_of = (rows, candidates if rarity is None else ())
        self._words: Counter[str] | None = None

    # `owners` are the entries of the rows that are matched so far, by the rows' places

    def title_is_rare(self, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> bool:
        """Return whether no other entry or row has the title and publication of row or slot."""
        return self._titles.count_others(row, slot, owners) == 0

    def title_recurs(self, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> bool:
        """Return whether so many others have the title and publication that they recur."""
        return self._titles.count_others(row, slot, owners) >= RECURRING

    def excerpt_is_rare(self, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> bool:
        """Return whether no other entry or row has the excerpt of row or slot."""
        return self._excerpts.count_others(row, slot, owners) == 0

    def commentary_is_rare(self, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> bool:
        """Return whether no other entry or row has the commentary of row or slot."""
        return self._commentaries.count_others(row, slot, owners) == 0

    def count(self, word: str) -> int:
        """Return how many entries, or rows, have a distinctive word in their excerpts."""
        if self._words is None:
            rows, candidates = self._words_of
            of_rows = _count_words(row.texts for row in rows)
            # `|` keeps the greater count of each word
            self._words = of_rows | _count_words(candidate.texts for candidate in candidates)
        return max(self._words[word], self._rarity.words.get(word, 0))


class _Holders:
    """The rows and entries that have each text of one kind."""

    def __init__(
        self,
        rows: Iterable[ListingRow],
        candidates: Iterable[Candidate],
        key: Callable[[ListedEntry], str | None],
        counts: Mapping[str, int],
    ):
        self._key, self._counts = key, counts
        self._sources = rows, candidates
        self._rows: dict[str, list[int]] | None = None
        self._entries: dict[str, set[int]] = {}

    def count_others(self, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> int:
        """Return how many others have a text of row or slot."""
        keys = {self._key(row.texts), self._key(slot.texts)} - {None}
        return max((self._count(key, row, slot, owners) for key in keys if key is not None), default=0)

    def _count(self, key: str, row: ListingRow, slot: Slot, owners: Mapping[int, int | None]) -> int:
        if self._rows is None:
            self._index()
        entries: set[int] = self._entries.get(key, set())
        holders: set[Hashable] = {*entries}
        for place in (self._rows or {}).get(key, ()):
            owner = owners.get(place)
            holders.add(owner if owner is not None else (place,))
        holders -= {slot.entry_id, (row.place,)}
        # unmatched rows can be the other places of the same entry
        unmatched = sum(isinstance(holder, tuple) for holder in holders)
        in_listing = len(holders) - min(len(slot.entry.elsewhere), unmatched)
        return max(in_listing, self._counts.get(key, 0) - (slot.entry_id in entries))

    def _index(self) -> None:
        self._rows = {}
        rows, candidates = self._sources
        for row in rows:
            if (key := self._key(row.texts)) is not None:
                self._rows.setdefault(key, []).append(row.place)
        for candidate in candidates:
            if (key := self._key(candidate.texts)) is not None:
                self._entries.setdefault(key, set()).add(candidate.entry_id)


def _count_words(texts: Iterable[ListedEntry]) -> Counter[str]:
    return Counter(word for each in texts for word in distinctive_words(each.excerpt))
