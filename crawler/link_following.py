"""Follow links after the crawl has settled, each within its own limits.

Imports neither Scrapy nor the archive.

A fault of one link affects neither the crawl nor the other links: no exception of a fetch is raised.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

MOST_LINKS = 10
# for one exchange; for one link with its robots.txt and redirects
EXCHANGE_SECONDS = 10.0
LINK_SECONDS = 20.0
# delays between requests, which come on top: robots.txt and page, on two hosts
DELAYS = 4
# after this many links that use up their time, the others are left for the next crawl
MOST_SLOW = 3
MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The seconds that one link may take, and all links together."""

    seconds: float
    seconds_in_total: float

    @classmethod
    def with_delay(cls, delay: float) -> Limits:
        """Return the limits for a crawl that waits `delay` seconds between two requests to a host."""
        seconds = LINK_SECONDS + DELAYS * delay
        return cls(seconds, MOST_SLOW * seconds)


async def follow_links(
    urls: Sequence[str],
    fetch: Callable[[str, asyncio.Timeout], Awaitable[object]],
    give_up: Callable[[str, str], None],
    *,
    limits: Limits,
    is_stopped: Callable[[], bool],
) -> None:
    """Fetch each URL in turn until the time is used up or the run is stopped.

    Args:
        urls: the links, in order.
        fetch: fetches one link; it may suspend the given time limit while it waits for other crawls.
        give_up: called with the URL and the reason if `fetch` failed or took too long.
        limits: the time limits.
        is_stopped: whether the user stopped the run.

    Raises:
        sqlite3.Error: the archive cannot be written.
    """
    end = monotonic() + limits.seconds_in_total
    for url in urls:
        if is_stopped() or monotonic() + limits.seconds > end:
            return
        try:
            async with asyncio.timeout(limits.seconds) as limit:
                await fetch(url, limit)
        except sqlite3.Error:
            raise
        except Exception as error:
            late = f"no complete response in {limits.seconds:.0f} s, redirects included"
            give_up(url, late if limit.expired() else f"{type(error).__name__}: {error}"[:300])
