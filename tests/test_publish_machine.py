"""A column with random edits, imports, merges and splits, published after each step: the invariants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from conftest import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlite_utils import Database
from support import feed_walk
from support.settling import DAY, SECOND, START, Column, LineParser

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.current_entries import newest_entries
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME, FolderRecord, read_record
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.values import Fetched
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.listing.text import unstyled

BASE_URL = "https://eyes.example/column/"
AUTHORITY = "example.org,2026"
# few enough that a short history fills documents, pages and sitemaps
SMALL = {
    "foreign_eyes.archive.feed_state.feed_log.DOCUMENT_SIZE": 3,
    "foreign_eyes.feeds.documents.NEWEST": 4,
    "foreign_eyes.feeds.compose.collection_pages.NEWEST": 4,
    "foreign_eyes.feeds.compose.collection_pages.VOLUME_SIZE": 3,
    "foreign_eyes.feeds.plan.SITEMAP_SIZE": 4,
}
PUBLICATIONS = ("Le Monde", "CNN", "Nature", "…/..")
WORDS = ("Huawei builds a robot.", "A moon landing, patented.", "Tea & <b>cakes</b>.", "]]>")


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_NAME)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class PublishedColumn(RuleBasedStateMachine):
    """Following the journal writes what publishing everything would; what is frozen stays; who walks back meets all."""

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        for name, size in SMALL.items():
            self.resources.enter_context(patch(name, size))
        self.folder = Path(self.resources.enter_context(TemporaryDirectory()))
        db = self.resources.enter_context(open_archive(self.folder / "archive.db"))
        self.column = Column(db)
        self.lines: list[str] = []
        self.count = 0
        self.frozen: dict[str, bytes] = {}
        self.updated: dict[str, str] = {}

    def teardown(self) -> None:
        self.resources.close()

    @property
    def db(self) -> Database:
        return self.column.db

    @initialize(entries=st.integers(1, 9))
    def begin(self, entries: int) -> None:
        for number in range(entries):
            self.add(0, number % 4, number % 3)
        self.crawl()

    @rule(place=st.integers(0, 9), publication=st.integers(0, 3), words=st.integers(0, 3))
    def add(self, place: int, publication: int, words: int) -> None:
        self.count += 1
        line = (
            f"Article {self.count}|{PUBLICATIONS[publication]}|{WORDS[words]} It is number {self.count}.|It was said."
        )
        self.lines.insert(place % (len(self.lines) + 1), line)

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 9), part=st.integers(1, 3), words=st.integers(0, 3))
    def edit(self, which: int, part: int, words: int) -> None:
        parts = self.lines[which % len(self.lines)].split("|")
        parts[part] = PUBLICATIONS[words] if part == 1 else f"{WORDS[words]} {parts[0]}."
        self.lines[which % len(self.lines)] = "|".join(parts)

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 9), space=st.sampled_from((" ", "  ", "\u00a0")))
    def restyle(self, which: int, space: str) -> None:
        parts = self.lines[which % len(self.lines)].split("|")
        self.lines[which % len(self.lines)] = "|".join((*parts[:2], space.join(parts[2].split()), parts[3]))

    @precondition(lambda self: len(self.lines) > 1)
    @rule(which=st.integers(0, 9))
    def take_down(self, which: int) -> None:
        self.lines.pop(which % len(self.lines))

    @rule(times=st.integers(1, 3))
    def crawl(self, times: int = 1) -> None:
        for _ in range(times):
            self.column.crawl("\n".join(self.lines))
        self.publish()

    @rule(seconds=st.integers(1, 60), count=st.integers(1, 4))
    def import_what_was_listed_before_the_archive_began(self, seconds: int, count: int) -> None:
        lines = [f"Old {seconds} {number}|CNN|It was long ago, said {number}.|So." for number in range(count)]

        def prepare(db: Database) -> list[int]:
            at = START - 100 * DAY + seconds * SECOND
            crawl_id = db.execute(
                "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome, settled, imported)"
                " VALUES (1, 'full', :at, :at, :at, 'partial', 1, 1)",
                {"at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
            ).lastrowid
            assert crawl_id is not None
            url = self.column.source.url
            body = "\n".join(lines).encode()
            record_capture(db, crawl_id, Fetched("listing", url, url, at, 200, (), body, pass_number=1, page=1))
            return [crawl_id]

        rebuild(self.db, LineParser(), at=self.column.today, authority=AUTHORITY, prepare=prepare)
        self.publish()

    @rule(keep=st.integers(0, 9), other=st.integers(0, 9))
    def merge_two(self, keep: int, other: int) -> None:
        ids = self.ids()
        one, two = ids[keep % len(ids)], ids[other % len(ids)]
        if one != two:
            self.decide(lambda db: merge(db, one, two, self.column.today))

    @rule(which=st.integers(0, 9), cut=st.integers(2, 4))
    def split_one(self, which: int, cut: int) -> None:
        ids = self.ids()
        entry_id = ids[which % len(ids)]
        has = "SELECT max(number) FROM revisions WHERE technical = 0 AND entry_id = ?"
        if self.db.execute(has, [entry_id]).fetchone()[0] >= cut:
            self.decide(lambda db: [split(db, entry_id, cut, self.column.today, AUTHORITY)][:0])

    def decide(self, prepare: object) -> None:
        rebuild(self.db, LineParser(), at=self.column.today, authority=AUTHORITY, prepare=prepare)  # type: ignore[arg-type]
        self.publish()

    def ids(self) -> list[int]:
        return [entry.entry_id for entry in newest_entries(self.db, self.column.name)]

    @property
    def target(self) -> Target:
        return Target(self.folder / "public", BASE_URL)

    def publish(self) -> None:
        publish(self.db, self.column.source, self.target)

    @invariant()
    def following_the_journal_writes_what_publishing_everything_would(self) -> None:
        if not self.ids():
            return
        with TemporaryDirectory(dir=self.folder) as fresh:
            everything = publish(self.db, self.column.source, Target(Path(fresh), BASE_URL))
            assert tree(Path(fresh)) == tree(self.target.output)
            assert everything.written == len(tree(Path(fresh)))
            assert publish(self.db, self.column.source, self.target, everything_anew=True).written == 0
            self.compare_records(read_record(Path(fresh)), read_record(self.target.output))
            self.db.execute("DELETE FROM outputs WHERE output != 'public'")
            self.db.execute("DELETE FROM published_files WHERE output != 'public'")

    def compare_records(self, fresh: FolderRecord | None, grown: FolderRecord | None) -> None:
        """A record that grew step by step has what one has that was written at once."""
        assert fresh is not None
        assert grown is not None
        assert grown.files == fresh.files == set(tree(self.target.output))
        assert grown.published_token == fresh.published_token
        assert grown.ids.keys() == fresh.ids.keys() >= set(self.ids())
        for entry_id, recorded in fresh.ids.items():
            assert set(recorded.text_digests) <= set(grown.ids[entry_id].text_digests)

    @invariant()
    def the_manifest_lists_what_stands_there(self) -> None:
        if self.ids():
            manifest = Manifest(self.db, self.target.output)
            state = manifest.state()
            assert state is not None
            assert state.files == len(manifest.digests()) == len(tree(self.target.output))

    @invariant()
    def what_is_frozen_stays(self) -> None:
        now = {name: content for name, content in tree(self.folder).items() if name.startswith("public/archive/")}
        assert self.frozen.items() <= now.items()
        self.frozen = now

    @invariant()
    def who_walks_back_meets_every_entry_and_first_as_it_is(self) -> None:
        if not self.ids():
            return
        current = {entry.tag_uri: entry for entry in newest_entries(self.db, self.column.name)}
        for met in (
            {one["id"]: (one["title"], one["content"]) for one in feed_walk.walk_atom(self.target.output, BASE_URL)},
            {
                one["id"]: (one["title"], one["content_html"])
                for one in feed_walk.walk_json(self.target.output, BASE_URL)
            },
        ):
            assert current.keys() <= met.keys()
            for tag, entry in current.items():
                title, content = met[tag]
                assert title == entry.title
                # what is frozen keeps the style that it had
                assert all(unstyled(text) in unstyled(content) for text in escaped(entry.excerpt, entry.commentary))

    @invariant()
    def no_link_dangles(self) -> None:
        if self.ids():
            assert feed_walk.dangling_links(self.target.output, BASE_URL) == []

    @invariant()
    def no_two_entries_of_a_feed_were_updated_at_once_and_none_goes_back(self) -> None:
        entries = list(newest_entries(self.db, self.column.name))
        assert len({entry.updated for entry in entries}) == len(entries)
        now = {entry.tag_uri: entry.updated.isoformat() for entry in entries}
        assert all(self.updated.get(tag, "") <= moment for tag, moment in now.items())
        self.updated |= now


def escaped(*texts: str) -> Iterator[str]:
    for text in texts:
        yield text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


TestPublishedColumn = PublishedColumn.TestCase
TestPublishedColumn.settings = settings(max_examples=examples(2, in_ci=4), stateful_step_count=10)
