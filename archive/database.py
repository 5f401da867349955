"""Open an archive: one SQLite file with a rollback journal.

The journal is not a WAL: a reader without write permission on the folder cannot open a WAL archive, and SQLite up to 3.51.2
has a rare race when a WAL is reset. Only one run writes at a time (see `archive.archive_lock`), so a WAL would gain nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.creation import make_archive, remove_second_name
from foreign_eyes.archive.errors import (
    ArchiveBusy,
    ArchiveOutdated,
    ArchiveUnwritable,
    DamagedArchive,
    NoArchive,
    NotAnArchive,
)
from foreign_eyes.archive.file_type import check_is_archive, check_size, check_structure, unreadable_file_error
from foreign_eyes.archive.schema import APPLICATION_ID, migrations
from foreign_eyes.archive.seals import newest_seal, seal
from foreign_eyes.archive.times import now
from foreign_eyes.archive.upgrade_copy import applied_migrations, keep_copy, kept_copies, tell_of_copy

BUSY_SECONDS = 30
IN_MEMORY = Path(":memory:")
_UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@contextmanager
def open_archive(path: Path, *, keeps_copy: bool = True) -> Iterator[Database]:
    """Open the archive at `path` for writing.

    Create it or apply its pending migrations if needed. The structure is checked first, so that nothing is written to a
    damaged archive. Before migrations, a copy of an archive with crawls is kept beside it, unless `keeps_copy` is false
    because the file itself is a copy.

    Raises:
        NotAnArchive: the file is not an archive.
        DamagedArchive: the archive is damaged.
        ArchiveUnwritable: the file or its folder cannot be written.
        ArchiveOutdated: a newer Foreign Eyes made it.
    """
    with closing(_connect_to_write(path)) as connection:
        with translated_errors(path):
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            db = Database(connection)
            with _copy_kept(db, path) if keeps_copy else nullcontext():
                _bring_up_to_date(db, path)
        with translated_errors(path):
            yield db


@contextmanager
def read_archive(path: Path) -> Iterator[Database]:
    """Open the archive at `path` read-only, in one read transaction.

    Raises:
        NoArchive: the file does not exist.
        NotAnArchive: the file is not an archive.
        DamagedArchive: the archive is damaged.
        ArchiveOutdated: another version made its tables.
    """
    with read_any_version(path) as db:
        refuse_versions(db, path)
        if migrations.pending(db):
            raise ArchiveOutdated(path, "made by an older version", "bring it up to date with: foreign-eyes crawl")
        yield db


@contextmanager
def read_any_version(path: Path) -> Iterator[Database]:
    """Open the archive at `path` read-only, with the tables of any version.

    Raises:
        NoArchive: the file does not exist.
        NotAnArchive: the file is not an archive.
        DamagedArchive: the archive is damaged.
    """
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    if not path.is_file():
        raise NoArchive(path)
    check_size(path)
    _finish_rollback(path)
    with translated_errors(path), closing(_connect(path, "ro")) as connection:
        with _judged_errors(path):
            check_is_archive(connection, path)
        connection.execute("BEGIN")
        yield Database(connection)


def check_usable(path: Path) -> None:
    """Refuse a file that is not a usable archive, before a lock file is made beside it.

    The file may be missing.

    Raises:
        NotAnArchive: the file is not an archive.
        DamagedArchive: the archive is damaged.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise NotAnArchive(path, "not a file")
    check_size(path)
    # an OperationalError, such as one for a killed writer's journal, is handled when the archive is opened
    with _judged_errors(path), suppress(sqlite3.OperationalError), closing(_connect(path, "ro")) as connection:
        check_is_archive(connection, path)


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Run one transaction that takes the write lock at its start.

    So it cannot fail midway because another process has the lock. A deferred transaction that writes later can get
    SQLITE_BUSY_SNAPSHOT, which no timeout avoids.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise


def path_of(db: Database) -> Path:
    """Return the file of an open archive; an empty path if it is in memory."""
    # as bytes: a path need not be UTF-8
    (file,) = db.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'").fetchone()
    return Path(os.fsdecode(file))


