"""Entries that a cache hides between a current page and a stale one are not missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from hypothesis import given
from hypothesis import strategies as st
from support.listing_server import ListingServer
from support.listings import make_entries, make_site, page_name
from support.settling import A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.settling.absences import is_doubtful

D, E, F, NEW = (entry(title) for title in ("Dunes", "Eels", "Foxes", "News"))
BEFORE = (listing(A, B), listing(C, D), listing(E, F))
# B was pushed from page 1 to page 2, of which the cache has yesterday's copy
STALE = (listing(NEW, A), *BEFORE[1:])
FRESH = (listing(NEW, A), listing(B, C), listing(D, E), F)


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def missed(column: Column) -> dict[str, int]:
    return dict(column.rows("SELECT title, missed FROM entries WHERE missed > 0 OR withdrawn_at IS NOT NULL"))


def test_an_entry_hidden_by_a_stale_page_is_not_missing_however_often_it_is_served(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(*STALE)
    for _ in range(3):
        assert column.crawl(*STALE, outcome="unchanged").withdrawn == 0
    assert missed(column) == {}
    ids = column.ids()
    counts = column.crawl(*FRESH)
    assert (counts.new, counts.returned, column.ids()) == (0, 0, ids)


def test_a_crawl_counts_only_entries_on_its_pages(column: Column) -> None:
    column.crawl(*BEFORE)
    assert column.crawl(*STALE).entries == 6
    assert column.crawl(*STALE, outcome="unchanged").entries == 6


def test_a_doubtful_absence_counts_when_the_next_page_changes(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(*STALE)
    changed = (STALE[0], listing(C, entry("Dunes", commentary="Edited.")), STALE[2])
    assert column.crawl(*changed).withdrawn == 0
    assert missed(column) == {"Bears": 1}
    assert column.crawl(*changed, outcome="unchanged").withdrawn == 1


def test_a_true_removal_moves_every_later_page_and_counts_at_once(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(listing(A, C), listing(D, E), F)
    assert missed(column) == {"Bears": 1}
    assert column.crawl(listing(A, C), listing(D, E), F, outcome="unchanged").withdrawn == 1


@pytest.mark.parametrize(
    "after",
    [
        (*BEFORE[:2], E),  # from the last page
        (*BEFORE[:2], listing(NEW, E)),
        (BEFORE[0], listing(C, D)),  # the last page itself
    ],
)
def test_an_absence_from_the_last_page_counts_at_once(column: Column, after: tuple[str, ...]) -> None:
    column.crawl(*BEFORE)
    column.crawl(*after)
    assert missed(column)["Foxes"] == 1
    assert column.crawl(*after, outcome="unchanged").withdrawn >= 1


def test_a_replacement_on_one_page_is_doubtful_until_two_fresh_crawls_a_week_apart_lack_it(column: Column) -> None:
    """Only requests that bypass all caches can distinguish this from a stale page."""
    column.crawl(*BEFORE, fresh=True)
    column.crawl(*STALE, fresh=True)
    first = column.day
    for day in (1, 3, 6):
        column.day = first + day - 1
        assert column.crawl(*STALE, outcome="unchanged", fresh=True).withdrawn == 0
    column.day = first + 7 - 1
    assert column.crawl(*STALE, outcome="unchanged", fresh=True).withdrawn == 1
    assert column.kinds()[-1] == "withdrawn"


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (None, None), (True, None), (None, True)])
def test_a_crawl_that_may_have_been_answered_by_a_cache_confirms_nothing(
    column: Column, first: bool | None, second: bool | None
) -> None:
    column.crawl(*BEFORE, fresh=True)
    column.crawl(*STALE, fresh=first)
    column.day += 30
    assert column.crawl(*STALE, outcome="unchanged", fresh=second).withdrawn == 0
    assert missed(column) == {}


def test_a_partial_or_quick_crawl_confirms_no_absence(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(*STALE, outcome="partial", fresh=True)
    column.crawl(*STALE, mode="quick", fresh=True)
    column.day += 30
    assert column.crawl(*STALE, fresh=True).withdrawn == 0


def test_a_sighting_restarts_the_count_of_absences(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(*STALE, fresh=True)
    column.crawl(*BEFORE)
    column.day += 30
    assert column.crawl(*STALE, fresh=True).withdrawn == 0
    assert missed(column) == {}


def test_the_first_unchanged_page_decides_if_several_pages_changed(column: Column) -> None:
    """More new entries than a page holds: B, C and D are on page 3 now, but the cache has the old page 3."""
    news = [entry(f"News {number}") for number in range(3)]
    column.crawl(*BEFORE)
    stale = (listing(*news[:2]), listing(news[2], A), BEFORE[2])
    column.crawl(*stale)
    assert column.crawl(*stale, outcome="unchanged").withdrawn == 0
    assert missed(column) == {}


def test_a_sighting_of_a_partial_crawl_is_compared_with_the_listing_of_that_time(column: Column) -> None:
    column.crawl(*BEFORE)
    column.crawl(listing(B, A), outcome="partial")
    column.crawl(listing(NEW, A), *BEFORE[1:])
    assert missed(column) == {}


def test_a_rebuild_judges_absences_equally(column: Column) -> None:
    column.crawl(*BEFORE, fresh=True)
    column.crawl(*STALE, fresh=True)
    column.crawl(*STALE, outcome="unchanged")
    column.day += 9
    column.crawl(*STALE, outcome="unchanged", fresh=True)
    column.crawl(listing(NEW, A), listing(C, E), F)
    again = rebuild(column.db, LineParser(), at=column.today, authority="example.org,2026", apply=False)
    assert (again.differences, again.minted) == ((), 0)


@pytest.mark.parametrize(
    ("page", "before", "first", "now", "doubtful"),
    [
        (1, "abc", "xbc", "xbc", True),
        (1, "abc", "xbc", "xyc", False),
        (1, "abc", "xyc", "xyc", True),
        (1, "abc", "xyc", "xyz", False),
        (1, "abc", "xyz", "xbc", False),  # its first absence was not doubtful
        (1, "abc", "xb", "xb", True),
        (1, "ab", "xbc", "xbc", True),
        (2, "abc", "axc", "axc", True),
        (2, "ab", "ax", "ax", False),
        (2, "abc", "axyc", "axyc", False),  # a page was added
        (3, "abc", "abx", "abx", False),
    ],
)
def test_an_absence_is_doubtful_while_the_first_unchanged_later_page_stays_unchanged(
    page: int, before: str, first: str, now: str, doubtful: bool
) -> None:
    states = [dict(enumerate(bodies, start=1)) for bodies in (before, first, now)]
    assert is_doubtful(page, *states) is doubtful


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=8),
)
def test_no_listed_entry_is_withdrawn_whichever_later_pages_are_stale(
    steps: list[tuple[int, int, int]],
) -> None:
    """Crawl pages of three entries, of which some are fresh and others are from when the cache was last emptied.

    Each step adds entries at the top, three at most until the cache is emptied again, and crawls some days later.
    """
    with open_archive(Path(":memory:")) as db:
        column = Column(db)
        listed = [entry(f"Old {number}") for number in range(12)]
        cached, added, number = pages_of(listed), 0, 0
        column.crawl(*cached, fresh=True)
        for fresh, more, days in steps:
            column.day += days
            for _ in range(min(more, 3 - added)):
                number, added = number + 1, added + 1
                listed.insert(0, entry(f"Young {number}"))
            now = pages_of(listed)
            if fresh == 0:
                cached, added = now, 0
            column.crawl(*now[:fresh], *cached[fresh:], *now[len(cached) :])
            assert column.rows("SELECT title FROM entries WHERE withdrawn_at IS NOT NULL OR missed > 0") == []


def pages_of(lines: list[str]) -> list[str]:
    return [listing(*lines[start : start + 3]) for start in range(0, len(lines), 3)]


def test_a_cache_that_serves_later_pages_of_yesterday_withdraws_nothing(
    command: CommandLine, server: ListingServer
) -> None:
    server.site = make_site(make_entries(13))
    command.crawl(server)
    fresh = make_site(make_entries(2, first=90) + make_entries(13))
    server.site = {**server.site, page_name(1): fresh[page_name(1)]}
    for _ in range(3):
        row = command.crawl(server)
        assert (row["exit_code"], row["withdrawn"], row["entries"]) == (0, 0, 13)
    assert command.rows("SELECT * FROM entries WHERE missed > 0") == []
    server.site = fresh
    row = command.crawl(server)
    assert (row["outcome"], row["new"], row["returned"], row["withdrawn"]) == ("complete", 0, 0, 0)
    assert [one["kind"] for one in command.rows("SELECT kind FROM changes ORDER BY at")] == ["new"] * 15
    assert json.loads(command("reparse", "--check", "--json").stdout)["ok"] is True
