"""Turns at hosts: crawls that run side by side send one request at a time to a host.

Scrapy keeps its delay per crawl. Links, redirects and two listings can lead several crawls to the same host; there they
wait for each other, and each waits for its delay since the last request of any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class _Host:
    """The turns at one host.

    `sent_at` is the time of the last request; the next one is sent at `free_at` or later, by the delay of the crawl that sent
    the last.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent_at: float = float("-inf")
    free_at: float = float("-inf")


class HostTurns:
    """Gives turns at hosts, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str, delay: float, limit: asyncio.Timeout | None = None) -> AsyncIterator[None]:
        """Wait for a turn at `host` and keep it inside the context.

        Args:
            host: the name of the host.
            delay: the seconds that this crawl leaves between two requests to the host.
            limit: a time limit, which does not run while this waits for others.
        """
        turns = self._hosts.setdefault(host, _Host())
        with _suspended(limit):
            await turns.lock.acquire()
        try:
            wait = max(turns.free_at, turns.sent_at + delay) - monotonic()
            if wait > 0:
                with _suspended(limit):
                    await asyncio.sleep(wait)
            turns.sent_at = monotonic()
            turns.free_at = turns.sent_at + delay
            yield
        finally:
            turns.lock.release()


@contextmanager
def _suspended(limit: asyncio.Timeout | None) -> Iterator[None]:
    """Stop a time limit inside the context."""
    end = limit.when() if limit is not None and not limit.expired() else None
    if limit is None or end is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left = end - loop.time()
    limit.reschedule(None)
    yield
    limit.reschedule(loop.time() + left)
