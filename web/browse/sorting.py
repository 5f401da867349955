"""Which columns of a large table readers can sort by: those that an index has in order.

Sorting a million rows takes seconds, so a link to sort them would only lead to an error. Small tables can be sorted by any
column.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

# rows that are sorted in some ten milliseconds
LARGEST_SORTED = 20_000
# seconds for counting a view; one that takes longer is taken for large
_COUNT_SECONDS = 0.1


def limit_sorting(connection: sqlite3.Connection, tables: dict[str, dict[str, Any]]) -> None:
    """Set `sortable_columns` of each large table, and remove a default order that no index has.

    Args:
        connection: reads the archive.
        tables: the metadata of its tables and views, by name.
    """
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    for name in known & tables.keys():
        if not tables[name].get("hidden") and _is_large(connection, name):
            about = tables[name]
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
            about["sortable_columns"] = [column for (column,) in columns if _is_in_order(connection, name, column)]
            for order in ("sort", "sort_desc"):
                if order in about and about[order] not in about["sortable_columns"]:
                    del about[order]


def _is_large(connection: sqlite3.Connection, table: str) -> bool:
    until = time.monotonic() + _COUNT_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        counted = f'SELECT count(*) FROM (SELECT 1 FROM "{table}" LIMIT {LARGEST_SORTED + 1})'  # noqa: S608 - our names
        return bool(connection.execute(counted).fetchone()[0] > LARGEST_SORTED)
    except sqlite3.OperationalError:
        return True
    finally:
        connection.set_progress_handler(None, 0)


def _is_in_order(connection: sqlite3.Connection, table: str, column: str) -> bool:
    ordered = f'EXPLAIN QUERY PLAN SELECT * FROM "{table}" ORDER BY "{column}" LIMIT 1'  # noqa: S608 - our names
    return not any("TEMP B-TREE" in detail for *_, detail in connection.execute(ordered))
