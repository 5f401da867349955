"""What can go wrong with publishing and is the user's to mend. Bugs fly past this tree.

FeedsError
├── NothingToPublish    the source has no entries; what was published before stays
├── OutputTaken         the feeds of another source stand there
├── FilesOfOthers       files that were not published stand where files would be written
└── OutputUnwritable    a file or folder of the output cannot be written or removed
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class FeedsError(Exception):
    """The base of the tree; its text is one line that says what is wrong, where, and what to do."""


class NothingToPublish(FeedsError):
    """The archive has no entry of that source: an empty feed would only look like a broken one."""

    def __init__(self, source: str):
        super().__init__(f"{source}: the archive has no entries of this source; crawl it first")


class OutputTaken(FeedsError):
    """The folder holds another source's feeds, whose readers would get this one's entries instead."""

    def __init__(self, output: Path, holds: str, source: str):
        super().__init__(
            f"{output}: holds the feeds of {holds}; to put those of {source} in their place, name the source"
            " (up SOURCE, publish --source SOURCE), or publish to another --output"
        )


class FilesOfOthers(FeedsError):
    """The folder holds files that publishing did not write, under names that it would write."""

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
    """A path of the output cannot be made, written or removed; the files there are whole, old or new."""

    def __init__(self, path: Path, error: OSError):
        taken = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file stands where a folder should be" if taken else error.strerror or str(error)
        super().__init__(
            f"{path}: cannot be written ({why}); check permissions and free space, or choose another --output"
        )
        self.path = path
