"""Making a new archive under a temporary name, so that its own name appears only when its tables are in it.

    temporary file | tables | fsync | link to the name, never over another file | fsync of the folder | remove the temporary name

A birth that is killed leaves no more than a temporary file, which the next birth in that folder removes. A living birth holds
its temporary file, by which it is told from one that was killed.
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
from foreign_eyes.archive.inode_lock import hold_newborn, is_alive, mark_alive

_SUFFIX = ".new"


def make_archive(path: Path, build: Callable[[Database], None]) -> None:
    """Make the archive at `path` with the tables that `build` makes; one that another process makes meanwhile stays.

    Raises:
        ArchiveUnwritable: it cannot be made there.
    """
    target = Path(os.path.realpath(path))
    try:
        with newborn(target) as temporary:
            _build(temporary, build)
            sync_file(temporary)
            hold_newborn(temporary, target)
            place_new(temporary, target)
            sync_folder(target.parent)
    except OSError as error:
        raise ArchiveUnwritable(path, error.strerror or error) from error
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, error) from error


@contextmanager
def newborn(target: Path) -> Iterator[Path]:
    """Give an empty file beside `target`, which is removed in the end if it still has that name.

    Raises:
        OSError: it cannot be made.
    """
    for name in _temporary_names(target):
        with suppress(OSError):
            if not is_alive(name):
                name.unlink()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_SUFFIX}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        mark_alive(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def remove_second_name(path: Path) -> None:
    """Remove the temporary name of an archive whose birth was killed when it had its own name already."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):
        made = target.stat()
        if made.st_nlink > 1:
            for name in _temporary_names(target):
                if os.path.samestat(made, name.stat()):
                    name.unlink(missing_ok=True)


def place_new(temporary: Path, target: Path) -> bool:
    """Give the file its name unless that is taken; tell whether it has it now. The temporary name may stay.

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
    """Let what is in a file outlast a power cut.

    Raises:
        OSError: it cannot be written.
    """
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlast a power cut.

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
    """Fill the file; nobody else opens it, and one that is not finished is thrown away, so it needs neither lock nor journal."""
    connection = sqlite3.connect(f"{temporary.as_uri()}?mode=rw&nolock=1", uri=True, isolation_level=None)
    with closing(connection):
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")
        build(Database(connection))


def _temporary_names(target: Path) -> list[Path]:
    names = (path for path in target.parent.iterdir() if path.name.startswith(f".{target.name}."))
    return [path for path in names if path.name.endswith(_SUFFIX)]
