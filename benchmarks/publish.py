"""Time of publishing by archive size: `python benchmarks/publish.py`.

**One new entry** is settled into archives of 1,000, 100,000 and 1,000,000 entries (`--sizes`) and published, in turns; the
last one fills an archive document. The smallest archive is published completely before. The others would have a million
files, so only their publishing state is written: manifest, feed log, numbers, topics, tallies, and frozen documents of one
byte. SQL fills the archives with ten years of daily crawls; all but the newest 40 entries are withdrawn. The full-text index
is empty, because publishing does not use it.

**All of `--entries` (2,000)** are published, and compared with one Atom and one RSS document of the same entries written by
feedgen, as in its manual, and by lxml alone.

**One feed of 50 entries** is rendered in all formats, and compared with Atom and RSS by feedgen and lxml, in turns.
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
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from invented_entries import PUBLICATIONS, line_of, prose  # noqa: E402
from large_archives import ADDED, AUTHORITY, BASE_URL, fill, pretend_published  # noqa: E402
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
from foreign_eyes.feeds.compose.feeds import Feed, compose_column_feed  # noqa: E402
from foreign_eyes.feeds.compose.publication_target import PublicationTarget  # noqa: E402
from foreign_eyes.feeds.compose.shown_entries import compose_entry  # noqa: E402
from foreign_eyes.feeds.file_writer import write_file  # noqa: E402
from foreign_eyes.feeds.publish import Target, publish  # noqa: E402
from foreign_eyes.feeds.render.atom_rss import render_atom, render_rss  # noqa: E402
from foreign_eyes.feeds.render.json_feed import render_json  # noqa: E402
from foreign_eyes.listing.values import Verdict  # noqa: E402

# one new entry


@dataclass(slots=True)
class Files:
    """A wrapper of `write_file` that records the name, size and seconds of each file."""

    seconds: float = 0
    size: int = 0
    names: list[str] = field(default_factory=list)

    def write(self, output: Path, name: str, content: bytes, *arguments: Any, **options: Any) -> bool:
        """Write a file and record it."""
        began = time.perf_counter()
        written = write_file(output, name, content, *arguments, **options)
        self.seconds += time.perf_counter() - began
        if written:
            self.names.append(name)
            self.size += len(content)
        return written

    @property
    def patterns(self) -> frozenset[str]:
        """The names of the written files with N for numbers, which differ between archives."""
        return frozenset(re.sub(r"\d+", "N", name) for name in self.names)


@dataclass(frozen=True, slots=True)
class OneEntry:
    """The cost of publishing one new entry.

    Attributes:
        seconds: of all of it.
        in_files: of writing files.
        patterns: the names of the written files, with N for numbers.
        grown: bytes that the archive's file grew by.
        sent: bytes written to the archive and its journal.
    """

    seconds: float
    in_files: float
    patterns: frozenset[str]
    grown: int
    sent: int

    def all(self) -> float:
        """Return all seconds."""
        return self.seconds

    def without_files(self) -> float:
        """Return the seconds without writing files: reading, composing, rendering and the commit."""
        return self.seconds - self.in_files


@dataclass(slots=True)
class Growing:
    """An archive that gets new entries one by one; `found` has the cost of publishing each."""

    size: int
    column: Column
    target: Target
    listing: list[str]
    found: list[OneEntry] = field(default_factory=list)

    def publish_new(self) -> None:
        """Settle and publish one new entry."""
        self.listing = [_new_line(len(self.found)), *self.listing]
        _settle_new(self.column, self.listing)
        self.found.append(_publish_one(self.column.db, self.column, self.target))


def make_growing(size: int, folder: Path, stack: ExitStack, *, whole: bool) -> Growing:
    """Return an archive that grows to `size` entries, with all its files only if `whole`."""
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
    """Return an entry of the largest publication that matches three topics."""
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
    return OneEntry(
        seconds, files.seconds, files.patterns, (_pages(db) - pages) * page_size, _sent() - sent - files.size
    )


def _pages(db: Database) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0])


def _sent() -> int:
    """Return the bytes that this process has written so far (Linux)."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["wchar"])


