"""Who runs scheduled services, what they are called, and notes on what a scheduler does not pass on."""

from __future__ import annotations

import getpass
import os
import shlex
from pathlib import Path

import click

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.scheduled_paths import checked_paths, secrets, written_paths
from foreign_eyes.cli.systemd_units import MAKE_USER, OWN_USER
from foreign_eyes.cli.terminal import counted, print_line, printable

# more sources are counted in the description of a unit
MOST_DESCRIBED = 3


def described(context: Context, sources: tuple[str, ...], *, all_sources: bool) -> str:
    """Return the sources of a round for the description of its unit, in a few words."""
    if all_sources:
        return "all sources"
    if len(sources) > MOST_DESCRIBED:
        return counted(len(sources), "source")
    return printable(", ".join(sources) or context.configuration.default_source)


def service_user(context: Context, chosen: str | None) -> str:
    """Return the account of the services: the one chosen, else the current one.

    Root prints units for the owner of the archive, or for an account of their own: services run as root only if asked.
    """
    if chosen:
        return chosen
    if os.geteuid() != 0:
        return getpass.getuser()
    owner = context.archive.owner() if context.archive.exists() else "root"
    return OWN_USER if owner == "root" else owner


def print_user_note(user: str, context: Context, backups: Path) -> None:
    """Print the command that makes the account of the services, if it is missing, as a comment of the units.

    Print a note to stderr if the account cannot reach the archive.
    """
    import pwd

    if user != "root" and context.archive.absolute().is_relative_to("/root"):
        print_line(
            f"note: {context.archive.absolute()}: the account {user} of the services cannot enter /root: move settings, archive"
            " and output, for example to /var/lib/foreign-eyes, or choose --user root",
            err=True,
        )
        return
    try:
        pwd.getpwnam(user)
    except KeyError:
        written = [*written_paths(context), *checked_paths(context, backups)]
        folders = shlex.join(dict.fromkeys(path.removeprefix("-") for path in written))
        click.echo(MAKE_USER.format(user=user, folders=folders), nl=False)


def print_environment_note(context: Context, where: str) -> None:
    """Print to stderr which variables the settings read: a scheduler does not pass on those of the shell."""
    if names := secrets(context, "env"):
        lines = " and ".join(f"{name}=VALUE" for name in names)
        print_line(
            f"note: the settings read {', '.join(names)} from the environment, which cron and systemd do not pass on:"
            f' use {{ file = "PATH" }} in {context.configuration.path}, or write {lines} {where}',
            err=True,
        )
