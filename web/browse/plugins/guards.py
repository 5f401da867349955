"""A Datasette plugin that installs `web.browse.sql_guard` and `web.browse.request_guard`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datasette import hookimpl  # type: ignore[import-untyped]

from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.request_guard import RequestGuard
from foreign_eyes.web.browse.sql_guard import guard

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@hookimpl  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Guard connections to the archive.

    Datasette's internal databases are in memory, and requests cannot reach them.
    """
    if database == DATABASE:
        guard(conn)


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[ASGIApp], ASGIApp]:
    """Guard requests, and set header fields of responses."""
    return lambda app: RequestGuard(app, datasette.setting("base_url"))
