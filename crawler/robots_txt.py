"""Obey robots.txt (RFC 9309) on every host that is requested, also after redirects.

Scrapy's middleware crawls on if robots.txt answers 503 or does not answer; by section 2.3.1.4 everything is disallowed
then. Here, each robots.txt is stored as a capture, too.
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
from foreign_eyes.listing.host_names import shown_host
from foreign_eyes.listing.parser import blocking_sign, is_html
from foreign_eyes.listing.values import Fault

PRODUCT = "foreign-eyes"


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What the robots.txt of a host allows: its rules, or nothing because of a fault."""

    parsed: Protego | None = None
    fault: Fault | None = None
    detail: str = ""

    def check(self, url: str) -> None:
        """Check that `url` may be fetched.

        Raises:
            FetchFault: it may not be fetched.
        """
        if self.fault is not None:
            raise FetchFault(self.fault, self.detail)
        if self.parsed is not None and not self.parsed.can_fetch(url, PRODUCT):
            raise FetchFault("disallowed", f"robots.txt of {shown_host(urlsplit(url).netloc)} disallows it")


def read_robots(status: int, body: bytes, content_type: str | None, host: str) -> RobotsRules:
    """Return the rules of a response to /robots.txt. Pure.

    2xx is parsed (section 2.3.1.1), 4xx means no rules (2.3.1.3), 5xx means nothing is allowed (2.3.1.4). An HTML page
    means that the site blocks us.
    """
    if 200 <= status < 300:
        if is_html(body, content_type) or blocking_sign(status, body, content_type):
            return RobotsRules(fault="disallowed", detail=f"robots.txt of {host} is an HTML page: the site blocks us")
        return RobotsRules(Protego.parse(body.decode("utf-8-sig", errors="replace")))
    if 400 <= status < 500:
        return RobotsRules()
    return RobotsRules(fault="unreachable", detail=f"robots.txt of {host} answers {status}, so nothing may be fetched")


class RobotsMiddleware:
    """Requests the robots.txt of each host once per crawl, before the first request to the host."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._rules: dict[tuple[str, str], RobotsRules] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Check the request against the robots.txt of its host.

        Raises:
            FetchFault: robots.txt does not allow it, or could not be read.
        """
        if request.meta["purpose"] == "robots":
            return
        parts = urlsplit(request.url)
        origin = (parts.scheme, parts.netloc)
        if origin not in self._rules:
            self._rules[origin] = await self._fetch_rules(
                f"{parts.scheme}://{parts.netloc}/robots.txt", shown_host(parts.netloc), request
            )
        self._rules[origin].check(request.url)

    async def _fetch_rules(self, url: str, host: str, page_request: Request) -> RobotsRules:
        meta: dict[str, Any] = {"purpose": "robots", "asked_url": url}
        limits = ("once", "download_timeout", "download_maxsize", "limit")
        copied = ("proxy", *(limits if page_request.meta["purpose"] == "link" else ()))
        meta |= {name: page_request.meta[name] for name in copied if name in page_request.meta}
        request = Request(url, meta=meta, callback=NO_CALLBACK)
        try:
            response: Response = await self._crawler.engine.download_async(request)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            return RobotsRules(fault=fault.fault, detail=f"robots.txt of {host}: {fault.detail}")
        content_type = response.headers.get("Content-Type", b"")
        return read_robots(response.status, response.body, (content_type or b"").decode("latin-1"), host)
