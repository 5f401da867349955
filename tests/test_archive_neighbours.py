"""Where a row stands among those that are known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archive.identity.neighbours import BOTH, Neighbours

# rows 2, 4 and 6 are the entries that stood at 10, 20 and 30
ANCHORS = {2: 10, 4: 20, 6: 30}


@pytest.mark.parametrize(
    ("place", "rank", "agreement"),
    [
        (3, 15, BOTH),
        (3, 11, BOTH),
        (5, 25, BOTH),
        (3, 25, 0),
        (3, 5, 0),
        (1, 5, 1),
        (7, 35, 1),
        (1, 35, 0),
        (3, None, 0),
    ],
)
def test_neighbours_agree_where_row_and_entry_stand_between_the_same(
    place: int, rank: int | None, agreement: int
) -> None:
    assert Neighbours(ANCHORS).agreement(place, rank) == agreement


def test_the_ends_of_a_listing_are_no_neighbours() -> None:
    assert Neighbours({}).agreement(0, 0) == 0
    assert Neighbours({1: 1}).agreement(0, 0) == 1


def test_neighbours_that_were_swapped_agree_on_neither_side() -> None:
    assert Neighbours({2: 20, 4: 10}).agreement(3, 15) == 0


def test_a_neighbour_that_moved_is_none() -> None:
    assert Neighbours({2: 10, 3: 90, 5: 20, 6: 30}).agreement(4, 15) == BOTH
    assert Neighbours({0: 15, 2: 10, 4: 20, 5: 30}).agreement(3, 14) == BOTH


@given(st.integers(0, 8), st.integers(0, 8))
def test_whoever_moved_the_others_agree_as_before(source: int, target: int) -> None:
    assume(abs(source - target) > 1)  # of two that were swapped, either has moved
    ranks = list(range(0, 18, 2))
    moved = ranks.pop(source)
    stayed = ranks[:]
    ranks.insert(target, moved)
    neighbours = Neighbours({2 * place: rank for place, rank in enumerate(ranks)})
    for before, after in pairwise(stayed):
        assert neighbours.agreement(2 * ranks.index(before) + 1, before + 1) == BOTH
        assert neighbours.agreement(2 * ranks.index(after) - 1, after - 1) == BOTH
