"""International host names, in the form that DNS and HTTP use. Pure.

IDNA 2008 (RFC 5891) after the mapping of UTS #46, as in browsers. Python's codec and w3lib implement IDNA 2003, by which
`faß.example` is another host.
"""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote, urlsplit

# the forbidden host code points of the URL standard that decoding or mapping could bring in
_DELIMITERS = frozenset("\t\n\r #%/:<>?@[\\]^|")


def ascii_host(host: str) -> str:
    """Return a host name with its international labels as `xn--…`; other names in lower case.

    Raises:
        ValueError: the name is not allowed.
    """
    try:
        name = unquote(host, errors="strict") if "%" in host else host
    except UnicodeDecodeError as error:
        raise ValueError("its host name is malformed") from error
    if not name.isascii():
        import idna  # noqa: PLC0415 - slow to import, and few names need it

        try:
            name = ".".join(_ascii_label(label) for label in idna.uts46_remap(name, std3_rules=False).split("."))
        except UnicodeError as error:  # IDNAError is one
            raise ValueError(f"its host name is not an international name: {error}") from error
    if name != host and not _DELIMITERS.isdisjoint(name):
        raise ValueError("its host name is malformed")
    return name.lower()


def ascii_url(url: str) -> str:
    """Return a URL with its host as in `ascii_host`; unchanged if that is ASCII already.

    Raises:
        ValueError: the URL or its host name is malformed.
    """
    parts = urlsplit(url)
    user, at, host_and_port = parts.netloc.rpartition("@")
    if host_and_port.startswith("[") or (host_and_port.isascii() and "%" not in host_and_port):
        return url
    name, colon, port = host_and_port.partition(":")
    return parts._replace(netloc=f"{user}{at}{ascii_host(name)}{colon}{port}").geturl()


def shown_host(host: str) -> str:
    """Return a host, with or without a port, for a message: an international name in both of its forms."""
    if "xn--" not in host.lower():
        return host
    import idna  # noqa: PLC0415

    name, colon, port = host.partition(":")
    try:
        labels = [idna.ulabel(label) if label.lower().startswith("xn--") else label for label in name.split(".")]
    except UnicodeError:
        return host
    return f"{'.'.join(labels)}{colon}{port} ({host})"


def _ascii_label(label: str) -> str:
    """Return the `xn--…` form of a label.

    Raises:
        UnicodeError: the label is not allowed.
    """
    if label.isascii():
        return label
    import idna  # noqa: PLC0415

    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        # emoji are in use, and browsers accept them; IDNA 2008 does not
        if not any(unicodedata.category(character) == "So" for character in label):
            raise
        return label.encode("idna").decode("ascii")
