"""`foreign-eyes restore`: replace the archive with a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.rebuild_progress import rebuild_archive
from foreign_eyes.cli.redact import finish_redactions
from foreign_eyes.cli.terminal import counted, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.archive.restoring import Restored

EXAMPLES = """
\b
Examples:
  foreign-eyes restore /mnt/backup/archive.db
  foreign-eyes restore /mnt/backup/archive.db --output /srv/www/eyes
  foreign-eyes up live --no-serve              crawl what the backup lacks
"""


@click.command(short_help="Replace the archive with a backup", epilog=EXAMPLES)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "outputs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    multiple=True,
    help="Another published folder; may be repeated",
)
@click.option("--force", is_flag=True, help="Replace a healthy archive even if it holds more than the backup")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def restore(context: Context, file: Path, outputs: tuple[Path, ...], force: bool, as_json: bool, quiet: bool) -> None:
    """Verify the backup FILE and replace the archive by a copy of it.

    FILE itself does not change. The previous archive, damaged or not, is kept under another name. Ids that the backup
    lacks are read from the records in the published folders; the next crawls give them back to their entries, so no
    reader sees an entry twice. A healthy archive that holds more than the backup is not replaced (73).
    """
    from foreign_eyes.archive.restoring import restore as put_back
    from foreign_eyes.archive.times import now, to_text
    from foreign_eyes.cli.publish_places import folders_of_sources

    if context.archive.exists() and file.exists() and file.samefile(context.archive):
        raise click.UsageError(f"{file} is the archive itself; name its backup")
    at = now()
    folders = [*outputs, *folders_of_sources(context)]
    done = put_back(context.archive, file, folders, force=force, at=at, since=to_text(at))
    if done.redacted:
        rebuild_archive(context, "a restore", prepare=lambda _: (), quiet=as_json or quiet)
        finish_redactions(context, "a restore")
    for warning in done.warnings:
        print_line(f"warning: {warning}", style="yellow", err=True)
    if as_json:
        print_json(_as_object(context.archive, file, done))
    elif not quiet:
        _report(context.archive, file, done)


def _as_object(archive: Path, file: Path, done: Restored) -> dict[str, object]:
    return {
        "archive": str(archive),
        "file": str(file),
        "archive_id": done.contents.archive_id,
        "crawls": len(done.contents.crawls),
        "entries": len(done.contents.entries),
        "last_crawl": done.contents.latest,
        "set_aside": str(done.aside) if done.aside else None,
        "ids_taken_back": done.given_back,
        "redactions_taken_back": done.redacted,
        "folders": [str(folder) for folder in done.folders],
        "warnings": list(done.warnings),
    }


def _report(archive: Path, file: Path, done: Restored) -> None:
    crawls, entries = len(done.contents.crawls), len(done.contents.entries)
    print_line(f"{archive}: restored from {file}", style="bold green")
    print_line(
        f"  {counted(crawls, 'crawl')}, {counted(entries, 'entry', 'entries')}; last crawl {done.contents.latest or 'none'}"
    )
    if done.aside is not None:
        print_line(f"  the previous archive is now {done.aside}")
    if done.given_back:
        print_line(f"  {counted(done.given_back, 'id')} read from published folders, for the next crawls")
    if done.redacted:
        print_line(f"  {counted(done.redacted, 'redaction')} applied again; then: foreign-eyes publish")
    if not done.folders:
        print_line("  no published folder was found to read ids from; name it with --output DIR", style="yellow")
