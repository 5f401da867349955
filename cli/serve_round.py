"""Serve what a round of `up` has published, or say where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.output_server import FolderServer, wait_for_archive
from foreign_eyes.cli.serve import print_addresses, serve_until_stopped
from foreign_eyes.cli.terminal import print_line, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from foreign_eyes.cli.context import Context


def serve_round(
    context: Context, server: FolderServer, publish: Callable[[], bool], *, published: bool, code: int, quiet: bool
) -> None:
    """Serve until stopped, or print the address of the other server of the folder."""
    server.take(quiet=quiet)  # the other server may have ended
    if not server.is_ours:
        if not quiet:
            print_line(f"\n{context.output}: already served at {server.address}")
            print_addresses(context, server)
        return
    if not published and code == exit_codes.TRY_AGAIN and wait_for_archive(context.archive, quiet=quiet):
        published = publish()  # an `up` started at the same moment did the crawl
    if published:
        serve_until_stopped(context, server)


def print_file(context: Context, folder: Path | None = None) -> None:
    """Print the file URL of the front page of a folder; its links to folders work only with a server.

    Without a folder, it is the output folder.
    """
    archive = f" --archive {context.archive}" if context.sample_output is not None else ""
    print_line(f"  {'open':<10} {((folder or context.output) / 'index.html').absolute().as_uri()}")
    print_line(f"  {'':<10} for links that work: {program()}{archive} serve")
