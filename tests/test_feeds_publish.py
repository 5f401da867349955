"""Publishing a real archive: same archive, same bytes; whatever fails, what was there stays whole."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from sqlite_utils import Database

from archive.captures import record_capture
from archive.crawls import begin_crawl
from archive.manifest import read_manifest, replace_manifest
from archive.query import newest_entries
from archive.settling.settle import settle
from archive.store import open_archive, writing
from archive.values import Fetched, ListedEntry, ListingPage, Pager, Source, Traffic, Verdict
from feeds.errors import NothingToPublish, OutputTaken, OutputUnwritable
from feeds.publish import Published, Target, publish

ROOT = Path(__file__).parents[1]
AUTHORITY = "eyes.example,2026"
SOURCE = Source("made-up", "https://office.example/index.htm", "A Made-up Column", "en")
START = datetime(2021, 3, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


class TinyParser:
    """Reads bodies that are JSON lists of titles."""

    PARSER_VERSION = 1

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Make an entry of each title."""
        entries = tuple(
            ListedEntry(f"What {title} is about.", f"——{title}, by The Post", title, "The Post", f"On {title}.")
            for title in json.loads(body)
        )
        return ListingPage(entries, 1, (), Pager("none"), True, "utf-8")

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Nothing blocks."""
        return None


def crawl(db: Database, titles: list[str], at: datetime = START) -> None:
    """Settle a complete crawl that found these titles."""
    crawl_id = begin_crawl(db, SOURCE, "full", at)
    body = json.dumps(titles).encode()
    seen = at + timedelta(seconds=1)
    record_capture(db, crawl_id, Fetched("listing", SOURCE.url, SOURCE.url, seen, 200, (), body, pass_number=1, page=1))
    settle(db, crawl_id, Verdict("complete"), TinyParser(), Traffic(), at=seen, authority=AUTHORITY)


def titles(count: int) -> list[str]:
    return [f"Title {number}" for number in range(count, 0, -1)]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as archive:
        yield archive


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "public", "https://eyes.example/column")


def published(db: Database, target: Target) -> Published:
    return publish(db, SOURCE, target, authority=AUTHORITY)


def test_an_archive_becomes_feeds_and_pages(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    done = published(db, target)

    names = set(snapshot(target.output))
    assert {"atom.xml", "rss.xml", "index.html", "style.css"} <= names
    assert len([name for name in names if name.startswith("entries/")]) == 3
    assert (done.written, done.unchanged, done.removed) == (7, 0, 0)
    assert done.seconds > 0
    parsed = feedparser.parse((target.output / "atom.xml").read_bytes())
    assert [entry.title for entry in parsed.entries] == titles(3)


def test_with_more_entries_than_the_feed_holds_the_old_ones_have_pages(db: Database, target: Target) -> None:
    crawl(db, titles(120))
    published(db, target)

    names = set(snapshot(target.output))
    assert {"pages/1.html", "pages/2.html", "pages/3.html"} <= names
    assert len([name for name in names if name.startswith("entries/")]) == 120
    assert len(feedparser.parse((target.output / "rss.xml").read_bytes()).entries) == 50


def test_publishing_again_writes_nothing(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    first = published(db, target)
    stamps = {path: path.stat().st_mtime_ns for path in target.output.rglob("*")}

    again = published(db, target)
    assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)
    assert {path: path.stat().st_mtime_ns for path in target.output.rglob("*")} == stamps


def test_a_crawl_that_finds_no_change_changes_no_file(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    before = snapshot(target.output)

    crawl(db, titles(60), START + DAY)
    crawl(db, titles(60), START + 2 * DAY)
    assert published(db, target).written == 0
    assert snapshot(target.output) == before


def test_the_same_archive_gives_the_same_bytes_anywhere(db: Database, target: Target, tmp_path: Path) -> None:
    crawl(db, titles(60))
    published(db, target)
    published(db, Target(tmp_path / "elsewhere", target.base_url))

    assert snapshot(tmp_path / "elsewhere") == snapshot(target.output)


def test_one_new_entry_touches_only_what_shows_it(db: Database, target: Target) -> None:
    crawl(db, titles(20))
    published(db, target)
    before = snapshot(target.output)

    crawl(db, titles(21), START + DAY)
    assert published(db, target).written == 4
    after = snapshot(target.output)
    changed = {name for name in after if after[name] != before.get(name)}
    (page,) = changed - {"index.html", "atom.xml", "rss.xml"}
    assert page.startswith("entries/")


def test_a_withdrawal_changes_pages_but_not_the_feeds(db: Database, target: Target) -> None:
    crawl(db, titles(5))
    published(db, target)
    before = snapshot(target.output)
    crawl(db, titles(4), START + DAY)
    crawl(db, titles(4), START + 2 * DAY)
    published(db, target)

    after = snapshot(target.output)
    assert (after["atom.xml"], after["rss.xml"]) == (before["atom.xml"], before["rss.xml"])
    assert b"withdrawn" in after["index.html"]
    assert set(after) == set(before)


def test_no_file_shows_when_it_was_made_or_the_source_was_last_read(db: Database, target: Target) -> None:
    crawl(db, titles(5))
    crawl(db, titles(5), datetime(2031, 7, 8, 6, tzinfo=UTC))
    published(db, target)

    today = datetime.now(UTC)
    for content in snapshot(target.output).values():
        assert b"2031" not in content
        assert today.strftime("%Y-%m-%d").encode() not in content


def test_a_source_without_entries_leaves_the_last_good_feeds(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    before = snapshot(target.output)

    with pytest.raises(NothingToPublish, match="crawl it first"):
        publish(db, Source("empty", SOURCE.url, "Empty", "en"), target, authority=AUTHORITY)
    assert snapshot(target.output) == before
    assert not db.conn.in_transaction


def test_what_is_no_longer_published_is_removed_and_nobody_elses_file(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    (target.output / "pages").mkdir()
    for name in ("pages/9.html", "pages/8.html", "robots.txt"):
        (target.output / name).write_bytes(b"?")
    manifest = read_manifest(db, target.output)
    with writing(db):
        replace_manifest(db, target.output, SOURCE.name, {**manifest, "pages/9.html": "0" * 64})

    done = published(db, target)
    assert (done.written, done.removed) == (0, 1)
    assert (target.output / "robots.txt").read_bytes() == b"?"
    assert [path.name for path in (target.output / "pages").iterdir()] == ["8.html"]
    assert read_manifest(db, target.output) == manifest


def test_the_manifest_lists_every_file_with_its_digest_by_output(db: Database, target: Target, tmp_path: Path) -> None:
    crawl(db, titles(3))
    published(db, target)

    manifest = read_manifest(db, target.output)
    assert set(manifest) == set(snapshot(target.output))
    assert all(len(digest) == 64 for digest in manifest.values())
    assert read_manifest(db, tmp_path / "elsewhere") == {}


def test_an_output_that_is_a_link_is_known_by_the_folder_behind_it(
    db: Database, target: Target, tmp_path: Path
) -> None:
    crawl(db, titles(3))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    target.output.symlink_to("one")
    published(db, target)
    target.output.unlink()
    target.output.symlink_to("two")
    published(db, target)

    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")
    assert read_manifest(db, tmp_path / "one") == read_manifest(db, tmp_path / "two") != {}


def test_an_error_between_files_leaves_each_whole_and_removes_none(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    before, manifest = snapshot(target.output), read_manifest(db, target.output)
    crawl(db, titles(4), START + DAY)
    (target.output / "rss.xml").unlink()
    (target.output / "rss.xml").mkdir()

    with pytest.raises(OutputUnwritable, match=r"rss\.xml: cannot be written \(Is a directory\)"):
        published(db, target)
    after = snapshot(target.output)
    assert set(before) - set(after) == {"rss.xml"}
    assert len(feedparser.parse(after["atom.xml"]).entries) == 4
    assert read_manifest(db, target.output) == manifest
    (target.output / "rss.xml").rmdir()
    published(db, target)
    assert set(read_manifest(db, target.output)) == set(snapshot(target.output))


def test_an_output_that_is_a_file_is_refused_and_stays(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    target.output.write_bytes(b"mine")

    with pytest.raises(OutputUnwritable):
        published(db, target)
    assert target.output.read_bytes() == b"mine"


def test_an_output_that_is_a_link_to_itself_is_refused(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    target.output.symlink_to(target.output)

    with pytest.raises(OutputUnwritable):
        published(db, target)


@pytest.mark.parametrize("url", ["ftp://a.example/", "a.example", "https://a.example/?page=1"])
def test_a_base_url_that_is_none_is_refused_before_anything_is_written(db: Database, target: Target, url: str) -> None:
    crawl(db, titles(3))
    with pytest.raises(ValueError, match="base URL"):
        published(db, Target(target.output, url))
    assert not target.output.exists()


def test_progress_is_told_after_each_file(db: Database, target: Target) -> None:
    crawl(db, titles(2))
    told: list[tuple[int, int]] = []
    publish(db, SOURCE, target, authority=AUTHORITY, progress=lambda done, total: told.append((done, total)))

    assert told == [(number, 6) for number in range(1, 7)]


def test_nobody_writes_the_archive_meanwhile(db: Database, target: Target, tmp_path: Path) -> None:
    crawl(db, titles(2))
    refusals: list[str] = []

    def try_to_write(_done: int, _total: int) -> None:
        other = sqlite3.connect(tmp_path / "archive.db", timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            refusals.append(str(error))
        finally:
            other.close()

    publish(db, SOURCE, target, authority=AUTHORITY, progress=try_to_write)
    assert refusals == ["database is locked"] * 6


@pytest.mark.parametrize("files_done", [1, 5, 12, 14, 15])
def test_a_killed_publish_is_made_good_by_the_next(
    db: Database, target: Target, tmp_path: Path, files_done: int
) -> None:
    crawl(db, titles(10))
    published(db, target)
    old = snapshot(target.output)
    crawl(db, ["Something new", *titles(10)], START + DAY)
    published(db, Target(tmp_path / "clean", target.base_url))
    new = snapshot(tmp_path / "clean")
    script = """
