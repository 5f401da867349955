"""Growth of an archive over years of daily crawls: `python benchmarks/growth.py --years 5`.

The simulated column of `tests/simulation` (320 entries on 8 pages) is crawled daily, with the column's markup and the real
reader, parser and settling; only HTTP is left out. The script prints the size of the archive by table, the time of a crawl of
the same listing into this archive and into a new one, and time and memory of `foreign-eyes reparse --check`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random

from sqlite_utils import Database

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from simulation.events import Editor, Rates, Weather  # noqa: E402 - the paths come first
from simulation.server import Html  # noqa: E402
from simulation.source import Column, Site  # noqa: E402
from support.listings import FOLDER, page_name  # noqa: E402

from foreign_eyes.archive.captures import find_validators, record_capture  # noqa: E402
from foreign_eyes.archive.crawls import begin_crawl  # noqa: E402
from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.rebuilding.rebuild import rebuild_if_outdated  # noqa: E402
from foreign_eyes.archive.settling.listed_state import ListedState  # noqa: E402
from foreign_eyes.archive.settling.settle import settle  # noqa: E402
from foreign_eyes.archive.values import Fetched, Source, Traffic  # noqa: E402
from foreign_eyes.listing import parser  # noqa: E402
from foreign_eyes.listing.fetch_results import FetchResult  # noqa: E402
from foreign_eyes.listing.reader import ListingReader  # noqa: E402
from foreign_eyes.listing.values import ListingPage  # noqa: E402

START = datetime(2018, 1, 1, 6, tzinfo=UTC)
HOST = "http://column.example"
SOURCE = Source("column", f"{HOST}{FOLDER}/index.htm", "China's IP in Foreign Eyes", "en")
AUTHORITY = "example.org,2026"
# days with one new entry, at the end, whose crawls are timed
TIMED = 15


class RememberingParser:
    """The real parser; it parses each body once, as in a real crawl."""

    PARSER_VERSION = parser.PARSER_VERSION
    blocking_sign = staticmethod(parser.blocking_sign)

    @staticmethod
    @lru_cache(maxsize=64)
    def parse_listing(body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse a page."""
        return parser.parse_listing(body, url, content_type)


class Listing:
    """The simulated column, day by day."""

    def __init__(self, seed: int, quiet: float):
        self._random = Random(seed)  # noqa: S311 - nothing secret
        self._column = Column(self._random, 320, 40)
        self._editor = Editor(self._column, Rates())
        self._quiet = Weather(quiet=quiet).quiet
        self.site = Site(self._column, Html())
        self.day = -1

    def live_a_day(self) -> None:
        """Run the events of a day, unless it is quiet."""
        self._begin_a_day()
        if self._random.random() >= self._quiet:
            self._editor.work_a_day()

    def add_one(self) -> None:
        """Begin a day on which one entry arrives."""
        self._begin_a_day()
        self._editor.arrive()

    def _begin_a_day(self) -> None:
        if self.day >= 0:
            self._column.rest()
        self.day += 1
        self._column.day = self.day


class Crawler:
    """Crawls the column into one archive."""

    def __init__(self, db: Database, listing: Listing):
        self._db, self._listing = db, listing
        rebuild_if_outdated(db, RememberingParser(), at=START, authority=AUTHORITY)

    def crawl(self) -> float:
        """Crawl once; return the processor time of fetching, reading and settling in seconds."""
        self._listing.site.refresh()
        self._at = START + timedelta(days=self._listing.day)
        began = time.process_time()
        self._crawl_id = begin_crawl(self._db, SOURCE, "full", self._at)
        known = ListedState(self._db, SOURCE.name, SOURCE.url, RememberingParser())
        reading = ListingReader(SOURCE.url, self._fetch, RememberingParser(), known).read()
        try:
            reading.send(None)  # it never awaits anything that blocks
        except StopIteration as end:
            verdict = end.value
        at = self._at + timedelta(seconds=10)
        settle(self._db, self._crawl_id, verdict, RememberingParser(), Traffic(), at=at, authority=AUTHORITY)
        return time.process_time() - began

    async def _fetch(self, url: str, *, page: int, pass_number: int) -> FetchResult:
        self._at += timedelta(seconds=1)
        fetched = Fetched("listing", url, url, self._at, pass_number=pass_number, page=page)
        bodies = self._listing.site.bodies
        body = next(body for number, body in enumerate(bodies, start=1) if url == f"{HOST}{page_name(number)}")
        digest = sha256(body).hexdigest()
        headers = (
            ("Date", format_datetime(self._at, usegmt=True)),
            ("Server", "nginx"),
            ("Connection", "keep-alive"),
            ("ETag", f'"{digest[:16]}"'),
        )
        is_fresh = self._listing.day % 7 == 0 and pass_number == 1
        validators = None if is_fresh else find_validators(self._db, url, self._crawl_id)
        fetched = replace(fetched, body_sha256=digest, asked_fresh=validators is None)
        confirmed = validators is not None and validators.body_sha256 == digest
        if validators is not None and confirmed:
            fetched = replace(fetched, status=304, headers=headers, revalidates=validators.capture_id)
        else:
            described = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))))
            fetched = replace(fetched, status=200, headers=(*headers, *described), body=body)
        record_capture(self._db, self._crawl_id, fetched)
        return FetchResult(url, url, 200, body, digest, not_modified=confirmed)


