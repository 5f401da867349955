"""Repeat a request after a transient error.

`crawler.backoff` decides; this middleware waits.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from time import monotonic

from scrapy import Request
from scrapy.http import Response

from foreign_eyes.crawler.backoff import seconds_to_wait
from foreign_eyes.crawler.download_errors import FetchFault

logger = logging.getLogger(__name__)


class RetryingMiddleware:
    """Repeats requests while the crawl's budget for waits lasts."""

    def __init__(self) -> None:
        self._spent = 0.0

    def process_request(self, request: Request) -> None:
        """Note when the request is sent."""
        request.meta["began"] = monotonic()
        request.meta.pop("fault", None)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Repeat the request if the response is a transient error; else return the response.

        Raises:
            FetchFault: the response is not whole, and the request is not repeated.
        """
        if "fault" in request.meta:
            return await self._after_fault(request)
        retry_after = response.headers.get("Retry-After")
        retry = await self._retry(request, response.status, retry_after.decode("latin-1") if retry_after else None)
        return retry or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Repeat the request if no whole response arrived.

        Raises:
            FetchFault: the request is not repeated.
        """
        return await self._after_fault(request) if "fault" in request.meta else None

    async def _after_fault(self, request: Request) -> Request:
        fault: FetchFault = request.meta["fault"]
        retry = None
        if fault.transient and "began" in request.meta:
            retry = await self._retry(request, None, None)
        if retry is None:
            raise fault
        return retry

    async def _retry(self, request: Request, status: int | None, retry_after: str | None) -> Request | None:
        """Wait and return a copy of the request; None if it is not repeated."""
        if request.meta.get("once") or (status is not None and status < 400):
            return None
        tries = request.meta.get("tries", 1)
        lost = monotonic() - request.meta["began"]
        wait = seconds_to_wait(tries, self._spent + lost, status=status, retry_after=retry_after, now=datetime.now(UTC))
        if wait is None:
            return None
        self._spent += lost + wait
        logger.info("%s: next try in %.0f s", request.url, wait)
        await asyncio.sleep(wait)
        retry = request.copy()
        retry.meta["tries"] = tries + 1
        return retry
