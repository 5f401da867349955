"""The crawl log: the earlier crawl that dates the entries of a crawl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.settling import A, B, C, Column, listing

from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive

PREFIX = "2026-03-"


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def on(column: Column, day: int, *pages: str) -> None:
    """Crawl on this day of March, with any earlier times of the clock."""
    column.day = day - 2
    column.crawl(*pages)


def not_before(column: Column) -> dict[str, str | None]:
    return {
        title: date and date.removeprefix(PREFIX)[:2]
        for title, date in column.rows("SELECT title, not_before FROM entries")
    }


def test_not_before_is_the_start_of_the_previous_complete_crawl(column: Column) -> None:
    on(column, 1, A)
    on(column, 2, listing(A, B))
    assert not_before(column) == {"Apples": None, "Bears": "01"}


def test_a_clock_that_was_set_back_does_not_date_a_crawl_after_the_entries_it_lacked(column: Column) -> None:
    on(column, 2, A)
    on(column, 20, A)  # the clock was ahead
    on(column, 3, listing(A, B))
    on(column, 4, listing(A, B, C))
    assert not_before(column) == {"Apples": None, "Bears": "02", "Cranes": "03"}
    outside = (
        "SELECT title FROM entries WHERE not_before > first_seen OR feed_date NOT BETWEEN not_before AND first_seen"
    )
    assert column.rows(outside) == []


def test_not_before_is_unknown_if_all_complete_crawls_began_later(column: Column) -> None:
    on(column, 20, A)
    on(column, 3, listing(A, B))
    assert not_before(column) == {"Apples": None, "Bears": None}


def test_a_crawl_that_this_run_still_reads_is_not_closed_as_killed(column: Column) -> None:
    killed, running = column.capture([[A]]), column.capture([[B]])
    column.db.execute("UPDATE crawls SET outcome = NULL WHERE crawl_id = ?", (killed,))
    begin_crawl(column.db, column.source, "full", column.today, running={running})
    outcomes = dict(column.rows("SELECT crawl_id, outcome FROM crawls"))
    assert (outcomes[killed], outcomes[running]) == ("failed", None)
