"""`foreign-eyes split`: an operator's decision that a revision is another entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.context import Context, pass_context
from cli.finding import find_one
from cli.rebuilding import as_json, rebuild_archive
from cli.terminal import counted, say, say_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

EXAMPLES = """
\b
Examples:
  foreign-eyes history 123456789     see which revision is not its own
  foreign-eyes split 123456789 3     revision 3 and later are another entry
  foreign-eyes split 123456789 3 --dry-run
"""


@click.command(short_help="Decide that a revision is another entry", epilog=EXAMPLES)
@click.argument("entry")
@click.argument("revision", metavar="REVISION", type=click.IntRange(min=1))
@click.option("--dry-run", is_flag=True, help="Report what would differ; leave the archive as it was")
@click.option("--json", "json", is_flag=True, help="Print one JSON object")
@pass_context
def split(context: Context, entry: str, revision: int, dry_run: bool, json: bool) -> int:
    """Decide that REVISION of ENTRY, and all that followed from it, is an entry of its own.

    ENTRY is an id, a tag URI or a part of a title that no other entry has. What is split off gets a new id, and a date in
    the interval in which that revision was first seen; what was merged before has its own id again. The decision is
    recorded and holds when the archive is derived again.
    """
    from archive.clock import now
    from archive.rebuilding import deciding
    from archive.store import read_archive

    with read_archive(context.archive) as db:
        entry_id = find_one(db, entry).entry_id
    split_off: list[int] = []

    def prepare(db: Database) -> Collection[int]:
        split_off.append(deciding.split(db, entry_id, revision, now(), context.configuration.archive.tag_authority))
        return ()

    rebuilt = rebuild_archive(context, f"split {entry_id} {revision}", prepare=prepare, apply=not dry_run, quiet=json)
    if json:
        say_json({"entry_id": entry_id, "revision": revision, "split_off": split_off[0], **as_json(rebuilt)})
        return 0
    say(f"revision {revision} of {entry_id} {'would be' if dry_run else 'is'} {split_off[0]}", fg="green", bold=True)
    tables = ", ".join(one.table for one in rebuilt.differences)
    say(f"  {counted(rebuilt.crawls, 'crawl')} settled again; what differs is in {tables}")
    return 0
