"""Following redirects, and saying what is wrong with one that cannot be followed.

Scrapy's own middleware raises ValueError for a malformed `Location`, and returns a redirect to `file:` as if it were a page.
"""

from __future__ import annotations

from urllib.parse import urljoin

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response
from w3lib.url import safe_url_string

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.listing.parser.fetchable_urls import flaw, is_http, shown

STATUSES = frozenset({301, 302, 303, 307, 308})


class CheckedRedirects(RedirectMiddleware):
    """Scrapy's redirects, of which each that cannot be followed is a fault with words of its own."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Follow a redirect; return any other response.

        Raises:
            FetchFault: the redirect leads nowhere, to an address that cannot be asked, or on and on.
        """
        if response.status not in STATUSES:
            return response
        target = redirect_target(request.url, response.status, response.headers.get("Location"))
        before: list[str] = [*request.meta.get("redirect_urls", []), request.url]
        if len(before) > self.max_redirect_times:
            kind = "go round in a circle" if len(set(before)) < len(before) else "do not end"
            raise FetchFault(
                "unreachable",
                f"its redirects {kind}: stopped after {self.max_redirect_times}, the last leads to {shown(target)};"
                " open the address in a browser, and configure the one that it ends at",
            )
        headers = response.headers.copy()
        headers["Location"] = target
        return super().process_response(request, response.replace(headers=headers))


def redirect_target(url: str, status: int, location: bytes | None) -> str:
    """Return the absolute address that a redirect of `url` leads to. Pure.

    Raises:
        FetchFault: it leads nowhere, or to an address that cannot be asked.
    """
    written = (location or b"").decode("utf-8", errors="replace").strip()
    if not written:
        raise FetchFault("unreachable", f"answers {status}, a redirect, and does not say where to")
    try:
        # Scrapy's own steps: bytes that are no UTF-8 are kept, percent-encoded
        target = urljoin(url, safe_url_string((location or b"").strip()))
        wrong = flaw(target) if is_http(target) else None
    except ValueError:
        target, wrong = written, flaw(written) or "it is malformed"
    if wrong:
        raise FetchFault("unreachable", f"redirects to {shown(written)!r}, which cannot be asked: {wrong}")
    if not is_http(target):
        raise FetchFault("refused", f"redirects to {shown(written)!r}; only http and https are followed")
    return target
