"""`foreign-eyes restore`: replace the archive with a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.rebuild_progress import rebuild_archive
from foreign_eyes.cli.redact import finish_redactions
from foreign_eyes.cli.terminal import counted, local_time, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.archive.restoring import Restored
    from foreign_eyes.cli.settings_restore import RestoredSettings

EXAMPLES = """
\b
Examples:
  foreign-eyes restore /mnt/backup/archive.db
  foreign-eyes restore /mnt/backup             its newest dated copy
  foreign-eyes restore /mnt/backup --settings           the settings, too
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
@click.option("--settings", "with_settings", is_flag=True, help="Also restore the settings that lie beside the backup")
@click.option("--force", is_flag=True, help="Replace a healthy archive even if it holds more than the backup")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def restore(
    context: Context,
    file: Path,
    outputs: tuple[Path, ...],
    with_settings: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Verify the backup FILE and replace the archive by a copy of it.

    FILE itself does not change; a folder stands for its newest undamaged backup. The previous archive, damaged or not, is
    kept under another name. Ids that the backup lacks are read from the records in the published folders; the next crawls
    give them back to their entries, so no reader sees an entry twice. A healthy archive that holds more than the backup is
    not replaced (73). Settings change only with --settings; the former ones are kept under another name.
    """
    from foreign_eyes.cli.settings_restore import compare_settings, restore_settings

    if context.archive.exists() and file.exists() and file.samefile(context.archive):
        raise click.UsageError(f"{file} is the archive itself; name its backup")
    used, backup, done = _put_back(context, file, outputs, with_settings=with_settings, force=force)
    if done.redacted:
        rebuild_archive(used, "a restore", prepare=lambda _: (), quiet=as_json or quiet)
        finish_redactions(used, "a restore")
    settings = restore_settings(context, backup) if with_settings else compare_settings(context, backup)
    for warning in done.warnings:
        print_line(f"warning: {warning}", style="yellow", err=True)
    if as_json:
        print_json(_as_object(used.archive, backup, done, settings))
    elif not quiet:
        _report(used.archive, backup, done, settings)


def _candidates(context: Context, file: Path) -> list[Path]:
    """Return the backups to try, best first: the file, or the dated backups in a folder, newest first.

    Raises:
        BackupUnusable: the folder has none.
    """
    from foreign_eyes.archive.backup_folder import dated_backups
    from foreign_eyes.archive.errors import BackupUnusable

    if not file.is_dir():
        return [file]
    if not (found := dated_backups(file, context.archive)):
        raise BackupUnusable(file, f"a folder without a backup that is named like {context.archive.stem}-DATE.db")
    return found


def _put_back(
    context: Context, file: Path, outputs: tuple[Path, ...], *, with_settings: bool, force: bool
) -> tuple[Context, Path, Restored]:
    """Restore the first candidate that is not damaged; return the context that was used, and the backup.

    Raises:
        ArchiveError: none can be restored.
    """
    from foreign_eyes.archive.errors import BackupUnusable
    from foreign_eyes.archive.restoring import restore as put_back
    from foreign_eyes.archive.times import now, to_text
    from foreign_eyes.cli.publish_places import folders_of_sources
    from foreign_eyes.cli.settings_restore import context_with_copied_settings

    *others, last = _candidates(context, file)
    for backup in (*others, last):
        used, at = context_with_copied_settings(context, backup) if with_settings else context, now()
        folders = [*outputs, *folders_of_sources(used)]
        try:
            return used, backup, put_back(used.archive, backup, folders, force=force, at=at, since=to_text(at))
        except BackupUnusable as error:
            if backup == last:
                raise
            print_line(f"warning: {error.why_unusable}; trying the next older one", style="yellow", err=True)
    raise AssertionError("unreachable")


def _as_object(archive: Path, file: Path, done: Restored, settings: RestoredSettings) -> dict[str, object]:
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
        "settings": {"state": settings.state, "file": settings.file, "differing": settings.differing},
        "warnings": list(done.warnings),
    }


def _report(archive: Path, file: Path, done: Restored, settings: RestoredSettings) -> None:
    crawls, entries = len(done.contents.crawls), len(done.contents.entries)
    print_line(f"{archive}: restored from {file}", style="bold green")
    print_line(
        f"  {counted(crawls, 'crawl')}, {counted(entries, 'entry', 'entries')}; last crawl {local_time(done.contents.latest)}"
    )
    if done.aside is not None:
        print_line(f"  the previous archive is now {done.aside}")
    if done.given_back:
        print_line(f"  {counted(done.given_back, 'id')} read from published folders, for the next crawls")
    if done.redacted:
        print_line(f"  {counted(done.redacted, 'redaction')} applied again; then: foreign-eyes publish")
    if not done.folders:
        print_line("  no published folder was found to read ids from; name it with --output DIR", style="yellow")
    for line in settings.lines():
        print_line(f"  {line}", style="yellow" if settings.state == "differ" else "")
