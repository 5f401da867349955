"""Datasette over the live archive, as an ASGI app under `/browse/`."""

from __future__ import annotations

import asyncio
import sqlite3
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.database import Database, QueryInterrupted  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]
from datasette.utils.sqlite import sqlite3 as datasettes_sqlite3  # type: ignore[import-untyped]
from starlette.responses import HTMLResponse

from foreign_eyes.archive.database import read_archive
from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.web.browse.metadata import DATABASE, load_metadata
from foreign_eyes.web.browse.sql_guard import GuardedConnection
from foreign_eyes.web.static_files import UNAVAILABLE_HEADERS, built_in_page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

BASE_URL = "/browse/"

SETTINGS: dict[str, Any] = {
    "base_url": BASE_URL,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 400,
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "truncate_cells_html": 400,
    # two for SQL of readers' own (`http_guard.TURNS_FOR_OWN_SQL`), two for table pages
    "num_sql_threads": 4,
    # suggesting tries every column: 600 of the 630 ms of a table page with a million entries
    "suggest_facets": False,
    # a copy of a file that is being written may be torn; `foreign-eyes backup` makes a whole one
    "allow_download": False,
    # whole tables as CSV are what analysts come for; they are read a page at a time, so they hold no lock
    "allow_csv_stream": True,
    "max_csv_mb": 100,
    "template_debug": False,
    "trace_debug": False,
}


class ArchiveDatabase(Database):  # type: ignore[misc] # Datasette has no types
    """The archive as Datasette opens it: to read only, whatever its path, and with SQL kept within bounds."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection that can neither create the file nor write to it."""
        if write:
            raise PermissionError("the archive is only read here")
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
        """Run a statement; whatever SQLite refuses is the asker's to know, as an error that Datasette answers 400."""
        try:
            return await super().execute(sql, params, truncate, custom_time_limit, page_size, log_sql_errors=False)
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            if error.args == ("interrupted",):
                raise QueryInterrupted(error, sql, params) from error
            raise datasettes_sqlite3.OperationalError(str(error)) from error
        except MemoryError as error:  # what SQLite calls a program over SQLITE_LIMIT_VDBE_OP
            raise datasettes_sqlite3.OperationalError("the statement is too complex") from error


def make_datasette(archive: Path) -> Datasette:
    """Return a Datasette that serves the live file `archive` under the name `archive`."""
    # Datasette prints every exception with all local values to standard output where rich is installed
    pm.get_plugin("datasette.handle_exception").rich = None
    # and SQLite's functions written in Python print what they raise: here a refusal, which is the asker's to know
    sqlite3.enable_callback_tracebacks(False)
    with as_file(files("foreign_eyes.web.browse")) as package:
        datasette = Datasette(
            # a list of no files would add a database in memory, which has no fences
            files=[str(archive)],
            metadata=load_metadata(),
            settings=SETTINGS,
            plugins_dir=str(package / "plugins"),
            static_mounts=[("assets", str(package / "static"))],
        )
    for name in [name for name in datasette.databases if name != "_internal"]:
        datasette.remove_database(name)
    datasette.add_database(ArchiveDatabase(datasette, path=str(archive), is_mutable=True), name=DATABASE)
    return datasette


class Browse:
    """An ASGI app: Datasette while there is an archive, else a page that says why not (503).

    The file is looked after at each request, so an archive that appears is served at once, and one that is restored or
    moved into place is opened anew.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._datasette: Any = None
        self._app: ASGIApp | None = None
        self._file: tuple[int, int] | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            app = await self._current_app()
        except ArchiveError as error:
            # the name will do: where it lies is no business of a reader's
            why = str(error).replace(str(self._archive), self._archive.name)
            page = built_in_page("There is no archive to browse", why, "Feeds and pages are served all the same.")
            await HTMLResponse(page, 503, UNAVAILABLE_HEADERS)(scope, receive, send)
            return
        await app(_without_prefix(scope), receive, send)

    async def _current_app(self) -> ASGIApp:
        file = _identity(self._archive)
        if self._app is not None and file == self._file:
            return self._app
        async with self._opening:
            if self._app is None or file != self._file:
                await asyncio.to_thread(_examine, self._archive)
                await asyncio.to_thread(self.close)
                self._datasette = await asyncio.to_thread(make_datasette, self._archive)
                await self._datasette.invoke_startup()
                self._app, self._file = self._datasette.app(), file
            return self._app

    def close(self) -> None:
        """Close the connections to the archive; statements under way end by their time limit."""
        if self._datasette is not None:
            self._datasette.executor.shutdown(wait=True, cancel_futures=True)
            for database in self._datasette.databases.values():
                database.close()
        self._datasette = self._app = self._file = None


def datasette_app(archive: Path) -> Browse:
    """Return an ASGI app that serves the archive under `BASE_URL`; the file need not exist yet, and is never written."""
    return Browse(archive)


def _without_prefix(scope: Scope) -> Scope:
    """Hand Datasette the path behind `BASE_URL`: it puts that before the path of a request when it makes links."""
    if "path" not in scope:
        return scope
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    prefix = BASE_URL.rstrip("/")
    return {
        **scope,
        "path": scope["path"].removeprefix(prefix),
        "raw_path": raw.removeprefix(prefix.encode()),
        "root_path": "",
    }


def _identity(archive: Path) -> tuple[int, int] | None:
    try:
        status = archive.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _examine(archive: Path) -> None:
    """Raise an `ArchiveError` where the file is not an archive of this version."""
    with read_archive(archive):
        pass
