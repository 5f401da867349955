"""Copying an archive while others use it, and backups: copies that are verified, and whole or not there at all.

temporary file | SQLite's online backup | check | fsync | name | fsync of the folder
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import id_of_any_version
from foreign_eyes.archive.creation import place_new, sync_file, sync_folder, temporary_beside
from foreign_eyes.archive.database import read_any_version, read_archive
from foreign_eyes.archive.errors import ArchiveError, ArchiveUnwritable, DamagedArchive, NoArchive, WouldLose
from foreign_eyes.archive.file_type import refuse_broken
from foreign_eyes.archive.integrity import verify


@dataclass(frozen=True, slots=True)
class BackupContents:
    """What one archive holds, by what identifies it in any copy; `latest` is when its last crawl began."""

    archive_id: str | None
    crawls: frozenset[tuple[str, str]]
    entries: frozenset[int]
    decisions: int
    latest: str | None


@dataclass(frozen=True, slots=True)
class Loss:
    """What one archive holds and another lacks."""

    crawls: int
    entries: int
    decisions: int
    latest: str | None

    def __str__(self) -> str:
        parts = [
            _counted(self.crawls, "crawl", "crawls") + (f" (the last of {self.latest})" if self.latest else ""),
            _counted(self.entries, "entry", "entries"),
            _counted(self.decisions, "decision", "decisions"),
        ]
        return ", ".join(part for part in parts if not part.startswith("0 "))


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was written: its size in bytes, and what it holds."""

    size: int
    contents: BackupContents


def copy_archive(archive: Path, copy: Path) -> None:
    """Write a consistent copy of `archive` to `copy`, by SQLite's online backup.

    Raises:
        ArchiveError: the archive cannot be read.
    """
    with read_archive(archive) as db:
        copy_database(db, copy)


def copy_database(db: Database, copy: Path) -> None:
    """Write a consistent copy of an open archive to `copy`."""
    with closing(sqlite3.connect(copy)) as target:
        db.conn.backup(target)


def back_up(archive: Path, file: Path, *, force: bool) -> BackedUp:
    """Write a verified copy of `archive` to `file`, while crawls go on; an older backup of it is replaced.

    Raises:
        WouldLose: the file is not a backup of this archive, or has what the archive lacks and `force` is not set.
        ArchiveUnwritable: the file cannot be written.
        ArchiveError: the archive cannot be read, or is damaged.
    """
    target = Path(os.path.realpath(file))
    with _writing(file), temporary_beside(target) as temporary:
        with read_any_version(archive) as db:
            contents = contents_of(db)
            _refuse_replacing(archive, contents, file, force=force)
            with _writing(file):
                copy_database(db, temporary)
        verify_copy(temporary, archive)
        sync_file(temporary)
        if target.exists():
            temporary.replace(target)
        elif not place_new(temporary, target):
            raise WouldLose(f"{file}: another program made it meanwhile; name another file")
        sync_folder(target.parent)
        return BackedUp(target.stat().st_size, contents)


def verify_copy(copy: Path, original: Path) -> None:
    """Refuse a copy in which `check` finds damage: its original is then damaged, too.

    Of an archive of an earlier version, which has no seals, only the structure is checked.

    Raises:
        DamagedArchive: names the original.
    """
    try:
        with read_any_version(copy) as db:
            refuse_broken(db.conn, original)
            if "seals" in db.table_names() and (problem := next(iter(verify(db)), None)):
                raise DamagedArchive(original, f"{problem.where}: {problem.what}")
    except DamagedArchive as error:
        raise DamagedArchive(original, error.why) from None


def contents_of(db: Database) -> BackupContents:
    """Return what an open archive of any version holds."""
    tables = set(db.table_names())
    minted = "identities" if "identities" in tables else "entries"
    crawls = frozenset(db.execute("SELECT s.name, c.started_at FROM crawls c JOIN sources s USING (source_id)"))
    return BackupContents(
        id_of_any_version(db),
        crawls,
        frozenset(entry_id for (entry_id,) in db.execute(f"SELECT entry_id FROM {minted}")),  # noqa: S608 - our own names
        sum(_count(db, table) for table in ("decisions", "confirmations") if table in tables),
        max((started_at for _, started_at in crawls), default=None),
    )


def _count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def loss(held: BackupContents, by: BackupContents) -> Loss | None:
    """Return what would be lost if one archive took the place of another; None if nothing would. Pure."""
    crawls = held.crawls - by.crawls
    latest = max((started_at for _, started_at in crawls), default=None)
    found = Loss(len(crawls), len(held.entries - by.entries), max(held.decisions - by.decisions, 0), latest)
    return found if found.crawls or found.entries or found.decisions else None


def _refuse_replacing(archive: Path, contents: BackupContents, file: Path, *, force: bool) -> None:
    """Refuse to replace a file that is not an older backup of the archive."""
    if not os.path.lexists(file):
        return
    if file.exists() and file.samefile(archive):
        raise WouldLose(f"{file}: this is the archive itself; name another file for its backup")
    try:
        with read_any_version(file) as db:
            there = contents_of(db)
    except NoArchive:
        return  # a link that leads nowhere
    except ArchiveError:
        raise WouldLose(f"{file}: exists and is not a backup; name another file, or remove it") from None
    if there.archive_id is not None and there.archive_id != contents.archive_id:
        raise WouldLose(f"{file}: is a backup of another archive ({there.archive_id}); name another file")
    if (lost := loss(there, contents)) is not None and not force:
        raise WouldLose(
            f"{file}: the backup there holds what the archive lacks: {lost}. To bring that back: foreign-eyes restore {file};"
            f" to replace it all the same: foreign-eyes backup {file} --force"
        )


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Explain why the backup cannot be written."""
    try:
        yield
    except OSError as error:
        raise ArchiveUnwritable(file, error.strerror or error) from error
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(file, error) from error


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
