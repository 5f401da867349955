"""Scrapy's download handlers for http and https, which send a request when it is the crawl's turn at the host."""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.tls_errors import ExplainedHttps


class HttpInTurn(HTTP11DownloadHandler):
    """Scrapy's handler for http, in turn with the other crawls of this process."""

    async def download_request(self, request: Request) -> Response:
        """Wait for a turn at the host, then download."""
        return await _in_turn(self._crawler, request, super().download_request)


class HttpsInTurn(ExplainedHttps):
    """The handler for https, in turn with the other crawls of this process."""

    async def download_request(self, request: Request) -> Response:
        """Wait for a turn at the host, then download."""
        return await _in_turn(self._crawler, request, super().download_request)


async def _in_turn(crawler: Any, request: Request, download: Any) -> Response:
    session: Session = crawler.spider.session
    delay = crawler.engine.downloader.slots[request.meta["download_slot"]].delay
    host = urlparse_cached(request).hostname or ""
    async with session.hosts.turn(host, delay, request.meta.get("limit")):
        response: Response = await download(request)
        return response
