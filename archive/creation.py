"""Create an archive atomically: its name appears when its tables are complete.

    temporary file | tables | fsync | link to the name, never over another file | fsync of the folder | remove the temporary name

A killed process leaves only a temporary file, which the next creation in that folder removes. A running process locks its
temporary file, so that others can tell it from an abandoned one.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.errors import ArchiveUnwritable
from foreign_eyes.archive.inode_lock import is_in_progress, lock_new_file, mark_in_progress

_SUFFIX = ".new"


def make_archive(path: Path, build: Callable[[Database], None]) -> None:
    """Create the archive at `path`, unless another process creates it first.

    `build` makes the tables.

    Raises:
        ArchiveUnwritable: it cannot be created there.
    """
    target = Path(os.path.realpath(path))
    try:
        with temporary_beside(target) as temporary:
            _build(temporary, build)
            sync_file(temporary)
            lock_new_file(temporary, target)
            place_new(temporary, target)
            sync_folder(target.parent)
    except OSError as error:
        raise ArchiveUnwritable(path, error.strerror or error) from error
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, error) from error


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """Yield a new empty file beside `target`.

    It is removed at the end unless the caller has renamed it. Abandoned temporary files of killed processes are removed
    first.

    Raises:
        OSError: it cannot be made.
    """
    for name in _temporary_names(target):
        with suppress(OSError):
            if not is_in_progress(name):
                name.unlink()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_SUFFIX}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        mark_in_progress(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def remove_abandoned(folder: Path, is_target: Callable[[str], bool]) -> None:
    """Remove the temporary files that killed processes left in `folder` for targets with such a name."""
    with suppress(OSError):
        for path in folder.glob(f".*{_SUFFIX}"):
            target = path.name.removeprefix(".").removesuffix(_SUFFIX).rpartition(".")[0]
            if is_target(target) and not is_in_progress(path):
                path.unlink()


def remove_second_name(path: Path) -> None:
    """Remove the temporary name that a killed creation left beside the archive's own name."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):
        state = target.stat()
        if state.st_nlink > 1:
            for name in _temporary_names(target):
                if os.path.samestat(state, name.stat()):
                    name.unlink(missing_ok=True)


def place_new(temporary: Path, target: Path) -> bool:
    """Give the file its name unless that exists.

    Return whether it was given. The temporary name may remain.

    Raises:
        OSError: the folder cannot be written.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if target.exists():
            return False
        temporary.rename(target)
    return True


def sync_file(path: Path) -> None:
    """Write a file's data to the disk, so that it survives a power failure.

    Raises:
        OSError: it cannot be written.
    """
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Write a folder's names to the disk, so that they survive a power failure.

    Raises:
        OSError: the folder cannot be read.
    """
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _build(temporary: Path, build: Callable[[Database], None]) -> None:
    """Write the tables.

    Nobody else opens the file and an unfinished one is removed, so it needs no lock and no journal.
    """
    connection = sqlite3.connect(f"{temporary.as_uri()}?mode=rw&nolock=1", uri=True, isolation_level=None)
    with closing(connection):
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")
        build(Database(connection))


def _temporary_names(target: Path) -> list[Path]:
    names = (path for path in target.parent.iterdir() if path.name.startswith(f".{target.name}."))
    return [path for path in names if path.name.endswith(_SUFFIX)]
