"""Fresh crawls bypass caches: when, how, and what they find behind a broken cache."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from support import listing_server
from support.fake_clock import days_ahead
from support.listing_server import Handler, ListingServer, etag
from support.listings import LISTING, make_entries, make_site, page_name

from foreign_eyes.archive.freshness import is_due
from foreign_eyes.crawler.jobs import job_named

PAGES = [page_name(number) for number in (1, 2, 3)]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


def crawl_on(command: CommandLine, server: ListingServer, day: float, *options: str) -> dict[str, Any]:
    arguments = (server.origin + LISTING, "--name", "town", "--delay", "0", "--json", *options)
    done = command("crawl", *arguments, env=days_ahead(day))
    assert done.stdout, done.stderr
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def without_date(server: ListingServer, *, always_304: bool = False) -> None:
    """Serve the pages without `Date`, because the server's clock is not moved; `always_304` answers 304 to every condition."""

    def answer(handler: Handler) -> None:
        body = server.site[handler.path]
        known = handler.headers.get("If-None-Match")
        if known and (always_304 or known == etag(body)):
            handler.reply_raw(f"HTTP/1.1 304 Not Modified\nETag: {known}\nConnection: close", b"")
            return
        head = f"HTTP/1.1 200 OK\nContent-Type: text/html\nETag: {etag(body)}\nContent-Length: {len(body)}"
        handler.reply_raw(f"{head}\nConnection: close", body)

    server.faults.update(dict.fromkeys([*PAGES, page_name(4)], answer))


def asked(server: ListingServer) -> list[tuple[str, bool, bool]]:
    """Return path, condition and `no-cache` of each request for a listing page."""
    return [
        (
            one.path,
            "If-None-Match" in one.headers,
            (one.headers.get("Cache-Control"), one.headers.get("Pragma")) == ("no-cache",) * 2,
        )
        for one in server.asked
        if one.path in PAGES
    ]


def last_fresh(command: CommandLine) -> str | None:
    report = json.loads(command("status", "--json").stdout)
    found: str | None = report["sources"][0]["last_fresh_crawl"]
    return found


def started(command: CommandLine) -> list[str]:
    return [row["started_at"] for row in command.rows("SELECT started_at FROM crawls ORDER BY crawl_id")]


def test_entries_behind_a_server_that_wrongly_answers_304_are_found_within_seven_days(
    command: CommandLine, server: ListingServer
) -> None:
    without_date(server, always_304=True)
    assert crawl_on(command, server, 0)["new"] == 15
    server.site.update(make_site(make_entries(4, first=90) + make_entries(15)))
    for day in (1, 6.9):
        assert crawl_on(command, server, day)["outcome"] == "unchanged"
    row = crawl_on(command, server, 7)
    assert (row["outcome"], row["new"]) == ("complete", 4)


def test_a_fresh_crawl_by_hand_finds_them_at_once(command: CommandLine, server: ListingServer) -> None:
    without_date(server, always_304=True)
    command.crawl(server)
    server.site.update(make_site(make_entries(4, first=90) + make_entries(15)))
    assert command.crawl(server)["outcome"] == "unchanged"
    row = command.crawl(server, "--fresh")
    assert (row["outcome"], row["new"]) == ("complete", 4)


def test_an_unchanged_listing_costs_a_304_per_page_except_once_a_week(
    command: CommandLine, server: ListingServer
) -> None:
    without_date(server)
    crawl_on(command, server, 0)
    costs = []
    for day in (1, 6, 7, 8):
        server.asked.clear()
        row = crawl_on(command, server, day)
        costs.append((row["outcome"], [one.status for one in server.asked if one.path in PAGES]))
    cheap, fresh = ("unchanged", [304] * 3), ("unchanged", [200] * 3)
    assert costs == [cheap, cheap, fresh, cheap]


