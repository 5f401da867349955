"""Explain why page 1 of an unknown source is refused. Pure.

A news article has paragraphs with dashes, too. Until a crawl of the source has settled, only the heading identifies the
listing.
"""

from __future__ import annotations

import json
import re

from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.listing.text import in_a_line
from foreign_eyes.listing.values import ListedEntry, ListingPage

_MOST_QUOTED = 3


def unknown_listing(name: str, source: SourceSettings, listing: ListingPage, *, configured: bool) -> str:
    """Return the message for a page 1 without the heading of its source.

    It quotes what the page shows instead, and the settings that accept it.
    """
    lacks = f"page 1 does not show the heading {_quoted(source.heading)}, and nothing of {name} was settled before"
    entries = ", ".join(map(entry_line, listing.entries[:_MOST_QUOTED]))
    shows = f"its first entries would be: {entries}" if entries else "it lists no entries"
    if not listing.headings:
        return f"{lacks}; it has no headings; {shows}; if it is the listing: crawl with --accept"
    seen = ", ".join(_quoted(text) for text in listing.headings[:_MOST_QUOTED])
    more = f" and {len(listing.headings) - _MOST_QUOTED} more" if len(listing.headings) > _MOST_QUOTED else ""
    return (
        f"{lacks}; its headings: {seen}{more}; {shows}; if it is the listing: crawl with --accept, or set"
        f" {settings_line(name, source, listing.headings[0], configured=configured)}"
    )


def settings_line(name: str, source: SourceSettings, heading: str, *, configured: bool) -> str:
    """Return the TOML settings that identify a listing by `heading`, in one line."""
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_string(name)
    url = "" if configured else f" url = {toml_string(source.url)}"
    return f"[sources.{key}]{url} heading = {toml_string(heading[:200])}"


def entry_line(entry: ListedEntry) -> str:
    """Return an entry as parsed, in one short line."""
    return _quoted(f"{entry.title}, by {entry.publication}" if entry.title else entry.attribution)


def toml_string(text: str) -> str:
    """Return `text` as a basic string of TOML 1.0: as in JSON, with DEL escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted(text: str) -> str:
    return f'"{in_a_line(text)}"'
