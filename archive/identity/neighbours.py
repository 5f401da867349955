"""Where rows and entries stand among those that are known already. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

BOTH = 2

Sides = tuple[int | None, int | None]


class Neighbours:
    """The rows whose entry is known, as anchors between which the others stand.

    Those that moved are no anchors: of all that are known, the most that stand in the order of the listing before are.
    The ends of the listing are no anchors: new entries arrive at its top, and a crawl may have read only its first pages.
    """

    def __init__(self, anchors: Mapping[int, int]):
        """`anchors` are ranks in the listing before, by the place in this one."""
        place_of = {rank: place for place, rank in anchors.items()}
        self._ranks = _longest_rise([anchors[place] for place in sorted(anchors)])
        self._places = [place_of[rank] for rank in self._ranks]

    def agreement(self, place: int, rank: int | None) -> int:
        """Return on how many sides, none to both, a row and an entry have the same neighbour; `rank` None has none."""
        if rank is None:
            return 0
        sides = zip(self._around_place(place), self._around_rank(rank), strict=True)
        return sum(here == there is not None for here, there in sides)

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
