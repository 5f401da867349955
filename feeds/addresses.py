"""Addresses as they are published: only of the web, and quoted so that every format can carry them. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

# What RFC 3986 lets stand in a URL, and the percent sign of what is quoted already
_URL_SIGNS = "%:/?#[]@!$&'()*+,;=-._~"


def normal_base_url(url: str) -> str:
    """Return the address below which everything is published, ending in a slash.

    Raises:
        ValueError: it is not an http or https address of a host, or has what would not survive the joining (a query, a
            fragment) or should not be public (a password).
    """
    if "@" in url.partition("://")[2].partition("/")[0]:  # first of all: the other messages repeat the URL
        raise ValueError("the base URL holds a user name or password, which would be published; leave them out")
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"base URL {url!r}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base URL {url!r}: must begin with http:// or https:// and a host")
    if parts.query or parts.fragment:
        raise ValueError(f"base URL {url!r}: must have no query and no fragment")
    return _quoted(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/")


def web_address(url: str) -> str | None:
    """Return `url` quoted for a link, or None where it is not for a browser to open (`javascript:`, `file:`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return _quoted(url.strip()) if parts.scheme in ("http", "https") and parts.hostname else None


def quoting(address: str, words: str) -> str:
    """Return `address` with a text fragment, so that browsers scroll to `words` on it.

    URL Fragment Text Directives (WICG): the dash, the comma and the ampersand are syntax there, so they are quoted too.
    """
    if not words:
        return address
    return (
        f"{address}{'' if '#' in address else '#'}:~:text={quote(words, safe='', errors='replace').replace('-', '%2D')}"
    )


def _quoted(url: str) -> str:
    return quote(url, safe=_URL_SIGNS, errors="replace")
