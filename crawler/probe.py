"""Read one page as a crawl would, and keep nothing.

The page is fetched by the spider and the middlewares of a crawl, into an archive in a temporary folder.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from foreign_eyes.archive.captures import find_exchanges
from foreign_eyes.archive.times import from_text
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.proxy_rules import Proxy
from foreign_eyes.crawler.run import CrawlWatcher, HandleSignals, crawl_in_turn
from foreign_eyes.crawler.spider import ListingSpider
from foreign_eyes.listing.fetch_results import FetchResult
from foreign_eyes.listing.http_dates import read_http_date
from foreign_eyes.listing.pagination import next_urls
from foreign_eyes.listing.values import ListingPage, Verdict

FINE = "page 1 would be accepted; a crawl reads all pages, twice"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a crawl would see of one page.

    Attributes:
        result: the response.
        listing: the parsed page; None if no page arrived.
        verdict: the verdict with which a crawl would end here; None if it would read on.
        captures: all exchanges, robots.txt included.
        proxy: the proxy of the page; None for a direct connection.
    """

    result: FetchResult
    listing: ListingPage | None
    verdict: Verdict | None
    captures: tuple[dict[str, Any], ...]
    proxy: Proxy | None = None

    def facts(self, heading: str) -> dict[str, Any]:
        """Return the probe as a JSON object. `heading` is the one that identifies the source."""
        result, listing = self.result, self.listing
        fields = self._fields()
        return {
            "url": result.asked_url,
            "final_url": result.url,
            "status": result.status,
            "proxy": {"url": self.proxy.url, "from": self.proxy.origin} if self.proxy else None,
            "outcome": self.verdict.outcome if self.verdict else "complete",
            "reason": self.verdict.reason if self.verdict else FINE,
            "encoding": listing.encoding if listing else None,
            "replacements": listing.replacements if listing else None,
            "heading": heading,
            "has_heading": listing.has_heading if listing else None,
            "headings": list(listing.headings) if listing else [],
            "entries": [
                {
                    "title": entry.title,
                    "publication": entry.publication,
                    "attribution": entry.attribution,
                    "excerpt": entry.excerpt,
                    "commentary": entry.commentary,
                    "flags": list(entry.flags),
                }
                for entry in (listing.entries if listing else ())
            ],
            "doubtful": sum(1 for entry in listing.entries if entry.flags) if listing else 0,
            "page_count": listing.page_count if listing else None,
            "pager": listing.pager.kind if listing else None,
            "next": self._next(),
            "links": [{"label": link.label, "url": link.url} for link in (listing.links if listing else ())],
            "robots": list(self._robots()),
            "validators": {"etag": fields.get("etag"), "last_modified": fields.get("last-modified")},
            "clock": self._clock(fields.get("date")),
        }

    def _next(self) -> dict[str, list[str]]:
        if self.listing is None:
            return {"linked": [], "tried": []}
        linked, guessed = next_urls(2, [self.listing], {self.result.asked_url, self.result.url})
        return {"linked": list(linked), "tried": list(guessed)}

    def _robots(self) -> Iterator[dict[str, Any]]:
        for capture in self.captures:
            if capture["purpose"] == "robots":
                yield {"url": capture["url"], "status": capture["status"], "detail": capture["detail"]}

    def _fields(self) -> dict[str, str]:
        page = self._page()
        return {name.lower(): value for name, value in json.loads(page["headers"] or "[]")} if page else {}

    def _page(self) -> dict[str, Any] | None:
        return next((capture for capture in reversed(self.captures) if capture["purpose"] == "listing"), None)

    def _clock(self, date: str | None) -> dict[str, Any]:
        page = self._page()
        own = from_text(page["fetched_at"]) if page else None
        site = read_http_date(date)
        ahead = round((site - own).total_seconds()) if site and own else None
        return {"date": date, "own": page["fetched_at"] if page else None, "site_ahead_seconds": ahead}


def probe(job: Job, *, log_level: str = "ERROR", signals: HandleSignals | None = None) -> tuple[Probe, bool]:
    """Read page 1 of a source; return the probe and whether the user stopped it.

    Raises:
        ArchiveError: the temporary folder cannot be written.
    """
    found: list[Probe] = []
    with tempfile.TemporaryDirectory(prefix="foreign-eyes-") as folder:
        temporary_job = replace(job, archive=Path(folder) / "archive.db", accept=False)
        ended = crawl_in_turn(
            temporary_job,
            1,
            CrawlWatcher(),
            log_level=log_level,
            signals=signals,
            spider=ProbeSpider,
            on_probe=found.append,
        )
    if not found:
        result = FetchResult(job.source.url, job.source.url)
        found.append(Probe(result, None, Verdict("failed", ended[-1].log_row["reason"]), ()))
    return found[-1], ended[-1].interrupted


class _Page1Accepted(Exception):
    """The reader requested page 2, so it accepted page 1."""


class ProbeSpider(ListingSpider):
    """Reads page 1 as a crawl does and calls `on_probe` with the result."""

    name = "probe"

    def __init__(self, *args: Any, on_probe: Callable[[Probe], None], **options: Any):
        super().__init__(*args, **options)
        self._on_probe = on_probe
        self._result: FetchResult | None = None

    async def start(self) -> AsyncIterator[Any]:
        """Read page 1; the crawl ends as failed, so that nothing settles."""
        self.begin()
        session = self.session
        verdict: Verdict | None = None
        with suppress(_Page1Accepted):
            verdict = await self.reader().read()
        result = self._result or FetchResult(session.job.source.url, session.job.source.url)
        listing = None
        if result.fault is None and result.status == 200:
            listing = session.parser.parse_listing(result.body, result.url, result.content_type)
        captures = tuple(find_exchanges(session.db, session.crawl_id))
        self._on_probe(Probe(result, listing, verdict, captures, session.access.proxies.proxy_for(result.url)))
        session.finish(Verdict("failed", "a probe decides nothing"))
        for item in list[Any]():  # the spider yields no items
            yield item

    async def _fetch_page(self, url: str, *, page: int, pass_number: int) -> FetchResult:
        if self._result is not None:
            raise _Page1Accepted
        self._result = await super()._fetch_page(url, page=page, pass_number=pass_number)
        return self._result
