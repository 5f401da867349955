"""Placements: what settling stores of the listing, from crawl to crawl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.settling import START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import is_current, rebuild, rebuild_if_outdated
from foreign_eyes.archive.schema.m023_placements import m023_placements

REVISED = entry("Bears", commentary="Another comment.")


@pytest.fixture
def column() -> Iterator[Column]:
    with open_archive(Path(":memory:")) as db:
        yield Column(db)


def listed(column: Column, crawl_id: int) -> list[str]:
    """Return the titles that the listing had after a crawl, in order."""
    at = f"(SELECT ordered_at FROM crawls WHERE crawl_id = {crawl_id})"
    return [
        title
        for (title,) in column.rows(
            "SELECT r.title FROM listing_history h JOIN revisions r USING (revision_id)"
            f" WHERE source = 'town' AND listed_from <= {at} AND (listed_to IS NULL OR listed_to > {at}) ORDER BY order_key"
        )
    ]


def intervals(column: Column, title: str) -> list[tuple[int, int, int | None]]:
    """Return revision, first crawl and last crawl of the placements of an entry."""
    return column.rows(
        "SELECT revision, from_crawl, to_crawl FROM listing_history JOIN entries USING (entry_id)"
        f" WHERE title = '{title}' ORDER BY from_crawl, order_key"
    )


def test_the_listing_of_each_crawl_is_one_query(column: Column) -> None:
    states = [(A, B), (C, A, B), (C, B), (B, C, A)]
    for state in states:
        column.crawl(listing(*state))
    titles = {A: "Apples", B: "Bears", C: "Cranes"}
    assert [listed(column, number) for number in (1, 2, 3, 4)] == [[titles[row] for row in state] for state in states]


def test_an_entry_that_stays_costs_one_row_however_often_it_is_crawled(column: Column) -> None:
    for number in range(5):
        column.crawl(listing(entry(f"New {number}"), A, B))
    assert intervals(column, "Apples") == [(1, 1, None)]


def test_a_revision_ends_a_placement_and_begins_the_next_at_the_same_place(column: Column) -> None:
    column.crawl(listing(A, B, C))
    column.crawl(listing(A, REVISED, C))
    assert intervals(column, "Bears") == [(1, 1, 2), (2, 2, None)]
    assert column.rows("SELECT count(DISTINCT order_key) FROM placements") == [(3,)]


def test_an_entry_listed_twice_has_two_placements(column: Column) -> None:
    column.crawl(listing(A, B, A))
    assert intervals(column, "Apples") == [(1, 1, None), (1, 1, None)]
    column.crawl(listing(B, A))
    assert intervals(column, "Apples") == [(1, 1, 2), (1, 1, None)]


def test_a_partial_crawl_ends_only_what_it_saw_moved(column: Column) -> None:
    column.crawl(listing(A, B), listing(C))
    column.crawl(listing(C), outcome="partial")
    assert listed(column, 2) == ["Apples", "Bears", "Cranes"]
    column.crawl(listing(C, A), outcome="partial")
    assert listed(column, 3) == ["Cranes", "Apples", "Bears"] or listed(column, 3) == ["Bears", "Cranes", "Apples"]
    assert intervals(column, "Bears") == [(1, 1, None)]


def test_a_row_that_a_later_pass_contradicted_begins_and_ends_with_its_crawl(column: Column) -> None:
    column.crawl(listing(A, B, C))
    column.crawl(passes=[[listing(A, REVISED, C)], [listing(A, REVISED, C)], [listing(A, B, C)]])
    assert intervals(column, "Bears") == [(1, 1, 2), (2, 2, 2), (3, 2, None)]
    assert listed(column, 2) == ["Apples", "Bears", "Cranes"]


def test_an_older_archive_gets_its_placements_by_deriving_again(column: Column) -> None:
    parser, times = LineParser(), {"at": START, "authority": "example.org,2026"}
    rebuild_if_outdated(column.db, parser, **times)
    for state in ((A, B), (A, REVISED, C), (C, A)):
        column.crawl(listing(*state))
    stored = column.rows("SELECT * FROM placements")
    for statement in ("DROP VIEW listing_history", "DROP TABLE placements"):
        column.db.execute(statement)
    m023_placements(column.db)
    assert not is_current(column.db, parser)
    rebuilt = rebuild_if_outdated(column.db, parser, **times)
    assert rebuilt is not None
    assert {difference.table for difference in rebuilt.differences} == {"placements"}
    assert column.rows("SELECT * FROM placements") == stored
    assert rebuild(column.db, parser, **times, apply=False).differences == ()
