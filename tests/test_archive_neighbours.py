"""Comparing the neighbours of rows and entries."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foreign_eyes.archive.matching.neighbours import NO_AGREEMENT, Agreement, Neighbours

# rows 2, 4 and 6 are the entries that were at ranks 10, 20 and 30
ANCHORS = {2: 10, 4: 20, 6: 30}


BOTH = Agreement(entries=2)
ONE = Agreement(entries=1)
AT_AN_END = Agreement(entries=1, ends=1)


@pytest.mark.parametrize(
    ("place", "rank", "agreement"),
    [
        (3, 15, BOTH),
        (3, 11, BOTH),
        (5, 25, BOTH),
        (3, 25, NO_AGREEMENT),
        (3, 5, NO_AGREEMENT),
        (1, 5, AT_AN_END),
        (7, 35, AT_AN_END),
        (1, 35, NO_AGREEMENT),
        (3, None, NO_AGREEMENT),
    ],
)
def test_neighbours_agree_if_row_and_entry_are_between_the_same_entries(
    place: int, rank: int | None, agreement: Agreement
) -> None:
    assert Neighbours(ANCHORS).agreement(place, rank) == agreement


@pytest.mark.parametrize(
    ("agreement", "any_side", "in_place", "between"),
    [
        (BOTH, True, True, True),
        (AT_AN_END, True, True, False),
        (ONE, True, False, False),
        (Agreement(ends=2), False, False, False),
        (NO_AGREEMENT, False, False, False),
    ],
)
def test_two_ends_of_the_listing_are_not_evidence(
    agreement: Agreement, any_side: bool, in_place: bool, between: bool
) -> None:
    assert (agreement.on_any_side, agreement.in_place, agreement.between_entries) == (any_side, in_place, between)


def test_the_ends_of_a_listing_are_neighbours() -> None:
    assert Neighbours({}).agreement(0, 0) == NO_AGREEMENT
    assert Neighbours({1: 1}).agreement(0, 0) == AT_AN_END
    assert Neighbours({1: 1}).agreement(2, 2) == AT_AN_END


def test_new_entries_at_the_top_do_not_change_the_upper_end() -> None:
    neighbours = Neighbours({7: 1, 8: 2}, places=range(9), ranks=range(3))
    assert [neighbours.agreement(place, 0) for place in (0, 3, 6)] == [AT_AN_END] * 3


@pytest.mark.parametrize(("rows", "counts"), [(13, True), (10, True), (7, True), (6, False)])
def test_a_crawl_that_stopped_early_has_no_lower_end(rows: int, counts: bool) -> None:
    neighbours = Neighbours({4: 4, 5: 5}, places=range(rows), ranks=range(10))
    assert neighbours.agreement(6, 9) == (AT_AN_END if counts else ONE)


def test_neighbours_that_were_swapped_agree_on_neither_side() -> None:
    assert Neighbours({2: 20, 4: 10}).agreement(3, 15).on_any_side is False


def test_an_entry_that_moved_is_not_a_neighbour() -> None:
    assert Neighbours({2: 10, 3: 90, 5: 20, 6: 30}).agreement(4, 15) == BOTH
    assert Neighbours({0: 15, 2: 10, 4: 20, 5: 30}).agreement(3, 14) == BOTH


@given(st.integers(0, 8), st.integers(0, 8))
def test_entries_that_did_not_move_agree_whichever_others_moved(source: int, target: int) -> None:
    assume(abs(source - target) > 1)  # if two neighbours are swapped, either may count as moved
    ranks = list(range(0, 18, 2))
    moved = ranks.pop(source)
    stayed = ranks[:]
    ranks.insert(target, moved)
    neighbours = Neighbours({2 * place: rank for place, rank in enumerate(ranks)})
    for before, after in pairwise(stayed):
        assert neighbours.agreement(2 * ranks.index(before) + 1, before + 1) == BOTH
        assert neighbours.agreement(2 * ranks.index(after) - 1, after - 1) == BOTH
