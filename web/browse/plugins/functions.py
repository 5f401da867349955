"""A Datasette plugin that adds the SQL functions of `archive.sql_functions`."""

from __future__ import annotations

import sqlite3

from datasette import hookimpl  # type: ignore[import-untyped]

from foreign_eyes.archive.sql_functions import add_functions
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.sql_guard import GuardedConnection


@hookimpl  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Add the functions to connections to the archive; none of their calls starts after the time limit."""
    if database == DATABASE and isinstance(conn, GuardedConnection):
        add_functions(conn, conn.is_over_time)
