"""`foreign-eyes serve`: feeds, pages and Datasette on one port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import stopping
from cli.amounts import DEFAULT_PORT, PORT
from cli.context import Context, pass_context
from cli.sample_place import at_its_output
from cli.terminal import say

if TYPE_CHECKING:
    import socket

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
    help="The port to serve on; 0 takes a free one",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="The published folder")
@pass_context
def serve(context: Context, host: str, port: int, output: Path | None) -> None:
    """Serve what was published at /, and the archive under /browse/, until stopped."""
    from browse.server import open_socket

    context = context if output else at_its_output(context)
    serve_until_stopped(context, open_socket(host, port), output or context.output)


def serve_until_stopped(context: Context, listener: socket.socket, output: Path) -> None:
    """Serve on an open socket, and say where."""
    from archive.store import read_archive
    from browse.server import serve_on
    from browse.site import make_app

    if context.archive.is_file():
        with read_archive(context.archive):
            pass  # what a killed run left half-done is undone, and a file that is no archive refused
    app = make_app(output, context.archive, base_url=_base_url(context), hub=_hub(context))
    serve_on(listener, app, _say_addresses, stopping.calling)
    say("\nstopped")


def _base_url(context: Context) -> str | None:
    """Return the address that readers know, or None where none is configured: then it is whichever they asked at."""
    from cli.configuration import DEFAULT_BASE_URL
    from feeds.addresses import normal_base_url

    base_url = normal_base_url(context.publishing.base_url)
    return None if base_url == DEFAULT_BASE_URL else base_url


def _hub(context: Context) -> str | None:
    from feeds.addresses import normal_hub

    hub = context.publishing.hub
    return normal_hub(hub) if hub else None


def _say_addresses(address: str) -> None:
    say()
    for what, path in (("pages", ""), ("Atom feed", "atom.xml"), ("RSS feed", "rss.xml"), ("Datasette", "browse/")):
        say(f"  {what:<10} {address}{path}")
    say("\n  Ctrl-C stops it")
