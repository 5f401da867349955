"""Time of `check` on 50,000 captures, and of a seal: `python benchmarks/check.py`.

The archive is made by settling crawls: 8 pages of 40 entries, two passes per crawl, a change in every seventh crawl, and
304s with realistic header fields for unchanged pages. `check` then runs as a command, with the file in the system's cache.
The baseline reads the file, and decompresses and hashes every body once. On a busy machine, compare processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from settle import LISTED, PAGES, RememberingParser, line, pages, timed  # noqa: E402 - the paths come first
from sqlite_utils import Database  # noqa: E402
from support.settling import Column  # noqa: E402

from foreign_eyes.archive import seals  # noqa: E402
from foreign_eyes.archive.captures import record_capture  # noqa: E402
from foreign_eyes.archive.crawls import begin_crawl  # noqa: E402
from foreign_eyes.archive.database import open_archive  # noqa: E402
from foreign_eyes.archive.settling.settle import settle  # noqa: E402
from foreign_eyes.archive.values import Fetched, Traffic  # noqa: E402
from foreign_eyes.listing.values import Verdict  # noqa: E402

PASSES = 2
ROUNDS = 5
FIELDS = (
    ("Server", "nginx/1.18.0"),
    ("Date", "Tue, 24 Nov 2026 03:12:45 GMT"),
    ("Connection", "keep-alive"),
    ("Last-Modified", "Mon, 23 Nov 2026 08:31:09 GMT"),
    ("ETag", '"6742f3ad-9c41"'),
    ("Cache-Control", "max-age=0"),
    ("X-Via", "1.1 PS-000-01abc:3 (Cdn Cache Server V2.0), 1.1 PS-000-02def:9 (Cdn Cache Server V2.0)"),
)


def fill(db: Database, captures: int, sealing: list[float]) -> None:
    """Settle crawls with `captures` captures in all.

    Append the seconds of each seal of an unchanged crawl to `sealing`.
    """
    db.execute("PRAGMA synchronous=OFF")
    crawls = captures // (PAGES * PASSES)
    column = Column(db, day=-crawls)  # `check` would report crawls in the future
    listing = [line(number) for number in range(LISTED)]
    known: dict[str, tuple[int, str]] = {}
    for day in range(crawls):
        changed = day % 7 == 0
        if changed:
            place = day % (LISTED - 1)
            edited = listing[place].replace("|Paper", " again|Paper", 1) if day % 2 else line(1_000_000 + day)
            listing = [*listing[:place], edited, *listing[place + 1 :]]
        column.day += 1
        crawl_id = begin_crawl(db, column.source, "full", column.today)
        for pass_number in range(1, PASSES + 1):
            for number, text in enumerate(pages(listing), start=1):
                body, url = text.encode(), f"{column.source.url}{number}"
                digest = sha256(body).hexdigest()
                there = known.get(url)
                at = column.today + timedelta(seconds=pass_number * PAGES + number)
                same = there is not None and there[1] == digest
                fetched = Fetched(
                    *("listing", url, url, at, 304 if same else 200, FIELDS, None if same else body),
                    pass_number=pass_number, page=number,
                    revalidates=there[0] if same and there else None, body_sha256=digest if same else None,
                )  # fmt: skip
                capture_id = record_capture(db, crawl_id, fetched)
                if not same:
                    known[url] = capture_id, digest
        verdict = Verdict("complete" if changed else "unchanged")
        before = len(sealing)
        settle(
            db,
            crawl_id,
            verdict,
            RememberingParser(),
            Traffic(),
            at=column.today + timedelta(minutes=1),
            authority="example.org,2026",
        )  # type: ignore[arg-type]
        if changed:
            del sealing[before:]


def baseline(archive: Path, db: Database) -> None:
    """Read the file, and decompress and hash each body once."""
    archive.read_bytes()
    for (packed,) in db.execute("SELECT zlib FROM bodies"):
        sha256(zlib.decompress(packed)).digest()


def main() -> None:
    """Make the archive, run `check` on it, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--captures", type=int, default=50_000)
    options.add_argument("--deep", action="store_true", help="also run check --deep once")
    chosen = options.parse_args()
    sealing: list[float] = []
    plain = seals.seal

    def timed_seal(*arguments: object, **named: object) -> str | None:
        began = time.perf_counter()
        digest = plain(*arguments, **named)  # type: ignore[arg-type]
        sealing.append(time.perf_counter() - began)
        return digest

    sys.modules["foreign_eyes.archive.settling.settle"].seal = timed_seal  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive.db"
        with open_archive(archive) as db:
            made = timed(lambda: fill(db, chosen.captures, sealing))
            bodies = db.execute("SELECT count(*), sum(size) FROM bodies").fetchone()
            least = timed(lambda: baseline(archive, db))
        print(
            f"{chosen.captures:,} captures, {bodies[0]:,} bodies of {bodies[1] / 1e6:.0f} MB, an archive of"
            f" {archive.stat().st_size / 1e6:.0f} MB, made in {made:.0f} s"
        )
        print(f"sealing an unchanged crawl: {statistics.median(sealing) * 1000:.2f} ms (median of {len(sealing)})")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = [timed(lambda: check(archive)) for _ in range(ROUNDS)]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / ROUNDS
        middle = statistics.median(taken)
        spread = f"median of {ROUNDS}, {min(taken):.1f} to {max(taken):.1f}"
        print(f"check: {middle:.1f} s ({spread}), {middle / least:.1f} x the baseline; {busy:.1f} s of processor time")
        if chosen.deep:
            print(f"check --deep: {timed(lambda: check(archive, '--deep')):.1f} s")


def check(archive: Path, *options: str) -> None:
    """Run the command on the archive; its only problem may be that the last crawl is old."""
    command = [sys.executable, "-P", "-m", "foreign_eyes", "--archive", str(archive), "check", *options]
    done = subprocess.run(
        command,
        cwd=archive.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("!") <= 2, done.stdout + done.stderr


if __name__ == "__main__":
    main()
