"""Problems of output folders, such as feeds that lag behind the archive.

Files that cannot be read are problems, too.
"""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_lag import OutputLag, output_lags, unpublished_entries
from foreign_eyes.archive.feed_state.output_manifest import Manifest, PublishedPlace, published_places
from foreign_eyes.archive.feed_state.output_record import read_record, record_path
from foreign_eyes.archive.forgotten_sources import forgotten_sources
from foreign_eyes.archive.integrity import Problem
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.silent_sources import silent_sources
from foreign_eyes.feeds.file_writer import folder_mode, leftovers

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST_NAMED_FILES = 5
# the files that `status` checks
_FIRST = ("index.html", "atom.xml")


def output_problems(db: Database, output: Path, base_url: str, *, running: bool, expected: bool) -> Iterator[Problem]:
    """Yield the problems of the folders that were published to, except those of single files.

    `output` and `base_url` are the defaults of `publish`. While a run is in progress, feeds may lag behind the archive.
    An archive that was never published is a problem if publishing is `expected` or a first publish did not finish.
    """
    silent = silent_sources(db)
    lags = [lag for lag in output_lags(db) if lag.source not in silent]
    expected = expected or record_path(output).exists()
    if expected and not lags and not running and (entries := unpublished_entries(db)):
        yield Problem(f"nothing was published of {entries} entries", "archive", "foreign-eyes publish")
    commands = PublishCommands(db, output, base_url)
    for lag in lags:
        is_usual, command = commands.is_usual(lag), commands.repeating(lag)
        if not lag.folder.is_dir():
            if is_usual:  # the next publish removes other folders from the outputs
                yield Problem("the output folder no longer exists", str(lag.folder), command)
            continue
        refusal = read_claim(db, lag.folder).refusal
        if refusal is not None:
            yield Problem(
                str(refusal), str(lag.folder), "foreign-eyes restore FILE, or: foreign-eyes publish --take-over"
            )
        elif not running and (what := lacking(lag)):
            ending = "" if is_usual else f"; if nobody reads it: foreign-eyes publish --forget {_quoted(lag.folder)}"
            yield Problem(what, str(lag.folder), command + ending)


def publish_commands(db: Database, output: Path, base_url: str) -> list[str]:
    """Return the command for each folder that a publish would change.

    The commands are those of `output_problems`.
    """
    lags = output_lags(db)
    commands = PublishCommands(db, output, base_url)
    return [commands.repeating(lag) for lag in lags if lag.folder.is_dir() and lacking(lag)]


def lacking(lag: OutputLag) -> str | None:
    """Return a sentence on how the feeds lag behind the archive; None if they do not.

    Pure.
    """
    if lag.redacted:
        entries = "an entry that was" if lag.redacted == 1 else f"{lag.redacted} entries that were"
        return f"its files still show the words of {entries} redacted"
    if lag.changes:
        parts = [f"{lag.new} new" if lag.new else "", f"{lag.changes - lag.new} other" if lag.changes > lag.new else ""]
        changes = " and ".join(part for part in parts if part)
        return f"its feeds lack {changes} changes of the archive: a publish failed, or was not run"
    if lag.rederived:
        return "its files were published before the archive was derived again"
    return None


def permission_problems(db: Database, mode: int, *, all_files: bool) -> Iterator[Problem]:
    """Yield the folders with files that have fewer permissions than `mode`.

    Without `all_files`, check only two files.
    """
    for lag in output_lags(db):
        names = Manifest(db, lag.folder).digests() if all_files else _FIRST
        closed = sorted(_closed(lag.folder, names, mode))
        if closed:
            shown = ", ".join(closed[:MOST_NAMED_FILES]) + (
                f" and {len(closed) - MOST_NAMED_FILES} more" if len(closed) > MOST_NAMED_FILES else ""
            )
            yield Problem(
                f"a web server's user may not be able to read {shown}"
                f" (expected modes: {mode:04o} for files, {folder_mode(mode):04o} for folders)",
                str(lag.folder),
                f"foreign-eyes publish --all --output {_quoted(lag.folder)}, or set file_mode in [publish]",
            )


def usual_folders(db: Database, output: Path) -> list[Path]:
    """Return the folders to check if a command names none: the output folder, and all others of its site."""
    root = output.resolve()
    parts = [place.folder for place in published_places(db) if place.is_part_of(root)]
    return [output, *(folder for folder in parts if folder != root)]


def leftover_problems(db: Database, folder: Path) -> Iterator[Problem]:
    """Yield the files in a folder that a killed publish left.

    Files of other programs are not problems.
    """
    remedy = f"foreign-eyes publish --all --output {_quoted(folder)}"
    try:
        record = read_record(folder)
    except ArchiveError as error:
        yield Problem(str(error), str(folder), "foreign-eyes publish --take-over")
        return
    for path in sorted(leftovers(folder)):
        yield Problem("a publish that was killed left a temporary file", str(path), remedy)
    if record is None:
        return
    unlisted = record.files - Manifest(db, folder).digests().keys()
    for name in sorted(unlisted):
        if (folder / name).is_file():
            yield Problem(
                "a publish that was killed left a file that no page or feed links to", str(folder / name), remedy
            )


class PublishCommands:
    """The commands that repeat the last publish to each folder.

    Args:
        db: the archive.
        output: the output folder of the settings, and `base_url` its base URL.
    """

    def __init__(self, db: Database, output: Path, base_url: str) -> None:
        self._root = output.resolve()
        self._base_url = base_url
        self._forgotten = forgotten_sources(db)
        self._several = len({source.name for source in find_sources(db)} - self._forgotten) > 1
        places = published_places(db)
        parts = [place for place in places if place.is_part_of(self._root)]
        own = {place.source for place in parts if self._is_at_its_name(place)}
        # a second folder that a source took over is published to only if the command names it
        self._usual = {
            place.folder
            for place in parts
            if place.source not in own or self._is_at_its_name(place) or not place.folder.is_relative_to(place.root)
        } | {self._root}

    def _is_at_its_name(self, place: PublishedPlace) -> bool:
        return place.folder in (self._root, self._root / place.source)

    def is_usual(self, lag: OutputLag) -> bool:
        """Return whether the source is published to this folder if the command names none."""
        return lag.folder in self._usual

    def repeating(self, lag: OutputLag) -> str:
        """Return the command that repeats the last publish to a folder, or removes the files of a forgotten source."""
        if lag.source in self._forgotten:
            return shlex.join(["foreign-eyes", "forget", lag.source, "--files"])
        words = ["foreign-eyes", "publish"]
        words += ["--source", lag.source] if self._several else []
        words += [] if self.is_usual(lag) else ["--output", str(lag.folder)]
        follows = lag.base_url in (None, self._base_url) or (self.is_usual(lag) and lag.folder != self._root)
        return shlex.join(words if follows else [*words, "--base-url", str(lag.base_url)])


def _closed(folder: Path, names: Iterable[str], mode: int) -> Iterator[str]:
    folders = {"."}
    for name in names:
        if _lacks(folder / name, mode):
            yield name
        folders.update(str(parent) for parent in Path(name).parents)
    for name in folders:
        if _lacks(folder / name, folder_mode(mode)):
            yield f"{name}/"


def _lacks(path: Path, mode: int) -> bool:
    try:
        return stat.S_IMODE(path.stat().st_mode) & mode != mode
    except OSError:
        return False  # a missing file is reported elsewhere


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
