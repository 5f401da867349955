"""Where rows and entries stand among those that are known already. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

BOTH = 2
# how many more entries than rows may lie between the last known one and an end for that end to count: a crawl that read
# only the first pages ends in the middle of the listing
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

    def __init__(
        self,
        anchors: Mapping[int, int],
        places: Iterable[int] = (),
        ranks: Iterable[int] = (),
        found: Collection[int] = (),
    ):
        """`anchors` are ranks in the listing before, by the place in this one; `places` and `ranks` are those of all.

        `found` are the places of rows that are known, second places of entries among them.
        """
        place_of = {rank: place for place, rank in anchors.items()}
        self._ranks = _longest_rise([anchors[place] for place in sorted(anchors)])
        self._places = [place_of[rank] for rank in self._ranks]
        self._top_counts, self._end_counts = False, False
        places, ranks = [*places], [*ranks]
        self._unknown_places = sorted({*places}.difference(anchors, found))
        self._unknown_ranks = sorted({*ranks}.difference(anchors.values()))
        if self._ranks:
            before = sum(rank < self._ranks[0] for rank in ranks), sum(place < self._places[0] for place in places)
            after = sum(rank > self._ranks[-1] for rank in ranks), sum(place > self._places[-1] for place in places)
            self._top_counts = before[0] <= before[1] + _LOST_AT_AN_END
            self._end_counts = after[0] <= after[1] + _LOST_AT_AN_END

    def agreement(self, place: int, rank: int | None) -> Agreement:
        """Return on which sides a row and an entry have the same neighbour; `rank` None has none."""
        if rank is None:
            return NONE
        above, below = zip(self._around_place(place), self._around_rank(rank), strict=True)
        entries = sum(here == there is not None for here, there in (above, below))
        at_top = above == (None, None) and (self._top_counts or self._is_next(place, rank))
        at_end = below == (None, None) and (self._end_counts or self._is_next(place, rank))
        return Agreement(entries, at_top + at_end)

    def _is_next(self, place: int, rank: int) -> bool:
        """Tell whether, at an end, nothing unknown stands between row and entry and the known one that is nearest to them."""
        if not self._ranks:
            return False
        index = min(bisect_left(self._places, place), len(self._places) - 1)
        return _none_between(self._unknown_places, place, self._places[index]) and _none_between(
            self._unknown_ranks, rank, self._ranks[index]
        )

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


def _none_between(numbers: Sequence[int], one: int, other: int) -> bool:
    low, high = sorted((one, other))
    return bisect_right(numbers, low) == bisect_left(numbers, high)


def _at(ranks: Sequence[int], index: int) -> int | None:
    return ranks[index] if 0 <= index < len(ranks) else None
