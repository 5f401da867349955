"""Addresses as pages write them, made absolute; what cannot be fetched is left out rather than raised."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urldefrag, urljoin, urlsplit

from foreign_eyes.listing.text import clean

_LONGEST = 4096


def absolute(base: str, href: str) -> str | None:
    """Return `href` as an absolute http(s) URL without fragment, or None where that is not what it is.

    None too for a bare fragment, and for what is no URL at all, such as `http://h:8x/`.
    """
    written = clean(href).strip()
    if not written or written.startswith("#") or len(written) > _LONGEST:
        return None
    try:
        joined = urldefrag(urljoin(base, written)).url
        parts = urlsplit(joined)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return joined if good and not any(sign.isspace() for sign in parts.netloc) else None


def resolver(url: str, base: str | None) -> Callable[[str], str | None]:
    """Return the function that makes a page's links absolute, by its own `<base href>` where that is usable."""
    root = absolute(url, base) if base else None
    return lambda href: absolute(root or url, href)
