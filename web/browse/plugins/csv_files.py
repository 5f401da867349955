"""A Datasette plugin that sends complete CSV files, or closes the connection.

Datasette itself writes an error into the file and ends it like a complete one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]

from foreign_eyes.web.browse.csv_export import Export, read_export
from foreign_eyes.web.browse.csv_text import CsvOptions, csv_beginning, csv_rows
from foreign_eyes.web.browse.error_pages import print_fault, problem_of
from foreign_eyes.web.browse.metadata import DATABASE

# seconds for one file, so that a client that stops reading does not keep its turn
LONGEST_DOWNLOAD = 1800.0
_LOG = logging.getLogger(__name__)


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    """Return routes for every address that ends in `.csv`; they come before Datasette's own."""
    database = f"(?P<database>{DATABASE})"
    return [
        (rf"/{database}\.csv$", send_csv),
        (rf"/{database}/(?P<table>[^/.]+)\.csv$", send_csv),
        (rf"/{database}/(?P<table>[^/]+?)/(?P<pks>[^/]+?)\.csv$", send_csv),
    ]


async def send_csv(request: Any, send: Any, datasette: Any) -> None:
    """Send a table, a view, a query or a row as CSV.

    Without `_stream` one page of a table is sent. If a part cannot be read, the file grows beyond `max_csv_mb` or the client
    takes too long, this returns without the end of the response. The server then closes the connection, and the client
    sees that the file is incomplete.
    """
    options = CsvOptions(
        bom=bool(request.args.get("_bom")),
        guard=bool(request.args.get("_guard")),
        heading=request.args.get("_header") != "off",
    )
    export = await read_export(datasette, request)
    await send({"type": "http.response.start", "status": 200, "headers": _headers(request)})
    try:
        async with asyncio.timeout(LONGEST_DOWNLOAD):
            await _send_rows(send, export, options, datasette.setting("max_csv_mb") * 1024 * 1024)
    except Exception as error:
        problem = problem_of(error, has_arguments=True, is_row=False)
        if problem.status == 500 and not isinstance(error, (TimeoutError, _TooLong)):
            print_fault(error)
        _LOG.warning("A CSV file was cut off: %s", error if problem.status == 500 else problem.message)
        return
    await send({"type": "http.response.body", "body": b""})


class _TooLong(Exception):
    """A file is longer than `max_csv_mb`."""


async def _send_rows(send: Any, export: Export, options: CsvOptions, longest: float) -> None:
    sent, text = 0, csv_beginning(export.columns, options)
    async for rows in export.parts:
        body = (text + csv_rows(rows, options)).encode()
        sent, text = sent + len(body), ""
        if sent > longest:
            raise _TooLong("it is longer than max_csv_mb")
        await send({"type": "http.response.body", "body": body, "more_body": True})


def _headers(request: Any) -> list[tuple[bytes, bytes]]:
    name = tilde_decode(request.url_vars.get("table") or DATABASE)
    safe = "".join(sign if (sign.isalnum() and sign.isascii()) or sign in "_-" else "_" for sign in name)
    return [
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", f'attachment; filename="{safe}.csv"'.encode()),
    ]
