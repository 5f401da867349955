"""The arguments that name one source, several, or all of the settings file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.completion import complete_source
from foreign_eyes.cli.exit_codes import CONFIGURATION, Stopped
from foreign_eyes.cli.terminal import program

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context


def source_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments SOURCE… and the option --all-sources to a command."""
    command = all_sources_option(command)
    return click.argument("sources", nargs=-1, metavar="[SOURCE or URL]...", shell_complete=complete_source)(command)


def all_sources_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --all-sources to a command."""
    return click.option("--all-sources", is_flag=True, help="All sources of the settings file")(command)


def several_sources(
    context: Context, sources: tuple[str, ...], *, all_sources: bool, alone: dict[str, bool] | None = None
) -> tuple[str, ...] | None:
    """Return the sources of a command that was given several, or all; None for at most one.

    Args:
        context: the settings.
        sources: the sources as given.
        all_sources: whether all sources of the settings file are wanted.
        alone: the options that work with one source only, and whether each was given.

    Raises:
        click.UsageError: an option does not work with several sources, or sources were given with --all-sources.
        Stopped: the settings file has no sources.
    """
    if all_sources and sources:
        raise click.UsageError("--all-sources cannot be combined with the names of sources")
    if not all_sources and len(sources) < 2:
        return None
    for option, is_given in (alone or {}).items():
        if is_given:
            raise click.UsageError(f"{option} works with one source only")
    return configured_sources(context) if all_sources else tuple(dict.fromkeys(sources))


def configured_sources(context: Context) -> tuple[str, ...]:
    """Return the sources of the settings file, without forgotten ones, and without the sample if there are others.

    Raises:
        Stopped: there are none.
    """
    configured = context.configuration.sources
    if not configured:
        path = context.configuration.path
        table = "add a table [sources.NAME] with the url of each"
        where, remedy = (
            (f"{path} has no sources", table)
            if path
            else ("there is no settings file", f"write one with: {program()} init, and {table}")
        )
        raise Stopped(CONFIGURATION, f"--all-sources: {where}; {remedy}, or name a source: {program()} up live")
    forgotten = _forgotten(context)
    kept = [name for name in configured if name not in forgotten]
    if not kept:
        first = next(iter(configured))
        why = "every source of the settings file is forgotten"
        raise Stopped(CONFIGURATION, f"--all-sources: {why}; to resume one: {program()} crawl {first}")
    return tuple(name for name in kept if not configured[name].is_bundled) or tuple(kept)


def _forgotten(context: Context) -> set[str]:
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.archive.forgotten_sources import forgotten_sources

    try:
        with read_archive(context.archive) as db:
            return forgotten_sources(db)
    except ArchiveError:  # none yet, or one of an older version; the command reports what is wrong with it
        return set()
