"""Asking again after a fault of the moment: `crawler.backoff` decides, this waits."""

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
    """Repeats a request while the crawl's budget of waiting lasts."""

    def __init__(self) -> None:
        self._spent = 0.0

    def process_request(self, request: Request) -> None:
        """Note when the request set out."""
        request.meta["began"] = monotonic()
        request.meta.pop("fault", None)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Ask again where the answer is a fault of the moment.

        Raises:
            FetchFault: no whole answer came, and it is not asked for again.
        """
        if "fault" in request.meta:
            return await self._after_fault(request)
        retry_after = response.headers.get("Retry-After")
        again = await self._again(request, response.status, retry_after.decode("latin-1") if retry_after else None)
        return again or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Ask again where no whole answer came.

        Raises:
            FetchFault: the same, where it is not asked for again.
        """
        return await self._after_fault(request) if "fault" in request.meta else None

    async def _after_fault(self, request: Request) -> Request:
        fault: FetchFault = request.meta["fault"]
        again = None
        if fault.passing and "began" in request.meta:
            again = await self._again(request, None, None)
        if again is None:
            raise fault
        return again

    async def _again(self, request: Request, status: int | None, retry_after: str | None) -> Request | None:
        if request.meta.get("once") or (status is not None and status < 400):
            return None
        tries = request.meta.get("tries", 1)
        lost = monotonic() - request.meta["began"]
        wait = seconds_to_wait(tries, self._spent + lost, status=status, retry_after=retry_after, now=datetime.now(UTC))
        if wait is None:
            return None
        self._spent += lost + wait
        logger.info("%s: asking again in %.0f s", request.url, wait)
        await asyncio.sleep(wait)
        again = request.copy()
        again.meta["tries"] = tries + 1
        return again
