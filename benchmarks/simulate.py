"""Simulate and check years of daily crawls: `python benchmarks/simulate.py --years 1000`.

Each run simulates five years from one seed, and an oracle checks the results. Runs use all processors. Failures go to
stderr with seed and day. The exit code is 1 if a target was missed. To explain a failure:
`python benchmarks/simulate.py --seed 42 --years 5 --explain`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from simulation.events import Rates, Weather  # noqa: E402 - the paths come first
from simulation.report import Report  # noqa: E402 - the paths come first
from simulation.simulator import PLAIN, SMALL, Scene, simulate  # noqa: E402 - the paths come first

YEARS_PER_RUN = 5
LISTED_FAILURES = 20


def main() -> None:
    """Run the simulation and print its figures and failures."""
    options = read_options()
    began = time.monotonic()
    report = run(options)
    seconds = time.monotonic() - began
    print(as_json(report, seconds) if options.json else as_table(report, seconds))
    failures = [failure for failure in report.failures if failure.kind.startswith(options.only)]
    for failure in failures if options.explain else failures[:LISTED_FAILURES]:
        print(failure if options.explain else str(failure).partition("\n")[0], file=sys.stderr)
    sys.exit(1 if report.missed_targets() else 0)


def read_options() -> argparse.Namespace:
    """Return the command-line options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=float, default=1000, help="simulated years in total (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; later runs count up (default: 1)")
    parser.add_argument("--run-years", type=float, default=YEARS_PER_RUN, help="years per run (default: %(default)s)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="parallel runs (default: one per processor)"
    )
    parser.add_argument(
        "--entries", type=int, default=SMALL.entries, help="entries in the column; the real one has 320"
    )
    parser.add_argument("--per-page", type=int, default=SMALL.per_page, help="entries on a page; the real one has 40")
    parser.add_argument("--plain", action="store_true", help="leave out shared text and other misleading events")
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        metavar="EVENT=NUMBER",
        help="how often an event happens on a day that is not quiet, for example join=0.2; can be repeated",
    )
    parser.add_argument("--quiet", type=float, help="fraction of days without events (default: 0.5)")
    parser.add_argument("--only", metavar="KIND", default="", help="explain only failures whose kind starts with KIND")
    parser.add_argument("--explain", action="store_true", help="print each failure with its events and texts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def run(options: argparse.Namespace) -> Report:
    """Divide the years into runs, and the runs among processes; print progress on stderr."""
    rates = PLAIN if options.plain else Rates()
    given = dict(rate.split("=") for rate in options.rate)
    weather = Weather() if options.quiet is None else Weather(quiet=options.quiet)
    rates = replace(rates, **{name: float(rate) for name, rate in given.items()})
    scene = Scene(options.entries, options.per_page, rates, weather)
    runs = []
    left = options.years
    while left > 0:
        runs.append((options.seed + len(runs), min(left, options.run_years), scene))
        left -= options.run_years
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
    """Simulate one seed in a process of the pool."""
    return simulate(*run)


def as_table(report: Report, seconds: float) -> str:
    """Return the figures as lines of text."""
    merges = sum(1 for failure in report.failures if failure.kind.startswith("false merge"))
    rate = 1000 * merges / max(report.happened, 1)
    doubts = report.doubts.total() / max(report.years, 0.01)
    lines = [
        f"{report.years:.1f} simulated years, {sum(report.crawls.values())} crawls, {seconds:.0f} s",
        f"{report.happened} events, {rate:.3f} false merges per 1,000 events, {doubts:.1f} doubts a year",
    ]
    for title, figures in sections(report).items():
        lines += ["", title, *(f"  {count:>9}  {name}" for name, count in figures.most_common())]
    missed = [f"missed: {target}" for target in report.missed_targets()] or ["all targets are met"]
    return "\n".join([*lines, "", *missed])


def as_json(report: Report, seconds: float) -> str:
    """Return the figures as one object."""
    figures = {"years": report.years, "seconds": round(seconds, 1), "happened": report.happened}
    return json.dumps({**figures, "missed_targets": report.missed_targets(), **sections(report)})


def sections(report: Report) -> dict[str, Counter[str]]:
    """Return the reported counts by title."""
    return {
        "crawls": report.crawls,
        "events": report.events,
        "revisions": report.methods,
        "edits by what survived": report.edits,
        "doubts on record": report.doubts,
        "defensible readings": report.defensible,
        "failures": report.kinds(),
    }


if __name__ == "__main__":
    main()