def test_only_the_first_pass_is_unconditional_and_every_pass_bypasses_caches(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    assert asked(server) == [*((path, False, True) for path in PAGES), *((path, True, True) for path in PAGES)]
    server.asked.clear()
    command.crawl(server)
    assert asked(server) == [(path, True, False) for path in PAGES]
    captures = command.rows(
        "SELECT crawl_id, pass, asked_fresh FROM captures WHERE page IS NOT NULL ORDER BY capture_id"
    )
    assert [tuple(row.values()) for row in captures] == [
        *([(1, 1, 1)] * 3),
        *([(1, 2, 0)] * 3),
        *([(2, 1, 0)] * 3),
    ]


def test_robots_txt_and_links_are_requested_as_in_other_crawls(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.asked.clear()
    command.crawl(server, "--fresh")
    others = [one for one in server.asked if one.path not in PAGES]
    assert [(one.status, one.headers.get("Cache-Control")) for one in others] == [(304, None)] * 2


def test_status_shows_when_every_page_was_last_requested_unconditionally(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    command.crawl(server)
    assert last_fresh(command) == started(command)[0]
    command.crawl(server, "--fresh")
    assert last_fresh(command) == started(command)[2]
    assert "last fresh crawl 20" in command("status").stdout


def test_a_fresh_crawl_that_does_not_end_well_does_not_count(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.faults[PAGES[1]] = listing_server.status(404)
    assert command.crawl(server, "--fresh")["outcome"] == "partial"
    server.faults[PAGES[1]] = listing_server.status(412)
    assert command.crawl(server, "--fresh")["outcome"] == "blocked"
    assert last_fresh(command) == started(command)[0]


def test_every_crawl_is_fresh_until_one_ends_well(command: CommandLine, server: ListingServer) -> None:
    server.faults[PAGES[2]] = listing_server.status(412)
    command.crawl(server)
    server.faults.clear()
    server.asked.clear()
    assert command.crawl(server)["outcome"] == "complete"
    assert asked(server)[:3] == [(path, False, True) for path in PAGES]


def test_captures_of_earlier_versions_have_an_unknown_kind_of_request(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    with closing(sqlite3.connect(command.folder / "archive.db")) as db, db:
        db.execute("UPDATE captures SET asked_fresh = NULL")
    assert last_fresh(command) is None
    assert "last fresh crawl never" in command("status").stdout
    server.asked.clear()
    command.crawl(server)
    assert asked(server) == [(path, False, True) for path in PAGES]


def test_a_page_found_in_a_later_pass_is_requested_unconditionally_too(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    answers = iter([404])

    def once_missing(handler: Handler) -> None:
        if next(answers, None):
            handler.reply(404, b"<html><p>not now</p></html>")
        else:
            del server.faults[PAGES[1]]
            handler.do_GET()

    server.faults[PAGES[1]] = once_missing
    server.asked.clear()
    command.crawl(server, "--fresh")
    without_condition = [path for path, condition, _ in asked(server) if not condition]
    assert sorted(set(without_condition)) == PAGES
    assert last_fresh(command) == started(command)[1]


def test_a_304_to_an_unconditional_request_settles_nothing_and_is_reported(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    server.faults[PAGES[1]] = lambda handler: handler.reply(304, b"")
    row = command.crawl(server, "--fresh")
    assert (row["exit_code"], row["outcome"]) == (69, "unreachable")
    assert row["reason"].endswith("answers 304 to an unconditional request")


@pytest.mark.parametrize(
    ("settings", "is_fresh"),
    [
        pytest.param("", False, marks=pytest.mark.long),
        pytest.param("fresh_days = 0\n", True, marks=pytest.mark.long),
        ("fresh_days = 0\n[sources.town]\nurl = '{url}'\nfresh_days = 1.5\n", False),
        ("[sources.town]\nurl = '{url}'\nfresh_days = 0\n", True),
    ],
)
def test_up_obeys_the_setting(command: CommandLine, server: ListingServer, settings: str, is_fresh: bool) -> None:
    url = server.origin + LISTING
    (command.folder / "foreign-eyes.toml").write_text(settings.format(url=url))
    town = ["town"] if "[sources.town]" in settings else [url, "--name", "town"]
    for _ in range(2):
        server.asked.clear()
        done = command("up", *town, "--no-serve", "--quiet")
        assert done.returncode == 0, done.stderr
    assert asked(server) == [(path, not is_fresh, is_fresh) for path in PAGES]


def test_scrapy_crawl_reads_the_setting(tmp_path: Path) -> None:
    settings = tmp_path / "foreign-eyes.toml"
    settings.write_text(
        'fresh_days = 3\n[sources.town]\nurl = "https://town.example/"\n'
        '[sources.city]\nurl = "https://city.example/"\nfresh_days = 0.5\n'
    )
    every = {name: job_named(name, None, settings).source.time_between_fresh for name in ("town", "city")}
    assert every == {"town": timedelta(days=3), "city": timedelta(days=0.5)}
    assert job_named("live", None, None).source.time_between_fresh == WEEK


def test_a_fresh_quick_crawl_counts_only_for_quick_crawls(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    with closing(sqlite3.connect(command.folder / "archive.db")) as db, db:
        db.execute("UPDATE captures SET asked_fresh = NULL")
    server.asked.clear()
    command.crawl(server, "--quick")
    assert asked(server) == [(PAGES[0], False, True)]
    assert last_fresh(command) is None
    server.asked.clear()
    command.crawl(server, "--quick")
    assert asked(server) == [(PAGES[0], True, False)]


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (NOW, False),
        (NOW - WEEK + timedelta(days=1), False),
        (NOW - WEEK + timedelta(minutes=5), True),  # a round that begins a little sooner than a week ago's
        (NOW - WEEK, True),
        (NOW - 3 * WEEK, True),
        (NOW + timedelta(days=400), True),  # a clock was wrong
    ],
)
def test_a_week_after_the_last_one_the_next_is_due(last: datetime | None, due: bool) -> None:
    assert is_due(last, NOW, WEEK) is due


def test_with_fresh_days_0_every_crawl_is_fresh() -> None:
    assert is_due(NOW, NOW, timedelta(0))
