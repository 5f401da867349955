"""A Datasette plugin for `.atom`: rows that are entries or changes as a feed."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl  # type: ignore[import-untyped]

from foreign_eyes.web.browse.atom import RowsAsked, can_be_feed, ids_of, render_rows
from foreign_eyes.web.browse.error_pages import error_response
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.problems import NO_FEED

_ENDING = ".atom"
_ATOM_TYPE = "application/atom+xml; charset=utf-8"


@hookimpl  # type: ignore[untyped-decorator]
def register_output_renderer() -> dict[str, Any]:
    """Return the renderer of `.atom`."""
    return {"extension": "atom", "render": render_atom_response, "can_render": can_be_feed}


async def render_atom_response(
    datasette: Any, request: Any, columns: list[str], rows: list[Any], data: dict[str, Any]
) -> dict[str, Any]:
    """Return the rows of a page as an Atom feed, or a 304 if the client has it already.

    The response is a dict, because Datasette sets the status of other responses to that of the query.
    """
    if not can_be_feed(columns):
        refusal = await error_response(datasette, NO_FEED, "atom", request)
        return _response(refusal.status, refusal.body, refusal.headers, refusal.content_type)
    title = await _title(datasette, data)
    content = await render_rows(datasette, _asked(datasette, request, columns, rows, title))
    headers = {"ETag": f'"{sha256(content).hexdigest()[:32]}"', "Cache-Control": "public, max-age=300"}
    if headers["ETag"] in (request.headers.get("if-none-match") or ""):
        return _response(304, "", headers)
    return _response(200, content.decode(), headers)


def _response(status: int, body: str, headers: dict[str, str], content_type: str = _ATOM_TYPE) -> dict[str, Any]:
    return {"status_code": status, "body": body, "headers": headers, "content_type": content_type}


def _asked(datasette: Any, request: Any, columns: list[str], rows: list[Any], title: str) -> RowsAsked:
    path: str = datasette.setting("base_url").rstrip("/") + request.path
    query = urlencode(parse_qsl(request.query_string, keep_blank_values=True))
    asked = f"?{query}" if query else ""
    origin = f"{request.scheme}://{request.host}"
    return RowsAsked(
        title=title,
        self_url=f"{origin}{path}{asked}",
        page_url=f"{origin}{path.removesuffix(_ENDING)}{asked}",
        query=path + asked,
        origin=origin,
        entry_ids=ids_of(rows, columns, "entry_id"),
        change_ids=ids_of(rows, columns, "change_id"),
    )


async def _title(datasette: Any, data: dict[str, Any]) -> str:
    """Return the title of a question or a table, with its filters."""
    name = data.get("query_name") or data.get("table") or ""
    about = await datasette.get_canned_query(DATABASE, name, None) or datasette.table_metadata(DATABASE, name)
    name = about.get("title") or name or "SQL"
    condition = data.get("human_description_en") or ""
    return f"{name} {condition}".strip()
