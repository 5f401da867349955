"""`foreign-eyes redact`: record an operator's decision to take down the words of an entry."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.rebuild_progress import as_object, print_differences, rebuild_archive, settled
from foreign_eyes.cli.terminal import print_json, print_line

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from sqlite_utils import Database

    from foreign_eyes.archive.rebuilding.rebuild import Rebuilt

EXAMPLES = """
\b
Examples:
  foreign-eyes redact 123456789 --reason "asked for by the publisher"
  foreign-eyes publish                    shows readers the notice
  foreign-eyes redact 123456789 --undo    shows the words again
  foreign-eyes redact 123456789 --purge   removes the words for good
"""


@click.command(short_help="Take down the words of an entry", epilog=EXAMPLES)
@click.argument("entry", shell_complete=complete_entry)
@click.option(
    "--reason", metavar="TEXT", help="The reason that readers see  [default: at the request of its publisher]"
)
@click.option("--undo", is_flag=True, help="Show the words again")
@click.option("--purge", is_flag=True, help="Remove the words, and the captures that show them, for good")
@click.option("--dry-run", is_flag=True, help="Report what would differ; do not change the archive")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def redact(
    context: Context,
    entry: str,
    reason: str | None,
    undo: bool,
    purge: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Take down the words of ENTRY: its title, publication, excerpt and commentary.

    ENTRY is an id, a tag URI or a part of a title that no other entry has. A notice replaces the words in
    everything that is derived, searched, served, published and exported; captures that show them are withheld. The entry
    keeps its id, dates, revisions and links. If it is still listed, keyed digests recognise it, so its words are neither
    shown nor published as a new entry. Publish afterwards: until then, published files show the words.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.redaction.shared_excerpts import entries_sharing_excerpt

    if undo and (purge or reason is not None):
        raise click.UsageError("--undo takes neither --purge nor --reason")
    if reason is not None and not (reason.strip() and reason.isprintable()):
        raise click.UsageError("--reason is empty or not one line of text")
    with read_archive(context.archive) as db:
        named = find_one(db, entry, "redact")
        quoting = [] if undo else entries_sharing_excerpt(db, named.entry_id)
    what = "undo" if undo else "purge" if purge else "redact"
    _confirm(what, f'{named.entry_id} "{named.title}"', yes=yes or dry_run)
    rebuilt = _decide(context, named.entry_id, reason, what, apply=not dry_run, quiet=as_json or quiet)
    copies = _copies(context.archive, named.entry_id) if what != "undo" else []
    outputs = _outputs(context)
    if as_json:
        report = {
            "entry_id": named.entry_id,
            "did": what,
            "publish": outputs,
            "copies": [str(path) for path in copies],
            "same_excerpt": quoting,
        }
        print_json({**report, **as_object(rebuilt)})
    elif dry_run and not quiet:
        print_line(f"{named.entry_id} would be changed; {settled(rebuilt)}")
        print_differences(rebuilt)
    elif not quiet:
        _report(named.entry_id, what, rebuilt, outputs, copies, quoting)
    return 0


def _confirm(what: str, entry: str, *, yes: bool) -> None:
    """Ask at a terminal before anything changes.

    A purge, which cannot be undone, requires an answer.

    Raises:
        Stopped: a purge was not confirmed, and there is no terminal to ask at.
        click.Abort: the answer is no.
    """
    if yes or (what == "undo"):
        return
    if sys.stdin is not None and sys.stdin.isatty():
        consequence = "This removes captures for good. " if what == "purge" else ""
        click.confirm(f"{consequence}{what.capitalize()} {entry}?", abort=True, err=True)
    elif what == "purge":
        raise Stopped(USAGE, "--purge removes captures for good: add --yes; nothing was changed")


def _decide(context: Context, entry_id: int, reason: str | None, what: str, *, apply: bool, quiet: bool) -> Rebuilt:
    """Carry out the decision in the archive and in its frozen documents."""
    from foreign_eyes.archive.rebuilding import redaction_decisions
    from foreign_eyes.archive.redaction.redaction_records import is_redacted
    from foreign_eyes.archive.times import now
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    def prepare(db: Database) -> Collection[int]:
        if what == "undo":
            return redaction_decisions.undo(db, entry_id, now())
        if what == "redact" or not is_redacted(db, entry_id):
            redaction_decisions.redact(db, entry_id, reason, now())
        return redaction_decisions.purge(db, entry_id, RememberingParser(), now()) if what == "purge" else ()

    title = f"{what} {entry_id}"
    rebuilt = rebuild_archive(context, title, prepare=prepare, apply=apply, quiet=quiet)
    if apply:
        finish_redactions(context, title)
    return rebuilt


def finish_redactions(context: Context, what: str) -> None:
    """Apply the redactions to everything that is not derived.

    These are frozen documents and, after a purge, free pages of the file.
    """
    from foreign_eyes.archive.archive_lock import only_run
    from foreign_eyes.archive.database import open_archive, writing
    from foreign_eyes.archive.redaction.purging import vacuum
    from foreign_eyes.archive.redaction.redaction_records import hidden_entries
    from foreign_eyes.archive.times import now, to_text
    from foreign_eyes.feeds.renew_frozen_documents import renew_documents

    with only_run(context.archive, what=what, since=to_text(now())), open_archive(context.archive) as db:
        with writing(db):
            renew_documents(db)
        if hidden_entries(db, purged_only=True):
            vacuum(db)


def _outputs(context: Context) -> list[str]:
    """Return the commands that publish to each folder whose files do not show the decision yet."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.cli.output_problems import publish_commands

    with read_archive(context.archive) as db:
        return publish_commands(db, context.output, context.publishing.base_url)


def _copies(archive: Path, entry_id: int) -> list[Path]:
    """Return the copies of the archive in its folder that still hold the words of the entry."""
    from foreign_eyes.archive.redaction.unredacted_copies import archives_that_show

    return archives_that_show(archive, entry_id)


def _report(
    entry_id: int, what: str, rebuilt: Rebuilt, outputs: list[str], copies: list[Path], quoting: list[int]
) -> None:
    done = {"redact": "is redacted", "undo": "shows its words again", "purge": "is redacted and its words are purged"}
    print_line(f"{entry_id} {done[what]}", style="bold green")
    print_line(f"  {settled(rebuilt)}")
    for command in outputs:
        print_line(f"  published files do not show this yet; run: {command}", style="yellow")
    if what == "undo":
        return
    for other_id in quoting:
        print_line(
            f"  entry {other_id} has the same excerpt and shows it; if that is meant, too: foreign-eyes redact {other_id}"
        )
    for path in copies:
        print_line(f"  still holds the words: {path}", style="yellow")
    print_line("  earlier backups and exports still hold the words, and so do caches and readers' own copies;")
    print_line("  what to do about each: docs/redaction.md")
    if what == "redact":
        command = f"foreign-eyes redact {entry_id} --purge"
        print_line(
            f"  the archive keeps the captures that show the words, withheld; to remove them for good: {command}"
        )
