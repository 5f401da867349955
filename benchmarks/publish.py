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
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from large_archives import ADDED, AUTHORITY, BASE_URL, PUBLICATIONS, fill, line_of, pretend_published, prose  # noqa: E402
from plain_feeds import by_feedgen, by_lxml  # noqa: E402
from sqlite_utils import Database  # noqa: E402
from support.settling import Column, LineParser  # noqa: E402

from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.feed_state.changes import source_tag  # noqa: E402
from foreign_eyes.archive.feed_state.current_entries import CurrentEntry, newest_entries  # noqa: E402
from foreign_eyes.archive.feed_state.feed_log import DOCUMENT_SIZE  # noqa: E402
from foreign_eyes.archive.feed_state.topics import topics_of  # noqa: E402
from foreign_eyes.archive.settling.settle import settle  # noqa: E402
from foreign_eyes.archive.values import Traffic  # noqa: E402
from foreign_eyes.feeds.compose.feed_entries import compose_entry  # noqa: E402
from foreign_eyes.feeds.compose.feeds import Feed, compose_column_feed  # noqa: E402
from foreign_eyes.feeds.compose.publication_target import PublicationTarget  # noqa: E402
from foreign_eyes.feeds.file_writer import write_file  # noqa: E402
from foreign_eyes.feeds.publish import Target, publish  # noqa: E402
from foreign_eyes.feeds.render.atom_rss import render_atom, render_rss  # noqa: E402
from foreign_eyes.feeds.render.json_feed import render_json  # noqa: E402
from foreign_eyes.listing.values import Verdict  # noqa: E402

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
    excerpt = prose(chance, 60, ["patents", "robots", "high-speed trains"])
    return line_of(f"New title {number}", PUBLICATIONS[0], excerpt, prose(chance, 40))


def _settle_new(column: Column, listing: Sequence[str]) -> None:
    crawl_id = column.capture([["\n".join(listing)]])
    at = column.today + timedelta(minutes=20)
    found = settle(column.db, crawl_id, Verdict("complete"), LineParser(), Traffic(), at=at, authority=AUTHORITY)
    assert (found.new, found.revised, found.withdrawn) == (1, 0, 0), found


def _publish_one(db: Database, column: Column, target: Target) -> OneEntry:
    pages, sent, files = _pages(db), _sent(), Files()
    with patch("foreign_eyes.feeds.publish.write_file", files.write):
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
        with patch("foreign_eyes.feeds.publish.write_file", files.write):
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
    edition = PublicationTarget(Column(db).source, BASE_URL, tag)
    topics = topics_of(db, [entry.entry_id for entry in found])
    return compose_column_feed(edition, [compose_entry(edition, one, topics.get(one.entry_id, ())) for one in found], 3)


def _timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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
