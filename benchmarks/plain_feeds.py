"""Atom and RSS of a feed, written by feedgen and by lxml, for comparison.

feedgen is used as in its manual, and lxml without any other library.
"""

from __future__ import annotations

from email.utils import format_datetime

from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]
from lxml import etree
from lxml.etree import SubElement

from foreign_eyes.feeds.compose.feed_items import Item
from foreign_eyes.feeds.compose.feeds import Feed
from foreign_eyes.feeds.site_map import ATOM

_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def by_feedgen(feed: Feed) -> tuple[bytes, bytes]:
    """Write Atom and RSS with one generator of feedgen, as in its manual, newest entry first."""
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.language(feed.language)
    generator.link(href=feed.urls[ATOM], rel="self")
    generator.link(href=feed.home, rel="alternate")
    generator.updated(feed.updated)
    for item in feed.items:
        entry = generator.add_entry(order="append")
        entry.id(item.tag_uri)
        entry.title(item.title)
        entry.link(href=item.alternate)
        entry.author(name=item.author)
        entry.summary(item.summary)
        entry.content(item.html, type="html")
        entry.category([{"term": collection.name} for collection in item.collections])
        entry.published(item.published)
        entry.updated(item.updated)
    return generator.atom_str(pretty=True), generator.rss_str(pretty=True)


def by_lxml(feed: Feed) -> tuple[bytes, bytes]:
    """Write what feedgen writes, directly into two element trees."""
    atom = etree.Element("feed", {_XML_LANG: feed.language}, xmlns="http://www.w3.org/2005/Atom")
    for name, text in (("id", feed.feed_id), ("title", feed.title), ("updated", feed.updated.isoformat())):
        SubElement(atom, name).text = text
    SubElement(atom, "link", href=feed.urls[ATOM], rel="self")
    SubElement(atom, "link", href=feed.home, rel="alternate")
    SubElement(atom, "subtitle").text = feed.subtitle
    rss = etree.Element("rss", version="2.0", nsmap={"content": _CONTENT})
    channel = SubElement(rss, "channel")
    for name, text in (("title", feed.title), ("link", feed.home), ("description", feed.subtitle)):
        SubElement(channel, name).text = text
    SubElement(channel, "language").text = feed.language
    SubElement(channel, "lastBuildDate").text = format_datetime(feed.updated)
    for item in feed.items:
        _atom_entry(atom, item)
        _rss_item(channel, item)
    atom_bytes = etree.tostring(atom, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return atom_bytes, etree.tostring(rss, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def _atom_entry(atom: etree._Element, item: Item) -> None:
    entry = SubElement(atom, "entry")
    for name, text in (("id", item.tag_uri), ("title", item.title), ("updated", item.updated.isoformat())):
        SubElement(entry, name).text = text
    SubElement(SubElement(entry, "author"), "name").text = item.author
    SubElement(entry, "content", type="html").text = item.html
    SubElement(entry, "link", href=item.alternate, rel="alternate")
    SubElement(entry, "summary").text = item.summary
    for collection in item.collections:
        SubElement(entry, "category", term=collection.name)
    SubElement(entry, "published").text = item.published.isoformat()


def _rss_item(channel: etree._Element, item: Item) -> None:
    element = SubElement(channel, "item")
    for name, text in (("title", item.title), ("link", item.alternate), ("description", item.summary)):
        SubElement(element, name).text = text
    SubElement(element, f"{{{_CONTENT}}}encoded").text = item.html
    SubElement(element, "guid", isPermaLink="false").text = item.tag_uri
    for collection in item.collections:
        SubElement(element, "category").text = collection.name
    SubElement(element, "pubDate").text = format_datetime(item.published)
