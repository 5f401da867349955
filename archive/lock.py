"""One run at a time on an archive: a lock on a file beside it, whose text says who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archive.errors import ArchiveBusy, ArchiveUnwritable
from archive.file_lock import FileHeld, hold, text_of_holder

_UNKNOWN = "another process"


def lock_path(archive: Path) -> Path:
    """Return where the lock of `archive` stands."""
    return archive.with_name(archive.name + ".lock")


@contextmanager
def only_run(archive: Path, *, what: str, since: str) -> Iterator[None]:
    """Hold the archive for one run; `what` and `since` are told to whoever is turned away.

    Raises:
        ArchiveBusy: another run holds it; the message names the holder.
        ArchiveUnwritable: the lock file cannot be made.
    """
    path = lock_path(archive)
    with ExitStack() as held:
        try:
            held.enter_context(hold(path, f"{what}, process {os.getpid()}, since {since}\n"))
        except FileHeld as error:
            raise ArchiveBusy(archive, error.text or _UNKNOWN) from None
        except OSError as error:
            raise ArchiveUnwritable(path, error.strerror or error) from error
        yield


def holder(archive: Path) -> str | None:
    """Return who holds the archive, in words, or None when nobody does."""
    text = text_of_holder(lock_path(archive))
    return _UNKNOWN if text == "" else text
