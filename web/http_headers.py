"""The media type of a published file and how long it may be cached, by its name. Pure.

The site map (feeds/site_map.py) says both for every file that publishing writes. Other files in the folder get a media type
by their ending, and are revalidated.
"""

from __future__ import annotations

from foreign_eyes.feeds.site_map import SITE_MAP, CacheClass, find_path

REVALIDATE = CacheClass.REVALIDATE.value
_OTHER = "application/octet-stream"
_BINARY = frozenset({"image/png", "image/x-icon", _OTHER})
# last parts of names that are feeds somewhere: nginx finds their types by these names, wherever they lie
_BY_LAST_PART = {row.pattern.rpartition("/")[2]: row.media_type for row in SITE_MAP if row.is_feed}
_BY_ENDING = {
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


def media_type(name: str) -> str:
    """Return the media type of a published file, with the charset if it is text."""
    bare = _bare_type(name)
    return bare if bare in _BINARY else f"{bare}; charset=utf-8"


def is_text(name: str) -> bool:
    """Return whether a file is worth compressing."""
    return _bare_type(name) not in _BINARY


def cache_control(name: str) -> str:
    """Return the value of a published file's `Cache-Control` field."""
    row = find_path(name)
    return REVALIDATE if row is None else row.cache.value


def _bare_type(name: str) -> str:
    row = find_path(name)
    if row is not None:
        return row.media_type
    last = name.rpartition("/")[2]
    ending = last.rpartition(".")[2].lower() if "." in last else ""
    return _BY_LAST_PART.get(last) or _BY_ENDING.get(ending, _OTHER)
