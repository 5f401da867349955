"""Copy an archive while it is in use, and write verified backups atomically.

temporary file | SQLite's online backup | check | fsync | rename | fsync of the folder
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
from foreign_eyes.archive.file_type import check_structure
from foreign_eyes.archive.integrity import verify

# the tables of operators' decisions
_DECISIONS = ("decisions", "confirmations", "redatings", "redactions", "renames", "forgotten_sources")


@dataclass(frozen=True, slots=True)
class BackupContents:
    """The contents of an archive, by keys that are equal in all its copies.

    A crawl is known by when it began, and by its number among those that began then: its source can be renamed. `latest`
    is when the last crawl began.
    """

    archive_id: str | None
    crawls: frozenset[tuple[str, int]]
    entries: frozenset[int]
    decisions: int
    latest: str | None


@dataclass(frozen=True, slots=True)
class Loss:
    """The counts of crawls, entries and decisions that one archive has and another lacks."""

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
    """A backup that was written: its size in bytes and its contents."""

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
    """Write a verified copy of `archive` to `file`, also during a crawl.

    Replace an older backup.

    Raises:
        WouldLose: the file is not a backup of this archive, or it holds data that the archive lacks and `force` is not set.
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
            raise WouldLose(f"{file}: another program has just created this file; name another file")
        sync_folder(target.parent)
        return BackedUp(target.stat().st_size, contents)


def verify_copy(copy: Path, original: Path) -> None:
    """Refuse a copy in which `check` finds damage: its original is then damaged too.

    An archive of a version without seals is checked for its structure only.

    Raises:
        DamagedArchive: the copy is damaged; the message names the original.
    """
    try:
        with read_any_version(copy) as db:
            check_structure(db.conn, original)
            if "seals" in db.table_names() and (problem := next(iter(verify(db)), None)):
                raise DamagedArchive(original, f"{problem.where}: {problem.what}")
    except DamagedArchive as error:
        raise DamagedArchive(original, error.why) from None


def contents_of(db: Database) -> BackupContents:
    """Return the contents of an open archive of any version."""
    tables = set(db.table_names())
    entry_table = "identities" if "identities" in tables else "entries"
    crawls = frozenset(
        db.execute("SELECT started_at, row_number() OVER (PARTITION BY started_at ORDER BY crawl_id) FROM crawls")
    )
    return BackupContents(
        id_of_any_version(db),
        crawls,
        frozenset(entry_id for (entry_id,) in db.execute(f"SELECT entry_id FROM {entry_table}")),  # noqa: S608 - our own names
        sum(_count(db, table) for table in _DECISIONS if table in tables),
        max((started_at for started_at, _ in crawls), default=None),
    )


def _count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def find_loss(replaced: BackupContents, replacement: BackupContents) -> Loss | None:
    """Return what `replaced` has and `replacement` lacks; None if nothing would be lost. Pure."""
    crawls = replaced.crawls - replacement.crawls
    latest = max((started_at for started_at, _ in crawls), default=None)
    entries, decisions = replaced.entries - replacement.entries, max(replaced.decisions - replacement.decisions, 0)
    found = Loss(len(crawls), len(entries), decisions, latest)
    return found if found.crawls or found.entries or found.decisions else None


def _refuse_replacing(archive: Path, contents: BackupContents, file: Path, *, force: bool) -> None:
    """Raise WouldLose if the file is not an older backup of the archive."""
    if not os.path.lexists(file):
        return
    if file.exists() and file.samefile(archive):
        raise WouldLose(f"{file}: this is the archive itself; name another file for the backup")
    try:
        with read_any_version(file) as db:
            existing = contents_of(db)
    except NoArchive:
        return  # a link that leads nowhere
    except ArchiveError:
        raise WouldLose(f"{file}: exists and is not a backup; name another file, or remove it") from None
    if existing.archive_id is not None and existing.archive_id != contents.archive_id:
        raise WouldLose(f"{file}: is a backup of another archive ({existing.archive_id}); name another file")
    if (lost := find_loss(existing, contents)) is not None and not force:
        raise WouldLose(
            f"{file}: this backup has data that the archive lacks: {lost}. To bring it back: foreign-eyes restore {file};"
            f" to replace the backup anyway: foreign-eyes backup {file} --force"
        )


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Turn errors of writing the backup into ArchiveUnwritable."""
    try:
        yield
    except OSError as error:
        raise ArchiveUnwritable(file, error.strerror or error) from error
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(file, error) from error


def _counted(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
