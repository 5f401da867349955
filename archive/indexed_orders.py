"""Finds the columns that an index has in order, and whether a table or view is large."""

from __future__ import annotations

import sqlite3
import time

# seconds for counting a view; if it takes longer, the view counts as large
_COUNT_SECONDS = 0.1


def tables_and_views(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all tables and views."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}


def has_more_rows(connection: sqlite3.Connection, table: str, rows: int) -> bool:
    """Return whether a table or view has more than `rows` rows, or takes long to count."""
    until = time.monotonic() + _COUNT_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        counted = f'SELECT count(*) FROM (SELECT 1 FROM "{table}" LIMIT ?)'  # noqa: S608 - a name of the schema
        return bool(connection.execute(counted, (rows + 1,)).fetchone()[0] > rows)
    except sqlite3.OperationalError:
        return True
    finally:
        connection.set_progress_handler(None, 0)


def columns_in_order(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns by which SQLite can read a table or view in order without sorting it."""
    columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    return [column for (column,) in columns if _is_in_order(connection, table, column)]


def _is_in_order(connection: sqlite3.Connection, table: str, column: str) -> bool:
    ordered = f'EXPLAIN QUERY PLAN SELECT * FROM "{table}" ORDER BY "{column}" LIMIT 1'  # noqa: S608 - names of the schema
    return not any("TEMP B-TREE" in detail for *_, detail in connection.execute(ordered))
