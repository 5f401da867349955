"""Two sources for a month in one archive: one was published alone before, the other is added later.

The crawls find arrivals, edits, removals and returns every day. In odd rounds the sources take turns, as two lines of cron
do; in even rounds both are crawled before both are published.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree
from sqlite_utils import Database
from support.feed_walk import dangling_links, walk_atom, walk_json
from support.settling import entry, listing
from support.several_sources import Listing

from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.integrity import verify
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.publish import publish_source
from foreign_eyes.feeds.publish import Target, publish

pytestmark = pytest.mark.long

ALONE, DAYS = 10, 30
BASE_URL = "https://eyes.example/"
SETTINGS = f"""
default_source = "town"
[publish]
base_url = "{BASE_URL}"
[topics]
"Fruit" = ["fruit*"]
[sources.town]
url = "http://town.example/"
[sources.village]
url = "http://village.example/"
"""
TOPICS = {"Fruit": ["fruit*"]}
SUBJECTS = ("fruit", "tea", "satellites")
BELOW = {"town": "", "village": "village/"}
_OF_TOWN = "JOIN sources s USING (source_id) WHERE s.name = 'town'"
_IN_TOWN = f"JOIN crawls USING (crawl_id) {_OF_TOWN}"
# file times and inodes by name
Stamps = dict[str, tuple[int, int]]


def day_by_day(seed: int, entries: int) -> Iterator[str]:
    """Yield what is listed on each day.

    Both sources list entries with the same texts, which must stay apart.
    """
    chance = random.Random(seed)
    listed = [_entry(number) for number in range(entries, 0, -1)]
    gone: list[str] = []
    number = entries
    while True:
        yield listing(*listed)
        for _ in range(chance.choice([0, 1, 1, 2])):
            number += 1
            listed.insert(0, _entry(number))
        if chance.random() < 0.6:
            at = chance.randrange(len(listed))
            listed[at] = f"{listed[at].rpartition('|')[0]}|Edited: {chance.randrange(999)}."
        if chance.random() < 0.2 and len(listed) > 5:
            gone.append(listed.pop(chance.randrange(len(listed))))
        if gone and chance.random() < 0.1:
            listed.append(gone.pop())


def _entry(number: int) -> str:
    subject = SUBJECTS[number % 3]
    return entry(f"Number {number} on {subject}", excerpt=f"In town {number} somebody counts {number * 7} {subject}.")


@dataclass
class Month:
    """The files and the archive after the month, and what each publish touched."""

    folder: Path
    touched: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "public"

    def files(self, below: str) -> dict[str, Path]:
        """Return the files of a source, or of `all/`, by their names in its folder."""
        names = (path.relative_to(self.root / below) for path in (self.root / below).rglob("*") if path.is_file())
        others = ("village/", "all/") if not below else ()
        found = {name.as_posix(): self.root / below / name for name in names}
        return {name: path for name, path in found.items() if not name.startswith(others)}

    def stamps(self, below: str) -> Stamps:
        return {name: (path.stat().st_ino, path.stat().st_mtime_ns) for name, path in self.files(below).items()}

    def watch(self, publisher: str, act: Callable[[], object]) -> None:
        """Call `act`, and note the files that it touched outside of the publisher's folder."""
        others = [below for below in ("", "village/", "all/") if below != publisher]
        before = {below: self.stamps(below) for below in others}
        act()
        for below in others:
            after = self.stamps(below)
            different = before[below].items() ^ after.items()
            self.touched += [f"{publisher or 'the root'} touched {below}{name}" for name, _ in different]

    def ids(self, source: str) -> set[str]:
        """Return the tag URIs of a source."""
        query = "SELECT tag_uri FROM identities i JOIN sources s USING (source_id) WHERE s.name = ?"
        with read_archive(self.folder / "archive.db") as db:
            return {tag for (tag,) in db.execute(query, (source,))}


def publish_as_before(db: Database, column: Listing, root: Path) -> None:
    """Publish the only source of an archive as versions did that knew one folder."""
    publish(db, column.source, Target(root, BASE_URL, topics=TOPICS))


def crawl_alone(folder: Path) -> None:
    """Crawl and publish the town for the days before the village is added."""
    with open_archive(folder / "archive.db") as db:
        column, days = Listing(db, "town"), day_by_day(1, 60)
        for _ in range(ALONE):
            column.crawl(next(days))
            publish_as_before(db, column, folder / "public")


def go_on_alone(folder: Path) -> None:
    """Crawl and publish the town for the rest of the month, still as before."""
    with open_archive(folder / "archive.db") as db:
        column, days = Listing(db, "town", day=ALONE - 1), day_by_day(1, 60)
        for _ in range(ALONE):
            next(days)
        for _ in range(ALONE, DAYS):
            column.crawl(next(days))
            publish_as_before(db, column, folder / "public")


