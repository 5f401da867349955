"""What comes of asking for a listing page, and which answers end a crawl. It knows neither Scrapy nor the archive."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from foreign_eyes.listing.http_statuses import words_of_status
from foreign_eyes.listing.values import Fault, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of asking for `asked_url`, at `url` after redirects: a whole response, or a fault and its detail.

    A page that `may_be_cut` ended with the connection, before its end tag: it is whole if its bytes come a second time.
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
    """The function that asks for a listing page."""

    def __call__(self, url: str, *, page: int, pass_number: int) -> Awaitable[FetchResult]:
        """Ask once, politely; never raises for what a source can do."""


class Refusal(Exception):
    """The crawl cannot go on; carries its verdict."""

    def __init__(self, outcome: Outcome, reason: str, *, cut_short: bool = False):
        super().__init__(reason)
        self.verdict = Verdict(outcome, reason, cut_short)


def refusal_of(answer: FetchResult, where: str) -> Refusal:
    """Return what a fault, or a status that is no page, makes of the crawl."""
    match answer.fault:
        case "disallowed" | "refused":
            return Refusal("blocked", f"{where}: {answer.detail}")
        case "unreachable":
            return Refusal("unreachable", f"{where}: {answer.detail}")
        case "incomplete":
            return Refusal("partial", f"{where} did not arrive whole: {answer.detail}", cut_short=True)
        case "oversized":
            return Refusal("suspect", f"{where} is too large: {answer.detail}")
    status = answer.status or 0
    outcome: Outcome = "blocked" if 400 <= status < 500 else "unreachable"
    return Refusal(outcome, f"{where} answers {words_of_status(status)}")
