"""Kill a crawl at hundreds of system calls, rerun it each time, and count the failures.

PYTHONPATH=tests python -m faults.kills
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from faults.points import draw
from faults.scenarios import SCENARIOS
from faults.strace import hindrance
from faults.trials import Bench, PatientServer, Point, Result

WORKERS = 2


@dataclass
class Run:
    """State shared by the workers: the points to try and the results."""

    todo: Iterator[Point]
    wanted: int
    until: float
    tell: Callable[[Run, Result], None]
    results: list[Result] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kills(self) -> int:
        """Return the number of points at which the process was killed."""
        return sum(result.killed for result in self.results)

    def next_point(self) -> Point | None:
        """Return the next point to try, or None to stop."""
        with self.lock:
            enough = self.kills >= self.wanted or time.monotonic() > self.until or self.errors
            return None if enough else next(self.todo, None)

    def work(self, bench: Bench) -> None:
        """Try points until `next_point` returns None."""
        try:
            while point := self.next_point():
                result = bench.try_point(point)
                with self.lock:
                    self.results.append(result)
                    self.tell(self, result)
        except Exception as error:  # `main` raises it again after joining the workers
            self.errors.append(error)


@click.command()
@click.option("--points", default=500, show_default=True, help="How many kills to make")
@click.option("--seed", default=1, show_default=True, help="Draws the points")
@click.option("--minutes", default=60.0, show_default=True, help="Stop after this time, whatever is done")
@click.option(
    "--scenario", "names", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only this one (repeatable)"
)
@click.option(
    "--replay", multiple=True, metavar="POINT", help="Try this point only, as an earlier run named it (repeatable)"
)
@click.option("--revalidates", is_flag=True, help="Demand that the rerun revalidates what the killed crawl captured")
@click.option("--json", "as_json", is_flag=True, help="Print all results as one JSON object")
def main(
    points: int,
    seed: int,
    minutes: float,
    names: tuple[str, ...],
    replay: tuple[str, ...],
    revalidates: bool,
    as_json: bool,
) -> None:
    """Kill a crawl at many system calls; exit with 1 if an archive or a rerun is wrong."""
    if reason := hindrance():
        raise click.ClickException(reason)
    began = time.monotonic()
    with ExitStack() as stack:
        benches = [_open_bench(stack) for _ in range(WORKERS)]
        todo = [Point.read(text) for text in replay] or _draw(benches[0], names or tuple(SCENARIOS), seed)
        run = Run(iter(todo), points, began + minutes * 60, _teller(revalidates))
        threads = [threading.Thread(target=run.work, args=(bench,)) for bench in benches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if run.errors:
        raise run.errors[0]
    results = sorted(run.results, key=lambda result: result.point)
    bad = [result for result in results if result.is_bad(revalidates=revalidates)]
    if as_json:
        seconds = round(time.monotonic() - began)
        click.echo(
            json.dumps({"seconds": seconds, **summary(results), "results": [asdict(result) for result in results]})
        )
    else:
        _show(results, bad)
    enough = run.kills >= min(points, len(todo)) or bool(replay)
    if not enough:
        click.echo(f"only {run.kills} of {points} kills were made", err=True)
    sys.exit(1 if bad or not enough else 0)


def summary(results: Sequence[Result]) -> dict[str, int]:
    """Return the figures of one table row."""
    killed = [result for result in results if result.killed]
    return {
        "points": len(results),
        "kills": len(killed),
        "settled": sum(result.settled for result in killed),
        "journals": sum(result.journal for result in killed),
        "torn": sum(bool(result.torn) for result in results),
        "wrong": sum(bool(result.wrong) for result in results),
        "unasked": sum(bool(result.unasked) for result in results),
        "not revalidated": sum(bool(result.not_revalidated) for result in results),
    }


def _open_bench(stack: ExitStack) -> Bench:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="foreign-eyes-kills-"))
    return Bench(Path(folder), stack.enter_context(PatientServer()))


def _draw(bench: Bench, names: Sequence[str], seed: int) -> list[Point]:
    calls = {}
    for name in names:
        calls[name] = bench.calls(SCENARIOS[name])
        click.echo(f"{name}: {len(calls[name])} system calls", err=True)
    return draw(calls, seed)


def _teller(revalidates: bool) -> Callable[[Run, Result], None]:
    def tell(run: Run, result: Result) -> None:
        if result.is_bad(revalidates=revalidates):
            _complain(result)
        if len(run.results) % 25 == 0:
            click.echo(f"{run.kills} of {run.wanted} kills", err=True)

    return tell


def _complain(result: Result) -> None:
    click.echo(f"BAD {result.point}", err=True)
    for kind in ("torn", "wrong", "unasked", "not_revalidated"):
        for line in getattr(result, kind):
            click.echo(f"  {kind.replace('_', ' ')}: {line}", err=True)
    click.echo(f"  again: PYTHONPATH=tests python -m faults.kills --replay '{result.point}'", err=True)


def _show(results: Sequence[Result], bad: Sequence[Result]) -> None:
    _table("scenario", results, lambda result: result.point.scenario)
    click.echo()
    _table("system call", results, lambda result: result.point.syscall)
    click.echo()
    click.echo(f"{len(bad)} bad points of {summary(results)['kills']}")


def _table(title: str, results: Sequence[Result], key: Callable[[Result], str]) -> None:
    figures = summary(results)
    click.echo(f"{title:<18}" + "".join(f"{name:>{len(name) + 2}}" for name in figures))
    for name in [*sorted({key(result) for result in results}), "all"]:
        row = summary([result for result in results if name in (key(result), "all")])
        click.echo(f"{name:<18}" + "".join(f"{value:>{len(label) + 2}}" for label, value in row.items()))


if __name__ == "__main__":
    main()
