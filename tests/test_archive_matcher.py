"""Matching rows to entries."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.articles import (
    ALL,
    BRIDGE,
    FEW_WORDS,
    HARBOUR,
    HARBOUR_TWIN,
    LOOM,
    MOON,
    MOON_AGAIN,
    PIANO,
    TEA,
    archive,
    article,
    edited,
    entry,
    row,
    rows,
    typos,
)

from foreign_eyes.archive.matching.doubt_reasons import NEARLY_EXCERPT, NEARLY_THE_REST, SAME_EXCERPT, SAME_TITLE
from foreign_eyes.archive.matching.matcher import Candidate, Doubt, ListingRow, Match, match
from foreign_eyes.archive.matching.rarity import MOST_HOLDERS, Rarity, distinctive_words
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry

# texts that share nothing with the others
OTHER = PIANO
TYPO_IN_TITLE = {"title": typos(LOOM.title or "", 2)}
TYPO_IN_EXCERPT = {"excerpt": typos(LOOM.excerpt, 4)}
TYPO_IN_COMMENTARY = {"commentary": typos(LOOM.commentary, 3)}
RETITLED = {"title": "What the weavers saw"}
OTHER_PUBLICATION = {"publication": "The Harbour Sunday Post"}
OTHER_EXCERPT = {"excerpt": OTHER.excerpt}
OTHER_COMMENTARY = {"commentary": OTHER.commentary}

SURVIVING = {
    "a typo in the title": TYPO_IN_TITLE,
    "typos in the excerpt": TYPO_IN_EXCERPT,
    "typos in the commentary": TYPO_IN_COMMENTARY,
    "a sentence dropped from the excerpt": {"excerpt": LOOM.excerpt.partition(". ")[2]},
    "a sentence dropped, another commentary": {"excerpt": LOOM.excerpt.partition(". ")[2]} | OTHER_COMMENTARY,
    "another title": RETITLED,
    "another publication": OTHER_PUBLICATION,
    "another commentary": OTHER_COMMENTARY,
    "another excerpt": OTHER_EXCERPT,
    "no commentary": {"commentary": ""},
    "no excerpt": {"excerpt": ""},
    "typos everywhere": TYPO_IN_TITLE | TYPO_IN_EXCERPT | TYPO_IN_COMMENTARY,
    "a typo in the title, another commentary": TYPO_IN_TITLE | OTHER_COMMENTARY,
    "a typo in the excerpt, another publication": TYPO_IN_EXCERPT | OTHER_PUBLICATION,
    "a typo in the excerpt, another title": TYPO_IN_EXCERPT | RETITLED,
    "a typo in the excerpt, another commentary": TYPO_IN_EXCERPT | OTHER_COMMENTARY,
    "a typo in the excerpt, all else other": TYPO_IN_EXCERPT | RETITLED | OTHER_PUBLICATION | OTHER_COMMENTARY,
    "all but the excerpt": RETITLED | OTHER_PUBLICATION | OTHER_COMMENTARY,
}
# edits that are recognised only with neighbours
IN_PLACE = {
    "another excerpt, typos in the commentary": OTHER_EXCERPT | TYPO_IN_COMMENTARY,
    "another excerpt, typos in title and commentary": OTHER_EXCERPT | TYPO_IN_COMMENTARY | TYPO_IN_TITLE,
    "another excerpt and commentary": OTHER_EXCERPT | OTHER_COMMENTARY,
}


def ids(found: dict[int, Match]) -> list[int | None]:
    return [found[place].entry_id for place in sorted(found)]


@pytest.mark.parametrize("edits", [*SURVIVING.values(), *IN_PLACE.values()], ids=[*SURVIVING, *IN_PLACE])
def test_an_edited_entry_is_recognised_between_its_neighbours(edits: dict[str, str]) -> None:
    found = match(rows(TEA, edited(LOOM, **edits), MOON), archive(TEA, LOOM, MOON))
    assert ids(found) == [1, 2, 3]


@pytest.mark.parametrize("edits", SURVIVING.values(), ids=SURVIVING)
@pytest.mark.parametrize("rank", [None, 2], ids=["withdrawn", "moved"])
def test_an_edited_entry_is_recognised_when_it_returns_or_moves(edits: dict[str, str], rank: int | None) -> None:
    known = [entry(TEA, 1, 0), entry(MOON, 2, 1), entry(LOOM, 3, rank)]
    assert ids(match(rows(edited(LOOM, **edits), TEA, MOON), known)) == [3, 1, 2]


@pytest.mark.parametrize("edits", IN_PLACE.values(), ids=IN_PLACE)
def test_a_rewritten_entry_is_not_recognised_at_another_place(edits: dict[str, str]) -> None:
    known = [entry(TEA, 1, 0), entry(MOON, 2, 1), entry(LOOM, 3, 2)]
    assert ids(match(rows(edited(LOOM, **edits), TEA, MOON), known)) == [None, 1, 2]


def worn(percent: int) -> dict[str, str]:
    """Return an excerpt of which this share survives."""
    kept = len(LOOM.excerpt) * percent // 100
    return {"excerpt": LOOM.excerpt[:kept] + "#" * (len(LOOM.excerpt) - kept)}


ALL_ELSE = RETITLED | OTHER_PUBLICATION | OTHER_COMMENTARY


def without(*parts: str) -> dict[str, str]:
    return {part: words for part, words in ALL_ELSE.items() if part not in parts}


@pytest.mark.parametrize(
    ("edits", "elsewhere", "in_place"),
    [
        (worn(97) | ALL_ELSE, 1, 1),
        (worn(92) | ALL_ELSE, None, 1),
        (worn(92) | without("publication"), 1, 1),
        (worn(92) | without("commentary"), 1, 1),
        (worn(84) | without("publication", "commentary"), None, 1),
        (worn(84) | without("title"), 1, 1),
        (worn(84) | ALL_ELSE, None, 1),
        (worn(70) | without("title"), None, None),
        (worn(70) | without("title", "publication"), 1, 1),
        (worn(50) | without("title", "publication"), None, 1),
        (TYPO_IN_TITLE | OTHER_EXCERPT, None, 1),
    ],
)
def test_the_less_of_an_excerpt_survives_the_more_other_evidence_is_needed(
    edits: dict[str, str], elsewhere: int | None, in_place: int | None
) -> None:
    now = edited(LOOM, **edits)
    assert match(rows(now, TEA, MOON), [entry(LOOM, 1), entry(TEA, 2, 0), entry(MOON, 3, 1)])[0].entry_id == elsewhere
    known = [entry(TEA, 2, 0), entry(LOOM, 1, 1), entry(MOON, 3, 2)]
    assert match(rows(TEA, now, MOON), known)[1].entry_id == in_place


def test_a_short_commentary_does_not_replace_an_excerpt_as_evidence() -> None:
    old = edited(LOOM, commentary="To be seen.")
    now = edited(old, **TYPO_IN_TITLE, **OTHER_EXCERPT)
    assert ids(match(rows(TEA, now, MOON), archive(TEA, old, MOON))) == [1, None, 3]


@pytest.mark.parametrize(
    ("now", "known", "expected"),
    [
        (LOOM, entry(LOOM), Match(1, "same wording")),
        (LOOM, entry(TEA, earlier=[LOOM]), Match(1, "earlier wording")),
        (edited(LOOM, **RETITLED), entry(LOOM, 1, 0), Match(1, "same excerpt", 79.0)),
        (edited(LOOM, **OTHER_EXCERPT), entry(LOOM, 1, 0), Match(1, "title and publication", 62.0)),
        (edited(LOOM, **TYPO_IN_EXCERPT, **TYPO_IN_TITLE), entry(LOOM, 1, 0), Match(1, "near wording", 98.0)),
        (LOOM, entry(TEA), Match(None, "new")),
    ],
)
def test_a_match_has_its_method_and_score(now: ListedEntry, known: Candidate, expected: Match) -> None:
    assert match([row(now)], [known]) == {0: expected}


def test_a_rewritten_entry_between_its_neighbours_is_matched_by_title_and_neighbours() -> None:
    now = edited(LOOM, **OTHER_EXCERPT, **OTHER_COMMENTARY)
    found = match(rows(TEA, now, MOON), archive(TEA, LOOM, MOON))
    assert found[1].method == "title and neighbours"


@pytest.mark.parametrize(
    ("known", "method"),
    [
        ([entry(LOOM, 1), entry(edited(LOOM, **RETITLED), 2, earlier=[LOOM])], "same wording"),
        ([entry(TEA, 1, earlier=[LOOM]), entry(edited(LOOM, **RETITLED), 2)], "earlier wording"),
        ([entry(edited(LOOM, **RETITLED), 1), entry(edited(LOOM, **OTHER_EXCERPT), 2)], "same excerpt"),
    ],
)
def test_an_earlier_rule_precedes_later_ones(known: list[Candidate], method: str) -> None:
    found = match([row(LOOM)], known)
    assert (found[0].entry_id, found[0].method) == (1, method)


def test_of_two_entries_with_one_wording_the_listed_one_is_matched() -> None:
    assert ids(match([row(LOOM)], [entry(LOOM, 1), entry(LOOM, 2, 7), entry(LOOM, 3, 5)])) == [3]


@pytest.mark.parametrize("old", [HARBOUR, HARBOUR_TWIN])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_near_duplicate_that_replaces_the_other_is_new(old: ListedEntry, place: int) -> None:
    [new] = {HARBOUR, HARBOUR_TWIN} - {old}
    listing = [TEA, MOON]
    listing.insert(place, new)
    found = match(rows(*listing), archive(TEA, old, MOON))
    assert found[place] == Match(None, "new")


def test_near_duplicates_edited_in_one_crawl_keep_their_ids() -> None:
    now = [edited(one, excerpt=typos(one.excerpt), commentary=typos(one.commentary)) for one in (HARBOUR_TWIN, HARBOUR)]
    assert ids(match(rows(*now), archive(HARBOUR, HARBOUR_TWIN))) == [2, 1]


def test_a_near_duplicate_with_a_similar_title_in_the_same_publication_is_new() -> None:
    twin = edited(HARBOUR_TWIN, publication=HARBOUR.publication)  # type: ignore[arg-type]
    assert ids(match(rows(TEA, twin, MOON), archive(TEA, HARBOUR, MOON))) == [1, None, 3]


A_WORD_APART = {
    "title": (HARBOUR.title or "").replace("pans", "works"),
    "commentary": HARBOUR.commentary.replace("important", "enormous"),
}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_near_duplicate_one_word_apart_that_replaces_the_other_is_new_with_a_doubt(place: int) -> None:
    listing = [TEA, MOON]
    listing.insert(place, edited(HARBOUR_TWIN, publication=HARBOUR.publication or "", **A_WORD_APART))
    found = match(rows(*listing), archive(TEA, HARBOUR, MOON))
    assert found[place] == Match(None, "new", doubt=Doubt(NEARLY_THE_REST, 2))


def test_half_an_excerpt_with_a_neighbour_and_similar_other_parts_is_recognised() -> None:
    excerpt = HARBOUR.excerpt[: len(HARBOUR.excerpt) * 55 // 100]
    now = edited(HARBOUR, excerpt=excerpt, **A_WORD_APART)
    assert ids(match(rows(now, TEA, MOON), archive(HARBOUR, TEA, MOON))) == [1, 2, 3]
    assert ids(match(rows(now, TEA, MOON), archive(TEA, MOON, HARBOUR))) == [None, 1, 2]


def test_a_report_with_a_neighbour_but_other_figures_is_new() -> None:
    old, now = report(2018, 4820, 3977), report(2019, 5912, 4410)
    assert ids(match(rows(now, TEA), archive(old, TEA))) == [None, 2]


RECURRING = edited(LOOM, **OTHER_EXCERPT, **OTHER_COMMENTARY)


@pytest.mark.parametrize(
    ("listing", "before"),
    [
        ([RECURRING, TEA, MOON], [TEA, LOOM, MOON]),
        ([TEA, RECURRING, MOON], [TEA, MOON, LOOM]),
        ([RECURRING], [LOOM]),
    ],
    ids=["at the top", "elsewhere", "alone"],
)
def test_a_recurring_title_with_other_text_is_new_with_a_doubt(
    listing: list[ListedEntry], before: list[ListedEntry]
) -> None:
    found = match(rows(*listing), archive(*before))
    doubt = Doubt(SAME_TITLE, before.index(LOOM) + 1)
    assert found[listing.index(RECURRING)] == Match(None, "new", doubt=doubt)


def test_a_recurring_title_raises_no_doubt_while_the_other_is_listed() -> None:
    assert match(rows(RECURRING, LOOM), archive(LOOM))[0] == Match(None, "new")
    assert match(rows(RECURRING, edited(LOOM, **TYPO_IN_EXCERPT)), archive(LOOM))[0] == Match(None, "new")


def test_an_old_title_under_another_publication_is_new() -> None:
    new = edited(RECURRING, **OTHER_PUBLICATION)
    assert ids(match(rows(TEA, new, MOON), archive(TEA, LOOM, MOON))) == [1, None, 3]


def test_two_articles_on_one_story_are_two_entries() -> None:
    assert ids(match(rows(MOON_AGAIN, TEA), archive(MOON, TEA))) == [None, 2]


def report(year: int, filed: int, granted: int) -> ListedEntry:
    excerpt = f"The office counted {filed} applications in {year} and granted {granted}, more than in any year before."
    return article(
        "The year in patents",
        "The Harbour Post",
        excerpt,
        f"It was a good year for all who invent things in the valley: {year}.",
    )


def test_a_report_that_recurs_with_other_figures_is_new() -> None:
    assert ids(match(rows(report(2019, 5912, 4410)), [entry(report(2018, 4820, 3977))])) == [None]
    assert ids(match(rows(report(2018, 4820, 3978)), [entry(report(2018, 4820, 3977))])) == [1]


def test_a_report_without_a_title_that_recurs_with_other_figures_is_new() -> None:
    old, new = (
        replace(one, title=None, publication=None, attribution="——Facts")
        for one in (report(2018, 4820, 3977), report(2019, 5912, 4410))
    )
    assert ids(match(rows(TEA, new, MOON), archive(TEA, old, MOON))) == [1, None, 3]


FIGURES = article(
    "Valid patents rise in January",
    "The Harbour Post",
    "The patent office said on Tuesday that the number of valid patents in the country had reached 4.8 million by the end"
    " of January 2026, up 12.3 percent year on year, and that firms held 72.5 percent of them.",
    "The figures show that firms take the lead, and that protection has become a matter of course.",
)
NEXT_MONTH = {
    "excerpt": FIGURES.excerpt.replace("4.8", "4.9")
    .replace("January", "February")
    .replace("12.3", "12.4")
    .replace("72.5", "72.7")
}
NEXT_TITLE = {"title": "Valid patents rise again in February"}


@pytest.mark.parametrize(
    "now",
    [
        edited(FIGURES, **NEXT_TITLE, **NEXT_MONTH, **OTHER_COMMENTARY),
        edited(FIGURES, **NEXT_TITLE, **NEXT_MONTH),
        edited(FIGURES, **NEXT_TITLE, **OTHER_COMMENTARY, excerpt=FIGURES.excerpt.replace("January", "February")),
        edited(FIGURES, **NEXT_TITLE, **OTHER_COMMENTARY, excerpt=FIGURES.excerpt.replace("4.8", "4.9")),
        edited(FIGURES, **RETITLED, **NEXT_MONTH, **OTHER_COMMENTARY),
        edited(FIGURES, **NEXT_MONTH, title="Valid patents rise in June", **OTHER_COMMENTARY),
    ],
)
@pytest.mark.parametrize("rank", [None, 2], ids=["withdrawn", "elsewhere"])
def test_a_monthly_report_with_its_own_title_is_new_with_a_doubt(now: ListedEntry, rank: int | None) -> None:
    known = [entry(TEA, 1, 0), entry(MOON, 2, 1), entry(FIGURES, 3, rank)]
    # a report with other figures throughout is clearly not the withdrawn one
    clear = rank is None and now.excerpt == NEXT_MONTH["excerpt"]
    doubt = None if clear else Doubt(NEARLY_EXCERPT, 3)
    assert match(rows(now, TEA, MOON), known)[0] == Match(None, "new", doubt=doubt)


def test_a_monthly_report_with_the_same_title_is_new_with_a_doubt() -> None:
    old = edited(FIGURES, title="Valid patents rise: 2026 in figures")
    now = edited(old, **NEXT_MONTH, **OTHER_COMMENTARY)
    found = match(rows(now, TEA, MOON), archive(TEA, MOON, old))
    assert found[0] == Match(None, "new", doubt=Doubt(SAME_TITLE, 3))


NUMBER_CORRECTED = {"excerpt": FIGURES.excerpt.replace("12.3", "13.2")}


@pytest.mark.parametrize(
    "edits",
    [
        NUMBER_CORRECTED,
        NUMBER_CORRECTED | OTHER_COMMENTARY,
        NUMBER_CORRECTED | RETITLED,
        NUMBER_CORRECTED | OTHER_PUBLICATION,
        NUMBER_CORRECTED | OTHER_PUBLICATION | OTHER_COMMENTARY,
        NUMBER_CORRECTED | {"title": typos(FIGURES.title or "", 1)} | OTHER_COMMENTARY,
        NUMBER_CORRECTED | RETITLED | {"commentary": typos(FIGURES.commentary)},
        {"excerpt": FIGURES.excerpt.replace("January", "Jnauary")} | RETITLED | OTHER_COMMENTARY,
        {"excerpt": FIGURES.excerpt.replace("4.8 ", "").replace("said", "sayd")} | RETITLED | OTHER_COMMENTARY,
    ],
)
@pytest.mark.parametrize("rank", [None, 2], ids=["withdrawn", "elsewhere"])
def test_a_corrected_number_is_recognised_with_an_equal_title_or_commentary(
    edits: dict[str, str], rank: int | None
) -> None:
    known = [entry(TEA, 1, 0), entry(MOON, 2, 1), entry(FIGURES, 3, rank)]
    assert ids(match(rows(edited(FIGURES, **edits), TEA, MOON), known)) == [3, 1, 2]


def test_a_corrected_number_is_recognised_between_neighbours() -> None:
    now = edited(FIGURES, **NUMBER_CORRECTED, **RETITLED, **OTHER_COMMENTARY)
    assert ids(match(rows(TEA, now, MOON), archive(TEA, FIGURES, MOON))) == [1, 2, 3]
    now = edited(FIGURES, **NEXT_MONTH, **NEXT_TITLE, **OTHER_COMMENTARY)
    assert ids(match(rows(TEA, now, MOON), archive(TEA, FIGURES, MOON))) == [1, None, 3]


def test_a_figure_in_a_rewritten_title_does_not_make_another_report() -> None:
    old = edited(LOOM, title="4 firms that watch a loom", **OTHER_COMMENTARY)
    now = edited(LOOM, title="3 reasons why a camera counts", excerpt=typos(LOOM.excerpt))
    assert ids(match([row(now)], [entry(old)])) == [1]


BRIEF = edited(LOOM, title="News in brief", commentary="Good news.")


@pytest.mark.parametrize(
    ("listing", "before"),
    [
        ([edited(BRIEF, **OTHER_EXCERPT), TEA, MOON], [TEA, MOON, BRIEF]),
        ([edited(BRIEF, **OTHER_EXCERPT), TEA, MOON], [BRIEF, TEA, MOON]),
        ([edited(BRIEF, **OTHER_EXCERPT)], [BRIEF]),
    ],
    ids=["elsewhere", "at the top", "alone"],
)
def test_a_recurring_title_with_a_stock_commentary_is_an_edit_of_a_listed_entry_only(
    listing: list[ListedEntry], before: list[ListedEntry]
) -> None:
    """With equal title, publication and commentary it is the missing entry, but not one withdrawn before."""
    assert match(rows(*listing), archive(*before))[0].method == "title and publication"
    withdrawn = [entry(BRIEF, 9), *archive(TEA, MOON)]
    assert match(rows(*listing), withdrawn)[0] == Match(None, "new", doubt=Doubt(SAME_TITLE, 9))


def test_short_texts_with_one_title_match_if_one_of_them_survives() -> None:
    old = edited(BRIEF, excerpt="The bridge is opened.")
    assert ids(match([row(edited(old, excerpt="The bridge is open."))], [entry(old)])) == [1]
    assert ids(match([row(edited(old, commentary="Well done."))], [entry(old)])) == [1]
    assert ids(match([row(edited(old, excerpt="The loom has stopped."))], [entry(old)])) == [1]
    other = edited(old, excerpt="The loom has stopped.", commentary="Well done.")
    assert ids(match([row(other)], [entry(old)])) == [None]


def test_similar_titles_with_other_figures_are_different_entries() -> None:
    old, new = (
        edited(report(year, filed, 77), title=f"The year {year} in patents") for year, filed in ((18, 4), (19, 5))
    )
    assert ids(match(rows(TEA, new, MOON), archive(TEA, old, MOON))) == [1, None, 3]


def test_an_empty_title_is_not_compared() -> None:
    untitled = replace(LOOM, title=None, publication=None, attribution="——Someone wrote this")
    other = replace(TEA, title=None, publication=None, attribution="——Someone wrote this")
    assert ids(match([row(untitled)], [entry(other)])) == [None]


def test_an_entry_without_title_is_recognised_by_excerpt_and_attribution() -> None:
    untitled = replace(LOOM, title=None, publication=None)
    now = edited(LOOM, **TYPO_IN_EXCERPT)
    assert ids(match([row(now)], [entry(untitled)])) == [1]


def test_without_an_excerpt_an_entry_is_recognised_despite_a_typo_in_its_title() -> None:
    now = edited(FEW_WORDS, title="Notice to all raeders of the column")
    assert ids(match(rows(TEA, now, MOON), archive(TEA, FEW_WORDS, MOON))) == [1, 2, 3]
    assert ids(match(rows(now, TEA, MOON), archive(FEW_WORDS, TEA, MOON))) == [1, 2, 3]
    assert ids(match(rows(TEA, now, MOON), archive(TEA, MOON, FEW_WORDS))) == [1, 3, 2]


@pytest.mark.parametrize(
    "other",
    [
        edited(FEW_WORDS, title="Letter to some friends of the editor"),
        edited(FEW_WORDS, title="Notice to all raeders of the column", publication="Gazette"),
        edited(FEW_WORDS, title="Notice to all raeders of the column", commentary="It is over."),
        edited(FEW_WORDS, title="Notice to all raeders of the column", excerpt="Not before Easter."),
    ],
)
def test_without_an_excerpt_all_other_parts_must_survive(other: ListedEntry) -> None:
    assert ids(match(rows(TEA, other, MOON), archive(TEA, FEW_WORDS, MOON))) == [1, None, 3]


def test_short_texts_that_differ_by_a_letter_are_two_entries() -> None:
    one, other = (article(f"The map of {letter}", "Il Mattino", "See the map.", "To be seen.") for letter in "AB")
    assert ids(match(rows(TEA, other, MOON), archive(TEA, one, MOON))) == [1, None, 3]


def test_a_short_excerpt_alone_is_not_evidence() -> None:
    one, other = (replace(texts, excerpt="He said it will.") for texts in (LOOM, TEA))
    assert ids(match([row(other)], [entry(one)])) == [None]


def test_a_match_by_a_short_excerpt_alone_has_a_doubt() -> None:
    old = edited(LOOM, excerpt="The deal is worth billions, he said.")
    now = edited(old, excerpt="The deal is worth  billions, he said.", **ALL_ELSE)
    assert match([row(now)], [entry(old)]) == {0: Match(None, "new", doubt=Doubt(SAME_EXCERPT, 1))}
    assert match(rows(now, old), [entry(old)])[0] == Match(None, "new")
    nothing = edited(old, excerpt="")
    assert match([row(edited(nothing, **ALL_ELSE))], [entry(nothing)]) == {0: Match(None, "new")}


def test_of_two_rows_that_match_an_entry_the_unedited_one_gets_it() -> None:
    found = match(rows(edited(LOOM, **TYPO_IN_EXCERPT), TEA, LOOM), archive(LOOM, TEA))
    assert ids(found) == [None, 2, 1]


def test_a_copy_of_a_known_excerpt_is_new_with_a_doubt() -> None:
    found = match(rows(edited(LOOM, **RETITLED), LOOM), archive(LOOM))
    assert found[0] == Match(None, "new", doubt=Doubt(SAME_EXCERPT, 1))


def test_a_run_of_new_entries_changes_no_other_match() -> None:
    found = match(rows(PIANO, BRIDGE, MOON_AGAIN, edited(LOOM, **RETITLED), TEA, MOON), archive(LOOM, TEA, MOON))
    assert ids(found) == [None, None, None, 1, 2, 3]


def test_entries_with_one_title_are_distinguished_by_their_surviving_text() -> None:
    one, other = LOOM, edited(TEA, title=LOOM.title or "", publication=LOOM.publication or "")
    now = [edited(texts, excerpt=typos(texts.excerpt), commentary="Rewritten.") for texts in (other, one)]
    assert ids(match(rows(*now), archive(one, other))) == [2, 1]


def test_equally_similar_pairs_are_decided_by_neighbours() -> None:
    one, other = edited(LOOM, commentary="aaa"), edited(LOOM, commentary="bbb")
    now = edited(LOOM, commentary="ccc")
    found = match(rows(MOON, now, BRIDGE), archive(TEA, one, PIANO, MOON, other, BRIDGE))
    assert ids(found) == [4, 5, 6]


def test_of_two_entries_that_differ_by_a_typo_the_one_at_the_same_place_is_matched() -> None:
    copy = edited(LOOM, title=f"{LOOM.title} iin it")
    now = edited(LOOM, title=f"{LOOM.title} ini t")
    assert ids(match(rows(TEA, now, MOON), [*archive(TEA, copy, MOON), entry(LOOM, 4)])) == [1, 2, 3]
    assert ids(match(rows(TEA, now, MOON), [*archive(TEA, LOOM, MOON), entry(copy, 4)])) == [1, 2, 3]


def test_equally_similar_pairs_without_neighbours_are_decided_by_listing_order() -> None:
    one, other = edited(LOOM, commentary="aaa"), edited(LOOM, commentary="bbb")
    known = [entry(one, 5, 1), entry(other, 9, 0), entry(edited(LOOM, commentary="eee"), 3)]
    now = [edited(LOOM, commentary=words) for words in ("ccc", "ddd")]
    assert ids(match(rows(*now), known)) == [9, 5]


def test_two_rows_can_be_two_places_of_a_merged_entry() -> None:
    known = [entry(LOOM, 1, 0, earlier=[TEA, PIANO], merged=True), entry(edited(TEA, **OTHER_COMMENTARY), 2, 1)]
    found = match(rows(PIANO, LOOM, TEA), known)
    assert found[1] == Match(1, "same wording")
    assert found[0] == found[2] == Match(1, "merged by an operator")


def test_a_merged_entry_without_its_current_wording_still_has_two_places() -> None:
    found = match(rows(PIANO, TEA), [entry(LOOM, 1, 0, earlier=[TEA, PIANO], merged=True)])
    assert [one.method for one in found.values()] == ["earlier wording", "merged by an operator"]


def test_only_a_merged_entry_has_a_second_place() -> None:
    assert ids(match(rows(LOOM, TEA), [entry(LOOM, 1, 0, earlier=[TEA])])) == [1, None]


MERGED = entry(LOOM, 1, 0, earlier=[TEA], merged=True, elsewhere=(TEA,))
SECOND_PLACES = {
    "the second": [LOOM, edited(TEA, excerpt=typos(TEA.excerpt))],
    "the second, but for its excerpt": [LOOM, edited(TEA, **ALL_ELSE)],
    "the second, but for title and publication": [LOOM, edited(TEA, **OTHER_COMMENTARY, excerpt=typos(TEA.excerpt))],
    "the first": [edited(LOOM, **TYPO_IN_EXCERPT), TEA],
    "both": [edited(LOOM, **TYPO_IN_EXCERPT), edited(TEA, excerpt=typos(TEA.excerpt))],
}


@pytest.mark.parametrize("listing", SECOND_PLACES.values(), ids=SECOND_PLACES)
def test_a_merged_entry_with_an_edited_place_still_has_two_places(listing: list[ListedEntry]) -> None:
    found = match(rows(*listing, PIANO), [MERGED])
    assert ids(found) == [1, 1, None]
    assert "merged by an operator" in {found[0].method, found[1].method}


def test_a_merged_entry_that_returns_to_one_place_while_the_other_is_edited_has_both() -> None:
    known = replace(MERGED, elsewhere=())
    assert ids(match(rows(TEA, edited(LOOM, **TYPO_IN_EXCERPT), PIANO), [known])) == [1, 1, None]


def test_the_only_remaining_place_of_a_merged_entry_is_recognised_when_edited() -> None:
    [found] = match(rows(edited(TEA, excerpt=typos(TEA.excerpt))), [MERGED]).values()
    assert (found.entry_id, found.method) == (1, "merged by an operator")


def test_of_two_rows_similar_to_a_place_of_a_merged_entry_the_most_similar_gets_it() -> None:
    far, near = (edited(TEA, excerpt=typos(TEA.excerpt, count)) for count in (9, 2))
    assert ids(match(rows(far, LOOM, near), [MERGED])) == [None, 1, 1]


@pytest.mark.parametrize(
    ("known", "listing"),
    [
        (MERGED, [LOOM, TEA, edited(TEA, **RETITLED)]),
        (MERGED, [LOOM, TEA, edited(LOOM, **RETITLED)]),
        (MERGED, [edited(LOOM, **TYPO_IN_EXCERPT), TEA, edited(LOOM, **RETITLED, excerpt=typos(LOOM.excerpt, 9))]),
        (replace(MERGED, elsewhere=()), [LOOM, edited(TEA, excerpt=typos(TEA.excerpt))]),
    ],
    ids=["the second is there", "the first is there", "the first was edited", "it stood in one"],
)
def test_an_edited_copy_of_a_place_of_a_merged_entry_is_new(known: Candidate, listing: list[ListedEntry]) -> None:
    found = match(rows(*listing), [known])
    assert ids(found)[-1] is None


def test_a_title_that_very_many_entries_share_is_not_evidence() -> None:
    known = [
        entry(article("More", "Il Mattino", f"{word} {LOOM.excerpt[n:]}", ""), n + 1, n)
        for n, word in enumerate("abcdefghijklmnopqrstuvwxyz")
    ]
    now = article("More", "Il Mattino", TEA.excerpt, "")
    assert match([row(now)], known) == {0: Match(None, "new")}


# Properties

LISTINGS = st.permutations(ALL).flatmap(lambda order: st.integers(0, len(ALL)).map(lambda count: order[:count]))
PARTS = st.sampled_from(["title", "publication", "excerpt", "commentary"])
CHANCE = st.randoms(use_true_random=False)


@st.composite
def edits(draw: st.DrawFn) -> list[ListedEntry]:
    """A listing with entries that were edited in any part, also beyond recognition."""
    listing = []
    for texts in draw(LISTINGS):
        words = {part: draw(st.sampled_from(["", "Other words.", TEA.excerpt])) for part in draw(st.sets(PARTS))}
        listing.append(edited(texts, **words))
    return list({wording_digest(texts): texts for texts in listing}.values())


MERGERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {"merged": True}, {"merged": True, "elsewhere": (TEA, MOON_AGAIN)}]
)


@st.composite
def archives(draw: st.DrawFn) -> list[Candidate]:
    """Entries listed and withdrawn, with earlier wordings, some of them merged."""
    listed, gone = draw(edits()), draw(edits())
    ranked = [*enumerate(listed), *((None, texts) for texts in gone)]
    return [
        entry(texts, number, rank, draw(st.lists(st.sampled_from(ALL), max_size=2)), **draw(MERGERS))
        for number, (rank, texts) in enumerate(ranked, start=1)
    ]


@settings(max_examples=50)
@given(edits(), archives())
def test_every_row_gets_a_match_and_no_entry_is_matched_twice_unless_merged(
    listing: list[ListedEntry], known: list[Candidate]
) -> None:
    found = match(rows(*listing), known)
    assert found.keys() == set(range(len(listing)))
    once = [
        one.entry_id for one in found.values() if one.entry_id is not None and one.method != "merged by an operator"
    ]
    assert len(once) == len(set(once))
    assert set(ids(found)) - {None} <= {candidate.entry_id for candidate in known}
    merged = {candidate.entry_id for candidate in known if candidate.merged}
    assert {one.entry_id for one in found.values() if one.method == "merged by an operator"} <= merged


@settings(max_examples=50)
@given(edits(), archives())
def test_equal_wording_always_wins(listing: list[ListedEntry], known: list[Candidate]) -> None:
    found = match(rows(*listing), known)
    for one in rows(*listing):
        same = {candidate.entry_id for candidate in known if candidate.wording_digest == one.wording_digest}
        if same:
            assert found[one.place].entry_id in same
            assert found[one.place].method == "same wording"


@settings(max_examples=50)
@given(edits(), archives(), CHANCE)
def test_the_order_of_rows_and_candidates_does_not_matter(
    listing: list[ListedEntry], known: list[Candidate], chance: random.Random
) -> None:
    mixed: tuple[list[ListingRow], list[Candidate]] = rows(*listing), known[:]
    for one in mixed:
        chance.shuffle(one)  # type: ignore[arg-type]
    assert match(*mixed) == match(rows(*listing), known)


@settings(max_examples=50)
@given(edits(), archives())
def test_matches_have_scores_if_wordings_were_compared(listing: list[ListedEntry], known: list[Candidate]) -> None:
    compared = {"same excerpt", "title and publication", "title and neighbours", "near wording"}
    for one in match(rows(*listing), known).values():
        # another place of a merged entry has an equal or similar wording
        assert (one.score is not None) == (one.method in compared) or one.method in (
            "merged by an operator",
            "second place",
        )
        assert 0 <= (one.score or 0) <= 100
        assert one.doubt is None or one.method == "new" or one.score is not None


@given(st.permutations(ALL), st.data())
def test_an_entry_edited_in_one_part_keeps_its_id_wherever_it_moves(
    order: list[ListedEntry], data: st.DataObject
) -> None:
    now = []
    for texts in order:
        part = data.draw(PARTS)
        before = getattr(texts, part)
        count = data.draw(st.integers(1, 2 if part in ("title", "publication") else 12))
        now.append(edited(texts, **{part: data.draw(st.sampled_from([typos(before, count), "Rewritten."]))}))
    found = match(rows(*now), archive(*ALL))
    assert ids(found) == [ALL.index(texts) + 1 for texts in order]


@given(st.permutations(ALL), st.data())
def test_an_entry_with_typos_in_every_part_keeps_its_id_wherever_it_moves(
    order: list[ListedEntry], data: st.DataObject
) -> None:
    counts = data.draw(st.lists(st.integers(1, 2), min_size=len(ALL), max_size=len(ALL)))
    now = [
        edited(
            texts,
            title=typos(texts.title or "", count),
            publication=typos(texts.publication or "", count),
            excerpt=typos(texts.excerpt, 4 * count),
            commentary=typos(texts.commentary, 2 * count),
        )
        for texts, count in zip(order, counts, strict=True)
    ]
    assert ids(match(rows(*now), archive(*ALL))) == [ALL.index(texts) + 1 for texts in order]


@given(st.lists(st.booleans(), min_size=len(ALL), max_size=len(ALL)), CHANCE)
def test_an_added_entry_is_new_whichever_entry_is_removed(goes: list[bool], chance: random.Random) -> None:
    before = [texts for texts, gone in zip(ALL, goes, strict=True) if gone]
    now = [texts for texts, gone in zip(ALL, goes, strict=True) if not gone]
    chance.shuffle(now)
    assert set(ids(match(rows(*now), archive(*before)))) <= {None}


def test_an_excerpt_of_common_words_is_recognised_despite_typos_if_all_other_parts_are_new() -> None:
    excerpt = LOOM.excerpt
    for word, misspelt in (("valley", "vallxx"), ("spring", "sprixx"), ("thread", "threxx"), ("camera", "camexx")):
        excerpt = excerpt.replace(word, misspelt)
    common = Rarity(words=dict.fromkeys(distinctive_words(LOOM.excerpt), MOST_HOLDERS))
    listing = rows(PIANO, replace(OTHER, excerpt=excerpt, title="What the weavers saw", publication="Der Bote"), TEA)
    found = match(listing, archive(PIANO, LOOM, TEA), common)
    assert (found[1].entry_id, found[1].method) == (archive(PIANO, LOOM, TEA)[1].entry_id, "near wording")
