"""Private databases, in which an archive is derived again before the differences are put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlite_utils import Database


@contextmanager
def private_database() -> Iterator[Database]:
    """Yield an empty database on disk, which SQLite removes with its connection."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        yield Database(connection)
