"""Warn before a command creates a new archive.

A command that runs in another folder would not find the existing archive.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.cli.sample_place import sample_place
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


def warn_of_new_archive(context: Context, job: Job) -> None:
    """Print a note to stderr, even if quiet, that `job` will create an archive.

    Print nothing for the sample.
    """
    if job.source.is_bundled or context.archive.exists():
        return
    published = _published_without_archive(context)
    if published is not None or not sample_place(context).archive.exists():  # otherwise the sample was just set aside
        print_line(new_archive_notice(context.archive, published), err=True)


def new_archive_notice(archive: Path, published: Path | None) -> str:
    """Return the notice that a new archive will be created.

    `published` is a folder with feeds of an archive that is missing. Pure.
    """
    place = archive.absolute()
    if published is not None:
        return (
            f"warning: {place}: no archive, but published feeds in {published.absolute()}: the archive may be lost, moved"
            " or not mounted. A new one gives every entry a new id, and feed readers show all entries again. If the"
            " archive is elsewhere, name it with --archive FILE or as [archive] file in the settings"
        )
    return (
        f"{place}: no archive yet; the first crawl creates one. If you have one elsewhere, run this command in its folder,"
        " or name it with --archive FILE or as [archive] file in the settings"
    )


def no_archive_message(path: Path) -> str:
    """Return the error message of a command that needs an archive and finds none."""
    here = f"{path.absolute()}: no such archive"
    if path.is_absolute():
        return f"{here}; name another with --archive, or make one with: foreign-eyes up"
    return f"{here}; run this command in the folder that holds it, name it with --archive, or make one with: foreign-eyes up"


def _published_without_archive(context: Context) -> Path | None:
    """Return the output folder if it holds feeds from the configured archive.

    An archive named by option or environment has no known output folder.
    """
    usual = Path(context.configuration.archive.file).absolute()
    if context.archive.absolute() != usual or not (context.output / "atom.xml").is_file():
        return None
    return context.output
