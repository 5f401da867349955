"""Errors of publishing that the user can fix.

Programming errors are not in this hierarchy.

FeedsError
├── NothingToPublish    the archive has no entries of the source; files published before stay
├── PlaceUnusable       a source cannot be published to the folder of its settings or the folder with its name
├── OutputTaken         the folder holds the feeds of another source
├── CombinedFolderTaken the folder over all sources holds the feeds of one source
├── FilesOfOthers       the folder holds files that publishing did not write, under names that it needs
└── OutputUnwritable    a file or folder of the output folder cannot be written or removed
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path


class FeedsError(Exception):
    """The base class of the errors of publishing.

    The text is one line that says what happened, where, and what to do.
    """


class NothingToPublish(FeedsError):
    """The archive has no entries of the source.

    An empty feed would look like a broken one.
    """

    def __init__(self, source: str):
        super().__init__(
            f"{source}: the archive has no entries of this source; crawl it first: foreign-eyes crawl {source}"
        )


class PlaceUnusable(FeedsError):
    """A source cannot be published to its folder, because of the settings or of its name."""


class OutputTaken(FeedsError):
    """The folder holds another source's feeds.

    The readers of those feeds would get the entries of this source.
    """

    def __init__(self, output: Path, published: str, source: str):
        command = shlex.join(["foreign-eyes", "publish", "--source", source, "--output", str(output), "--take-over"])
        super().__init__(
            f"{output}: holds the feeds of {published}; nothing was published. Set another output in"
            f" [sources.{source}], or replace them with those of {source}: {command}"
        )


class CombinedFolderTaken(FeedsError):
    """The folder over all sources holds the feeds of one source."""

    def __init__(self, output: Path, published: str):
        super().__init__(
            f"{output}: holds the feeds of {published}, so the page and the feeds over all sources cannot be written there."
            f" Move that source to a folder of its own: set output in [sources.{published}], then: foreign-eyes publish"
            f" --source {published} --take-over; or set all_sources = false in [publish]"
        )


class FilesOfOthers(FeedsError):
    """The folder holds files that publishing did not write, under names that it needs."""

    def __init__(self, output: Path, names: Sequence[str]):
        what = "a file that was" if len(names) == 1 else f"{len(names)} files that were"
        super().__init__(
            f"{output}: holds {what} not published there: {', '.join(map(_shown, names))}; nothing was written."
            " Publish to another --output, move them away, or replace them with: foreign-eyes publish --take-over"
        )
        self.names = tuple(names)


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)


class OutputUnwritable(FeedsError):
    """A path of the output cannot be created, written or removed.

    Each file in the folder is complete, old or new.
    """

    def __init__(self, path: Path, error: OSError):
        taken = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file has the name of a folder" if taken else error.strerror or str(error)
        super().__init__(
            f"{path}: cannot be written ({why}); check permissions and free space, or choose another --output"
        )
        self.path = path
