"""Wrong clocks, by real commands and a real server: what a crawl settles, what it remembers, what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from support.fake_clock import FakeClock
from support.listing_server import Handler, ListingServer, etag
from support.listings import LISTING, make_entries, make_site

HOUR = timedelta(hours=1)


class Site:
    """The server's listing, under a clock of the site's own: as far ahead of the machine's as `ahead` says; None for no Date."""

    def __init__(self, server: ListingServer):
        self.server = server
        self.ahead: timedelta | None = timedelta(0)
        self.age: int | None = None
        for path in server.site:
            server.faults[path] = self.answer

    def answer(self, handler: Handler) -> None:
        body = self.server.site[handler.path]
        handler.now.status = status = 304 if handler.headers.get("If-None-Match") == etag(body) else 200
        handler.send_response_only(status)
        if self.ahead is not None:
            told = datetime.now(UTC) + self.ahead - timedelta(seconds=self.age or 0)
            handler.send_header("Date", format_datetime(told, usegmt=True))
        if self.age is not None:
            handler.send_header("Age", str(self.age))
        handler.send_header("ETag", etag(body))
        handler.send_header("Content-Type", "text/html")
        if status == 200:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if status == 200:
            handler.wfile.write(body)


@pytest.fixture
def site(server: ListingServer) -> Site:
    return Site(server)


@pytest.fixture
def clock(tmp_path: Path) -> FakeClock:
    return FakeClock(tmp_path / "offset")


Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def crawl(command: CommandLine, server: ListingServer, clock: FakeClock) -> Crawl:
    """Crawl with the machine's clock as far ahead as the offset says."""

    def run(offset: str = "+0", *options: str) -> dict[str, Any]:
        clock.set(offset)
        url = server.origin + LISTING
        done = command("crawl", url, "--name", "town", "--delay", "0", "--json", *options, env=clock.env)
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout), "exit_code": done.returncode, "stderr": done.stderr}

    return run


def add_entries(server: ListingServer, number: int) -> None:
    server.site.update(make_site(make_entries(number)))


LONG = pytest.mark.long


@pytest.mark.parametrize("leap", ["+1y", "+73y", *(pytest.param(leap, marks=LONG) for leap in ("+20y", "-1y", "+3d"))])
def test_a_clock_that_leaps_settles_nothing_and_harms_no_later_crawl(
    command: CommandLine, server: ListingServer, site: Site, crawl: Crawl, leap: str
) -> None:
    assert crawl()["outcome"] == "complete"
    before = command.derived()
    add_entries(server, 17)
    row = crawl(leap)
    assert (row["exit_code"], row["outcome"], row["new"]) == (65, "suspect", 0)
    assert command.derived() == before
    now = datetime.now(UTC)
    assert f"{now.year}-" in row["reason"]
    assert row["started_at"][:10] in row["reason"]

    row = crawl()
    assert (row["exit_code"], row["outcome"], row["new"], row["reason"]) == (0, "complete", 2, None)
    dates = command.rows("SELECT feed_date, first_seen, last_seen, not_before FROM current_entries")
    assert all(value is None or value[:4] == str(now.year) for row in dates for value in row.values())
    assert {row["ordered_at"][:4] for row in command.rows("SELECT ordered_at FROM crawls WHERE settled = 1")} == {
        str(now.year)
    }
    server.asked.clear()
    assert crawl()["outcome"] == "unchanged"
    assert set(server.statuses()) == {304}


def test_a_clock_that_is_right_again_finds_the_alarm_of_a_stale_archive_alive(
    command: CommandLine, site: Site, crawl: Crawl, clock: FakeClock
) -> None:
    crawl()
    crawl("+73y")
    clock.set("+3d")
    status = json.loads(command("status", "--json", env=clock.env).stdout)
    assert any("no good crawl for 3 days" in problem["what"] for problem in status["problems"])


def test_an_accepted_clock_is_let_through_and_remembered(server: ListingServer, site: Site, crawl: Crawl) -> None:
    crawl()
    assert crawl("+40h")["outcome"] == "suspect"
    add_entries(server, 16)
    row = crawl("+40h", "--accept")
    assert (row["exit_code"], row["outcome"], row["new"]) == (0, "complete", 1)
    assert "accepted" in row["reason"]
    assert (crawl("+40h")["outcome"], crawl("+40h")["reason"]) == ("unchanged", None)


@pytest.mark.parametrize("hours", [8, pytest.param(-8, marks=LONG)])
def test_a_site_that_tells_local_time_as_gmt_is_believed(
    site: Site, crawl: Crawl, command: CommandLine, hours: int
) -> None:
    site.ahead = hours * HOUR
    assert [crawl()["outcome"] for _ in range(2)] == ["complete", "unchanged"]
    found = command.rows("SELECT clock_difference, usual_difference FROM crawls")
    assert all(abs(value + hours * 3600) < 120 for row in found for value in row.values())


