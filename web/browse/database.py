"""The archive as a Datasette database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datasette.database import (  # type: ignore[import-untyped]
    QueryInterrupted,
    connections,
)
from datasette.utils.sqlite import sqlite3 as datasette_sqlite3  # type: ignore[import-untyped]

from foreign_eyes.web.browse.abandonment import RunningStatement, run_in_thread
from foreign_eyes.web.browse.budget import WAIT_SECONDS, Budget
from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.request_budgets import current_budget
from foreign_eyes.web.browse.schema_cache import SchemaCache
from foreign_eyes.web.browse.sql_guard import GuardedConnection
from foreign_eyes.web.browse.sql_memory import NoMemory, ReadersStatements, return_free_memory
from foreign_eyes.web.browse.writer_lock import WriterLock

# the error of a statement that needs more memory than the limit
_TOO_COMPLEX = "the statement is too complex, or needs too much memory: sort or group fewer rows"
_IN_USE = "A crawl or a publish is writing to the archive. Try again in a few seconds."

T = TypeVar("T")


class ArchiveDatabase(SchemaCache):
    """The archive as a read-only Datasette database with limits; readers wait for writers."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._writer = WriterLock(Path(self.path))
        self._readers = ReadersStatements()

    def connect(self, write: bool = False) -> GuardedConnection:
        """Open a connection that can neither create the file nor write to it."""
        if write:
            raise PermissionError("Datasette has no write access to the archive")
        connection = sqlite3.connect(
            f"{Path(self.path).resolve().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            factory=GuardedConnection,
            timeout=WAIT_SECONDS,
        )
        self._all_file_connections.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections, then the file descriptor of the writer lock."""
        super().close()
        self._writer.close()

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` in a thread after waiting for writers; interrupt it if the caller is cancelled.

        Datasette runs all its statements through this method.

        Raises:
            Busy: a writer still waits after `WAIT_SECONDS`, or there is no memory.
        """
        running = RunningStatement()
        budget = current_budget()

        def in_thread() -> T:
            connection: GuardedConnection | None = getattr(connections, self.name, None)
            if connection is None:
                connection = self.connect()
                self.ds._prepare_connection(connection, self.name)
                setattr(connections, self.name, connection)
            connection.budget = budget
            with running.on(connection):
                return self._with_memory(partial(fn, connection), budget)

        return await run_in_thread(self.ds.executor, in_thread, running)

    async def read_unguarded(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run trusted code with a connection without limits, which can also read captured bytes.

        Raises:
            Busy: as for `execute_fn`.
        """
        running = RunningStatement()
        budget = current_budget()

        def in_thread() -> T:
            uri = f"{Path(self.path).resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS)) as connection, running.on(connection):
                return self._with_memory(partial(fn, connection), budget)

        return await run_in_thread(self.ds.executor, in_thread, running)

    def _with_memory(self, work: Callable[[], T], budget: Budget) -> T:
        """Run a statement; if others may have used up the memory, pause them and run it again.

        Raises:
            NoMemory: the statement still needs too much memory, or the request has no time left for the second run.
        """
        with self._readers.one(budget.wait_seconds) if budget.own_sql else nullcontext(lambda: True) as had_company:
            try:
                return self._after_writers(work, budget)
            except MemoryError:
                may_be_bystander = had_company()
        return_free_memory()
        if may_be_bystander and budget.seconds > 0:
            with suppress(MemoryError), self._readers.paused(budget.wait_seconds):
                return self._after_writers(work, budget)
            return_free_memory()
        raise NoMemory

    def _after_writers(self, work: Callable[[], T], budget: Budget) -> T:
        began = time.monotonic()
        is_free = self._writer.wait(budget.wait_seconds)
        waited = time.monotonic()
        budget.wait_seconds -= waited - began
        if not is_free:
            raise Busy(_IN_USE)
        budget.begin_statement()
        try:
            return work()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise Busy(_IN_USE) from error
            raise
        finally:
            budget.seconds -= time.monotonic() - waited

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = False,
    ) -> Any:
        """Run a statement, and convert refusals by SQLite to errors that Datasette can show.

        Datasette answers these errors with status 400.
        """
        budget = current_budget()
        if budget.refused and budget.refused.endswith(sql):
            raise datasette_sqlite3.OperationalError(_TOO_COMPLEX)
        limit = budget.time_limit(custom_time_limit or self.ds.sql_time_limit_ms)
        try:
            found = await super().execute(sql, params, truncate, limit, page_size, log_sql_errors=False)
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise QueryInterrupted(error, sql, params) from error
            raise datasette_sqlite3.OperationalError(str(error)) from error
        except NoMemory as error:  # SQLite reports a program beyond SQLITE_LIMIT_VDBE_OP in the same way
            if custom_time_limit:  # a facet or a count: Datasette shows the page without it
                raise QueryInterrupted(error, sql, params) from error
            budget.refused = sql
            raise datasette_sqlite3.OperationalError(_TOO_COMPLEX) from error
        if self.asks_for_schema_version(sql):
            self.note_schema_version(found.rows[0][0])
        return found
