"""Atom and RSS of a feed as others write them: by feedgen as its manual shows it, and by lxml alone, the floor."""

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
    """Write Atom and RSS as feedgen's manual shows it: one generator for both, dates as dates, the newest first."""
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.language(feed.language)
    generator.link(href=feed.urls[ATOM], rel="self")
    generator.link(href=feed.home, rel="alternate")
    generator.updated(feed.updated)
    for one in feed.items:
        entry = generator.add_entry(order="append")
        entry.id(one.tag_uri)
        entry.title(one.title)
        entry.link(href=one.alternate)
        entry.author(name=one.author)
        entry.summary(one.summary)
        entry.content(one.html, type="html")
        entry.category([{"term": of.name} for of in one.collections])
        entry.published(one.published)
        entry.updated(one.updated)
    return generator.atom_str(pretty=True), generator.rss_str(pretty=True)


def by_lxml(feed: Feed) -> tuple[bytes, bytes]:
    """Write what feedgen writes, straight into two trees."""
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
    for one in feed.items:
        _atom_entry(atom, one)
        _rss_item(channel, one)
    atom_bytes = etree.tostring(atom, pretty_print=True, encoding="UTF-8", xml_declaration=True)
    return atom_bytes, etree.tostring(rss, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def _atom_entry(atom: etree._Element, one: Item) -> None:
    entry = SubElement(atom, "entry")
    for name, text in (("id", one.tag_uri), ("title", one.title), ("updated", one.updated.isoformat())):
        SubElement(entry, name).text = text
    SubElement(SubElement(entry, "author"), "name").text = one.author
    SubElement(entry, "content", type="html").text = one.html
    SubElement(entry, "link", href=one.alternate, rel="alternate")
    SubElement(entry, "summary").text = one.summary
    for of in one.collections:
        SubElement(entry, "category", term=of.name)
    SubElement(entry, "published").text = one.published.isoformat()


def _rss_item(channel: etree._Element, one: Item) -> None:
    item = SubElement(channel, "item")
    for name, text in (("title", one.title), ("link", one.alternate), ("description", one.summary)):
        SubElement(item, name).text = text
    SubElement(item, f"{{{_CONTENT}}}encoded").text = one.html
    SubElement(item, "guid", isPermaLink="false").text = one.tag_uri
    for of in one.collections:
        SubElement(item, "category").text = of.name
    SubElement(item, "pubDate").text = format_datetime(one.published)
