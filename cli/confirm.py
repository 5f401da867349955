"""`foreign-eyes confirm`: an operator's word that a doubtful match is right."""

from __future__ import annotations

import click

from cli.amounts import REVISION
from cli.context import Context, pass_context
from cli.finding import find_one
from cli.json_errors import told_as_object
from cli.terminal import counted, say, say_json

EXAMPLES = """
\b
Examples:
  foreign-eyes doubts                what there is to decide
  foreign-eyes confirm 123456789 3   revision 3 is rightly this entry's
  foreign-eyes confirm 123456789 1   it is rightly an entry of its own
  foreign-eyes split 123456789 3     what to do instead where it is not
"""


@click.command(short_help="Say that a doubtful match is right", epilog=EXAMPLES)
@click.argument("entry")
@click.argument("revision", metavar="REVISION", type=REVISION)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def confirm(context: Context, entry: str, revision: int, as_json: bool, quiet: bool) -> None:
    """Say that REVISION of ENTRY is rightly its own: the doubt about it is settled.

    ENTRY is an id, a tag URI or a part of a title that no other entry has. The word is recorded and holds when the archive
    is derived again. It changes no entry; a second time changes nothing.
    """
    from archive.clock import now, to_text
    from archive.doubts import count_doubts
    from archive.lock import only_run
    from archive.seals import seal
    from archive.settling import doubts
    from archive.store import open_archive, writing

    with told_as_object(as_json, context.archive):
        context.require_archive()
        with (
            only_run(context.archive, what=f"confirm {revision}", since=to_text(now())),
            open_archive(context.archive) as db,
        ):
            entry_id = find_one(db, entry, "confirm").entry_id
            with writing(db):
                is_new = doubts.confirm(db, entry_id, revision, now())
                seal(db, now())
            still_open = sum(count_doubts(db).values())
    if as_json:
        say_json({"entry_id": entry_id, "revision": revision, "new": is_new, "open": still_open})
    elif not quiet:
        say(f"revision {revision} of {entry_id} {'is' if is_new else 'was already'} confirmed", fg="green", bold=True)
        say(f"  {counted(still_open, 'doubt')} left{': foreign-eyes doubts' if still_open else ''}")
