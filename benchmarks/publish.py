"""What publishing costs beside the size of the archive, and beside feedgen: `python benchmarks/publish.py`.

**One new entry** is settled into archives of 1,000, 100,000 and 1,000,000 entries (`--sizes`) and published, in turns;
the last one fills an archive document. The smallest archive was published whole before. For the others, whose files would
be a million, the archive alone says that they were: manifest, log, numbers, topics, tallies and frozen documents are there,
the latter with a byte each. The archives are filled by plain SQL, ten years of daily crawls in which all but the newest 40
entries are withdrawn; their full-text index is left empty, since publishing neither reads nor writes it.

**All of `--entries` (2,000)** are published, and the same entries written as one Atom and one RSS document by feedgen as its
manual shows it, and by lxml alone.

**One feed of 50 entries** is rendered in all formats, beside feedgen's and lxml's Atom and RSS of it. Contenders take turns.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from feedgen.feed import FeedGenerator  # type: ignore[import-untyped] # noqa: E402 - the paths come first
from lxml import etree  # noqa: E402
from lxml.etree import SubElement  # noqa: E402
from settling import DAY, START, Column, LineParser  # noqa: E402
from sqlite_utils import Database  # noqa: E402

from archive.clock import to_text  # noqa: E402
from archive.identity.keys import entry_tag, excerpt_key, publication_key, rare_words, wording_digest  # noqa: E402
from archive.publishing.announced import source_tag  # noqa: E402
from archive.publishing.current import CurrentEntry, newest_entries  # noqa: E402
from archive.publishing.feed_log import DOCUMENT_SIZE, freeze, full_documents  # noqa: E402
from archive.publishing.following import follow, present_mark  # noqa: E402
from archive.publishing.manifest import Manifest, OutputState  # noqa: E402
from archive.publishing.numbering import count_entries  # noqa: E402
from archive.publishing.tallies import read_tallies  # noqa: E402
from archive.publishing.topics import topics_of  # noqa: E402
from archive.settling.settle import settle  # noqa: E402
from archive.store import open_archive, writing  # noqa: E402
from archive.values import ListedEntry, Traffic, Verdict  # noqa: E402
from feeds.compose.documents import Feed, compose_column_feed  # noqa: E402
from feeds.compose.edition import Edition  # noqa: E402
from feeds.compose.entries import compose_entry, entry_path  # noqa: E402
from feeds.compose.items import Item  # noqa: E402
from feeds.documents import FRONT_FILE, Desk, documents  # noqa: E402
from feeds.publish import Target, publish  # noqa: E402
from feeds.render.json_feed import render_json  # noqa: E402
from feeds.render.xml import render_atom, render_rss  # noqa: E402
from feeds.scope import Extent, everything  # noqa: E402
from feeds.shape import shape_of  # noqa: E402
from feeds.topics import Topics  # noqa: E402
from feeds.write import write_file  # noqa: E402

AUTHORITY = "example.org,2026"
BASE_URL = "https://example.org/eyes/"
LISTED = 40
# new entries one by one: one to warm up, those that are measured, one that fills an archive document
ROUNDS = 7
ADDED = 1 + ROUNDS + 1
DAYS = 3650
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# texts are drawn from so many excerpts and commentaries: primes, so that their pairs do not soon come again
EXCERPTS, COMMENTARIES = 1009, 503
PUBLICATIONS = [f"The Paper {number}" for number in range(200)]
SYLLABLES = ["al", "mor", "ten", "vis", "por", "lun", "gar", "pel", "ander", "ission", "ument", "ity", "ous", "ive"]
WORDS = sorted({"".join(parts) for count in (1, 2, 3) for parts in itertools.product(SYLLABLES, repeat=count)})
# what topics go by, and in how many excerpts it stands
TOLD = {
    "patents": 0.3,
    "universities": 0.1,
    "artificial intelligence": 0.08,
    "chips": 0.05,
    "robots": 0.05,
    "trademark": 0.04,
    "high-speed trains": 0.03,
    "quantum": 0.02,
    "copyright": 0.02,
}


# archives, filled by plain SQL


@dataclass(frozen=True, slots=True)
class Invented:
    """An entry of the archive, number `number` from the oldest: its id, which crawl showed it first, and its words."""

    number: int
    entry_id: int
    crawl: int
    title: str
    publication: str
    excerpt: str
    commentary: str
    wording: str


class Inventor:
    """Invents so many entries, the same each time."""

    def __init__(self, entries: int) -> None:
        chance = random.Random(entries)  # noqa: S311 - nothing secret
        self.entries, self.crawls = entries, min(entries, DAYS)
        self.ids = chance.sample(range(100_000_000, 1_000_000_000), entries)
        self.excerpts = [_prose(chance, 60, [word for word, rate in TOLD.items() if chance.random() < rate])
                         for _ in range(EXCERPTS)]  # fmt: skip
        self.commentaries = [_prose(chance, 40) for _ in range(COMMENTARIES)]
        weights = [1 / rank for rank in range(1, len(PUBLICATIONS) + 1)]
        self.publications = chance.choices(PUBLICATIONS, weights, k=entries)

    def entry(self, number: int) -> Invented:
        """Return entry `number`, counted from 0."""
        listed = number >= self.entries - LISTED
        excerpt, commentary = self.excerpts[number % EXCERPTS], self.commentaries[number % COMMENTARIES]
        title, publication = f"Title {number}", self.publications[number]
        # of what is not listed, no row is ever compared with the digest: one of the same length will do
        wording = (
            wording_digest(ListedEntry(excerpt, "", title, publication, commentary))
            if listed
            else sha256(title.encode()).hexdigest()[:32]
        )
        crawl = number * self.crawls // self.entries
        return Invented(number, self.ids[number], crawl, title, publication, excerpt, commentary, wording)

    def by_id(self) -> Iterator[Invented]:
        """Yield all entries in the order of their ids, which is the one their rows are stored in."""
        return map(self.entry, sorted(range(self.entries), key=self.ids.__getitem__))

    def by_time(self) -> Iterator[Invented]:
        """Yield all entries, the oldest first."""
        return map(self.entry, range(self.entries))

    def at(self, crawl: int, seconds: float = 0) -> str:
        """Return when a crawl began, counted from 0, or a moment so many seconds after it."""
        begun = START - DAY - (self.crawls - 1 - crawl) * (DAYS / self.crawls) * DAY
        return to_text(begun + timedelta(seconds=seconds))


def _prose(chance: random.Random, words: int, told: Sequence[str] = ()) -> str:
    return " ".join([*chance.choices(WORDS, k=words), *told])


def _line(title: str, publication: str, excerpt: str, commentary: str) -> str:
    return f"{title}|{publication}|{excerpt}|{commentary}"


def fill(db: Database, entries: int) -> list[str]:
    """Make the archive hold so many entries; return the lines of its listing, the newest first."""
    made = Inventor(entries)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
        db.execute(f"PRAGMA {pragma}")
    again = _without_indexes(db)
    with writing(db):
        _fill_crawls(db, made)
        _fill_entries(db, made)
        _fill_journal(db, made)
        for statement in again:
            db.execute(statement)
    newest = [made.entry(number) for number in range(entries - 1, entries - 1 - LISTED, -1)]
    return [_line(one.title, one.publication, one.excerpt, one.commentary) for one in newest]


def _without_indexes(db: Database) -> list[str]:
    """Drop the indexes and triggers of what is filled, which are made faster afterwards; return what makes the indexes."""
    found = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        " AND tbl_name IN ('captures', 'identities', 'entries', 'revisions', 'changes')"
    ).fetchall()
    for kind, name, _ in found:
        db.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in found]


def _insert(db: Database, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    db.conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def _fill_crawls(db: Database, made: Inventor) -> None:
    source = Column(db).source
    _insert(db, "sources", "name, url, title, language", [(source.name, source.url, source.title, source.language)])
    crawls = range(made.crawls)
    _insert(
        db,
        "crawls",
        "crawl_id, source_id, mode, started_at, ordered_at, finished_at, outcome, settled, parser_version, pages",
        (
            (one + 1, 1, "full", made.at(one), made.at(one), made.at(one, 1200), "complete", 1, 1, 1)
            for one in crawls
        ),
    )  # fmt: skip
    _insert(db, "bodies", "body_sha256, size, zlib", ((_body(one), 1, b"-") for one in crawls))
    _insert(
        db,
        "captures",
        "capture_id, crawl_id, purpose, pass, page, asked_url, url, fetched_at, status, body_sha256",
        (
            (one + 1, one + 1, "listing", 1, 1, f"{source.url}1", f"{source.url}1", made.at(one, 60), 200, _body(one))
            for one in crawls
        ),
    )


def _body(crawl: int) -> str:
    return sha256(f"body {crawl}".encode()).hexdigest()


def _fill_entries(db: Database, made: Inventor) -> None:
    name = Column(db).name
    _insert(db, "publications", "publication_id, name", enumerate(PUBLICATIONS, 1))
    paper_ids = {paper: number for number, paper in enumerate(PUBLICATIONS, 1)}
    aliases = ((publication_key(paper), number) for paper, number in paper_ids.items())
    _insert(db, "publication_aliases", "alias, publication_id", aliases)
    key_of, rare_of = lru_cache(EXCERPTS)(excerpt_key), lru_cache(EXCERPTS)(rare_words)

    def dated(one: Invented) -> str:
        return made.at(one.crawl, one.number % 1000 / 1000)

    def attributed(one: Invented) -> str:
        return f"——{one.title}, by {one.publication}"

    _insert(
        db,
        "identities",
        "entry_id, source_id, tag_uri, feed_date, crawl_id, wording",
        (
            (one.entry_id, 1, entry_tag(AUTHORITY, name, one.entry_id), dated(one), one.crawl + 1, one.wording)
            for one in made.by_id()
        ),
    )
    _insert(
        db,
        "entries",
        "entry_id, tag_uri, feed_date, source_id, not_before, first_seen, revision_id, wording, title_key, title,"
        " publication, publication_id, attribution, excerpt, commentary, last_body, last_page, last_position, missed,"
        " withdrawn_at, excerpt_key, rare_words",
        (
            (
                *(one.entry_id, entry_tag(AUTHORITY, name, one.entry_id), dated(one), 1, made.at(one.crawl - 1)),
                *(made.at(one.crawl, 60), one.number + 1, one.wording),
                *(f"{one.title.casefold()}\x1f{publication_key(one.publication)}", one.title),
                *(one.publication, paper_ids[one.publication], attributed(one), one.excerpt, one.commentary),
                *(_body(_last_crawl(made, one)), 1, made.entries - one.number),
                *((2, _withdrawn_at(made, one)) if _is_withdrawn(made, one) else (0, None)),
                *(key_of(one.excerpt), rare_of(one.excerpt)),
            )
            for one in made.by_id()
        ),
    )
    _insert(
        db,
        "revisions",
        "revision_id, entry_id, number, title, publication, attribution, excerpt, commentary, first_seen, capture_id, page,"
        " position, wording, parser_version, match_method",
        (
            (
                *(one.number + 1, one.entry_id, 1, one.title, one.publication, attributed(one), one.excerpt),
                *(one.commentary, made.at(one.crawl, 60), one.crawl + 1, 1, 1, one.wording, 1, "new"),
            )
            for one in made.by_time()
        ),
    )


def _is_withdrawn(made: Inventor, one: Invented) -> bool:
    return one.number < made.entries - LISTED


def _last_crawl(made: Inventor, one: Invented) -> int:
    return one.crawl if _is_withdrawn(made, one) else made.crawls - 1


def _withdrawn_at(made: Inventor, one: Invented) -> str:
    """Return when it was withdrawn: by the crawl after that which showed it, in the order in which they came."""
    return made.at(min(one.crawl + 1, made.crawls - 1), 700 + one.number % 100_000 / 1000)


def _fill_journal(db: Database, made: Inventor) -> None:
    """Tell of each entry that it was new, and of those that are not listed that they are withdrawn."""
    columns = "source_id, crawl_id, at, kind, entry_id, revision_id"
    new = ((1, one.crawl + 1, made.at(one.crawl, 600 + one.number % 100_000 / 1000), "new", one.entry_id, one.number + 1)
           for one in made.by_time())  # fmt: skip
    _insert(db, "changes", columns, new)
    gone = ((1, min(one.crawl + 1, made.crawls - 1) + 1, _withdrawn_at(made, one), "withdrawn", one.entry_id, one.number + 1)
            for one in made.by_time() if _is_withdrawn(made, one))  # fmt: skip
    _insert(db, "changes", columns, gone)


# what was published before


def pretend_published(db: Database, target: Target) -> None:
    """Bring the archive to where a full publish leaves it, without its files: only the front page is there, and is empty."""
    source, topics, manifest = Column(db).source, Topics(target.topics), Manifest(db, target.output)
    target.output.mkdir()
    (target.output / FRONT_FILE).touch()
    with writing(db):
        tag = source_tag(db, 1)
        assert tag is not None
        events = follow(db, 1, topics.patterns, _remembering(topics))
        names = {kind: frozenset(read_tallies(db, 1, kind)) for kind in ("publication", "topic")}
        extent = Extent(count_entries(db, 1), events, names["publication"], names["topic"])
        edition = Edition(source, target.base_url, tag, target.browse, target.hub, target.tombstones)
        for number in range(1, full_documents(events) + 1):
            freeze(db, 1, target.base_url, number, "atom", b"-")
            freeze(db, 1, target.base_url, number, "json", b"-")
        db.execute(
            "UPDATE feed_log SET wording = (SELECT e.wording FROM entries e WHERE e.entry_id = feed_log.entry_id)"
            " WHERE source_id = 1 AND position <= ?",
            (full_documents(events) * DOCUMENT_SIZE,),
        )
        desk = Desk(db, 1, edition, topics, extent)
        ids = db.execute("SELECT entry_id FROM entries ORDER BY CAST(entry_id AS TEXT)").fetchall()
        manifest.record(1, {f"{entry_path(entry_id)}index.html": _digest(entry_id) for (entry_id,) in ids}, ())
        manifest.record(1, {name: _digest(name) for name, _ in documents(desk, everything(extent, (), ()))}, ())
        files = len(manifest.digests())
        state = OutputState(
            1, target.base_url, shape_of(edition, topics), present_mark(db, 1), extent.entries, events, files
        )
        manifest.record_state(state)  # fmt: skip


def _remembering(topics: Topics) -> Callable[[str, str, str], frozenset[str]]:
    """Return a function that tells topics and reads each excerpt once: neither titles nor commentaries name any here."""
    of_excerpt = lru_cache(EXCERPTS)(lambda excerpt: topics.classify("", excerpt, ""))
    return lambda title, excerpt, commentary: of_excerpt(excerpt)


def _digest(name: object) -> str:
    return sha256(str(name).encode()).hexdigest()


# one new entry


@dataclass(slots=True)
class Files:
    """Stands in for the function that writes files: writes them by it, and keeps which, how long, and how long that took."""

    seconds: float = 0
    size: int = 0
    names: list[str] = field(default_factory=list)

    def write(self, output: Path, name: str, content: bytes) -> bool:
        """Write a file."""
        began = time.perf_counter()
        written = write_file(output, name, content)
        self.seconds += time.perf_counter() - began
        if written:
            self.names.append(name)
            self.size += len(content)
        return written

    @property
    def kinds(self) -> frozenset[str]:
        """The names of the files that were written, without their numbers: those of entries, pages and documents differ."""
        return frozenset(re.sub(r"\d+", "N", name) for name in self.names)


@dataclass(frozen=True, slots=True)
class OneEntry:
    """What publishing one new entry took: seconds, those of them for files, the kinds of files, and growth in bytes.

    `grown` is what the archive's file grew by, `sent` what was written to it and to its journal.
    """

    seconds: float
    in_files: float
    kinds: frozenset[str]
    grown: int
    sent: int

    def all(self) -> float:
        """Return the seconds of all of it."""
        return self.seconds

    def but_files(self) -> float:
        """Return the seconds of all but writing files: reading, composing, rendering, and the archive's own commit."""
        return self.seconds - self.in_files


