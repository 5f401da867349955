"""Send requests through the proxy of the crawl.

The middleware comes after redirects and robots.txt, so that each request gets the proxy of its own URL.
"""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from foreign_eyes.crawler.session import Session


class Proxying:
    """Sets the proxy of each request, with the login of that proxy alone."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Set or remove the proxy; the requests for the sample go to its server."""
        session: Session = self._crawler.spider.session  # type: ignore[union-attr]
        request.headers.pop("Proxy-Authorization", None)  # a redirect copies it
        proxy = session.access.proxies.proxy_for(request.url)
        request.meta["proxy"] = session.proxy or (proxy.url if proxy is not None else None)
        if proxy is not None and proxy.authorization is not None:
            request.headers["Proxy-Authorization"] = proxy.authorization
