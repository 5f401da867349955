"""The similarity of different entries, and of an entry with itself after typos."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from support.articles import ALL, HARBOUR, HARBOUR_TWIN, LOOM, TEA, edited, typos

from foreign_eyes.archive.matching.similarity import ComparableTexts, Similarity, near_pairs
from foreign_eyes.archive.matching.thresholds import (
    NEAR_EXCERPT,
    NEAR_PART,
    NEARER_PART,
    NEAREST_EXCERPT,
    PARTIAL_EXCERPT,
)
from foreign_eyes.listing.values import ListedEntry


def similarity(one: ListedEntry, other: ListedEntry) -> Similarity:
    return Similarity(ComparableTexts.of(one), ComparableTexts.of(other))


@pytest.mark.parametrize(("one", "other"), list(combinations(ALL, 2)))
def test_different_entries_are_far_below_the_thresholds(one: ListedEntry, other: ListedEntry) -> None:
    parts = similarity(one, other)
    assert parts.excerpt < PARTIAL_EXCERPT - 0.25
    assert parts.title < NEAR_PART
    assert parts.commentary < NEARER_PART


def test_near_duplicates_are_similar_in_commentary_and_title_but_not_in_the_excerpt() -> None:
    parts = similarity(HARBOUR, HARBOUR_TWIN)
    assert parts.commentary > 0.6
    assert parts.title > 0.5
    assert parts.excerpt < 0.35


@pytest.mark.parametrize("texts", ALL)
def test_typos_leave_an_entry_above_the_thresholds(texts: ListedEntry) -> None:
    assert texts.title
    now = edited(
        texts, title=typos(texts.title, 2), excerpt=typos(texts.excerpt, 8), commentary=typos(texts.commentary, 6)
    )
    parts = similarity(texts, now)
    assert parts.excerpt > NEAREST_EXCERPT
    assert min(parts.title, parts.commentary) > NEARER_PART


def test_white_space_quotes_and_letter_case_make_no_difference() -> None:
    shouted = edited(LOOM, title=(LOOM.title or "").upper(), excerpt=LOOM.excerpt.replace(" ", "\u00a0 "))
    parts = similarity(LOOM, shouted)
    assert (parts.title, parts.excerpt, parts.commentary, parts.score) == (1, 1, 1, 100)


def test_without_a_title_the_attribution_lines_are_compared() -> None:
    untitled = replace(LOOM, title=None, publication=None)
    assert similarity(LOOM, untitled).title == 1
    assert similarity(LOOM, untitled).same_publication is False


def test_a_part_that_both_lack_is_equal_but_is_not_evidence() -> None:
    bare = ListedEntry("", "", None, None, "")
    parts = similarity(bare, bare)
    assert parts.score == 100
    shared = [parts.same_publication, parts.same_excerpt, parts.same_commentary]
    assert shared == [False, False, False]
    assert [parts.excerpts_are_long, parts.commentaries_are_long, parts.excerpt_reaches(0)] == [False, False, False]


@pytest.mark.parametrize(
    ("one", "other", "agree", "same"),
    [
        ("no figures", "none", True, True),
        ("12 of 30", "none", True, True),
        ("12 of 30", "12 of 31", True, False),
        ("12 of 30, 44 and 50", "30", True, True),
        ("12 of 30", "13 of 31", False, False),
        ("12 of 12", "12 of 13", True, False),
        ("12", "112", False, False),
        ("1,200", "1,300", False, False),
        ("4.8 percent", "4.9 percent", False, False),
        ("in 2018, 4 of them", "in 2018, 5 of them", True, False),
        ("4 of 5.", "4 of 5", True, True),
        ("in January", "in February", False, False),
        ("4 in January", "4 in February", False, False),
        ("4 in January", "4 in Jnauary", True, True),
        ("it may march", "it might walk", True, True),
    ],
)
def test_figures_agree_if_the_excerpts_share_half_of_the_fewer_ones(
    one: str, other: str, agree: bool, same: bool
) -> None:
    parts = similarity(edited(LOOM, excerpt=one), edited(LOOM, excerpt=other))
    assert (parts.numbers_agree, parts.same_numbers, parts.title_numbers_agree) == (agree, same, True)
    parts = similarity(edited(LOOM, title=one), edited(LOOM, title=other))
    assert (parts.numbers_agree, parts.same_numbers, parts.title_numbers_agree) == (True, True, agree)


def test_title_edits_count_the_letters_that_differ() -> None:
    assert similarity(LOOM, edited(LOOM, title=(LOOM.title or "").replace("loom that", "lom taht"))).title_edits == 3


def test_near_pairs_returns_the_most_similar_texts() -> None:
    texts = dict(enumerate(one.excerpt for one in ALL))
    row = {7: typos(TEA.excerpt)}
    assert list(near_pairs(row, texts, NEAR_EXCERPT, 1)) == [(7, ALL.index(TEA))]
    many = texts | {99: typos(TEA.excerpt), 98: typos(TEA.excerpt, 9)}
    assert list(near_pairs(row, many, NEAR_EXCERPT, 2)) == [(7, 99), (7, ALL.index(TEA))]
    assert list(near_pairs(row, {}, NEAR_EXCERPT, 1)) == []
