"""A Datasette plugin for the pages of proof, with links to them from digests in tables."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils.asgi import Response  # type: ignore[import-untyped]
from markupsafe import Markup

from foreign_eyes.archive.proof import unpacked
from foreign_eyes.web.browse.error_pages import error_response
from foreign_eyes.web.browse.problems import DAMAGED, NOT_FOUND, TOO_LARGE, WITHHELD, Problem
from foreign_eyes.web.browse.proof import (
    LARGEST_SENT,
    body_object,
    capture_headers,
    provenance_object,
    read_body,
    read_bytes,
    read_provenance,
)

# columns with digests of captured bytes
_BODY_COLUMNS = frozenset({"body_sha256", "last_body"})
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[1-9][0-9]{0,8}")

View = Callable[..., Awaitable[Any]]


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, View]]:
    """Return the routes of the pages of proof."""
    return [
        (r"^/captures/(?P<sha256>[0-9a-f]{64})$", send_bytes),
        (r"^/captures/(?P<sha256>[0-9a-f]{64})/about(\.(?P<format>json))?$", describe_capture),
        (r"^/entry/(?P<entry_id>[0-9]{1,19})/provenance(\.(?P<format>json))?$", show_provenance),
    ]


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(row: Any, value: Any, column: str, table: str | None, datasette: Any) -> Markup | None:
    """Return links to the bytes with this digest and to their captures; None for other cells."""
    if table == "bodies" and column == "zlib":  # Datasette links the digest, which is the key, to the row
        return Markup('<a href="{base}captures/{digest}">download</a>').format(
            base=datasette.setting("base_url"), digest=row["body_sha256"]
        )
    digest = value.get("value") if isinstance(value, dict) else value
    if column not in _BODY_COLUMNS or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        return None
    return Markup('<a href="{path}"><code>{digest}</code></a> <a href="{path}/about">about</a>').format(
        path=f"{datasette.setting('base_url')}captures/{digest}", digest=digest
    )


async def send_bytes(datasette: Any, request: Any, send: Any) -> Response | None:
    """Send the exact bytes of a capture as a download, which browsers do not render."""
    body = await read_body(datasette, request.url_vars["sha256"])
    if body is None:
        return await _problem(datasette, request, NOT_FOUND)
    if body.is_withheld:
        return await _problem(datasette, request, WITHHELD)
    if body.size > LARGEST_SENT:
        return await _problem(datasette, request, TOO_LARGE)
    try:
        packed = await read_bytes(datasette, body.body_sha256)
    except ValueError:
        return await _problem(datasette, request, DAMAGED)
    fields = {"content-type": "application/octet-stream", **capture_headers(body, datasette.setting("base_url"))}
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for chunk in unpacked(packed):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return None


async def describe_capture(datasette: Any, request: Any) -> Response:
    """Show the captures of the bytes with a digest."""
    body = await read_body(datasette, request.url_vars["sha256"])
    if body is None:
        return await _problem(datasette, request, NOT_FOUND)
    base_url = datasette.setting("base_url")
    if request.url_vars["format"]:
        return Response.json(body_object(body, base_url))
    return await _page(datasette, request, "capture.html", {"body": body})


async def show_provenance(datasette: Any, request: Any) -> Response:
    """Show the text of a revision in the captured bytes, by default the current revision."""
    wanted = request.args.get("revision") or ""
    if wanted and not _REVISION.fullmatch(wanted):
        return await _problem(datasette, request, Problem(400, "The revision is invalid: use a number from 1."))
    found = await read_provenance(datasette, int(request.url_vars["entry_id"]), int(wanted) if wanted else None)
    if found is None:
        return await _problem(datasette, request, NOT_FOUND)
    if request.url_vars["format"]:
        return Response.json(provenance_object(found, datasette.setting("base_url")))
    return await _page(datasette, request, "provenance.html", {"provenance": found, "withheld": WITHHELD.message})


async def _page(datasette: Any, request: Any, template: str, values: dict[str, Any]) -> Response:
    return Response.html(
        await datasette.render_template([template], values, request=request, view_name=template.removesuffix(".html"))
    )


async def _problem(datasette: Any, request: Any, problem: Problem) -> Response:
    return await error_response(datasette, problem, request.url_vars.get("format") or "", request)
