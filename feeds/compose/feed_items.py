"""What a feed holds, whatever its format. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose.feed_entries import Collection, FeedEntry


@dataclass(frozen=True, slots=True)
class Item:
    """An element of a feed; all of it is plain text but for `html`. `via` is None where there is no such place."""

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


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that was withdrawn: an element of a feed that stands in its place (RFC 6721)."""

    tag_uri: str
    at: datetime


def compose_item(entry: FeedEntry) -> Item:
    """Return the item of an entry."""
    cited = html_text.citation(entry.citation.work, entry.citation.publication)
    html = html_text.quotation(entry.excerpt, cited, entry.commentary, entry.via)
    return Item(
        tag_uri=entry.tag_uri,
        title=entry.title,
        author=entry.author,
        collections=(*((entry.publication,) if entry.publication else ()), *entry.topics),
        summary=entry.summary,
        html=html_text.paragraphs(entry.excerpt) if entry.is_redacted else html,
        alternate=entry.alternate,
        via=entry.via,
        published=entry.published,
        updated=entry.updated,
    )
