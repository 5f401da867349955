"""Check whether a URL can be requested, and describe what is wrong with it. Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from foreign_eyes.listing.host_names import ascii_host

LONGEST_URL = 4096

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_USER_INFORMATION = re.compile(r"^([^/?#]*//)[^/?#]*@")


def is_http(url: str) -> bool:
    """Return whether an absolute URL has the scheme http or https."""
    return url.partition(":")[0].lower() in ("http", "https")


def url_problem(url: str) -> str | None:
    """Return why an absolute http(s) URL cannot be requested, or None."""
    if len(url) > LONGEST_URL:
        return f"it is longer than {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it is malformed"
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        return "its port is not a number from 1 to 65535"
    if "@" in parts.netloc:
        return "it has user information"
    return _host_problem(parts)


def printable(url: str) -> str:
    """Return a URL or another text of a site for a message.

    The result is one line of limited length, without a password.
    """
    url = _USER_INFORMATION.sub(r"\1…@", url)
    text = "".join(character if character.isprintable() else "?" for character in url)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _host_problem(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if not host:
        return "it has no host"
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return "its host is not an IPv6 address"
        return "its host is an IPv6 address with a zone" if "%" in host else None
    try:
        name = ascii_host(host)
    except ValueError as error:
        return str(error)
    labels = name.removesuffix(".").split(".")
    is_valid = len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return None if is_valid else "its host name is malformed"
