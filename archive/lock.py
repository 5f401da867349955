"""One run at a time on an archive.

The lock is a file beside the archive, held by the kernel for as long as the process lives: a killed run leaves none
behind. The file's text says who holds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveBusy, ArchiveUnwritable

# seconds: whoever only asks who holds the lock holds it for a moment
_PATIENCE = 0.5


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
    if not path.parent.is_dir():  # filelock would make it, and a mistyped path a second archive
        raise ArchiveUnwritable(archive, "its folder does not exist")
    lock = FileLock(path, timeout=_PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        if not path.exists():  # where no file can be made, filelock waits for one
            raise ArchiveUnwritable(path, "no lock file can be made there") from None
        raise ArchiveBusy(archive, _named(path)) from None
    except OSError as error:
        raise ArchiveUnwritable(path, error) from error
    try:
        _tell(path, f"{what}, process {os.getpid()}, since {since}\n")
        yield
    finally:
        _tell(path, "")
        lock.release()


def holder(archive: Path) -> str | None:
    """Return who holds the archive, in words, or None when nobody does."""
    path = lock_path(archive)
    if not path.exists():
        return None
    probe = FileLock(path, timeout=0)
    try:
        probe.acquire()
    except Timeout:
        return _named(path)
    except OSError:
        return None  # who may not open the lock cannot be told who holds it
    probe.release()
    return None


def _tell(lock: Path, text: str) -> None:
    """Write who holds the lock; it is held, and the work goes on, even where that cannot be written."""
    with suppress(OSError):
        lock.write_text(text, encoding="utf-8")


def _named(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8").strip() or "another process"
    except OSError:
        return "another process"
