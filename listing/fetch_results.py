"""The result of a request for a listing page, and the results that end a crawl. Pure."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from foreign_eyes.listing.http_statuses import describe_status
from foreign_eyes.listing.values import Fault, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result of a request: a whole response, or a fault with its detail.

    Attributes:
        asked_url: the URL requested.
        url: the URL after redirects.
        body_sha256: the SHA-256 of the body, in hexadecimal.
        not_modified: whether the body is a stored one that a 304 confirmed.
        may_be_cut: whether the response ended with the connection before the page's end tag; it is whole if the same bytes
            arrive a second time.
        fault, detail: why there is no whole response.
    """

    asked_url: str
    url: str
    status: int | None = None
    body: bytes = b""
    body_sha256: str = ""
    content_type: str | None = None
    not_modified: bool = False
    may_be_cut: bool = False
    fault: Fault | None = None
    detail: str | None = None


class Fetch(Protocol):
    """The function that requests a listing page."""

    def __call__(self, url: str, *, page: int, pass_number: int) -> Awaitable[FetchResult]:
        """Return the result of one request; faults of the site are results, not exceptions."""


class Refusal(Exception):
    """The crawl cannot continue; has its verdict."""

    def __init__(self, outcome: Outcome, reason: str, *, cut_short: bool = False):
        super().__init__(reason)
        self.verdict = Verdict(outcome, reason, cut_short)


def refusal_of(result: FetchResult, where: str) -> Refusal:
    """Return the refusal for a fault or for a status without a page."""
    match result.fault:
        case "disallowed" | "refused":
            return Refusal("blocked", f"{where}: {result.detail}")
        case "unreachable":
            return Refusal("unreachable", f"{where}: {result.detail}")
        case "incomplete":
            return Refusal("partial", f"{where} is incomplete: {result.detail}", cut_short=True)
        case "oversized":
            return Refusal("suspect", f"{where} is too large: {result.detail}")
    status = result.status or 0
    outcome: Outcome = "blocked" if 400 <= status < 500 else "unreachable"
    return Refusal(outcome, f"{where} answers {describe_status(status)}")
