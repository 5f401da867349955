"""What the archive has of a listing, as the measure for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import A, B, C, Column, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.entry_rows import has_wordings
from foreign_eyes.archive.settling.listed_state import count_strangers, find_listed, new_wordings
from foreign_eyes.listing.quality_gate import ListedCounts
from foreign_eyes.listing.values import ListedEntry

LONG = "A port on the southern coast has taught its cranes to lift by themselves."


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def test_the_parts_that_listed_entries_lack_are_counted(column: Column) -> None:
    assert find_listed(column.db, "town") is None
    column.crawl(listing(A, B, "|||Dunes", "Eels|Le Monde|About eels.|", "Foxes||About foxes.|"))
    column.crawl(A, B, mode="quick")
    lacking = {"excerpt": 1, "title": 1, "publication": 2, "commentary": 2}
    assert find_listed(column.db, "town") == ListedCounts(5, lacking)
    assert find_listed(column.db, "village") is None


def test_what_is_missing_or_withdrawn_is_not_listed(column: Column) -> None:
    column.crawl(listing(A, B, "Eels|Le Monde|About eels.|"))
    for _ in range(2):
        column.crawl(listing(A, B))
        assert find_listed(column.db, "town") == ListedCounts(
            2, dict.fromkeys(("excerpt", "title", "publication", "commentary"), 0)
        )


def test_wordings_are_new_when_no_entry_of_the_source_has_them(column: Column) -> None:
    column.crawl(listing(A, B))
    wordings = [wording for (wording,) in column.rows("SELECT wording FROM entries")]
    assert new_wordings(column.db, "town", wordings) == frozenset()
    assert new_wordings(column.db, "town", [*wordings, "other"]) == {"other"}
    assert new_wordings(column.db, "village", wordings) == set(wordings)


def test_an_entry_is_a_stranger_when_it_shares_neither_wording_nor_title_nor_excerpt(column: Column) -> None:
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
    assert count_strangers(column.db, "town", familiar) == 0
    assert count_strangers(column.db, "town", familiar + strangers) == 2
    assert count_strangers(column.db, "village", familiar) == 4


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (lambda db: has_wordings(db, "town", ["w"]), ["entries_by_wording (source_id=? AND wording=?)"]),
        (lambda db: new_wordings(db, "town", ["w"]), ["entries_by_wording (source_id=? AND wording=?)"]),
        (lambda db: find_listed(db, "town"), ["entries_listed (source_id=?)"]),
        (
            lambda db: count_strangers(db, "town", [ListedEntry(LONG, "", "Apples", "Le Monde", "c")]),
            [
                "entries_by_wording (source_id=? AND wording=?)",
                "entries_by_title (source_id=? AND title_key=?)",
                "entries_by_excerpt (source_id=? AND excerpt_key=?)",
            ],
        ),
    ],
)
def test_what_is_known_is_looked_up_by_index(
    column: Column, ask: Callable[[Database], object], indexes: list[str]
) -> None:
    column.crawl(listing(A, B, C))
    asked: list[str] = []
    column.db.conn.set_trace_callback(asked.append)
    ask(column.db)
    column.db.conn.set_trace_callback(None)
    plan: list[Any] = [row[3] for query in asked for row in column.rows(f"EXPLAIN QUERY PLAN {query}")]
    for index in indexes:
        assert any(step.endswith(index) for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN entries")]
