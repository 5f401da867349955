"""Run crawls in this process, for the command line: one source several times in a row, or many sources side by side.

Twisted's reactor starts only once in a process. The crawls of one call share it; a later call needs another process.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from foreign_eyes.archive.errors import ArchiveError, MixedSources, SourceRenamed
from foreign_eyes.crawler.crawl_archive import CrawlArchive, open_for_crawls
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.run_log import logging_to_own_handler
from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.settings import for_source
from foreign_eyes.crawler.site_access import read_site_access
from foreign_eyes.crawler.sources import SiteSettingError
from foreign_eyes.crawler.spider import ListingSpider
from foreign_eyes.listing.reader import CrawlProgress

# crawls that run side by side; more do not make a round faster, because all share one processor
MOST_AT_ONCE = 32

# a context manager: inside it, a stop signal calls the function with the signal number
HandleSignals = Callable[[Callable[[int], None]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class EndedCrawl:
    """A crawl that has ended: its row of `crawl_log`, and whether the user stopped it."""

    log_row: dict[str, Any]
    interrupted: bool

    @property
    def went_well(self) -> bool:
        """Whether the whole listing was read."""
        return self.log_row["outcome"] in ("complete", "unchanged")


@dataclass(frozen=True, slots=True)
class CrawlWatcher:
    """What is called while crawls run.

    Attributes:
        on_begin: called with the name of the source when its crawl begins.
        on_page: called after each page, with the source.
        on_accept: called with the source and what settling an accepted listing will change.
        on_end: called with each crawl that has ended.
    """

    on_begin: Callable[[str], None] = lambda source: None
    on_page: Callable[[str, CrawlProgress], None] = lambda source, progress: None
    on_accept: Callable[[str, str], None] = lambda source, effects: None
    on_end: Callable[[EndedCrawl], None] = lambda ended: None


@dataclass(slots=True)
class CrawlsDone:
    """The result of a run.

    Attributes:
        ended: the crawls that began, in the order in which they ended.
        refused: the sources whose crawl could not begin, each with the reason.
        error: the error of the archive, such as a full disk, that ended the run; None if there was none.
    """

    ended: list[EndedCrawl] = field(default_factory=list)
    refused: dict[str, ArchiveError | SiteSettingError] = field(default_factory=dict)
    error: Exception | None = None


def crawl_in_turn(
    job: Job,
    times: int,
    watcher: CrawlWatcher,
    *,
    log_level: str = "WARNING",
    signals: HandleSignals | None = None,
    spider: type[ListingSpider] = ListingSpider,
    **options: Any,
) -> list[EndedCrawl]:
    """Crawl a source up to `times` times in a row and return the crawls.

    A crawl that does not end well is the last.

    Args:
        job: the crawl.
        times: the most crawls.
        watcher: what is called while the crawls run.
        log_level: the level of Scrapy's log.
        signals: handles stop signals. A stopped crawl closes its row in the archive and settles nothing. Scrapy's own
            handlers are not used, because they would skip that on a second Ctrl-C.
        spider: the spider class.
        options: more arguments for the spider.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written, or does not take the source.
        SiteSettingError: a file or variable that the settings of the source name cannot be used.
    """
    read_site_access(job.name, job.source, os.environ)  # before an archive is created
    with open_for_crawls(job.archive, what=f"a crawl of {job.name}", authority=job.authority) as archive:
        crawls = _Crawls(archive, [[job] * times], watcher, spider, options, at_once=1, ends_on_failure=True)
        done = crawls.run(log_level, signals)
    for error in (done.error, *done.refused.values()):
        if error is not None:
            raise error
    return done.ended


def crawl_side_by_side(
    jobs: Sequence[Job],
    watcher: CrawlWatcher,
    *,
    log_level: str = "WARNING",
    signals: HandleSignals | None = None,
    at_once: int = MOST_AT_ONCE,
) -> CrawlsDone:
    """Crawl several sources into one archive, those of different hosts side by side.

    Sources on one host are crawled in turn. A crawl that fails does not stop the others.

    Args:
        jobs: the crawls, all with the same archive.
        watcher: what is called while the crawls run.
        log_level: the level of Scrapy's log.
        signals: handles stop signals, as in `crawl_in_turn`.
        at_once: the most crawls that run at the same time.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    what = f"a crawl of {jobs[0].name}" if len(jobs) == 1 else f"a crawl of {len(jobs)} sources"
    with open_for_crawls(jobs[0].archive, what=what, authority=jobs[0].authority) as archive:
        crawls = _Crawls(archive, lines_by_host(jobs), watcher, ListingSpider, {}, at_once=at_once)
        return crawls.run(log_level, signals)


def lines_by_host(jobs: Iterable[Job]) -> list[list[Job]]:
    """Return the jobs of each host, which are crawled in turn; the longest lines first, since they take longest. Pure."""
    lines: dict[str, list[Job]] = {}
    for job in jobs:
        lines.setdefault(urlsplit(job.source.url).hostname or "", []).append(job)
    return sorted(lines.values(), key=len, reverse=True)


