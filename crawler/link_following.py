"""Following links after the crawl has settled, each within limits of its own. It knows neither Scrapy nor the archive.

Whatever happens behind a link stays there: nothing that a server does is raised.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

MOST_LINKS = 10
# one exchange, and all that one link takes: robots.txt, redirects
EXCHANGE_SECONDS = 10.0
LINK_SECONDS = 20.0
# the delays between requests come on top: robots.txt and the page, on two hosts
DELAYS = 4
# after so many links that use up their time limit, the others wait for the next crawl
MOST_SLOW = 3
MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one link may take, and all of them."""

    seconds: float
    seconds_in_all: float

    @classmethod
    def with_delay(cls, delay: float) -> Limits:
        """Return the limits for a crawl that waits `delay` seconds between two requests to a host."""
        seconds = LINK_SECONDS + DELAYS * delay
        return cls(seconds, MOST_SLOW * seconds)


async def follow_links(
    urls: Sequence[str],
    fetch: Callable[[str], Awaitable[object]],
    give_up: Callable[[str, str], None],
    *,
    limits: Limits,
    is_stopped: Callable[[], bool],
) -> None:
    """Ask for each URL in turn; `give_up` is told of one that `fetch` could not fetch, and why.

    A link for which too little time is left is not asked for.

    Raises:
        sqlite3.Error: the archive cannot be written, which is no link's fault.
    """
    end = monotonic() + limits.seconds_in_all
    for url in urls:
        if is_stopped() or monotonic() + limits.seconds > end:
            return
        try:
            async with asyncio.timeout(limits.seconds) as limit:
                await fetch(url)
        except sqlite3.Error:
            raise
        except Exception as error:
            late = f"no complete answer came in {limits.seconds:.0f} s, redirects included"
            give_up(url, late if limit.expired() else f"{type(error).__name__}: {error}"[:300])
