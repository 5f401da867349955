"""What the header fields of a request for a file ask: is a copy still good, and is a compressed one welcome? Pure."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple


class Asked(NamedTuple):
    """The fields that decide on the form of an answer, as they came; lists that came in several lines are joined."""

    accept_encoding: bytes = b""
    if_none_match: bytes | None = None
    if_modified_since: bytes | None = None


def read_fields(fields: Iterable[tuple[bytes, bytes]]) -> Asked:
    """Return what is asked by a request's header fields, whose names are in lower case (ASGI)."""
    codings, tags, since = b"", None, None
    for name, value in fields:
        if name == b"accept-encoding":
            codings = codings + b"," + value if codings else value
        elif name == b"if-none-match":
            tags = value if tags is None else tags + b"," + value
        elif name == b"if-modified-since":
            since = value
    return Asked(codings, tags, since)


def is_unchanged(asked: Asked, etag: bytes, modified: int | None) -> bool:
    """Say whether the preconditions of a GET or HEAD ask for a 304 (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2).

    A date counts only where no ETags are given; ETags are compared weakly.
    """
    if (tags := asked.if_none_match) is not None:
        given = [tag.strip().removeprefix(b"W/") for tag in tags.split(b",")]
        return etag in given or tags.strip() == b"*"
    if modified is None or asked.if_modified_since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(asked.if_modified_since.decode("latin-1")).timestamp()
    except (ValueError, OverflowError):
        return False


@lru_cache(256)  # clients of one kind send the same
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Say whether a client reads gzip (RFC 9110 section 12.5.3)."""
    for coding in accept_encoding.lower().split(b","):
        name, _, weight = coding.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
