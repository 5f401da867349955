"""Decides which requests reach Datasette, in which form and when.

request | method, length | `routing`: page and lane | `reader_mistakes` | `turns` | Datasette | `response_headers`

Every refusal is an error page with navigation (`error_pages`). If the client disconnects, its work is stopped
(`abandonment`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from foreign_eyes.web.browse.abandonment import answer_while_connected
from foreign_eyes.web.browse.error_pages import error_response
from foreign_eyes.web.browse.errors import Busy
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.problems import BAD_HOST, NO_SQL, NOT_FOUND, ONLY_READING, Problem, busy, too_long
from foreign_eyes.web.browse.reader_mistakes import find_mistake, with_usable_search
from foreign_eyes.web.browse.response_headers import with_headers
from foreign_eyes.web.browse.routing import Asked, Lane, lane_of, read_request
from foreign_eyes.web.browse.turns import Turns

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# bytes; Datasette's regular expressions over SQL take quadratic time: 5 s for 64 KB, 0.1 s for this length
LONGEST_QUERY = 8_000
# seconds that a request waits for its turn
LONGEST_WAIT = 10.0
# for each lane, how many requests run and how many wait; readers' statements use at most two of the threads in
# `SETTINGS`, so table pages always have one
LANES = {Lane.QUERY: (2, 20), Lane.PAGE: (8, 100), Lane.DOWNLOAD: (2, 4)}
# the allowed Host fields; Datasette writes them into links
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]*")


class RequestGuard:
    """An ASGI middleware that decides which requests reach Datasette, in which form and when.

    The paths of requests do not contain `base_url`; the middleware adds it to redirects in which Datasette omits it.
    """

    def __init__(self, app: ASGIApp, datasette: Any) -> None:
        self._app = app
        self._datasette = datasette
        self._base_url: str = datasette.setting("base_url")
        self._lanes = {lane: Turns(running, waiting, LONGEST_WAIT) for lane, (running, waiting) in LANES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = with_headers(send, self._base_url.encode())
        if scope["method"] == "HEAD":
            send = _without_body(send)
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        asked = read_request(raw_path, scope["query_string"][:LONGEST_QUERY])
        if problem := self._refusal(scope, asked):
            await self._refuse(problem, _ending(raw_path), send)
        elif asked is not None and asked.is_misspelt:
            await self._redirect(asked, send)
        elif asked is not None:
            await self._answer(with_usable_search(asked), scope, receive, send)

    def _refusal(self, scope: Scope, asked: Asked | None) -> Problem | None:
        if problem := _mistake_of_http(scope):
            return problem
        if asked is None:
            return NOT_FOUND
        if not self._datasette.setting("default_allow_sql") and asked.has_sql:
            return NO_SQL
        mistake = find_mistake(asked)
        return Problem(400, mistake) if mistake else None

    async def _answer(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        scope = {
            **scope,
            "method": "GET",
            "path": asked.raw_path.decode(),
            "raw_path": asked.raw_path,
            "query_string": asked.raw_query,
        }
        lane = await self._lane(asked)
        if lane is Lane.NONE:
            await self._app(scope, receive, send)
            return

        async def answer(receive: Receive, send: Send) -> None:
            try:
                async with self._lanes[lane].turn():
                    await self._app(scope, receive, send)
            except Busy as error:
                await self._refuse(busy(str(error), error.retry_after), asked.format, send)

        await answer_while_connected(answer, receive, send)

    async def _lane(self, asked: Asked) -> Lane:
        name = asked.parts[-1]
        is_canned = asked.kind.name == "table" and await self._datasette.get_canned_query(DATABASE, name, None)
        return lane_of(asked, is_canned_query=bool(is_canned))

    async def _refuse(self, problem: Problem, ending: str, send: Send) -> None:
        response = await error_response(self._datasette, problem, ending)
        await response.asgi_send(send)

    async def _redirect(self, asked: Asked, send: Send) -> None:
        """Redirect to the address without a slash at its end."""
        query = b"?" + asked.raw_query if asked.query else b""
        location = self._base_url.encode() + asked.raw_path[1:] + query
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", location)]})
        await send({"type": "http.response.body", "body": b""})


def _mistake_of_http(scope: Scope) -> Problem | None:
    if scope["method"] not in ("GET", "HEAD"):
        return ONLY_READING
    if not all(_HOST.fullmatch(value) for name, value in scope["headers"] if name == b"host"):
        return BAD_HOST
    return too_long(LONGEST_QUERY) if len(scope["query_string"]) > LONGEST_QUERY else None


def _ending(raw_path: bytes) -> str:
    """Return the format of an error response from the ending of the path."""
    return "json" if raw_path.endswith(b".json") else ""


def _without_body(send: Send) -> Send:
    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body
