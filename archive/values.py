"""The values that the packages hand to each other: frozen but for the counts, and without behaviour of their own.

The archive owns them because every arrow of import ends here: the parser makes a `ListingPage`, the crawler records a
`Fetched`, the publisher reads a `CurrentEntry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foreign_eyes.listing.values import Fault


@dataclass(frozen=True, slots=True)
class Source:
    """A listing as the archive knows it: a name, the address of page 1, and what feeds say about it."""

    name: str
    url: str
    title: str
    language: str


Purpose = Literal["listing", "link", "robots"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response as fetched, or what came in its stead.

    `body` is the strictly decoded entity; it is None for a 304, which confirms the body of an earlier capture
    (`revalidates`, `confirms_body`), and wherever `fault` says why there is no whole one. `asked_url` is the URL that was
    set out for, `url` the one asked in this exchange (another after a redirect). `pass_number` and `page` count from 1.
    `asked_fresh` tells whether the request had no condition and `Cache-Control: no-cache`; None where that is unknown.
    `leniency` says what was let pass in a response that is taken for whole.
    """

    purpose: Purpose
    asked_url: str
    url: str
    at: datetime
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    revalidates: int | None = None
    confirms_body: str | None = None
    pass_number: int | None = None
    page: int | None = None
    fault: Fault | None = None
    detail: str | None = None
    asked_fresh: bool | None = None
    leniency: str | None = None


# what `Fetched.leniency` says of a page that ended with the connection, before its end tag: perhaps a part is missing
ENDED_BY_CLOSE = "ended by close before its end tag"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a crawl cost the source: requests sent, answers 304, bytes of bodies received."""

    requests: int = 0
    not_modified: int = 0
    bytes: int = 0

    def since(self, earlier: Traffic) -> Traffic:
        """Return what was added since `earlier`."""
        return Traffic(
            self.requests - earlier.requests, self.not_modified - earlier.not_modified, self.bytes - earlier.bytes
        )


@dataclass(slots=True)
class Counts:
    """What a settling did, as the crawl log tells it."""

    pages: int = 0
    entries: int = 0
    new: int = 0
    revised: int = 0
    withdrawn: int = 0
    returned: int = 0