@dataclass(slots=True)
class Growing:
    """An archive that gets one new entry after the other; `found` is what publishing each took."""

    size: int
    column: Column
    target: Target
    listing: list[str]
    found: list[OneEntry] = field(default_factory=list)

    def publish_new(self) -> None:
        """Settle one new entry, and publish it."""
        self.listing = [_new_line(len(self.found)), *self.listing]
        _settle_new(self.column, self.listing)
        self.found.append(_publish_one(self.column.db, self.column, self.target))


def make_growing(size: int, folder: Path, stack: ExitStack, *, whole: bool) -> Growing:
    """Return an archive that will come to hold so many entries, published before: in truth if `whole`."""
    archive, target = folder / "archive.db", Target(folder / "public", BASE_URL)
    with open_archive(archive) as db:
        listing = fill(db, size - ADDED)
    db = stack.enter_context(open_archive(archive))
    if whole:
        publish(db, Column(db).source, target)
    else:
        db.execute("PRAGMA synchronous=OFF")
        pretend_published(db, target)
        db.execute("PRAGMA synchronous=FULL")
    return Growing(size, Column(db), target, listing)


def _new_line(number: int) -> str:
    """Return an entry of the largest publication and of three topics."""
    chance = random.Random(-1 - number)  # noqa: S311 - nothing secret
    excerpt = _prose(chance, 60, ["patents", "robots", "high-speed trains"])
    return _line(f"New title {number}", PUBLICATIONS[0], excerpt, _prose(chance, 40))


