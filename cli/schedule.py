"""`foreign-eyes schedule`: print crontab lines or systemd units for unattended rounds, checks and backups."""

from __future__ import annotations

import shlex
import socket
from pathlib import Path

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.parameter_types import DEFAULT_EVERY, DEFAULT_PORT, DURATION
from foreign_eyes.cli.schedule_times import cron_times, daily_cron_times, minute_of, timer_lines
from foreign_eyes.cli.scheduled_commands import (
    backup_command,
    backup_folder,
    check_and_backup,
    check_command,
    program_words,
    round_command,
)
from foreign_eyes.cli.scheduled_notes import described, print_environment_note, print_user_note, service_user
from foreign_eyes.cli.scheduled_paths import checked_paths, is_at_home, require_lines, written_paths
from foreign_eyes.cli.source_arguments import source_arguments
from foreign_eyes.cli.systemd_units import AFTERWARDS, SERVED_HOST, UNIT_FOLDER, UNITS
from foreign_eyes.cli.unit_quoting import unit_path, unit_paths, unit_words

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
  foreign-eyes schedule systemd live --user eyes --backups /mnt/backups
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
_backups = click.option(
    "--backups",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the daily backups  [default: backups, beside the archive]",
)


@click.group(
    short_help="Print crontab lines or systemd units",
    epilog="\b\nExamples:\n  foreign-eyes schedule cron live\n  foreign-eyes schedule systemd live --every 3h",
)
def schedule() -> None:
    """Print crontab lines or systemd units for unattended rounds, a daily check and a daily backup.

    Nothing is installed.
    """


@schedule.command(short_help="Print crontab lines", epilog=CRON_EXAMPLES)
@source_arguments
@_every
@_contact
@_backups
@pass_context
def cron(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    every: float,
    contact: str | None,
    backups: Path | None,
) -> None:
    """Print crontab lines: one crawls and publishes each SOURCE, one checks and makes a backup every day.

    The commands in them print nothing unless something failed, still fails a day later, or works again; cron mails
    their output. The minute depends on the name of this machine.
    """
    require_lines(context, *([backups] if backups else []))
    host, archive = socket.gethostname(), context.archive.absolute()
    times = cron_times(int(every), minute_of(host, str(archive)))
    round_ = round_command(context, sources, all_sources=all_sources, contact=contact, every=every)
    check, backup = check_command(context), backup_command(context, backup_folder(context, backups))
    print_environment_note(context, "above the lines of the crontab")
    click.echo(f"# Foreign Eyes: {described(context, sources, all_sources=all_sources)}".replace("\n", " "))
    click.echo(_cron_line(times, shlex.join([*round_, ONLY_CHANGES])))
    daily = f"{{ {shlex.join([*check, ONLY_CHANGES])}; {shlex.join([*backup, ONLY_CHANGES])}; }}"
    click.echo(_cron_line(daily_cron_times(minute_of(host, f"{archive} check")), daily))


ONLY_CHANGES = "--only-changes"


def _cron_line(times: str, command: str) -> str:
    return f"{times} cd {shlex.quote(str(Path.cwd()))} && {command}".replace("%", r"\%")


@schedule.command(short_help="Print units for rounds, checks and the server", epilog=SYSTEMD_EXAMPLES)
@source_arguments
@_every
@_contact
@_backups
@click.option("--user", metavar="NAME", help="The account of the services  [default: yours; for root: foreign-eyes]")
@click.option("--unit", type=click.Choice(list(UNITS)), metavar="NAME", help="Print only this file")
@pass_context
def systemd(
    context: Context,
    sources: tuple[str, ...],
    all_sources: bool,
    every: float,
    contact: str | None,
    backups: Path | None,
    user: str | None,
    unit: str | None,
) -> None:
    """Print five systemd units: service and timer of the rounds, service and timer of a daily check, and a server.

    The daily service runs `foreign-eyes check` and then `foreign-eyes backup`, that of the server `foreign-eyes serve`. A
    service fails when a person is needed: `systemctl --failed` lists it.

    The server can run behind a web server that passes /browse/ to it, as in docs/serving.md, or serve readers directly.
    """
    backups = backup_folder(context, backups)
    require_lines(context, backups, encoding="utf-8")
    round_ = round_command(context, sources, all_sources=all_sources, contact=contact, every=every)
    values = {
        "source": unit_path(described(context, sources, all_sources=all_sources)),
        "round": unit_words(round_),
        **_times(int(every)),
        **_service_values(context, backups, service_user(context, user)),
    }
    if unit is not None:
        click.echo(UNITS[unit].format(**values), nl=False)
        return
    print_environment_note(context, "into /etc/default/foreign-eyes, which only root may read (chmod 600)")
    for name, text in UNITS.items():
        click.echo(f"# {UNIT_FOLDER}/{name}\n{text.format(**values)}")
    print_user_note(values["user"], context, backups)
    click.echo(AFTERWARDS, nl=False)


def _times(seconds: int) -> dict[str, str]:
    return {
        "every": f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds} s",
        "timer": timer_lines(seconds),
        # a round that hangs must not prevent the next ones for ever
        "limit": str(max(seconds, 3600)),
    }


def _service_values(context: Context, backups: Path, user: str) -> dict[str, str]:
    daily = check_and_backup(check_command(context), backup_command(context, backups))
    serve = [*program_words(context), "serve", "--host", SERVED_HOST, "--port", str(DEFAULT_PORT)]
    return {
        "user": user,
        "directory": unit_path(str(Path.cwd())),
        "homes": "read-only" if is_at_home(context, backups) else "true",
        "check": unit_words(daily),
        "serve": unit_words(serve),
        "address": f"{SERVED_HOST}:{DEFAULT_PORT}",
        "writes": unit_paths(written_paths(context)),
        "check_writes": unit_paths(checked_paths(context, backups)),
        "serve_writes": unit_paths(checked_paths(context)),
    }
