"""`foreign-eyes export`: the whole archive as one WARC file."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.terminal import counted, kilobytes, print_json, print_line, progress_bar

if TYPE_CHECKING:
    from foreign_eyes.warc.exporting import Exported, ExportProgress

EXAMPLES = """
\b
Examples:
  foreign-eyes export eyes.warc.gz
  foreign-eyes export - | ssh backup 'cat > eyes.warc.gz'
  foreign-eyes --archive copy.db import eyes.warc.gz   an equal archive
"""


@click.command(short_help="Write the whole archive as one WARC file", epilog=EXAMPLES)
@click.argument("file", metavar="FILE.warc.gz", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings, notices and errors")
@pass_context
def export(context: Context, file: Path, as_json: bool, quiet: bool) -> None:
    """Write the archive to FILE, or to standard output for "-".

    Each capture becomes a record that other WARC tools can read. All other rows of truth, including ids and decisions,
    follow in records that only Foreign Eyes reads, so importing FILE into an empty archive gives an equal archive. The
    same archive gives the same bytes.
    """
    to_output = str(file) == "-"
    if to_output and as_json:
        raise click.UsageError("--json and the file cannot both go to standard output")
    if to_output and sys.stdout.isatty():
        raise click.UsageError(
            "a WARC file cannot be written to a terminal; name a file, or pipe standard output into a program"
        )
    if file.suffix == ".warc":
        raise click.UsageError(f"{file}: the file is compressed; name it {file}.gz")
    context.require_archive()
    with progress_bar("exporting", quiet=quiet or as_json) as show:
        done, size = _write(context.archive, None if to_output else file, show)
    if as_json:
        print_json({"file": str(file), "bytes": size, "records": done.records, **done.rows})
    elif not quiet:
        captures, crawls = counted(done.rows["captures"], "capture"), counted(done.rows["crawls"], "crawl")
        print_line(f"{file}: {captures} of {crawls}, {kilobytes(size)}", err=to_output)


def _write(archive: Path, file: Path | None, show: ExportProgress | None) -> tuple[Exported, int]:
    """Write from a copy: reading the archive for minutes would keep a crawl from writing to it."""
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.warc.exporting import export as write_warc
    from foreign_eyes.warc.output import open_output

    with _copy_of(archive) as copy:
        with read_archive(copy) as db, open_output(file) as out:
            done = write_warc(db, out, show=show)
        return done, out.size


@contextmanager
def _copy_of(archive: Path) -> Iterator[Path]:
    """Give a temporary copy of the archive.

    Raises:
        TemporaryUnwritable: the copy cannot be written.
    """
    from foreign_eyes.archive.backup import copy_archive
    from foreign_eyes.archive.errors import ArchiveUnwritable
    from foreign_eyes.warc.errors import TemporaryUnwritable

    try:
        folder = tempfile.TemporaryDirectory(prefix="foreign-eyes-")
    except OSError as error:
        raise TemporaryUnwritable("the temporary folder", error.strerror or error) from error
    with folder:
        copy = Path(folder.name) / "archive.db"
        try:
            copy_archive(archive, copy)
        except ArchiveUnwritable as error:  # only the copy is written
            raise TemporaryUnwritable(tempfile.gettempdir(), error.__cause__ or error) from error
        yield copy
