"""The spider, which fetches pages for `listing.reader` and follows the links of the listing.

The listing is read in one coroutine instead of callbacks, because pages are requested strictly in order, one at a time, and
each response decides the next request. Requests pass through Scrapy's downloader and all its middlewares.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.values import Fetched
from foreign_eyes.crawler.crawl_archive import open_session
from foreign_eyes.crawler.download_errors import fault_of
from foreign_eyes.crawler.fetchable_urls import printable
from foreign_eyes.crawler.host_delays import floor_of
from foreign_eyes.crawler.link_following import EXCHANGE_SECONDS, MOST_BYTES, Limits, follow_links
from foreign_eyes.crawler.scrapy_arguments import job_of_arguments
from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.settings import for_source
from foreign_eyes.crawler.ssrf_guard import AddressRules, rules_of_this_crawl
from foreign_eyes.listing.fetch_results import FetchResult
from foreign_eyes.listing.host_names import ascii_url
from foreign_eyes.listing.reader import CrawlProgress, ListingReader
from foreign_eyes.listing.values import Verdict


class ListingSpider(Spider):
    """Reads one source's listing into the archive: `scrapy crawl listing -a source=NAME`."""

    name = "listing"

    def __init__(
        self,
        session: Session,
        on_page: Callable[[CrawlProgress], None] = lambda progress: None,
        on_accept: Callable[[str], None] = lambda effects: None,
    ):
        super().__init__()
        self.session = session
        self._on_page = on_page
        self._on_accept = on_accept
        self._resources = ExitStack()
        proxies = session.access.proxies.hosts | ({"127.0.0.1"} if session.proxy else set())
        self.address_rules = AddressRules(frozenset({session.job.source.host}), proxies)
        rules_of_this_crawl.set(self.address_rules)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Return the spider with the given session; without one, open one for the spider's arguments."""
        if "session" in kwargs:
            spider = super().from_crawler(crawler, *args, **kwargs)
        else:
            job = job_of_arguments(kwargs, crawler.settings)
            crawler.settings.setdict(for_source(job.source), priority="cmdline")
            resources = ExitStack()
            spider = super().from_crawler(crawler, session=resources.enter_context(open_session(job)))
            spider._resources = resources
        crawler.signals.connect(spider._closed, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Read the listing, settle the crawl, follow links."""
        self.begin()
        with suppress(ArchiveError):  # the session raises it when it is closed
            await self._crawl()
        for item in list[Any]():  # the spider yields no items: its results are in the archive
            yield item

    def begin(self) -> None:
        """Note that reading starts; end the spider if a stop signal has arrived already."""
        self.session.is_reading = True
        if self.session.stop_wanted:
            raise CloseSpider("shutdown")

    def reader(self) -> ListingReader:
        """Return the reader for the listing of the session."""
        session = self.session
        return ListingReader(
            session.job.source.url,
            self._fetch_page,
            session.masking_parser(),
            session.listed_state(),
            mode=session.job.mode,
            accept=session.job.accept,
            on_page=self._on_page,
            on_accept=self._on_accept,
            describe_unknown=session.describe_unknown,
        )

    async def _crawl(self) -> None:
        session = self.session
        with session.keeping_archive_errors():
            verdict = await self.reader().read()
            session.finish(session.judge_times(verdict))
            if urls := session.links_to_follow():
                session.links_task = asyncio.ensure_future(self._follow_all(urls))
                with suppress(asyncio.CancelledError):
                    await session.links_task

    async def _fetch_page(self, url: str, *, page: int, pass_number: int) -> FetchResult:
        return await self._fetch(url, {"purpose": "listing", "page": page, "pass_number": pass_number})

    async def _follow_all(self, urls: list[str]) -> None:
        """Follow the links of a crawl that has settled; they cannot change it."""
        await follow_links(
            urls,
            self._follow,
            self._give_up,
            limits=Limits.with_delay(self._delay()),
            is_stopped=lambda: self.session.stop_wanted or not self.crawler.engine.running,
        )

    def _delay(self) -> float:
        """Return the seconds between two requests to the source's host, by its settings and its robots.txt."""
        source, engine = self.session.job.source, self.crawler.engine
        floor = floor_of(engine.downloader, source.host) if engine is not None else 0.0
        return max(source.seconds_between_requests, floor)

    async def _follow(self, url: str, limit: asyncio.Timeout) -> None:
        """Fetch the target of a link once; the capture middleware stores the response."""
        before = self.session.link_captures
        limits = {"once": True, "download_timeout": EXCHANGE_SECONDS, "download_maxsize": MOST_BYTES, "limit": limit}
        try:
            await self._fetch(url, {"purpose": "link", **limits})
        except Exception as error:
            if self.session.link_captures == before or isinstance(error, sqlite3.Error):
                raise  # nothing about the link is stored yet

    def _give_up(self, url: str, reason: str) -> None:
        """Store the reason why a link brought no response."""
        self.session.record(Fetched("link", url, url, self.session.now(), fault="unreachable", detail=reason))

    async def _fetch(self, url: str, meta: dict[str, Any]) -> FetchResult:
        try:
            request = Request(ascii_url(url), meta={**meta, "asked_url": url}, callback=NO_CALLBACK, dont_filter=True)
        except ValueError:  # a link can be any text
            return FetchResult(url, url, fault="unreachable", detail=f"the URL {printable(url)!r} is malformed")
        try:
            response: Response = await self.crawler.engine.download_async(request)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            return FetchResult(url, url, fault=fault.fault, detail=fault.detail)
        return FetchResult(
            asked_url=url,
            url=response.url,
            status=response.status,
            body=response.body,
            body_sha256=response.meta["body_sha256"],
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1") or None,
            not_modified="not modified" in response.flags,
            may_be_cut="may be cut" in response.flags,
        )

    def _closed(self, reason: str) -> None:
        if self.session.verdict is None and self.session.archive_error is None:
            self.session.interrupted = reason == "shutdown"
            failure = (
                "the run was interrupted"
                if self.session.interrupted
                else f"a bug in this program ({reason}); run with --verbose and report it"
            )
            self.session.finish(Verdict("failed", failure))
        self._resources.close()
