"""Runs an ASGI app in an event loop of its own, in a thread, beside the loop of the server.

Datasette builds pages of thousands of cells on its event loop. In the loop of the server, that would delay feeds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from foreign_eyes.web.unsent import Unsent

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# bytes; smaller pieces of a response are joined, because each piece needs a turn of both loops
_PIECE = 32 * 1024
# seconds that requests in progress have to end when the app is closed
_GRACE_SECONDS = 2

T = TypeVar("T")


class OwnLoop:
    """An ASGI app that runs another one in a thread. The thread starts with the first request.

    The other app need not wait for slow clients: this one keeps its response, within the bounds of `Unsent`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="own-loop", daemon=True)
        self._starting = threading.Lock()
        self._unsent = Unsent()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self._start()
        server = asyncio.get_running_loop()
        response = self._unsent.response()

        async def receive_here() -> Message:
            return await receive()

        async def receive_there() -> Message:
            return await _in_loop(receive_here(), server)

        pieces = _Pieces(lambda messages: _in_loop(response.put(messages), server))
        answering = asyncio.ensure_future(_in_loop(self._answer(scope, receive_there, pieces.send), self._loop))
        answering.add_done_callback(lambda _: response.end())
        try:
            if await response.send_to(send):
                await answering
        finally:
            answering.cancel()
            response.drop()
            await self._unsent.note_taken()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _start(self) -> None:
        with self._starting:
            if not self._thread.ident:
                self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def close(self) -> None:
        """Cancel the requests in progress and end the thread."""
        if self._thread.is_alive():
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(_GRACE_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _in_loop(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Run `work` in another loop and wait for it; cancel it if the caller is cancelled."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


class _Pieces:
    """Joins the start and small pieces of a response before they are sent."""

    def __init__(self, send: Callable[[list[Message]], Coroutine[Any, Any, None]]) -> None:
        self._send = send
        self._start: list[Message] = []
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Send a message, or keep it until there is more."""
        if message["type"] == "http.response.start":
            self._start = [message]
            return
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            if message.get("more_body") and len(self._body) + len(body) < _PIECE:
                self._body += body
                return
            if self._body:
                message = {**message, "body": bytes(self._body) + body}
                self._body.clear()
        messages, self._start = [*self._start, message], []
        await self._send(messages)
