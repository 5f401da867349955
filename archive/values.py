"""Value types that the packages share with the archive: frozen, except for the counts.

They are in this package because the crawler, the importers and the publisher all import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foreign_eyes.listing.values import Fault


@dataclass(frozen=True, slots=True)
class Source:
    """A listing: a name, the URL of page 1, and the title and language that feeds show."""

    name: str
    url: str
    title: str
    language: str


Purpose = Literal["listing", "link", "robots"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response as fetched, or the fault in its place.

    Attributes:
        asked_url: the URL that the crawl requested first.
        url: the URL of this exchange; differs from `asked_url` after a redirect.
        body: the strictly decoded entity; None for a 304 and for a fault.
        body_sha256: the SHA-256 of `body`, computed when it is stored if not given; for a 304, that of the body it confirms.
        revalidates: the capture that a 304 confirms.
        pass_number, page: the place in the crawl, from 1.
        fault, detail: why there is no whole body.
        asked_fresh: whether the request was unconditional and had `Cache-Control: no-cache`; None if unknown.
        leniency: faults that were tolerated in a response that counts as whole.
    """

    purpose: Purpose
    asked_url: str
    url: str
    at: datetime
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    revalidates: int | None = None
    body_sha256: str | None = None
    pass_number: int | None = None
    page: int | None = None
    fault: Fault | None = None
    detail: str | None = None
    asked_fresh: bool | None = None
    leniency: str | None = None


# `Fetched.leniency` of a page that the connection's close ended before its end tag: a part may be missing
ENDED_BY_CLOSE = "ended by close before its end tag"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The load of a crawl on the source: requests, 304 responses, bytes of bodies."""

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
    """The counts of a settled crawl, as the crawl log shows them."""

    pages: int = 0
    entries: int = 0
    new: int = 0
    revised: int = 0
    withdrawn: int = 0
    returned: int = 0
