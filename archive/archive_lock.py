"""Lock an archive, so that one run at a time writes to it under any of its names.

The lock file beside the archive names the holder, and also locks an archive that does not exist yet. The lock on the file
itself (`archive.inode_lock`) covers its other names: hard links, bind mounts, and names given to it while it is locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from foreign_eyes.archive.database import check_usable
from foreign_eyes.archive.errors import ArchiveBusy, ArchiveUnwritable
from foreign_eyes.archive.file_lock import FileHeld, hold, text_of_holder
from foreign_eyes.archive.file_type import lock_path
from foreign_eyes.archive.inode_lock import Holder, InodeHeld, hold_inode, inode_holder
from foreign_eyes.archive.times import to_text

__all__ = ["holder", "lock_path", "only_run"]

_UNKNOWN = "another process"


@contextmanager
def only_run(archive: Path, *, what: str, since: str, refuse_others: bool = True) -> Iterator[None]:
    """Lock the archive for one run.

    The message of another run that is refused shows `what` and `since`. No lock file is made beside a damaged archive or
    another program's file, unless `refuse_others` is false.

    Raises:
        NotAnArchive, DamagedArchive: the file is not a usable archive.
        ArchiveBusy: another run has locked it; the message names the holder.
        ArchiveUnwritable: the lock file cannot be made.
    """
    if refuse_others:
        check_usable(archive)
    path = lock_path(archive)
    lock_file_error: OSError | None = None
    with ExitStack() as locks:
        try:
            mode = archive.stat().st_mode & 0o666 if archive.exists() else 0o644
            locks.enter_context(hold(path, f"{what}, process {os.getpid()}, since {since}\n", mode=mode))
        except FileHeld as error:
            raise ArchiveBusy(archive, error.text or _UNKNOWN) from None
        except OSError as error:  # it may belong to another user; the lock on the archive itself is enough
            lock_file_error = error
        try:
            is_file_locked = locks.enter_context(hold_inode(archive))
        except InodeHeld as error:
            raise ArchiveBusy(archive, _describe(error.holder)) from None
        except OSError as error:
            raise ArchiveUnwritable(archive, error.strerror or error) from error
        if lock_file_error is not None and not is_file_locked:
            raise ArchiveUnwritable(path, lock_file_error.strerror or lock_file_error) from lock_file_error
        yield


def holder(archive: Path) -> str | None:
    """Return a description of the run that has locked the archive, or None if it is not locked."""
    text = text_of_holder(lock_path(archive))
    file_holder = inode_holder(archive)
    if file_holder is not None and not (text and f"process {file_holder.process}," in text):
        return _describe(file_holder)
    return _UNKNOWN if text == "" else text


def _describe(file_holder: Holder | None) -> str:
    if file_holder is None:
        return _UNKNOWN
    since = to_text(datetime.fromtimestamp(file_holder.since, UTC))
    return f"a run under another name of the file, process {file_holder.process}, since {since}"
