"""Which row is which entry."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.matching import Candidate, Match, Row, match

KEYS = st.sampled_from(["a", "b", "c", "d"])
TITLES = st.none() | st.sampled_from(["s", "t", "u"])
# rows are collapsed by wording before they are matched
LISTINGS = st.lists(st.tuples(KEYS, TITLES), max_size=4, unique_by=lambda row: row[0]).map(
    lambda drawn: [Row(place, wording, title) for place, (wording, title) in enumerate(drawn)]
)
ARCHIVES = st.lists(st.tuples(KEYS, st.frozensets(KEYS, max_size=3), TITLES, st.integers(1, 3)), max_size=6).map(
    lambda drawn: [
        Candidate(number, (1, position), wording, earlier - {wording}, title)
        for number, (wording, earlier, title, position) in enumerate(drawn, start=1)
    ]
)


def entry(entry_id: int, wording: str, title: str | None = None, earlier: str = "", position: int = 1) -> Candidate:
    return Candidate(entry_id, (1, position), wording, frozenset(earlier.split()), title)


@pytest.mark.parametrize(
    ("row", "archive", "expected"),
    [
        (Row(0, "w", "t"), [entry(1, "w", "t")], Match(1, "same wording", 1.0)),
        (Row(0, "w", "t"), [entry(1, "now", "other", earlier="w v")], Match(1, "earlier wording", 1.0)),
        (Row(0, "w", "t"), [entry(1, "now", "t")], Match(1, "title and publication", 1.0)),
        (Row(0, "w", "t"), [entry(1, "now", "t"), entry(2, "w", "x")], Match(2, "same wording", 1.0)),
        (Row(0, "w", "t"), [entry(1, "now", "t"), entry(2, "x", "x", earlier="w")], Match(2, "earlier wording", 1.0)),
        (Row(0, "w", "t"), [entry(1, "x", None, earlier="w"), entry(2, "w", None)], Match(2, "same wording", 1.0)),
        (Row(0, "w", "t"), [], Match(None, "new", None)),
        (Row(0, "w", "t"), [entry(1, "now", "x")], Match(None, "new", None)),
        (Row(0, "w", None), [entry(1, "now", None)], Match(None, "new", None)),
    ],
)
def test_a_row_is_known_by_wording_then_earlier_wording_then_title_else_new(
    row: Row, archive: list[Candidate], expected: Match
) -> None:
    assert match([row], archive) == {0: expected}


def test_twins_that_share_a_title_are_paired_in_listing_order() -> None:
    archive = [entry(5, "x", "t", position=2), entry(9, "y", "t", position=1)]
    found = match([Row(0, "v", "t"), Row(1, "w", "t")], archive)
    assert [found[0].entry_id, found[1].entry_id] == [9, 5]


def test_a_twin_that_is_unchanged_keeps_its_entry_whatever_the_other_does() -> None:
    archive = [entry(1, "x", "t", position=1), entry(2, "y", "t", position=2)]
    found = match([Row(0, "new", "t"), Row(1, "x", "t")], archive)
    assert (found[1].entry_id, found[1].method) == (1, "same wording")
    assert found[0].entry_id == 2


@given(LISTINGS, ARCHIVES)
def test_every_row_gets_a_match_and_no_entry_is_given_twice(rows: list[Row], archive: list[Candidate]) -> None:
    found = match(rows, archive)
    assert found.keys() == {row.place for row in rows}
    given_out = [one.entry_id for one in found.values() if one.entry_id is not None]
    assert len(given_out) == len(set(given_out))
    assert set(given_out) <= {candidate.entry_id for candidate in archive}


@given(LISTINGS, ARCHIVES)
def test_equal_wording_always_wins(rows: list[Row], archive: list[Candidate]) -> None:
    found = match(rows, archive)
    for row in rows:
        same = {candidate.entry_id for candidate in archive if candidate.wording == row.wording}
        if same:
            assert found[row.place].entry_id in same
            assert found[row.place].method == "same wording"


@given(LISTINGS, ARCHIVES)
def test_a_new_row_shares_nothing_with_an_entry_left_over(rows: list[Row], archive: list[Candidate]) -> None:
    found = match(rows, archive)
    left_over = [c for c in archive if c.entry_id not in {one.entry_id for one in found.values()}]
    for row in rows:
        if found[row.place].method == "new":
            assert all(row.wording not in {c.wording, *c.earlier} for c in left_over)
            assert row.title_key is None or all(c.title_key != row.title_key for c in left_over)


@given(LISTINGS, ARCHIVES, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_and_candidates_are_handed_in_does_not_matter(
    rows: list[Row], archive: list[Candidate], chance: random.Random
) -> None:
    shuffled_rows, shuffled_archive = rows[:], archive[:]
    chance.shuffle(shuffled_rows)
    chance.shuffle(shuffled_archive)
    assert match(shuffled_rows, shuffled_archive) == match(rows, archive)
