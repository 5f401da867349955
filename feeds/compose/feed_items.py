"""The items of a feed, independent of its format. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose.shown_entries import Collection, FeedEntry
from foreign_eyes.feeds.site_map import FeedFormat

# the URL of a feed by format; a format in which the feed is not published is missing
FeedUrls = Mapping[FeedFormat, str]


@dataclass(frozen=True, slots=True)
class Column:
    """The original feed of an entry, from which other feeds copy it (RFC 4287 section 4.2.11)."""

    feed_id: str
    title: str
    home: str
    urls: FeedUrls


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a feed, independent of the format.

    All texts except `html` are plain text. `via` is None if the source has no URL. `column` is the original feed of the item,
    if that is not the `column` of the feed that has the item; `language` is the item's, if that is not the feed's.
    """

    tag_uri: str
    title: str
    author: str
    collections: tuple[Collection, ...]
    summary: str
    html: str
    alternate: str
    via: str | None
    published: datetime
    updated: datetime
    column: Column | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The element of a feed that replaces a withdrawn entry (RFC 6721)."""

    tag_uri: str
    at: datetime


def compose_item(entry: FeedEntry) -> Item:
    """Return the item of an entry."""
    return Item(
        tag_uri=entry.tag_uri,
        title=entry.title,
        author=entry.author,
        collections=(*((entry.publication,) if entry.publication else ()), *entry.topics),
        summary=entry.summary,
        html=html_text.paragraphs(entry.texts.excerpt) if entry.is_redacted else _html(entry),
        alternate=entry.alternate,
        via=entry.via,
        published=entry.published,
        updated=entry.updated,
    )


def _html(entry: FeedEntry) -> str:
    """Return an entry as HTML: the quoted excerpt, its citation, and the commentary."""
    texts = entry.texts
    cite = f' cite="{html_text.attribute(entry.via)}"' if entry.via else ""
    cited = html_text.citation(entry.citation.work, entry.citation.publication)
    parts = [
        f"<blockquote{cite}>{html_text.paragraphs(texts.excerpt)}</blockquote>" if texts.excerpt.strip() else "",
        f"<p>— {cited}</p>",
        f"<hr><p><strong>Commentary</strong></p>{html_text.paragraphs(texts.commentary)}"
        if texts.commentary.strip()
        else "",
    ]
    return "\n".join(filter(None, parts))
