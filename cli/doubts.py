"""`foreign-eyes doubts`: list the doubtful matches that an operator should decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.json_errors import errors_as_json
from foreign_eyes.cli.terminal import print_json, print_line

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.doubtful_matches import DoubtfulMatch, DoubtTexts

EXAMPLES = """
\b
Examples:
  foreign-eyes doubts                       the open doubts, newest first
  foreign-eyes doubts 123456789             the doubts of one entry
  foreign-eyes doubts --all                 with confirmed doubts
  foreign-eyes doubts --json | jq '.doubts[].why'
  foreign-eyes confirm 123456789 3          the match is right
  foreign-eyes split 123456789 3            it is wrong: two entries
  foreign-eyes merge 123456789 987654321    two entries are one
"""


@click.command(short_help="Show doubtful matches", epilog=EXAMPLES)
@click.argument("entry", metavar="[ENTRY]", required=False, shell_complete=complete_entry)
@click.option("--all", "settled", is_flag=True, help="Also show confirmed doubts")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: open, doubts")
@pass_context
def doubts(context: Context, entry: str | None, settled: bool, as_json: bool) -> None:
    """Show doubtful matches, newest first.

    Each is shown with the reason, both texts as a word diff, and the commands that settle it. The exit code is 0
    whether or not there are doubts. ENTRY is an id, a tag URI, or a part of a title that no other entry has. Without
    colours, changes are marked [-removed-] and {+added+}.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.doubtful_matches import count_doubts, find_doubts

    with errors_as_json(as_json, context.archive), read_archive(context.archive) as db:
        entry_id = None if entry is None else find_one(db, entry, "doubts").entry_id
        found, still_open = find_doubts(db, entry_id, settled=settled), sum(count_doubts(db).values())
        _say_outdated(db)
    if as_json:
        print_json({"open": still_open, "doubts": [_as_object(doubt) for doubt in found]})
    else:
        from foreign_eyes.cli.doubts_screen import show_doubts

        show_doubts(found, of_entry=entry_id)


def _say_outdated(db: Database) -> None:
    """Warn if doubts may be missing because another version derived the archive."""
    from foreign_eyes.archive.rebuilding.rebuild import is_current
    from foreign_eyes.listing import parser

    if not is_current(db, parser):
        print_line(
            "another version derived the archive, so doubts may be missing; to find them: foreign-eyes reparse",
            err=True,
        )


def _as_object(doubt: DoubtfulMatch) -> dict[str, Any]:
    from foreign_eyes.archive.history import changed_parts

    return {
        **doubt.facts,
        "why": doubt.sentence,
        "confirmed_at": doubt.confirmed_at,
        "source": doubt.entry["source"],
        "tag_uri": doubt.entry["tag_uri"],
        "capture_id": doubt.capture_id,
        "page": doubt.page,
        "before": _texts(doubt.before),
        "after": _texts(doubt.after),
        "diff": changed_parts(doubt.before.revision if doubt.before else None, doubt.after.revision),
        "commands": {remedy.name: remedy.command for remedy in doubt.remedies},
    }


def _texts(wording: DoubtTexts | None) -> dict[str, Any] | None:
    if wording is None:
        return None
    return {"entry_id": wording.entry_id, "revision": wording.revision.number, **wording.revision.texts}
