"""One run at a time on an archive, whatever name it is opened by: the name is held, and the file itself.

A lock file beside the archive, by its own name, says who holds it, and holds an archive that is yet to be made. The lock on
the file itself (`archive.inode_lock`) holds for its other names: hard links, bind mounts, a new name that it gets meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from foreign_eyes.archive.database import refuse_other_files
from foreign_eyes.archive.errors import ArchiveBusy, ArchiveUnwritable
from foreign_eyes.archive.file_lock import FileHeld, hold, text_of_holder
from foreign_eyes.archive.file_type import lock_path
from foreign_eyes.archive.inode_lock import Holder, InodeHeld, hold_inode, inode_holder
from foreign_eyes.archive.times import to_text

__all__ = ["holder", "lock_path", "only_run"]

_UNKNOWN = "another process"


@contextmanager
def only_run(archive: Path, *, what: str, since: str, refuse_others: bool = True) -> Iterator[None]:
    """Hold the archive for one run; `what` and `since` are told to whoever is turned away.

    No lock is put beside a damaged archive or another program's file, unless `refuse_others` is false.

    Raises:
        NotAnArchive, DamagedArchive: the file is not an archive that can be used.
        ArchiveBusy: another run holds it; the message names the holder.
        ArchiveUnwritable: the lock file cannot be made.
    """
    if refuse_others:
        refuse_other_files(archive)
    path = lock_path(archive)
    without_name: OSError | None = None
    with ExitStack() as held:
        try:
            mode = archive.stat().st_mode & 0o666 if archive.exists() else 0o644
            held.enter_context(hold(path, f"{what}, process {os.getpid()}, since {since}\n", mode=mode))
        except FileHeld as error:
            raise ArchiveBusy(archive, error.text or _UNKNOWN) from None
        except OSError as error:  # it may be another user's; the lock on the archive itself is enough
            without_name = error
        try:
            is_held = held.enter_context(hold_inode(archive))
        except InodeHeld as error:
            raise ArchiveBusy(archive, _words(error.holder)) from None
        except OSError as error:
            raise ArchiveUnwritable(archive, error.strerror or error) from error
        if without_name is not None and not is_held:
            raise ArchiveUnwritable(path, without_name.strerror or without_name) from without_name
        yield


def holder(archive: Path) -> str | None:
    """Return who holds the archive, in words, or None when nobody does."""
    text = text_of_holder(lock_path(archive))
    of_file = inode_holder(archive)
    if of_file is not None and not (text and f"process {of_file.process}," in text):
        return _words(of_file)
    return _UNKNOWN if text == "" else text


def _words(found: Holder | None) -> str:
    if found is None:
        return _UNKNOWN
    since = to_text(datetime.fromtimestamp(found.since, UTC))
    return f"a run under another name of the file, process {found.process}, since {since}"