def grow(path: Path, days: int, seed: int, quiet: float) -> Listing:
    """Crawl a column for some days into an archive; continue an archive that has fewer."""
    listing = Listing(seed, quiet)
    with open_archive(path) as db:
        crawler = Crawler(db, listing)
        done = db.execute("SELECT count(*) FROM crawls").fetchone()[0]
        db.execute("PRAGMA synchronous=OFF")
        for day in range(days):
            listing.live_a_day()
            if day < done:
                continue
            crawler.crawl()
            if day % 50 == 0:
                print(f"\rday {day} of {days}, {path.stat().st_size / 1e6:.0f} MB", end="", file=sys.stderr)
        print(file=sys.stderr)
    return listing


def compare(old: Path, new: Path, listing: Listing) -> tuple[float, float]:
    """Return the seconds of a crawl into a new archive and into an old one: the medians of days with one new entry."""
    taken: list[tuple[float, float]] = []
    with open_archive(old) as old_db, open_archive(new) as new_db:
        crawlers = Crawler(new_db, listing), Crawler(old_db, listing)
        crawlers[0].crawl()
        for number in range(TIMED):
            listing.add_one()
            both = {}
            for which in (0, 1) if number % 2 else (1, 0):  # in turns: caches of texts favour the second
                RememberingParser.parse_listing.cache_clear()
                both[which] = crawlers[which].crawl()
            taken.append((both[0], both[1]))
    first, last = (statistics.median(times) for times in zip(*taken, strict=True))
    return first, last


def sizes(path: Path) -> dict[str, tuple[int, int, int]]:
    """Return by table the number of rows, and the bytes of the table and of its indexes."""
    with open_archive(path) as db:
        tables = dict(db.execute("SELECT name, tbl_name FROM sqlite_master WHERE rootpage > 0"))
        found: dict[str, list[int]] = {}
        for name, size in db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall():
            table = tables.get(name, name)
            parts = found.setdefault(table, [0, 0])
            parts[0 if name == table else 1] += size
        return {
            table: (db.execute(f"SELECT count(*) FROM {table}").fetchone()[0], *parts)  # noqa: S608 - names of tables
            for table, parts in sorted(found.items(), key=lambda item: -sum(item[1]))
        }


def check_again(path: Path) -> tuple[float, float, int]:
    """Return seconds, peak memory in MB and exit code of `reparse --check` in a process of its own."""
    command = [sys.executable, "-m", "foreign_eyes", "--archive", str(path), "reparse", "--check"]
    began = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, cwd=path.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - began, usage.ru_maxrss / 1024, process.returncode


def main() -> None:
    """Grow an archive and print the figures."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--years", type=float, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--quiet", type=float, default=0.5, help="fraction of days without events (default: 0.5)")
    options.add_argument("--keep", type=Path, metavar="FILE", help="keep the archive in this file, or continue it")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.keep or Path(folder, "archive.db")
        listing = grow(path, round(chosen.years * 365), chosen.seed, chosen.quiet)
        print(f"{path.stat().st_size / 1e6:.1f} MB after {chosen.years:g} years of daily crawls")
        for table, (rows, own, indexes) in sizes(path).items():
            if own + indexes > 100_000:
                print(f"  {table:<24} {rows:>9,} rows {own / 1e6:>7.1f} MB, indexes {indexes / 1e6:>6.1f} MB")
        first, last = compare(path, Path(folder, "new.db"), listing)
        print(
            f"a crawl with one new entry: {first * 1000:.0f} ms of processor time in a new archive, {last * 1000:.0f} ms in"
            f" this one, {last / first:.2f} times"
        )
        seconds, memory, code = check_again(path)
        print(f"reparse --check: {seconds:.0f} s, {memory:.0f} MB of memory, exit code {code}")


if __name__ == "__main__":
    main()
