"""`foreign-eyes serve`: serve feeds, pages and Datasette on one port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from foreign_eyes.cli import signals
from foreign_eyes.cli.alert_patrol import patrolling
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import NO_INPUT, Stopped
from foreign_eyes.cli.parameter_types import DEFAULT_PORT, PORT
from foreign_eyes.cli.sample_place import at_its_output
from foreign_eyes.cli.terminal import counted, print_line, program

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.feed_state.output_manifest import PublishedPlace
    from foreign_eyes.cli.output_server import FolderServer

# below the root, whose addresses are printed
_MOST_SOURCES = 10
EXAMPLES = """
\b
Examples:
  foreign-eyes serve                           for this machine only
  foreign-eyes serve --host 0.0.0.0 --port 80  for everyone
"""


@click.command(short_help="Serve feeds and pages at /, Datasette at /browse/", epilog=EXAMPLES)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="The address to listen on")
@click.option(
    "--port",
    type=PORT,
    default=DEFAULT_PORT,
    show_default=True,
    help="The port to serve on; 0 for a free port",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="The published folder")
@pass_context
def serve(context: Context, host: str, port: int, output: Path | None) -> None:
    """Serve the published files at / and the archive under /browse/ until stopped.

    A folder has one server: a second one prints the address of the first and ends with exit code 75.
    """
    from foreign_eyes.cli.output_server import FolderServer
    from foreign_eyes.web.output_lock import AlreadyServed

    context = context if output else at_its_output(context)
    folder = output or context.output
    _require_something(context, folder)
    with FolderServer(folder, host, port) as server:
        if not server.take(quiet=False):
            raise AlreadyServed(folder, server.address)
        serve_until_stopped(context, server)


def serve_until_stopped(context: Context, server: FolderServer) -> None:
    """Serve until stopped, and print the addresses; `server` must be ours."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.web.browse.sql_memory import limit_heap
    from foreign_eyes.web.server import make_app, serve_on

    own_base_urls = {}
    if context.archive.is_file():
        # this also rolls back the transaction of a killed run, and refuses a file that is not an archive
        with read_archive(context.archive) as db:
            places = places_below(db, server.output)
        own_base_urls = {below: str(place.base_url) for below, place in places.items() if place.own_base_url}
    limit_heap()
    app = make_app(
        server.output,
        context.archive,
        base_url=_base_url(context),
        own_base_urls=own_base_urls,
        hub=_hub(context),
        readers_sql=context.configuration.browse.sql,
    )

    def tell(_address: str) -> None:
        print_addresses(context, server)
        print_line("\n  Ctrl-C stops it")

    if server.listener is not None:
        with patrolling(context):
            serve_on(server.listener, app, signals.calling, tell)
    print_line("\nstopped")


def print_addresses(context: Context, server: FolderServer) -> None:
    """Print the addresses that are served.

    If the files link to another address, print a note to stderr.
    """
    from foreign_eyes.feeds.compose.all_sources import FOLDER
    from foreign_eyes.feeds.site_map import FRONT_PAGE

    print_line()
    # without a source at the root, the feeds over all sources
    below = (
        "" if (server.output / FRONT_PAGE).is_file() or not (server.output / FOLDER / FRONT_PAGE).is_file() else FOLDER
    )
    for what, path in (("pages", below), ("Atom feed", f"{below}atom.xml"), ("RSS feed", f"{below}rss.xml")):
        print_line(f"  {what:<10} {server.address}{path}")
    print_line(f"  {'Datasette':<10} {server.address}browse/")
    for line in _lines_of_sources(context, server):
        print_line(f"  {line}")
    if note := _note_on_links(context, server):
        print_line(f"\n{note}", err=True)


def _lines_of_sources(context: Context, server: FolderServer) -> list[str]:
    """Return a line with the address of each source below the root."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError

    try:
        with read_archive(context.archive) as db:
            found = places_below(db, server.output)
    except ArchiveError:
        return []
    shown = [f"{place.source:<10} {server.address}{quote(below)}" for below, place in found.items()]
    more = len(shown) - _MOST_SOURCES
    return [
        *shown[:_MOST_SOURCES],
        *([f"and {counted(more, 'more source')} below {server.address}"] if more > 0 else []),
    ]


def places_below(db: Database, output: Path) -> dict[str, PublishedPlace]:
    """Return the folders of sources below `output` that have a page, by their paths, which end with a slash."""
    from foreign_eyes.archive.feed_state.output_manifest import published_places
    from foreign_eyes.feeds.site_map import FRONT_PAGE

    root = output.resolve()
    below = [place for place in published_places(db) if root in place.folder.parents]
    return {
        f"{place.folder.relative_to(root).as_posix()}/": place
        for place in below
        if (place.folder / FRONT_PAGE).is_file()
    }


def _require_something(context: Context, output: Path) -> None:
    """Check that there is something to serve; print a note if there is only an archive.

    Raises:
        Stopped: nothing is published, and the archive does not exist.
    """
    if output.is_dir() and any(output.iterdir()):
        return
    if not context.archive.is_file():
        reason = f"{output}: nothing is published here, and the archive {context.archive} does not exist"
        raise Stopped(NO_INPUT, f"{reason}; create both with: {program()} up")
    print_line(f"{output}: nothing is published here yet; to publish feeds and pages: {program()} publish", err=True)


def _note_on_links(context: Context, server: FolderServer) -> str | None:
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.errors import ArchiveError
    from foreign_eyes.cli.base_url import note_on_links, published_base_url

    try:
        with read_archive(context.archive) as db:
            base_url = published_base_url(db, server.output)
    except ArchiveError:
        return None
    if base_url is None:
        return None
    return note_on_links(base_url, server.address, free_port=server.has_free_port, program=program())


def _base_url(context: Context) -> str | None:
    """Return the configured base URL.

    Return None if it is the default, so that links use the address of the request.
    """
    from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL
    from foreign_eyes.feeds.published_urls import normal_base_url

    base_url = normal_base_url(context.publishing.base_url)
    return None if base_url == DEFAULT_BASE_URL else base_url


def _hub(context: Context) -> str | None:
    from foreign_eyes.feeds.published_urls import normal_hub

    hub = context.publishing.hub
    return normal_hub(hub) if hub else None
