"""What is said before a new archive is begun: started in another folder, a command would not find the one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.cli.sample_place import sample_place
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context
    from foreign_eyes.crawler.jobs import Job


def say_new_archive(context: Context, job: Job) -> None:
    """Write to standard error, also when quiet, that `job` will make an archive; nothing for the sample."""
    if job.source.is_bundled or context.archive.exists():
        return
    published = _published_without_archive(context)
    if published is not None or not sample_place(context).archive.exists():  # else the sample has just made way here
        print_line(new_archive_notice(context.archive, published), err=True)


def new_archive_notice(archive: Path, published: Path | None) -> str:
    """Return the notice; `published` is a folder that holds what was published out of an archive that is missing. Pure."""
    place = archive.absolute()
    if published is not None:
        return (
            f"warning: {place}: no archive here, but published feeds in {published.absolute()}: the archive may be lost, moved"
            " or not mounted. A new one gives every entry a new id, and feed readers show them all again. If you have the"
            " archive elsewhere, name it with --archive FILE or as [archive] file in the settings"
        )
    return (
        f"{place}: no archive here yet; the first crawl makes a new one. If you have one elsewhere, run this in its folder,"
        " or name it with --archive FILE or as [archive] file in the settings"
    )


def no_archive_message(path: Path) -> str:
    """Return the error of a command that needs an archive where there is none; a relative path depends on the folder."""
    here = f"{path.absolute()}: no such archive"
    if path.is_absolute():
        return f"{here}; name another with --archive, or make one with: foreign-eyes up"
    return f"{here}; run this in the folder that holds it, name it with --archive, or make one with: foreign-eyes up"


def _published_without_archive(context: Context) -> Path | None:
    """Return the output folder if it holds feeds that an archive in this place must have been published to.

    An archive that is named for once, by option or environment, says nothing about the folder of the usual one.
    """
    usual = Path(context.configuration.archive.file).absolute()
    if context.archive.absolute() != usual or not (context.output / "atom.xml").is_file():
        return None
    return context.output
