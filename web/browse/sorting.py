"""Limits sorting of large tables to columns that an index has in order.

Sorting a million rows takes seconds, so a link to sort them would only lead to an error. Small tables can be sorted by
any column.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from foreign_eyes.archive.indexed_orders import columns_in_order, has_more_rows, tables_and_views

# rows; sorting this many takes tens of milliseconds
LARGEST_SORTED = 20_000


def limit_sorting(connection: sqlite3.Connection, tables: dict[str, dict[str, Any]]) -> None:
    """Set `sortable_columns` of each large table, and remove a default order that no index has.

    Args:
        connection: a connection to the archive.
        tables: the metadata of its tables and views, by name.
    """
    for name in tables_and_views(connection) & tables.keys():
        about = tables[name]
        if about.get("hidden") or not has_more_rows(connection, name, LARGEST_SORTED):
            continue
        about["sortable_columns"] = columns_in_order(connection, name)
        for order in ("sort", "sort_desc"):
            if order in about and about[order] not in about["sortable_columns"]:
                del about[order]
