"""Rendering a composed feed as Atom and as RSS: the only module that knows feedgen.

feedgen 1.0 loses the attributes of an entry's links, dates with "now" what is not dated, takes the RSS channel's link from
the last one given, and prepends entries: all of that is met here. It writes RSS dates by changing the locale of the whole
process for a moment, so rendering RSS is not for two threads at once.
"""

from __future__ import annotations

from html import escape

from feedgen.entry import FeedEntry as Item  # type: ignore[import-untyped]
from feedgen.ext.base import BaseEntryExtension, BaseExtension  # type: ignore[import-untyped]
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]
from lxml.etree import SubElement, _Element

from feeds.compose import Feed, FeedEntry
from feeds.markup import entry_html

ATOM_FILE, ATOM_TYPE = "atom.xml", "application/atom+xml"
RSS_FILE, RSS_TYPE = "rss.xml", "application/rss+xml"
# Without a version: else an upgrade alone would change every feed
GENERATOR = "Foreign Eyes"

_DC = "http://purl.org/dc/elements/1.1/"


def render_atom(feed: Feed) -> bytes:
    """Return `feed` as an Atom document (RFC 4287)."""
    generator = _generator(feed, ATOM_FILE, ATOM_TYPE)
    generator.register_extension("beyond", BaseExtension, _AtomLinks, rss=False)
    for entry in feed.entries:
        item = _item(generator, entry)
        item.author(name=entry.author)
        item.summary(entry.summary, type="text")
        item.content(entry_html(entry), type="html")
        item.updated(entry.updated)
        item.beyond.entry = entry
    rendered: bytes = generator.atom_str(pretty=True)
    return rendered


def render_rss(feed: Feed) -> bytes:
    """Return `feed` as an RSS 2.0 document, with the full text in `content:encoded`.

    A title is plain text, as the RSS Best Practices Profile has it; a description is HTML, so the summary is escaped.
    """
    generator = _generator(feed, RSS_FILE, RSS_TYPE)
    generator.register_extension("beyond", _DublinCore, _DublinCoreCreator, atom=False)
    for entry in feed.entries:
        item = _item(generator, entry)
        item.link(href=entry.alternate, rel="alternate")
        item.description(escape(entry.summary, quote=False), isSummary=True)
        item.content(entry_html(entry))
        item.beyond.entry = entry
    rendered: bytes = generator.rss_str(pretty=True)
    return rendered


def _generator(feed: Feed, name: str, media_type: str) -> FeedGenerator:
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.rights(feed.rights)
    generator.language(feed.language)
    generator.generator(GENERATOR)
    generator.updated(feed.updated)
    generator.link(href=feed.home + name, rel="self", type=media_type)
    if feed.source_url:
        generator.link(href=feed.source_url, rel="via", type="text/html")
    generator.link(href=feed.home, rel="alternate", type="text/html")
    return generator


def _item(generator: FeedGenerator, entry: FeedEntry) -> Item:
    """Add what both formats say of an entry, in the order of the feed."""
    item = generator.add_entry(order="append")
    item.id(entry.tag_uri)
    item.title(entry.title)
    item.published(entry.published)
    item.category([{"term": category} for category in entry.categories])
    return item


class _AtomLinks(BaseEntryExtension):  # type: ignore[misc] # feedgen has no types
    """Writes an Atom entry's links whole. feedgen puts elements in no namespace, under a literal `xmlns` attribute."""

    entry: FeedEntry

    def extend_atom(self, element: _Element) -> _Element:
        """Append the links to the entry's element."""
        SubElement(element, "link", rel="alternate", type="text/html", href=self.entry.alternate)
        if self.entry.via:
            SubElement(element, "link", rel="via", type="text/html", href=self.entry.via)
        return element


class _DublinCore(BaseExtension):  # type: ignore[misc] # feedgen has no types
    """Declares the namespace of `dc:creator` at the root."""

    def extend_ns(self) -> dict[str, str]:
        """Return the prefix and its namespace."""
        return {"dc": _DC}


class _DublinCoreCreator(BaseEntryExtension):  # type: ignore[misc] # feedgen has no types
    """Names an RSS item's author: RSS's own `author` is for an e-mail address."""

    entry: FeedEntry

    def extend_rss(self, element: _Element) -> _Element:
        """Append the creator to the item's element."""
        SubElement(element, f"{{{_DC}}}creator").text = self.entry.author
        return element
