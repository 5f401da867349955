"""Run crawls in this process, for the command line.

Twisted's reactor starts only once in a process. The crawls of one call share it; a later call needs another process.
"""

from __future__ import annotations

from asyncio import ensure_future
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.session import Session, open_session
from foreign_eyes.crawler.settings import for_source
from foreign_eyes.crawler.spider import ListingSpider
from foreign_eyes.listing.reader import CrawlProgress

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


def crawl_in_turn(
    job: Job,
    times: int,
    on_page: Callable[[CrawlProgress], None],
    *,
    log_level: str = "WARNING",
    signals: HandleSignals | None = None,
    on_accept: Callable[[str], None] = lambda effects: None,
    spider: type[ListingSpider] = ListingSpider,
    **options: Any,
) -> list[EndedCrawl]:
    """Crawl a source up to `times` times in a row and return the crawls.

    A crawl that does not end well is the last.

    Args:
        job: the crawl.
        times: the most crawls.
        on_page: called after each page.
        log_level: the level of Scrapy's log.
        signals: handles stop signals. A stopped crawl closes its row in the archive and settles nothing. Scrapy's own
            handlers are not used, because they would skip that on a second Ctrl-C.
        on_accept: called with what settling an accepted listing will change.
        spider: the spider class.
        options: more arguments for the spider.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    settings = Settings()
    settings.setmodule("foreign_eyes.crawler.settings", priority="project")
    settings.setdict({**for_source(job.source), "LOG_LEVEL": log_level}, priority="cmdline")
    with ExitStack() as sessions:
        sequence = _CrawlSequence(job, times, spider, {"on_page": on_page, "on_accept": on_accept, **options}, sessions)
        session = sequence.open_session()
        with signals(sequence.stop) if signals else nullcontext():
            sequence.process = AsyncCrawlerProcess(settings)
            sequence.crawl(session)
            sequence.process.start(install_signal_handlers=False)
    if sequence.error is not None:
        raise sequence.error
    return sequence.ended


@dataclass(slots=True)
class _CrawlSequence:
    """Crawls in one reactor; each starts when the previous one has ended."""

    job: Job
    times: int
    spider: type[ListingSpider]
    options: dict[str, Any]
    sessions: ExitStack
    process: AsyncCrawlerProcess | None = None
    session: Session | None = None
    ended: list[EndedCrawl] = field(default_factory=list)
    error: Exception | None = None
    is_stopped: bool = False

    def open_session(self) -> Session:
        """Open the session of the next crawl.

        Raises:
            ArchiveError: the archive is in use, or cannot be opened or written.
        """
        self.session = self.sessions.enter_context(open_session(self.job))
        self.session.stop_wanted = self.is_stopped
        return self.session

    def crawl(self, session: Session) -> None:
        """Start the crawl of a session."""
        assert self.process is not None  # noqa: S101 - made before the first crawl
        task = self.process.crawl(self.spider, session=session, **self.options)
        # Scrapy stops the reactor when no crawl is left; this callback runs before that check
        task.add_done_callback(lambda _task: self._end(session))

    def stop(self, _number: int) -> None:
        """Stop the running crawl and start no other."""
        self.is_stopped = True
        if self.session is not None:
            self.session.stop_wanted = True
        if self.process is not None:
            from twisted.internet import reactor  # noqa: PLC0415 - AsyncCrawlerProcess installs it

            reactor.callFromThread(lambda: ensure_future(self._stop_reading()))

    async def _stop_reading(self) -> None:
        """Stop the engine if it runs.

        Scrapy would mark an engine that has not started as stopped and wait forever.
        """
        session, process = self.session, self.process
        if session is None or process is None or not session.is_reading:
            return
        if session.verdict is None:
            await process.stop()
        elif session.links_task is not None:
            session.links_task.cancel()  # the crawl has settled and ends well; the other links are skipped

    def _end(self, session: Session) -> None:
        """Close the session and start the next crawl.

        Keep an exception, because asyncio would only log it.
        """
        try:
            session.end_run()
            is_last = len(self.ended) + 1 >= self.times
            interrupted = session.interrupted or (self.is_stopped and not is_last)
            self.ended.append(EndedCrawl(session.log_row(), interrupted))
            self.sessions.close()
            self.session = None
            if self.ended[-1].went_well and not (is_last or self.is_stopped):
                self.crawl(self.open_session())
        except Exception as error:
            self.error = error
