"""Settling crawl by crawl on a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.settling import DAY, SEARCH, SECOND, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.crawls import last_good, settled_pages
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.current_entries import newest_entries
from foreign_eyes.archive.overview import log_row
from foreign_eyes.archive.search_indexes import check_search
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Counts, Traffic
from foreign_eyes.listing.values import Mode, Outcome, Verdict


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def test_entries_of_the_first_crawl_are_new_and_have_no_lower_bound(column: Column) -> None:
    assert column.crawl(listing(A, B), listing(C)) == Counts(pages=2, entries=3, new=3)
    rows = column.rows("SELECT title, page, position, not_before, revision, withdrawn_at FROM current_entries")
    assert sorted(rows) == [
        ("Apples", 1, 1, None, 1, None),
        ("Bears", 1, 2, None, 1, None),
        ("Cranes", 2, 1, None, 1, None),
    ]


def test_an_entry_is_dated_between_the_complete_crawl_that_lacked_it_and_the_capture_that_shows_it(
    column: Column,
) -> None:
    column.crawl(listing(A))
    lacked = column.today
    column.crawl(listing(A), outcome="partial")
    column.crawl(listing(B, A), outcome="blocked")
    column.crawl(listing(B, A))
    found = column.rows("SELECT not_before, first_seen, feed_date FROM current_entries WHERE title = 'Bears'")
    assert found == [(to_text(lacked), to_text(column.today + SECOND), to_text(column.today + SECOND))]


def test_an_entry_that_only_an_early_pass_of_a_moving_listing_showed_is_dated_by_that_pass(column: Column) -> None:
    column.crawl(listing(A))
    column.crawl(passes=[[listing(B, A)], [listing(C, B, A)], [listing(C, B, A)]])
    seen = dict(column.rows("SELECT title, first_seen FROM current_entries"))
    assert seen["Bears"] == to_text(column.today + SECOND)
    assert seen["Cranes"] == to_text(column.today + 2 * SECOND)
    assert column.rows(
        "SELECT capture_id FROM revisions r JOIN entries e USING (entry_id) WHERE e.title = 'Cranes'"
    ) == [(3,)]


def test_the_first_listed_entry_is_the_newest_in_dates_and_in_the_journal(column: Column) -> None:
    column.crawl(listing(A, B), listing(C))
    assert column.rows("SELECT title FROM entries ORDER BY feed_date DESC") == [("Apples",), ("Bears",), ("Cranes",)]
    query = "SELECT title FROM changes JOIN entries USING (entry_id) ORDER BY at DESC"
    assert column.rows(query) == [("Apples",), ("Bears",), ("Cranes",)]


def test_an_edited_commentary_is_a_second_revision_that_points_to_its_capture(column: Column) -> None:
    column.crawl(listing(A, B))
    before = column.ids()
    edited = listing(A, entry("Bears", commentary="Rewritten."))
    assert column.crawl(edited) == Counts(pages=1, entries=2, revised=1)
    assert column.ids() == before
    history = column.rows(
        "SELECT revision, commentary, match_method, body_sha256 FROM entry_history h WHERE title = 'Bears'"
    )
    bodies = [digest for (digest,) in column.rows("SELECT body_sha256 FROM captures ORDER BY capture_id")]
    assert history == [
        (1, "As before.", "new", bodies[0]),
        (2, "Rewritten.", "title and publication", bodies[1]),
    ]


def test_an_edit_that_is_reverted_is_a_third_revision(column: Column) -> None:
    for commentary in ("One.", "Two.", "One."):
        column.crawl(entry("Apples", commentary=commentary))
    found = column.rows("SELECT revision, commentary, match_method FROM entry_history")
    assert found == [(1, "One.", "new"), (2, "Two.", "title and publication"), (3, "One.", "earlier wording")]
    assert column.kinds() == ["new", "revised", "revised"]


def test_space_and_the_spelling_of_the_publication_make_no_revision(column: Column) -> None:
    column.crawl(entry("Apples", publication="The Times"))
    before = column.truth()
    column.crawl(entry("Apples", publication="times", excerpt="About \u00a0 Apples."))
    after = column.truth()
    assert after["revisions"] == before["revisions"]
    assert after["changes"] == before["changes"]


def test_spellings_of_a_publication_fold_to_the_name_that_was_seen_first(column: Column) -> None:
    column.crawl(
        listing(
            entry("Apples", publication="The Times"),
            entry("Bears", publication="times"),
            entry("Cranes", publication="the  TIMES"),
            entry("Dunes", publication="New Times"),
        )
    )
    column.crawl(entry("Eels", publication="TIMES"), outcome="partial")
    names = dict(column.rows("SELECT title, publication FROM current_entries"))
    assert set(names.values()) == {"New Times", names["Apples"]}
    assert len(set(names.values())) == 2
    assert column.rows("SELECT count(*) FROM publications") == [(2,)]


def test_equal_rows_are_one_entry_in_two_places(column: Column) -> None:
    assert column.crawl(listing(A, B), listing(A, C)) == Counts(pages=2, entries=3, new=3)
    assert column.rows("SELECT page, position FROM current_entries WHERE title = 'Apples'") == [(1, 1)]
    assert column.rows("SELECT count(*), count(DISTINCT entry_id) FROM listing_rows") == [(4, 3)]


def test_an_entry_listed_twice_is_dated_by_its_first_place(column: Column) -> None:
    column.crawl(listing(A, B, C, A))
    assert column.rows("SELECT title FROM entries ORDER BY feed_date DESC") == [("Apples",), ("Bears",), ("Cranes",)]


def test_near_duplicates_with_equal_titles_and_similar_commentaries_are_two_entries(column: Column) -> None:
    twins = (
        entry("City", excerpt="It makes bricks.", commentary="A"),
        entry("City", excerpt="It makes glass.", commentary="A"),
    )
    column.crawl(listing(*twins))
    ids = column.rows("SELECT excerpt, entry_id FROM current_entries ORDER BY excerpt")
    assert len({entry_id for _, entry_id in ids}) == 2
    column.crawl(listing(*reversed(twins)))
    assert column.rows("SELECT excerpt, entry_id FROM current_entries ORDER BY excerpt") == ids


def test_a_moved_entry_keeps_its_id_and_makes_no_change(column: Column) -> None:
    column.crawl(listing(A, B), listing(C))
    before = column.ids()
    assert column.crawl(listing(C, A), listing(B)) == Counts(pages=2, entries=3)
    assert column.ids() == before
    assert column.rows("SELECT page, position FROM current_entries WHERE title = 'Bears'") == [(2, 1)]


def test_an_entry_is_withdrawn_by_the_second_complete_crawl_without_it(column: Column) -> None:
    column.crawl(listing(A, B))
    assert column.crawl(A).withdrawn == 0
    assert column.crawl(A).withdrawn == 1
    assert column.crawl(A).withdrawn == 0
    withdrawn = column.rows("SELECT title, withdrawn_at FROM current_entries WHERE withdrawn_at IS NOT NULL")
    assert withdrawn == [("Bears", to_text(column.today - DAY + timedelta(minutes=1)))]
    assert column.kinds() == ["new", "new", "withdrawn"]


def test_an_unchanged_listing_counts_as_the_second_complete_crawl(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(A)
    assert column.crawl(A, outcome="unchanged") == Counts(pages=1, entries=1, withdrawn=1)


def test_an_unchanged_listing_that_lacks_nothing_changes_nothing(column: Column) -> None:
    column.crawl(listing(A, B))
    before = column.truth()
    assert column.crawl(listing(A, B), outcome="unchanged") == Counts(pages=1, entries=2)
    assert column.truth() == before


@pytest.mark.parametrize(("outcome", "mode"), [("partial", "full"), ("complete", "quick"), ("unchanged", "quick")])
def test_a_partial_or_quick_crawl_makes_nothing_missing(column: Column, outcome: Outcome, mode: Mode) -> None:
    column.crawl(listing(A, B))
    for _ in range(3):
        assert column.crawl(A, outcome=outcome, mode=mode).withdrawn == 0
    assert column.rows("SELECT max(missed) FROM entries") == [(0,)]


@pytest.mark.parametrize(("outcome", "mode"), [("partial", "full"), ("complete", "quick"), ("unchanged", "quick")])
def test_a_partial_or_quick_crawl_does_not_complete_a_withdrawal(column: Column, outcome: Outcome, mode: Mode) -> None:
    column.crawl(listing(A, B))
    column.crawl(A)
    assert column.crawl(A, outcome=outcome, mode=mode).withdrawn == 0


def test_a_sighting_in_a_partial_crawl_starts_the_count_again(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(A)
    column.crawl(B, outcome="partial")
    assert column.crawl(A).withdrawn == 0
    assert column.crawl(A).withdrawn == 1


@pytest.mark.parametrize(
    ("back", "kinds", "revised"),
    [(B, ["withdrawn", "returned"], 0), (entry("Bears", commentary="New."), ["withdrawn", "returned", "revised"], 1)],
)
def test_a_withdrawn_entry_can_return_as_it_was_or_edited(
    column: Column, back: str, kinds: list[str], revised: int
) -> None:
    column.crawl(listing(A, B))
    before = column.ids(), column.rows("SELECT entry_id, feed_date FROM entries ORDER BY entry_id")
    column.crawl(A)
    column.crawl(A)
    assert column.crawl(listing(A, back)) == Counts(pages=1, entries=2, returned=1, revised=revised)
    assert (column.ids(), column.rows("SELECT entry_id, feed_date FROM entries ORDER BY entry_id")) == before
    assert column.kinds()[2:] == kinds
    assert column.rows("SELECT * FROM entries WHERE withdrawn_at IS NOT NULL OR missed") == []


@pytest.mark.parametrize("outcome", ["suspect", "blocked", "unreachable", "failed"])
def test_a_refused_crawl_is_logged_and_settles_nothing(column: Column, outcome: Outcome) -> None:
    column.crawl(listing(A, B))
    before = column.truth()
    assert column.crawl(C, outcome=outcome) == Counts()
    assert column.truth() == before
    assert column.rows("SELECT outcome, requests, not_modified, bytes FROM crawl_log")[-1] == (outcome, 3, 1, 99)


@pytest.mark.parametrize("pages", [("unreadable",), (A, "unreadable"), (listing(A, "unreadable", B),)])
def test_a_fault_in_the_middle_of_settling_leaves_nothing_and_the_crawl_open(
    column: Column, pages: tuple[str, ...]
) -> None:
    column.crawl(B)
    before = column.truth()
    with pytest.raises(RuntimeError, match="a fault of the parser"):
        column.crawl(*pages)
    assert column.truth() == before
    assert column.rows("SELECT outcome, finished_at FROM crawls ORDER BY crawl_id DESC")[0] == (None, None)
    assert not column.db.conn.in_transaction


def test_a_fault_after_the_entries_were_written_rolls_them_back(column: Column) -> None:
    """The blocking sign of a link is checked last."""

    class Failing(LineParser):
        def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
            raise RuntimeError("at the very end")

    column.answers["http://search.example/"] = 200
    before = column.truth()
    crawl_id = column.capture([[listing(A, B, SEARCH)]])
    with pytest.raises(RuntimeError, match="at the very end"):
        settle(column.db, crawl_id, Verdict("complete"), Failing(), Traffic(), at=column.today, authority="a,2026")
    assert column.truth() == before
    counts = settle(
        column.db, crawl_id, Verdict("complete"), LineParser(), Traffic(), at=column.today, authority="a,2026"
    )
    assert counts.new == 2  # the captures are still there and can be settled again


def test_a_crawl_that_was_killed_is_closed_as_failed_by_the_next(column: Column) -> None:
    column.capture([[A]])
    column.crawl(A)
    query = "SELECT outcome, reason, finished_at FROM crawl_log ORDER BY crawl_id"
    assert column.rows(query)[0] == ("failed", "the run was killed before it settled", to_text(column.today))
    assert column.rows("SELECT not_before FROM entries") == [(None,)]


def test_a_running_crawl_is_not_in_the_log(column: Column) -> None:
    column.capture([[A]])
    assert column.rows("SELECT * FROM crawl_log") == []


def test_two_sources_have_entries_of_their_own(column: Column) -> None:
    village = Column(column.db, "village")
    column.crawl(listing(A, B))
    assert village.crawl(listing(A, B)).new == 2
    assert column.rows("SELECT count(DISTINCT entry_id), count(DISTINCT tag_uri) FROM entries") == [(4, 4)]
    village.crawl(A)
    village.crawl(A)
    assert column.rows("SELECT source, title FROM current_entries WHERE withdrawn_at IS NOT NULL") == [
        ("village", "Bears")
    ]


def test_a_sighting_by_one_source_does_not_count_for_another(column: Column) -> None:
    column.crawl(A)
    Column(column.db, "village", day=9).crawl(A)
    [(last_seen,)] = column.rows("SELECT last_seen FROM current_entries WHERE source = 'town'")
    assert last_seen == to_text(column.today + SECOND)


def test_an_entry_is_last_seen_when_its_page_was_last_confirmed(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, B), outcome="unchanged")
    column.crawl(A)
    seen = dict(column.rows("SELECT title, last_seen FROM current_entries"))
    assert seen == {"Apples": to_text(column.today + SECOND), "Bears": to_text(column.today - DAY + SECOND)}


def test_tags_are_minted_under_the_given_authority(column: Column) -> None:
    column.crawl(A)
    [(entry_id, tag)] = column.rows("SELECT entry_id, tag_uri FROM entries")
    assert tag == f"tag:example.org,2026:town/{entry_id}"


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "ok"), (204, "ok"), (412, "blocked"), (404, "error"), (500, "error")]
)
def test_a_link_is_stored_with_its_answer(column: Column, status: int, outcome: str) -> None:
    column.answers["http://search.example/"] = status
    column.crawl(listing(A, SEARCH))
    shown, followed = (to_text(column.today + number * SECOND) for number in (1, 2))
    row = ("town", "Patent Search", "http://search.example/", shown, followed, status, outcome)
    assert column.rows("SELECT * FROM patent_search_links") == [row]
    assert column.kinds() == ["new"]  # the first links of a source are not a change


def test_a_changed_link_is_a_change_and_the_old_one_is_gone(column: Column) -> None:
    column.answers.update({"http://search.example/": 200, "http://new.example/": 200})
    column.crawl(listing(A, SEARCH))
    column.crawl(listing(A, "link|Patent Search|http://new.example/"))
    assert column.rows("SELECT url, gone_at FROM links ORDER BY link_id") == [
        ("http://search.example/", to_text(column.today)),
        ("http://new.example/", None),
    ]
    assert column.kinds() == ["new", "link changed"]
    column.crawl(listing(A, SEARCH))  # and back
    assert column.rows("SELECT url FROM links WHERE gone_at IS NULL") == [("http://search.example/",)]
    assert column.kinds() == ["new", "link changed", "link changed"]


def test_a_partial_crawl_makes_no_link_gone(column: Column) -> None:
    column.answers["http://search.example/"] = 200
    column.crawl(listing(A, SEARCH))
    column.crawl(A, outcome="partial")
    assert column.rows("SELECT gone_at FROM links") == [(None,)]


def test_another_answer_behind_a_link_is_recorded_although_the_listing_is_unchanged(column: Column) -> None:
    column.answers["http://search.example/"] = 200
    column.crawl(listing(A, SEARCH))
    column.answers["http://search.example/"] = 412
    column.crawl(listing(A, SEARCH), outcome="unchanged")
    assert column.rows("SELECT status, outcome FROM patent_search_links") == [(412, "blocked")]
    assert column.kinds() == ["new"]


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        (
            "current_entries",
            (
                "entry_id, tag_uri, source, title, publication, attribution, excerpt, commentary, first_seen, not_before,"
                " last_seen, feed_date, withdrawn_at, revision, page, position"
            ),
        ),
        (
            "entry_history",
            (
                "entry_id, revision, technical, title, publication, attribution, excerpt, commentary, first_seen, url, page,"
                " position, body_sha256, match_method, match_score"
            ),
        ),
        (
            "crawl_log",
            (
                "crawl_id, source, mode, started_at, finished_at, outcome, reason, pages, entries, new, revised, withdrawn,"
                " returned, requests, not_modified, bytes"
            ),
        ),
        ("patent_search_links", "source, label, url, first_seen, last_seen, status, outcome"),
    ],
)
def test_the_views_have_the_columns_of_the_contract(column: Column, view: str, columns: str) -> None:
    assert [row[1] for row in column.rows(f"PRAGMA table_info({view})")] == columns.split(", ")


def test_the_log_row_of_a_crawl_has_its_counts(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Rewritten."), C))
    assert log_row(column.db, 2) == {
        "crawl_id": 2,
        "source": "town",
        "mode": "full",
        "started_at": to_text(column.today),
        "finished_at": to_text(column.today + timedelta(minutes=1)),
        "outcome": "complete",
        "reason": None,
        "pages": 1,
        "entries": 3,
        "new": 1,
        "revised": 1,
        "withdrawn": 0,
        "returned": 0,
        "requests": 3,
        "not_modified": 1,
        "bytes": 99,
    }


def search(column: Column, words: str) -> list[str]:
    query = "SELECT e.title FROM entries e JOIN entries_fts f ON f.rowid = e.entry_id WHERE entries_fts MATCH ?"
    return [title for (title,) in column.db.execute(query, (words,))]


def test_search_finds_the_current_wording_and_not_an_earlier_one(column: Column) -> None:
    column.crawl(listing(entry("Apples", commentary="Ripe orchards."), B))
    assert search(column, "orchard") == ["Apples"]
    column.crawl(listing(entry("Apples", commentary="Empty cellars."), B))
    assert search(column, "orchard") == []
    assert search(column, "cellar") == ["Apples"]
    assert search(column, "bears") == ["Bears"]
    check_search(column.db.conn, "entries_fts")


def test_search_of_revisions_finds_every_wording_there_was(column: Column) -> None:
    column.crawl(listing(entry("Apples", commentary="Ripe orchards."), B))
    column.crawl(listing(entry("Apples", commentary="Empty cellars."), B))
    query = (
        "SELECT r.number FROM revisions r JOIN revisions_fts f ON f.rowid = r.revision_id WHERE revisions_fts MATCH ?"
    )
    for words, numbers in {"orchard": [1], "cellar": [2], "apples": [1, 2], "grapes": []}.items():
        assert [number for (number,) in column.db.execute(f"{query} ORDER BY 1", (words,))] == numbers
    check_search(column.db.conn, "revisions_fts")


def test_the_counts_of_the_last_good_crawl_are_stored(column: Column) -> None:
    assert last_good(column.db, "town") is None
    column.crawl(listing(A, B), C)
    column.crawl(A, outcome="partial")
    column.crawl(A, mode="quick")
    good = last_good(column.db, "town")
    assert good is not None
    assert (good.pages, good.entries) == (2, 3)


@pytest.mark.parametrize(
    ("outcome", "mode", "known"),
    [
        ("complete", "full", True),
        ("unchanged", "full", True),
        ("unchanged", "quick", True),
        ("suspect", "full", True),
        ("blocked", "full", True),
        ("failed", "full", True),
        ("partial", "full", False),
        ("complete", "quick", False),
    ],
)
def test_the_settled_state_is_known_unless_a_partial_crawl_was_settled_since(
    column: Column, outcome: Outcome, mode: Mode, known: bool
) -> None:
    column.crawl(A, B)
    column.crawl(A, B, outcome=outcome, mode=mode)
    pages = settled_pages(column.db, "town", 1)
    assert (pages is not None) is known
    assert pages is None or [page.asked_url for page in pages] == ["http://town.example/1", "http://town.example/2"]
    assert settled_pages(column.db, "town", 2) is None  # another parser may read the same bytes differently


def test_an_entry_is_updated_when_it_was_last_revised_else_at_its_feed_date(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Rewritten.")))
    updated = {one.title: one.updated for one in newest_entries(column.db, "town")}
    assert updated == {"Apples": START + SECOND, "Bears": column.today + timedelta(minutes=1)}
    assert [one.title for one in newest_entries(column.db, "town", 1)] == ["Apples"]


def test_entries_of_an_earlier_pass_alone_are_seen_if_known_and_skipped_if_new(
    column: Column,
) -> None:
    column.crawl(listing(A, B))
    column.crawl(passes=[[listing(A, B, C)], [listing(A)], [listing(A)]])
    assert set(column.ids()) == {"Apples", "Bears"}
    assert column.rows("SELECT title, missed FROM entries WHERE missed > 0") == []
    column.crawl(listing(A))
    assert column.rows("SELECT title FROM entries WHERE missed = 1") == [("Bears",)]


@pytest.mark.parametrize(
    ("passes", "outcome", "recorded"),
    [
        ([[listing(A, B)], [A], [A]], "complete", {"Apples"}),
        ([[listing(A, B)], [listing(A, B, C)], [A], [A]], "complete", {"Apples", "Bears"}),
        ([[A], [listing(A, B)], [A], [A]], "complete", {"Apples"}),
        ([[A], [listing(A, C)], [listing(A, B)]], "partial", {"Apples", "Bears"}),
        ([[A, B], [A], [A]], "partial", {"Apples"}),  # only the first pass had page 2
        ([[A, B], [A, B], [A]], "partial", {"Apples", "Bears"}),
        ([[listing(A, B)]], "partial", {"Apples", "Bears"}),
    ],
)
def test_a_new_wording_is_settled_if_two_passes_or_the_last_one_show_it(
    column: Column, passes: list[list[str]], outcome: Outcome, recorded: set[str]
) -> None:
    column.crawl(passes=passes, outcome=outcome)
    assert set(column.ids()) == recorded


def test_an_edit_that_later_passes_contradict_is_no_revision(column: Column) -> None:
    column.crawl(listing(A, B))
    edited = entry("Bears", commentary="Defaced.")
    counts = column.crawl(passes=[[listing(A, edited)], [listing(A, B)], [listing(A, B)]])
    assert (counts.new, counts.revised) == (0, 0)
    assert column.kinds() == ["new", "new"]


def test_an_earlier_wording_is_settled_even_if_only_one_pass_shows_it(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")))
    counts = column.crawl(passes=[[listing(A, B)], [listing(A, entry("Bears", commentary="Anew."))]] * 1)
    assert counts.revised == 2  # the edit was reverted and made again


def test_an_entry_edited_between_two_passes_is_one_entry_with_both_wordings(column: Column) -> None:
    column.crawl(listing(A))
    counts = column.crawl(passes=[[listing(A, B)], [listing(A.replace("As before", "Edited"), B)]])
    assert (counts.new, counts.revised) == (1, 1)
    assert len(column.ids()) == 2


def test_a_crawl_that_was_cut_short_settles_nothing(column: Column) -> None:
    column.crawl(listing(A))
    before = column.truth()
    crawl_id = column.capture([[listing(A, B)]])
    verdict = Verdict("partial", "page 2 did not arrive whole", cut_short=True)
    settle(column.db, crawl_id, verdict, LineParser(), Traffic(), at=column.today, authority="example.org,2026")
    assert column.truth() == before
    assert log_row(column.db, crawl_id)["outcome"] == "partial"


def test_an_entry_that_only_the_first_pass_showed_is_withdrawn_by_two_unchanged_crawls(column: Column) -> None:
    """The entry was removed during the crawl: it is seen in it, and missing from the next one on."""
    column.crawl(listing(A, B))
    column.crawl(passes=[[listing(A, B, C)], [listing(A, C)], [listing(A, C)]])
    assert column.crawl(listing(A, C), outcome="unchanged").withdrawn == 0
    assert column.crawl(listing(A, C), outcome="unchanged").withdrawn == 1
    assert column.kinds()[-1] == "withdrawn"
