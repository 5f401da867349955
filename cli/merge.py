"""`foreign-eyes merge`: record an operator's decision that two entries are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.rebuild_progress import as_object, print_decision, rebuild_archive
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

EXAMPLES = """
\b
Examples:
  foreign-eyes history silicon              find the two ids
  foreign-eyes merge 123456789 987654321    the second id leads to the first
  foreign-eyes merge 123456789 987654321 --dry-run
  foreign-eyes split 123456789 4            undo it, from revision 4 on
"""


@click.command(short_help="Decide that two entries are one", epilog=EXAMPLES)
@click.argument("a", shell_complete=complete_entry)
@click.argument("b", shell_complete=complete_entry)
@click.option("--dry-run", is_flag=True, help="Report what would differ; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def merge(context: Context, a: str, b: str, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Decide that entry B is entry A.

    A keeps its id and date and gets the revisions of both; the id of B leads to A. Each is an id, a tag URI or a part
    of a title that no other entry has. The decision is recorded and holds when the archive is derived again.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.rebuilding import merge_and_split
    from foreign_eyes.archive.times import now

    with read_archive(context.archive) as db:
        survivor, other = find_one(db, a, "merge").entry_id, find_one(db, b, "merge").entry_id

    def prepare(db: Database) -> Collection[int]:
        return merge_and_split.merge(db, survivor, other, now())

    what = f"merge {survivor} {other}"
    rebuilt = rebuild_archive(context, what, prepare=prepare, apply=not dry_run, quiet=as_json or quiet)
    if as_json:
        print_json({"entry_id": survivor, "merged": other, **as_object(rebuilt)})
    elif not quiet:
        print_decision(f"{other} {'would be' if dry_run else 'is'} {survivor}", rebuilt)
    return 0
