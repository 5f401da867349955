"""Running crawls in this process, from the command line rather than by `scrapy crawl`.

Twisted's reactor starts once in a process: crawls of one call share it, one after the other; a later one needs another process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.jobs import Job
from crawler.reading import Progress
from crawler.session import Session, open_session
from crawler.settings import for_source
from crawler.spider import ListingSpider


@dataclass(frozen=True, slots=True)
class Ended:
    """A crawl that has ended: its row of the crawl log, and whether the user stopped it."""

    log_row: dict[str, Any]
    interrupted: bool

    @property
    def went_well(self) -> bool:
        """Whether the whole listing was read."""
        return self.log_row["outcome"] in ("complete", "unchanged")


def crawl_once(job: Job, on_page: Callable[[Progress], None], *, log_level: str = "WARNING") -> Ended:
    """Crawl once and return how it ended; `on_page` is called for every page read.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    return crawl_in_turn(job, 1, on_page, log_level=log_level)[-1]


def crawl_in_turn(
    job: Job, times: int, on_page: Callable[[Progress], None], *, log_level: str = "WARNING"
) -> list[Ended]:
    """Crawl a source `times` times in a row and return how each crawl ended; one that does not end well is the last.

    `on_page` is called for every page read.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict({**for_source(job.source), "LOG_LEVEL": log_level}, priority="cmdline")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with ExitStack() as sessions:
        turns = _Turns(job, times, on_page, AsyncCrawlerProcess(settings), sessions)
        turns.begin()
        try:
            turns.process.start()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    if turns.error is not None:
        raise turns.error
    return turns.ended


@dataclass(slots=True)
class _Turns:
    """Crawls that follow each other in one reactor: each begins when the one before has ended."""

    job: Job
    times: int
    on_page: Callable[[Progress], None]
    process: AsyncCrawlerProcess
    sessions: ExitStack
    ended: list[Ended] = field(default_factory=list)
    error: Exception | None = None

    def begin(self) -> None:
        """Open a session of its own for the next crawl, and start it.

        Raises:
            ArchiveError: the archive is in use, or cannot be opened or written.
        """
        session = self.sessions.enter_context(open_session(self.job))
        task = self.process.crawl(ListingSpider, session=session, on_page=self.on_page)
        # Scrapy stops the reactor when no crawl is left; this callback runs before it looks
        task.add_done_callback(lambda _task: self._end(session))

    def _end(self, session: Session) -> None:
        """Close the session and begin the next crawl; asyncio would only log what is raised here, so it is kept."""
        try:
            session.close_unfinished()
            self.ended.append(Ended(session.log_row(), session.interrupted))
            self.sessions.close()
            if len(self.ended) < self.times and self.ended[-1].went_well:
                self.begin()
        except Exception as error:
            self.error = error
