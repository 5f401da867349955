"""How a listing is read, as one coroutine over a function that fetches. It knows neither Scrapy nor the archive.

pass 1: page 1, 2 … N in order; pass 2: the same, conditionally; and so on until two passes are equal
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from foreign_eyes.listing.fetch_results import Fetch, FetchResult, Refusal, refusal_of
from foreign_eyes.listing.pagination import next_addresses
from foreign_eyes.listing.quality_gate import (
    MAX_PASSES,
    MAY_BE_CUT,
    ListedCounts,
    ListingPass,
    fingerprint,
    judge_passes,
    most_believed,
    page_limit,
    suspect_count,
    suspect_growth,
    suspect_page,
    suspect_parts,
    suspect_strangers,
    texts_of,
    wordings_of,
)
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry, ListingPage, Mode, Parser, Verdict


@dataclass(frozen=True, slots=True)
class KnownListing:
    """What the archive knows of a source: page bodies and addresses last settled, the last good counts, all wordings.

    The functions are asked only where a page is not as it settled: an unchanged listing pays for none of them.
    `most_entries` is the most that a settled complete crawl found, None before the first.
    `had_heading` tells whether page 1 had the column's heading when it last settled; it is asked only if now it has none.
    `doubt_at_first` says why page 1, without the heading, is not taken where nothing has settled yet; `effects` says in figures
    what settling a complete listing of some wordings would do.
    `listed` is what is listed now, None where nothing is known of it; `new_wordings` picks the wordings that no entry has,
    and `count_strangers` counts the entries that share neither wording nor title nor excerpt with any in the archive.
    """

    settled: tuple[str, ...] | None = None
    addresses: tuple[str, ...] = ()
    last_pages: int | None = None
    last_entries: int | None = None
    most_entries: Callable[[], int | None] = lambda: None
    has_wordings: Callable[[Collection[str]], bool] = lambda wordings: not wordings
    had_heading: Callable[[], bool] = lambda: False
    doubt_at_first: Callable[[ListingPage], str | None] = lambda listing: None
    effects: Callable[[Collection[str]], str] = lambda wordings: ""
    listed: Callable[[], ListedCounts | None] = lambda: None
    new_wordings: Callable[[Collection[str]], Collection[str]] = frozenset
    count_strangers: Callable[[Collection[ListedEntry]], int] = lambda entries: 0


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """One page read, for whoever watches; `pages` is None while the count is unknown."""

    pass_number: int
    page: int
    pages: int | None
    entries: int
    not_modified: bool


class _Torn(Exception):
    """This pass cannot be finished, as if the listing had moved; the next one may."""


@dataclass(slots=True)
class ListingReader:
    """Reads one source's listing with `fetch`, and judges what it read by what is `known`."""

    url: str
    fetch: Fetch
    parser: Parser
    known: KnownListing
    mode: Mode = "full"
    accept: bool = False
    on_page: Callable[[CrawlProgress], None] = lambda progress: None
    on_accept: Callable[[str], None] = lambda effects: None
    # where pages that no link leads to were found: in this crawl, or in the one that settled last
    _found: dict[int, str] = field(init=False)
    _last_wordings: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._found = dict(enumerate(self.known.addresses, start=1))

    async def read(self) -> Verdict:
        """Read passes until the verdict is clear."""
        try:
            return await self._read_page_by_page() if self.mode == "quick" else await self._read_passes()
        except Refusal as refusal:
            return refusal.verdict

    async def _read_passes(self) -> Verdict:
        passes: list[ListingPass] = []
        for number in range(1, MAX_PASSES + 1):
            passes.append(await self._read_pass(number))
            if verdict := judge_passes(passes, self.known.settled):
                if self.accept and verdict.outcome == "complete":
                    self.on_accept(self.known.effects(self._last_wordings))
                return verdict
        raise AssertionError("the judge did not end the crawl")

    async def _read_pass(self, number: int) -> ListingPass:
        pages: list[_PageRead] = []
        torn: str | None = None
        try:
            await self._read_all_pages(number, pages)
        except _Torn as tear:
            torn = str(tear)
        self._last_wordings = [wording_digest(entry) for entry in _entries_of(pages)]
        if torn is None and not self.accept and (doubt := self._doubt_about_all(pages)):
            effects = self.known.effects(self._last_wordings)
            raise Refusal("suspect", f"{doubt}; with --accept {effects}" if effects else doubt)
        bodies = tuple(read.answer.body_sha256 for read in pages)
        may_be_cut = tuple(number for number, read in enumerate(pages, start=1) if read.answer.may_be_cut)
        return ListingPass(bodies, tuple(fingerprint(read.listing) for read in pages), torn, may_be_cut)

    async def _read_page_by_page(self) -> Verdict:
        """Read from page 1 until a page brings nothing new: what `--quick` does."""
        pages: list[_PageRead] = []
        try:
            whole = await self._read_all_pages(1, pages, until_known=True)
        except _Torn as tear:
            return Verdict("partial", str(tear))
        for number, read in enumerate(pages, start=1):
            if read.answer.may_be_cut and not self._has_settled(read):
                where = f"page {number} ({read.answer.url})"
                raise Refusal(
                    "partial", f"{where}: {MAY_BE_CUT}; crawl with --full, which reads it twice", cut_short=True
                )
        if whole and not self.accept and (doubt := self._doubt_about_others(pages)):
            raise Refusal("suspect", doubt)
        bodies = tuple(read.answer.body_sha256 for read in pages)
        same = self.known.settled is not None and self.known.settled[: len(bodies)] == bodies
        return Verdict("unchanged" if same else "complete")

    async def _read_all_pages(self, number: int, pages: list[_PageRead], *, until_known: bool = False) -> bool:
        """Append the listing's pages to `pages` in order, 1 to the last; tell whether that was reached."""
        limit = page_limit(self.known.last_pages)
        answer = await self._ask(self.url, 1, number)
        self._add(self._accepted(answer, 1, number, None), pages)
        count = pages[0].listing.page_count
        if count is not None and not 1 <= count <= limit:
            raise Refusal("suspect", f"the pager announces {count} pages; at most {limit} are accepted")
        while not self._is_last(pages, count):
            if until_known and self.known.has_wordings(wordings_of(pages[-1].listing)):
                return False
            if len(pages) >= limit:
                raise Refusal("suspect", f"the pager leads on after {limit} pages; at most that many are accepted")
            read = await self._read_next(pages, number, count)
            if read.listing.page_count != count:
                pages.append(read)
                announced = f"page 1 announces {count} pages, page {len(pages)} {read.listing.page_count}"
                raise _Torn(f"{announced}: it {MAY_BE_CUT}" if read.answer.may_be_cut else announced)
            self._add(read, pages)
            if not self.accept and (doubt := _repeats(pages)):
                raise Refusal("suspect", doubt)
        return True

    def _add(self, read: _PageRead, pages: list[_PageRead]) -> None:
        """Append a page; no further one is asked for once the listing has more entries than are believed."""
        pages.append(read)
        if self.accept or all(self._has_settled(one) for one in pages) or (most := self.known.most_entries()) is None:
            return
        listed = sum(len(one.listing.entries) for one in pages)
        if listed > most_believed(most) and (
            doubt := suspect_growth(len(pages), _entries_of(pages), most, self.known.new_wordings)
        ):
            raise Refusal("suspect", doubt)

    def _is_last(self, pages: Sequence[_PageRead], count: int | None) -> bool:
        if count is not None:
            return len(pages) >= count
        visited = _visited(pages)
        linked, _ = next_addresses(len(pages) + 1, [read.listing for read in pages], visited)
        onward, last = pages[-1].listing.pager.next_url, pages[-1].answer
        if not linked and onward in visited and (len(pages) == 1 or onward not in (last.asked_url, last.url)):
            raise Refusal("suspect", f"the next link of page {len(pages)} leads back to {onward}; where is the end?")
        return not linked  # a last page whose next link is the page itself is an end

    async def _read_next(self, pages: Sequence[_PageRead], number: int, count: int | None) -> _PageRead:
        """Read the page after `pages`: by link, or at a made-up address that proves to be no page read before."""
        page = len(pages) + 1
        visited = _visited(pages)
        linked, made_up = next_addresses(page, [read.listing for read in pages], visited)
        if linked:
            return self._accepted(await self._ask(linked[0], page, number), page, number, count)
        known = self._found.get(page)
        for url in dict.fromkeys([*([known] if known and known not in visited else []), *made_up]):
            answer = await self._ask(url, page, number)
            if self._lists_entries(answer) and not _repeats([*pages, self._parsed(answer)]):
                self._found[page] = url
                return self._accepted(answer, page, number, count)
        where = f"{page} of {count}" if count else str(page)
        raise Refusal(
            "suspect", f"the pager of page {page - 1} leads back to pages already read; page {where} is not linked"
        )

    async def _ask(self, url: str, page: int, number: int) -> FetchResult:
        answer = await self.fetch(url, page=page, pass_number=number)
        where = f"page {page} ({answer.url})"
        if answer.fault:
            raise refusal_of(answer, where)
        if sign := self.parser.blocking_sign(answer.status or 0, answer.body, answer.content_type):
            raise Refusal("blocked", f"{where} is blocked: {sign}")
        if answer.status not in (200, 404, 410):
            raise refusal_of(answer, where)
        return answer

    def _accepted(self, answer: FetchResult, page: int, number: int, count: int | None) -> _PageRead:
        """Parse a whole answer; refuse it where it is no listing page."""
        if answer.status in (404, 410):
            if page == 1:
                raise Refusal("unreachable", f"{answer.url} answers {answer.status}: has the column moved?")
            raise _Torn(f"page {page} answers {answer.status} ({answer.url})")
        read = self._parsed(answer)
        listing = read.listing
        if not listing.entries and not listing.has_heading:
            reason = f"page {page} is not the listing (neither its heading nor an entry): a login, notice or home page?"
            raise Refusal("blocked", reason)
        doubt_about = self._doubt_about_nothing if self.accept else self._doubt_about
        if doubt := doubt_about(page, read):
            raise Refusal("suspect", doubt)
        self.on_page(
            CrawlProgress(number, page, count or listing.page_count, len(listing.entries), answer.not_modified)
        )
        return read

    def _doubt_about(self, page: int, read: _PageRead) -> str | None:
        """Say why a page looks wrong; one that settled last was judged then, or accepted."""
        if self._has_settled(read):
            return None
        if page == 1 and not read.listing.has_heading and (doubt := self.known.doubt_at_first(read.listing)):
            return doubt
        lost_heading = not read.listing.has_heading and self.known.had_heading()
        return suspect_page(
            page,
            read.listing,
            lost_heading=lost_heading,
            before=self.known.listed(),
            new_wordings=self.known.new_wordings,
        )

    def _doubt_about_nothing(self, page: int, read: _PageRead) -> str | None:
        """Say why not even `--accept` takes a page: an empty one, where it would withdraw what is listed."""
        if read.listing.entries or self._has_settled(read) or not (before := self.known.listed()) or not before.entries:
            return None
        return (
            f"page {page} lists no entries; {before.entries} are listed now and stay: --accept takes no empty page,"
            " since all that it lacks would be withdrawn"
        )

    def _doubt_about_all(self, pages: Sequence[_PageRead]) -> str | None:
        """Say why a listing read to its end looks wrong."""
        entries = _entries_of(pages)
        return suspect_count(len(entries), self.known.last_entries) or self._doubt_about_others(pages)

    def _doubt_about_others(self, pages: Sequence[_PageRead]) -> str | None:
        """Say why the entries of a listing read to its end do not look like those that the archive knows."""
        if all(self._has_settled(read) for read in pages) or (before := self.known.listed()) is None:
            return None
        entries = _entries_of(pages)
        if doubt := suspect_parts("the listing", entries, before, self.known.new_wordings):
            return doubt
        return suspect_strangers(len(entries), self.known.count_strangers(entries), before.entries)

    def _has_settled(self, read: _PageRead) -> bool:
        return read.answer.body_sha256 in (self.known.settled or ())

    def _lists_entries(self, answer: FetchResult) -> bool:
        """Tell whether a made-up address is a listing page's: what is not there may be answered 404, or 200 and a notice."""
        return answer.status == 200 and bool(self._parsed(answer).listing.entries)

    def _parsed(self, answer: FetchResult) -> _PageRead:
        return _PageRead(answer, self.parser.parse_listing(answer.body, answer.url, answer.content_type))


@dataclass(frozen=True, slots=True)
class _PageRead:
    answer: FetchResult
    listing: ListingPage


def _entries_of(pages: Sequence[_PageRead]) -> list[ListedEntry]:
    """Return what the pages list, each wording once."""
    listed = (entry for read in pages for entry in read.listing.entries)
    return list({wording_digest(entry): entry for entry in listed}.values())


def _repeats(pages: Sequence[_PageRead]) -> str | None:
    """Say of which earlier page the last one is a copy: then the pager does not lead where it says. None if of none."""
    newest = texts_of(pages[-1].listing)
    for number, read in enumerate(pages[:-1], start=1):
        if texts_of(read.listing) == newest:
            return f"page {len(pages)} ({pages[-1].answer.url}) lists the very entries of page {number}"
    return None


def _visited(pages: Sequence[_PageRead]) -> set[str]:
    """Return the URLs of the pages read, as asked for and as redirected to."""
    return {url for read in pages for url in (read.answer.asked_url, read.answer.url)}