def _finish_rollback(path: Path) -> None:
    """Roll back the transaction of a killed writer; a read-only connection cannot do that."""
    if not path.with_name(f"{path.name}-journal").exists():
        return
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    with closing(connection), suppress(sqlite3.Error):  # opening the archive raises the error again
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to an existing file: without a mode, SQLite would create a missing one."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _connect_to_write(path: Path) -> sqlite3.Connection:
    if path == IN_MEMORY:
        return sqlite3.connect(path, isolation_level=None)
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    if not path.exists():
        make_archive(path, lambda db: _bring_up_to_date(db, path))
    remove_second_name(path)
    check_size(path)
    try:
        connection = _connect(path, "rw")
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, error) from error
    try:
        with _judged_errors(path):
            check_is_archive(connection, path)
            check_structure(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _copy_kept(db: Database, path: Path) -> Iterator[None]:
    """Keep a copy of an archive that has crawls and pending migrations, unless these fail and change nothing."""
    refuse_versions(db, path)
    if not migrations.pending(db) or not _has_crawls(db):
        yield
        return
    db.conn.execute("BEGIN IMMEDIATE")  # nobody writes while it is copied
    try:
        copy = keep_copy(path, now()) if migrations.pending(db) else None
    finally:
        db.conn.execute("ROLLBACK")
    try:
        yield
    except BaseException:
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise
    if copy is not None:
        tell_of_copy(path, copy)


def _bring_up_to_date(db: Database, path: Path) -> None:
    refuse_versions(db, path)
    if migrations.pending(db):
        try:
            with writing(db):
                migrations.apply(db)
                db.execute(f"PRAGMA application_id={APPLICATION_ID}")
                _seal_added(db)
        except sqlite3.OperationalError as error:
            if _error_code(error) != sqlite3.SQLITE_ERROR:
                raise
            raise DamagedArchive(path, f"its list of migrations is incomplete: {error}") from error


def _has_crawls(db: Database) -> bool:
    return "crawls" in db.table_names() and bool(db.execute("SELECT 1 FROM crawls LIMIT 1").fetchone())


def _seal_added(db: Database) -> None:
    """Seal the rows that migrations added, or all rows if the archive has no seals yet."""
    if db.execute("SELECT 1 FROM crawls LIMIT 1").fetchone():  # a new archive has nothing to seal
        is_first = newest_seal(db) is None
        reason = (
            "the archive was made by a version without seals" if is_first else "a newer version added to the archive"
        )
        seal(db, now(), reason=reason)


def refuse_versions(db: Database, path: Path) -> None:
    """Refuse an archive of a newer version, and one whose list of migrations has a gap.

    Raises:
        ArchiveOutdated: a newer version made it.
        DamagedArchive: the list has a gap.
    """
    known = [step.name for step in migrations._migrations]
    pending = [step.name for step in migrations.pending(db)]
    if pending != known[len(known) - len(pending) :]:
        raise DamagedArchive(path, f"its list of migrations lacks {pending[0]}")
    if unknown := sorted({migration.name for migration in migrations.applied(db)} - set(known)):
        usable = next((copy for copy in kept_copies(path) if applied_migrations(copy) <= set(known)), None)
        back = (
            f", or go back to the archive before that upgrade: foreign-eyes restore {usable} --force" if usable else ""
        )
        raise ArchiveOutdated(path, f"made by a newer version (it has {unknown[0]})", f"upgrade foreign-eyes{back}")


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the archive at `path` into errors that a user can fix.

    Errors in our own SQL are raised unchanged.

    Raises:
        ArchiveError: the file cannot be read or written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = _error_code(error)
        if code in _UNREADABLE:
            raise DamagedArchive(path, str(error)) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(path, f"another program, for more than {BUSY_SECONDS} s") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise ArchiveUnwritable(path, error) from error
        if not code and isinstance(error, sqlite3.OperationalError):  # Python's own, for a text that is not UTF-8
            raise DamagedArchive(path, str(error)) from error
        raise


@contextmanager
def _judged_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors about a file that may not be an archive."""
    with translated_errors(path):
        try:
            yield
        except UnicodeDecodeError as error:  # SQLite's message about a corrupt schema quotes it
            raise unreadable_file_error(path, "malformed database schema") from error
        except sqlite3.DatabaseError as error:
            if _error_code(error) in _UNREADABLE:
                raise unreadable_file_error(path, str(error)) from error
            raise


def _error_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
