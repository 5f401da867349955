"""Resolve the URLs of links; a URL that cannot be fetched gives None."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urldefrag, urljoin, urlsplit

from foreign_eyes.listing.text import clean

_LONGEST = 4096


def absolute(base: str, href: str) -> str | None:
    """Return `href` as an absolute http(s) URL without fragment.

    Return None for other schemes, for a fragment alone, and for an invalid URL such as `http://h:8x/`.
    """
    written = clean(href).strip()
    if not written or written.startswith("#") or len(written) > _LONGEST:
        return None
    try:
        joined = urldefrag(urljoin(base, written)).url
        parts = urlsplit(joined)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return joined if is_valid and not any(character.isspace() for character in parts.netloc) else None


def resolver(url: str, base: str | None) -> Callable[[str], str | None]:
    """Return the function that resolves the links of a page.

    They are relative to its `<base href>` if that is valid.
    """
    root = absolute(url, base) if base else None
    return lambda href: absolute(root or url, href)
