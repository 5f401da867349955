"""Running one crawl in this process, from the command line rather than by `scrapy crawl`.

Twisted's reactor starts once in a process: whoever wants a second crawl starts another process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.jobs import Job
from crawler.reading import Progress
from crawler.session import open_session
from crawler.settings import for_source
from crawler.spider import ListingSpider


@dataclass(frozen=True, slots=True)
class Ended:
    """A crawl that has ended: its row of the crawl log, and whether the user stopped it."""

    log_row: dict[str, Any]
    interrupted: bool


def crawl_once(job: Job, on_page: Callable[[Progress], None], *, log_level: str = "WARNING") -> Ended:
    """Crawl once and return how it ended; `on_page` is told of every page read.

    Raises:
        ArchiveError: the archive is in use, or cannot be opened or written.
    """
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict({**for_source(job.source), "LOG_LEVEL": log_level}, priority="cmdline")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with open_session(job) as session:
        process = AsyncCrawlerProcess(settings)
        process.crawl(ListingSpider, session=session, on_page=on_page)
        try:
            process.start()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Ended(session.log_row(), session.interrupted)
