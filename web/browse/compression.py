"""Gzip compression of responses under `/browse/`; large parts are compressed in a thread.

A page of a thousand rows is about a megabyte of text and shrinks to a fifth. Compressing it takes 30 ms, which would block
the event loop.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from foreign_eyes.web.http_headers import accepts_gzip

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# bytes; a shorter body fits into one packet anyway
SHORTEST = 500
# bytes that are compressed without a thread; this takes 2 ms
_AT_ONCE = 64 * 1024
# bytes that a thread compresses at a time
_PART = 512 * 1024
_LEVEL = 5
_TYPES = (b"text/", b"application/json", b"application/atom+xml", b"application/javascript", b"image/svg+xml")
_GZIP = 16 + zlib.MAX_WBITS


class Compression:
    """An ASGI middleware that compresses texts for clients that accept gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        response = _Response(send, is_accepted=accepts_gzip(accepted))
        await self._app(scope, receive, response.send)


class _Response:
    """A response that is compressed if its type, its length and the client allow it."""

    def __init__(self, send: Send, *, is_accepted: bool) -> None:
        self._send = send
        self._is_accepted = is_accepted
        self._start: Message | None = None
        self._compressor: zlib._Compress | None = None

    async def send(self, message: Message) -> None:
        """Send a message of the response; the start waits for the first part of the body."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, has_more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(self._begin(start, is_short=not has_more and len(body) < SHORTEST))
        if self._compressor is None:
            await self._send(message)
            return
        compressed = await _compress(self._compressor, body)
        if not has_more:
            compressed += self._compressor.flush()
        if compressed or not has_more:
            await self._send({"type": "http.response.body", "body": compressed, "more_body": has_more})

    def _begin(self, start: Message, *, is_short: bool) -> Message:
        headers = {name.lower(): value for name, value in start["headers"]}
        is_text = headers.get(b"content-type", b"").startswith(_TYPES)
        # a compressed body would need a different ETag
        if not is_text or headers.keys() & {b"content-encoding", b"etag"}:
            return start
        kept = list(start["headers"])
        if self._is_accepted and not is_short:
            self._compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
            kept = [(name, value) for name, value in kept if name.lower() != b"content-length"]
            kept.append((b"content-encoding", b"gzip"))
        return {**start, "headers": [*kept, (b"vary", b"accept-encoding")]}


async def _compress(compressor: zlib._Compress, body: bytes) -> bytes:
    if len(body) <= _AT_ONCE:
        return compressor.compress(body)
    parts = [body[start : start + _PART] for start in range(0, len(body), _PART)]
    return b"".join([await asyncio.to_thread(compressor.compress, part) for part in parts])
