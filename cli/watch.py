"""`foreign-eyes watch`: the built-in loop, for machines without cron and systemd."""

from __future__ import annotations

import time
from functools import partial

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.contact import print_contact_notes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.parameter_types import DEFAULT_EVERY, DURATION, duration_text
from foreign_eyes.cli.recorded_runs import end_schedule
from foreign_eyes.cli.round_times import RoundTimer
from foreign_eyes.cli.rounds import round_arguments, round_jobs
from foreign_eyes.cli.source_arguments import source_arguments
from foreign_eyes.cli.subprocesses import passing_on_signals
from foreign_eyes.cli.terminal import print_line


@click.command(
    short_help="Crawl and publish repeatedly",
    epilog="\b\nExamples:\n  foreign-eyes watch live --every 6h\n  foreign-eyes watch --all-sources --every 6h\n"
    "  foreign-eyes watch sample --every 10s --rounds 3",
)
@source_arguments
@click.option(
    "--every",
    type=DURATION,
    default=DEFAULT_EVERY,
    show_default=True,
    help="The interval of starts: 90s, 30m, 6h, 1d",
)
@click.option("--rounds", metavar="N", type=click.IntRange(1), help="Stop after N rounds  [default: run until stopped]")
@click.option(
    "--contact", metavar="ADDRESS", help="Your mail or web address, sent to the site  [default: as configured]"
)
@pass_context
def watch(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    every: float,
    rounds: int | None,
    contact: str | None,
) -> int:
    """Crawl each SOURCE and publish it, repeatedly until stopped.

    A failed round is reported, and the next one tries again. Each round runs in a child process. The interval is measured on
    two clocks: a clock that is set back delays no round, and a machine that was suspended runs a missed round when it wakes
    up. If the output folder belongs to another archive at the start, nothing is crawled and the exit code is 66. With
    --all-sources each round reads the settings again.
    """
    from foreign_eyes.cli.publish_places import require_place

    jobs = round_jobs(context, sources, all_sources=all_sources, contact=contact)
    for job in jobs:
        require_place(context, job.name)
    print_contact_notes(context, jobs)
    round_ = round_arguments(sources, all_sources=all_sources, contact=contact)
    arguments = [*context.group_arguments, *round_, "--every", duration_text(every)]
    done = 0
    with passing_on_signals() as stop:
        while stop.signal is None:
            timer = RoundTimer()
            code = stop.run(arguments)
            done += 1
            if stop.signal is None:
                print_line(f"{time.strftime('%Y-%m-%d %H:%M:%S')} round {done}: {_result(code)}", err=True)
            if rounds is not None and done >= rounds:
                end_schedule(context, ["--all-sources"] if all_sources else sources)
                return code
            stop.wait_until(partial(timer.has_passed, every))
    return exit_codes.DONE


def _result(code: int) -> str:
    return "done" if code == exit_codes.DONE else f"exit code {code}"
