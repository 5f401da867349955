"""Decide which delay between requests is kept if robots.txt asks for one. Pure, without Scrapy.

`Crawl-delay` is not in RFC 9309, but many sites use it. It is a floor: a longer delay in the settings stays.
"""

from __future__ import annotations

import math

from protego import Protego

PRODUCT = "foreign-eyes"
# a site that asks for hours would never be read; AutoThrottle has the same limit
MOST_SECONDS = 60.0
# a link whose host asks for more is given up, because each link may take limited time only
MOST_FOR_A_LINK = 10.0


def kept_delay(asked: float | None) -> float:
    """Return the delay that is kept if robots.txt asks for `asked` seconds; 0 for none. Pure."""
    if asked is None or math.isnan(asked) or asked <= 0:
        return 0.0
    return min(asked, MOST_SECONDS)


def describe_delay(asked: float | None, configured: float) -> str | None:
    """Return what is said about a Crawl-delay, or None if it changes nothing. Pure."""
    kept = kept_delay(asked)
    if asked is None or kept <= configured:
        return None
    limit = "" if kept == asked else ", the longest delay"
    return f"robots.txt asks for {asked:g} s between requests: the crawl waits {kept:g} s{limit}"


def agents_of(user_agent: str | None) -> tuple[str, ...]:
    """Return the names whose rules are obeyed: this program's and the User-Agent of the source, if it has its own."""
    return (PRODUCT,) if user_agent is None else (PRODUCT, user_agent)


def asked_delay(parsed: Protego, agents: tuple[str, ...]) -> float | None:
    """Return the longest Crawl-delay for these names, in seconds, or None."""
    return max((delay for agent in agents if (delay := parsed.crawl_delay(agent)) is not None), default=None)


def parse_robots(body: bytes) -> Protego:
    """Return the parsed rules of a robots.txt."""
    return Protego.parse(body.decode("utf-8-sig", errors="replace"))
