"""Send the headers and cookies of a source to its own host, and to no other.

A redirect copies a request with its headers, so each request is stripped before it is decided what it gets.
"""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from scrapy.utils.httpobj import urlparse_cached

from foreign_eyes.crawler.site_access import SiteAccess


class SiteHeaders:
    """Adds the configured headers to requests for the source's scheme, host and port, except those that follow links."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Set the configured headers, or take them away."""
        access = _access(self._crawler)
        if not access.headers:
            return
        is_own = _is_for_listing(request) and access.is_own_origin(request.url)
        defaults = self._crawler.settings.getdict("DEFAULT_REQUEST_HEADERS")
        for name, value in access.headers.items():
            request.headers.pop(name, None)
            if is_own:
                request.headers[name] = value
            elif name.title() in defaults:
                request.headers[name] = defaults[name.title()]


class SiteCookies:
    """Keeps the cookies of the source's host within one crawl, if its settings allow that.

    Scrapy's own middleware would also send them to other hosts of the same domain, and asks publicsuffix.org for its list.
    """

    def __init__(self, crawler: Crawler):
        self._crawler = crawler
        self._jar = CookieJar()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Send the cookies of the source's host to it."""
        if not _access(self._crawler).cookies:
            return
        request.headers.pop("Cookie", None)
        if self._is_own(request):
            self._jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep the cookies that the source's host sets."""
        if _access(self._crawler).cookies and self._is_own(request):
            self._jar.extract_cookies(response, request)
        return response

    def _is_own(self, request: Request) -> bool:
        host = urlparse_cached(request).hostname or ""
        return _is_for_listing(request) and _access(self._crawler).is_own_host(host)


def _is_for_listing(request: Request) -> bool:
    return request.meta["purpose"] in ("listing", "robots")


def _access(crawler: Crawler) -> SiteAccess:
    access: SiteAccess = crawler.spider.session.access  # type: ignore[union-attr]
    return access
