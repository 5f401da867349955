"""Publishing a real archive: reproducible bytes, minimal writes, and complete files after every failure."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import feedparser
import lxml.html
import pytest
from sqlite_utils import Database
from support import feed_walk

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.feed_state.current_entries import newest_entries
from foreign_eyes.archive.feed_state.feed_log import correct_log
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.feeds.errors import NothingToPublish, OutputTaken, OutputUnwritable
from foreign_eyes.feeds.publish import Published, Target, publish
from foreign_eyes.feeds.site_map import FEED_FORMATS
from foreign_eyes.listing.values import ListedEntry, ListingPage, Pager, Verdict

ROOT = Path(__file__).parents[1]
AUTHORITY = "eyes.example,2026"
SOURCE = Source("made-up", "https://office.example/index.htm", "A Made-up Column", "en")
START = datetime(2021, 3, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def listed_entry(line: str) -> ListedEntry:
    """Make an entry of a title, or of `title|publication`."""
    title, _, publication = line.partition("|")
    paper = publication or "The Post"
    excerpt = f"What {title} is about, told at such a length that nobody takes it for another."
    return ListedEntry(excerpt, f"——{title}, by {paper}", title, paper, f"On {title}.")


class TinyParser:
    """Reads bodies that are JSON lists of titles."""

    PARSER_VERSION = 1

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Make an entry of each title."""
        entries = tuple(map(listed_entry, json.loads(body)))
        return ListingPage(entries, 1, (), Pager("none"), True, "utf-8")

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Nothing blocks."""
        return None


def crawl(
    db: Database, titles: list[str], at: datetime = START, source: Source = SOURCE, parser: TinyParser | None = None
) -> None:
    """Settle a complete crawl that found these titles; a title may have a publication behind a bar."""
    crawl_id = begin_crawl(db, source, "full", at)
    body = json.dumps(titles).encode()
    seen = at + timedelta(seconds=1)
    record_capture(db, crawl_id, Fetched("listing", source.url, source.url, seen, 200, (), body, pass_number=1, page=1))
    settle(db, crawl_id, Verdict("complete"), parser or TinyParser(), Traffic(), at=seen, authority=AUTHORITY)


def add_crawl(copy: Database, titles: list[str], at: datetime) -> list[int]:
    """Add an imported crawl of that time to a copy that is to be derived again."""
    cursor = copy.execute(
        "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome, settled, imported)"
        " VALUES (1, 'full', :at, :at, :at, 'partial', 1, 1)",
        {"at": to_text(at)},
    )
    body = json.dumps(titles).encode()
    fetched = Fetched("listing", SOURCE.url, SOURCE.url, at, 200, (), body, pass_number=1, page=1)
    record_capture(copy, int(cursor.lastrowid or 0), fetched)
    return [int(cursor.lastrowid or 0)]


def rewrite(db: Database, title: str, listed: list[str], at: datetime) -> None:
    """Settle a crawl in which that entry has another commentary."""

    class Rewritten(TinyParser):
        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            page = super().parse_listing(body, url, content_type)
            anew = [replace(e, commentary=f"Anew on {title}.") if e.title == title else e for e in page.entries]
            return replace(page, entries=tuple(anew))

    crawl(db, listed, at, parser=Rewritten())


class Restyled(TinyParser):
    """Reads an em dash for each hyphen of a title's own words."""

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        page = super().parse_listing(body, url, content_type)
        anew = [replace(e, commentary=e.commentary.replace("-", "\u2014")) for e in page.entries]
        return replace(page, entries=tuple(anew))


def titles(count: int) -> list[str]:
    return [f"Title {number}" for number in range(count, 0, -1)]


