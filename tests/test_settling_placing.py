"""Placements: which a new state of the listing ends and begins, and the keys that order them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.settling.order_keys import WIDTH, keys_between
from foreign_eyes.archive.settling.placing import Placed, Shown, place_rows

rows_ = st.lists(
    st.builds(lambda entry, edit: Shown(entry, 10 * entry + edit), st.integers(1, 6), st.integers(0, 1)), max_size=8
)


def after(current: Sequence[Placed], rows: Sequence[Shown], *, whole: bool = True) -> list[Placed]:
    moves = place_rows(current, rows, whole=whole)
    assert set(moves.ended) <= set(current)
    return sorted([*({*current} - {*moves.ended}), *moves.begun])


def shown(placed: Sequence[Placed]) -> list[Shown]:
    return [one.shown for one in placed]


def most_common(first: Sequence[Shown], second: Sequence[Shown]) -> int:
    """Return the length of the longest common subsequence, by trying all."""
    parts = {part for size in range(len(first) + 1) for part in combinations(first, size)}
    return max(size for size in range(len(second) + 1) for part in combinations(second, size) if part in parts)


@given(st.lists(rows_, max_size=6))
def test_the_placements_after_each_state_are_its_rows_in_order(states: list[list[Shown]]) -> None:
    listing: list[Placed] = []
    for rows in states:
        listing = after(listing, rows)
        assert shown(listing) == rows
        assert len({placed.order_key for placed in listing}) == len(rows)


@given(rows_, rows_)
def test_as_few_placements_as_possible_end_and_begin(before: list[Shown], rows: list[Shown]) -> None:
    moves = place_rows(after([], before), rows, whole=True)
    stay = most_common(before, rows)
    assert (len(moves.ended), len(moves.begun)) == (len(before) - stay, len(rows) - stay)


@given(st.lists(st.tuples(rows_, st.booleans()), max_size=6), rows_)
def test_a_listing_read_in_part_ends_only_what_it_saw_elsewhere(
    states: list[tuple[list[Shown], bool]], rows: list[Shown]
) -> None:
    listing: list[Placed] = []
    for state, whole in states:
        listing = after(listing, state, whole=whole)
    moves = place_rows(listing, rows, whole=False)
    assert {placed.shown.entry_id for placed in moves.ended} <= {row.entry_id for row in rows}
    left = shown(after(listing, rows, whole=False))
    rest = iter(left)
    assert all(row in rest for row in rows), "the rows are in the listing, in their order"
    for row in set(rows):
        assert left.count(row) >= rows.count(row)


def test_an_entry_that_arrives_at_the_top_costs_one_placement() -> None:
    old = [Shown(entry, entry) for entry in range(300)]
    listing = after([], old)
    for entry in range(300, 320):
        moves = place_rows(listing, [Shown(entry, entry), *shown(listing)], whole=True)
        assert (len(moves.ended), len(moves.begun)) == (0, 1)
        listing = after(listing, [Shown(entry, entry), *shown(listing)])
    assert {len(placed.order_key) for placed in listing} == {WIDTH}


def test_a_changed_revision_keeps_its_order_key() -> None:
    listing = after([], [Shown(1, 1), Shown(2, 2), Shown(3, 3)])
    moves = place_rows(listing, [Shown(1, 1), Shown(2, 22), Shown(3, 3)], whole=True)
    assert [(placed.order_key, placed.shown) for placed in moves.begun] == [(listing[1].order_key, Shown(2, 22))]


def test_an_entry_below_the_rows_of_a_part_moves_to_where_it_was_seen() -> None:
    listing = after([], [Shown(entry, entry) for entry in (1, 2, 3, 4)])
    assert shown(after(listing, [Shown(9, 9), Shown(1, 1), Shown(4, 4)], whole=False)) == [
        *(Shown(9, 9), Shown(1, 1), Shown(2, 2), Shown(3, 3), Shown(4, 4)),
    ]
    assert shown(after(listing, [Shown(4, 4), Shown(1, 1)], whole=False)) == [
        *(Shown(4, 4), Shown(1, 1), Shown(2, 2), Shown(3, 3)),
    ]


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 4))
def test_keys_are_between_their_neighbours_wherever_they_are_inserted(places: list[int], number: int) -> None:
    keys: list[str] = []
    for wanted in places:
        place = min(wanted, len(keys))
        low, high = keys[place - 1] if place else None, keys[place] if place < len(keys) else None
        keys[place:place] = keys_between(low, high, number)
        assert keys == sorted(set(keys))
        assert all(len(key) == WIDTH or key[-1] != "0" for key in keys)


@pytest.mark.parametrize("before_the_last", [True, False])
def test_keys_stay_short_when_entries_arrive_one_by_one_at_the_same_place(*, before_the_last: bool) -> None:
    low, high = keys_between(None, None, 2)
    for _ in range(2000):
        (key,) = keys_between(low, high, 1)
        low, high = (low, key) if before_the_last else (key, high)
    assert len(key) < 80
