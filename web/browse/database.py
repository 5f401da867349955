"""The archive as a Datasette database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from datasette.database import (  # type: ignore[import-untyped]
    Database,
    QueryInterrupted,
    connections,
)
from datasette.utils.sqlite import sqlite3 as datasette_sqlite3  # type: ignore[import-untyped]

from foreign_eyes.web.browse.abandonment import RunningStatement, run_in_thread
from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.sql_guard import GuardedConnection
from foreign_eyes.web.browse.writer_lock import WriterLock

# seconds that a statement waits for a crawl or a publish to commit; both commit within one second
LONGEST_WAIT = 5.0
_IN_USE = "A crawl or a publish is writing to the archive. Try again in a few seconds."

T = TypeVar("T")


class ArchiveDatabase(Database):  # type: ignore[misc] # Datasette has no types
    """The archive as a Datasette database: read-only, with limits on SQL; writers come first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._writer = WriterLock(Path(self.path))

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection that can neither create the file nor write to it."""
        if write:
            raise PermissionError("Datasette has no write access to the archive")
        connection = sqlite3.connect(
            f"{Path(self.path).resolve().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            factory=GuardedConnection,
            timeout=LONGEST_WAIT,
        )
        self._all_file_connections.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections, then the descriptor that asks for writers."""
        super().close()
        self._writer.close()

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` with a connection of a thread, after a writer that waits; if the caller is cancelled, interrupt it.

        Datasette runs all its statements by this method.

        Raises:
            Busy: a writer is still there after `LONGEST_WAIT`.
        """
        running = RunningStatement()

        def in_thread() -> T:
            connection = getattr(connections, self.name, None)
            if connection is None:
                connection = self.connect()
                self.ds._prepare_connection(connection, self.name)
                setattr(connections, self.name, connection)
            with running.on(connection):
                return self._after_writers(connection, fn)

        return await run_in_thread(self.ds.executor, in_thread, running)

    def _after_writers(self, connection: sqlite3.Connection, fn: Callable[[sqlite3.Connection], T]) -> T:
        if not self._writer.wait(LONGEST_WAIT):
            raise Busy(_IN_USE)
        try:
            return fn(connection)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise Busy(_IN_USE) from error
            raise

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
