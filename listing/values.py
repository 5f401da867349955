"""The values that reading a listing is made of: what a page lists, how a crawl ended, and what a parser is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """One entry as a listing page shows it.

    `attribution` is the line as listed, dashes and all. `title` and `publication` are what it was split into, or None
    where it could not be split with confidence (then `flags` says why). The texts are cleaned (see `listing.text`) but
    otherwise as listed: quotes, no-break spaces and glued sentences stay.
    """

    excerpt: str
    attribution: str
    title: str | None
    publication: str | None
    commentary: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the listing page that the crawl follows: its label and its absolute URL.

    `key` is what the link is known by: the URL without session ids and time stamps. Empty means the URL itself.
    """

    label: str
    url: str
    key: str = ""

    @property
    def known_by(self) -> str:
        """The key, or the URL where no key was given."""
        return self.key or self.url


@dataclass(frozen=True, slots=True)
class Pager:
    """What a listing page says about its neighbours, all URLs absolute.

    `next_url` is the literal "next page" link. `numbered` are the pages linked by number (from 1). `guesses` are
    address patterns to try where no link is left: `(template, first)` means that page n has the address
    `template.format(n - 1 + first)` for n of 2 and more.
    """

    kind: str
    next_url: str | None = None
    numbered: Mapping[int, str] = field(default_factory=dict)
    guesses: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One parsed listing page: its entries in listing order, the page count it announces and the links to follow.

    `page_count` is None where the page has no pager or one without a count. `has_heading` tells whether the column's
    heading stands on the page. `replacements` counts U+FFFD in the decoded text, `encoding` names the codec used. `headings` are
    the title and the headings that the page has.
    """

    entries: tuple[ListedEntry, ...]
    page_count: int | None
    links: tuple[Link, ...]
    pager: Pager
    has_heading: bool
    encoding: str
    replacements: int = 0
    headings: tuple[str, ...] = ()


Fault = Literal["refused", "disallowed", "unreachable", "incomplete", "oversized"]
Mode = Literal["full", "quick"]
Outcome = Literal["complete", "unchanged", "partial", "suspect", "blocked", "unreachable", "failed"]


@dataclass(frozen=True, slots=True)
class Clock:
    """By how many seconds a crawl's clock was ahead of the site's, and what is usual for the source from then on.

    The difference is None where the site does not tell its time, the usual one where the clock was not found right.
    """

    difference: int | None = None
    usual: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl ended, and in words why; the reason is None where nothing need be said.

    A partial crawl settles what it saw, unless it was `cut_short` by a page that did not arrive whole.
    """

    outcome: Outcome
    reason: str | None = None
    cut_short: bool = False
    clock: Clock = Clock()

    @property
    def settles(self) -> bool:
        """Whether entries are derived from the crawl."""
        return self.outcome in ("complete", "unchanged", "partial") and not self.cut_short


class Parser(Protocol):
    """What the archive is handed to read bodies with: `listing.parser` is one."""

    PARSER_VERSION: int

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Read a listing page."""

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Say why an answer is a block rather than content; None where it is content."""