def _settle_new(column: Column, listing: Sequence[str]) -> None:
    crawl_id = column.capture([["\n".join(listing)]])
    at = column.today + timedelta(minutes=20)
    found = settle(column.db, crawl_id, Verdict("complete"), LineParser(), Traffic(), at=at, authority=AUTHORITY)
    assert (found.new, found.revised, found.withdrawn) == (1, 0, 0), found


def _publish_one(db: Database, column: Column, target: Target) -> OneEntry:
    pages, sent, files = _pages(db), _sent(), Files()
    with patch("feeds.publish.write_file", files.write):
        began = time.perf_counter()
        publish(db, column.source, target)
        seconds = time.perf_counter() - began
    page_size = db.execute("PRAGMA page_size").fetchone()[0]
    return OneEntry(seconds, files.seconds, files.kinds, (_pages(db) - pages) * page_size, _sent() - sent - files.size)


def _pages(db: Database) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0])


def _sent() -> int:
    """Return how many bytes this process gave the system to write until now (Linux)."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["wchar"])


def report_one_by_one(sizes: Sequence[int], folder: Path) -> None:
    """Publish new entries to archives of these sizes, in turns, and print what that takes."""
    with ExitStack() as stack:
        archives: list[Growing] = []
        for size in sizes:
            own = folder / str(size)
            own.mkdir()
            archives.append(make_growing(size, own, stack, whole=not archives))
        os.sync()  # else the disk is still busy with the archives while they are measured
        for _ in range(ADDED):
            for one in archives:
                one.publish_new()
    for archive in archives:
        _report(archive, archives[0])
    kinds = {one.kinds for archive in archives for one in archive.found[1:-1]}
    print("the files are of the same kinds" if len(kinds) == 1 else f"the kinds of files differ: {kinds}")


def _report(archive: Growing, smallest: Growing) -> None:
    """Print what publishing took, but for the warming up, beside the smallest archive in the same rounds."""
    measured, filling = archive.found[1:-1], archive.found[-1]
    ratio, without = (
        statistics.median(took(one) / took(other) for one, other in zip(measured, smallest.found[1:-1], strict=True))
        for took in (OneEntry.all, OneEntry.but_files)
    )
    print(
        f"one new entry, {archive.size:>9,} entries: {_range(one.seconds for one in measured)}, {ratio:.2f} x the smallest;"
        f" without writing files {_range(one.but_files() for one in measured)}, {without:.2f} x;"
        f" {len(measured[0].kinds)} files; the archive grows by {statistics.mean(one.grown for one in measured) / 1024:.1f} KiB,"
        f" {statistics.median(one.sent for one in measured) / 1024:,.0f} KiB are written to it and its journal;"
        f" one that fills a document: {filling.seconds * 1000:.1f} ms, {len(filling.kinds)} files"
    )


def _range(seconds: Iterable[float]) -> str:
    ordered = sorted(one * 1000 for one in seconds)
    return f"{statistics.median(ordered):.1f} ms ({ordered[0]:.1f} to {ordered[-1]:.1f})"


# all entries, and one feed


def publish_all(entries: int, folder: Path) -> None:
    """Publish so many entries whole, beside feedgen's and lxml's Atom and RSS of the same, and print what each takes."""
    archive, target = folder / "archive.db", Target(folder / "public", BASE_URL)
    with open_archive(archive) as db:
        fill(db, entries)
    with open_archive(archive) as db:
        column, files = Column(db), Files()
        with patch("feeds.publish.write_file", files.write):
            whole = _timed(lambda: publish(db, column.source, target))
        again = _timed(lambda: publish(db, column.source, target, everything_anew=True))
        feed = _feed_of(db, newest_entries(db, column.name))
    peer, floor = _timed(lambda: by_feedgen(feed)), _timed(lambda: by_lxml(feed))
    each = 1000 / entries
    print(
        f"{entries:,} entries published whole, {len(files.names):,} files: {whole * each:.2f} ms an entry,"
        f" {(whole - files.seconds) * each:.2f} ms of it to read, compose and render and {files.seconds * each:.2f} ms to write"
        f" files; {again * each:.2f} ms an entry to do it again, when no file differs. One Atom and one RSS document of"
        f" them: feedgen {peer * each:.3f} ms an entry, lxml {floor * each:.3f} ms. Without files, publishing takes"
        f" {(whole - files.seconds) / peer:.1f} x feedgen, {(whole - files.seconds) / floor:.1f} x lxml"
    )


def one_feed(folder: Path) -> None:
    """Render a feed of 50 entries in all formats, beside feedgen and lxml, in turns, and print what each takes."""
    with open_archive(folder / "archive.db") as db:
        feed = _feed_of(db, newest_entries(db, Column(db).name, DOCUMENT_SIZE))
    contenders: dict[str, Callable[[], object]] = {
        "Atom": lambda: render_atom(feed),
        "RSS": lambda: render_rss(feed),
        "JSON": lambda: render_json(feed),
        "feedgen": lambda: by_feedgen(feed),
        "lxml": lambda: by_lxml(feed),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(40):
        for name, render in contenders.items():
            taken[name].append(_timed(render) * 1000)
    took = {name: statistics.median(times) for name, times in taken.items()}
    ours = took["Atom"] + took["RSS"] + took["JSON"]
    print(
        f"one feed of {len(feed.items)} entries: Atom {took['Atom']:.2f} ms, RSS {took['RSS']:.2f} ms,"
        f" JSON {took['JSON']:.2f} ms; feedgen's Atom and RSS {took['feedgen']:.2f} ms, lxml's {took['lxml']:.2f} ms."
        f" All three take {ours / took['feedgen']:.2f} x feedgen, {ours / took['lxml']:.2f} x lxml"
    )


def _feed_of(db: Database, entries: Iterable[CurrentEntry]) -> Feed:
    """Return a feed of these entries, with their topics, as publishing composes it."""
    found, tag = list(entries), source_tag(db, 1)
    assert tag is not None
    edition = Edition(Column(db).source, BASE_URL, tag)
    topics = topics_of(db, [entry.entry_id for entry in found])
    return compose_column_feed(edition, [compose_entry(edition, one, topics.get(one.entry_id, ())) for one in found], 3)


def _timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def by_feedgen(feed: Feed) -> tuple[bytes, bytes]:
    """Write Atom and RSS as feedgen's manual shows it: one generator for both, dates as dates, the newest first."""
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.language(feed.language)
    generator.link(href=feed.addresses.atom, rel="self")
    generator.link(href=feed.home, rel="alternate")
    generator.updated(feed.updated)
    for one in feed.items:
        entry = generator.add_entry(order="append")
        entry.id(one.tag_uri)
        entry.title(one.title)
        entry.link(href=one.alternate)
        entry.author(name=one.author)
        entry.summary(one.summary)
        entry.content(one.html, type="html")
        entry.category([{"term": of.name} for of in one.collections])
        entry.published(one.published)
        entry.updated(one.updated)
    return generator.atom_str(pretty=True), generator.rss_str(pretty=True)


