"""How alike two wordings are: what different entries have in common, and what is left of one after typos."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from support.articles import ALL, HARBOUR, HARBOUR_TWIN, LOOM, TEA, edited, typos

from foreign_eyes.archive.matching.evidence import NEAR_EXCERPT, NEAR_PART, NEARER_PART, NEAREST_EXCERPT, WORN_EXCERPT
from foreign_eyes.archive.matching.similarity import ComparableTexts, Likeness, near
from foreign_eyes.listing.values import ListedEntry


def likeness(one: ListedEntry, other: ListedEntry) -> Likeness:
    return Likeness(ComparableTexts.of(one), ComparableTexts.of(other))


@pytest.mark.parametrize(("one", "other"), list(combinations(ALL, 2)))
def test_different_entries_are_far_below_what_counts_as_near(one: ListedEntry, other: ListedEntry) -> None:
    alike = likeness(one, other)
    assert alike.excerpt < WORN_EXCERPT - 0.25
    assert alike.title < NEAR_PART
    assert alike.commentary < NEARER_PART


def test_near_twins_are_alike_in_commentary_and_title_but_not_in_the_excerpt() -> None:
    alike = likeness(HARBOUR, HARBOUR_TWIN)
    assert alike.commentary > 0.6
    assert alike.title > 0.5
    assert alike.excerpt < 0.35


@pytest.mark.parametrize("texts", ALL)
def test_typos_leave_an_entry_near(texts: ListedEntry) -> None:
    assert texts.title
    now = edited(
        texts, title=typos(texts.title, 2), excerpt=typos(texts.excerpt, 8), commentary=typos(texts.commentary, 6)
    )
    alike = likeness(texts, now)
    assert alike.excerpt > NEAREST_EXCERPT
    assert min(alike.title, alike.commentary) > NEARER_PART


def test_white_space_quotes_and_letter_case_make_no_difference() -> None:
    shouted = edited(LOOM, title=(LOOM.title or "").upper(), excerpt=LOOM.excerpt.replace(" ", "\u00a0 "))
    alike = likeness(LOOM, shouted)
    assert (alike.title, alike.excerpt, alike.commentary, alike.score) == (1, 1, 1, 100)


def test_where_a_title_is_lacking_the_attribution_lines_are_compared() -> None:
    untitled = replace(LOOM, title=None, publication=None)
    assert likeness(LOOM, untitled).title == 1
    assert likeness(LOOM, untitled).same_publication is False


def test_what_both_lack_is_equal_but_proves_nothing() -> None:
    bare = ListedEntry("", "", None, None, "")
    alike = likeness(bare, bare)
    assert alike.score == 100
    shared = [alike.same_publication, alike.same_excerpt, alike.same_commentary]
    assert shared == [False, False, False]
    assert [alike.excerpts_tell, alike.commentary_tells, alike.excerpt_tells(0)] == [False, False, False]


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
def test_numbers_agree_where_half_of_the_fewer_are_the_same(one: str, other: str, agree: bool, same: bool) -> None:
    alike = likeness(edited(LOOM, excerpt=one), edited(LOOM, excerpt=other))
    assert (alike.numbers_agree, alike.same_numbers, alike.title_numbers_agree) == (agree, same, True)
    alike = likeness(edited(LOOM, title=one), edited(LOOM, title=other))
    assert (alike.numbers_agree, alike.same_numbers, alike.title_numbers_agree) == (True, True, agree)


def test_the_letters_are_counted_by_which_titles_differ() -> None:
    assert likeness(LOOM, edited(LOOM, title=(LOOM.title or "").replace("loom that", "lom taht"))).title_edits == 3


def test_of_many_near_texts_the_nearest_are_found() -> None:
    texts = dict(enumerate(one.excerpt for one in ALL))
    row = {7: typos(TEA.excerpt)}
    assert list(near(row, texts, NEAR_EXCERPT, 1)) == [(7, ALL.index(TEA))]
    many = texts | {99: typos(TEA.excerpt), 98: typos(TEA.excerpt, 9)}
    assert list(near(row, many, NEAR_EXCERPT, 2)) == [(7, 99), (7, ALL.index(TEA))]
    assert list(near(row, {}, NEAR_EXCERPT, 1)) == []
