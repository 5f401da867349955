"""A Datasette plugin that installs `web.browse.sql_guard` and `web.browse.request_guard`."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.filters import Filters  # type: ignore[import-untyped]
from datasette.utils.asgi import BadRequest  # type: ignore[import-untyped]

from foreign_eyes.archive.search_query import search_query
from foreign_eyes.web.browse.compression import Compression
from foreign_eyes.web.browse.error_pages import error_response, print_fault, problem_of
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.problems import NOT_FOUND
from foreign_eyes.web.browse.reader_mistakes import find_filter_mistake
from foreign_eyes.web.browse.request_budgets import RequestBudgets
from foreign_eyes.web.browse.request_guard import RequestGuard
from foreign_eyes.web.browse.sql_guard import guard

if TYPE_CHECKING:
    from starlette.types import ASGIApp


# after Datasette's own functions
@hookimpl(trylast=True)  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Guard connections to the archive.

    Datasette's internal databases are in memory, and requests cannot reach them.
    """
    if database == DATABASE:
        guard(conn)
        # Datasette's function returns invalid queries for some texts
        conn.create_function("escape_fts", 1, search_query, deterministic=True)


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[ASGIApp], ASGIApp]:
    """Guard requests, and add headers to responses and compress them."""
    return lambda app: Compression(RequestGuard(RequestBudgets(app), datasette))


@hookimpl  # type: ignore[untyped-decorator]
def filters_from_request(request: Any, table: str, datasette: Any) -> Callable[[], Awaitable[None]]:
    """Refuse filters by a column or a comparison that does not exist.

    SQLite would compare the name of the column as a text, and Datasette would ignore the comparison.
    """

    async def check() -> None:
        columns = await datasette.get_database(DATABASE).table_columns(table)
        if mistake := find_filter_mistake(request.args, columns, {one.key for one in Filters._filters}):
            raise BadRequest(mistake)

    return check


@hookimpl  # type: ignore[untyped-decorator]
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Return the error page for an exception; `make_datasette` removes Datasette's handler."""
    problem = problem_of(exception, has_arguments=bool(request.query_string), is_row="pks" in request.url_vars)
    if problem.status == 500:
        print_fault(exception)
    ending = request.url_vars.get("format") or ""
    return error_response(datasette, problem, ending, request)


@hookimpl  # type: ignore[untyped-decorator]
def forbidden(datasette: Any, request: Any, message: str) -> Any:
    """Return 404 for a table that readers may not see, as if it did not exist."""
    return error_response(datasette, NOT_FOUND, request.url_vars.get("format") or "", request)
