"""Responses that clients have not taken yet: how many bytes the server keeps for them, and for how long.

A client that takes nothing must neither keep a turn of the queue nor fill the memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Send

# bytes of all responses; beyond them, apps wait until clients have taken some
MOST_UNSENT = 64 * 1024 * 1024
# bytes of one response
_MOST_OF_ONE = 8 * 1024 * 1024
# bytes that are sent at once; responses up to this size never wait
_PIECE = 64 * 1024
# seconds that a client has for a piece
PATIENCE = 20.0


class Unsent:
    """Counts the bytes of all responses that are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._taken = asyncio.Condition()

    def response(self) -> Response:
        """Return a new response."""
        return Response(self)

    async def wait_for_room(self, response: Response, size: int) -> None:
        """Wait until `size` bytes more may be kept."""

        def has_room() -> bool:
            is_first = not response.size
            return size <= _PIECE or (self.size + size <= MOST_UNSENT and (is_first or response.size < _MOST_OF_ONE))

        async with self._taken:
            await self._taken.wait_for(has_room)

    async def note_taken(self) -> None:
        """Let the apps that wait look again."""
        async with self._taken:
            self._taken.notify_all()


class Response:
    """The messages of a response that are not sent yet."""

    def __init__(self, all_unsent: Unsent) -> None:
        self.size = 0
        self._all = all_unsent
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()

    async def put(self, messages: list[Message]) -> None:
        """Keep messages; first wait until there is room for them."""
        size = sum(len(message.get("body", b"")) for message in messages)
        await self._all.wait_for_room(self, size)
        self._count(size)
        for message in messages:
            self._messages.put_nowait(message)

    def end(self) -> None:
        """Note that no message follows."""
        self._messages.put_nowait(None)

    async def send_to(self, send: Send) -> bool:
        """Send the messages until the end; return whether the client has taken all of them in time."""
        while (message := await self._messages.get()) is not None:
            body = message.get("body", b"")
            try:
                for start in range(0, len(body), _PIECE) or (0,):
                    is_last = start + _PIECE >= len(body)
                    piece = {**message, "body": body[start : start + _PIECE]} if "body" in message else message
                    async with asyncio.timeout(PATIENCE):
                        await send(piece if is_last else {**piece, "more_body": True})
            except TimeoutError:
                return False
            self._count(-len(body))
            await self._all.note_taken()
        return True

    def drop(self) -> None:
        """Forget what is left."""
        self._count(-self.size)

    def _count(self, size: int) -> None:
        self.size += size
        self._all.size += size
