"""What subscribers see of a renamed, joined, merged or moved feed: newsboat reads it, nginx redirects as docs/moving.md says."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from sqlite_utils import Database
from support.feed_readers import Newsboat
from support.programs import needs
from support.published import many
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing
from test_web_nginx import free_port, nginx

from foreign_eyes.archive.backup import back_up
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.rebuilding.source_renames import join_sources, rename_source
from foreign_eyes.feeds.publish import Published, Target, publish

AUTHORITY = "example.org,2026"
LATER = START + 99 * DAY
BEARS_EDITED = entry("Bears", commentary="Edited.")


@dataclass
class Site:
    """An archive, its output folder, and the two addresses under which nginx serves it."""

    folder: Path
    db: Database
    port: int
    old_port: int
    publishes: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def old_address(self) -> str:
        return f"http://127.0.0.1:{self.old_port}/"

    def publish(self, name: str, output: str = "public", base_url: str | None = None) -> Published:
        [source] = [source for source in find_sources(self.db) if source.name == name]
        published = publish(self.db, source, Target(self.folder / output, base_url or self.address))
        self._date(self.folder / output)
        return published

    def _date(self, folder: Path) -> None:
        """Give files that were written now a time a minute after that of the last publish.

        nginx compares times in whole seconds, and the rounds of a test follow each other within one.
        """
        self.publishes += 1
        written = time.time() - 3600
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_mtime > written + 1800:
                os.utime(path, (written, written + 60 * self.publishes - 1800))

    @contextmanager
    def served(self, *, moved: bool = False, joined: bool = False) -> Iterator[None]:
        """Serve the folder at both addresses, with the redirects of the documentation if it has moved or was joined."""
        redirects = documented_redirects()
        old = redirects["location / "].replace("https://new.example.org", self.address.rstrip("/")) if moved else ""
        new = redirects["location /city/ "] if joined else ""
        servers = "\n".join(
            f"server {{ listen 127.0.0.1:{port}; root {self.folder / 'public'}; {lines} }}"
            for port, lines in ((self.port, new), (self.old_port, old))
        )
        temporary = " ".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"daemon off; {user} worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr warn;\n"
            f"events {{ worker_connections 64; }}\nhttp {{ access_log off; {temporary}\n{servers}\n}}\n"
        )
        with nginx(needs("nginx"), self.folder, self.port):
            yield

    def reader(self, name: str, path: str = "atom.xml", *, old: bool = False) -> Newsboat:
        home = self.folder / name
        home.mkdir()
        return Newsboat(home, (self.old_address if old else self.address) + path)


def documented_redirects() -> dict[str, str]:
    """Return the locations in the documentation, by their beginning."""
    blocks = re.findall(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "moving.md").read_text(), re.DOTALL | re.MULTILINE)
    return {
        found[0]: found[0] + found[1]
        for block in blocks
        for found in re.findall(r"^(location \S+ )(.*)$", block, re.MULTILINE)
    }


def titles(reader: Newsboat) -> list[str]:
    """Return the titles of all articles that the reader ever fetched, sorted."""
    reader.fetch()
    return sorted(article.title for article in reader.articles())


def decide(db: Database, prepare: Callable[[Database], Collection[int]]) -> None:
    rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_archive(tmp_path / "archive.db") as db:
        Column(db, "town").crawl(listing(A, B))
        found = Site(tmp_path, db, free_port(), free_port())
        found.publish("town")
        yield found


def test_a_subscriber_of_a_renamed_feed_sees_new_entries_and_none_twice(site: Site) -> None:
    reader = site.reader("reader")
    with site.served():
        assert titles(reader) == ["Apples", "Bears"]
        rename_source(site.db, "town", "city", LATER)
        site.publish("city")
        assert titles(reader) == ["Apples", "Bears"]
        Column(site.db, "city", day=1).crawl(listing(A, B, C))
        site.publish("city")
        assert titles(reader) == ["Apples", "Bears", "Cranes"]


def test_subscribers_of_joined_feeds_lose_no_entry_and_those_of_the_kept_one_see_none_twice(site: Site) -> None:
    reader, other, changes = (
        site.reader("reader"),
        site.reader("other", "city/atom.xml"),
        site.reader("c", "changes.xml"),
    )
    Column(site.db, "city", day=1).crawl(listing(A, BEARS_EDITED, C))
    site.publish("city", "public/city", f"{site.address}city/")
    with site.served():
        assert titles(reader) == ["Apples", "Bears"]
        assert titles(other) == ["Apples", "Bears", "Cranes"]
    decide(site.db, lambda copy: join_sources(copy, "town", "city", LineParser(), LATER, AUTHORITY)[0])
    site.publish("city")
    with site.served(joined=True):
        assert titles(reader) == ["Apples", "Bears", "Cranes"]
        # the log has the edit, which is in it as found and as announced, and the new entry; those that were merged are in it once
        assert site.db.execute("SELECT count(*) FROM feed_log").fetchone() == (5,)
        # under the old ids once more, as the documentation says, but for the one that has no other id
        assert titles(other) == ["Apples", "Apples", "Bears", "Bears", "Cranes"]
        assert titles(changes) == ["Corrected: Bears", "Merged: Apples", "Merged: Bears"]


@pytest.mark.long
def test_a_folder_of_the_joined_source_goes_on_if_the_other_is_published_nowhere(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        Column(db, "town").crawl(listing(*many(60)))
        Column(db, "city", day=1).crawl(listing(*many(60)))
        site = Site(tmp_path, db, 80, 81)
        site.publish("city")
        frozen = (tmp_path / "public" / "archive" / "1.xml").read_bytes()
        decide(db, lambda copy: join_sources(copy, "town", "city", LineParser(), LATER, AUTHORITY)[0])
        site.publish("city")
        assert (tmp_path / "public" / "archive" / "1.xml").read_bytes() == frozen
        assert db.execute("SELECT count(*), max(position) FROM feed_log").fetchone() == (120, 120)
        feed = (tmp_path / "public" / "atom.xml").read_text("utf-8")
        shown = set(re.findall(r"<id>(tag:[^<]*/[0-9]+)</id>", feed))
        current = {tag for (tag,) in db.execute("SELECT tag_uri FROM current_entries")}
        assert shown
        assert shown <= current


def test_a_subscriber_sees_no_entry_again_after_a_merge(site: Site) -> None:
    reader = site.reader("reader")
    with site.served():
        assert titles(reader) == ["Apples", "Bears"]
        ids = Column(site.db).ids()
        decide(site.db, lambda copy: merge(copy, ids["Apples"], ids["Bears"], LATER))
        site.publish("town")
        assert len(titles(reader)) == 2


def test_a_subscriber_of_a_feed_at_another_address_follows_the_redirect_and_sees_no_entry_twice(site: Site) -> None:
    site.publish("town", base_url=site.old_address)
    reader = site.reader("reader", old=True)
    with site.served():
        assert titles(reader) == ["Apples", "Bears"]
    site.publish("town", base_url=site.address)
    Column(site.db, "town", day=1).crawl(listing(A, B, C))
    site.publish("town")
    with site.served(moved=True):
        assert titles(reader) == ["Apples", "Bears", "Cranes"]


def test_an_archive_on_another_machine_goes_on_in_its_folder_and_writes_nothing(site: Site, tmp_path: Path) -> None:
    machine = tmp_path / "new machine"
    machine.mkdir()
    back_up(site.folder / "archive.db", machine / "archive.db", force=False)
    shutil.copytree(site.folder / "public", machine / "public")
    with open_archive(machine / "archive.db") as db:
        moved = Site(machine, db, site.port, site.old_port)
        assert moved.publish("town").written == 0
        Column(db, "town", day=1).crawl(listing(A, B, C))
        assert moved.publish("town").written > 0


def test_without_its_folder_an_archive_on_another_machine_writes_the_same_files(site: Site, tmp_path: Path) -> None:
    machine = tmp_path / "new machine"
    machine.mkdir()
    back_up(site.folder / "archive.db", machine / "archive.db", force=False)
    with open_archive(machine / "archive.db") as db:
        Site(machine, db, site.port, site.old_port).publish("town")
    assert contents(machine / "public") == contents(site.folder / "public")


def test_an_output_folder_that_moved_goes_on_where_it_ended(site: Site) -> None:
    before = contents(site.folder / "public")
    (site.folder / "public").rename(site.folder / "elsewhere")
    assert site.publish("town", "elsewhere").written == 0
    assert contents(site.folder / "elsewhere") == before


def test_an_output_folder_that_moved_after_a_rename_still_belongs_to_the_source(site: Site) -> None:
    rename_source(site.db, "town", "city", LATER)
    (site.folder / "public").rename(site.folder / "elsewhere")
    assert site.publish("city", "elsewhere").written == 0


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
