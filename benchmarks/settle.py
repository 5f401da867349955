"""Time of settling, and of deriving an archive again: `python benchmarks/settle.py`.

Archives of 1,000, 10,000 and 100,000 entries are made by settling; all but the last 320 entries are withdrawn. The same
crawl is settled into each, with SQLite's full synchronisation: 8 pages of 40 entries, one new at the top, one edited, one
removed. The baseline reads the 320 listed entries by index and makes one commit.

Then `--captures` (100,000) captures of daily crawls of 8 pages are made, with a change every seventh day, and derived again.
The baseline reads and parses each distinct body once. Pages have one entry per line, so that the parser of the real column
does not dominate the figures.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.settling import DAY, START, Column, LineParser  # noqa: E402 - the paths come first

from foreign_eyes.archive.captures import load_body  # noqa: E402
from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.rebuilding.rebuild import rebuild  # noqa: E402
from foreign_eyes.archive.settling.settle import settle  # noqa: E402
from foreign_eyes.archive.values import Traffic  # noqa: E402
from foreign_eyes.listing.values import Verdict  # noqa: E402

PER_PAGE, PAGES = 40, 8
LISTED = PER_PAGE * PAGES
ROUNDS = 5
SYLLABLES = [
    "al",
    "mor",
    "ten",
    "vis",
    "por",
    "lun",
    "gar",
    "pel",
    "ander",
    "ission",
    "ument",
    "ity",
    "ous",
    "er",
    "ing",
    "ive",
]
WORDS = sorted({"".join(parts) for count in (1, 2, 3) for parts in itertools.product(SYLLABLES, repeat=count)})


class RememberingParser(LineParser):
    """A parser that parses each body once, as in a real crawl."""

    def __init__(self) -> None:
        self.pages: dict[bytes, object] = {}

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None):  # type: ignore[no-untyped-def]
        """Return the page, parsed at the first call."""
        if body not in self.pages:
            self.pages[body] = super().parse_listing(body, url, content_type)
        return self.pages[body]


def line(number: int, edit: str = "") -> str:
    """Return the line of entry `number`, with an excerpt of 60 words and a commentary of 40."""
    chance = random.Random(number)  # noqa: S311 - nothing secret
    excerpt, commentary = (" ".join(chance.choices(WORDS, k=count)) for count in (60, 40))
    return f"Title {number} {chance.choice(WORDS)}|Paper {number % 30}|{excerpt}{edit}|{commentary}"


def pages(lines: Sequence[str]) -> list[str]:
    """Return the lines as listing pages."""
    return ["\n".join(lines[start : start + PER_PAGE]) for start in range(0, len(lines), PER_PAGE)]


def settled(column: Column, lines: Sequence[str], outcome: str = "complete") -> float:
    """Capture and settle a listing; return the seconds of settling."""
    crawl_id = column.capture([pages(lines)])
    began = time.perf_counter()
    at = column.today + timedelta(minutes=1)
    settle(column.db, crawl_id, Verdict(outcome), RememberingParser(), Traffic(), at=at, authority="example.org,2026")  # type: ignore[arg-type]
    return time.perf_counter() - began


def settling(entries: int, folder: Path) -> tuple[float, float]:
    """Return the median seconds of settling a crawl, and those of the baseline.

    `size` is the number of entries in the archive.
    """
    with open_archive(folder / f"{entries}.db") as db:
        db.execute("PRAGMA synchronous=OFF")
        column = Column(db)
        for first in range(0, entries, LISTED):
            listing = [line(number) for number in range(first, first + LISTED)]
            settled(column, listing)
        settled(column, listing, "unchanged")
        db.execute("PRAGMA synchronous=FULL")
        taken, baseline = [], []
        for number in range(ROUNDS):
            listing = [line(10_000_000 + number), *listing[:100], line(first + 100, f" x{number}"), *listing[101:-1]]
            taken.append(settled(column, listing))
            baseline.append(plain_read(db.conn))
        return statistics.median(taken), statistics.median(baseline)


def plain_read(connection: sqlite3.Connection) -> float:
    """Return the seconds of reading the listed entries by index and of a durable commit."""
    began = time.perf_counter()
    connection.execute("SELECT * FROM entries WHERE source_id = 1 AND withdrawn_at IS NULL").fetchall()
    connection.execute("UPDATE crawls SET bytes = bytes + 1 WHERE crawl_id = 1")
    return time.perf_counter() - began


def deriving(captures: int, folder: Path) -> tuple[int, float, float]:
    """Return the number of listed rows, and the seconds of deriving and of the baseline."""
    parser = RememberingParser()
    with open_archive(folder / "captures.db") as db:
        db.execute("PRAGMA synchronous=OFF")
        column = Column(db)
        listing = [line(number) for number in range(LISTED)]
        for day in range(captures // PAGES):
            if day % 7 == 0:
                place = day % (LISTED - 1)
                edited = listing[place].replace("|Paper", " again|Paper", 1) if day % 2 else line(1_000_000 + day)
                listing = [*listing[:place], edited, *listing[place + 1 :]]
            settled(column, listing, "unchanged" if day % 7 else "complete")
        baseline = timed(lambda: [parser.parse_listing(load_body(db, digest), "") for (digest,) in
                               db.execute("SELECT body_sha256 FROM bodies").fetchall()])  # fmt: skip
        at = START + (column.day + 1) * DAY
        found = []
        again = timed(lambda: found.append(rebuild(db, RememberingParser(), at=at, authority="example.org,2026")))
        assert [result.differences for result in found] == [()], "deriving again changed the archive"
        rows = db.execute("SELECT count(*) FROM captures").fetchone()[0] * PER_PAGE
        return rows, again, baseline


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Run both parts and print figures and ratios."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--captures", type=int, default=100_000)
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        smallest = None
        for entries in chosen.sizes:
            taken, baseline = settling(entries, Path(folder))
            smallest = smallest or taken
            print(
                f"settling 8 pages into {entries:>7,} entries: {taken * 1000:6.1f} ms, {taken / baseline:5.1f} x the baseline,"
                f" {taken / smallest:.2f} x the smallest"
            )
        rows, again, baseline = deriving(chosen.captures, Path(folder))
        print(
            f"deriving {chosen.captures:,} captures, {rows:,} rows, again: {again:.1f} s, {again / baseline:.1f} x the baseline"
        )


if __name__ == "__main__":
    main()
