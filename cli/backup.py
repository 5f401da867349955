"""`foreign-eyes backup`: a verified copy of the archive, with the settings beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.alerts import record_backup
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.only_changes import only_changes_option
from foreign_eyes.cli.recorded_runs import every_option, recorded
from foreign_eyes.cli.terminal import counted, kilobytes, print_json, print_line

if TYPE_CHECKING:
    from foreign_eyes.archive.backup import BackedUp
    from foreign_eyes.archive.backup_folder import Pruned

EXAMPLES = """
\b
Examples:
  foreign-eyes backup /mnt/backup/archive.db
  foreign-eyes backup /mnt/backup --keep 14 --quiet   dated, for two weeks
  foreign-eyes restore /mnt/backup                    the newest of them
"""


@click.command(short_help="Write a verified copy of the archive and the settings", epilog=EXAMPLES)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="FILE is a folder: write a dated copy into it and keep the newest N",
)
@click.option("--force", is_flag=True, help="Replace or remove backups even if they hold more than the archive")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@every_option
@only_changes_option
@pass_context
@recorded("backup")
def backup(context: Context, file: Path, keep: int | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write a copy of the archive to FILE, consistent and verified, while crawls go on.

    FILE is written atomically, and the settings file is copied beside it, as .toml. An older backup of the same archive is
    replaced; any other file is an error (exit 73). If FILE is a folder, the copy gets a name with the time.

    --keep removes only backups of this archive, and none that holds data which the archive lacks. A damaged archive is not
    backed up (exit 66).
    """
    from foreign_eyes.archive.backup import back_up
    from foreign_eyes.archive.backup_folder import Pruned
    from foreign_eyes.cli.settings_copy import refuse_other_file, write_copy

    context.require_archive()
    settings = context.configuration.path
    is_folder = keep is not None or file.is_dir()
    target = _dated(context.archive, file) if is_folder else file
    refuse_other_file(target)
    done = back_up(context.archive, target, force=force)
    record_backup(context, target)
    copied = write_copy(settings, target)
    pruned = _prune(context.archive, file, target, done, keep, force=force) if keep is not None else Pruned()
    for path, lost in pruned.richer:
        print_line(
            f"notice: {path}: kept, because this backup has data that the archive lacks: {lost}."
            f" To bring it back: foreign-eyes restore {path}; to remove it: foreign-eyes backup {file} --keep {keep} --force",
            err=True,
        )
    for path in pruned.unreadable:
        print_line(f"warning: {path}: this backup is damaged and was not counted; remove it", style="yellow", err=True)
    if as_json:
        print_json(_as_object(target, done, copied, pruned))
    elif not quiet:
        _report(target, done, copied, pruned)


def _dated(archive: Path, folder: Path) -> Path:
    """Return the path of a backup in the folder, which is created if only its last part is missing.

    Raises:
        ArchiveUnwritable: the folder cannot be made, or is a file.
    """
    from foreign_eyes.archive.backup_folder import dated_backup
    from foreign_eyes.archive.errors import ArchiveUnwritable
    from foreign_eyes.archive.times import now

    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ArchiveUnwritable(folder, error.strerror or error) from error
    return dated_backup(archive, folder, now())


def _prune(archive: Path, folder: Path, newest: Path, done: BackedUp, keep: int, *, force: bool) -> Pruned:
    """Remove older backups, and the settings beside them."""
    from foreign_eyes.archive.backup_folder import prune_backups
    from foreign_eyes.cli.settings_copy import remove_copy

    pruned = prune_backups(folder, archive, newest, done.contents, keep, force=force)
    for path in pruned.removed:
        remove_copy(path)
    return pruned


def _as_object(target: Path, done: BackedUp, copied: Path | None, pruned: Pruned) -> dict[str, object]:
    return {
        "file": str(target),
        "bytes": done.size,
        "archive_id": done.contents.archive_id,
        "crawls": len(done.contents.crawls),
        "entries": len(done.contents.entries),
        "last_crawl": done.contents.latest,
        "settings": str(copied) if copied else None,
        "removed": [str(path) for path in pruned.removed],
    }


def _report(target: Path, done: BackedUp, copied: Path | None, pruned: Pruned) -> None:
    crawls, entries = len(done.contents.crawls), len(done.contents.entries)
    print_line(f"{target}: {counted(crawls, 'crawl')}, {counted(entries, 'entry', 'entries')}, {kilobytes(done.size)}")
    if copied is not None:
        print_line(f"{copied}: the settings")
    if pruned.kept:
        removed = f"; {counted(len(pruned.removed), 'older one')} removed" if pruned.removed else ""
        print_line(f"{counted(pruned.kept, 'backup')} of this archive in {target.parent}{removed}")
