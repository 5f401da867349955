"""Obeying robots.txt (RFC 9309) on every host that a request goes to, redirects included.

Scrapy's own middleware crawls on when robots.txt answers 503 or does not answer; section 2.3.1.4 has that mean that
everything is disallowed. And its answer is a capture here like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from foreign_eyes.crawler.download_errors import FetchFault, fault_of
from foreign_eyes.listing.parser import blocking_sign, is_html
from foreign_eyes.listing.values import Fault

PRODUCT = "foreign-eyes"


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What one host's robots.txt allows: by rules, or nothing at all, for a reason."""

    parsed: Protego | None = None
    fault: Fault | None = None
    detail: str = ""

    def check(self, url: str) -> None:
        """Let `url` pass, or say why not.

        Raises:
            FetchFault: it may not be fetched.
        """
        if self.fault is not None:
            raise FetchFault(self.fault, self.detail)
        if self.parsed is not None and not self.parsed.can_fetch(url, PRODUCT):
            raise FetchFault("disallowed", f"robots.txt of {urlsplit(url).netloc} disallows it")


def read_robots(status: int, body: bytes, content_type: str | None, host: str) -> RobotsRules:
    """Return the rules that an answer to /robots.txt stands for. Pure.

    2xx is read (section 2.3.1.1), 4xx is "no rules" (2.3.1.3), 5xx is "nothing is allowed" (2.3.1.4). An HTML page in its
    stead is no robots file but the shell of a block.
    """
    if 200 <= status < 300:
        if is_html(body, content_type) or blocking_sign(status, body, content_type):
            return RobotsRules(
                fault="disallowed", detail=f"robots.txt of {host} is an HTML page: the site is blocking us"
            )
        return RobotsRules(Protego.parse(body.decode("utf-8-sig", errors="replace")))
    if 400 <= status < 500:
        return RobotsRules()
    return RobotsRules(fault="unreachable", detail=f"robots.txt of {host} answers {status}, so nothing may be fetched")


class RobotsMiddleware:
    """Asks each host for its robots.txt once a crawl, before the first request to it."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._rules: dict[tuple[str, str], RobotsRules] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or refuse it.

        Raises:
            FetchFault: robots.txt does not allow it, or could not be read.
        """
        if request.meta["purpose"] == "robots":
            return
        parts = urlsplit(request.url)
        place = (parts.scheme, parts.netloc)
        if place not in self._rules:
            self._rules[place] = await self._ask(f"{parts.scheme}://{parts.netloc}/robots.txt", parts.netloc, request)
        self._rules[place].check(request.url)

    async def _ask(self, url: str, host: str, wanted: Request) -> RobotsRules:
        meta: dict[str, Any] = {"purpose": "robots", "asked_url": url}
        limits = ("once", "download_timeout", "download_maxsize") if wanted.meta["purpose"] == "link" else ()
        meta |= {name: wanted.meta[name] for name in ("proxy", *limits) if name in wanted.meta}
        request = Request(url, meta=meta, callback=NO_CALLBACK)
        try:
            response: Response = await self._crawler.engine.download_async(request)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            return RobotsRules(fault=fault.fault, detail=f"robots.txt of {host}: {fault.detail}")
        content_type = response.headers.get("Content-Type", b"")
        return read_robots(response.status, response.body, (content_type or b"").decode("latin-1"), host)