def go_on_together(folder: Path) -> Month:
    """Crawl and publish both sources for the rest of the month."""
    month = Month(folder)
    (folder / "foreign-eyes.toml").write_text(SETTINGS)
    context = Context(folder / "foreign-eyes.toml", archive_option=folder / "archive.db")
    stories = {"town": day_by_day(1, 60), "village": day_by_day(2, 20)}
    for _ in range(ALONE):
        next(stories["town"])

    def crawl(name: str, number: int) -> None:
        with open_archive(context.archive) as db:
            hours = list(stories).index(name)
            Listing(db, name, day=number - 1, hours=hours).crawl(next(stories[name]))

    def issue(name: str) -> None:
        month.watch(BELOW[name], lambda: publish_source(context, name, quiet=True))
        month.watch("all/", lambda: make_all(context, quiet=True))

    with chdir(folder):
        for number in range(ALONE, DAYS):
            if number % 2:
                for name in stories:
                    crawl(name, number)
                    issue(name)
            else:
                for name in stories:
                    crawl(name, number)
                for name in stories:
                    issue(name)
    return month


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "column"
    folder.mkdir()
    crawl_alone(folder)
    return folder


@pytest.fixture(scope="module")
def month(before: Path) -> Month:
    return go_on_together(Path(shutil.copytree(before, before.parent / "two")))


@pytest.mark.parametrize("source", BELOW)
def test_every_feed_of_a_source_holds_its_own_entries_only(month: Month, source: str) -> None:
    own = month.ids(source)
    feeds = [path for name, path in month.files(BELOW[source]).items() if name.endswith((".xml", ".rss"))]
    told = [one.text or "" for path in feeds for one in etree.parse(path).iter("{*}id", "guid")]
    entries = [tag for tag in told if re.search(r"/\d{9}(/|$)", tag)]
    assert len(entries) > 200
    assert {tag for tag in entries if tag.partition("/change/")[0] not in own} == set()


@pytest.mark.parametrize("source", BELOW)
def test_the_feeds_of_a_source_lead_to_all_its_entries(month: Month, source: str) -> None:
    folder, base_url = month.root / BELOW[source], BASE_URL + BELOW[source]
    own = month.ids(source)
    assert {told["id"] for told in walk_atom(folder, base_url)} == own
    assert {item["id"] for item in walk_json(folder, base_url)} == own
    assert len(own) > 30


@pytest.mark.parametrize("source", BELOW)
def test_no_link_of_a_source_is_broken_or_leads_to_the_folder_of_the_other(month: Month, source: str) -> None:
    folder, base_url = month.root / BELOW[source], BASE_URL + BELOW[source]
    assert dangling_links(folder, base_url) == []
    other = f"{BASE_URL}village/" if source == "town" else f"{BASE_URL}entries/"
    texts = {name: path.read_bytes() for name, path in month.files(BELOW[source]).items() if "foreign-eyes" not in name}
    assert [name for name, content in texts.items() if other.encode() in content] == []


def test_no_publish_touches_a_file_of_another_folder(month: Month) -> None:
    assert month.touched == []


def test_the_combined_feed_holds_entries_of_both(month: Month) -> None:
    items = json.loads((month.root / "all" / "feed.json").read_bytes())["items"]
    found = {item["id"] for item in items}
    assert found <= month.ids("town") | month.ids("village")
    assert found & month.ids("town")
    assert found & month.ids("village")


def test_the_archive_is_whole(month: Month) -> None:
    with read_archive(month.folder / "archive.db") as db:
        assert list(verify(db)) == []


def test_the_source_at_the_root_goes_on_byte_for_byte_as_if_it_were_alone(month: Month, before: Path) -> None:
    alone = Month(Path(shutil.copytree(before, before.parent / "alone")))
    go_on_alone(alone.folder)
    with_ids_by_number = [_with_ids_by_number(one) for one in (month, alone)]
    assert with_ids_by_number[0].keys() == with_ids_by_number[1].keys()
    different = [name for name, content in with_ids_by_number[0].items() if with_ids_by_number[1][name] != content]
    assert different == []
    assert len([name for name in with_ids_by_number[0] if name.startswith("archive/")]) > 2


def _with_ids_by_number(month: Month) -> dict[str, str]:
    """Return the files of the root with the numbers of entries, changes and captures within the source in place of their ids.

    Ids of entries are random, and ids of changes and captures count those of all sources.
    """
    with read_archive(month.folder / "archive.db") as db:
        entries = dict(db.execute(f"SELECT n.entry_id, n.number FROM entry_numbers n {_OF_TOWN}"))
        changes = [change_id for (change_id,) in db.execute(f"SELECT change_id FROM changes {_OF_TOWN} ORDER BY 1")]
        captures = [
            capture_id for (capture_id,) in db.execute(f"SELECT capture_id FROM captures {_IN_TOWN} ORDER BY 1")
        ]

    def replaced(text: str) -> str:
        text = re.sub(r"(?<!\d)\d{9}(?!\d)", lambda found: f"#{entries.get(int(found[0]), found[0])}", text)
        text = re.sub(
            r"((?:change|heading)[/-])(\d+)", lambda found: f"{found[1]}#{changes.index(int(found[2]))}", text
        )
        return re.sub(r"(/about\">)(\d+)", lambda found: f"{found[1]}#{captures.index(int(found[2]))}", text)

    return {
        replaced(name): replaced(path.read_bytes().decode("latin-1"))
        for name, path in month.files("").items()
        if not path.name.startswith(".")
    }
