"""`scrapy crawl listing`: one crawl, with the exit codes of `foreign-eyes crawl`.

Scrapy's own command ends with 0 when a crawl fails. This one writes outcome and counts to standard output and logs the
reason of a crawl that does not end well as an error. So Scrapyd's log has the exit code and the outcome of a job, and the
job's own log has an error if it failed.
"""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from foreign_eyes.crawler.crawl_archive import open_session
from foreign_eyes.crawler.exit_status import DONE, INTERRUPTED, OF_OUTCOME, of_error
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.scrapy_arguments import job_of_arguments
from foreign_eyes.crawler.settings import for_source

_SHOWN = ("crawl_id", "source", "outcome", "pages", "entries", "new", "revised", "withdrawn", "returned", "requests")

logger = logging.getLogger(__name__)


class Command(ScrapyCrawl):
    """Crawl a source into the archive."""

    def short_desc(self) -> str:
        """Return the line that `scrapy --help` shows."""
        return "Crawl a source into the archive: scrapy crawl listing -a source=NAME"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit code."""
        if len(args) != 1:
            raise UsageError
        assert self.settings is not None  # noqa: S101 - Scrapy sets it
        try:
            row, interrupted = self._crawl(args[0], job_of_arguments(opts.spargs, self.settings))
        except Exception as error:
            if (code := of_error(error)) is None:
                raise
            logger.error("%s", error)
            self.exitcode = code
            return
        self.exitcode = INTERRUPTED if interrupted else OF_OUTCOME[row["outcome"]]
        # not JSON: Scrapyd takes a brace in the output of a job for a format, and writes an error in its place
        sys.stdout.write(" ".join(f"{name}={row[name]}" for name in _SHOWN) + "\n")
        if row["reason"]:
            level = logging.WARNING if self.exitcode == DONE else logging.ERROR
            logger.log(level, "%s: %s: %s", row["source"], row["outcome"], row["reason"])

    def _crawl(self, spider: str, job: Job) -> tuple[dict[str, Any], bool]:
        """Crawl, and return the row of `crawl_log` and whether a signal ended the crawl."""
        assert self.crawler_process is not None  # noqa: S101 - the same
        crawler = self._create_crawler(spider)
        crawler.settings.setdict(for_source(job.source), priority="cmdline")
        with open_session(job) as session:
            self.crawler_process.crawl(crawler, session=session)
            self.crawler_process.start()
            session.end_run()
            return session.log_row(), session.interrupted
