"""The times of a crawl are consistent even if the machine's clock is set during the crawl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import CommandLine
from hypothesis import given
from hypothesis import strategies as st
from support.fake_clock import FakeClock
from support.listing_server import Handler, ListingServer, page
from support.listings import LISTING, make_entries, make_site
from support.settling import A, B, Column, LineParser, listing

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Traffic
from foreign_eyes.crawler.steady_clock import seconds_since_boot, steady_clock
from foreign_eyes.listing.values import Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(
    st.lists(st.timedeltas(timedelta(days=-30000), timedelta(days=30000)), min_size=1),
    st.lists(st.floats(0, 1e6), min_size=1),
)
def test_a_steady_clock_ignores_changes_of_the_machines_clock(readings: list[timedelta], seconds: list[float]) -> None:
    said = iter([NOON, *(NOON + off for off in readings)])
    counted = iter([0.0, *sorted(seconds)])
    clock = steady_clock(lambda: next(said), lambda: next(counted))
    times = [clock() for _ in seconds]
    assert times == [NOON + timedelta(seconds=second) for second in sorted(seconds)]


def test_a_counter_that_runs_backwards_does_not_turn_the_clock_back() -> None:
    counted = iter([5.0, 3.0])
    assert steady_clock(lambda: NOON, lambda: next(counted))() == NOON


def test_the_counter_increases() -> None:
    assert seconds_since_boot() <= seconds_since_boot()


@pytest.mark.parametrize("jump", ["-30h", "+30h", "+20y", "-1y"])
def test_a_clock_that_is_set_during_a_crawl_changes_none_of_its_times(
    command: CommandLine, server: ListingServer, tmp_path: Path, jump: str
) -> None:
    command.crawl(server)
    server.site.update(make_site(make_entries(17)))
    clock = FakeClock(tmp_path / "offset")
    first = server.site[LISTING]

    def set_and_answer(handler: Handler) -> None:
        clock.set(jump)
        page(first)(handler)

    server.faults[LISTING] = set_and_answer
    url = server.origin + LISTING
    done = command("crawl", url, "--name", "town", "--delay", "0", "--json", env=clock.env)
    assert done.returncode == 0, done.stderr
    (crawl,) = command.rows("SELECT * FROM crawls WHERE crawl_id = 2")
    captures = command.rows("SELECT fetched_at, purpose FROM captures WHERE crawl_id = 2 ORDER BY capture_id")
    fetched = [row["fetched_at"] for row in captures]
    assert [crawl["started_at"], *fetched] == sorted([crawl["started_at"], *fetched])
    listing = [row["fetched_at"] for row in captures if row["purpose"] == "listing"]
    assert listing[-1] <= crawl["finished_at"]  # links are followed after that
    lasted = datetime.fromisoformat(max(fetched[-1], crawl["finished_at"])) - datetime.fromisoformat(
        crawl["started_at"]
    )
    assert lasted < timedelta(minutes=5)
    new = command.rows("SELECT not_before, first_seen, feed_date FROM entries WHERE not_before IS NOT NULL")
    assert len(new) == 2
    assert all(row["not_before"] <= row["feed_date"] <= row["first_seen"] for row in new)


def test_entries_of_a_crawl_whose_clock_was_set_back_are_no_older_than_what_they_came_after(tmp_path: Path) -> None:
    """Earlier versions wrote such archives: 30 hours back between the start of a crawl and its captures."""
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.crawl(A)
        column.crawl(A)
        start = column.today + timedelta(days=1)
        crawl_id = begin_crawl(db, column.source, "full", start)
        back = start - timedelta(hours=30)
        url, body = "http://town.example/1", listing(A, B).encode()
        record_capture(db, crawl_id, Fetched("listing", url, url, back, 200, body=body, pass_number=1, page=1))
        settle(db, crawl_id, Verdict("complete"), LineParser(), Traffic(), at=back, authority="example,2026")
        ((not_before, first_seen, feed_date),) = db.execute(
            "SELECT not_before, first_seen, feed_date FROM entries WHERE title = 'Bears'"
        ).fetchall()
        assert not_before <= feed_date <= first_seen


def test_a_killed_crawl_is_not_closed_before_its_own_captures(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        source = Column(db).source
        killed = begin_crawl(db, source, "full", NOON)
        url = "http://town.example/1"
        later = NOON + timedelta(minutes=1)
        record_capture(db, killed, Fetched("listing", url, url, later, 200, body=b"", pass_number=1, page=1))
        begin_crawl(db, source, "full", NOON - timedelta(hours=30))
        ((started, finished),) = db.execute(
            "SELECT started_at, finished_at FROM crawls WHERE crawl_id = ?", (killed,)
        ).fetchall()
        assert started < finished
        assert datetime.fromisoformat(finished) == later
