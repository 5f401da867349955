"""`listing.parser` with a cache.

A body is needed when it is fetched, and again when the crawl settles. A rebuild needs it for as long as the listing shows
it, and passes through all bodies of the archive, so pages that were not used lately are evicted.
"""

from __future__ import annotations

from foreign_eyes.crawler.sources import COLUMN_TITLE
from foreign_eyes.listing import parser
from foreign_eyes.listing.values import ListingPage

_PageKey = tuple[bytes, str, str | None, str]


class ParsedPages:
    """The pages that were parsed lately; crawls that run side by side share them, so that their memory has one limit."""

    # bytes of the bodies whose pages are kept; a page takes about eight times its bytes
    MOST_BYTES = 4_000_000

    def __init__(self) -> None:
        # in the order of use
        self._pages: dict[_PageKey, ListingPage] = {}
        self._bytes = 0

    def find(self, key: _PageKey) -> ListingPage | None:
        """Return a page and note that it was used; None if it is not kept."""
        page = self._pages.pop(key, None)
        if page is not None:
            self._pages[key] = page
        return page

    def keep(self, key: _PageKey, page: ListingPage) -> None:
        """Keep a page, and evict the least recently used ones beyond the limit."""
        self._pages[key] = page
        self._bytes += len(key[0])
        while self._bytes > self.MOST_BYTES and len(self._pages) > 1:
            oldest = next(iter(self._pages))
            del self._pages[oldest]
            self._bytes -= len(oldest[0])


class RememberingParser:
    """`listing.parser` with a cache; `heading` identifies the listing of the source."""

    PARSER_VERSION = parser.PARSER_VERSION

    def __init__(self, heading: str = COLUMN_TITLE, pages: ParsedPages | None = None) -> None:
        self._heading = heading
        self._pages = pages or ParsedPages()

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse a listing page."""
        key = (body, url, content_type, self._heading)
        page = self._pages.find(key)
        if page is None:
            page = parser.parse_listing(body, url, content_type, heading=self._heading)
            self._pages.keep(key, page)
        return page

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return why a response is a block; None for content."""
        return parser.blocking_sign(status, body, content_type)
