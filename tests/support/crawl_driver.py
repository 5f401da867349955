"""Run many crawls in one process: read `URL ARCHIVE` lines, write crawl_log rows as JSON.

The crawls are those of the command line, except that failed requests are not retried.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from foreign_eyes.crawler.crawl_archive import open_session
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.retrying import RetryingMiddleware
from foreign_eyes.crawler.settings import DOWNLOADER_MIDDLEWARES, for_source
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.crawler.spider import ListingSpider


class Impatient(RetryingMiddleware):
    """A retry middleware whose waiting budget is used up from the start."""

    def __init__(self) -> None:
        super().__init__()
        self._spent = 1e6


async def crawl(url: str, archive: Path) -> dict[str, Any]:
    source = SourceSettings(url=url, delay=0)
    middlewares = {**DOWNLOADER_MIDDLEWARES, "foreign_eyes.crawler.retrying.RetryingMiddleware": None, Impatient: 550}
    settings = Settings()
    settings.setmodule("foreign_eyes.crawler.settings", priority="project")
    ours = {"DOWNLOADER_MIDDLEWARES": middlewares, "DOWNLOAD_TIMEOUT": 5, "LOG_LEVEL": "ERROR"}
    settings.setdict({**for_source(source), **ours}, priority="cmdline")
    with open_session(Job("town", source, archive)) as session:
        await AsyncCrawlerRunner(settings).crawl(ListingSpider, session=session)
        session.end_run()
        return session.log_row()


async def main() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        url, archive = line.split()
        sys.stdout.write(json.dumps(await crawl(url, Path(archive))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    task = asyncio.get_event_loop_policy().get_event_loop().create_task(main())
    task.add_done_callback(lambda done: (reactor.stop(), done.exception()))  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
    task.result()
