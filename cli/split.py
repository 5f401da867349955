"""`foreign-eyes split`: record an operator's decision that a revision is another entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.parameter_types import REVISION
from foreign_eyes.cli.rebuild_progress import as_object, print_decision, rebuild_archive
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlite_utils import Database

EXAMPLES = """
\b
Examples:
  foreign-eyes history 123456789     find the revision that is another entry
  foreign-eyes split 123456789 3     revision 3 and later are another entry
  foreign-eyes split 123456789 3 --dry-run
"""


@click.command(short_help="Decide that a revision is another entry", epilog=EXAMPLES)
@click.argument("entry", shell_complete=complete_entry)
@click.argument("revision", metavar="REVISION", type=REVISION)
@click.option("--dry-run", is_flag=True, help="Report what would differ; do not change the archive")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def split(context: Context, entry: str, revision: int, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Decide that REVISION of ENTRY and the later ones are another entry.

    ENTRY is an id, a tag URI or a part of a title that no other entry has. No id is lost: the part in which an id was
    minted keeps it, and a merged entry gets its own id back. Only a part without an id gets a new one. The decision is
    recorded and holds when the archive is derived again.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.rebuilding import merge_and_split
    from foreign_eyes.archive.times import now

    with read_archive(context.archive) as db:
        entry_id = find_one(db, entry, "split").entry_id
    parted: list[merge_and_split.SplitResult] = []

    def prepare(db: Database) -> Collection[int]:
        parted.append(merge_and_split.split(db, entry_id, revision, now(), context.configuration.archive.tag_authority))
        return ()

    what = f"split {entry_id} {revision}"
    rebuilt = rebuild_archive(context, what, prepare=prepare, apply=not dry_run, quiet=as_json or quiet)
    [part] = parted
    other_id = None if dry_run and part.is_new else part.other_id  # the id is minted only when the split is applied
    if as_json:
        print_json({"entry_id": entry_id, "revision": revision, "split_off": other_id, **as_object(rebuilt)})
    elif not quiet:
        which = f"revision {revision} of {entry_id}"
        which = which if part.is_later else f"what was before {which}"
        print_decision(f"{which} {'would be' if dry_run else 'is'} {other_id or 'an entry with a new id'}", rebuilt)
    return 0
