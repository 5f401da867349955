"""Runs a read-only statement of the user on an archive."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.sql_functions import add_functions

Value = str | int | float | bytes | None

# instructions of SQLite's virtual machine between two checks of the time limit
_CHECKED_EVERY = 10_000
_REFUSED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer"})
_PRAGMAS = frozenset(
    {
        "database_list", "data_version", "foreign_key_list", "function_list", "index_info", "index_list", "index_xinfo",
        "page_count", "page_size", "schema_version", "table_info", "table_list", "table_xinfo", "user_version",
    }
)  # fmt: skip
# columns with redacted text, which read as NULL
_HIDDEN = frozenset(
    {("redaction_secret", "secret"), ("withheld_bodies", "rest"), ("withheld_texts", "packed")},
)
# errors of the file, not of the statement
_OF_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOTADB,
    }
)  # fmt: skip


class StatementError(Exception):
    """The statement is wrong, not allowed, or takes too long."""


@dataclass(frozen=True)
class QueryResult:
    """The names of the columns, and an iterator that reads the rows."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


def run_read_only(
    db: Database, statement: str, parameters: Mapping[str, str] | None = None, seconds: float = 0
) -> QueryResult:
    """Run one statement on an archive that is open for reading.

    Args:
        db: the archive, from `archive.database.read_archive`.
        statement: one SQL statement that returns rows; it may use the functions of `archive.sql_functions`.
        parameters: values of its `:name` parameters.
        seconds: the time limit for the statement and for reading its rows; 0 for none.

    Raises:
        StatementError: the statement is wrong, is not a query, or took too long. Reading rows raises it, too.
    """
    connection: sqlite3.Connection = db.conn
    until = time.monotonic() + seconds if seconds else None

    def is_over_time() -> bool:
        return until is not None and time.monotonic() > until

    add_functions(connection, is_over_time)
    connection.set_progress_handler(is_over_time, _CHECKED_EVERY)
    connection.set_authorizer(_authorize)
    with _StatementErrors(seconds):
        cursor = connection.execute(statement, parameters or {})
    if cursor.description is None:
        raise StatementError("the statement returns no rows; write a select")
    return QueryResult(_distinct([column[0] for column in cursor.description]), _rows(cursor, seconds))


def _rows(cursor: sqlite3.Cursor, seconds: float) -> Iterator[tuple[Value, ...]]:
    with _StatementErrors(seconds):
        yield from cursor


class _StatementErrors:
    """Convert errors of the statement to `StatementError`; errors of the file are not converted."""

    def __init__(self, seconds: float):
        self._seconds = seconds

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, sqlite3.Error | sqlite3.Warning | OverflowError | ValueError):
            return
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _OF_THE_FILE:
            return
        if code == sqlite3.SQLITE_INTERRUPT:
            raise StatementError(f"the statement took longer than {self._seconds:g} s; raise --time-limit") from error
        if code == sqlite3.SQLITE_AUTH:
            raise StatementError(f"{error}: the statement may only read the archive; write a select") from error
        raise StatementError(str(error)) from error


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _source: str | None) -> int:
    """Return whether a statement may contain `action`; this is an authorizer callback of SQLite."""
    if action == sqlite3.SQLITE_READ and (first, second) in _HIDDEN:
        return sqlite3.SQLITE_IGNORE
    allowed = (
        action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE)
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _REFUSED_FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS)
        # SQLite reports opening a virtual table as an update of this table, and refuses real updates of it itself
        or (action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Return the names, with a number after repeated ones, so that they can be keys of an object."""
    found: list[str] = []
    for name in names:
        number, distinct = 1, name
        while distinct in found:
            number += 1
            distinct = f"{name}_{number}"
        found.append(distinct)
    return tuple(found)
