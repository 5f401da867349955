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

from foreign_eyes.archive.creation import make_archive, remove_second_name
from foreign_eyes.archive.errors import (
    ArchiveBusy,
    ArchiveOutdated,
    ArchiveUnwritable,
    DamagedArchive,
    NoArchive,
    NotAnArchive,
)
from foreign_eyes.archive.file_type import judge_file, recognise, refuse_broken, refuse_stump
from foreign_eyes.archive.schema import APPLICATION_ID, migrations
from foreign_eyes.archive.seals import newest_seal, seal
from foreign_eyes.archive.times import now

BUSY_SECONDS = 30
IN_MEMORY = Path(":memory:")
_UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@contextmanager
def open_archive(path: Path) -> Iterator[Database]:
    """Open the archive at `path` to write to it; make it, or bring its tables up to date, where needed.

    Its structure is checked first: nothing is written to a damaged archive.

    Raises:
        NotAnArchive: the file is something else.
        DamagedArchive: the file was an archive.
        ArchiveUnwritable: the file or its folder cannot be written.
        ArchiveOutdated: a newer Foreign Eyes made it.
    """
    with closing(_connect_to_write(path)) as connection:
        with _explained(path):
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            db = Database(connection)
            _bring_up_to_date(db, path)
        with _explained(path):
            yield db


@contextmanager
def read_archive(path: Path) -> Iterator[Database]:
    """Open the archive at `path` to read it; nothing is created or changed, and one moment of it is seen throughout.

    Raises:
        NoArchive: there is none.
        NotAnArchive: the file is something else.
        DamagedArchive: the file was an archive.
        ArchiveOutdated: its tables are not this version's.
    """
    with read_any_version(path) as db:
        refuse_versions(db, path)
        if migrations.pending(db):
            raise ArchiveOutdated(path, "made by an older version; any crawl brings it up to date")
        yield db


@contextmanager
def read_any_version(path: Path) -> Iterator[Database]:
    """Open the archive at `path` to read it, whichever version's tables it has.

    Raises:
        NoArchive: there is none.
        NotAnArchive: the file is something else.
        DamagedArchive: the file was an archive.
    """
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    if not path.is_file():
        raise NoArchive(path)
    refuse_stump(path)
    _finish_rollback(path)
    with _explained(path), closing(_connect(path, "ro")) as connection:
        with _recognised(path):
            recognise(connection, path)
        connection.execute("BEGIN")
        yield Database(connection)


def refuse_other_files(path: Path) -> None:
    """Let a file that is no archive be, or a damaged one, before even a lock is put beside it; one may be missing.

    Raises:
        NotAnArchive: the file is something else.
        DamagedArchive: the file was an archive.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise NotAnArchive(path, "not a file")
    refuse_stump(path)
    # what an OperationalError would tell, such as a killed writer's journal, opening the archive mends or tells
    with _recognised(path), suppress(sqlite3.OperationalError), closing(_connect(path, "ro")) as connection:
        recognise(connection, path)


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


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to a file that is there: SQLite would make an empty one in place of a file that has gone."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _connect_to_write(path: Path) -> sqlite3.Connection:
    if path == IN_MEMORY:
        return sqlite3.connect(path, isolation_level=None)
    if path.is_dir():
        raise NotAnArchive(path, "a folder")
    if not path.exists():
        make_archive(path, lambda db: _bring_up_to_date(db, path))
    remove_second_name(path)
    refuse_stump(path)
    try:
        connection = _connect(path, "rw")
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, error) from error
    try:
        with _recognised(path):
            recognise(connection, path)
            refuse_broken(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(db: Database, path: Path) -> None:
    refuse_versions(db, path)
    if migrations.pending(db):
        try:
            with writing(db):
                migrations.apply(db)
                db.execute(f"PRAGMA application_id={APPLICATION_ID}")
                _seal_added(db)
        except sqlite3.OperationalError as error:
            if "already exists" not in str(error):
                raise
            raise DamagedArchive(path, f"its list of migrations is cut: {error}") from error


def _seal_added(db: Database) -> None:
    """Seal the rows of truth that migrations added, or all rows if the archive has no seals yet."""
    if db.execute("SELECT 1 FROM crawls LIMIT 1").fetchone():  # a new archive has nothing to seal
        is_first = newest_seal(db) is None
        reason = (
            "the archive was made by a version without seals" if is_first else "a newer version added to the archive"
        )
        seal(db, now(), reason=reason)


def refuse_versions(db: Database, path: Path) -> None:
    """Refuse an archive of a newer version, and one whose list of migrations has a gap: it is no version's."""
    ours = [step.name for step in migrations._migrations]
    pending = [step.name for step in migrations.pending(db)]
    if pending != ours[len(ours) - len(pending) :]:
        raise DamagedArchive(path, f"its list of migrations lacks {pending[0]}")
    if unknown := sorted({migration.name for migration in migrations.applied(db)} - set(ours)):
        raise ArchiveOutdated(path, f"made by a newer version (it has {unknown[0]}); upgrade foreign-eyes")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about an archive, not about our SQL, into errors that a user can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = _code(error)
        if code in _UNREADABLE:
            raise DamagedArchive(path, str(error)) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(path, f"another program, for more than {BUSY_SECONDS} s") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise ArchiveUnwritable(path, error) from error
        if not code and "Could not decode" in str(error):  # from Python's sqlite3: a text that is not UTF-8
            raise DamagedArchive(path, str(error)) from error
        raise


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn errors of the open archive at `path` into those that a user can act on, as `open_archive` does at its end.

    Raises:
        ArchiveError: the file cannot be read or written any more.
    """
    with _explained(path):
        yield


@contextmanager
def _recognised(path: Path) -> Iterator[None]:
    """Explain complaints about a file that may be something else than an archive."""
    with _explained(path):
        try:
            yield
        except UnicodeDecodeError as error:  # what SQLite says of a broken schema quotes it
            raise judge_file(path, "malformed database schema") from error
        except sqlite3.DatabaseError as error:
            if _code(error) in _UNREADABLE:
                raise judge_file(path, str(error)) from error
            raise


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
