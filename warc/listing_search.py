"""Find the responses that are pages of a source's listing, and their page numbers.

Pure.

A page belongs to the listing if its URL is that of page 1; if another page of the listing links to it by number, as the next
page or by a pattern of URLs; or if its own pager links to page 1, as when only page 4 was captured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from foreign_eyes.listing.host_names import ascii_url
from foreign_eyes.listing.values import ListingPage

_INDEX = re.compile(r"(?<=/)index\.(?:s?html?|jhtml)\Z", re.IGNORECASE)
# a listing has at least one of these: the heading, dashes of attributions, `(Title, by Publication)`
_MARKS = re.compile(
    r"foreign|[—―–─━⸺⸻]|(?<!<!)--(?!>)|&(?:mdash|ndash|horbar|boxh|lpar)"
    r"|&#0*(?:8211|8212|8213|9472|9473|11834|11835|40|65288)(?![0-9])"
    r"|&#x0*(?:2013|2014|2015|2500|2501|2e3a|2e3b|28|ff08)(?![0-9a-f])"
    r"|[(（][^(（]{0,4000}?(?<![a-z])by(?![a-z])",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {("http", 80), ("https", 443)}
_MANY = 1000  # pages; a crawl reads no more


@dataclass(frozen=True, slots=True)
class Seen:
    """A parsed page at a URL; two captures of one page can differ."""

    url: str
    listing: ListingPage


def address_key(url: str) -> str:
    """Return a URL without scheme, default port, fragment and `index.htm`, for comparison."""
    try:
        parts = urlsplit(ascii_url(url))
        host = (parts.hostname or "").lower()
        port = "" if parts.port is None or (parts.scheme, parts.port) in _DEFAULT_PORTS else f":{parts.port}"
    except ValueError:
        return url
    path = _INDEX.sub("", parts.path or "/")
    return f"{host}{port}{path}" + (f"?{parts.query}" if parts.query else "")


def is_listing(listing: ListingPage) -> bool:
    """Return whether a parsed page looks like the column."""
    return bool(listing.entries) or listing.has_heading


def may_be_listing(body: bytes) -> bool:
    """Return whether a body may be a page of the column.

    Return True if in doubt. This is much cheaper than parsing.
    """
    try:
        return _MARKS.search(body.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return True


def number_pages(seen: Sequence[Seen], roots: Sequence[str], moved: Mapping[str, str]) -> dict[str, int]:
    """Return the number of each page of the listing by its address key, page 1 being at `roots`.

    `moved` maps URLs to the targets of their redirects: a target has the number of the redirecting page.
    """
    numbering = _Numbering({address_key(root) for root in roots})
    waiting = [page for page in seen if is_listing(page.listing)]
    before = (0, 0)
    while before != (now := (len(numbering.numbers), len(waiting))):
        before = now
        for url, target in moved.items():
            if (number := numbering.numbers.get(address_key(url))) is not None:
                numbering.numbers.setdefault(address_key(target), number)
        waiting = [page for page in waiting if not numbering.learn(page)]
    return numbering.numbers


@dataclass(slots=True)
class _Numbering:
    """The numbers found so far by URL key, and the patterns of URLs."""

    roots: set[str]
    numbers: dict[str, int] = field(init=False)
    patterns: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = dict.fromkeys(self.roots, 1)

    def learn(self, page: Seen) -> bool:
        """Learn the URLs of other pages from a page of the listing.

        Return False if it is not known to be a page of the listing.

        Return False if it is not known to be one.
        """
        key, pager, count = address_key(page.url), page.listing.pager, page.listing.page_count or _MANY
        number = self.numbers.get(key) or self._by_pattern(page.url) or self._by_own_pager(page)
        if number is None:
            return False
        self.numbers.setdefault(key, number)
        for other, address in pager.numbered.items():
            self.numbers.setdefault(address_key(address), other)
        if pager.next_url and number < count:
            self.numbers.setdefault(address_key(pager.next_url), number + 1)
        for guess in pager.guesses:
            self.patterns[guess] = max(count, self.patterns.get(guess, 0))
        return True

    def _by_pattern(self, url: str) -> int | None:
        return next(_numbers_by(url, self.patterns), None)

    def _by_own_pager(self, page: Seen) -> int | None:
        """Return the page's number by its own pager, if that links to page 1 of this listing."""
        pager, key = page.listing.pager, address_key(page.url)
        leads_to = {address_key(pager.numbered[1])} if 1 in pager.numbered else set()
        if not leads_to:
            leads_to = {address_key(first) for guess in pager.guesses for first in _first_pages(*guess)}
        if leads_to.isdisjoint(self.roots):
            return None
        named = [number for number, address in pager.numbered.items() if address_key(address) == key]
        guesses = dict.fromkeys(pager.guesses, page.listing.page_count or _MANY)
        return next(iter(named), None) or next(_numbers_by(page.url, guesses), None)


def _numbers_by(url: str, patterns: Mapping[tuple[str, int], int]) -> Iterator[int]:
    """Yield the page number of `url` by each of the `patterns`.

    Numbers above the number of pages of a pattern are left out.
    """
    for (template, first), count in patterns.items():
        before, after = _parts(template)
        match = re.fullmatch(f"{re.escape(address_key(before))}([0-9]{{1,6}}){re.escape(after)}", address_key(url))
        if match and 1 < (number := int(match[1]) - first + 1) <= count:
            yield number


def _first_pages(template: str, first: int) -> Iterator[str]:
    """Yield the possible URLs of page 1 if those of the other pages follow `template`."""
    before, after = _parts(template)
    yield f"{before}{first}{after}"
    yield f"{before.removesuffix('_')}{after}"
    address, question, query = f"{before}{after}".partition("?")
    if question:
        others = urlencode([(name, value) for name, value in parse_qsl(query) if name != "page"])
        yield f"{address}?{others}" if others else address


def _parts(template: str) -> tuple[str, str]:
    """Return the texts before and after the number in a pattern for `str.format`."""
    before, _, after = template.replace("{{", "\0").replace("}}", "\1").partition("{}")
    return before.replace("\0", "{").replace("\1", "}"), after.replace("\0", "{").replace("\1", "}")