import os, signal, sys
from pathlib import Path
from archive.store import open_archive
from archive.values import Source
from feeds.publish import Target, publish

def die(done, total):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

with open_archive(Path(sys.argv[1])) as db:
    source = Source("made-up", "https://office.example/index.htm", "A Made-up Column", "en")
    target = Target(Path(sys.argv[2]), "https://eyes.example/column")
    publish(db, source, target, authority="eyes.example,2026", progress=die)
"""
    arguments = [str(tmp_path / "archive.db"), str(target.output), str(files_done)]
    killed = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    for name, content in snapshot(target.output).items():
        assert content in (old.get(name), new[name])
    published(db, target)
    assert snapshot(target.output) == new
    assert set(read_manifest(db, target.output)) == set(new)


def test_the_temporary_files_of_a_killed_first_run_are_swept(db: Database, target: Target) -> None:
    crawl(db, titles(2))
    folder = target.output / f"entries/{next(newest_entries(db, SOURCE.name)).entry_id}"
    folder.mkdir(parents=True)
    (folder / ".index.html.0123456789abcdef.foreign-eyes").write_bytes(b"half")
    (target.output / ".atom.xml.0123456789abcdef.foreign-eyes").write_bytes(b"half")
    (target.output / ".htaccess").write_bytes(b"mine")
    published(db, target)

    assert {name for name in snapshot(target.output) if "/." in f"/{name}"} == {".htaccess"}


def test_a_column_of_the_real_size_is_published_in_seconds(db: Database, target: Target) -> None:
    crawl(db, titles(320))
    started = time.monotonic()
    published(db, target)

    assert time.monotonic() - started < 20


def test_another_sources_feeds_are_replaced_only_when_that_is_wanted(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    before = snapshot(target.output)
    db.execute(
        "INSERT INTO sources (name, url, title, language) VALUES ('other', 'https://other.example/', 'Other', 'en')"
    )
    db.execute("UPDATE entries SET source_id = 2")
    other = Source("other", "https://other.example/", "Other", "en")

    with pytest.raises(OutputTaken, match="holds the feeds of made-up"):
        publish(db, other, target, authority=AUTHORITY)
    assert snapshot(target.output) == before

    publish(db, other, target, authority=AUTHORITY, take_over=True)
    assert b"<title>Other</title>" in (target.output / "atom.xml").read_bytes()
    db.execute("UPDATE entries SET source_id = 1")
    with pytest.raises(OutputTaken, match="holds the feeds of other"):
        publish(db, SOURCE, target, authority=AUTHORITY)
