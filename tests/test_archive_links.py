"""What the archive keeps of links: one row a key, the address that was told, whose turn it is to be followed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.settling import A, B, Column, LineParser, listing

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.dump import dump_rows
from foreign_eyes.archive.rebuilding.rebuild import rebuild, rebuild_if_outdated
from foreign_eyes.archive.schema import APPLICATION_ID, migrations
from foreign_eyes.archive.settling.link_rows import links_to_follow
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Traffic
from foreign_eyes.listing.values import ListingPage, Verdict

AUTHORITY = "example.org,2026"


class Cleaning(LineParser):
    """Knows a link by what stands before its question mark."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        page = super().parse_listing(body, url, content_type)
        links = tuple(replace(link, key=link.url.partition("?")[0]) for link in page.links)
        return replace(page, links=links)


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def search(number: int, place: str = "search") -> str:
    return f"link|Patent Search|http://{place}.example/?t={number}"


def crawl(column: Column, *lines: str, parser: LineParser | None = None, status: int | None = 200) -> None:
    """Crawl a page and follow the links on it."""
    crawl_id = column.capture([[listing(*lines)]])
    for line in lines:
        if status is not None and line.startswith("link|"):
            url = line.rpartition("|")[2]
            record_capture(column.db, crawl_id, Fetched("link", url, url, column.today, status, (), b"there"))
    at = column.today + timedelta(minutes=1)
    settle(column.db, crawl_id, Verdict("complete"), parser or Cleaning(), Traffic(), at=at, authority=AUTHORITY)


def test_a_link_is_one_row_that_keeps_its_first_address_and_shows_the_last(column: Column) -> None:
    for number in range(3):
        crawl(column, A, search(number))
    assert column.rows("SELECT key, url, last_url, outcome FROM links") == [
        ("http://search.example/", "http://search.example/?t=0", "http://search.example/?t=2", "ok")
    ]
    assert column.rows("SELECT url FROM patent_search_links") == [("http://search.example/?t=2",)]
    assert column.kinds() == ["new"]


def test_a_link_that_is_not_followed_is_skipped_and_keeps_its_last_status(column: Column) -> None:
    crawl(column, A, search(1), status=404)
    crawl(column, A, search(2), status=None)
    assert column.rows("SELECT status, outcome FROM patent_search_links") == [(404, "skipped")]


def test_the_least_recently_followed_come_first_each_once(column: Column) -> None:
    places = ["http://a.example/", "http://b.example/", "http://c.example/"]
    lines = [f"link|Patent Search|{place}" for place in places]
    crawl(column, A, *lines, status=None)
    assert links_to_follow(column.db, 1, 2) == places[:2]
    crawl_id = column.db.execute("SELECT max(crawl_id) FROM crawls").fetchone()[0]
    assert crawl_id == 1
    column.answers = dict.fromkeys(places[:2], 200)
    column.crawl(listing(A, *lines))
    assert links_to_follow(column.db, 1, 2) == [places[2], places[0]]
    crawl(column, A, *lines, f"link|Search patents|{places[0]}?t=1", status=None)
    assert sorted(links_to_follow(column.db, 1, 9)) == [*places]


def test_an_address_that_is_known_is_the_same_link_whatever_its_key_is_now(column: Column) -> None:
    crawl(column, A, search(1), parser=LineParser())
    crawl(column, A, search(1))
    assert column.rows("SELECT key FROM links") == [("http://search.example/",)]
    assert column.kinds() == ["new"]


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Column]:
    """An archive of the version before, with a change of a link's time stamp that was told."""
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        db = Database(connection)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA foreign_keys=ON")
        migrations.apply(db, stop_before="m012_links")
        # for the program of today, which captures below
        db.execute("ALTER TABLE captures ADD COLUMN leniency TEXT")
        db.execute("CREATE TABLE forgotten_sources (forgotten_id INTEGER PRIMARY KEY, at, source_id, kind)")
        db.execute("INSERT INTO sources VALUES (1, 'town', 'http://town.example/', 'The column', 'en')")
        column = Column(db)
        for number in (1, 2):
            crawl_id = column.capture([[listing(A, B, search(number))]])
            url = search(number).rpartition("|")[2]
            record_capture(db, crawl_id, Fetched("link", url, url, column.today, 200, (), b"there"))
            db.execute(
                "UPDATE crawls SET outcome = 'complete', settled = 1, parser_version = 1, finished_at = started_at"
                " WHERE crawl_id = ?",
                (crawl_id,),
            )
            db.execute(
                "INSERT INTO links VALUES (?, 1, 'Patent Search', ?, '2026-03-01T09:00:00.000000Z', NULL, 200, 'ok', ?)",
                (number, url, "2026-03-02T09:00:00.000000Z" if number == 1 else None),
            )
        db.execute(
            "INSERT INTO changes (source_id, crawl_id, at, kind, link_id, former_link_id)"
            " VALUES (1, 2, '2026-03-02T09:00:30.000000Z', 'link changed', 2, 1)"
        )
        db.execute("ALTER TABLE captures DROP COLUMN leniency")
        db.execute("DROP TABLE forgotten_sources")
    with open_archive(path) as db:
        yield Column(db, day=5)


def test_an_archive_of_the_version_before_keeps_what_was_told_and_tells_no_more(older: Column) -> None:
    assert older.rows("SELECT key = url AND last_url = url, outcome FROM links") == [(1, "ok"), (1, "ok")]
    told = older.rows("SELECT change_id, at, kind FROM changes")
    words = [row for row in dump_rows(older.db, "changes") if row["kind"] == "link changed"]
    rebuild_if_outdated(older.db, Cleaning(), at=older.today, authority=AUTHORITY)
    crawl(older, A, B, search(3))
    assert [row for row in older.rows("SELECT change_id, at, kind FROM changes") if row[2] == "link changed"] == told
    again = [row for row in dump_rows(older.db, "changes") if row["kind"] == "link changed"]
    assert [(row["link_label"], row["link_url"]) for row in again] == [
        (row["link_label"], row["link_url"]) for row in words
    ]
    assert older.rows("SELECT last_url FROM links WHERE gone_at IS NULL") == [("http://search.example/?t=3",)]
    assert older.rows("PRAGMA foreign_key_check") == []
    assert rebuild(older.db, Cleaning(), at=older.today, authority=AUTHORITY, apply=False).differences == ()


def test_the_views_of_a_migrated_archive_have_their_columns(older: Column) -> None:
    assert older.rows("SELECT url, status, outcome FROM patent_search_links ORDER BY url") == [
        ("http://search.example/?t=1", 200, "ok"),
        ("http://search.example/?t=2", 200, "ok"),
    ]
    assert older.rows("SELECT outcome, requests FROM crawl_log") == [("complete", 0)] * 2
