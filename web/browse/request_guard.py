"""What a stranger may ask of Datasette over HTTP, and the header fields that its answers carry.

request | refuse what has no place here | wait for a turn if it brings its own SQL | Datasette | header fields
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from textwrap import dedent
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse, Response

from foreign_eyes.web.http_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Datasette's regular expressions over SQL take time by the square of its length: 5 s for 64 KB, 0.1 s for this much
LONGEST_QUERY = 8_000
_MUCH_WHITE_SPACE = re.compile(r"\s{200}")
# under /-/ only what a page needs or describes the service; the rest names paths on this machine or is for signing in
_OPEN_INTERNALS = re.compile(r"/-/(static|static-plugins)/|/-/(metadata|versions|plugins|settings)(\.json)?$")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# statements of a reader's own that run at once; table pages have the other threads to themselves (see `SETTINGS`)
TURNS_FOR_OWN_SQL = 2


@cache
def datasette_policy() -> str:
    """Return the Content-Security-Policy for Datasette's pages.

    Scripts are Datasette's files and the inline ones of its templates, by their digests; a value out of the archive can
    be none of these. Styles are inline in many places, so they are let through.
    """
    scripts = {"DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;"}
    for template in files("datasette").joinpath("templates").iterdir():
        if template.name.endswith(".html"):
            scripts.update(_INLINE_SCRIPT.findall(template.read_text(encoding="utf-8")))
    # the page that says a statement took too long; its script is sent as it stands in the source, or without indent
    for script in _INLINE_SCRIPT.findall(files("datasette").joinpath("views/base.py").read_text(encoding="utf-8")):
        scripts |= {script, dedent(script)}
    digests = sorted(b64encode(sha256(script.encode()).digest()).decode() for script in scripts if "{{" not in script)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {allowed}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class RequestGuard:
    """An ASGI app around Datasette's that refuses, queues and adds header fields.

    It is handed paths without `base_url`, and puts that before the path where Datasette forgets to in a redirect.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._base_url = base_url
        self._turns = asyncio.Semaphore(TURNS_FOR_OWN_SQL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, self._base_url.encode())
        query: bytes = scope["query_string"]
        if refusal := self._refuse(scope, query):
            await refusal(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        if b"sql=" in query or b"_where=" in query:
            async with self._turns:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refuse(self, scope: Scope, query: bytes) -> Response | None:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only reading is possible here.\n", 405, {"allow": "GET, HEAD"})
        if len(query) > LONGEST_QUERY:
            return PlainTextResponse(f"The query is longer than {LONGEST_QUERY} bytes.\n", 414)
        for sql in parse_qs(query.decode("latin-1")).get("sql", []):
            if _MUCH_WHITE_SPACE.search(sql):
                return PlainTextResponse("The SQL has too much white space in one place.\n", 400)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if path.startswith("/-/") and not _OPEN_INTERNALS.match(path):
            return PlainTextResponse("There is no such page.\n", 404)
        return None


def _with_headers(send: Send, base_url: bytes) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {**SECURITY_HEADERS, "content-security-policy": datasette_policy()}
            # Datasette writes some names in capitals, which Starlette's headers would not find
            theirs = [(name.lower(), value) for name, value in message["headers"]]
            theirs = [(name, _based(value, base_url) if name == b"location" else value) for name, value in theirs]
            fields = [(name, value) for name, value in theirs if name.decode("latin-1") not in ours]
            fields += [(name.encode(), value.encode()) for name, value in ours.items()]
            message = {**message, "headers": fields}
        await send(message)

    return send_with_headers


def _based(location: bytes, base_url: bytes) -> bytes:
    if location.startswith(b"/") and not location.startswith(base_url):
        return base_url + location.lstrip(b"/")
    return location


def _without_body(send: Send) -> Send:
    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body
