"""Error responses: pages with navigation, JSON or plain text.

Datasette's own handler answers 500 to some mistakes of readers, and prints a traceback for each.
"""

from __future__ import annotations

import sqlite3
import traceback
from pathlib import Path
from typing import Any

import datasette as datasette_package  # type: ignore[import-untyped]
from datasette.database import QueryInterrupted  # type: ignore[import-untyped]
from datasette.utils.asgi import Base400, Response  # type: ignore[import-untyped]
from datasette.utils.sqlite import sqlite3 as datasette_sqlite3  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.problems import NOT_FOUND, OUR_FAULT, TOO_SLOW, Problem, busy

_DATASETTE = str(Path(datasette_package.__file__).parent)
# exceptions that Datasette raises for an invalid argument; raised by our own code, they are bugs
_READING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RecursionError,
    TypeError,
    ValueError,
)


async def error_response(datasette: Any, problem: Problem, ending: str, request: Any = None) -> Response:
    """Return the error response for a problem.

    Args:
        datasette: the Datasette that renders the page.
        problem: the problem to report.
        ending: the requested format, "" for HTML.
        request: Datasette's request, if there is one.
    """
    headers = {"Cache-Control": "no-store", **problem.headers}
    if ending == "json":
        about = {"ok": False, "error": problem.message, "status": problem.status, "title": problem.title}
        return Response.json(about, status=problem.status, headers=headers)
    if ending:
        return Response.text(f"{problem.message}\n", status=problem.status, headers=headers)
    page = await datasette.render_template(
        [f"{problem.status}.html", "error.html"],
        {"title": problem.title, "error": problem.message, "status": problem.status},
        request=request,
        view_name="error",
    )
    return Response.html(page, status=problem.status, headers=headers)


def problem_of(error: Exception, *, has_arguments: bool, is_row: bool) -> Problem:
    """Return the problem to report for an exception.

    Args:
        error: the exception of Datasette or a plugin.
        has_arguments: whether the request has a query string; without one, the reader cannot have caused the error.
        is_row: whether the request is for a row; an SQLite error then means that the table or the key does not exist.
    """
    if isinstance(error, Busy):
        return busy(str(error), error.retry_after)
    if isinstance(error, QueryInterrupted) or getattr(error, "title", None) == "SQL Interrupted":
        return TOO_SLOW
    if isinstance(error, Base400):
        return NOT_FOUND if error.status == 404 else Problem(error.status, str(error))
    if isinstance(error, (DatasetteError, sqlite3.Error, datasette_sqlite3.Error)):
        return _problem_of_sql(error, is_row=is_row)
    if has_arguments and isinstance(error, _READING_ERRORS) and _is_raised_by_datasette(error):
        return Problem(400, "An argument in the address has an invalid value: correct or remove it.")
    return OUR_FAULT


def _problem_of_sql(error: Exception, *, is_row: bool) -> Problem:
    # Datasette uses its default status 500 for invalid arguments
    status = getattr(error, "status", 500)
    if is_row or status == 404:
        return NOT_FOUND
    return Problem(400 if status == 500 else status, str(getattr(error, "message", error)))


def print_fault(error: Exception) -> None:
    """Print the traceback of a bug to stderr."""
    traceback.print_exception(error)


def _is_raised_by_datasette(error: Exception) -> bool:
    """Return whether the innermost frame of Datasette or this project belongs to Datasette."""
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    ours = [name for name in names if name.startswith(_DATASETTE) or "foreign_eyes" in name or "/web/browse/" in name]
    return bool(ours) and ours[-1].startswith(_DATASETTE)
