"""What the archive has of a listing, as the measure for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.settling import A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.listed_state import Effects, ListedState
from foreign_eyes.listing.known_listing import SettledListing
from foreign_eyes.listing.quality_gate import ListedCounts
from foreign_eyes.listing.values import ListedEntry

LONG = "A port on the southern coast has taught its cranes to lift by themselves."


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def state(column: Column, source_name: str = "town") -> ListedState:
    return ListedState(column.db, source_name, f"http://{source_name}.example/", LineParser())


def test_the_parts_that_listed_entries_lack_are_counted(column: Column) -> None:
    assert state(column, "town").counts() is None
    column.crawl(listing(A, B, "|||Dunes", "Eels|Le Monde|About eels.|", "Foxes||About foxes.|"))
    column.crawl(A, B, mode="quick")
    lacking = {"excerpt": 1, "title": 1, "publication": 2, "commentary": 2}
    assert state(column, "town").counts() == ListedCounts(5, lacking)
    assert state(column, "village").counts() is None


def test_what_is_missing_or_withdrawn_is_not_listed(column: Column) -> None:
    column.crawl(listing(A, B, "Eels|Le Monde|About eels.|"))
    for _ in range(2):
        column.crawl(listing(A, B))
        assert state(column, "town").counts() == ListedCounts(
            2, dict.fromkeys(("excerpt", "title", "publication", "commentary"), 0)
        )


def test_wordings_are_new_when_no_entry_of_the_source_has_them(column: Column) -> None:
    column.crawl(listing(A, B))
    wordings = [wording for (wording,) in column.rows("SELECT wording FROM entries")]
    assert state(column, "town").new_wordings(wordings) == frozenset()
    assert state(column, "town").new_wordings([*wordings, "other"]) == {"other"}
    assert state(column, "village").new_wordings(wordings) == set(wordings)


def test_an_earlier_wording_of_an_entry_is_new(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Rewritten.")))
    earlier = column.rows("SELECT wording FROM revisions WHERE commentary = 'As before.' AND title = 'Bears'")[0][0]
    assert state(column).new_wordings([earlier]) == {earlier}


def test_before_the_first_crawl_nothing_is_known(column: Column) -> None:
    known = state(column)
    assert known.settled == SettledListing()
    assert not known.has_settled()
    assert not known.had_heading()
    assert known.most_entries() is None


def test_the_pages_and_counts_of_the_last_good_crawl_are_known(column: Column) -> None:
    column.crawl(listing(A, B), C)
    known = state(column)
    assert known.settled.urls == ("http://town.example/1", "http://town.example/2")
    assert known.settled.bodies == tuple(sha256(body.encode()).hexdigest() for body in (listing(A, B), C))
    assert (known.settled.page_count, known.settled.entry_count) == (2, 3)
    assert known.has_settled()
    assert known.had_heading()
    assert known.most_entries() == 3


def test_the_effects_of_a_listing_are_counted(column: Column) -> None:
    column.crawl(listing(A, B, C))
    column.crawl(listing(A, B))
    apples = column.rows("SELECT wording FROM entries WHERE title = 'Apples'")[0][0]
    assert state(column).effects([apples, "other"]) == Effects(new=1, missing=2, missing_again=1)


def test_an_entry_is_a_stranger_if_it_shares_neither_wording_nor_title_nor_excerpt(column: Column) -> None:
    column.crawl(listing(A, B, entry("Cranes", excerpt=LONG)))
    column.crawl(A)
    column.crawl(A)  # the others are withdrawn, and no strangers for that
    familiar = [
        ListedEntry("", "", "Apples", "le monde", ""),
        ListedEntry(LONG, "", "Another", "Nikkei", "Other words."),
        ListedEntry(LONG, "", None, None, ""),
        ListedEntry("About Bears.", "——Bears, by Le Monde", "Bears", "Le Monde", "As before."),
    ]
    strangers = [ListedEntry("", "", None, None, ""), ListedEntry("", "", "Apples", "Nikkei", "As before.")]
    assert state(column, "town").count_strangers(familiar) == 0
    assert state(column, "town").count_strangers(familiar + strangers) == 2
    assert state(column, "village").count_strangers(familiar) == 4


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (lambda known: known.new_wordings(["w"]), ["entries_by_wording (source_id=? AND wording=?)"]),
        (lambda known: known.counts(), ["entries_listed (source_id=?)"]),
        (
            lambda known: known.count_strangers([ListedEntry(LONG, "", "Apples", "Le Monde", "c")]),
            [
                "entries_by_wording (source_id=? AND wording=?)",
                "entries_by_title (source_id=? AND title_key=?)",
                "entries_by_excerpt (source_id=? AND excerpt_key=?)",
            ],
        ),
    ],
)
def test_what_is_known_is_looked_up_by_index(
    column: Column, ask: Callable[[ListedState], object], indexes: list[str]
) -> None:
    column.crawl(listing(A, B, C))
    asked: list[str] = []
    column.db.conn.set_trace_callback(asked.append)
    ask(state(column))
    column.db.conn.set_trace_callback(None)
    plan: list[Any] = [row[3] for query in asked for row in column.rows(f"EXPLAIN QUERY PLAN {query}")]
    for index in indexes:
        assert any(step.endswith(index) for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN entries")]
