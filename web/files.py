"""The published folder over HTTP: an ASGI app with content-based ETags that answers from memory.

    path | file of that name, held ready | what the request's fields ask | the whole, 304, or a page that says why not

Starlette's `StaticFiles` makes its ETag of time and size, so two publishes in one second can look alike, and asks the
file system in a thread for every request. What is kept of it is `FileResponse`, for files too large to hold. What is
asked for most, a file in memory, goes past Starlette altogether: its messages to the server are made already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from foreign_eyes.web.headers import PAGE_HEADERS
from foreign_eyes.web.http_headers import REVALIDATE
from foreign_eyes.web.links import links_of
from foreign_eyes.web.pages import NOT_FOUND, NOTHING_YET, PLAIN_PAGE_HEADERS
from foreign_eyes.web.representation import Messages
from foreign_eyes.web.request_fields import accepts_gzip, is_unchanged, read_fields
from foreign_eyes.web.static_files import Held, HeldFiles

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class PublishedFiles:
    """An ASGI app that serves the files of `output`, which need not exist yet.

    Args:
        output: the published folder.
        base_url: the address at which readers find it, for `Link` fields; with None these are relative.
        hub: the WebSub hub that is told of new entries, if any.
        clock: gives seconds since 1970.
    """

    def __init__(
        self,
        output: Path,
        base_url: str | None = None,
        hub: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._files = HeldFiles(output, lambda name: links_of(name, base_url, hub), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._answer(scope)
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        for message in answer:
            await send(message)

    def _answer(self, scope: Scope) -> Messages | Response:
        if scope["method"] not in ("GET", "HEAD"):
            return _said("Only reading is possible here.\n", 405, allow="GET, HEAD")
        path: str = scope["path"].removeprefix("/")
        name = f"{path}index.html" if path.endswith("/") or not path else path
        try:
            held = self._files.get(name)
            return self._elsewhere(path) if held is None else _file(held, scope)
        except PermissionError:
            return _said("The server may not read this file.\n", 403)

    def _elsewhere(self, path: str) -> Response:
        """Answer where there is no file: it may be a folder without its slash, and the folder may be empty as yet."""
        if not path:
            headers = {**PLAIN_PAGE_HEADERS, "retry-after": "60", "cache-control": "no-store"}
            return HTMLResponse(NOTHING_YET, 503, headers)
        if not path.endswith("/") and self._files.get(f"{path}/index.html"):
            # relative, so that it holds behind any proxy
            return _said("", 301, location=f"./{quote(path.rpartition('/')[2])}/")
        own = self._files.get("404.html")
        if own is not None and own.content.body is not None:
            return HTMLResponse(own.content.body, 404, {**PAGE_HEADERS, "cache-control": REVALIDATE})
        return HTMLResponse(NOT_FOUND, 404, {**PLAIN_PAGE_HEADERS, "cache-control": REVALIDATE})


def _file(held: Held, scope: Scope) -> Messages | Response:
    asked = read_fields(scope["headers"])
    form = held.zipped if held.zipped is not None and accepts_gzip(asked.accept_encoding) else held.plain
    if is_unchanged(asked, form.etag, held.modified):
        return form.unchanged
    if form.whole is not None:
        return form.whole
    return FileResponse(held.path, headers={name.decode(): value.decode() for name, value in form.fields})


def _said(text: str, status: int, **fields: str) -> Response:
    return PlainTextResponse(text, status, {**PAGE_HEADERS, "cache-control": REVALIDATE, **fields})
