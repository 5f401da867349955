"""After a restore, and after an upgrade that is undone, real feed readers show no entry twice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.feed_readers import Feedparser, FeedReader, Newsboat, Reader
from support.listing_server import ListingServer
from support.listings import LISTING, Entry, make_entries, make_site

from foreign_eyes.archive.upgrade_copy import kept_copies

NEWER = """
def m900_newer(db: Database) -> None:
    db.execute("CREATE TABLE newer (word TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO newer VALUES ('new')")


migrations = Migrations("foreign_eyes")
"""


@dataclass
class Site:
    """An archive of a listing, its published folder on a server, and readers that follow the feed."""

    command: CommandLine
    listing: ListingServer
    feeds: ListingServer
    readers: list[FeedReader]

    def round(self, entries: list[Entry], run: Callable[..., subprocess.CompletedProcess[str]] | None = None) -> None:
        """Crawl and publish the entries, and let each reader fetch the feed."""
        run = run or self.command
        self.listing.site = make_site(entries)
        for arguments in (
            ["crawl", self.listing.origin + LISTING, "--name", "town", "--delay", "0", "--quiet"],
            ["publish", "--output", "site", "--base-url", f"{self.feeds.origin}/", "--quiet"],
        ):
            done = run(*arguments)
            assert done.returncode == 0, done.stderr
        self.feeds.site["/atom.xml"] = (self.command.folder / "site" / "atom.xml").read_bytes()
        for reader in self.readers:
            reader.fetch()

    def shown(self) -> list[tuple[str, list[str]]]:
        """Return the titles that each reader shows."""
        return [(type(reader).__name__, sorted(one.title for one in reader.articles())) for reader in self.readers]


@pytest.fixture
def site(command: CommandLine, server: ListingServer) -> Iterator[Site]:
    with ListingServer(headers={"Content-Type": "application/atom+xml"}) as feeds:
        readers = []
        for kind in (Newsboat, Feedparser, Reader):
            folder = command.folder / kind.__name__
            folder.mkdir()
            readers.append(kind(folder, f"{feeds.origin}/atom.xml"))
        yield Site(command, server, feeds, readers)


def grown(entries: list[Entry], count: int) -> list[Entry]:
    """Return the listing with more entries at its top."""
    return [*make_entries(count, len(entries) + 1), *entries]


def edited(entries: list[Entry], place: int) -> list[Entry]:
    changed = replace(entries[place], commentary=entries[place].commentary.replace("shows", "proves to everybody"))
    return [*entries[:place], changed, *entries[place + 1 :]]


def each_once(site: Site, entries: list[Entry]) -> None:
    titles = sorted(entry.title for entry in entries)
    assert site.shown() == [(type(reader).__name__, titles) for reader in site.readers]


@pytest.mark.parametrize("is_damaged", [True, False])
def test_readers_see_each_entry_once_after_a_restore(site: Site, is_damaged: bool) -> None:
    first = make_entries(15)
    site.round(first)
    assert site.command("backup", "backups", "--keep", "2").returncode == 0
    second = edited(grown(first, 2), 5)
    site.round(second)
    third = grown(second, 1)
    site.round(third)
    if is_damaged:
        os.truncate(site.command.folder / "archive.db", 8192)
    done = site.command("restore", "backups", *([] if is_damaged else ["--force"]))
    assert done.returncode == 0, done.stderr
    site.round(third)
    each_once(site, third)
    fourth = edited(grown(third, 2), 0)
    site.round(fourth)
    each_once(site, fourth)
    assert site.command("check").returncode == 0
    assert site.command("reparse", "--check").returncode == 0


@contextmanager
def newer_version(folder: Path, command: CommandLine) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Yield a command of a copy of this program that has one more migration."""
    package = folder / "foreign_eyes"
    shutil.copytree(ROOT / "foreign_eyes", package, ignore=shutil.ignore_patterns("__pycache__"))
    schema = package / "archive" / "schema" / "__init__.py"
    text = schema.read_text().replace('migrations = Migrations("foreign_eyes")\n', NEWER.lstrip())
    text = text.replace("from sqlite_utils import Migrations", "from sqlite_utils import Database, Migrations")
    schema.write_text(re.sub(r",\n\):\n", ",\n    m900_newer,\n):\n", text))
    face = package / "__init__.py"
    face.write_text(re.sub(r'__version__ = ".*"', '__version__ = "900.1"', face.read_text()))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        program = [sys.executable, "-P", "-m", "foreign_eyes", *arguments]
        return subprocess.run(
            program, cwd=command.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    yield run


def test_an_upgrade_is_undone_by_one_command_and_readers_see_each_entry_once(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = site.command.folder / "archive.db"
    first = make_entries(15)
    site.round(first)
    second = edited(grown(first, 1), 4)
    with newer_version(tmp_path_factory.mktemp("newer"), site.command) as newer:
        site.round(second, newer)
    third = grown(second, 1)
    newer_copy = archive.with_name("archive-before-901.0-29990101T000000Z.db")
    shutil.copy(archive, newer_copy)  # kept before a second upgrade: this version cannot use it
    refused = site.command("crawl", site.listing.origin + LISTING, "--name", "town", "--delay", "0")
    assert refused.returncode == 66
    copy = kept_copies(archive)[1]
    assert copy.name.startswith("archive-before-900.1-")
    assert f"foreign-eyes restore {copy} --force" in refused.stderr

    done = site.command("restore", str(copy), "--force")
    assert done.returncode == 0, done.stderr
    site.round(third)
    each_once(site, third)
    site.round(edited(third, 2))
    each_once(site, third)
    assert site.command("check").returncode == 0
    assert site.command("reparse", "--check").returncode == 0
