"""Follow redirects; explain those that cannot be followed.

Scrapy's middleware raises ValueError for a malformed `Location`, and returns a redirect to `file:` as a page.
"""

from __future__ import annotations

from urllib.parse import urljoin

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response
from w3lib.url import safe_url_string

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.fetchable_urls import is_http, printable, url_problem
from foreign_eyes.listing.host_names import ascii_url

STATUSES = frozenset({301, 302, 303, 307, 308})


class CheckedRedirects(RedirectMiddleware):
    """Scrapy's redirect middleware, with a message for each redirect that cannot be followed."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Follow a redirect; return any other response.

        Raises:
            FetchFault: the redirect has no target or an invalid one, or there are too many redirects.
        """
        if response.status not in STATUSES:
            return response
        target = redirect_target(request.url, response.status, response.headers.get("Location"))
        before: list[str] = [*request.meta.get("redirect_urls", []), request.url]
        if len(before) > self.max_redirect_times:
            problem = "form a loop" if len(set(before)) < len(before) else "do not end"
            raise FetchFault(
                "unreachable",
                f"its redirects {problem}: stopped after {self.max_redirect_times}, the last one leads to {printable(target)};"
                " open the URL in a browser and configure the one where it ends",
            )
        headers = response.headers.copy()
        headers["Location"] = target
        return super().process_response(request, response.replace(headers=headers))


def redirect_target(url: str, status: int, location: bytes | None) -> str:
    """Return the absolute URL to which `url` redirects. Pure.

    Raises:
        FetchFault: `Location` is missing, or is not a URL that can be requested.
    """
    written = (location or b"").decode("utf-8", errors="replace").strip()
    if not written:
        raise FetchFault("unreachable", f"answers {status}, a redirect, without a Location")
    try:
        # as Scrapy does it: bytes that are not UTF-8 are percent-encoded
        target = urljoin(url, safe_url_string(_with_ascii_host((location or b"").strip())))
        problem = url_problem(target) if is_http(target) else None
    except ValueError:
        target, problem = written, url_problem(written) or "it is malformed"
    if problem:
        raise FetchFault("unreachable", f"redirects to {printable(written)!r}, which cannot be requested: {problem}")
    if not is_http(target):
        raise FetchFault("refused", f"redirects to {printable(written)!r}; only http and https are followed")
    return target


def _with_ascii_host(location: bytes) -> str | bytes:
    """Return a `Location` with an international host name in the form of DNS.

    Raises:
        ValueError: the location or its host name is malformed.
    """
    try:
        return ascii_url(location.decode("utf-8"))
    except UnicodeDecodeError:
        return location