@dataclass(slots=True)
class _Running:
    """A crawl that runs, with the sources that wait for its host."""

    session: Session
    resources: ExitStack
    crawler: Crawler
    waiting: deque[Job]


class _Crawls:
    """The crawls of one run in one reactor; when one ends, the next starts."""

    def __init__(
        self,
        archive: CrawlArchive,
        lines: Iterable[Iterable[Job]],
        watcher: CrawlWatcher,
        spider: type[ListingSpider],
        options: Mapping[str, Any],
        *,
        at_once: int,
        ends_on_failure: bool = False,
    ):
        self._archive = archive
        self._lines = deque(map(deque, lines))
        self._watcher = watcher
        self._spider = spider
        self._options = options
        self._at_once = at_once
        self._ends_on_failure = ends_on_failure
        self._process: AsyncCrawlerProcess
        self._running: list[_Running] = []
        self._is_stopped = False
        self._done = CrawlsDone()

    def run(self, log_level: str, signals: HandleSignals | None) -> CrawlsDone:
        """Run the crawls until all have ended or a signal stops them."""
        settings = Settings()
        settings.setmodule("foreign_eyes.crawler.settings", priority="project")
        with logging_to_own_handler(settings, log_level), signals(self._stop) if signals else nullcontext():
            self._process = AsyncCrawlerProcess(settings)
            try:
                self._start_more()
                if self._running:
                    self._process.start(install_signal_handlers=False)
            finally:
                for running in self._running:  # the reactor has ended without them
                    running.resources.close()
        return self._done

    def _start_more(self) -> None:
        """Start crawls of waiting lines, up to the most at once."""
        while self._lines and len(self._running) < self._at_once and self._continues:
            self._start_next(self._lines.popleft())

    @property
    def _continues(self) -> bool:
        return not self._is_stopped and self._done.error is None

    def _start_next(self, line: deque[Job]) -> None:
        """Start the next crawl of a line; a source that the archive refuses, or that lacks a secret, is skipped."""
        while line and self._continues:
            job = line.popleft()
            with ExitStack() as resources:
                try:
                    session = resources.enter_context(self._archive.begin(job))
                except (MixedSources, SourceRenamed, SiteSettingError) as error:
                    self._done.refused[job.name] = error
                    continue
                except ArchiveError as error:
                    self._done.error = error
                    return
                self._crawl(_Running(session, resources.pop_all(), self._crawler(job), line))
                return

    def _crawler(self, job: Job) -> Crawler:
        """Return a crawler with the settings of the source."""
        crawler = self._process.create_crawler(self._spider)
        crawler.settings.setdict(for_source(job.source), priority="cmdline")
        return crawler

    def _crawl(self, running: _Running) -> None:
        job = running.session.job
        running.session.stop_wanted = self._is_stopped
        self._running.append(running)
        self._watcher.on_begin(job.name)
        task = self._process.crawl(
            running.crawler,
            session=running.session,
            on_page=partial(self._watcher.on_page, job.name),
            on_accept=partial(self._watcher.on_accept, job.name),
            **self._options,
        )
        # Scrapy stops the reactor when no crawl is left; this callback runs before that check
        task.add_done_callback(lambda _task: self._end(running))

    def _end(self, running: _Running) -> None:
        """Close the session and start the next crawls.

        Keep an exception, because asyncio would only log it.
        """
        self._running.remove(running)
        try:
            with running.resources:
                running.session.end_run()
                is_over = self._is_stopped and bool(running.waiting) and self._ends_on_failure
                ended = EndedCrawl(running.session.log_row(), running.session.interrupted or is_over)
            self._done.ended.append(ended)
            self._watcher.on_end(ended)
            if running.waiting and (ended.went_well or not self._ends_on_failure):
                self._start_next(running.waiting)
            self._start_more()
        except Exception as error:
            self._done.error = self._done.error or error

    def _stop(self, _number: int) -> None:
        """Stop the running crawls and start no others."""
        self._is_stopped = True
        for running in self._running:
            running.session.stop_wanted = True
        from twisted.internet import reactor  # noqa: PLC0415 - AsyncCrawlerProcess installs it

        reactor.callFromThread(lambda: asyncio.ensure_future(self._stop_reading()))

    async def _stop_reading(self) -> None:
        """Stop the engines that run.

        Scrapy would mark an engine that has not started as stopped and wait forever.
        """
        reading = [running for running in self._running if running.session.is_reading]
        for running in reading:
            if running.session.verdict is not None and running.session.links_task is not None:
                running.session.links_task.cancel()  # it has settled and ends well; the other links are skipped
        await asyncio.gather(*(r.crawler.stop_async() for r in reading if r.session.verdict is None))
