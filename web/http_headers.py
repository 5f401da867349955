"""Header fields of the static server, and the choice of a representation. Pure.

The fields are those for media types, caching, links, conditional requests and compression.

The site map (feeds/site_map.py) has the rules for every path that publishing writes. Other files in the folder get a
media type by their extension, and are revalidated. docs/serving.md has the same rules for nginx and object stores.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from foreign_eyes.feeds.site_map import SITE_MAP, CacheClass, find_in_folders, links_of

if TYPE_CHECKING:
    from starlette.types import Message

# --- Content-Type, Cache-Control and Link

REVALIDATE = CacheClass.REVALIDATE.value
_OCTET_STREAM = "application/octet-stream"
_BINARY_TYPES = frozenset({"image/png", "image/x-icon", _OCTET_STREAM})
# nginx finds the types of feeds by their file names, in whatever folder
_TYPE_BY_FILE_NAME = {row.pattern.rpartition("/")[2]: row.media_type for row in SITE_MAP if row.is_feed}
_TYPE_BY_EXTENSION = {
    "html": "text/html",
    "xml": "application/xml",
    "rss": "application/rss+xml",
    "json": "application/json",
    "css": "text/css",
    "txt": "text/plain",
    "opml": "text/x-opml",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
}
# the characters that RFC 3986 allows in a URL, and the percent sign of those that are quoted already
_URL_CHARACTERS = "%:/?#[]@!$&'()*+,;=-._~"


def media_type(path: str) -> str:
    """Return the `Content-Type` of a published file, with the charset if it is text."""
    bare = _bare_media_type(path)
    return bare if bare in _BINARY_TYPES else f"{bare}; charset=utf-8"


def is_compressible(path: str) -> bool:
    """Return whether gzip makes a file of this type smaller."""
    return _bare_media_type(path) not in _BINARY_TYPES


def cache_control(path: str) -> str:
    """Return the `Cache-Control` of a published file (RFC 9111 section 5.2)."""
    _, row = find_in_folders(path)
    return REVALIDATE if row is None else row.cache.value


def _bare_media_type(path: str) -> str:
    _, row = find_in_folders(path)
    if row is not None:
        return row.media_type
    file_name = path.rpartition("/")[2]
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    return _TYPE_BY_FILE_NAME.get(file_name) or _TYPE_BY_EXTENSION.get(extension, _OCTET_STREAM)


def link_header(
    path: str, base_url: str | None, hub: str | None, own_base_urls: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the `Link` field of a published file (RFC 8288), or "" for a file without links.

    The links are sent as a header field because JSON Feed has no place for them, and validators of RSS warn about any
    `atom:link` except `self`.

    Args:
        path: the path below the published folder.
        base_url: the URL of that folder, with its slash; None makes references relative to the file (RFC 8288
            section 3.2).
        hub: the URL of the WebSub hub, if there is one.
        own_base_urls: the base URLs of folders of sources that do not follow from `base_url`; the keys end with a slash.
    """
    folder, _ = find_in_folders(path)
    base_url = own_base_urls.get(folder, base_url and base_url + quote(folder, errors="surrogateescape"))
    path = path.removeprefix(folder)
    links: list[str] = []
    for link in links_of(path):
        if link.target is not None:
            reference = _reference(link.target, path, base_url)
        elif hub:
            reference = quote(hub, safe=_URL_CHARACTERS)
        else:
            continue
        type_parameter = f'; type="{link.media_type}"' if link.media_type else ""
        links.append(f'<{reference}>; rel="{link.rel}"{type_parameter}')
    return ", ".join(links)


def _reference(target: str, path: str, base_url: str | None) -> str:
    """Return the URL of `target`, quoted for use in `<>`.

    `target` and `path` are relative to the folder of the source.
    """
    quoted = quote(target, errors="surrogateescape")
    if base_url is None:
        return "../" * path.count("/") + quoted or "./"
    return quote(base_url, safe=_URL_CHARACTERS) + quoted


