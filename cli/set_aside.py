"""`foreign-eyes set-aside`: move the invented sample out of an archive."""

from __future__ import annotations

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.terminal import print_line

EXAMPLES = """
\b
Examples:
  foreign-eyes set-aside
  foreign-eyes --archive archive-sample.db history "far side of the moon"
"""


@click.command("set-aside", short_help="Move the invented sample out of an archive", epilog=EXAMPLES)
@pass_context
def set_aside(context: Context) -> None:
    """Move the bundled sample into an archive and an output folder of its own.

    Its entries are invented and must not be mixed with real ones. An archive that holds both is split: the real sources
    keep the archive with every id, date, decision and capture, and the sample gets an archive beside it. The feeds of
    real sources do not change.
    """
    from foreign_eyes.cli.sample_place import set_aside as move

    context.require_archive()
    place = move(context)
    if place is None:
        print_line(f"{context.archive}: holds no sample; nothing to do")
    else:
        print_line(f"the sample was set aside: its archive is {place.archive}, its files are in {place.output}")
