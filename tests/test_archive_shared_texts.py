"""Matching by rare text only, at the ends of the listing, and of articles at two places."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.agency import GOOD_NEWS, NOTICE, VERDICTS, counted, quarter, verdict
from support.articles import ALL, BRIDGE, LOOM, MOON, PIANO, TEA, archive, article, edited, entry, row, rows, typos

from foreign_eyes.archive.matching.contradictions import Replacements, Tokens, find_replacements
from foreign_eyes.archive.matching.doubt_reasons import (
    FIGURES_CHANGED,
    LOW_SCORE,
    NAMES_CHANGED,
    SAME_EXCERPT,
    SAME_TITLE,
)
from foreign_eyes.archive.matching.matcher import Candidate, Match, match
from foreign_eyes.archive.matching.rarity import Rarity, distinctive_words, word_overlap
from foreign_eyes.listing.values import ListedEntry


def ids(found: dict[int, Match]) -> list[int | None]:
    return [found[place].entry_id for place in sorted(found)]


def reason(found: Match) -> str | None:
    return found.doubt.reason if found.doubt else None


# Boilerplate


@pytest.mark.parametrize(("old", "new"), list(permutations(VERDICTS, 2)))
@pytest.mark.parametrize("rank", [None, 0], ids=["withdrawn", "gone in this crawl"])
def test_another_report_of_one_agency_is_new(old: ListedEntry, new: ListedEntry, rank: int | None) -> None:
    known = [entry(old, 9, rank), entry(TEA, 1, 1), entry(MOON, 2, 2)]
    assert ids(match(rows(new, TEA, MOON), known)) == [None, 1, 2]


def test_an_edited_report_is_recognised_among_many_of_its_kind() -> None:
    for number, old in enumerate(VERDICTS):
        now = [*VERDICTS]
        now[number] = edited(old, excerpt=typos(old.excerpt), title=typos(old.title or "", 1))
        assert ids(match(rows(*now), archive(*VERDICTS))) == [1, 2, 3, 4, 5]


def test_reports_that_are_all_edited_in_one_crawl_keep_their_ids() -> None:
    now = [edited(one, excerpt=typos(one.excerpt), commentary="Rewritten.") for one in reversed(VERDICTS)]
    assert ids(match(rows(*now), archive(*VERDICTS))) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("Vesna", "first", "482", "31.5", "12"), ("Vesna", "second", "517", "34.1", "14")),
        (("Vesna", "first", "482", "31.5", "12"), ("Orkan", "first", "222", "11.9", "3")),
    ],
)
@pytest.mark.parametrize("rank", [None, 2])
def test_results_of_another_quarter_or_firm_are_new(
    old: tuple[str, str, str, str, str], new: tuple[str, str, str, str, str], rank: int | None
) -> None:
    known = [entry(TEA, 1, 0), entry(MOON, 2, 1), entry(quarter(*old), 3, rank)]
    assert ids(match(rows(quarter(*new), TEA, MOON), known)) == [None, 1, 2]


def test_a_new_entry_with_a_notice_and_a_stock_commentary_does_not_match_a_withdrawn_one() -> None:
    notices = [
        entry(article(one.title, one.publication, NOTICE, one.commentary), 7 + n) for n, one in enumerate((LOOM, MOON))
    ]
    known = [entry(TEA, 1, 0), *notices, entry(article("Bread", "Il Mattino", NOTICE, GOOD_NEWS), 9)]
    assert ids(match(rows(article("Salt", "Der Bote", NOTICE, GOOD_NEWS), TEA), known)) == [None, 1]


@pytest.mark.parametrize("number", range(len(VERDICTS)))
def test_one_corrected_name_is_a_correction_if_the_title_survives(number: int) -> None:
    old = VERDICTS[number]
    now = edited(old, excerpt=old.excerpt.replace("fortnight", "month").replace("Lawyers", "Counsels"))
    found = match(rows(TEA, now), [entry(TEA, 1, 0), entry(old, 2, 1)])
    assert ids(found) == [1, 2]


def test_a_corrected_name_raises_a_doubt() -> None:
    old = VERDICTS[0]
    now = edited(old, excerpt=old.excerpt.replace("told Vesna", "told Morava"))
    found = match(rows(TEA, now, MOON), archive(TEA, old, MOON))
    assert (found[1].entry_id, reason(found[1])) == (2, NAMES_CHANGED)


# Text that several entries share


def noted(title: str, publication: str, commentary: str) -> ListedEntry:
    return article(title, publication, NOTICE, commentary)


NOTED = [
    noted("A canal freezes over", "Il Mattino", "Ice has its engineers, too, and they hold patents."),
    noted("Who owns the echo of a bell", "Gazette de la Musique", "Sound marks are marks."),
    noted("The ferry that steers itself", "Builders' Review", "A captain ashore needs a licence as well."),
]
FOURTH = noted("Seven ways to fold a map", "Science Weekly", "Folding is a craft, and some folds are protected.")


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_excerpt_that_several_entries_share_is_not_evidence(gone: int) -> None:
    known = [entry(one, number, None if number == gone else number) for number, one in enumerate(NOTED)]
    listing = [FOURTH, *(one for number, one in enumerate(NOTED) if number != gone)]
    found = match(rows(*listing), known)
    assert found[0] == Match(None, "new")


def test_an_excerpt_that_other_entries_of_the_archive_share_is_not_evidence() -> None:
    shared = Rarity(excerpts={row(FOURTH).excerpt_key or "": 3})
    assert match([row(FOURTH)], [entry(NOTED[0])], shared)[0].entry_id is None


def test_a_notice_is_not_evidence_even_the_first_time() -> None:
    assert ids(match(rows(FOURTH, TEA), [entry(NOTED[0], 9), entry(TEA, 1, 0)])) == [None, 1]


@pytest.mark.parametrize(("publication", "is_known"), [(NOTED[0].publication, True), ("Science Weekly", False)])
def test_a_notice_alone_is_evidence_only_at_the_same_place_under_the_same_publication(
    publication: str | None, is_known: bool
) -> None:
    now = [TEA, replace(FOURTH, publication=publication), MOON]
    found = match(rows(*now), archive(TEA, NOTED[0], MOON))
    assert found[1].entry_id == (2 if is_known else None)
    assert reason(found[1]) == (LOW_SCORE if is_known else SAME_EXCERPT)


def test_a_stock_commentary_with_another_excerpt_makes_a_doubtful_match() -> None:
    stock = [edited(one, commentary=GOOD_NEWS) for one in (TEA, LOOM, MOON)]
    now = [stock[0], edited(stock[1], excerpt=PIANO.excerpt), stock[2]]
    found = match(rows(*now), archive(*stock))
    assert (found[1].entry_id, reason(found[1])) == (2, LOW_SCORE)


def test_an_entry_with_a_shared_notice_is_recognised_by_title_or_commentary() -> None:
    now = [
        edited(NOTED[0], commentary="Written anew."),
        edited(NOTED[1], title=typos(NOTED[1].title or "", 1)),
        edited(NOTED[2], title="No hand on the wheel"),
    ]
    assert ids(match(rows(*now), archive(*NOTED))) == [1, 2, 3]


@pytest.mark.parametrize("count", [2, 7, 30])
def test_a_recurring_title_identifies_none_of_its_articles(count: int) -> None:
    articles = [
        article("Leader", "Il Mattino", f"{word} {LOOM.excerpt[n:]}", word) for n, word in enumerate(WORDS[:count])
    ]
    known = [entry(one, number + 10) for number, one in enumerate(articles)]
    new = article("Leader", "Il Mattino", PIANO.excerpt, PIANO.commentary)
    assert ids(match(rows(new, TEA), [*known, entry(TEA, 1, 0)])) == [None, 1]


WORDS = "".join(f"{a}{b}word " for a in "bcdfgh" for b in "aeiou").split()


def test_a_recurring_title_with_a_stock_commentary_identifies_none_of_its_articles() -> None:
    stock = [article("Leader", "Il Mattino", texts.excerpt, GOOD_NEWS) for texts in (LOOM, MOON)]
    known = [entry(one, number + 10) for number, one in enumerate(stock)]
    new = article("Leader", "Il Mattino", PIANO.excerpt, GOOD_NEWS)
    assert ids(match(rows(new, TEA), [*known, entry(TEA, 1, 0)])) == [None, 1]


def test_one_of_many_articles_with_one_title_is_recognised_by_its_text() -> None:
    articles = [article("Leader", "Il Mattino", one.excerpt, one.commentary) for one in ALL]
    now = [edited(one, excerpt=typos(one.excerpt, 6)) for one in articles]
    assert ids(match(rows(*reversed(now)), archive(*articles))) == [*range(len(ALL), 0, -1)]


# Reports that recur

YEARS = (counted("2018", "4,820", "3,977"), counted("2019", "5,912", "4,410"))


def test_a_report_that_recurs_after_the_last_was_withdrawn_is_new_with_a_doubt() -> None:
    old, new = YEARS
    found = match(rows(new, TEA, MOON), [*archive(TEA, MOON), entry(old, 9)])
    assert (found[0].entry_id, reason(found[0])) == (None, SAME_TITLE)


def test_a_report_that_recurs_every_year_is_new_every_year() -> None:
    known = [entry(counted(str(year), f"{year * 3}", f"{year * 2}"), year) for year in range(2001, 2019)]
    found = match(rows(YEARS[1], TEA), [*known, entry(TEA, 1, 0)])
    assert found[0] == Match(None, "new")


def test_a_report_at_the_place_of_the_last_between_the_same_entries_is_an_edit_with_a_doubt() -> None:
    old, new = YEARS
    found = match(rows(TEA, new, MOON), archive(TEA, old, MOON))
    assert (found[1].entry_id, reason(found[1])) == (2, FIGURES_CHANGED)


@pytest.mark.parametrize("place", [0, 2], ids=["first", "last"])
def test_a_report_that_replaces_the_last_at_an_end_of_the_listing_is_new(place: int) -> None:
    old, new = YEARS
    before, now = [TEA, MOON], [TEA, MOON]
    before.insert(place, old)
    now.insert(place, new)
    assert match(rows(*now), archive(*before))[place].entry_id is None


def test_an_entry_that_returns_with_its_title_and_another_excerpt_is_recognised() -> None:
    found = match(rows(edited(LOOM, excerpt=PIANO.excerpt), TEA), [entry(LOOM, 9), entry(TEA, 1, 0)])
    assert found[0].entry_id == 9


# The ends of the listing

NEWS = article(
    "A brewery patents its silence",
    "Il Mattino",
    "The brewery spent 3m crowns on a bottling line that makes no noise, its master told visitors at the open day.",
    "Quiet is a feature, and the brewer has claimed it.",
)
CORRECTED = edited(
    NEWS, excerpt=NEWS.excerpt.replace("3m", "3.4m"), commentary=NEWS.commentary.replace("claimed", "protected")
)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("above", [0, 1, 3])
def test_a_figure_and_a_word_can_be_corrected_at_any_place(place: int, above: int) -> None:
    before, now = [TEA, MOON, LOOM], [TEA, MOON, LOOM]
    before.insert(place, NEWS)
    now.insert(place, CORRECTED)
    found = match(rows(*[PIANO, BRIDGE, ALL[3]][:above], *now), archive(*before))
    assert ids(found) == [*[None] * above, 1, 2, 3, 4]
    assert reason(found[above + place]) == FIGURES_CHANGED


LONG_NEWS = edited(
    NEWS, excerpt=f"{NEWS.excerpt} Its neighbours across the square have slept through the morning since."
)
ONE_FIGURE = edited(LONG_NEWS, excerpt=LONG_NEWS.excerpt.replace("3m", "3.4m"))


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize(
    "now", [ONE_FIGURE, edited(ONE_FIGURE, commentary=CORRECTED.commentary)], ids=["", "and a word"]
)
def test_one_corrected_figure_of_a_listed_entry_raises_no_doubt(place: int, now: ListedEntry) -> None:
    before, after = [TEA, MOON, LOOM], [TEA, MOON, LOOM]
    before.insert(place, LONG_NEWS)
    after.insert(place, now)
    found = match(rows(PIANO, *after), archive(*before))
    assert (found[place + 1].entry_id, reason(found[place + 1])) == (place + 1, None)


@pytest.mark.parametrize(
    ("before", "now", "others"),
    [
        (LONG_NEWS, edited(ONE_FIGURE, commentary=PIANO.commentary), ()),
        (LONG_NEWS, edited(ONE_FIGURE, excerpt=ONE_FIGURE.excerpt.replace("visitors", "Vesna")), ()),
        (LONG_NEWS, ONE_FIGURE, (edited(LONG_NEWS, excerpt=TEA.excerpt, commentary=TEA.commentary),)),
        (NEWS, edited(NEWS, excerpt=CORRECTED.excerpt), ()),
    ],
    ids=["another commentary", "a name too", "a title that recurs", "a short excerpt"],
)
def test_one_changed_figure_raises_a_doubt_if_other_parts_changed_too(
    before: ListedEntry, now: ListedEntry, others: tuple[ListedEntry, ...]
) -> None:
    known = [*archive(LOOM, before, MOON), *(entry(one, 9) for one in others)]
    found = match(rows(LOOM, now, MOON), known)
    assert (found[1].entry_id, reason(found[1])) == (2, FIGURES_CHANGED)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_three_adjacent_entries_are_recognised_by_their_titles_when_rewritten(place: int) -> None:
    before = [*ALL[:6]]
    now = [
        edited(one, excerpt=WORDS[n] * 30, commentary=f"Of {WORDS[n]}.") if place <= n < place + 3 else one
        for n, one in enumerate(before)
    ]
    found = match(rows(*now), archive(*before))
    assert ids(found) == [1, 2, 3, 4, 5, 6]
    assert {reason(found[n]) for n in range(place, place + 3)} == {LOW_SCORE}


@pytest.mark.parametrize("place", [0, 3])
def test_a_rewritten_entry_at_an_end_of_the_listing_is_recognised_by_its_title(place: int) -> None:
    before, now = [TEA, MOON, BRIDGE], [TEA, MOON, BRIDGE]
    before.insert(place, LOOM)
    now.insert(place, edited(LOOM, excerpt=PIANO.excerpt, commentary=PIANO.commentary))
    assert ids(match(rows(*now), archive(*before))) == [1, 2, 3, 4]


def test_the_end_of_a_partial_crawl_is_not_an_end_of_the_listing() -> None:
    before = [*ALL[:7], BRIDGE]
    now = [TEA, edited(BRIDGE, excerpt="Written anew. " * 20, commentary="Anew.")]
    assert ids(match(rows(LOOM, *now), archive(*before))) == [1, 2, None]


@pytest.mark.parametrize(
    ("title", "rank", "expected"),
    [(f"{FOURTH.title} without a table", 1, 2), ("Leader", 1, None), (f"{FOURTH.title} without a table", None, None)],
    ids=["long", "short", "withdrawn"],
)
def test_an_entry_without_excerpt_that_moves_is_recognised_by_a_long_title(
    title: str, rank: int | None, expected: int | None
) -> None:
    old, new = (article(title, "Il Mattino", "", one.commentary) for one in (PIANO, BRIDGE))
    known = [entry(TEA, 1, 0), entry(old, 2, rank), *(entry(one, 3 + n, 2 + n) for n, one in enumerate((MOON, LOOM)))]
    assert match(rows(TEA, MOON, LOOM, new), known)[3].entry_id == expected


def test_a_rewritten_entry_is_recognised_at_an_end_that_new_entries_have_moved() -> None:
    before = [TEA, BRIDGE, MOON, LOOM, *(article(f"Old {n}", "P", f"{WORDS[n]} " * 30, "") for n in range(6))]
    now = [TEA, edited(LOOM, excerpt="Written anew. " * 20, commentary="Anew.")]
    new = [article(f"New {n}", "P", f"{WORDS[n + 6]} " * 30, "") for n in range(6)]
    assert ids(match(rows(*new, *now), archive(*before))) == [*[None] * 6, 1, 4]


# Title and publication before similarity

SHORT = article("A kiln is for sale", "Builders' Review", "The kiln by the ford is for sale.", "Clay waits for nobody.")


@pytest.mark.parametrize(
    "joined",
    [
        edited(SHORT, excerpt=f"{SHORT.excerpt} {PIANO.excerpt}"),
        edited(SHORT, excerpt=f"{PIANO.excerpt} {SHORT.excerpt}"),
        edited(SHORT, excerpt=f"{SHORT.excerpt} {PIANO.excerpt}", commentary=f"{SHORT.commentary} {PIANO.commentary}"),
        edited(SHORT, excerpt=PIANO.excerpt),
    ],
    ids=["appended", "put before", "with its commentary", "in place of its own"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_that_gets_its_neighbours_text_keeps_its_id(joined: ListedEntry, place: int) -> None:
    before, now = [TEA, MOON], [TEA, MOON]
    before[place:place] = [SHORT, PIANO]
    now.insert(place, joined)
    found = match(rows(*now), archive(*before))
    assert found[place].entry_id == place + 1
    assert place + 2 not in ids(found)


# One article at two places

TWICE = entry(LOOM, 1, 0, elsewhere=(LOOM,))
EDITS = {
    "title": {"title": "A loom that sees what it weaves"},
    "excerpt": {"excerpt": typos(LOOM.excerpt)},
    "commentary": {"commentary": LOOM.commentary + " One may well ask."},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_article_at_two_places_has_both_if_one_is_edited(edit: dict[str, str]) -> None:
    found = match(rows(edited(LOOM, **edit), TEA, LOOM), [TWICE, entry(TEA, 2, 1)])
    assert ids(found) == [1, 2, 1]
    assert (found[0].method, found[2].method) == ("second place", "same wording")


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_article_has_both_places_until_the_other_gets_the_same_edit(edit: dict[str, str]) -> None:
    now = edited(LOOM, **edit)
    known = [entry(now, 1, 0, [LOOM], elsewhere=(LOOM,)), entry(TEA, 2, 1)]
    found = match(rows(now, TEA, LOOM, PIANO), known)
    assert ids(found) == [1, 2, 1, None]
    assert (found[0].method, found[2].method) == ("same wording", "second place")
    assert ids(match([replace(row(now), count=2)], known)) == [1]


def test_both_places_can_be_edited_differently() -> None:
    now = [edited(LOOM, **EDITS["title"]), edited(LOOM, **EDITS["commentary"])]
    assert ids(match(rows(*now, TEA), [TWICE, entry(TEA, 2, 1)])) == [1, 1, 2]


def test_a_copy_of_an_entry_with_one_place_is_not_another_place_of_it() -> None:
    found = match(rows(edited(LOOM, **EDITS["excerpt"]), LOOM), [entry(LOOM, 1, 0)])
    assert ids(found) == [None, 1]


def test_a_third_row_of_an_entry_with_two_places_is_not_another_place_of_it() -> None:
    listing = [replace(row(LOOM, 0), count=2), row(edited(LOOM, **EDITS["excerpt"]), 2)]
    assert ids(match(listing, [TWICE])) == [1, None]


def test_an_entry_left_at_its_second_place_has_its_earlier_wording_again() -> None:
    known = entry(edited(LOOM, **EDITS["title"]), 1, 0, [LOOM], elsewhere=(LOOM,))
    assert match([row(LOOM)], [known]) == {0: Match(1, "earlier wording")}


# Little text

BARE = article("How a lighthouse keeper came to own a lens", "Il Mattino", "", "")
REMARK = article("How a lighthouse keeper came to own a lens", "Il Mattino", "", "Lenses are often shared, never lost.")


@pytest.mark.parametrize("old", [BARE, REMARK], ids=["nothing else", "a commentary"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_with_little_text_is_recognised_despite_a_typo_in_its_title(old: ListedEntry, place: int) -> None:
    before, now = [TEA, MOON], [TEA, MOON]
    before.insert(place, old)
    now.insert(place, edited(old, title="How a lighthouse keeper came to own a lnes"))
    assert ids(match(rows(*now), archive(*before))) == [1, 2, 3]


@pytest.mark.parametrize("part", [{"excerpt": PIANO.excerpt}, {"commentary": PIANO.commentary}])
def test_an_entry_with_only_a_title_is_recognised_when_text_is_added(part: dict[str, str]) -> None:
    assert ids(match(rows(TEA, edited(BARE, **part)), [entry(BARE, 2, 0), entry(TEA, 1, 1)])) == [1, 2]


@pytest.mark.parametrize(
    "title",
    ["How a lighthouse keeper came to own a boat", "How a lighthouse painter came to own a lens", "How he came by it"],
)
def test_another_title_with_little_text_is_another_entry(title: str) -> None:
    now = edited(BARE, title=title)
    assert ids(match(rows(TEA, now, MOON), archive(TEA, BARE, MOON))) == [1, None, 3]


def test_a_short_text_that_several_entries_share_is_not_evidence() -> None:
    known = [entry(edited(REMARK, title="Tides"), 1, 0), entry(edited(REMARK, title="Tides", commentary="Ebb."), 2, 1)]
    new = edited(REMARK, title="Tides", commentary="Flood.")
    assert ids(match([row(new)], known)) == [None]


# The measures


@pytest.mark.parametrize(
    ("one", "other", "swaps"),
    [
        ("Judges told Vesna to stop.", "Judges told Orkan to stop.", Replacements(names=1)),
        ("He paid 3m in May.", "He paid 4m in June.", Replacements(figures=2)),
        ("He paid 3m in May.", "He paid in May.", Replacements()),
        ("Judges told Vesna to stop.", "Judges told Vesan to stop.", Replacements()),
        ("Trains to Hangzhou are full.", "Trains to Changzhou are full.", Replacements(names=1)),
        ("It sold shuttles that copy it.", "It sold valves that copy it.", Replacements(words=1)),
        ("accordingto 83million percent", "according to 83 million per cent", Replacements()),
        ("Vesna won. Vesna lost.", "Orkan won. Orkan lost.", Replacements(names=1)),
        ("It rose. Then it fell.", "Then it fell. It rose.", Replacements()),
        ("", "Judges told Vesna to stop.", Replacements()),
    ],
)
def test_replacements_are_counted_by_figures_names_and_words(one: str, other: str, swaps: Replacements) -> None:
    assert find_replacements(Tokens.of(one), Tokens.of(other)) == swaps
    assert find_replacements(Tokens.of(other), Tokens.of(one)) == swaps


@given(st.text(alphabet="aB c1.2D,", max_size=60))
def test_a_text_does_not_contradict_itself(text: str) -> None:
    assert find_replacements(Tokens.of(text), Tokens.of(text)) == Replacements()


def test_words_that_many_entries_have_weigh_little() -> None:
    here, there = (
        distinctive_words("common words stand beside rarities"),
        distinctive_words("common words stand everywhere"),
    )
    many = {"common": 30, "words": 30, "stand": 30}
    assert word_overlap(here, there, lambda word: 1) > 0.5
    assert word_overlap(here, there, lambda word: many.get(word, 1)) < 0.1
    assert word_overlap(here, here, lambda word: 1) == 1
    assert word_overlap(frozenset(), here, lambda word: 1) == 1


# Properties

NAMES = st.sampled_from(["Vesna", "Orkan", "Luce", "Rolha", "Nordlys", "Douro", "Adria", "Tatra", "Morava", "Sava"])
REPORTS = st.lists(st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1]), unique=True, min_size=2, max_size=8)


@settings(max_examples=40, deadline=None)
@given(REPORTS, st.data())
def test_boilerplate_never_makes_two_entries_match(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    """Reports with different names are added and removed in any order, and none gets the id of another."""
    places = dict(
        zip(("Vesna", "Orkan", "Luce", "Rolha", "Nordlys"), ("Brno", "Kiel", "Pula", "Faro", "Bodo"), strict=True)
    )
    reports = {pair: from_names(*pair, places.get(pair[0], "Riga")) for pair in pairs}
    gone = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    known: list[Candidate] = [
        entry(reports[pair], number, None if pair in gone else number) for number, pair in enumerate(pairs[:-1])
    ]
    [found] = match([row(reports[pairs[-1]])], known).values()
    if found.entry_id is not None:
        assert set(pairs[found.entry_id]) & set(pairs[-1])


def from_names(winner: str, loser: str, city: str) -> ListedEntry:
    return verdict(city, winner, loser, f"{winner.lower()} goods", "Monday")
