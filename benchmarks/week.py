"""A simulated week of `watch` over a hostile site: `python benchmarks/week.py`.

28 rounds, six hours apart by the machine's clock, which libfaketime moves. The site is edited, down, blocks, stalls, cuts its
answers, gets new markup and shifts; the clock leaps by 400 days; the disk is full (root only: a file system of 200 MB in
memory). `serve` runs beside `watch`, and a reader asks it all the time. At the end `watch` is killed. After each round an oracle
compares the archive, the feeds and the messages with what they must be. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from simulation.week import DAY, WEEK, Lived, live  # noqa: E402 - the paths come first

DISK = "200m"
MOST_GROWTH = 1.1


@contextmanager
def small_disk(place: Path) -> Iterator[Callable[[bool], None] | None]:
    """Mount a small disk and yield what fills it; yield None if it cannot be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        yield None
        return
    ballast = place / "ballast"

    def fill(is_full: bool) -> None:
        if not is_full:
            ballast.unlink()
            return
        with ballast.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return

    try:
        yield fill
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def as_table(lived: Lived, seconds: float) -> str:
    """Return the figures as lines of text."""
    own, children, serve = lived.memory.own, lived.memory.largest_child, lived.serve_memory.own
    lines = [
        f"{lived.rounds} rounds in {seconds:.0f} s",
        f"watch: {own[0] / 1024:.1f} MB after the first round, {own[-1] / 1024:.1f} MB after the last",
        f"children: {max(children[:4]) / 1024:.1f} MB in the first four rounds, {max(children[-4:]) / 1024:.1f} MB in the last",
        f"serve: {serve[len(serve) // 10] / 1024:.1f} MB after a tenth of the time, {serve[-1] / 1024:.1f} MB at the end",
        f"{lived.answers} answers of serve, the slowest after {lived.slowest:.2f} s",
    ]
    lines += [
        f"message: {one['round']}: {one['event']} {one['kind']} {one['subject']}: {one['what'][:80]}"
        for one in lived.messages
    ]
    return "\n".join([*lines, *(f"FAULT: {fault}" for fault in lived.faults), f"{len(lived.faults)} faults"])


def message_line(message: dict[str, Any]) -> str:
    """Return a message on one line."""
    return f"message: {message['round']}: {message['event']} {message['kind']} {message['subject']}: {message['what'][:60]}"


def growth(lived: Lived) -> list[str]:
    """Return what needed more memory at the end than at the beginning."""
    own, children, serve = lived.memory.own, lived.memory.largest_child, lived.serve_memory.own
    pairs = {
        "watch": (own[0], own[-1]),
        "its children": (max(children[:4]), max(children[-4:])),
        "serve": (serve[len(serve) // 10], serve[-1]),
    }
    return [f"{name} grew from {a} to {b} kB" for name, (a, b) in pairs.items() if b > MOST_GROWTH * a]


def main() -> None:
    """Live the week and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", action="store_true", help="only the day that `make test` lives")
    parser.add_argument("--no-alerts", action="store_true", help="do not check messages")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder, beside = Path(name) / "disk", Path(name) / "beside"
        folder.mkdir()
        beside.mkdir()
        with small_disk(folder) as fill:
            lived = live(
                DAY if options.day else WEEK,
                *(folder, beside, fill),
                has_alerts=not options.no_alerts,
                is_killed=not options.day,
                tell=lambda line: print(line, file=sys.stderr, flush=True),
            )
    lived.faults += growth(lived)
    print(as_table(lived, time.monotonic() - began))
    sys.exit(1 if lived.faults else 0)


if __name__ == "__main__":
    main()
