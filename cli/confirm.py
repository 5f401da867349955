"""`foreign-eyes confirm`: record an operator's decision that a doubtful match is right."""

from __future__ import annotations

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.json_errors import errors_as_json
from foreign_eyes.cli.parameter_types import REVISION
from foreign_eyes.cli.terminal import counted, print_json, print_line

EXAMPLES = """
\b
Examples:
  foreign-eyes doubts                list the open doubts
  foreign-eyes confirm 123456789 3   revision 3 was matched correctly
  foreign-eyes confirm 123456789 1   it is a new entry, not a known one
  foreign-eyes split 123456789 3     if it is another entry instead
"""


@click.command(short_help="Confirm that a doubtful match is right", epilog=EXAMPLES)
@click.argument("entry", shell_complete=complete_entry)
@click.argument("revision", metavar="REVISION", type=REVISION)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def confirm(context: Context, entry: str, revision: int, as_json: bool, quiet: bool) -> None:
    """Confirm that REVISION was matched to ENTRY correctly, which settles its doubt.

    ENTRY is an id, a tag URI or a part of a title that no other entry has. The confirmation is recorded and stays valid
    when the archive is derived again. It changes no entry; confirming twice changes nothing.
    """
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive, writing
    from foreign_eyes.archive.doubtful_matches import count_doubts
    from foreign_eyes.archive.seals import seal
    from foreign_eyes.archive.settling import match_doubts
    from foreign_eyes.archive.times import now, to_text

    with errors_as_json(as_json, context.archive):
        context.require_archive()
        with (
            only_run(context.archive, what=f"confirm {revision}", since=to_text(now())),
            open_archive(context.archive) as db,
        ):
            entry_id = find_one(db, entry, "confirm").entry_id
            with writing(db):
                is_new = match_doubts.confirm(db, entry_id, revision, now())
                seal(db, now())
            still_open = sum(count_doubts(db).values())
    if as_json:
        print_json({"entry_id": entry_id, "revision": revision, "new": is_new, "open": still_open})
    elif not quiet:
        print_line(
            f"revision {revision} of {entry_id} {'is' if is_new else 'was already'} confirmed", style="bold green"
        )
        print_line(f"  {counted(still_open, 'doubt')} left{': foreign-eyes doubts' if still_open else ''}")