@pytest.mark.parametrize("change", [-8, *(pytest.param(change, marks=LONG) for change in (8, 1))])
def test_a_site_that_sets_its_time_zone_right_stops_one_crawl_only(
    server: ListingServer, site: Site, crawl: Crawl, change: int
) -> None:
    site.ahead = 8 * HOUR
    crawl()
    site.ahead += change * HOUR
    add_entries(server, 16)
    assert crawl()["exit_code"] == 65
    assert crawl()["exit_code"] == 65  # it is not an hour later yet
    site.ahead += HOUR  # both clocks move on
    row = crawl("+1h")
    assert (row["exit_code"], row["outcome"], row["new"]) == (0, "complete", 1)
    assert "is usual from now on" in row["reason"]
    assert "warning: " in row["stderr"]
    site.ahead += HOUR
    row = crawl("+2h")
    assert (row["outcome"], row["reason"]) == ("unchanged", None)


def test_an_hour_that_only_the_clock_that_was_set_tells_does_not_count(site: Site, crawl: Crawl) -> None:
    crawl()
    assert crawl("+2h")["outcome"] == "suspect"
    assert crawl("+170m")["outcome"] == "suspect"


@pytest.mark.parametrize(("ahead", "exit_code"), [(8 * HOUR, 0), (25 * HOUR, 65)])
def test_on_first_contact_clocks_may_differ_by_a_day(
    site: Site, crawl: Crawl, ahead: timedelta, exit_code: int
) -> None:
    site.ahead = ahead
    assert crawl()["exit_code"] == exit_code
    if exit_code:
        assert crawl("+0", "--accept")["exit_code"] == 0
        assert crawl()["exit_code"] == 0


@pytest.mark.parametrize(
    ("leap", "outcome"), [("+300d", "unchanged"), ("+401d", "suspect"), ("-2h", "suspect"), ("-50m", "unchanged")]
)
def test_of_a_site_that_tells_no_time_the_archives_own_times_count(
    site: Site, crawl: Crawl, leap: str, outcome: str
) -> None:
    site.ahead = None
    assert crawl()["outcome"] == "complete"
    assert crawl(leap)["outcome"] == outcome


def test_what_a_cache_has_kept_for_hours_is_no_wrong_clock(site: Site, crawl: Crawl) -> None:
    crawl()
    site.age = 30 * 3600
    row = crawl()
    assert (row["outcome"], row["reason"]) == ("unchanged", None)


def test_a_few_old_answers_are_outvoted(server: ListingServer, site: Site, crawl: Crawl) -> None:
    crawl()

    def old(handler: Handler) -> None:
        right, site.ahead = site.ahead, -300 * 24 * HOUR
        site.answer(handler)
        site.ahead = right

    server.faults[LISTING] = old
    assert crawl()["outcome"] == "unchanged"


def test_a_blocked_crawl_stays_blocked_whatever_its_clock(server: ListingServer, site: Site, crawl: Crawl) -> None:
    crawl()
    server.faults[LISTING] = lambda handler: handler.reply(403, b"no")
    assert crawl("+20y")["exit_code"] == 69
    server.faults[LISTING] = site.answer
    assert crawl()["outcome"] == "unchanged"


def test_a_dry_run_tells_of_a_wrong_clock(site: Site, crawl: Crawl) -> None:
    crawl()
    assert crawl("+1y", "--dry-run")["exit_code"] == 65


def test_a_killed_crawl_of_the_future_is_not_trusted(
    command: CommandLine, server: ListingServer, site: Site, crawl: Crawl
) -> None:
    """It was never judged: it orders nothing, is no newest time, and lends no validators."""
    crawl()
    add_entries(server, 16)
    crawl("+1y")  # and now as if it had been killed
    with sqlite3.connect(command.folder / "archive.db") as db:
        db.execute("UPDATE crawls SET outcome = NULL, finished_at = NULL, clock_difference = NULL WHERE crawl_id = 2")
    row = crawl()
    assert (row["outcome"], row["new"]) == ("complete", 1)
    assert {row["last_seen"][:4] for row in command.rows("SELECT last_seen FROM current_entries")} == {
        str(datetime.now(UTC).year)
    }
    (killed,) = command.rows("SELECT outcome, started_at, finished_at FROM crawls WHERE crawl_id = 2")
    assert killed["outcome"] == "failed"
    assert killed["started_at"] <= killed["finished_at"]


def test_a_poisoned_archive_is_healed_by_dating_its_crawl_anew(
    command: CommandLine, server: ListingServer, site: Site, crawl: Crawl
) -> None:
    crawl()
    add_entries(server, 17)
    assert crawl("+73y", "--accept")["new"] == 2
    row = crawl()
    assert row["exit_code"] == 65
    assert "foreign-eyes redate 2 TIME" in row["reason"]
    began = command.rows("SELECT started_at FROM crawls WHERE crawl_id = 1")[0]["started_at"]
    roughly = datetime.fromisoformat(began) + timedelta(seconds=1)
    assert command("redate", "2", roughly.isoformat()).returncode == 0
    row = crawl()
    assert (row["exit_code"], row["outcome"], row["reason"]) == (0, "unchanged", None)
    problems = json.loads(command("check", "--json").stdout)["problems"]
    assert not [problem for problem in problems if "future" in problem["what"]]
    (newest,) = command.rows("SELECT max(feed_date) AS at, max(last_seen) AS seen FROM current_entries")
    assert began < newest["at"] < newest["seen"] < f"{datetime.now(UTC).year + 1}"
