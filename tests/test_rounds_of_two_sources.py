"""Real rounds of two sites in one archive: `up SOURCE` for each in turn, and `up --all-sources` for both together."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import CommandLine
from lxml import etree
from support.feed_walk import dangling_links, walk_atom
from support.listing_server import ListingServer
from support.listings import LISTING, Entry, make_entries, make_site

pytestmark = pytest.mark.long

# the simulated month of tests/test_month_of_two_sources.py has 30 rounds
ROUNDS = int(os.environ.get("ROUNDS", "4"))
BASE_URL = "https://eyes.example/"
BELOW = {"town": "", "village": "village/"}
Stamps = dict[str, tuple[int, int]]


@dataclass
class Site:
    """A listing that arrivals, edits and removals change between rounds."""

    server: ListingServer
    entries: list[Entry]
    first: int
    chance: random.Random

    def change(self) -> None:
        self.first += 1
        self.entries = make_entries(1, first=self.first) + self.entries
        at = self.chance.randrange(1, len(self.entries))
        self.entries[at] = replace(self.entries[at], commentary=f"Looked at again, for the {self.first}th time.")
        if self.first % 3 == 0:
            del self.entries[self.chance.randrange(1, len(self.entries))]
        self.show()

    def show(self) -> None:
        self.server.site = make_site(self.entries)


@dataclass
class Rounds:
    """The files and the archive after the rounds, and what each `up` touched."""

    command: CommandLine
    touched: list[str]
    outcomes: list[int]

    @property
    def root(self) -> Path:
        return self.command.folder / "public"

    def stamps(self, below: str) -> Stamps:
        """Return inode and time of each file of a source by its name in its folder."""
        files = (path for path in (self.root / below).rglob("*") if path.is_file())
        found = {path.relative_to(self.root / below).as_posix(): path.stat() for path in files}
        others = ("village/", "all/") if not below else ()
        return {name: (at.st_ino, at.st_mtime_ns) for name, at in found.items() if not name.startswith(others)}

    def ids(self, source: str) -> set[str]:
        rows = self.command.rows("SELECT tag_uri, name FROM identities JOIN sources USING (source_id)")
        return {row["tag_uri"] for row in rows if row["name"] == source}

    def run(self, *arguments: str) -> None:
        done = self.command("up", *arguments, "--no-serve", "--delay", "0", "--quiet")
        self.outcomes.append(done.returncode)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    folder = tmp_path_factory.mktemp("rounds")
    with ListingServer() as town, ListingServer(address="127.0.0.2") as village:
        sites = {
            "town": Site(town, make_entries(12), 100, random.Random(1)),
            # the same texts as in the town
            "village": Site(village, make_entries(8), 200, random.Random(2)),
        }
        tables = [f'[sources.{name}]\nurl = "{site.server.origin}{LISTING}"' for name, site in sites.items()]
        settings = f'default_source = "town"\n[publish]\nbase_url = "{BASE_URL}"\n' + "\n".join(tables)
        (folder / "foreign-eyes.toml").write_text(settings)
        found = Rounds(CommandLine(folder), [], [])
        for site in sites.values():
            site.show()
        for number in range(ROUNDS):
            if number % 2:
                found.run("--all-sources")
            else:
                for name, other in (("town", "village"), ("village", "town")):
                    before = found.stamps(BELOW[other])
                    found.run(name)
                    different = before.items() ^ found.stamps(BELOW[other]).items()
                    found.touched += [f"{name} touched {touched} of {other}" for touched, _ in different]
            for site in sites.values():
                site.change()
        yield found


def test_every_round_succeeds(rounds: Rounds) -> None:
    assert rounds.outcomes == [0] * len(rounds.outcomes)
    assert {row["source"] for row in rounds.command.rows("SELECT source FROM crawl_log")} == set(BELOW)


@pytest.mark.parametrize("source", BELOW)
def test_the_feeds_of_a_source_hold_its_own_entries_and_all_of_them(rounds: Rounds, source: str) -> None:
    folder, base_url = rounds.root / BELOW[source], BASE_URL + BELOW[source]
    own = rounds.ids(source)
    assert {told["id"] for told in walk_atom(folder, base_url)} == own
    assert dangling_links(folder, base_url) == []
    for name in rounds.stamps(BELOW[source]):
        if name.endswith(("atom.xml", "rss.xml")):
            told = [one.text or "" for one in etree.parse(folder / name).iter("{*}id", "guid")]
            assert {tag for tag in told if tag.rpartition("/")[2].isdigit()} <= own


def test_crawling_one_source_touches_no_file_of_the_other(rounds: Rounds) -> None:
    assert rounds.touched == []


def test_the_combined_feed_holds_the_entries_of_both(rounds: Rounds) -> None:
    items = json.loads((rounds.root / "all" / "feed.json").read_bytes())["items"]
    assert {item["id"] for item in items} == rounds.ids("town") | rounds.ids("village")


def test_the_archive_the_files_and_their_state_have_no_problem(rounds: Rounds) -> None:
    for name in ("check", "status"):
        done = rounds.command(name, "--json")
        assert json.loads(done.stdout)["problems"] == [], name
