"""The commands that cron and systemd run, with absolute paths: a scheduler starts them in another folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from foreign_eyes.cli.contact import print_contact_notes
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.new_archive import warn_of_new_archive
from foreign_eyes.cli.parameter_types import duration_text
from foreign_eyes.cli.proxy_note import print_proxy_note
from foreign_eyes.cli.rounds import round_arguments, round_jobs

# daily backups that are kept
KEPT_BACKUPS = 14
CHECKED_EVERY = "1d"


def round_command(
    context: Context, sources: tuple[str, ...], *, all_sources: bool = False, contact: str | None, every: float
) -> list[str]:
    """Return the command of one unattended round.

    Print notes on what is missing to stderr.

    Raises:
        SourceError, Stopped: a source does not exist, or the contact cannot be sent.
    """
    jobs = round_jobs(context, sources, all_sources=all_sources, contact=contact)
    print_contact_notes(context, jobs)
    print_proxy_note(jobs)
    warn_of_new_archive(context, jobs[0])
    round_ = round_arguments(sources, all_sources=all_sources, contact=contact)
    return [*program_words(context), *round_, "--every", duration_text(every)]


def check_command(context: Context) -> list[str]:
    """Return the command of the daily check."""
    return [*program_words(context), "check", "--every", CHECKED_EVERY]


def backup_command(context: Context, backups: Path) -> list[str]:
    """Return the command of the daily backup into the folder `backups`."""
    options = ["--keep", str(KEPT_BACKUPS), "--every", CHECKED_EVERY, "--quiet"]
    return [*program_words(context), "backup", str(backups), *options]


def check_and_backup(check: list[str], backup: list[str]) -> list[str]:
    """Return a command that runs both and fails if either fails. Pure.

    A check that found a problem does not prevent the backup, which is needed then.
    """
    return ["/bin/sh", "-c", f"{shlex.join(check)}; code=$?; {shlex.join(backup)} && exit $code"]


def program_words(context: Context) -> list[str]:
    """Return the program with the group's options."""
    program = Path(sys.executable).with_name("foreign-eyes")
    start = [str(program)] if program.exists() else [sys.executable, "-P", "-m", "foreign_eyes"]
    settings = context.configuration.path
    config = ["--config", str(settings.absolute())] if settings else []
    return [*start, *config, "--archive", str(context.archive.absolute())]


def backup_folder(context: Context, chosen: Path | None) -> Path:
    """Return the folder of the daily backups: the one chosen, else `backups` beside the archive."""
    return (chosen or context.archive.absolute().with_name("backups")).absolute()