def snapshot(folder: Path) -> dict[str, bytes]:
    """All that readers can get: the folder's record tells how it came to be, too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD_NAME
    }


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as archive:
        yield archive


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "public", "https://eyes.example/column", topics={})


def published(db: Database, target: Target, *, everything_anew: bool = False) -> Published:
    return publish(db, SOURCE, target, everything_anew=everything_anew)


def read_manifest(db: Database, output: Path) -> dict[str, str]:
    return Manifest(db, output).digests()


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


# what the one entry of a publication and a topic stands in
FEEDS = [feed_format.file for feed_format in FEED_FORMATS]
OWN_PAGES = {
    *(f"publications/the-post/{name}" for name in ("index.html", *FEEDS)),
    "publications/index.html",
}
COLUMN_FILES = {*FEEDS, "index.html"}


def test_an_archive_becomes_feeds_and_pages(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    done = published(db, target)

    names = set(snapshot(target.output))
    assert COLUMN_FILES | OWN_PAGES | {"changes.xml", "changes.rss", "changes.json", "changes/index.html"} <= names
    assert {"subscriptions.opml", "sitemap.xml", "robots.txt", "404.html", "style.css", "icon.png", "logo.png"} <= names
    assert len([name for name in names if name.startswith("entries/")]) == 3
    assert (done.written, done.unchanged, done.removed) == (len(names), 0, 0)
    assert done.seconds > 0
    parsed = feedparser.parse((target.output / "atom.xml").read_bytes())
    assert [entry.title for entry in parsed.entries] == titles(3)


def test_entries_beyond_the_feed_have_volumes_and_archive_documents(db: Database, target: Target) -> None:
    crawl(db, titles(120))
    published(db, target)

    names = set(snapshot(target.output))
    assert {"pages/1.html", "pages/2.html", "pages/3.html"} <= names
    assert {name for name in names if name.startswith("archive/")} == {
        *("archive/0.xml", "archive/1.xml", "archive/1.json", "archive/2.xml", "archive/2.json")
    }
    assert len([name for name in names if name.startswith("entries/")]) == 120
    assert len(feedparser.parse((target.output / "rss.xml").read_bytes()).entries) == 50


def test_publishing_again_writes_nothing(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    first = published(db, target)
    stamps = {path: path.stat().st_mtime_ns for path in target.output.rglob("*")}

    for everything_anew in (False, True):
        again = published(db, target, everything_anew=everything_anew)
        assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)
        assert {path: path.stat().st_mtime_ns for path in target.output.rglob("*")} == stamps


def test_a_crawl_that_finds_no_change_changes_no_file(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    before = snapshot(target.output)

    crawl(db, titles(60), START + DAY)
    crawl(db, titles(60), START + 2 * DAY)
    assert published(db, target, everything_anew=True).written == 0
    assert snapshot(target.output) == before


def test_publishing_an_archive_in_which_nothing_changed_does_not_write_to_it(
    db: Database, target: Target, tmp_path: Path
) -> None:
    crawl(db, titles(3))
    published(db, target)
    before = (tmp_path / "archive.db").read_bytes()
    published(db, target)

    assert (tmp_path / "archive.db").read_bytes() == before


def test_the_same_archive_gives_the_same_bytes_anywhere(db: Database, target: Target, tmp_path: Path) -> None:
    crawl(db, titles(60))
    published(db, target)
    published(db, replace(target, output=tmp_path / "elsewhere"))

    assert snapshot(tmp_path / "elsewhere") == snapshot(target.output)


def test_a_new_entry_changes_only_the_documents_that_show_it(db: Database, target: Target) -> None:
    crawl(db, [*titles(20), "Another|The Herald"])
    published(db, target)
    before = snapshot(target.output)

    crawl(db, [*titles(21), "Another|The Herald"], START + DAY)
    done = published(db, target)
    names = changed(before, snapshot(target.output))
    (page,) = names - COLUMN_FILES - OWN_PAGES - {"sitemaps/1.xml"}
    assert page.startswith("entries/")
    assert (done.written, done.unchanged) == (len(names), len(before) - len(names) + 1)


def test_a_document_that_the_journal_does_not_name_is_not_checked(db: Database, target: Target) -> None:
    crawl(db, [*titles(20), "Another|The Herald"])
    published(db, target)
    herald = target.output / "publications/the-herald/atom.xml"
    herald.write_bytes(b"vandals")

    crawl(db, [*titles(21), "Another|The Herald"], START + DAY)
    published(db, target)
    assert herald.read_bytes() == b"vandals"
    assert published(db, target, everything_anew=True).written == 1
    assert b"Another" in herald.read_bytes()


def test_an_emptied_folder_is_filled_again(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    before = snapshot(target.output)
    shutil.rmtree(target.output)

    published(db, target)
    assert snapshot(target.output) == before


@pytest.mark.parametrize("count", [49, 50, 51, 99, 100, 101])
def test_at_the_edges_of_volumes_and_documents_an_incremental_publish_equals_a_full_one(
    db: Database, target: Target, tmp_path: Path, count: int
) -> None:
    crawl(db, titles(count))
    published(db, target)
    crawl(db, titles(count + 1), START + DAY)
    published(db, target)
    published(db, replace(target, output=tmp_path / "everything"))

    assert snapshot(target.output) == snapshot(tmp_path / "everything")


def test_a_withdrawal_changes_pages_and_the_changes_but_not_the_feeds(db: Database, target: Target) -> None:
    crawl(db, titles(5))
    published(db, target)
    before = snapshot(target.output)
    crawl(db, titles(4), START + DAY)
    crawl(db, titles(4), START + 2 * DAY)
    published(db, target)

    after = snapshot(target.output)
    feeds = {name for name in changed(before, after) if name.endswith((".xml", ".rss", ".json"))}
    assert feeds == {"changes.xml", "changes.rss", "changes.json"}
    assert b"withdrawn" in after["index.html"]
    assert set(after) == set(before)


def test_with_tombstones_the_atom_feed_says_that_a_withdrawn_entry_is_deleted(db: Database, target: Target) -> None:
    target = replace(target, tombstones=True)
    crawl(db, titles(5))
    published(db, target)
    for day in (1, 2):
        crawl(db, titles(4), START + day * DAY)
    published(db, target)

    atom = (target.output / "atom.xml").read_bytes()
    assert atom.count(b"<at:deleted-entry ") == 1
    assert len(feedparser.parse(atom).entries) == 4


def test_no_file_shows_when_it_was_made_or_the_source_was_last_read(db: Database, target: Target) -> None:
    crawl(db, titles(5))
    crawl(db, titles(5), datetime(2031, 7, 8, 6, tzinfo=UTC))
    published(db, target)

    today = datetime.now(UTC)
    for content in snapshot(target.output).values():
        assert not re.search(rb"\b2031\b", content)  # as a word of its own, since an id can have these digits
        assert today.strftime("%Y-%m-%d").encode() not in content


def test_a_source_without_entries_leaves_the_last_good_feeds(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    before = snapshot(target.output)

    with pytest.raises(NothingToPublish, match="crawl it first"):
        publish(db, Source("empty", SOURCE.url, "Empty", "en"), target)
    assert snapshot(target.output) == before
    assert not db.conn.in_transaction


# archive documents (RFC 5005 section 4)


def test_an_archive_document_never_changes(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    before = snapshot(target.output)
    crawl(db, ["Title 3|The Herald", *titles(60)[1:]], START + DAY)  # one is gone, one is edited
    crawl(db, ["Title 3|The Herald", *titles(60)[1:]], START + 2 * DAY)
    published(db, replace(target, topics={"Seven": ["Title 7"]}), everything_anew=True)

    after = snapshot(target.output)
    assert {name: after[name] for name in before if name.startswith("archive/")} == {
        name: content for name, content in before.items() if name.startswith("archive/")
    }
    assert b"topics/seven" not in after["archive/1.xml"]


def test_a_lost_archive_document_is_written_again_with_the_same_bytes(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    frozen = (target.output / "archive/1.xml").read_bytes()
    (target.output / "archive/1.xml").unlink()
    crawl(db, titles(58), START + DAY)
    crawl(db, titles(58), START + 2 * DAY)

    published(db, target, everything_anew=True)
    assert (target.output / "archive/1.xml").read_bytes() == frozen


def test_each_base_url_has_its_own_archive_documents_and_keeps_them(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    frozen = (target.output / "archive/1.xml").read_bytes()

    published(db, replace(target, base_url="https://moved.example/"))
    moved = (target.output / "archive/1.xml").read_bytes()
    assert b"https://moved.example/archive/1.xml" in moved
    assert b"https://eyes.example/" not in moved
    published(db, target)
    assert (target.output / "archive/1.xml").read_bytes() == frozen


def test_walking_back_from_the_feed_finds_every_entry_first_with_its_current_text(db: Database, target: Target) -> None:
    crawl(db, titles(130))
    published(db, target)
    edited = ["Title 2|The Herald" if title == "Title 2" else title for title in titles(130)]
    crawl(db, edited, START + DAY)
    published(db, target)

    atom = list(feed_walk.walk_atom(target.output, f"{target.base_url}/"))
    items = list(feed_walk.walk_json(target.output, f"{target.base_url}/"))
    assert len(atom) == len(items) == len(list(newest_entries(db, SOURCE.name)))
    assert {one["title"] for one in atom} == set(titles(130))


def test_an_edited_entry_returns_to_the_feed_with_its_id_and_date(db: Database, target: Target) -> None:
    crawl(db, titles(130))
    published(db, target)
    old = next(one for one in feed_walk.walk_atom(target.output, f"{target.base_url}/") if one["title"] == "Title 2")
    rewrite(db, "Title 2", titles(130), START + DAY)
    published(db, target)

    feed = feedparser.parse((target.output / "atom.xml").read_bytes())
    (entry,) = [entry for entry in feed.entries if entry.title == "Title 2"]
    assert (entry.id, entry.published) == (old["id"], old["published"])
    assert entry.updated > old["updated"]
    assert feed.entries[-1] == entry, "it would look new on top"
    assert "Anew on Title 2." in entry.content[0].value


# publications and topics


def test_a_publication_without_entries_is_removed_with_its_feeds(db: Database, target: Target) -> None:
    crawl(db, [*titles(3), "Rare|The Herald"])
    published(db, target)
    assert (target.output / "publications/the-herald/atom.xml").is_file()
    crawl(db, [*titles(3), "Rare|The Post"], START + DAY)

    done = published(db, target)
    assert done.removed == 1 + len(FEED_FORMATS)
    assert not (target.output / "publications/the-herald").exists()
    assert feed_walk.dangling_links(target.output, f"{target.base_url}/") == []
    assert set(read_manifest(db, target.output)) == set(snapshot(target.output))


def test_a_new_topic_applies_to_the_whole_archive_at_the_next_publish(db: Database, target: Target) -> None:
    crawl(db, titles(80))
    published(db, target)
    target = replace(target, topics={**target.topics, "Number seven": ["Title 7"], "Nothing": ["unheard of"]})
    published(db, target)

    feed = feedparser.parse((target.output / "topics/number-seven/atom.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == ["Title 7"]
    assert not (target.output / "topics/nothing").exists()
    opml = (target.output / "subscriptions.opml").read_bytes()
    assert b"topics/number-seven/atom.xml" in opml


def test_a_topic_that_is_no_longer_configured_is_removed(db: Database, target: Target) -> None:
    crawl(db, titles(8))
    published(db, replace(target, topics={"Number seven": ["Title 7"]}))
    published(db, replace(target, topics={}))

    assert not (target.output / "topics/number-seven").exists()
    assert feed_walk.dangling_links(target.output, f"{target.base_url}/") == []


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://moved.example/"},
        {"hub": "https://hub.example/"},
        {"browse": None},
        {"topics": {"Number seven": ["Title 7"]}},
    ],
    ids=str,
)
def test_a_changed_setting_changes_every_document_that_shows_it(
    db: Database, target: Target, tmp_path: Path, change: dict[str, object]
) -> None:
    crawl(db, titles(60))
    published(db, target)
    published(db, replace(target, **change))
    published(db, replace(target, output=tmp_path / "fresh", **change))

    assert snapshot(target.output) == snapshot(tmp_path / "fresh")


# decisions of operators, and captures from elsewhere


def test_the_page_of_a_merged_id_redirects_to_the_surviving_entry(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    kept, other = (entry.entry_id for entry in list(newest_entries(db, SOURCE.name))[:2])
    rebuild(db, TinyParser(), at=START + DAY, authority=AUTHORITY, prepare=lambda copy: merge(copy, kept, other, START))
    published(db, target)

    page = lxml.html.document_fromstring((target.output / f"entries/{other}/index.html").read_bytes())
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == [f"0; url=../../entries/{kept}/"]
    assert page.xpath("//a/@href") == [f"../../entries/{kept}/"]
    assert str(other) in (target.output / f"entries/{kept}/index.html").read_text()


def test_imported_old_entries_are_in_archive_documents_and_do_not_flood_the_feed(db: Database, target: Target) -> None:
    crawl(db, titles(60))
    published(db, target)
    before = feedparser.parse((target.output / "atom.xml").read_bytes())
    old = [f"Old {number}" for number in range(120)]
    rebuild(
        db, TinyParser(), at=START + DAY, authority=AUTHORITY, prepare=lambda copy: add_crawl(copy, old, START - DAY)
    )
    published(db, target)

    feed = feedparser.parse((target.output / "atom.xml").read_bytes())
    newest = [entry.title for entry in feed.entries if not entry.title.startswith("Old")]
    assert newest == [entry.title for entry in before.entries]
    assert len(feed.entries) < 50 + 50
    met = {one["title"] for one in feed_walk.walk_atom(target.output, f"{target.base_url}/")}
    assert met == {*titles(60), *old}


def test_an_operators_name_of_a_publication_does_not_log_imported_entries_again(db: Database, target: Target) -> None:
    target = replace(target, publications={"Another Name": ["The Post"]})
    crawl(db, titles(5))
    old = [f"Old {number}" for number in range(60)]
    rebuild(
        db, TinyParser(), at=START + DAY, authority=AUTHORITY, prepare=lambda copy: add_crawl(copy, old, START - DAY)
    )
    published(db, target)

    assert "Another Name" in (target.output / "archive/1.xml").read_text()
    assert correct_log(db, 1) == 0


# whatever goes wrong


def test_obsolete_files_are_removed_and_other_files_stay(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    (target.output / "pages").mkdir()
    for name in ("pages/9.html", "pages/8.html", "notes.txt"):
        (target.output / name).write_bytes(b"?")
    manifest = read_manifest(db, target.output)
    with writing(db):
        Manifest(db, target.output).record(1, {"pages/9.html": "0" * 64}, ())

    done = published(db, target, everything_anew=True)
    assert (done.written, done.removed) == (0, 1)
    assert (target.output / "notes.txt").read_bytes() == b"?"
    assert [path.name for path in (target.output / "pages").iterdir()] == ["8.html"]
    assert read_manifest(db, target.output) == manifest


def test_the_manifest_lists_every_file_with_its_digest_by_output(db: Database, target: Target, tmp_path: Path) -> None:
    crawl(db, titles(3))
    published(db, target)

    manifest = read_manifest(db, target.output)
    assert manifest == {name: sha256(content).hexdigest() for name, content in snapshot(target.output).items()}
    assert read_manifest(db, tmp_path / "elsewhere") == {}


def test_an_output_that_is_a_symbolic_link_is_identified_by_its_target(
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


def test_an_error_between_files_leaves_each_complete_and_removes_none(db: Database, target: Target) -> None:
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
    assert after["atom.xml"] == before["atom.xml"], "the feed comes after what it leads to"
    assert len(feedparser.parse(after["publications/the-post/atom.xml"]).entries) == 4
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


def test_an_output_that_is_a_symbolic_link_to_itself_is_refused(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    target.output.symlink_to(target.output)

    with pytest.raises(OutputUnwritable):
        published(db, target)


@pytest.mark.parametrize("url", ["ftp://a.example/", "a.example", "https://a.example/?page=1"])
def test_an_invalid_base_url_is_refused_before_anything_is_written(db: Database, target: Target, url: str) -> None:
    crawl(db, titles(3))
    with pytest.raises(ValueError, match="base URL"):
        published(db, replace(target, base_url=url))
    assert not target.output.exists()


def test_progress_is_reported_after_each_file(db: Database, target: Target) -> None:
    crawl(db, titles(2))
    told: list[tuple[int, int]] = []
    done = publish(db, SOURCE, target, progress=lambda done, total: told.append((done, total)))

    assert told == [(number, done.written) for number in range(1, done.written + 1)]


def test_publishing_locks_the_archive_for_writers(db: Database, target: Target, tmp_path: Path) -> None:
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

    done = publish(db, SOURCE, target, progress=try_to_write)
    assert refusals == ["database is locked"] * done.written


def test_a_reader_during_a_publish_finds_no_dangling_link(db: Database, target: Target) -> None:
    base_url = f"{target.base_url}/"
    dangling: list[str] = []

    def look(_done: int, _total: int) -> None:
        dangling.extend(feed_walk.dangling_links(target.output, base_url))

    for number, listing in enumerate(
        (
            titles(49),
            titles(52),  # an archive document, pages
            ["New|The Herald", *titles(52)],
            ["New|The Herald", "Title 52|The Herald", *titles(51)],
        )
    ):
        crawl(db, listing, START + number * DAY)
        publish(db, SOURCE, target, progress=look if number else None)
    crawl(db, ["New|The Post", *titles(52)], START + 9 * DAY)  # the last of the Herald
    publish(db, SOURCE, replace(target, topics={"Seven": ["Title 7"]}), progress=look)

    assert dangling == []
    assert feed_walk.dangling_links(target.output, base_url) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.values import (Source)
from foreign_eyes.feeds.publish import Target, publish

def die(done, total):
    if done == int(total * float(sys.argv[3])):
        os.kill(os.getpid(), signal.SIGKILL)

with open_archive(Path(sys.argv[1])) as db:
    source = Source("made-up", "https://office.example/index.htm", "A Made-up Column", "en")
    target = Target(Path(sys.argv[2]), "https://eyes.example/column", topics={})
    publish(db, source, target, progress=die)
"""


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9, 1.0])
def test_the_next_publish_completes_a_killed_one(db: Database, target: Target, tmp_path: Path, part: float) -> None:
    crawl(db, titles(49))
    published(db, target)
    old = snapshot(target.output)
    crawl(db, ["Something new", *titles(49)], START + DAY)  # the fiftieth event: a document is frozen
    arguments = [str(tmp_path / "archive.db"), str(target.output), str(part)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    half_done = snapshot(target.output)

    crawl(db, ["Newer still", "Something new", *titles(49)], START + 2 * DAY)
    published(db, replace(target, output=tmp_path / "clean"))
    new = snapshot(tmp_path / "clean")
    published(db, target)
    assert snapshot(target.output) == new
    assert set(read_manifest(db, target.output)) == set(new)
    frozen = {name: content for name, content in half_done.items() if name.startswith("archive/")}
    assert frozen.items() <= new.items(), "what was frozen before the kill stays"
    assert old.keys() <= new.keys()


def test_the_next_publish_removes_the_temporary_file_of_a_killed_run(db: Database, target: Target) -> None:
    crawl(db, titles(2))
    folder = target.output / f"entries/{next(newest_entries(db, SOURCE.name)).entry_id}"
    folder.mkdir(parents=True)
    (folder / ".index.html.foreign-eyes").write_bytes(b"half")
    (target.output / ".atom.xml.foreign-eyes").write_bytes(b"half")
    (target.output / ".htaccess").write_bytes(b"mine")
    published(db, target)

    assert {name for name in snapshot(target.output) if "/." in f"/{name}"} == {".htaccess"}


def test_another_sources_feeds_are_replaced_only_with_take_over(db: Database, target: Target) -> None:
    crawl(db, titles(3))
    published(db, target)
    before = snapshot(target.output)
    other = Source("other", "https://other.example/", "Other", "en")
    crawl(db, ["Elsewhere"], START + DAY, source=other)

    with pytest.raises(OutputTaken, match="holds the feeds of made-up"):
        publish(db, other, target)
    assert snapshot(target.output) == before

    publish(db, other, target, take_over=True)
    after = snapshot(target.output)
    assert b"<title>Other</title>" in after["atom.xml"]
    assert len([name for name in after if name.startswith("entries/")]) == 1
    with pytest.raises(OutputTaken, match="holds the feeds of other"):
        published(db, target)
    publish(db, SOURCE, target, take_over=True)
    assert snapshot(target.output) == before


def test_two_sources_of_one_archive_do_not_change_each_others_folders(
    db: Database, target: Target, tmp_path: Path
) -> None:
    other = Source("other", "https://other.example/", "Other", "en")
    crawl(db, titles(60))
    crawl(db, titles(60), START + timedelta(hours=1), source=other)
    published(db, target)
    publish(db, other, replace(target, output=tmp_path / "other"))
    before = snapshot(target.output)
    crawl(db, titles(61), START + DAY, source=other)

    assert published(db, target).written == 0
    assert publish(db, other, replace(target, output=tmp_path / "other")).written > 0
    assert snapshot(target.output) == before
    assert not {entry.entry_id for entry in newest_entries(db, "other")} & {
        int(name.split("/")[1]) for name in before if name.startswith("entries/")
    }


def test_a_restyle_is_published_without_an_announcement(db: Database, target: Target) -> None:
    listed = [*titles(60), "A first - and last"]
    crawl(db, listed)
    published(db, target)
    before = snapshot(target.output)
    crawl(db, listed, START + DAY, parser=Restyled())
    assert published(db, target).written > 0
    after = snapshot(target.output)

    [(entry_id,)] = db.execute("SELECT entry_id FROM restyles").fetchall()
    changed = {name for name in after if after[name] != before.get(name)}
    assert f"entries/{entry_id}/index.html" in changed
    assert "\u2014 and last" in after[f"entries/{entry_id}/index.html"].decode()
    assert not {name for name in changed if name.startswith(("archive/", "changes"))}
    assert re.findall(b"<updated>[^<]*", after["atom.xml"]) == re.findall(b"<updated>[^<]*", before["atom.xml"])
    assert published(db, target).written == 0
    assert published(db, target, everything_anew=True).written == 0
