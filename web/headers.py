"""Header fields that protect readers: on every answer, and on the pages that we publish."""

from __future__ import annotations

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def page_policy(*styles: str) -> str:
    """Return a Content-Security-Policy for pages without script, with a stylesheet and images of this server.

    `styles` are further sources of styles, such as the digest of one that stands in the page.
    """
    sources = " ".join(("'self'", *styles))
    return (
        f"default-src 'none'; style-src {sources}; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


# published pages and feeds
PAGE_HEADERS = {**SECURITY_HEADERS, "content-security-policy": page_policy()}
