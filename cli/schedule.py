"""`foreign-eyes schedule`: print a crontab line or systemd units for unattended crawls."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from foreign_eyes.cli.contact import print_contact_notes
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.new_archive import warn_of_new_archive
from foreign_eyes.cli.parameter_types import DEFAULT_EVERY, DEFAULT_PORT, DURATION
from foreign_eyes.cli.proxy_note import print_proxy_note
from foreign_eyes.cli.rounds import round_arguments, round_jobs
from foreign_eyes.cli.source_arguments import source_arguments
from foreign_eyes.cli.systemd_units import AFTERWARDS, SERVED_HOST, UNIT_FOLDER, UNITS
from foreign_eyes.cli.terminal import counted, printable

# more sources are counted in the description of a unit
MOST_DESCRIBED = 3

CRON_EXAMPLES = """
\b
Examples:
  foreign-eyes schedule cron live
  foreign-eyes schedule cron --all-sources
  (crontab -l; foreign-eyes schedule cron live --every 12h) | crontab -
"""

SYSTEMD_EXAMPLES = """
\b
Examples:
  foreign-eyes schedule systemd
  foreign-eyes schedule systemd live --every 3h
  foreign-eyes schedule systemd live --unit foreign-eyes.timer
"""

_every = click.option(
    "--every",
    type=DURATION,
    default=DEFAULT_EVERY,
    show_default=True,
    help="The interval of rounds: 30m, 6h, 1d",
)
_contact = click.option(
    "--contact", metavar="ADDRESS", help="Your mail or web address, sent to the site  [default: as configured]"
)


@click.group(
    short_help="Print a crontab line or systemd units",
    epilog="\b\nExamples:\n  foreign-eyes schedule cron live\n  foreign-eyes schedule systemd live --every 3h",
)
def schedule() -> None:
    """Print a crontab line or systemd units for unattended crawling and publishing.

    Nothing is installed.
    """


@schedule.command(short_help="Print a crontab line", epilog=CRON_EXAMPLES)
@source_arguments
@_every
@_contact
@pass_context
def cron(context: Context, sources: tuple[str, ...], all_sources: bool, every: float, contact: str | None) -> None:
    """Print a crontab line that crawls and publishes each SOURCE.

    The command in it prints nothing unless something is wrong, and cron mails its output.
    """
    times, round_ = cron_times(int(every)), round_command(context, sources, all_sources=all_sources, contact=contact)
    command = f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(round_)}"
    click.echo(f"{times} {command}".replace("%", r"\%"))


@schedule.command(short_help="Print units for the rounds, their timer and the server", epilog=SYSTEMD_EXAMPLES)
@source_arguments
@_every
@_contact
@click.option("--unit", type=click.Choice(list(UNITS)), metavar="NAME", help="Print only this file")
@pass_context
def systemd(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    every: float,
    contact: str | None,
    unit: str | None,
) -> None:
    """Print three systemd units: a service and its timer for the rounds, and a server.

    The service of the server runs `foreign-eyes serve`.

    The server can run behind a web server that passes /browse/ to it, as in docs/serving.md, or serve readers directly.
    """
    import getpass

    seconds = int(every)
    values = {
        "source": _described(context, sources, all_sources=all_sources).replace("%", "%%"),
        "user": getpass.getuser(),
        "directory": str(Path.cwd()).replace("%", "%%"),  # systemd reads it to the end of the line, without quotes
        "writes": unit_words(written_paths(context)),
        "archive_folder": unit_words([str(context.archive.absolute().parent)]),
        "round": unit_words(round_command(context, sources, all_sources=all_sources, contact=contact)),
        "serve": unit_words([*_start(context), "serve", "--host", SERVED_HOST, "--port", str(DEFAULT_PORT)]),
        "address": f"{SERVED_HOST}:{DEFAULT_PORT}",
        "every": f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds} s",
        "seconds": seconds,
        "spread": min(seconds // 10, 600),
    }
    if unit is not None:
        click.echo(UNITS[unit].format(**values), nl=False)
        return
    for name, text in UNITS.items():
        click.echo(f"# {UNIT_FOLDER}/{name}\n{text.format(**values)}")
    click.echo(AFTERWARDS, nl=False)


def round_command(
    context: Context, sources: tuple[str, ...], *, all_sources: bool = False, contact: str | None
) -> list[str]:
    """Return the command of one unattended round, with absolute paths.

    Print notes on what is missing to stderr.

    Raises:
        SourceError, Stopped: a source does not exist, or the contact cannot be sent.
    """
    jobs = round_jobs(context, sources, all_sources=all_sources, contact=contact)
    print_contact_notes(context, jobs)
    print_proxy_note(jobs)
    warn_of_new_archive(context, jobs[0])
    return [*_start(context), *round_arguments(sources, all_sources=all_sources, contact=contact)]


def _described(context: Context, sources: tuple[str, ...], *, all_sources: bool) -> str:
    """Return the sources of a round for the description of its unit, in a few words."""
    if all_sources:
        return "all sources"
    if len(sources) > MOST_DESCRIBED:
        return counted(len(sources), "source")
    return printable(", ".join(sources) or context.configuration.default_source)


def _start(context: Context) -> list[str]:
    """Return the program with the group's options and absolute paths.

    A scheduler runs it in another working directory.
    """
    program = Path(sys.executable).with_name("foreign-eyes")
    start = [str(program)] if program.exists() else [sys.executable, "-P", "-m", "foreign_eyes"]
    settings = context.configuration.path
    config = ["--config", str(settings.absolute())] if settings else []
    return [*start, *config, "--archive", str(context.archive.absolute())]


def written_paths(context: Context) -> list[str]:
    """Return the folders that a round writes to.

    A missing output folder is made in the working directory.
    """
    folder, archive = Path.cwd(), context.archive.absolute().parent
    own = [Path(source.output).absolute() for source in context.configuration.sources.values() if source.output]
    outputs = list(dict.fromkeys([context.output.absolute(), *own]))
    here = [path for path in (archive, *outputs) if path.is_relative_to(folder)]
    written = [str(folder)] if here else []
    if archive not in here:
        written.append(str(archive))
    written += [f"-{output}" for output in outputs if output not in here and not output.is_relative_to(archive)]
    return written


def cron_times(seconds: int) -> str:
    """Return the five time fields of a crontab line for an interval in seconds.

    The minute is not 0, because many crawlers start on the hour.

    Raises:
        click.BadParameter: a crontab line cannot express the interval.
    """
    minutes = seconds // 60
    if seconds % 60 == 0 and minutes < 60 and 60 % max(minutes, 1) == 0:
        return f"*/{minutes} * * * *"
    hours = seconds // 3600
    if seconds % 3600 == 0 and hours < 24 and 24 % max(hours, 1) == 0:
        return f"17 */{hours} * * *" if hours > 1 else "17 * * * *"
    if seconds == 86400:
        return "17 4 * * *"
    raise click.BadParameter(
        "use 1m to 30m or 1h to 12h, if it divides an hour or a day, or 1d; cron has no other intervals",
        param_hint="--every",
    )


def unit_words(words: list[str]) -> str:
    """Return words as one quoted line of a unit file."""
    return " ".join(_unit_quoted(word) for word in words)


def _unit_quoted(text: str) -> str:
    """Quote one word for a unit file (systemd.service(5), "Command lines"): % and $ are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in escaped for sign in " \"\\'") else escaped
