"""Comparing the neighbours of a row and of an entry in the previous listing. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BOTH = 2
# An end of the listing is evidence if, in all or beyond the last anchor, there are at most this many more entries than
# rows: a crawl that read only the first pages ends in the middle of the listing
_LOST_AT_AN_END = 3

Sides = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The number of sides on which a row and an entry have the same neighbour.

    A neighbour is a matched entry (`entries`) or an end of the listing (`ends`).
    """

    entries: int = 0
    ends: int = 0

    @property
    def on_any_side(self) -> bool:
        """Whether both have the same matched entry as a neighbour."""
        return self.entries > 0

    @property
    def in_place(self) -> bool:
        """Whether both sides agree and at least one neighbour is a matched entry.

        Two ends of the listing are not evidence.
        """
        return self.entries > 0 and self.entries + self.ends == BOTH

    @property
    def between_entries(self) -> bool:
        """Whether both have the same matched entries as neighbours on both sides."""
        return self.entries == BOTH


NO_AGREEMENT = Agreement()


class Neighbours:
    """The matched rows (anchors) that are still in the order of the previous listing.

    If rows have moved, the largest set of anchors that kept their order is used.
    """

    def __init__(self, anchors: Mapping[int, int], places: Iterable[int] = (), ranks: Iterable[int] = ()):
        """Take the ranks of `anchors` in the previous listing, by place in this one.

        `places` and `ranks` are of all rows.
        """
        place_of = {rank: place for place, rank in anchors.items()}
        self._ranks = _longest_increasing([anchors[place] for place in sorted(anchors)])
        self._places = [place_of[rank] for rank in self._ranks]
        self._top_counts, self._end_counts = False, False
        if self._ranks:
            places, ranks = [*places], [*ranks]
            before = sum(rank < self._ranks[0] for rank in ranks), sum(place < self._places[0] for place in places)
            after = sum(rank > self._ranks[-1] for rank in ranks), sum(place > self._places[-1] for place in places)
            # new entries at the top push as many entries over the end
            is_whole = len(ranks) <= len(places) + _LOST_AT_AN_END
            self._top_counts = is_whole or before[0] <= before[1] + _LOST_AT_AN_END
            self._end_counts = is_whole or after[0] <= after[1] + _LOST_AT_AN_END

    def agreement(self, place: int, rank: int | None) -> Agreement:
        """Compare the neighbours of a row and an entry.

        An entry without a `rank` has no neighbours.
        """
        if rank is None:
            return NO_AGREEMENT
        above, below = zip(self._around_place(place), self._around_rank(rank), strict=True)
        entries = sum(here == there is not None for here, there in (above, below))
        ends = (above == (None, None) and self._top_counts) + (below == (None, None) and self._end_counts)
        return Agreement(entries, ends)

    def _around_place(self, place: int) -> Sides:
        before, after = bisect_left(self._places, place) - 1, bisect_right(self._places, place)
        return _at(self._ranks, before), _at(self._ranks, after)

    def _around_rank(self, rank: int) -> Sides:
        return _at(self._ranks, bisect_left(self._ranks, rank) - 1), _at(self._ranks, bisect_right(self._ranks, rank))


def _longest_increasing(ranks: Sequence[int]) -> list[int]:
    """Return the longest increasing subsequence of distinct numbers (patience sorting)."""
    lowest: list[int] = []  # the lowest last number of an increasing subsequence of each length
    before: dict[int, int | None] = {}
    for rank in ranks:
        length = bisect_left(lowest, rank)
        before[rank] = lowest[length - 1] if length else None
        lowest[length : length + 1] = [rank]
    longest: list[int] = []
    last = lowest[-1] if lowest else None
    while last is not None:
        longest.append(last)
        last = before[last]
    return longest[::-1]


def _at(ranks: Sequence[int], index: int) -> int | None:
    return ranks[index] if 0 <= index < len(ranks) else None
