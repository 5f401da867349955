"""A Datasette plugin: puts the guards of `web.browse.sql_guard` and `web.browse.request_guard` in their places."""

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
    """Guard connections to the archive. Datasette's own databases are in memory and closed to readers."""
    if database == DATABASE:
        guard(conn)


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[ASGIApp], ASGIApp]:
    """Guard requests, and set the header fields of answers."""
    return lambda app: RequestGuard(app, datasette.setting("base_url"))
