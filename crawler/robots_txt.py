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

from foreign_eyes.crawler.crawl_delay import MOST_FOR_A_LINK, PRODUCT, agents_of, asked_delay, kept_delay, parse_robots
from foreign_eyes.crawler.download_errors import FetchFault, fault_of
from foreign_eyes.crawler.host_delays import set_floor
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.listing.host_names import shown_host
from foreign_eyes.listing.parser import blocking_sign, is_html
from foreign_eyes.listing.values import Fault


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What the robots.txt of a host allows: its rules, or nothing because of a fault."""

    parsed: Protego | None = None
    fault: Fault | None = None
    detail: str = ""
    # names whose rules are obeyed: product tokens, or a whole User-Agent
    agents: tuple[str, ...] = (PRODUCT,)

    def check(self, url: str) -> None:
        """Check that `url` may be fetched.

        Raises:
            FetchFault: it may not be fetched.
        """
        if self.fault is not None:
            raise FetchFault(self.fault, self.detail)
        if self.parsed is not None and not all(self.parsed.can_fetch(url, agent) for agent in self.agents):
            raise FetchFault("disallowed", f"robots.txt of {shown_host(urlsplit(url).netloc)} disallows it")

    @property
    def crawl_delay(self) -> float:
        """The seconds to wait between requests, 0 for none."""
        return kept_delay(asked_delay(self.parsed, self.agents)) if self.parsed is not None else 0.0


def read_robots(
    status: int, body: bytes, content_type: str | None, host: str, user_agent: str | None = None
) -> RobotsRules:
    """Return the rules of a response to /robots.txt. Pure.

    The rules for `user_agent`, if the settings of the source give one, are obeyed in addition to those for this program.

    2xx is parsed (section 2.3.1.1), 4xx means no rules (2.3.1.3), 5xx means nothing is allowed (2.3.1.4). An HTML page
    means that the site blocks us. 429 says nothing about the rules, only that we send too much.
    """
    if 200 <= status < 300:
        if is_html(body, content_type) or blocking_sign(status, body, content_type):
            return RobotsRules(fault="disallowed", detail=f"robots.txt of {host} is an HTML page: the site blocks us")
        return RobotsRules(parse_robots(body), agents=agents_of(user_agent))
    if status == 429:
        detail = (
            f"robots.txt of {host} answers 429 (too many requests), so nothing is fetched: wait before the next crawl"
        )
        return RobotsRules(fault="disallowed", detail=detail)
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
        rules = self._rules[origin]
        rules.check(request.url)
        self._keep_delay(request, rules.crawl_delay)

    def _keep_delay(self, request: Request, seconds: float) -> None:
        """Wait as long between requests to the host as its robots.txt asks for.

        Raises:
            FetchFault: the request follows a link, for which that is too long.
        """
        source: SourceSettings = self._crawler.spider.session.job.source  # type: ignore[union-attr]
        host = urlsplit(request.url).hostname or ""
        if request.meta["purpose"] == "link" and seconds > MOST_FOR_A_LINK and host != source.host:
            detail = f"robots.txt of {host} asks for {seconds:g} s between requests, too long for a link"
            raise FetchFault("disallowed", detail)
        request.meta.pop("download_slot", None)  # a redirect copies that of the previous host
        if self._crawler.engine is not None:
            set_floor(self._crawler.engine.downloader, request, seconds)

    async def _fetch_rules(self, url: str, host: str, page_request: Request) -> RobotsRules:
        meta: dict[str, Any] = {"purpose": "robots", "asked_url": url}
        if page_request.meta["purpose"] == "link":
            limits = ("once", "download_timeout", "download_maxsize", "limit")
            meta |= {name: page_request.meta[name] for name in limits if name in page_request.meta}
        request = Request(url, meta=meta, callback=NO_CALLBACK)
        try:
            response: Response = await self._crawler.engine.download_async(request)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            return RobotsRules(fault=fault.fault, detail=f"robots.txt of {host}: {fault.detail}")
        content_type = response.headers.get("Content-Type", b"")
        user_agent: str | None = self._crawler.spider.session.job.source.user_agent  # type: ignore[union-attr]
        return read_robots(response.status, response.body, (content_type or b"").decode("latin-1"), host, user_agent)
