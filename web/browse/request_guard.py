"""Limits on HTTP requests to Datasette, and security header fields for its responses.

request | check method, length and path | wait for a slot if it has SQL of its own | Datasette | add header fields
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

# bytes; Datasette's regular expressions over SQL take quadratic time: 5 s for 64 KB, 0.1 s for this length
LONGEST_QUERY = 8_000
_LONG_WHITE_SPACE = re.compile(r"\s{200}")
# of /-/ only what pages need and what describes the service; the rest shows paths of this machine or is for signing in
_PUBLIC_INTERNALS = re.compile(r"/-/(static|static-plugins)/|/-/(metadata|versions|plugins|settings)(\.json)?$")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# requests with SQL of their own that run at the same time; the other threads are for table pages (see `SETTINGS`)
CONCURRENT_CUSTOM_SQL = 2


@cache
def datasette_policy() -> str:
    """Return the Content-Security-Policy for Datasette's pages.

    It allows Datasette's script files, and the inline scripts of its templates by their digests, so a value from the
    archive never runs. Datasette has inline styles in many places, so all styles are allowed.
    """
    scripts = {"DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;"}
    for template in files("datasette").joinpath("templates").iterdir():
        if template.name.endswith(".html"):
            scripts.update(_INLINE_SCRIPT.findall(template.read_text(encoding="utf-8")))
    # the page for a statement that took too long; some versions send its script dedented
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
    """An ASGI middleware that refuses or queues requests to Datasette.

    It also adds header fields to responses. The paths of requests do not contain `base_url`; the middleware adds it to
    redirects in which Datasette omits it.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._base_url = base_url
        self._slots = asyncio.Semaphore(CONCURRENT_CUSTOM_SQL)

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
            async with self._slots:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refuse(self, scope: Scope, query: bytes) -> Response | None:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("This server answers only GET and HEAD.\n", 405, {"allow": "GET, HEAD"})
        if len(query) > LONGEST_QUERY:
            return PlainTextResponse(f"The query string is longer than {LONGEST_QUERY} bytes: shorten it.\n", 414)
        for sql in parse_qs(query.decode("latin-1")).get("sql", []):
            if _LONG_WHITE_SPACE.search(sql):
                return PlainTextResponse("The SQL has 200 white-space characters in a row: remove some.\n", 400)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if path.startswith("/-/") and not _PUBLIC_INTERNALS.match(path):
            return PlainTextResponse("There is no such page.\n", 404)
        return None


def _with_headers(send: Send, base_url: bytes) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = {**SECURITY_HEADERS, "content-security-policy": datasette_policy()}
            # Datasette writes some names in capitals, and ASGI requires lower case
            headers = [(name.lower(), value) for name, value in message["headers"]]
            headers = [(name, _with_base(value, base_url) if name == b"location" else value) for name, value in headers]
            headers = [(name, value) for name, value in headers if name.decode("latin-1") not in added]
            headers += [(name.encode(), value.encode()) for name, value in added.items()]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers


def _with_base(location: bytes, base_url: bytes) -> bytes:
    if location.startswith(b"/") and not location.startswith(base_url):
        return base_url + location.lstrip(b"/")
    return location


def _without_body(send: Send) -> Send:
    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body
