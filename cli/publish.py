"""`foreign-eyes publish`: feeds and pages out of the archive."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.context import Context, pass_context
from cli.exits import USAGE, Stopped
from cli.terminal import counted, progress_bar, say, say_json

if TYPE_CHECKING:
    from archive.values import Source
    from feeds.publish import Published

EXAMPLES = """
\b
Examples:
  foreign-eyes publish --output /var/www/eyes --base-url https://example.org/
  foreign-eyes publish --source live --json
"""


@click.command(short_help="Write feeds and pages out of the archive", epilog=EXAMPLES)
@click.option(
    "--source", metavar="NAME", help="Which source  [default: the only one in the archive, else the configured default]"
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="The folder to write")
@click.option("--base-url", metavar="URL", help="The address at which readers find that folder")
@click.option("--all", "rebuild", is_flag=True, help="Compose again all that is not frozen; so far that is everything")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Say something only if it goes wrong")
@pass_context
def publish(
    context: Context,
    source: str | None,
    output: Path | None,
    base_url: str | None,
    rebuild: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the feeds and pages of one source.

    Each file is replaced whole, and only where its bytes change; an archive in which nothing changed changes no file.
    """
    del rebuild  # everything is composed at every publish, and files that are as they should be are left
    done = publish_source(context, source, output, base_url, take_over=source is not None, quiet=quiet or as_json)
    if as_json:
        say_json(dataclasses.asdict(done))
    elif not quiet:
        folder = output or context.output
        say(f"{folder}: {counted(done.written, 'file')} written, {done.unchanged} unchanged, {done.removed} removed")


def publish_source(
    context: Context,
    source: str | None,
    output: Path | None = None,
    base_url: str | None = None,
    *,
    take_over: bool,
    quiet: bool,
) -> Published:
    """Publish one source as configured, but for what is given; another source's feeds make way only to `take_over`.

    Raises:
        Stopped: it is not clear which source is meant.
        ArchiveError, FeedsError: see there.
    """
    from archive.errors import NoArchive
    from archive.store import open_archive
    from feeds.addresses import normal_base_url
    from feeds.publish import Target
    from feeds.publish import publish as publish_files

    settings = context.configuration.publish
    try:
        normal_base_url(base_url or settings.base_url)
    except ValueError as error:
        raise Stopped(USAGE, f"--base-url: {error}") from None
    target = Target(output or Path(settings.output), base_url or settings.base_url)
    if not context.archive.is_file():
        raise NoArchive(context.archive)
    with open_archive(context.archive) as db, progress_bar("publishing", quiet=quiet) as show:
        from archive.query import find_sources

        chosen = choose_source(find_sources(db), source, context.configuration.default_source)
        authority = context.configuration.archive.tag_authority
        return publish_files(db, chosen, target, authority=authority, take_over=take_over, progress=show)


def choose_source(sources: list[Source], wanted: str | None, default: str) -> Source:
    """Return the source to publish: the one wanted, else the only one there is, else the default.

    Raises:
        Stopped: the archive has no such source.
    """
    if wanted is None and len(sources) == 1:
        return sources[0]
    name = wanted or default
    for source in sources:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in sources) or "none yet"
    raise Stopped(USAGE, f"the archive has no source {name!r} (it has: {known}); choose one with --source")
