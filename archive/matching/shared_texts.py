"""Which of a row's texts other entries hold too, in the archive and in the listing: these identify none of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from foreign_eyes.archive.matching.keys import commentary_key, excerpt_key, title_key
from foreign_eyes.archive.matching.match_values import Candidate, ListingRow
from foreign_eyes.archive.matching.rarity import Rarity, telling_words
from foreign_eyes.archive.matching.slots import Slot
from foreign_eyes.listing.values import ListedEntry

# from so many others on a title is known to recur, so that another is nothing to look at
OFTEN = 3


class Sharing:
    """Counts who else holds what a row and an entry have in common."""

    def __init__(self, rows: Sequence[ListingRow], candidates: Sequence[Candidate], rarity: Rarity | None):
        """`rarity` is that of the archive; None where the candidates are all there is."""
        self._rarity = rarity or Rarity()
        self._titles = _Holders(rows, candidates, title_key, self._rarity.titles)
        self._excerpts = _Holders(rows, candidates, lambda one: excerpt_key(one.excerpt), self._rarity.excerpts)
        self._commentaries = _Holders(
            rows, candidates, lambda one: commentary_key(one.commentary), self._rarity.commentaries
        )
        self._words_of = (rows, candidates if rarity is None else ())
        self._words: Counter[str] | None = None

    def title_is_rare(self, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> bool:
        """Tell whether no other entry or row has the title, with the publication, of either."""
        return self._titles.others(row, slot, found) == 0

    def title_recurs(self, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> bool:
        """Tell whether so many have the title that it is known to recur."""
        return self._titles.others(row, slot, found) >= OFTEN

    def excerpt_is_rare(self, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> bool:
        """Tell whether no other entry or row has the excerpt of either."""
        return self._excerpts.others(row, slot, found) == 0

    def commentary_is_rare(self, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> bool:
        """Tell whether no other entry or row has the commentary of either."""
        return self._commentaries.others(row, slot, found) == 0

    def count(self, word: str) -> int:
        """Return how many entries, or rows, hold a telling word in their excerpts."""
        if self._words is None:
            rows, candidates = self._words_of
            of_rows = _count_words(row.texts for row in rows)
            self._words = of_rows | _count_words(one.texts for one in candidates)  # the greater count of each
        return max(self._words[word], self._rarity.words.get(word, 0))


class _Holders:
    """Who holds which text of one kind."""

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

    def others(self, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> int:
        """Return how many hold a text of row or slot beside these two; `found` tells by place which entry a row is."""
        keys = {self._key(row.texts), self._key(slot.texts)} - {None}
        return max((self._count(key, row, slot, found) for key in keys if key is not None), default=0)

    def _count(self, key: str, row: ListingRow, slot: Slot, found: Mapping[int, int | None]) -> int:
        if self._rows is None:
            self._index()
        entries: set[int] = self._entries.get(key, set())
        holders: set[Hashable] = {*entries}
        for place in (self._rows or {}).get(key, ()):
            owner = found.get(place)
            holders.add(owner if owner is not None else (place,))
        holders -= {slot.entry_id, (row.place,)}
        # rows that are not found yet can be the other places of the same entry
        spare = len(slot.entry.elsewhere)
        unfound = sum(isinstance(one, tuple) for one in holders)
        here = len(holders) - min(spare, unfound)
        return max(here, self._counts.get(key, 0) - (slot.entry_id in entries))

    def _index(self) -> None:
        self._rows = {}
        rows, candidates = self._sources
        for row in rows:
            if (key := self._key(row.texts)) is not None:
                self._rows.setdefault(key, []).append(row.place)
        for one in candidates:
            if (key := self._key(one.texts)) is not None:
                self._entries.setdefault(key, set()).add(one.entry_id)


def _count_words(texts: Iterable[ListedEntry]) -> Counter[str]:
    return Counter(word for one in texts for word in telling_words(one.excerpt))
