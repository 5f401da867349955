"""Elements of Atom and RSS that feedgen 1.0 cannot write.

They are links with attributes, sources, and the elements of RFC 5005, RFC 6721 and Dublin Core.

feedgen creates its elements without a namespace below a literal `xmlns` attribute, so Atom elements here have none either.
"""

from __future__ import annotations

from feedgen.ext.base import BaseEntryExtension, BaseExtension  # type: ignore[import-untyped]
from lxml.etree import SubElement, _Element

from foreign_eyes.feeds.compose.feed_items import Column, Item
from foreign_eyes.feeds.compose.feeds import Feed
from foreign_eyes.feeds.render.plain_text import unmistakable
from foreign_eyes.feeds.site_map import ATOM

HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"


class AtomFeed(BaseExtension):  # type: ignore[misc] # feedgen has no types
    """The elements of a feed that Atom itself does not define.

    feedgen calls this extension before it writes the entries.
    """

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        """Return the namespaces that this feed needs, by prefix."""
        return {
            **({"fh": HISTORY} if self.feed.current else {}),
            **({"at": TOMBSTONES} if self.feed.tombstones else {}),
        }

    def extend_atom(self, element: _Element) -> _Element:
        """Append `fh:archive` to a frozen document, and a tombstone for each withdrawn entry."""
        if self.feed.current:
            SubElement(element, f"{{{HISTORY}}}archive")
        for tombstone in self.feed.tombstones:
            SubElement(element, f"{{{TOMBSTONES}}}deleted-entry", ref=tombstone.tag_uri, when=tombstone.at.isoformat())
        return element


class AtomEntry(BaseEntryExtension):  # type: ignore[misc] # feedgen has no types
    """An Atom entry's links, and its original feed."""

    item: Item
    column: Column

    def extend_atom(self, element: _Element) -> _Element:
        """Append the links and the source to the entry's element, and its language if it has one of its own."""
        if self.item.language:
            element.set(XML_LANG, self.item.language)
        SubElement(element, "link", rel="alternate", type="text/html", href=self.item.alternate)
        if self.item.via:
            SubElement(element, "link", rel="via", type="text/html", href=self.item.via)
        source = SubElement(element, "source")
        SubElement(source, "id").text = self.column.feed_id
        SubElement(source, "title").text = unmistakable(self.column.title)
        # the state of the column's feed in which this entry changed last
        SubElement(source, "updated").text = self.item.updated.isoformat()
        SubElement(source, "link", rel="self", type=ATOM.media_type, href=self.column.urls[ATOM])
        SubElement(source, "link", rel="alternate", type="text/html", href=self.column.home)
        return element


class DublinCore(BaseExtension):  # type: ignore[misc] # feedgen has no types
    """The namespace of `dc:creator`, declared at the root of an RSS document."""

    def extend_ns(self) -> dict[str, str]:
        """Return the namespace by prefix."""
        return {"dc": DUBLIN_CORE}


class DublinCoreCreator(BaseEntryExtension):  # type: ignore[misc] # feedgen has no types
    """The author of an RSS item; RSS's own `author` element requires an e-mail address."""

    item: Item

    def extend_rss(self, element: _Element) -> _Element:
        """Append the creator to the item's element."""
        SubElement(element, f"{{{DUBLIN_CORE}}}creator").text = self.item.author
        return element
