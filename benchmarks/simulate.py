"""Simulated years of daily crawls against the oracle: `python benchmarks/simulate.py --years 1000`.

Each run is five years from one seed; runs share the processors. Any failure is told with its seed and day, and ends the
whole with exit code 1. To see what happened: `python benchmarks/simulate.py --seed 42 --years 5 --explain`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from simulation import SMALL, Report, Scene, simulate  # noqa: E402 - the paths come first

YEARS_A_RUN = 5
TOLD = 20


def main() -> None:
    """Run the simulation and print what it did and found."""
    options = read_options()
    began = time.monotonic()
    report = run(options)
    seconds = time.monotonic() - began
    print(as_json(report, seconds) if options.json else as_table(report, seconds))
    for failure in report.failures if options.explain else report.failures[:TOLD]:
        print(failure if options.explain else str(failure).partition("\n")[0], file=sys.stderr)
    sys.exit(1 if report.failures else 0)


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=float, default=1000, help="simulated years in all (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="the first run's seed; each further run has the next one")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many runs at a time")
    parser.add_argument(
        "--entries", type=int, default=SMALL.entries, help="entries in the column; the real one has 320"
    )
    parser.add_argument("--per-page", type=int, default=SMALL.per_page, help="entries on a page; the real one has 40")
    parser.add_argument("--explain", action="store_true", help="tell of each failure with stories and texts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def run(options: argparse.Namespace) -> Report:
    """Spread the years over seeds, and the seeds over processes; tell on stderr how far it is."""
    scene = Scene(options.entries, options.per_page)
    runs = []
    left = options.years
    while left > 0:
        runs.append((options.seed + len(runs), min(left, YEARS_A_RUN), scene))
        left -= YEARS_A_RUN
    report = Report()
    with Pool(options.processes) as pool:
        for done in pool.imap_unordered(simulate_one, runs):
            report += done
            print(
                f"\r{report.years:.0f} of {options.years:g} years, {len(report.failures)} failures",
                end="",
                file=sys.stderr,
            )
    print(file=sys.stderr)
    return report


def simulate_one(run: tuple[int, float, Scene]) -> Report:
    """Simulate one seed, in a process of the pool."""
    return simulate(*run)


def as_table(report: Report, seconds: float) -> str:
    """Return the figures as lines of text."""
    lines = [f"{report.years:.1f} simulated years, {sum(report.crawls.values())} crawls, {seconds:.0f} s"]
    for title, figures in sections(report).items():
        lines += ["", title, *(f"  {count:>9}  {name}" for name, count in figures.most_common())]
    return "\n".join(lines if report.failures else [*lines, "", "no failures"])


def as_json(report: Report, seconds: float) -> str:
    """Return the figures as one object."""
    return json.dumps({"years": report.years, "seconds": round(seconds, 1), **sections(report)})


def sections(report: Report) -> dict[str, Counter[str]]:
    """Return the counts that are reported, by what they count."""
    failures = Counter(failure.kind for failure in report.failures)
    return {"crawls": report.crawls, "events": report.events, "revisions": report.methods, "failures": failures}


if __name__ == "__main__":
    main()
