"""Detect whether a file is an archive, a damaged archive, or something else.

A file that was an archive is always reported as damaged, so that nobody creates a new one in its place. It is recognised by
its application id, the names of its tables, or the lock file that only archives have beside them. Files that are empty or
begin with zeros also count as damaged: an unmounted volume and a disk that lost its last writes leave such files.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from foreign_eyes.archive.errors import ArchiveError, DamagedArchive, NotAnArchive
from foreign_eyes.archive.schema import APPLICATION_ID

MAGIC = b"SQLite format 3\0"
_ID_AT = slice(68, 72)  # SQLite file format, section 1.3.16
# byte strings of an archive's schema and of its list of migrations
_MARKS = (b"m001_captures", b"CREATE TABLE captures (", b"CREATE TABLE identities (")
_TABLES = ("bodies", "captures", "crawls", "sources")
# SQLite's smallest page, in bytes; no connection of ours can hold locks on a smaller file
_SMALLEST = 512
_BYTES_SEARCHED = 1 << 20


def check_size(path: Path) -> None:
    """Refuse a file that is too small for a database.

    SQLite would take an empty one for a new database.

    Raises:
        DamagedArchive: it is empty, or the beginning of a database.
        NotAnArchive: it is something else.
    """
    try:
        size = path.stat().st_size
        if size >= _SMALLEST:
            return
        start = path.read_bytes()
    except OSError as error:
        raise NotAnArchive(path, error.strerror or str(error)) from error
    raise file_error(path, start, "the file is empty" if not size else "file is not a database")


def check_is_archive(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not an archive.

    An archive has both our application id and our tables.

    Raises:
        DamagedArchive: it was an archive.
        NotAnArchive: another program made it.
        sqlite3.DatabaseError: it cannot be read; `unreadable_file_error` then finds out what it is.
    """
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application_id == APPLICATION_ID:
        if not tables:
            raise DamagedArchive(path, "it has no tables")
    elif tables.issuperset(_TABLES):
        raise DamagedArchive(path, f"its application id is {application_id:#x}")
    else:
        raise NotAnArchive(path, "an SQLite file of another program" if tables else "an SQLite file without tables")


def check_structure(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse an archive whose structure is corrupt, before anything is written to it.

    Raises:
        DamagedArchive: SQLite reports corruption.
    """
    if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise DamagedArchive(path, " ".join(found.split()))


def unreadable_file_error(path: Path, why: str) -> ArchiveError:
    """Return the error for a file that SQLite cannot read."""
    try:
        with path.open("rb") as file:
            start = file.read(_BYTES_SEARCHED)
    except OSError as error:
        return NotAnArchive(path, error.strerror or str(error))
    return file_error(path, start, why)


def file_error(path: Path, start: bytes, why: str) -> ArchiveError:
    """Return the error for a file that begins with these bytes."""
    is_damaged = was_archive(start, has_lock=lock_path(path).exists())
    return DamagedArchive(path, why) if is_damaged else NotAnArchive(path, why)


def lock_path(archive: Path) -> Path:
    """Return the path of an archive's lock file, with symbolic links resolved."""
    return Path(f"{os.path.realpath(archive)}.lock")


def was_archive(start: bytes, *, has_lock: bool) -> bool:
    """Return whether an unreadable file was an archive, by its first bytes and its lock file.

    Pure.
    """
    if not start.strip(b"\0"):
        return True
    if start[_ID_AT] == APPLICATION_ID.to_bytes(4) or any(mark in start for mark in _MARKS):
        return True
    if len(start) < _ID_AT.stop and MAGIC.startswith(start[: len(MAGIC)]):
        return True  # truncated before the application id
    if start.startswith(MAGIC) or _is_text(start):
        return False
    return has_lock


def _is_text(start: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in start[:4096])
