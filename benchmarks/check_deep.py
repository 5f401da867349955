"""Time and memory of `check --deep` on a published archive with a backup: `python benchmarks/check_deep.py`.

A local listing of invented entries is really crawled, with one new entry and one edit between rounds, published after each
round, and backed up at the end. Then `check` and `check --deep` run as commands. The baseline reads the archive, and reads
and hashes every published file once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.listing_server import ListingServer  # noqa: E402 - the paths come first
from support.listings import LISTING, make_entries, make_site  # noqa: E402

# a crawl reads at most 200 pages
PER_PAGE, PAGES = 40, 100


def run(folder: Path, *arguments: str) -> tuple[float, float]:
    """Run a command of ours; return its seconds and the most memory it used, in MB."""
    command = [sys.executable, "-P", "-m", "foreign_eyes", *arguments]
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
        _, ended, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}:\n{(folder / 'log').read_text()}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def fill(folder: Path, entries: int, rounds: int) -> None:
    """Crawl and publish `rounds` times, and make a backup."""
    listing = make_entries(entries, 1)
    with ListingServer() as server:
        (folder / "foreign-eyes.toml").write_text(
            f'default_source = "town"\n[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
        )
        for number in range(rounds):
            if number:
                edited = replace(listing[number], commentary=f"{listing[number].commentary} And {number} more.")
                listing = [*make_entries(1, entries + number), *listing[:number], edited, *listing[number + 1 :]]
            server.site = make_site(listing, per_page=max(PER_PAGE, entries // PAGES))
            run(folder, "crawl", "town", "--quiet")
            run(folder, "publish")
    run(folder, "backup", "backup.db")


def baseline(folder: Path) -> float:
    """Return the seconds that reading the archive, and hashing every published file, take."""
    began = time.perf_counter()
    (folder / "archive.db").read_bytes()
    for path in (folder / "public").rglob("*"):
        if path.is_file():
            sha256(path.read_bytes()).digest()
    return time.perf_counter() - began


def main() -> None:
    """Make the archive, run the commands on it, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--entries", type=int, default=320)
    options.add_argument("--rounds", type=int, default=30)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, chosen.entries, chosen.rounds)
        files = [path for path in (folder / "public").rglob("*") if path.is_file()]
        print(
            f"{chosen.entries:,} entries, {chosen.rounds} rounds: an archive of"
            f" {(folder / 'archive.db').stat().st_size / 1e6:.1f} MB, {len(files):,} published files of"
            f" {sum(path.stat().st_size for path in files) / 1e6:.1f} MB; baseline {baseline(folder):.2f} s"
        )
        for options_of_it in ([], ["--deep"]):
            seconds, memory = run(folder, "check", *options_of_it)
            print(f"{' '.join(['check', *options_of_it])}: {seconds:.1f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
