"""Keep a verified copy of an archive before a newer version changes its tables: the way back to the older version.

    check the free space | SQLite's online backup | compare every row | fsync | rename | fsync of the folder

The caller holds the write lock of the archive, so that nobody changes it meanwhile.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
import stat
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from foreign_eyes import __version__
from foreign_eyes.archive.creation import sync_file, sync_folder, temporary_beside
from foreign_eyes.archive.errors import ArchiveUnwritable
from foreign_eyes.archive.file_type import check_structure

KEPT = 3

_log = logging.getLogger(__name__)
_SPARE = 1 << 20


def keep_copy(archive: Path, at: datetime) -> Path:
    """Write a copy of the archive beside it, keep only the newest `KEPT` copies, and return its path.

    Raises:
        ArchiveUnwritable: there is not enough space for a copy and the upgrade, or the copy cannot be written.
        DamagedArchive: the copy differs from the archive.
    """
    target = Path(os.path.realpath(archive))
    copy = target.with_name(f"{target.stem}-before-{__version__}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}{target.suffix}")
    _require_space(archive, target)
    try:
        with temporary_beside(copy) as temporary, closing(_connect(target)) as source:
            with closing(sqlite3.connect(temporary)) as written:
                source.backup(written)
            with closing(_connect(temporary)) as written:
                check_structure(written, temporary)
                if _digest(written) != _digest(source):
                    raise ArchiveUnwritable(copy, "the copy differs from the archive; the disk may be failing")
            state = target.stat()
            with suppress(PermissionError):  # only root can give a file to others
                os.chown(temporary, state.st_uid, state.st_gid)
            temporary.chmod(stat.S_IMODE(state.st_mode))
            sync_file(temporary)
            temporary.replace(copy)
            sync_folder(copy.parent)
            _remove_oldest(target, copy, _archive_id(source))
    except (OSError, sqlite3.OperationalError) as error:
        raise ArchiveUnwritable(copy, getattr(error, "strerror", None) or error) from error
    return copy


def tell_of_copy(archive: Path, copy: Path) -> None:
    """Log that the archive was brought up to date, and the way back."""
    _log.warning(
        "notice: %s: brought up to date by version %s; the archive as it was before is %s. To go back, install the older"
        " version and run: foreign-eyes restore %s --force",
        *(archive, __version__, copy, copy),
    )


def kept_copies(archive: Path) -> list[Path]:
    """Return the copies that were kept before upgrades of the archive, newest first."""
    target = Path(os.path.realpath(archive))
    name = re.compile(rf"{re.escape(target.stem)}-before-.+-(\d{{8}}T\d{{6}}Z){re.escape(target.suffix)}")
    with suppress(OSError):
        found = [(match[1], path) for path in target.parent.iterdir() if (match := name.fullmatch(path.name))]
        return [path for _, path in sorted(found, reverse=True)]
    return []


def applied_migrations(copy: Path) -> set[str]:
    """Return the names of the migrations that made a copy's tables; of a damaged copy, a name that no version has."""
    with suppress(sqlite3.Error), closing(_connect(copy)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
    return {"unreadable"}


def _require_space(archive: Path, target: Path) -> None:
    """Refuse an upgrade for which there is not enough space: for the copy, the journal, and new tables."""
    needed, free = 2 * target.stat().st_size + _SPARE, shutil.disk_usage(target.parent).free
    if free < needed:
        raise ArchiveUnwritable(
            archive,
            f"this version changes its tables and keeps a copy first, which needs {needed / 1e6:.0f} MB of disk space;"
            f" {free / 1e6:.0f} MB are free",
        )


def _remove_oldest(target: Path, newest: Path, archive_id: object) -> None:
    """Remove the oldest copies of this archive beyond the number to keep; the newest stays even if a clock was wrong."""
    others = [path for path in kept_copies(target) if path != newest and _id(path) in (archive_id, None)]
    for path in others[KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _id(copy: Path) -> object:
    with suppress(sqlite3.Error), closing(_connect(copy)) as connection:
        return _archive_id(connection)
    return "unreadable"


def _archive_id(connection: sqlite3.Connection) -> object:
    """Return the id of an archive as stored; None if a version without ids made it."""
    connection.text_factory = str
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'archive'").fetchone() is None:
        return None
    return connection.execute("SELECT archive_id FROM archive").fetchone()[0]


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def _digest(connection: sqlite3.Connection) -> dict[str, str]:
    """Return a digest of the rows of each table."""
    connection.text_factory = bytes  # a damaged text is copied as it is
    listed = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')"
    digests = {}
    for name in [name.decode() for (name,) in connection.execute(listed)]:
        digest = sha256()
        for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - a table of the archive
            digest.update(repr(row).encode())
        digests[name] = digest.hexdigest()
    return digests
