"""A bounded queue: it limits how many requests run at the same time, and how many wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from foreign_eyes.web.browse.errors import Busy


class QueueFull(Busy):
    """Too many requests wait, or this one has waited too long."""

    def __init__(self) -> None:
        super().__init__("The server is busy with other queries. Try again in a few seconds.")


class Turns:
    """Gives requests their turns in the order of arrival.

    A request that is cancelled while it waits leaves the queue at once.

    Args:
        running: the number of turns at the same time.
        waiting: the number of requests that may wait for a turn.
        longest_wait: seconds after which a waiting request is refused.
    """

    def __init__(self, running: int, waiting: int, longest_wait: float) -> None:
        self._free = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._longest_wait = longest_wait
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it during the block.

        Raises:
            QueueFull: too many requests wait, or this one waited too long.
        """
        await self._take()
        try:
            yield
        finally:
            self._free.release()

    async def _take(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= self._most_waiting:
            raise QueueFull
        self._waiting += 1
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._free.acquire()
        except TimeoutError:
            raise QueueFull from None
        finally:
            self._waiting -= 1
