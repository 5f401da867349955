"""Bounded counts of rows: they stop early, because few readers need an exact number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

# counts of filtered rows stop here; pages then show no number
MOST_COUNTED = 10_000
# milliseconds for a count; a bounded one can also read many rows, if few of them match
COUNT_MS = 250

_COUNT, _WHERE = "select count(*) from ", " where "


def bounded_count(sql: str) -> str | None:
    """Return the bounded form of a count of a table page; None for any other statement."""
    if not sql.startswith(_COUNT):
        return None
    rest = sql.removeprefix(_COUNT)
    if _WHERE not in rest:  # SQLite counts a whole table without reading its rows
        return sql
    return f"select count(*) from (select 1 from {rest} limit {MOST_COUNTED + 1})"  # noqa: S608 - Datasette's own


def is_beyond_bound(sql: str, count: int) -> bool:
    """Return whether a statement of `bounded_count` stopped at its bound."""
    return count > MOST_COUNTED and sql.endswith(f" limit {MOST_COUNTED + 1})")


def count_tables(connection: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int | None]:
    """Return the number of rows of each table; None if it is more than `MOST_COUNTED`."""
    counts = {}
    for table in tables:
        name = table.replace('"', '""')
        statement = f'select count(*) from (select 1 from "{name}" limit {MOST_COUNTED + 1})'  # noqa: S608 - quoted
        count = connection.execute(statement).fetchone()[0]
        counts[table] = count if count <= MOST_COUNTED else None
    return counts