def by_lxml(feed: Feed) -> tuple[bytes, bytes]:
    """Write what feedgen writes, straight into two trees."""
    atom = etree.Element("feed", {_XML_LANG: feed.language}, xmlns="http://www.w3.org/2005/Atom")
    for name, text in (("id", feed.feed_id), ("title", feed.title), ("updated", feed.updated.isoformat())):
        SubElement(atom, name).text = text
    SubElement(atom, "link", href=feed.addresses.atom, rel="self")
    SubElement(atom, "link", href=feed.home, rel="alternate")
    SubElement(atom, "subtitle").text = feed.subtitle
    rss = etree.Element("rss", version="2.0", nsmap={"content": _CONTENT})
    channel = SubElement(rss, "channel")
    for name, text in (("title", feed.title), ("link", feed.home), ("description", feed.subtitle)):
        SubElement(channel, name).text = text
    SubElement(channel, "language").text = feed.language
    SubElement(channel, "lastBuildDate").text = format_datetime(feed.updated)
    for one in feed.items:
        _atom_entry(atom, one)
        _rss_item(channel, one)
    atom_bytes = etree.tostring(atom, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return atom_bytes, etree.tostring(rss, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def _atom_entry(atom: etree._Element, one: Item) -> None:
    entry = SubElement(atom, "entry")
    for name, text in (("id", one.tag_uri), ("title", one.title), ("updated", one.updated.isoformat())):
        SubElement(entry, name).text = text
    SubElement(SubElement(entry, "author"), "name").text = one.author
    SubElement(entry, "content", type="html").text = one.html
    SubElement(entry, "link", href=one.alternate, rel="alternate")
    SubElement(entry, "summary").text = one.summary
    for of in one.collections:
        SubElement(entry, "category", term=of.name)
    SubElement(entry, "published").text = one.published.isoformat()


def _rss_item(channel: etree._Element, one: Item) -> None:
    item = SubElement(channel, "item")
    for name, text in (("title", one.title), ("link", one.alternate), ("description", one.summary)):
        SubElement(item, name).text = text
    SubElement(item, f"{{{_CONTENT}}}encoded").text = one.html
    SubElement(item, "guid", isPermaLink="false").text = one.tag_uri
    for of in one.collections:
        SubElement(item, "category").text = of.name
    SubElement(item, "pubDate").text = format_datetime(one.published)


def main() -> None:
    """Run all and print the figures with their ratios."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--sizes", type=int, nargs="*", default=[1_000, 100_000, 1_000_000])
    options.add_argument("--entries", type=int, default=2_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        publish_all(chosen.entries, Path(folder))
        one_feed(Path(folder))
        report_one_by_one(chosen.sizes, Path(folder))


if __name__ == "__main__":
    main()
