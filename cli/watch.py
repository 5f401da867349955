"""`foreign-eyes watch`: the built-in loop, for machines without cron and systemd."""

from __future__ import annotations

import time

import click

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.contact import print_contact_note
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.crawl import make_job
from foreign_eyes.cli.parameter_types import DEFAULT_EVERY, DURATION
from foreign_eyes.cli.subprocesses import passing_on_signals
from foreign_eyes.cli.terminal import print_line


@click.command(
    short_help="Crawl and publish repeatedly",
    epilog="\b\nExamples:\n  foreign-eyes watch live --every 6h\n  foreign-eyes watch sample --every 10s --rounds 3",
)
@click.argument("source", required=False, metavar="[SOURCE or URL]")
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
def watch(context: Context, source: str | None, every: float, rounds: int | None, contact: str | None) -> int:
    """Crawl and publish repeatedly until stopped.

    A failed round is reported, and the next one tries again. Each round runs in a child process. If the output folder
    belongs to another archive at the start, nothing is crawled and the exit code is 66.
    """
    from foreign_eyes.cli.publish_places import require_place

    job = make_job(context, source, contact=contact)
    require_place(context, job.name)
    print_contact_note(context, job)
    contact_option = ["--contact", contact] if contact else []
    arguments = [
        *context.group_arguments,
        "up",
        *([source] if source else []),
        *contact_option,
        "--no-serve",
        "--scheduled",
        "--quiet",
    ]
    done = 0
    with passing_on_signals() as stop:
        while stop.signal is None:
            began = time.monotonic()
            code = stop.run(arguments)
            done += 1
            if stop.signal is None:
                print_line(f"{time.strftime('%Y-%m-%d %H:%M:%S')} round {done}: {_result(code)}", err=True)
            if rounds is not None and done >= rounds:
                return code
            stop.wait(every - (time.monotonic() - began))
    return exit_codes.DONE


def _result(code: int) -> str:
    return "done" if code == exit_codes.DONE else f"exit code {code}"
