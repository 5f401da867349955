"""Cost of a page with thousands of unknown entries: `python benchmarks/strangers.py`.

`foreign-eyes up` crawls and publishes a listing of 32 entries on a local server. Then one page gets thousands of unknown
entries, and the same command runs again. `--code` runs another checkout for comparison.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.listing_server import ListingServer  # noqa: E402 - the paths come first
from support.listings import LISTING, Entry, make_entries, make_page, make_site, page_name  # noqa: E402


def main() -> None:
    """Measure both rounds and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strangers", type=int, default=20_000)
    parser.add_argument("--code", type=Path, default=ROOT, help="the checkout to run")
    arguments = parser.parse_args()
    own = make_entries(32)
    with tempfile.TemporaryDirectory() as folder, ListingServer(make_site(own, per_page=8)) as server:
        measure("32 entries", server, Path(folder), arguments.code)
        many = [*own[8:16], *(stranger(number) for number in range(arguments.strangers))]
        server.site[page_name(2)] = make_page(many, 2, 4)
        print(f"a page of {len(server.site[page_name(2)]) / 1e6:.1f} MB")
        measure(f"{arguments.strangers} strangers", server, Path(folder), arguments.code)


def stranger(number: int) -> Entry:
    """Return an unknown entry."""
    return Entry(
        f"Casino {number} opens", "The Gambler", f"Bet {number} times on {number * 7}.", f"Win {number} prizes."
    )


def measure(what: str, server: ListingServer, folder: Path, code: Path) -> None:
    """Run a round, and print its time, and the number and size of its files."""
    began, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "foreign_eyes",
            "up",
            server.origin + LISTING,
            "--name",
            "town",
            "--no-serve",
            "--quiet",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(code.absolute())},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, used = time.perf_counter() - began, processor_seconds() - used
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    took = f"{seconds:.1f} s ({used:.1f} s of processor time), exit {done.returncode}"
    print(f"{what}: {took}, {len(files)} files, {size / 1e6:.1f} MB on disk")
    if done.stderr:
        print(f"  {done.stderr.strip().splitlines()[-1][:300]}", flush=True)


def processor_seconds() -> float:
    """Return the processor time of child processes that ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
