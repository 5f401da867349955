"""Read a listing, as one coroutine over a function that fetches.

Imports neither Scrapy nor the archive.

A full crawl reads pages 1 to N in order (pass 1), then again with conditional requests (pass 2), and so on until two passes
in a row are equal. A quick crawl reads from page 1 until a page lists nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from foreign_eyes.listing.fetch_results import Fetch, FetchResult, Refusal, refusal_of
from foreign_eyes.listing.known_listing import KnownListing
from foreign_eyes.listing.listing_checks import ListingChecks, ReadPage, entries_of, repeats_earlier
from foreign_eyes.listing.pagination import next_urls
from foreign_eyes.listing.quality_gate import (
    MAX_PASSES,
    MAY_BE_CUT,
    ListingPass,
    fingerprint,
    judge_passes,
    page_limit,
    wordings_of,
)
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListingPage, Mode, Parser, Verdict


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """One page that was read, for a progress display.

    `pages` is None while the page count is unknown.
    """

    pass_number: int
    page: int
    pages: int | None
    entries: int
    not_modified: bool


class _PassAborted(Exception):
    """The pass cannot be finished, as if the listing had moved; the next pass may succeed."""


@dataclass(slots=True)
class ListingReader:
    """Reads the listing of one source and returns the verdict of the crawl.

    Attributes:
        url: the URL of page 1.
        fetch: requests a page; never raises for a fault of the site.
        parser: parses the bodies.
        known: what is known about the listing.
        mode: read all pages until two passes are equal, or stop at the first page without news.
        accept: whether the operator lets a suspect listing through.
        on_page: called after each page.
        on_accept: called with what settling an accepted listing will change.
        describe_unknown: returns why page 1 without the column's heading is refused if no crawl has settled.
    """

    url: str
    fetch: Fetch
    parser: Parser
    known: KnownListing
    mode: Mode = "full"
    accept: bool = False
    on_page: Callable[[CrawlProgress], None] = lambda progress: None
    on_accept: Callable[[str], None] = lambda effects: None
    describe_unknown: Callable[[ListingPage], str | None] = lambda listing: None
    _checks: ListingChecks = field(init=False)
    # URLs of unlinked pages by page number, as found in the last settled crawl or earlier in this one
    _found_urls: dict[int, str] = field(init=False)
    _last_wordings: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._checks = ListingChecks(self.known, self.accept, self.describe_unknown)
        self._found_urls = dict(enumerate(self.known.settled.urls, start=1))

    async def read(self) -> Verdict:
        """Read passes until they give a verdict."""
        try:
            return await self._read_quickly() if self.mode == "quick" else await self._read_passes()
        except Refusal as refusal:
            return refusal.verdict

    async def _read_passes(self) -> Verdict:
        passes: list[ListingPass] = []
        for pass_number in range(1, MAX_PASSES + 1):
            passes.append(await self._read_pass(pass_number))
            if verdict := judge_passes(passes, self.known.settled.bodies):
                if self.accept and verdict.outcome == "complete":
                    self.on_accept(self.known.describe_effects(self._last_wordings))
                return verdict
        raise AssertionError("judge_passes returned no verdict for the last pass")

    async def _read_pass(self, pass_number: int) -> ListingPass:
        pages: list[ReadPage] = []
        aborted: str | None = None
        try:
            await self._read_all_pages(pass_number, pages)
        except _PassAborted as error:
            aborted = str(error)
        self._last_wordings = [wording_digest(entry) for entry in entries_of(pages)]
        if aborted is None and (doubt := self._checks.doubt_whole(pages)):
            effects = self.known.describe_effects(self._last_wordings)
            raise Refusal("suspect", f"{doubt}; with --accept {effects}" if effects else doubt)
        return ListingPass(
            bodies=tuple(page.result.body_sha256 for page in pages),
            fingerprints=tuple(fingerprint(page.listing) for page in pages),
            aborted=aborted,
            may_be_cut=tuple(number for number, page in enumerate(pages, start=1) if page.result.may_be_cut),
        )

    async def _read_quickly(self) -> Verdict:
        """Read from page 1 until a page lists nothing new."""
        pages: list[ReadPage] = []
        try:
            reached_end = await self._read_all_pages(1, pages, until_known=True)
        except _PassAborted as error:
            return Verdict("partial", str(error))
        for number, page in enumerate(pages, start=1):
            if page.result.may_be_cut and not self._checks.is_settled(page):
                where = f"page {number} ({page.result.url})"
                raise Refusal(
                    "partial", f"{where}: {MAY_BE_CUT}; crawl with --full, which reads it twice", cut_short=True
                )
        if reached_end and (doubt := self._checks.doubt_entries(pages)):
            raise Refusal("suspect", doubt)
        bodies = tuple(page.result.body_sha256 for page in pages)
        settled = self.known.settled.bodies
        is_unchanged = settled is not None and settled[: len(bodies)] == bodies
        return Verdict("unchanged" if is_unchanged else "complete")

    async def _read_all_pages(self, pass_number: int, pages: list[ReadPage], *, until_known: bool = False) -> bool:
        """Append the pages of the listing to `pages` in order.

        Return whether the last page was reached.
        """
        limit = page_limit(self.known.settled.page_count)
        result = await self._fetch_page(self.url, 1, pass_number)
        self._append(self._accepted(result, 1, pass_number, None), pages)
        page_count = pages[0].listing.page_count
        if page_count is not None and not 1 <= page_count <= limit:
            raise Refusal("suspect", f"the pager announces {page_count} pages; at most {limit} are accepted")
        while not self._is_last(pages, page_count):
            if until_known and not self.known.new_wordings(wordings_of(pages[-1].listing)):
                return False
            if len(pages) >= limit:
                raise Refusal("suspect", f"the pager continues after {limit} pages, the most that are accepted")
            page = await self._read_next(pages, pass_number, page_count)
            if page.listing.page_count != page_count:
                pages.append(page)
                announced = f"page 1 announces {page_count} pages, page {len(pages)} {page.listing.page_count}"
                raise _PassAborted(f"{announced}: it {MAY_BE_CUT}" if page.result.may_be_cut else announced)
            self._append(page, pages)
            if doubt := self._checks.doubt_repetition(pages):
                raise Refusal("suspect", doubt)
        return True

    def _append(self, page: ReadPage, pages: list[ReadPage]) -> None:
        """Append a page; stop the crawl as soon as the listing has more entries than are plausible."""
        pages.append(page)
        if doubt := self._checks.doubt_growth(pages):
            raise Refusal("suspect", doubt)

    def _is_last(self, pages: Sequence[ReadPage], page_count: int | None) -> bool:
        if page_count is not None:
            return len(pages) >= page_count
        visited = _visited(pages)
        linked, _ = next_urls(len(pages) + 1, [page.listing for page in pages], visited)
        next_url, last = pages[-1].listing.pager.next_url, pages[-1].result
        # the next link of a last page may be the page itself
        if not linked and next_url in visited and (len(pages) == 1 or next_url not in (last.asked_url, last.url)):
            raise Refusal(
                "suspect",
                f"the next link of page {len(pages)} leads back to {next_url}; no page is the last",
            )
        return not linked

    async def _read_next(self, pages: Sequence[ReadPage], pass_number: int, page_count: int | None) -> ReadPage:
        """Read the page after `pages`, by its link or at a guessed URL.

        A guessed URL counts if it shows a page that was not read before.
        """
        number = len(pages) + 1
        visited = _visited(pages)
        linked, guessed = next_urls(number, [page.listing for page in pages], visited)
        if linked:
            result = await self._fetch_page(linked[0], number, pass_number)
            return self._accepted(result, number, pass_number, page_count)
        found = self._found_urls.get(number)
        for url in dict.fromkeys([*([found] if found and found not in visited else []), *guessed]):
            result = await self._fetch_page(url, number, pass_number)
            if self._lists_entries(result) and not repeats_earlier([*pages, self._parsed(result)]):
                self._found_urls[number] = url
                return self._accepted(result, number, pass_number, page_count)
        where = f"{number} of {page_count}" if page_count else str(number)
        raise Refusal(
            "suspect", f"the pager of page {number - 1} leads back to pages already read; page {where} is not linked"
        )

    async def _fetch_page(self, url: str, number: int, pass_number: int) -> FetchResult:
        """Return the response for a page.

        Refuse faults, blocks and statuses other than 200, 404 and 410.
        """
        result = await self.fetch(url, page=number, pass_number=pass_number)
        where = f"page {number} ({result.url})"
        if result.fault:
            raise refusal_of(result, where)
        if sign := self.parser.blocking_sign(result.status or 0, result.body, result.content_type):
            raise Refusal("blocked", f"{where} is blocked: {sign}")
        if result.status not in (200, 404, 410):
            raise refusal_of(result, where)
        return result

    def _accepted(self, result: FetchResult, number: int, pass_number: int, page_count: int | None) -> ReadPage:
        """Parse a response; refuse it if it is not a listing page or looks wrong."""
        if result.status in (404, 410):
            if number == 1:
                reason = f"{result.url} answers {result.status}"
                raise Refusal("unreachable", f"{reason}: check the URL of the source; the column may have moved")
            raise _PassAborted(f"page {number} answers {result.status} ({result.url})")
        page = self._parsed(result)
        listing = page.listing
        if not listing.entries and not listing.has_heading:
            reason = f"page {number} is not the listing: it has neither the heading nor an entry"
            raise Refusal("blocked", f"{reason}; open {result.url} in a browser (a login, notice or home page?)")
        if doubt := self._checks.doubt_page(number, page):
            raise Refusal("suspect", doubt)
        self.on_page(
            CrawlProgress(
                pass_number, number, page_count or listing.page_count, len(listing.entries), result.not_modified
            )
        )
        return page

    def _lists_entries(self, result: FetchResult) -> bool:
        """Return whether a guessed URL shows a listing page.

        A missing one may answer 404, or 200 with a notice.
        """
        return result.status == 200 and bool(self._parsed(result).listing.entries)

    def _parsed(self, result: FetchResult) -> ReadPage:
        return ReadPage(result, self.parser.parse_listing(result.body, result.url, result.content_type))


def _visited(pages: Sequence[ReadPage]) -> set[str]:
    """Return the URLs of the pages read, as requested and after redirects."""
    return {url for page in pages for url in (page.result.asked_url, page.result.url)}