def report_one_by_one(sizes: Sequence[int], folder: Path) -> None:
    """Publish new entries to archives of these sizes, in turns, and print the cost."""
    with ExitStack() as stack:
        archives: list[Growing] = []
        for size in sizes:
            own = folder / str(size)
            own.mkdir()
            archives.append(make_growing(size, own, stack, whole=not archives))
        os.sync()  # otherwise the disk still writes the archives during the measurement
        for _ in range(ADDED):
            for archive in archives:
                archive.publish_new()
    for archive in archives:
        _report(archive, archives[0])
    patterns = {cost.patterns for archive in archives for cost in archive.found[1:-1]}
    print("all archives write the same files" if len(patterns) == 1 else f"the written files differ: {patterns}")


def _report(archive: Growing, smallest: Growing) -> None:
    """Print the cost, compared with the smallest archive, without the warm-up round."""
    measured, filling = archive.found[1:-1], archive.found[-1]
    ratio, without = (
        statistics.median(took(cost) / took(other) for cost, other in zip(measured, smallest.found[1:-1], strict=True))
        for took in (OneEntry.all, OneEntry.without_files)
    )
    print(
        f"one new entry, {archive.size:>9,} entries: {_range(cost.seconds for cost in measured)}, {ratio:.2f} x the smallest;"
        f" without writing files {_range(cost.without_files() for cost in measured)}, {without:.2f} x;"
        f" {len(measured[0].patterns)} files; the archive grows"
        f" by {statistics.mean(cost.grown for cost in measured) / 1024:.1f} KiB,"
        f" {statistics.median(cost.sent for cost in measured) / 1024:,.0f} KiB are written to it and its journal;"
        f" one that fills a document: {filling.seconds * 1000:.1f} ms, {len(filling.patterns)} files"
    )


def _range(seconds: Iterable[float]) -> str:
    ordered = sorted(second * 1000 for second in seconds)
    return f"{statistics.median(ordered):.1f} ms ({ordered[0]:.1f} to {ordered[-1]:.1f})"


# all entries, and one feed


def publish_all(entries: int, folder: Path) -> None:
    """Time publishing `entries` entries completely, and writing them with feedgen and lxml."""
    archive, target = folder / "archive.db", Target(folder / "public", BASE_URL)
    with open_archive(archive) as db:
        fill(db, entries)
    with open_archive(archive) as db:
        column, files = Column(db), Files()
        with patch("foreign_eyes.feeds.publish.write_file", files.write):
            whole = _timed(lambda: publish(db, column.source, target))
        again = _timed(lambda: publish(db, column.source, target, everything_anew=True))
        feed = _feed_of(db, newest_entries(db, column.name))
    by_peer, by_baseline = _timed(lambda: by_feedgen(feed)), _timed(lambda: by_lxml(feed))
    each = 1000 / entries
    print(
        f"{entries:,} entries published, {len(files.names):,} files: {whole * each:.2f} ms per entry,"
        f" {(whole - files.seconds) * each:.2f} ms of it to read, compose and render and {files.seconds * each:.2f} ms to write"
        f" files; {again * each:.2f} ms per entry to publish again without changes. One Atom and one RSS document of"
        f" these: feedgen {by_peer * each:.3f} ms per entry, lxml {by_baseline * each:.3f} ms. Without files, publishing takes"
        f" {(whole - files.seconds) / by_peer:.1f} x feedgen, {(whole - files.seconds) / by_baseline:.1f} x lxml"
    )


def one_feed(folder: Path) -> None:
    """Time rendering a feed of 50 entries in all formats, and with feedgen and lxml, in turns."""
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
    all_formats = took["Atom"] + took["RSS"] + took["JSON"]
    print(
        f"one feed of {len(feed.items)} entries: Atom {took['Atom']:.2f} ms, RSS {took['RSS']:.2f} ms,"
        f" JSON {took['JSON']:.2f} ms; feedgen's Atom and RSS {took['feedgen']:.2f} ms, lxml's {took['lxml']:.2f} ms."
        f" All three take {all_formats / took['feedgen']:.2f} x feedgen, {all_formats / took['lxml']:.2f} x lxml"
    )


def _feed_of(db: Database, entries: Iterable[CurrentEntry]) -> Feed:
    """Return a feed of these entries and their topics, composed as in publishing."""
    found, tag = list(entries), source_tag(db, 1)
    assert tag is not None
    edition = PublicationTarget(Column(db).source, BASE_URL, tag)
    topics = topics_of(db, [entry.entry_id for entry in found])
    return compose_column_feed(
        edition, [compose_entry(edition, entry, topics.get(entry.entry_id, ())) for entry in found], 3
    )


def _timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Run all parts and print figures and ratios."""
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
