"""Where rows and entries stand among those that are known already. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BOTH = 2
# how many more entries than rows there may be, in all or between the last known one and an end, for that end to count: a
# crawl that read only the first pages ends in the middle of the listing
_LOST_AT_AN_END = 3

Sides = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """On how many sides a row and an entry have the same neighbour: another entry, or an end of the listing."""

    entries: int = 0
    ends: int = 0

    @property
    def on_any_side(self) -> bool:
        """Whether a known entry is the neighbour of both."""
        return self.entries > 0

    @property
    def in_place(self) -> bool:
        """Whether both sides agree, and a known entry is one of them: nothing but ends says nothing."""
        return self.entries > 0 and self.entries + self.ends == BOTH

    @property
    def between_entries(self) -> bool:
        """Whether a known entry is the neighbour of both on either side."""
        return self.entries == BOTH


NONE = Agreement()


class Neighbours:
    """The rows whose entry is known, as anchors between which the others stand.

    Those that moved are no anchors: of all that are known, the most that stand in the order of the listing before are.
    """

    def __init__(self, anchors: Mapping[int, int], places: Iterable[int] = (), ranks: Iterable[int] = ()):
        """`anchors` are ranks in the listing before, by the place in this one; `places` and `ranks` are those of all."""
        place_of = {rank: place for place, rank in anchors.items()}
        self._ranks = _longest_rise([anchors[place] for place in sorted(anchors)])
        self._places = [place_of[rank] for rank in self._ranks]
        self._top_counts, self._end_counts = False, False
        if self._ranks:
            places, ranks = [*places], [*ranks]
            before = sum(rank < self._ranks[0] for rank in ranks), sum(place < self._places[0] for place in places)
            after = sum(rank > self._ranks[-1] for rank in ranks), sum(place > self._places[-1] for place in places)
            # what came at the top pushes as many over the end
            whole = len(ranks) <= len(places) + _LOST_AT_AN_END
            self._top_counts = whole or before[0] <= before[1] + _LOST_AT_AN_END
            self._end_counts = whole or after[0] <= after[1] + _LOST_AT_AN_END

    def agreement(self, place: int, rank: int | None) -> Agreement:
        """Return on which sides a row and an entry have the same neighbour; `rank` None has none."""
        if rank is None:
            return NONE
        above, below = zip(self._around_place(place), self._around_rank(rank), strict=True)
        entries = sum(here == there is not None for here, there in (above, below))
        ends = (above == (None, None) and self._top_counts) + (below == (None, None) and self._end_counts)
        return Agreement(entries, ends)

    def _around_place(self, place: int) -> Sides:
        before, after = bisect_left(self._places, place) - 1, bisect_right(self._places, place)
        return _at(self._ranks, before), _at(self._ranks, after)

    def _around_rank(self, rank: int) -> Sides:
        return _at(self._ranks, bisect_left(self._ranks, rank) - 1), _at(self._ranks, bisect_right(self._ranks, rank))


def _longest_rise(ranks: Sequence[int]) -> list[int]:
    """Return the longest subsequence of distinct numbers that rises (patience sorting)."""
    lowest: list[int] = []  # the lowest number at which a rise of each length ends
    before: dict[int, int | None] = {}
    for rank in ranks:
        length = bisect_left(lowest, rank)
        before[rank] = lowest[length - 1] if length else None
        lowest[length : length + 1] = [rank]
    rise: list[int] = []
    last = lowest[-1] if lowest else None
    while last is not None:
        rise.append(last)
        last = before[last]
    return rise[::-1]


def _at(ranks: Sequence[int], index: int) -> int | None:
    return ranks[index] if 0 <= index < len(ranks) else None
