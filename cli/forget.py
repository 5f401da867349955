"""`foreign-eyes forget`: end a source; its entries and history stay."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.alerts import end_source
from foreign_eyes.cli.all_sources import refresh_all
from foreign_eyes.cli.completion import complete_source
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.terminal import counted, print_json, print_line

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

EXAMPLES = """
\b
Examples:
  foreign-eyes forget town                its published files stay
  foreign-eyes forget town --files --yes
  foreign-eyes crawl town                 resume it
"""


@click.command(short_help="End a source; its entries and history stay", epilog=EXAMPLES)
@click.argument("source", shell_complete=complete_source)
@click.option("--files", is_flag=True, help="Also remove its published files")
@click.option("--yes", is_flag=True, help="Do not ask")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def forget(context: Context, source: str, files: bool, yes: bool, as_json: bool, quiet: bool) -> int:
    """End SOURCE: --all-sources does not crawl it, nothing is published of it, and status reports no problem of it.

    Its entries, captures and history stay in the archive, and its published files stay unless --files is given. The
    decision is recorded. A crawl of the source by its name resumes it, with the same ids and feeds.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.cli.json_errors import errors_as_json

    with errors_as_json(as_json, context.archive, "foreign-eyes status"):
        with read_archive(context.archive) as db:
            folders = _folders(db, source)
        _confirm(source, folders if files else [], yes=yes)
        is_new = _record(context, source)
        end_source(context, source)
        removed = _remove_files(context, folders) if files else 0
        refresh_all(context, quiet=quiet or as_json)
        notify_hub_of_changes(context)
    if as_json:
        left = [] if files else [str(folder) for folder in folders]
        print_json({"source": source, "forgotten": True, "changed": is_new, "removed": removed, "left": left})
    elif not quiet:
        print_line(f"{source} {'is' if is_new else 'was already'} forgotten; its entries stay in {context.archive}")
        if files:
            print_line(f"  {counted(removed, 'published file')} removed")
    if source in context.configuration.sources:
        print_line(f"notice: {context.configuration.path}: [sources.{source}] is no longer used; remove it", err=True)
    for folder in [] if files else folders:
        print_line(f"notice: {folder}: its files stay as they are; to remove them, repeat with --files", err=True)
    return 0


def _folders(db: Database, source: str) -> list[Path]:
    """Return the output folders of a source.

    Raises:
        UnknownSource: the archive has no such source.
    """
    from foreign_eyes.archive.errors import UnknownSource
    from foreign_eyes.archive.feed_state.journal_cursor import find_source_id
    from foreign_eyes.archive.feed_state.output_manifest import recorded_outputs
    from foreign_eyes.archive.source_names import known_names

    if find_source_id(db, source) is None:
        raise UnknownSource(source, known_names(db))
    return [folder for folder, shown in recorded_outputs(db).items() if shown == source]


def _confirm(source: str, folders: list[Path], *, yes: bool) -> None:
    """Ask at a terminal.

    Raises:
        Stopped: there is no terminal to ask at.
        click.Abort: the answer is no.
    """
    if yes:
        return
    consequence = f" and remove its files in {', '.join(map(str, folders))}" if folders else ""
    if sys.stdin is None or not sys.stdin.isatty():
        raise Stopped(
            USAGE, f"forget {source}{consequence}? There is no terminal to ask at; nothing was changed. Add --yes"
        )
    click.confirm(f"Forget {source}{consequence}?", abort=True, err=True)


def _record(context: Context, source: str) -> bool:
    """Record the decision under the archive's lock; return whether the source was not forgotten."""
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive, writing
    from foreign_eyes.archive.forgotten_sources import forget_source
    from foreign_eyes.archive.seals import seal
    from foreign_eyes.archive.times import now, to_text

    at = now()
    with only_run(context.archive, what=f"forget {source}", since=to_text(at)), open_archive(context.archive) as db:
        with writing(db):
            is_new = forget_source(db, source, at)
            if is_new:
                seal(db, at)
        return is_new


def _remove_files(context: Context, folders: list[Path]) -> int:
    """Remove the published files in these folders; return their number."""
    from foreign_eyes.archive.database import open_archive
    from foreign_eyes.feeds.forget_output import forget_output

    with open_archive(context.archive) as db:
        return sum(forget_output(db, folder) for folder in folders)
