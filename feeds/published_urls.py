"""Published URLs: http and https only, quoted so that every format can carry them. Pure.

International host names are written as `xn--…`: many feed readers resolve neither other letters nor percent signs in a host.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from foreign_eyes.listing.host_names import ascii_url

# the characters that RFC 3986 allows in a URL, and the percent sign of parts that are quoted already
_URL_SIGNS = "%:/?#[]@!$&'()*+,;=-._~"


def normal_base_url(url: str, what: str = "base URL") -> str:
    """Return the URL below which everything is published, ending in a slash.

    Error messages call it `what`.

    Raises:
        ValueError: it is not an http or https URL with a host, it has a query or a fragment, which joining paths would
            lose, or it holds a password, which would be published.
    """
    scheme, _, rest = url.partition("://")
    if "@" in (rest or scheme).partition("/")[0]:  # first, because the other messages repeat the URL
        raise ValueError(f"the {what} holds a user name or password, which would be published; leave them out")
    try:
        parts = urlsplit(ascii_url(url.strip()))
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{what} {url!r}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{what} {url!r}: must begin with http:// or https:// and a host")
    if parts.query or parts.fragment:
        raise ValueError(f"{what} {url!r}: must have no query and no fragment")
    return _quoted(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/")


def normal_browse_url(url: str) -> str | None:
    """Return the URL of Datasette, ending in a slash, or None if `url` is empty.

    The URL is absolute or relative to the base URL.

    Raises:
        ValueError: an absolute URL is not http or https, or a relative one leads out of the folder.
    """
    if not url.strip():
        return None
    if "//" in url or ":" in url:
        return normal_base_url(url, "address of Datasette")
    path = url.strip().rstrip("/")
    if path.startswith("/") or ".." in path.split("/") or any(sign in path for sign in "?#"):
        raise ValueError(f"{url!r}: must be an address (https://…), or a path below the base URL such as browse/")
    return _quoted(f"{path}/")


def normal_hub(url: str) -> str:
    """Return the URL of a WebSub hub, which may have a query.

    Raises:
        ValueError: it is not an http or https URL with a host, it has a fragment, or it holds a password, which would be
            published.
    """
    base, mark, query = url.strip().partition("?")
    if "#" in query:
        raise ValueError(f"hub {url!r}: must have no fragment")
    address = normal_base_url(base, "hub")
    address = address if base.endswith("/") else address.removesuffix("/")
    return _quoted(f"{address}{mark}{query}")


def web_address(url: str) -> str | None:
    """Return `url` quoted for a link, or None if browsers must not open it.

    Browsers open only http and https URLs with a host, not `javascript:` or `file:`.
    """
    try:
        url = ascii_url(url.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    return _quoted(url) if parts.scheme in ("http", "https") and parts.hostname else None


def quoting(address: str, words: str) -> str:
    """Return `address` with a text fragment, so that browsers scroll to `words`.

    In URL Fragment Text Directives (WICG), dash, comma and ampersand are syntax, so they are quoted too.
    """
    if not words:
        return address
    return (
        f"{address}{'' if '#' in address else '#'}:~:text={quote(words, safe='', errors='replace').replace('-', '%2D')}"
    )


def _quoted(url: str) -> str:
    return quote(url, safe=_URL_SIGNS, errors="replace")
