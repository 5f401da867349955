"""`foreign-eyes backup`: a verified copy of the archive."""

from __future__ import annotations

from pathlib import Path

import click

from foreign_eyes.cli.alerts import record_backup
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.recorded_runs import every_option, recorded
from foreign_eyes.cli.terminal import counted, kilobytes, print_json, print_line

EXAMPLES = """
\b
Examples:
  foreign-eyes backup /mnt/backup/archive.db
  foreign-eyes backup "/mnt/$(date +%A).db" --quiet  by cron: one per weekday
  foreign-eyes restore /mnt/backup/archive.db        restore it
"""


@click.command(short_help="Write a verified copy of the archive", epilog=EXAMPLES)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a backup even if it holds more than the archive")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@every_option
@pass_context
@recorded("backup")
def backup(context: Context, file: Path, force: bool, as_json: bool, quiet: bool) -> None:
    """Write a copy of the archive to FILE, consistent and verified, while crawls go on.

    FILE is written atomically.
    An older backup of the same archive is replaced; any other file is an error (exit 73).
    A damaged archive is not backed up (exit 66).
    """
    from foreign_eyes.archive.backup import back_up

    context.require_archive()
    done = back_up(context.archive, file, force=force)
    record_backup(context, file)
    if as_json:
        print_json(
            {
                "file": str(file),
                "bytes": done.size,
                "archive_id": done.contents.archive_id,
                "crawls": len(done.contents.crawls),
                "entries": len(done.contents.entries),
                "last_crawl": done.contents.latest,
            }
        )
    elif not quiet:
        crawls, entries = len(done.contents.crawls), len(done.contents.entries)
        print_line(
            f"{file}: {counted(crawls, 'crawl')}, {counted(entries, 'entry', 'entries')}, {kilobytes(done.size)}"
        )
