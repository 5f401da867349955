"""The values of reading a listing: entries, pages, verdicts, the parser interface. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class EntryTexts:
    """The texts of an entry.

    The texts are cleaned (see `listing.text.clean`) but otherwise as listed, with their quotes and no-break spaces. A new
    field needs the default None, and a column of its name in the tables with these texts.

    Attributes:
        attribution: the line as listed, with its dashes.
        title, publication: the parts of the attribution; None if it could not be split with confidence.
    """

    excerpt: str
    attribution: str
    title: str | None
    publication: str | None
    commentary: str


# in the order of the fields, for rows of the archive
TEXT_PARTS = tuple(part.name for part in fields(EntryTexts))
# in the order in which people are shown them
ENTRY_PARTS = ("title", "publication", "attribution", "excerpt", "commentary")


@dataclass(frozen=True, slots=True)
class ListedEntry(EntryTexts):
    """One entry as a listing page shows it.

    Attributes:
        flags: the reasons for doubts about the entry, such as an attribution that was not split.
    """

    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the listing page that the crawl follows.

    `key` identifies the link: the URL without session ids and timestamps. Empty means the URL itself.
    """

    label: str
    url: str
    key: str = ""

    @property
    def known_by(self) -> str:
        """The key, or the URL if the key is empty."""
        return self.key or self.url


@dataclass(frozen=True, slots=True)
class Pager:
    """The links of a listing page to other pages; all URLs are absolute.

    Attributes:
        kind: the kind of pager, such as "trs" or "query".
        next_url: the "next page" link.
        numbered: the pages linked by number, from 1.
        guesses: URL patterns to try if no link leads on. `(template, first)` means that page n, from 2, has the URL
            `template.format(n - 1 + first)`.
    """

    kind: str
    next_url: str | None = None
    numbered: Mapping[int, str] = field(default_factory=dict)
    guesses: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One parsed listing page.

    Attributes:
        entries: the entries in listing order.
        page_count: the number of pages that the pager announces, or None.
        links: the links to follow.
        has_heading: whether the page shows the column's heading.
        encoding: the codec that decoded the page.
        replacements: the number of U+FFFD characters in the decoded text.
        headings: the page title and the headings.
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
    """The difference between the clock of a crawl and the clock of the site.

    Attributes:
        difference: the seconds by which the crawl's clock was ahead; None if the site sends no `Date`.
        usual: the usual difference of the source from this crawl on; None if the crawl's clock was not accepted.
    """

    difference: int | None = None
    usual: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl ended, and why.

    Attributes:
        reason: a message for the operator; None if there is nothing to say.
        cut_short: whether a page did not arrive whole; then even a partial crawl settles nothing.
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
    """The interface of a parser; the module `listing.parser` implements it."""

    PARSER_VERSION: int

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse a listing page."""

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return why a response is a block; None for content."""
