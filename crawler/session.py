"""One crawl in an open archive.

The Scrapy components record exchanges through it, and it settles the crawl.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.captures import Validators, find_validators, load_body, record_capture
from foreign_eyes.archive.crawls import find_crawl
from foreign_eyes.archive.database import translated_errors
from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.overview import log_row
from foreign_eyes.archive.redaction.masking import MaskingParser
from foreign_eyes.archive.settling.clock_records import judge_times
from foreign_eyes.archive.settling.link_rows import close_links, links_to_follow
from foreign_eyes.archive.settling.listed_state import ListedState
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Counts, Fetched, Traffic
from foreign_eyes.crawler.first_contact import unknown_listing
from foreign_eyes.crawler.host_turns import HostTurns
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.link_following import MOST_LINKS
from foreign_eyes.crawler.site_access import SiteAccess
from foreign_eyes.crawler.steady_clock import Clock, steady_clock
from foreign_eyes.crawler.tls_handshakes import Handshakes
from foreign_eyes.listing.values import ListingPage, Parser, Verdict


@dataclass(slots=True)
class Session:
    """A crawl that has begun.

    Attributes:
        hosts: whose turn it is at each host; crawls that run side by side share it.
        proxy: the address of the sample server; None for other sources.
        now: the clock of the crawl.
        traffic: the requests and bytes so far.
        verdict: the verdict, once the crawl is closed.
        is_reading: whether the spider has started.
        stop_wanted: whether a signal asked for the end of the crawl.
        interrupted: whether the signal ended the crawl before it settled.
        fresh: whether the first request for each listing page is unconditional, to bypass caches.
        links_task: the task that follows links after the crawl has settled.
        traffic_when_settled: the traffic when the crawl settled.
        link_captures: how many exchanges behind links were stored.
        archive_error: the error that prevented reading or writing the archive, such as a full disk.
        handshakes: the TLS handshakes so far.
        access: headers, certificates and cookies for the source's own host.
    """

    job: Job
    db: Database
    crawl_id: int
    proxy: str | None
    parser: Parser
    access: SiteAccess
    hosts: HostTurns = field(default_factory=HostTurns)
    now: Clock = field(default_factory=steady_clock)
    traffic: Traffic = field(default_factory=Traffic)
    verdict: Verdict | None = None
    is_reading: bool = False
    stop_wanted: bool = False
    interrupted: bool = False
    fresh: bool = False
    _answered_fresh: set[str] = field(default_factory=set)
    links_task: Future[None] | None = None
    traffic_when_settled: Traffic = field(default_factory=Traffic)
    link_captures: int = 0
    archive_error: ArchiveError | None = None
    handshakes: Handshakes = field(default_factory=Handshakes)

    @contextmanager
    def keeping_archive_errors(self) -> Iterator[None]:
        """Keep errors of the archive, because Scrapy would only log them.

        Leaving the session raises them.

        Raises:
            ArchiveError: the archive could not be read or written.
        """
        try:
            with translated_errors(self.job.archive):
                yield
        except ArchiveError as error:
            self.archive_error = error
            raise

    def listed_state(self) -> ListedState:
        """Return the listing of the source as the archive has it."""
        return ListedState(self.db, self.job.name, self.job.source.url, self.parser)

    def describe_unknown(self, listing: ListingPage) -> str:
        """Return why page 1 of a source that never settled is refused without the heading."""
        return unknown_listing(self.job.name, self.job.source, listing, configured=self.job.configured)

    def masking_parser(self) -> Parser:
        """Return the parser for reading; it hides redacted words from the checks and from reasons."""
        return MaskingParser(self.db, self.job.name, self.parser)

    def validators(self, url: str) -> Validators | None:
        """Return the validators for a conditional request for `url`, or None."""
        return find_validators(self.db, url, self.crawl_id)

    def asks_fresh(self, url: str) -> bool:
        """Return whether to request a listing page unconditionally.

        A fresh crawl does so until it has received the page.
        """
        return self.fresh and url not in self._answered_fresh

    def body(self, body_sha256: str) -> bytes:
        """Return a stored body."""
        return load_body(self.db, body_sha256)

    def record(self, fetched: Fetched) -> None:
        """Store a capture, durably."""
        record_capture(self.db, self.crawl_id, fetched)
        if fetched.asked_fresh and fetched.fault is None and (fetched.status or 500) < 400:
            self._answered_fresh.add(fetched.url)
        self.link_captures += fetched.purpose == "link"

    def count_request(self) -> None:
        """Count a request that is about to be sent."""
        self.traffic = replace(self.traffic, requests=self.traffic.requests + 1)

    def count_response(self, status: int, size: int) -> None:
        """Count a response and the bytes of its body before decoding."""
        not_modified = self.traffic.not_modified + (status == 304)
        self.traffic = replace(self.traffic, not_modified=not_modified, bytes=self.traffic.bytes + size)

    def judge_times(self, verdict: Verdict) -> Verdict:
        """Return the verdict after comparing the clocks of this machine and the site."""
        return judge_times(self.db, self.crawl_id, verdict, accept=self.job.accept)

    def finish(self, verdict: Verdict) -> Counts:
        """Settle the crawl by its verdict. Called once."""
        counts = settle(
            self.db,
            self.crawl_id,
            verdict,
            self.parser,
            self.traffic,
            at=self.now(),
            authority=self.job.authority,
        )
        self.verdict = verdict
        self.traffic_when_settled = self.traffic
        return counts

    def links_to_follow(self) -> list[str]:
        """Return the URLs of the links to follow in this run; none unless the crawl has settled."""
        if self.verdict is None or not self.verdict.settles:
            return []
        source_id = find_crawl(self.db, self.crawl_id).source_id
        return links_to_follow(self.db, source_id, MOST_LINKS)

    def end_run(self) -> None:
        """End the run: close a crawl that has not settled, and record the outcomes of links.

        A second call changes nothing.

        Raises:
            ArchiveError: the archive could not be read or written during the run.
        """
        links_task, self.links_task = self.links_task, None
        if self.archive_error is None:
            if self.verdict is None:
                self.finish(Verdict("failed", "the run ended before the listing was read"))
            if links_task is not None:
                with self.keeping_archive_errors():
                    traffic = self.traffic.since(self.traffic_when_settled)
                    close_links(self.db, self.crawl_id, self.parser, traffic, self.now())
            return
        error, self.archive_error = self.archive_error, None
        if self.verdict is None:
            verdict = self.verdict = Verdict("failed", "the archive could not be read or written during the crawl")
            with suppress(ArchiveError), translated_errors(self.job.archive):
                self.finish(verdict)  # if this fails, the next crawl closes the row
        raise error

    def log_row(self) -> dict[str, Any]:
        """Return the row of the crawl in `crawl_log`."""
        return log_row(self.db, self.crawl_id)
