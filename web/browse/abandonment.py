"""Stops work for clients that disconnect: cancels the request and interrupts its statement."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

T = TypeVar("T")

# seconds between interruptions; they are repeated, because one just before a statement starts has no effect
_AGAIN = 0.05


class RunningStatement:
    """The connection that a thread is using, so that another thread can interrupt it."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()

    @contextmanager
    def on(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Allow interruptions of the connection during the block."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def interrupt(self) -> None:
        """Interrupt the running statement, if there is one."""
        with self._lock:
            if self._connection is not None:
                self._connection.interrupt()


async def run_in_thread(executor: Executor, work: Callable[[], T], running: RunningStatement) -> T:
    """Run `work` in a thread of the executor.

    If the caller is cancelled, work that has not started is dropped, and running work is interrupted. The cancellation
    is raised only after the thread is free again, so the request keeps its turn in the queue until then.
    """
    future = executor.submit(work)
    result = asyncio.wrap_future(future)
    # otherwise asyncio logs the exception of an abandoned request
    result.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        while not (future.cancel() or future.done()):
            running.interrupt()
            await asyncio.sleep(_AGAIN)
        raise


async def answer_while_connected(
    answer: Callable[[Receive, Send], Awaitable[None]], receive: Receive, send: Send
) -> None:
    """Run an ASGI app until it ends, and cancel it if the client disconnects.

    The app receives an empty request body, which is enough for GET, and then the disconnection.
    """
    gone = asyncio.create_task(_disconnected(receive))
    answering = asyncio.ensure_future(answer(_empty_body(gone), send))
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            answering.cancel()
            await asyncio.wait({answering})
        if not answering.cancelled():
            answering.result()
    finally:
        answering.cancel()
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _empty_body(gone: asyncio.Task[None]) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.wait({gone})
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive
