"""What a published file is, by its name alone: its media type, and how long it may be kept. Pure."""

from __future__ import annotations

import re

ATOM = "application/atom+xml"
RSS = "application/rss+xml"
JSON_FEED = "application/feed+json"

# what a folder's own feeds are called, and what those of the column's changes are
FEEDS = {"atom.xml": ATOM, "rss.xml": RSS, "feed.json": JSON_FEED}
SUBSCRIPTIONS = {**FEEDS, "changes.xml": ATOM, "changes.rss": RSS, "changes.json": JSON_FEED}

_BY_ENDING = {
    "html": "text/html",
    "xml": "application/xml",
    "rss": RSS,
    "json": "application/json",
    "css": "text/css",
    "txt": "text/plain",
    "opml": "text/x-opml",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
}
_OTHER = "application/octet-stream"
_NO_TEXT = frozenset({"image/png", "image/x-icon", _OTHER})

# the folders that have feeds of their own; "" is the whole column's
_FEED_FOLDER = re.compile(r"((publications|topics)/[^/]+/)?")
_ARCHIVE_DOCUMENT = re.compile(r"archive/(0|[1-9][0-9]{0,8})\.(?:xml|json)")

# readers ask every hour or so; five minutes let a cache before the server answer the crowd
SHORT = "public, max-age=300"
# once published, such a document stays as it is (RFC 5005 section 4)
FROZEN = "public, max-age=31536000, immutable"
# kept, and asked for again each time, which costs a 304
REVALIDATE = "no-cache"


def split_name(name: str) -> tuple[str, str]:
    """Return the folder of a file, with its slash, and the last part of its name."""
    folder, slash, last = name.rpartition("/")
    return folder + slash, last


def is_feed_folder(folder: str) -> bool:
    """Whether a folder, with its slash, is one that has feeds of its own."""
    return _FEED_FOLDER.fullmatch(folder) is not None


def is_subscription(name: str) -> bool:
    """Whether a file is a subscription document (RFC 5005 section 4): a feed that readers ask for again and again."""
    folder, last = split_name(name)
    return last in (FEEDS if folder else SUBSCRIPTIONS) and is_feed_folder(folder)


def archive_number(name: str) -> int | None:
    """Return the number of an archive document (RFC 5005 section 4), `archive/N.xml` or `archive/N.json`, else None."""
    found = _ARCHIVE_DOCUMENT.fullmatch(name)
    return int(found[1]) if found else None


def media_type(name: str) -> str:
    """Return the media type of a published file, with the charset where it is text."""
    kind = _bare_type(name)
    return kind if kind in _NO_TEXT else f"{kind}; charset=utf-8"


def is_text(name: str) -> bool:
    """Whether a file is worth compressing."""
    return _bare_type(name) not in _NO_TEXT


def cache_control(name: str) -> str:
    """Return how long a published file may be kept, as `Cache-Control` says it (RFC 9111 section 5.2, RFC 8246)."""
    if archive_number(name) is not None:
        return FROZEN
    return SHORT if is_subscription(name) else REVALIDATE


def _bare_type(name: str) -> str:
    last = split_name(name)[1]
    ending = last.rpartition(".")[2].lower() if "." in last else ""
    if archive_number(name) is not None:
        return ATOM if ending == "xml" else JSON_FEED
    return SUBSCRIPTIONS.get(last) or _BY_ENDING.get(ending, _OTHER)
