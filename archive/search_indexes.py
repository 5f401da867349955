"""The full-text indexes: of the current texts of entries, and of the texts of all revisions."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

# each index with the table of its texts
SEARCH_INDEXES = {"entries_fts": "entries", "revisions_fts": "revisions"}


def rebuild_search(db: Database | sqlite3.Connection) -> None:
    """Index all texts again, because the triggers do not see rows that are deleted."""
    for index in SEARCH_INDEXES:
        db.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608 - our own names, here and below


def empty_search(db: Database) -> None:
    """Delete all words before all rows are deleted."""
    for index in SEARCH_INDEXES:
        db.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")  # noqa: S608


def check_search(connection: sqlite3.Connection, index: str) -> None:
    """Compare an index with its table by SQLite's own check.

    Raises:
        sqlite3.DatabaseError: they differ.
    """
    connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
