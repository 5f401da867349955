"""Opening an archive: one SQLite file, with a rollback journal.

A rollback journal, and not WAL: a WAL archive cannot be opened by a reader who may not write its folder, and SQLite up to
3.51.2 has a rare race when a WAL is reset. One run writes at a time (see `archive.lock`), so nothing is lost by it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from archive.clock import now
from archive.errors import ArchiveBusy, ArchiveOutdated, ArchiveUnwritable, NoArchive, NotAnArchive
from archive.schema import APPLICATION_ID, migrations
from archive.seals import newest_seal, seal

BUSY_SECONDS = 30


@contextmanager
def open_archive(path: Path) -> Iterator[Database]:
    """Open the archive at `path` to write to it; make it, or bring its tables up to date, where needed.

    Raises:
        NotAnArchive: the file is something else.
        ArchiveUnwritable: the file or its folder cannot be written.
        ArchiveOutdated: a newer Foreign Eyes made it.
    """
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    existed = path.exists() and path.stat().st_size > 0
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, error) from error
    try:
        with _explained(path):
            if existed:
                _recognise(connection, path)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            db = Database(connection)
            _bring_up_to_date(db, path)
        with _explained(path):
            yield db
    finally:
        connection.close()


@contextmanager
def read_archive(path: Path) -> Iterator[Database]:
    """Open the archive at `path` to read it; nothing is created or changed, and one moment of it is seen throughout.

    Raises:
        NoArchive: there is none.
        NotAnArchive: the file is something else.
        ArchiveOutdated: its tables are not this version's.
    """
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    if not path.is_file():
        raise NoArchive(path)
    _finish_rollback(path)
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        with _explained(path):
            _recognise(connection, path)
            db = Database(connection)
            _refuse_newer(db, path)
            if migrations.pending(db):
                raise ArchiveOutdated(path, "made by an older version; any crawl brings it up to date")
            connection.execute("BEGIN")
            yield db
    finally:
        connection.close()


def refuse_other_files(path: Path) -> None:
    """Let a file that is no archive be, before even a lock is put beside it; one that is missing or empty may become one.

    Raises:
        NotAnArchive: the file is something else.
    """
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    if not path.is_file():
        raise NotAnArchive(path, "not a file")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    # what an OperationalError would tell, such as a killed writer's journal, opening the archive mends or tells
    with closing(connection), _explained(path), suppress(sqlite3.OperationalError):
        _recognise(connection, path)


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """One transaction that takes the write lock at once, so that waiting for it can time out but never fail midway.

    A deferred transaction that turns to writing later gets SQLITE_BUSY_SNAPSHOT whatever the timeout is.
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
    """Return the file of an open archive; an empty path where it is in memory."""
    return Path(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])


def _finish_rollback(path: Path) -> None:
    """Undo what a killed writer left half-done, which a reader may not: the file as it was before is the truth."""
    if not path.with_name(f"{path.name}-journal").exists():
        return
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    with closing(connection), suppress(sqlite3.Error):  # whoever may not write the file is told so when it is opened
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise NotAnArchive(path, error.strerror or str(error)) from error
    if start not in (b"", b"SQLite format 3\0"):  # a file of a few bytes SQLite itself takes for an empty one
        raise NotAnArchive(path, "file is not a database")
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application_id != APPLICATION_ID and tables:
        raise NotAnArchive(path, "an SQLite file of some other program")


def _bring_up_to_date(db: Database, path: Path) -> None:
    _refuse_newer(db, path)
    if migrations.pending(db):
        with writing(db):
            migrations.apply(db)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            _seal_first(db)


def _seal_first(db: Database) -> None:
    """Seal what an archive of an earlier version holds, which made no seals; a new archive has nothing to seal."""
    if newest_seal(db) is None and db.execute("SELECT 1 FROM crawls LIMIT 1").fetchone():
        seal(db, now(), reason="the archive was made by a version without seals")


def _refuse_newer(db: Database, path: Path) -> None:
    known = {migration.name for migration in migrations.applied(db)} | {step.name for step in migrations.pending(db)}
    ours = {step.name for step in migrations._migrations}
    if unknown := sorted(known - ours):
        raise ArchiveOutdated(path, f"made by a newer version (it has {unknown[0]}); upgrade foreign-eyes")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about the file, not about our SQL, into errors that a user can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise NotAnArchive(path, str(error)) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(path, f"another program, for more than {BUSY_SECONDS} s") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise ArchiveUnwritable(path, error) from error
        raise


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn errors of the open archive at `path` into those that a user can act on, as `open_archive` does at its end.

    Raises:
        ArchiveError: the file cannot be read or written any more.
    """
    with _explained(path):
        yield
