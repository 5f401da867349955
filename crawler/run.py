"""Running crawls in this process, from the command line rather than by `scrapy crawl`.

Twisted's reactor starts once in a process: crawls of one call share it, one after the other; a later one needs another process.
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

# a context manager: while inside, a signal that asks us to stop calls the function with its number
HandleSignals = Callable[[Callable[[int], None]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """A crawl that has ended: its row of the crawl log, and whether the user stopped it."""

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
) -> list[Ended]:
    """Crawl a source `times` times in a row and return how each crawl ended; one that does not end well is the last.

    `on_page` is called for every page read, `on_accept` with what an accepted listing will do, before it is settled. One of
    `signals` stops the crawl: its row in the archive is closed, and nothing is decided. Scrapy's own handlers are not used,
    because a second Ctrl-C would make them skip that.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    settings = Settings()
    settings.setmodule("foreign_eyes.crawler.settings", priority="project")
    settings.setdict({**for_source(job.source), "LOG_LEVEL": log_level}, priority="cmdline")
    with ExitStack() as sessions:
        turns = _Turns(job, times, spider, {"on_page": on_page, "on_accept": on_accept, **options}, sessions)
        session = turns.open_session()
        with signals(turns.stop) if signals else nullcontext():
            turns.process = AsyncCrawlerProcess(settings)
            turns.crawl(session)
            turns.process.start(install_signal_handlers=False)
    if turns.error is not None:
        raise turns.error
    return turns.ended


@dataclass(slots=True)
class _Turns:
    """Crawls that follow each other in one reactor: each begins when the one before has ended."""

    job: Job
    times: int
    spider: type[ListingSpider]
    options: dict[str, Any]
    sessions: ExitStack
    process: AsyncCrawlerProcess | None = None
    session: Session | None = None
    ended: list[Ended] = field(default_factory=list)
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
        # Scrapy stops the reactor when no crawl is left; this callback runs before it looks
        task.add_done_callback(lambda _task: self._end(session))

    def stop(self, _number: int) -> None:
        """Stop the crawl that runs, and begin no other."""
        self.is_stopped = True
        if self.session is not None:
            self.session.stop_wanted = True
        if self.process is not None:
            from twisted.internet import reactor  # noqa: PLC0415 - the process installs it

            reactor.callFromThread(lambda: ensure_future(self._stop_reading()))

    async def _stop_reading(self) -> None:
        """Stop the engine if it is running; before that, Scrapy would mark it as stopped and then wait forever."""
        session, process = self.session, self.process
        if session is None or process is None or not session.is_reading:
            return
        if session.ended is None:
            await process.stop()
        elif session.following is not None:
            session.following.cancel()  # the crawl has settled: it ends well, with the other links not followed

    def _end(self, session: Session) -> None:
        """Close the session and begin the next crawl; asyncio would only log what is raised here, so it is kept."""
        try:
            session.end_run()
            is_last = len(self.ended) + 1 >= self.times
            interrupted = session.interrupted or (self.is_stopped and not is_last)
            self.ended.append(Ended(session.log_row(), interrupted))
            self.sessions.close()
            self.session = None
            if self.ended[-1].went_well and not (is_last or self.is_stopped):
                self.crawl(self.open_session())
        except Exception as error:
            self.error = error
