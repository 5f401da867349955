"""The archive as a Datasette database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from datasette.database import Database, QueryInterrupted  # type: ignore[import-untyped]
from datasette.utils.sqlite import sqlite3 as datasette_sqlite3  # type: ignore[import-untyped]

from foreign_eyes.web.browse.sql_guard import GuardedConnection


class ArchiveDatabase(Database):  # type: ignore[misc] # Datasette has no types
    """The archive as a Datasette database: read-only, with limits on SQL."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection that can neither create the file nor write to it."""
        if write:
            raise PermissionError("Datasette has no write access to the archive")
        connection = sqlite3.connect(
            f"{Path(self.path).resolve().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            factory=GuardedConnection,
        )
        self._all_file_connections.append(connection)
        return connection

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = False,
    ) -> Any:
        """Run a statement, and raise refusals by SQLite as errors that Datasette can show.

        Datasette answers them with the status 400.
        """
        try:
            return await super().execute(sql, params, truncate, custom_time_limit, page_size, log_sql_errors=False)
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise QueryInterrupted(error, sql, params) from error
            raise datasette_sqlite3.OperationalError(str(error)) from error
        except MemoryError as error:  # SQLite reports a program over SQLITE_LIMIT_VDBE_OP as out of memory
            raise datasette_sqlite3.OperationalError("the statement is too complex") from error
