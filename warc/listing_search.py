"""Which of many responses are pages of a source's listing, and which page each is. Pure.

A page belongs to the listing where its address is page 1's, where a page of the listing names it by number, as the next
one or by the pattern of its addresses; or where its own pager leads to page 1, as when only page 4 was captured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from foreign_eyes.listing.values import ListingPage

_INDEX = re.compile(r"(?<=/)index\.(?:s?html?|jhtml)\Z", re.IGNORECASE)
# Where none of these stands there is no listing: the heading, signs that attributions have, `(Title, by Publication)`
_MARKS = re.compile(
    r"foreign|[—―–─━⸺⸻]|(?<!<!)--(?!>)|&(?:mdash|ndash|horbar|boxh|lpar)"
    r"|&#0*(?:8211|8212|8213|9472|9473|11834|11835|40|65288)(?![0-9])"
    r"|&#x0*(?:2013|2014|2015|2500|2501|2e3a|2e3b|28|ff08)(?![0-9a-f])"
    r"|[(（][^(（]{0,4000}?(?<![a-z])by(?![a-z])",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {("http", 80), ("https", 443)}
_MANY = 1000  # pages; what announces more is no listing that a crawl would read


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as it was seen at an address: two captures of one page can differ."""

    url: str
    listing: ListingPage


def address_key(url: str) -> str:
    """Return what two addresses of one page share: scheme, default port, fragment and `index.htm` do not count."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None or (parts.scheme, parts.port) in _DEFAULT_PORTS else f":{parts.port}"
    except ValueError:
        return url
    path = _INDEX.sub("", parts.path or "/")
    return f"{(parts.hostname or '').lower()}{port}{path}" + (f"?{parts.query}" if parts.query else "")


def is_listing(listing: ListingPage) -> bool:
    """Tell whether a page looks like the column by what stands on it."""
    return bool(listing.entries) or listing.has_heading


def may_be_listing(body: bytes) -> bool:
    """Tell, at a small part of the cost of parsing, whether a body may look like the column; True where in doubt."""
    try:
        return _MARKS.search(body.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return True


def number_pages(seen: Sequence[Seen], roots: Sequence[str], moved: Mapping[str, str]) -> dict[str, int]:
    """Return the number of each page of the listing by its address key, page 1 being at `roots`.

    `moved` are redirects, address to address: what is redirected to has the number of what redirects.
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
    """What is known so far: numbers by address key, and the patterns that addresses follow."""

    roots: set[str]
    numbers: dict[str, int] = field(init=False)
    patterns: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = dict.fromkeys(self.roots, 1)

    def learn(self, page: Seen) -> bool:
        """Take from a page of the listing where the others are; False where it is not known to be one."""
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
        """Return what number the page gives itself, if its pager leads to page 1 of this listing."""
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
    """Yield which page `url` would be by each of the `patterns`, of which each goes up to a number of pages."""
    for (template, first), count in patterns.items():
        before, after = _parts(template)
        match = re.fullmatch(f"{re.escape(address_key(before))}([0-9]{{1,6}}){re.escape(after)}", address_key(url))
        if match and 1 < (number := int(match[1]) - first + 1) <= count:
            yield number


def _first_pages(template: str, first: int) -> Iterator[str]:
    """Yield the addresses that page 1 may have where the others follow `template`."""
    before, after = _parts(template)
    yield f"{before}{first}{after}"
    yield f"{before.removesuffix('_')}{after}"
    address, question, query = f"{before}{after}".partition("?")
    if question:
        others = urlencode([(name, value) for name, value in parse_qsl(query) if name != "page"])
        yield f"{address}?{others}" if others else address


def _parts(template: str) -> tuple[str, str]:
    """Return what stands before and after the number in a pattern for `str.format`."""
    before, _, after = template.replace("{{", "\0").replace("}}", "\1").partition("{}")
    return before.replace("\0", "{").replace("\1", "}"), after.replace("\0", "{").replace("\1", "}")
