"""Datasette over the live archive, as an ASGI app under `/browse/`."""

from __future__ import annotations

import asyncio
import sqlite3
import warnings
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]
from starlette.responses import HTMLResponse

from foreign_eyes.archive.database import read_archive
from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.web.browse.frame import ASSETS, SITE_FILES, Frame
from foreign_eyes.web.browse.metadata import DATABASE, load_metadata
from foreign_eyes.web.browse.published_site import NOT_PUBLISHED, PublishedSite
from foreign_eyes.web.browse.sorting import limit_sorting
from foreign_eyes.web.browse.table_statements import ArchiveTables
from foreign_eyes.web.built_in_pages import UNAVAILABLE_HEADERS, built_in_page

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
    # two for SQL in requests (`request_guard.CONCURRENT_CUSTOM_SQL`), two for table pages
    "num_sql_threads": 4,
    # suggestions query every column, which takes 600 of the 630 ms of a table page with a million entries
    "suggest_facets": False,
    # a download during a write may be inconsistent; `foreign-eyes backup` makes a consistent copy
    "allow_download": False,
    # analysts need whole tables as CSV: a million entries are 1,400 MB; a stream holds no lock (see `csv_export`)
    "allow_csv_stream": True,
    "max_csv_mb": 4000,
    "template_debug": False,
    "trace_debug": False,
}


class ArchiveDatasette(Datasette):  # type: ignore[misc] # Datasette has no types
    """Datasette with a cache of table permissions, because its metadata never changes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._permissions: dict[tuple[str, str], Any] = {}

    def _table_permission_allows(self, database: str, table: str) -> Any:
        # Datasette copies all metadata for each table, which takes half a second for the home page
        key = database, table
        if key not in self._permissions:
            self._permissions[key] = super()._table_permission_allows(database, table)
        return self._permissions[key]


def make_datasette(archive: Path, site: PublishedSite = NOT_PUBLISHED, *, readers_sql: bool = True) -> Datasette:
    """Return a Datasette that serves the file `archive` under the name `archive`.

    Args:
        archive: the archive's file.
        site: the published files that are served beside Datasette.
        readers_sql: whether readers may run their own SQL; canned queries always work.
    """
    # Datasette's own handler of exceptions prints a traceback for readers' mistakes
    if pm.has_plugin("datasette.handle_exception"):
        pm.unregister(name="datasette.handle_exception")
    # if a request fails or is abandoned, Datasette does not await its later coroutines, and Python warns about each
    warnings.filterwarnings(
        "ignore", r"coroutine '(\w+Facet|TableView|Database)\..*' was never awaited", RuntimeWarning
    )
    # do not print exceptions of SQL functions: they are refusals, which the response reports
    sqlite3.enable_callback_tracebacks(False)
    with as_file(files("foreign_eyes.web.browse")) as package, as_file(files("foreign_eyes.feeds")) as feeds:
        datasette = ArchiveDatasette(
            # without a file, Datasette adds an unguarded database in memory
            files=[str(archive)],
            metadata=_metadata_for(archive),
            settings={**SETTINGS, "default_allow_sql": readers_sql},
            plugins_dir=str(package / "plugins"),
            template_dir=str(package / "templates"),
            static_mounts=[(ASSETS, str(package / "static")), (SITE_FILES, str(feeds / "static"))],
        )
    datasette.frame = Frame(site, BASE_URL)
    for name in [name for name in datasette.databases if name != "_internal"]:
        datasette.remove_database(name)
    datasette.add_database(ArchiveTables(datasette, path=str(archive), is_mutable=True), name=DATABASE)
    return datasette


def _metadata_for(archive: Path) -> dict[str, Any]:
    metadata = load_metadata()
    with closing(sqlite3.connect(f"{archive.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        limit_sorting(connection, metadata["databases"][DATABASE]["tables"])
    return metadata


class Browse:
    """An ASGI app: Datasette, or a 503 page with the reason if there is no archive.

    The file is checked on every request, so a new archive is served at once, and a restored one is opened again.
    """

    def __init__(self, archive: Path, site: PublishedSite, *, readers_sql: bool) -> None:
        self._archive = archive
        self._site = site
        self._readers_sql = readers_sql
        self._datasette: Any = None
        self._app: ASGIApp | None = None
        self._file_id: tuple[int, int] | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            app = await self._current_app()
        except ArchiveError as error:
            # readers must not learn the paths of this machine
            reason = str(error).replace(str(self._archive), self._archive.name)
            page = built_in_page("There is no archive to browse", reason, "Feeds and pages are served without it.")
            await HTMLResponse(page, 503, UNAVAILABLE_HEADERS)(scope, receive, send)
            return
        await app(_without_prefix(scope), receive, send)

    async def _current_app(self) -> ASGIApp:
        file_id = _file_id(self._archive)
        if self._app is not None and file_id == self._file_id:
            return self._app
        async with self._opening:
            if self._app is None or file_id != self._file_id:
                await asyncio.to_thread(_check_archive, self._archive)
                await asyncio.to_thread(self.close)
                self._datasette = await asyncio.to_thread(
                    make_datasette, self._archive, self._site, readers_sql=self._readers_sql
                )
                await self._datasette.invoke_startup()
                self._app, self._file_id = self._datasette.app(), file_id
            return self._app

    def close(self) -> None:
        """Close the connections to the archive; running statements end at their time limit."""
        if self._datasette is not None:
            self._datasette.executor.shutdown(wait=True, cancel_futures=True)
            for database in self._datasette.databases.values():
                database.close()
        self._datasette = self._app = self._file_id = None


def datasette_app(archive: Path, site: PublishedSite = NOT_PUBLISHED, *, readers_sql: bool = True) -> Browse:
    """Return an ASGI app that serves the archive under `BASE_URL`.

    The file need not exist yet. The app never writes it. Pages link to the published files of `site`. `readers_sql`
    allows readers to run their own SQL.
    """
    return Browse(archive, site, readers_sql=readers_sql)


def _without_prefix(scope: Scope) -> Scope:
    """Return the scope with a path that does not begin with `BASE_URL`.

    Datasette adds the prefix to the paths of the links that it makes.
    """
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


def _file_id(archive: Path) -> tuple[int, int] | None:
    try:
        status = archive.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_archive(archive: Path) -> None:
    """Raise an `ArchiveError` if the file is not an archive of this version."""
    with read_archive(archive):
        pass