# --- security

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def content_security_policy(*style_sources: str) -> str:
    """Return a policy for pages without script, with stylesheets and images of this server.

    Args:
        style_sources: further sources for styles, for example the digest of an inline stylesheet.
    """
    styles = " ".join(("'self'", *style_sources))
    return (
        f"default-src 'none'; style-src {styles}; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


PUBLISHED_HEADERS = {**SECURITY_HEADERS, "content-security-policy": content_security_policy()}


# --- conditional requests and content negotiation


class RequestHeaders(NamedTuple):
    """The request header fields that select a response.

    If a list field is repeated, its values are joined with a comma.
    """

    accept_encoding: bytes = b""
    if_none_match: bytes | None = None
    if_modified_since: bytes | None = None


def read_request_headers(headers: Iterable[tuple[bytes, bytes]]) -> RequestHeaders:
    """Return the fields that select a response from ASGI headers, whose names are in lower case."""
    encodings, etags, since = b"", None, None
    for name, value in headers:
        if name == b"accept-encoding":
            encodings = encodings + b"," + value if encodings else value
        elif name == b"if-none-match":
            etags = value if etags is None else etags + b"," + value
        elif name == b"if-modified-since":
            since = value
    return RequestHeaders(encodings, etags, since)


def is_not_modified(request: RequestHeaders, etag: bytes, last_modified: int | None) -> bool:
    """Return whether a conditional GET or HEAD gets a 304.

    RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2 define the rules. ETags are compared weakly. `If-Modified-Since` is
    ignored if the request has `If-None-Match`.
    """
    if (etags := request.if_none_match) is not None:
        return etags.strip() == b"*" or etag in [tag.strip().removeprefix(b"W/") for tag in etags.split(b",")]
    if last_modified is None or request.if_modified_since is None:
        return False
    try:
        return last_modified <= parsedate_to_datetime(request.if_modified_since.decode("latin-1")).timestamp()
    except (ValueError, OverflowError):
        return False


@lru_cache(256)  # clients of one kind send the same value
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Return whether `Accept-Encoding` allows gzip (RFC 9110 section 12.5.3)."""
    for coding in accept_encoding.lower().split(b","):
        name, _, weight = coding.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


# --- representations

HeaderList = list[tuple[bytes, bytes]]
Messages = tuple["Message", "Message"]

_SECURITY: HeaderList = [(name.encode(), value.encode()) for name, value in PUBLISHED_HEADERS.items()]


@dataclass(frozen=True, slots=True)
class Representation:
    """One representation of a file: the plain one or the compressed one.

    Each has an ETag of its own (RFC 9110 section 8.8.3.3). `ok` and `not_modified` are the ASGI messages of a 200 and a
    304. For a file that is too large for the cache `body` and `ok` are None, and `headers` lack a length.
    """

    etag: bytes
    headers: HeaderList
    body: bytes | None
    ok: Messages | None
    not_modified: Messages


def representations(
    name: str, digest: str, body: bytes | None, link: str, last_modified: int | None
) -> tuple[Representation, Representation | None]:
    """Return the plain representation, and the compressed one if that is smaller."""
    headers = [(b"content-type", media_type(name).encode())]
    if link:
        headers.append((b"link", link.encode()))
    if last_modified is not None:
        headers.append((b"last-modified", formatdate(last_modified, usegmt=True).encode()))
    caching: HeaderList = [(b"cache-control", cache_control(name).encode())]
    compressed = gzip.compress(body, 6, mtime=0) if body is not None and is_compressible(name) else None
    if body is None or compressed is None or len(compressed) >= len(body):
        return _representation(digest, body, headers, caching), None
    caching.append((b"vary", b"accept-encoding"))
    encoded = [*headers, (b"content-encoding", b"gzip")]
    return (
        _representation(digest, body, headers, caching),
        _representation(f"{digest}-gzip", compressed, encoded, caching),
    )


def _representation(tag: str, body: bytes | None, headers: HeaderList, caching: HeaderList) -> Representation:
    """Return a representation with the messages of its 200 and its 304.

    The 304 repeats `caching` (RFC 9110 section 15.4.5) and the security fields. A cache replaces its stored fields with
    those of a 304 (RFC 9111 section 3.2), so a stricter policy of a new version also reaches pages that a browser has
    stored.
    """
    etag = f'"{tag}"'.encode()
    repeated = [(b"etag", etag), *caching, *_SECURITY]
    headers = [*headers, *repeated]
    ok = None if body is None else _messages(200, [*headers, (b"content-length", b"%d" % len(body))], body)
    return Representation(etag, headers, body, ok, _messages(304, repeated, b""))


def _messages(status: int, headers: HeaderList, body: bytes) -> Messages:
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}
